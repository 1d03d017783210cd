"""The difference of two exchanges on screen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from cxtop.core.jsonpaths import path_of
from cxtop.core.models import Body, BodyKind, Exchange, Outcome
from cxtop.tui.app import CxtopApp
from cxtop.tui.screens.diff import DiffScreen, Hunks
from cxtop.tui.widgets.panel import Panel
from cxtop.tui.widgets.rule import Rule

from ..stage import HOSTILE, calm, live, staged

AT = datetime(2026, 3, 4, 14, 31, 2, tzinfo=UTC)
SIZES = {"80x24": (80, 24), "140x40": (140, 40)}


def an_exchange(**fields: Any) -> Exchange:
    given = {
        "id": "x-1",
        "at": AT,
        "method": "POST",
        "url": "https://svc.example/dataaction/webhook",
        "status": 200,
        "duration_ms": 80.0,
        "request_headers": (("content-type", "application/json"), ("x-request-id", "5f3a-c20")),
        "response_headers": (
            ("content-type", "application/json"),
            ("date", "Wed, 04 Mar 2026 14:31:02 GMT"),
            ("cache-control", "no-store"),
        ),
    }
    return Exchange.model_validate({**given, **fields})


def json_body(value: Any) -> Body:
    return Body(kind=BodyKind.JSON, content_type="application/json", size=94, value=value)


GOOD = an_exchange(
    request=json_body(
        {
            "flowExecutionId": "7d0c91",
            "variables": {"customer_id": "c-10441", "amount": 129.9, "coupon": None},
            "metadata": {"locale": "en-US"},
        }
    ),
    response=json_body(
        {
            "id": "7d0c91",
            "status": "COMPLETED",
            "result": {
                "name": "A customer with a rather long name, of 12 Example Street, Springfield",
                "orders": [
                    {"id": 1, "state": "paid"},
                    {"id": 2, "state": "open"},
                    {"id": 3, "state": "open"},
                ],
                "tags": ["new", "web", "vip"],
                "points": 1200,
                HOSTILE: HOSTILE,
            },
            "errors": [],
        }
    ),
)
BAD = an_exchange(
    id="x-2",
    at=AT + timedelta(seconds=20),
    status=502,
    outcome=Outcome.ACTION_ERRORS,
    code="UPSTREAM_TIMEOUT",
    duration_ms=1240.0,
    request_headers=(("content-type", "application/json"), ("x-request-id", "5f3a-c21")),
    response_headers=(
        ("content-type", "application/json; charset=utf-8"),
        ("date", "Wed, 04 Mar 2026 14:31:22 GMT"),
        ("retry-after", "7"),
    ),
    request=json_body(
        {
            "flowExecutionId": "7d0c99",
            "variables": {"customer_id": "c-10442", "amount": "129.90"},
            "metadata": {"locale": "en-US", "retry": True},
        }
    ),
    response=json_body(
        {
            "id": "7d0c99",
            "status": "FAILED",
            "result": {
                "name": "A customer with a rather long name, of 14 Example Street, Springfield",
                "orders": [{"id": 3, "state": "open"}, {"id": 1, "state": "refunded"}],
                "tags": ["new", "vip", "late"],
                "points": "1200",
                HOSTILE: HOSTILE + "!",
            },
            "errors": [{"code": "UPSTREAM_TIMEOUT", "message": "deadline exceeded"}],
        }
    ),
)
PAGE = an_exchange(
    id="x-3",
    status=502,
    outcome=Outcome.NOT_JSON,
    response=Body(
        kind=BodyKind.TEXT,
        content_type="text/html",
        size=60,
        value="<html><head><title>502 Bad Gateway</title></head></html>",
    ),
)


async def opened(pilot: Pilot[Any], before: Exchange, after: Exchange, *keys: str) -> DiffScreen:
    await live(pilot)
    screen = DiffScreen(before, after, "Exchanges › 5f3a…c21")
    await pilot.app.push_screen(screen)
    await calm(pilot)
    for key in keys:
        await pilot.press(key)
        await calm(pilot)
    return screen


def shown(screen: DiffScreen) -> list[str]:
    widget = screen.query_one(Hunks) if screen.raw else screen.table
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


SCENES: dict[str, tuple[Exchange, Exchange, tuple[str, ...]]] = {
    "response": (GOOD, BAD, ()),
    "response-long": (GOOD, BAD, tuple("nnnnnnnn")),
    "request": (GOOD, BAD, ("tab", "n", "n")),
    "text": (GOOD, BAD, ("m", "n")),
    "page": (GOOD, PAGE, ("N",)),
    "same": (GOOD, GOOD, ()),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", SCENES)
def test_picture(snap_compare: Any, tmp_path: Path, scene: str, size: str) -> None:
    before, after, keys = SCENES[scene]

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, before, after, *keys)

    assert snap_compare(staged(tmp_path), terminal_size=SIZES[size], run_before=steps)


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (200, 60)])
def test_other_sizes(snap_compare: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, GOOD, BAD)

    assert snap_compare(staged(tmp_path), terminal_size=size, run_before=steps)


async def test_facts_come_first_then_headers_then_the_body(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, GOOD, BAD)
        rows = [(row.part, row.where, row.kind.value) for row in screen.table.rows]
        assert rows == [
            ("fact", "status", "changed"),
            ("fact", "outcome", "changed"),
            ("fact", "code", "added"),
            ("fact", "duration", "changed"),
            ("header", "content-type", "changed"),
            ("header", "cache-control", "gone"),
            ("header", "retry-after", "added"),
            ("header", "date", "changed"),
            ("body", "$.id", "changed"),
            ("body", "$.status", "changed"),
            ("body", "$.result.name", "changed"),
            ("body", "$.result.orders[1]", "gone"),
            ("body", "$.result.orders[1]", "moved"),
            ("body", "$.result.orders[1].state", "changed"),
            ("body", "$.result.tags[1]", "gone"),
            ("body", "$.result.tags[2]", "added"),
            ("body", "$.result.points", "type changed"),
            ("body", path_of(("result", HOSTILE)), "changed"),
            ("body", "$.errors[0]", "added"),
        ]
        assert not any("\x1b" in line for line in shown(screen))


async def test_keys_go_round_the_changes_and_the_sides(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot, GOOD, BAD)
        await pilot.press("N")
        assert screen.table.cursor == len(screen.table.rows) - 1
        await pilot.press("n", "n")
        assert screen.table.cursor == 1
        await pilot.press("tab")
        await calm(pilot)
        assert screen.which == "request"
        assert [row.where for row in screen.table.rows] == [
            "x-request-id",
            "$.flowExecutionId",
            "$.variables.customer_id",
            "$.variables.amount",
            "$.variables.coupon",
            "$.metadata.retry",
        ]
        assert screen.table.cursor == 0
        await pilot.press("escape")
        assert not isinstance(app.screen, DiffScreen)


async def test_the_text_is_a_unified_difference(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(100, 60)) as pilot:
        screen = await opened(pilot, GOOD, BAD, "m")
        lines = [line.strip("▌ ") for line in shown(screen)]
        assert "-200 OK" in lines
        assert "+502 Bad Gateway" in lines
        hunks = [i for i, line in enumerate(lines) if line.startswith("@@")]
        assert len(hunks) >= 1
        view = screen.query_one(Hunks)
        await pilot.press("G", "N")
        assert view.cursor == hunks[-1]
        await pilot.press("n")
        assert view.cursor == hunks[0]
        await pilot.press("m")
        await calm(pilot)
        assert screen.table.has_focus


async def test_values_are_shown_from_where_they_differ(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(100, 40)) as pilot:
        screen = await opened(pilot, GOOD, BAD)
        places = [row.where for row in screen.table.rows]
        screen.table.move_to(places.index("$.result.name"))
        await pilot.pause()
        text = str(screen.query_one(Panel).visual)
        assert "before  …" in text
        assert "of 12 Example Street" in text
        assert "of 14 Example Street" in text


async def test_the_value_under_the_cursor_is_copied(tmp_path: Path) -> None:
    app: CxtopApp = staged(tmp_path)
    async with app.run_test(size=(100, 40)) as pilot:
        screen = await opened(pilot, GOOD, BAD, "y")
        assert app.clipboard == "502 Bad Gateway"
        places = [row.where for row in screen.table.rows]
        screen.table.move_to(places.index("cache-control"))
        await pilot.press("y")
        assert app.clipboard == "no-store"


async def test_what_is_the_same_says_so_and_where_to_look(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(100, 24)) as pilot:
        screen = await opened(pilot, GOOD, GOOD)
        assert "No difference in the response." in "".join(shown(screen))
        await pilot.press("n", "y", "m")
        await calm(pilot)
        assert "No difference in the text." in "".join(shown(screen))


async def test_the_side_that_differs_comes_first(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(100, 24)) as pilot:
        other = GOOD.model_copy(update={"request": BAD.request})
        screen = await opened(pilot, GOOD, other)
        assert screen.which == "request"
        await pilot.press("tab")
        await calm(pilot)
        assert "Tab shows the request, which has 5 differences." in "".join(shown(screen))


async def test_bodies_that_are_not_both_json_are_told_as_a_whole(tmp_path: Path) -> None:
    app = staged(tmp_path)
    async with app.run_test(size=(100, 24)) as pilot:
        screen = await opened(pilot, GOOD, PAGE)
        last = screen.table.rows[-1]
        assert (last.where, last.kind.value) == ("body", "type changed")
        assert "the bodies are not both JSON" in str(screen.query_one("#diff-sides", Rule).render())
        assert "✔ 200" in str(screen.query_one(".heading", Static).visual)
