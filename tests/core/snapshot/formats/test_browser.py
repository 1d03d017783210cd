"""The HTML page in a real browser, from a file and without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cxtop.core.models import BodyKind, Exchange, Outcome
from cxtop.core.snapshot.masking import Strictness
from cxtop.core.text import safe

from . import browser
from .support import HOSTILE, KINDS, NOW, body, evidence_of, exchange, written

MANY = 10_000
# Generous, for machines that are busy; on an idle one it is a twentieth of that.
PATIENCE_MS = 2000

PROGRAM = browser.found()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium here")

SEARCH = """(async () => {
  const [query, deep] = %s;
  const drawn = new Promise((done) => new MutationObserver((_, seen) => {
    seen.disconnect();
    done();
  }).observe(document.querySelector("#rows"), {childList: true}));
  document.querySelector("#deep").checked = deep;
  const search = document.querySelector("#search");
  const began = performance.now();
  search.value = query;
  search.dispatchEvent(new Event("input"));
  await drawn;
  return {took: performance.now() - began, found: document.querySelector("#found").value};
})()"""
SORT = """(() => {
  const began = performance.now();
  const named = (each) => each.textContent.startsWith("ms");
  [...document.querySelectorAll("#head button")].find(named).click();
  const rows = [...document.querySelectorAll("#rows tr.item")];
  const shown = rows.map((row) => row.cells[4].textContent);
  return {took: performance.now() - began, shown: shown.slice(0, 3)};
})()"""
UNFOLD_ALL = """(async () => {
  document.querySelectorAll("#rows tr.can").forEach((row) => row.click());
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  while (document.querySelector("details:not(:has(pre))")) {
    await new Promise(requestAnimationFrame);
  }
  return [...document.querySelectorAll("#rows tr.detail pre")].map((each) => each.textContent);
})()"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of hostile evidence, and one with very many exchanges."""
    folder = tmp_path_factory.mktemp("pages")

    async def write(name: str, exchanges: tuple[Exchange, ...]) -> None:
        async with evidence_of(folder / name, exchanges) as evidence:
            data = await written("html", evidence, Strictness.NONE)
            (folder / f"{name}.html").write_bytes(data)

    asyncio.run(write("hostile", KINDS))
    asyncio.run(write("many", tuple(one_of_many(number) for number in range(MANY))))
    return folder


def one_of_many(number: int) -> Exchange:
    rare = number % 1000 == 7
    return exchange(
        number,
        at=NOW - timedelta(seconds=MANY - number),
        duration_ms=float(number * 7919 % MANY),
        outcome=Outcome.NOT_JSON if rare else Outcome.OK,
        response=body(f'<b>"needle"</b> {number}' if rare else "hay", BodyKind.TEXT),
    )


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    assert PROGRAM is not None
    opened = browser.Browser(PROGRAM, tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


def found(page: browser.Browser, query: str, *, deep: bool = False) -> dict[str, Any]:
    return page.run(SEARCH % f"[{query!r}, {str(deep).lower()}]")


def test_hostile_evidence_is_text(chromium: browser.Browser, pages: Path) -> None:
    page = pages / "hostile.html"
    chromium.open(page)
    tabs = chromium.run("[...document.querySelectorAll('#tabs button')].map((b) => b.dataset.part)")
    assert len(tabs) == 10
    texts: list[str] = []
    for part in tabs:
        chromium.run(f"document.querySelector('#tabs button[data-part={part}]').click()")
        texts += chromium.run(UNFOLD_ALL)
    assert safe(HOSTILE, keep_newlines=True) in texts
    assert chromium.run("document.title") == f"{safe(HOSTILE)} – cxtop"
    assert chromium.run("document.querySelectorAll('img, iframe, a, i, em').length") == 0
    assert chromium.requests == [page.as_uri()]
    assert chromium.faults == []


def test_ten_thousand_exchanges_stay_usable(chromium: browser.Browser, pages: Path) -> None:
    chromium.open(pages / "many.html")
    loaded = chromium.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
    rare = found(chromium, "not json")
    nothing = found(chromium, "needle")
    deep = found(chromium, '"needle"</b> 1007', deep=True)
    everything = found(chromium, "")
    ordered = chromium.run(SORT)
    assert rare["found"] == "10 of 10,000 found"
    assert nothing["found"] == "0 of 10,000 found"
    assert deep["found"] == "1 of 10,000 found"
    assert everything["found"] == "10,000 found"
    assert ordered["shown"] == ["9,999", "9,998", "9,997"]
    assert max(each["took"] for each in (rare, nothing, deep, everything, ordered)) < PATIENCE_MS
    assert loaded < 5 * PATIENCE_MS
    assert chromium.run("document.querySelectorAll('#rows tr').length") == 50
    assert chromium.faults == []


def test_pages_turn_and_states_narrow(chromium: browser.Browser, pages: Path) -> None:
    chromium.open(pages / "many.html")
    where = "document.querySelector('#where').textContent"
    assert chromium.run(f"document.querySelector('#after').click(); {where}") == "51 to 100"
    assert chromium.run(f"document.querySelector('#before').click(); {where}") == "1 to 50"
    narrowed = chromium.run(
        "(() => { const state = document.querySelector('#state'); state.value = 'not json';"
        f" state.dispatchEvent(new Event('change')); return {where}; }})()"
    )
    assert narrowed == "1 to 10"
    opened = chromium.run(
        "(() => { const fold = document.querySelector('#rows .fold'); fold.click();"
        " const detail = fold.closest('tr').nextSibling;"
        " return [fold.getAttribute('aria-expanded'), detail.innerText]; })()"
    )
    assert opened[0] == "true"
    assert '<b>"needle"</b> 9007' in opened[1]
    assert chromium.faults == []
