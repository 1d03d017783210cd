import json

import httpx
import pytest

from cxtop.core.simulator.hostile import MEGABYTE, PALETTES, PLANS, Raw, twisted

from .conftest import signed_in
from .test_genesys import path

STATUS = {
    "dataActionId": "x",
    "status": "running",
    "progress": 0.5,
    "processedCount": 1,
    "totalCount": 2,
    "errorCount": 0,
    "warningCount": 0,
}
ENTITY = {"id": "e", "status": "error", "errorCode": "C", "errorMessage": "m", "record": {}}
TWISTS = sorted({plan.twist for plan in PLANS if plan.twist})


@pytest.mark.parametrize("name", PALETTES)
def test_every_text_of_a_palette_comes_in_messages_records_and_keys(name):
    entities = [dict(ENTITY, id=str(n)) for n in range(30)]
    body = twisted(name, "results", {"entities": entities}, 1)
    assert {entity["errorMessage"] for entity in body["entities"]} == set(PALETTES[name])
    assert set(body["entities"][0]["record"]) == set(PALETTES[name])
    assert len({entity["id"] for entity in body["entities"]}) == 30


@pytest.mark.parametrize("name", PALETTES)
def test_palettes_come_in_names_and_errors_of_a_status(name):
    body = twisted(name, "status", STATUS | {"errors": []}, 1)
    assert body["name"] == PALETTES[name][0]
    assert [error["message"] for error in body["errors"]] == list(PALETTES[name])
    assert "errors" not in twisted(name, "status", STATUS, 1)


def test_the_palettes_hold_what_they_are_for():
    texts = "".join("".join(palette) for palette in PALETTES.values())
    for dangerous in ("[/etc/x]", "[b]", "\x1b]52;c;", "\x9b", "\u202e", "\x00", "\ud800", "=HYP"):
        assert dangerous in texts


def test_wrong_types_are_wrong_everywhere_in_turn():
    bodies = [twisted("wrong-types", "status", STATUS | {"errors": []}, n) for n in range(40)]
    for field in ("status", "progress", "processedCount", "createdTimestamp", "errors"):
        kinds = {type(body[field]) for body in bodies}
        assert len(kinds) >= 3, field
    pages = [
        twisted("wrong-types", "results", {"entities": [ENTITY]}, n)["entities"]
        for n in range(1, 8)
    ]
    assert [type(page) for page in pages[:4]] == [list, dict, type(None), str]
    assert pages[4:] == [[], [], []]
    assert ENTITY in pages[0]


async def test_huge_texts_are_a_megabyte_and_the_answer_still_below_the_limit():
    async with signed_in("hostile") as client:
        answer = await client.get(path("huge", "results"), params={"filter": "error"})
        first, second, third, fourth, *_ = answer.json()["entities"]
        assert len(first["errorMessage"]) == len(second["record"]["blob"]) == MEGABYTE
        assert len(third["record"]) == 20_000
        assert len(fourth["errorCode"]) == 100_000
        assert len(answer.content) < 10 * 1024 * 1024
        later = {"filter": "error", "pageNumber": 2, "pageSize": 2}
        assert len((await client.get(path("huge", "results"), params=later)).content) < 10_000
        assert len((await client.get(path("huge"))).json()["name"]) == MEGABYTE


async def test_every_twist_is_answered_with_200_in_both_dialects():
    async with signed_in("hostile") as client:
        for twist in TWISTS:
            expected = twisted(twist, "status", {}, 0)
            for url in (path(twist), f"/api/v2/data/actions/{twist}"):
                answer = await client.get(url)
                assert answer.status_code == 200, url
                if isinstance(expected, Raw):
                    assert answer.content == expected.body
                else:
                    assert answer.headers["content-type"] == "application/json"
                    json.loads(answer.content)


async def test_every_hostile_id_is_found():
    async with signed_in("hostile") as client:
        for plan in PLANS:
            answer = await client.get(path(plan.run_id, "results"), params={"filter": "error"})
            assert answer.status_code == 200, plan.run_id


@pytest.mark.parametrize("twist", ["cut-json", "deep", "charset", "empty", "text", "page"])
def test_bodies_that_no_reader_of_json_takes(twist):
    given = twisted(twist, "status", STATUS, 0)
    answer = httpx.Response(200, content=given.body)
    with pytest.raises((ValueError, RecursionError)):
        answer.json()
