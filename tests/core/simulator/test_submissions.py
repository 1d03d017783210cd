"""Runs that are submitted exist from then on, once for each key."""

import httpx
import pytest

from .conftest import Clock, signed_in

PATH = "/api/v2/data/actions"


def body(kind="order"):
    return {"actionType": kind, "payload": {"n": 1}, "metadata": {}}


def keyed(key):
    return {"idempotency-key": key}


async def test_a_submitted_run_moves_and_ends():
    clock = Clock()
    async with signed_in("calm", clock=clock) as client:
        answer = await client.post(PATH, json=body())
        assert answer.status_code == 202
        run = f"{PATH}/{answer.json()['id']}"
        words = []
        for _ in range(4):
            words.append((await client.get(run)).json()["status"])
            clock.now += 6
    assert words[0] == "queued"
    assert words[1] == "running"
    assert words[-1] == "completed"


@pytest.mark.parametrize(("kind", "word"), [("fails-x", "failed"), ("expires", "expired")])
async def test_the_type_says_how_it_ends(kind, word):
    clock = Clock()
    async with signed_in("calm", clock=clock) as client:
        answer = await client.post(PATH, json=body(kind))
        clock.now += 60
        run = (await client.get(f"{PATH}/{answer.json()['id']}")).json()
    assert (run["status"], run["processedCount"]) == (word, 40)
    assert len(run["errors"]) == 10


async def test_one_key_is_one_run():
    async with signed_in("calm") as client:
        ids = [
            (await client.post(PATH, json=body(), headers=keyed(key))).json()["id"]
            for key in ("a", "a", "b", "", "")
        ]
        assert ids[0] == ids[1]
        assert len(set(ids)) == 4
        other = await client.post(PATH, json=body("else"), headers=keyed("a"))
        assert other.status_code == 409


async def test_where_the_id_is_told():
    async with signed_in("calm") as client:
        head = await client.post(PATH, json=body("id-in-header"))
        place = await client.post(PATH, json=body("id-in-location"))
        nowhere = await client.post(PATH, json=body("id-nowhere"))
        assert "id" not in head.json()
        assert (await client.get(f"{PATH}/{head.headers['x-action-id']}")).status_code == 200
        assert place.content == b""
        assert (await client.get(place.headers["location"])).status_code == 200
        assert not {"x-action-id", "location"} & set(nowhere.headers)
        assert "id" not in nowhere.json()


async def test_an_answer_that_is_lost_once():
    async with signed_in("calm") as client:
        with pytest.raises(httpx.TransportError):
            await client.post(PATH, json=body("answer-lost"), headers=keyed("k"))
        answer = await client.post(PATH, json=body("answer-lost"), headers=keyed("k"))
        assert answer.status_code == 202
        assert answer.json()["id"].startswith("answer-lost-1-")


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"{}", b'{"actionType": 3}', b'{"actionType":""}']
)
async def test_what_it_does_not_take(content):
    async with signed_in("calm") as client:
        assert (await client.post(PATH, content=content)).status_code == 400


async def test_the_path_of_a_run_cannot_be_submitted_to():
    async with signed_in("calm") as client:
        assert (await client.post(f"{PATH}/x", json=body())).status_code in (404, 405)
        assert (await client.post(PATH, content=b" " * (1024 * 1024 + 1))).status_code == 413
