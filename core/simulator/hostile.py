"""Answers that try to break or drive whoever reads them: every field may hold anything.

A twist takes the decent body of an answer and gives back a hostile one: any JSON, or raw bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .world import Plan

MEGABYTE = 1_000_000

MARKUP = (
    "[/etc/x]",
    "[b]",
    "[/]",
    "[@click=app.quit]press me[/]",
    "[link=file:///etc/passwd]here[/link]",
    "[red on blue]never closed",
    "\\[b] $name %s {0} {{x}}",
    "<script>alert(1)</script><!-- ]]> -->",
    '=HYPERLINK("http://127.0.0.1/","x")',
    "+1+cmd|' /C calc'!A0",
)
ESCAPES = (
    "\x1b]52;c;ZXZpbA==\x07clipboard",
    "\x1b]52;c;ZXZpbA==\x1b\\clipboard",
    "\x1b[2J\x1b[Hcleared",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07window",
    "\x1b]8;;http://127.0.0.1/\x1b\\link\x1b]8;;\x1b\\",
    "\x1bP+q544e\x1b\\dcs",
    "\x9b31mC1\x9d52;c;ZXZpbA==\x9c",
    "\x00nul\x08\x08\x08bs\x7fdel\x0b\x0c",
    "one\r\ntwo\rthree\ttab",
)
BIDI = (
    "\u202egnp.exe",
    "\u2066isolated\u2069 \u200fright",
    "zero\u200bwidth\u2060\ufeff",
    "two\u2028lines\u2029here\x85nel",
    "Z\u0351\u036b\u0343\u036a\u0302\u0346a\u0335l\u0322g\u0327o\u0321",
    "👩‍👩‍👧‍👦🏳️‍🌈 漢字 ﷽",
    "lone \ud800 surrogate \udfff",
    "",
    "   ",
    "\u3164",
)
PALETTES = {"markup": MARKUP, "escapes": ESCAPES, "bidi": BIDI}


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that is not what its reader expects, byte by byte."""

    body: bytes
    content_type: str = "application/json"


def twisted(twist: str, call: str, body: dict[str, Any], turn: int) -> Any:
    """The hostile answer in place of `body`: JSON of any shape, or `Raw`.

    `call` is "status", "results" or "analytics". `turn` is the page of results or analytics, or
    the second of a status.
    """
    if twist in PALETTES:
        return _texts(PALETTES[twist], call, body)
    return _SHAPES[twist](call, body, turn)


def _texts(palette: tuple[str, ...], call: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body with the palette in every text that its reader may show."""
    if call == "status":
        errors = [{"code": text, "message": text, "stackTrace": text} for text in palette]
        words = {"name": palette[0], "note": list(palette), palette[1]: palette[2]}
        return body | words | ({"errors": errors} if "errors" in body else {})
    if call == "analytics":
        rows = [
            {"status": text, "errorCode": text, "executionCount": 2, "errorCount": 1}
            for text in palette
        ]
        return {"data": rows, palette[0]: palette[1]}
    entities = [
        {
            "id": f"{palette[place % len(palette)]}#{entity['id']}",
            "status": palette[(place + 1) % len(palette)],
            "errorCode": palette[place % 4],
            "errorMessage": palette[place % len(palette)],
            "record": {text: [text, {"deeper": text}] for text in palette},
        }
        for place, entity in enumerate(body["entities"])
    ]
    return body | {"entities": entities}


def _huge(call: str, body: dict[str, Any], turn: int) -> dict[str, Any]:
    if call == "status":
        return body | {"name": "n" * MEGABYTE, "note": ["x" * 1000] * 200}
    if call == "analytics":
        row = {"status": "S" * MEGABYTE, "errorCode": "C" * MEGABYTE, "executionCount": 1}
        return {"data": [row, *({"executionCount": n, "status": f"s{n}"} for n in range(20_000))]}
    entities = [dict(entity) for entity in body["entities"]]
    if turn == 1 and len(entities) >= 4:
        entities[0]["errorMessage"] = "m" * MEGABYTE
        entities[1]["record"] = {"blob": "r" * MEGABYTE}
        entities[2]["record"] = {f"field{n:05d}": n for n in range(20_000)}
        entities[3]["errorCode"] = "CODE_" * 20_000
    return body | {"entities": entities}


def _wrong_types(call: str, body: dict[str, Any], turn: int) -> dict[str, Any]:
    if call == "analytics":
        return _wrong_analytics(turn)
    return _wrong_status(body, turn) if call == "status" else _wrong_results(body, turn)


def _wrong_analytics(turn: int) -> dict[str, Any]:
    """Rows of every type, then pages that are none."""
    rows: list[Any] = [
        None,
        5,
        "text",
        [],
        {},
        {"status": 5, "errorCode": ["X"], "executionCount": "7", "errorCount": "2"},
        {"status": None, "errorCode": None, "executionCount": None, "errorCount": None},
        {"status": "FAILED", "executionCount": -5, "errorCount": -5, "averageDuration": -1},
        {"status": "FAILED", "executionCount": 2, "errorCount": 9, "averageDuration": "soon"},
        {"status": "FAILED", "errorCode": "E", "executionCount": 3, "errorCount": -1},
        {"status": "COMPLETED", "executionCount": 1e308, "averageDuration": 1e308},
        {"status": "COMPLETED", "executionCount": 2**70, "errorCount": 0.5},
        {"status": {"a": 1}, "executionCount": 4, "errorCount": True, "averageDuration": [1]},
    ]
    if turn == 1:
        return {"data": rows, "nextPageToken": 7}
    return {"data": None, "nextPageToken": {"next": True}}


def _wrong_status(body: dict[str, Any], turn: int) -> dict[str, Any]:
    """A different wrong type in each field each second."""
    counts = ("12", -5, 1e308, True, [3], {"value": 4}, None, "many", 2**70, 0.5)
    words = ("running", 5, None, ["running"], {"is": "running"}, True, "", "RUN\u0130NG")
    shares = ("73%", "0.5", [0.5], {}, True, -1, 1e308, None)
    times = (12345, "yesterday", {}, [], None, True, "2025-13-45T99:99:99Z", "")
    wrong = {
        "status": words[turn % len(words)],
        "progress": shares[turn % len(shares)],
        "createdTimestamp": times[turn % len(times)],
        "updatedTimestamp": times[(turn + 3) % len(times)],
        "name": [{"no": "name"}],
    }
    fields = ("processedCount", "totalCount", "errorCount", "warningCount")
    wrong |= {field: counts[(turn + at) % len(counts)] for at, field in enumerate(fields)}
    if "errors" in body:
        lists: tuple[Any, ...] = ("none", None, {"code": 5}, [None, 5, "text", [], {"code": []}])
        wrong["errors"] = lists[turn % len(lists)]
    return body | wrong


def _wrong_results(body: dict[str, Any], turn: int) -> dict[str, Any]:
    """Page 1 mixes entities of every type; later pages are no lists at all; then none."""
    mixed: list[Any] = [
        None,
        5,
        "text",
        [],
        {},
        {"id": 5, "status": 1, "errorCode": ["X"], "errorMessage": {"a": 1}, "record": "text"},
        {"id": None, "errorCode": None, "errorMessage": None, "record": None},
        {"id": {"a": 1}, "errorCode": "", "record": [1, [2, [3]]]},
        {"id": True, "errorCode": 404, "errorMessage": 3.5, "record": -0.0},
        *body["entities"],
    ]
    pages: tuple[Any, ...] = (mixed, {"0": mixed[5]}, None, "text", [])
    entities = pages[min(turn, len(pages)) - 1]
    return body | {"total": "many", "pageSize": None, "pageNumber": "1", "entities": entities}


def _constant(answer: Any) -> Callable[[str, dict[str, Any], int], Any]:
    return lambda call, body, turn: answer


_SHAPES: dict[str, Callable[[str, dict[str, Any], int], Any]] = {
    "huge": _huge,
    "wrong-types": _wrong_types,
    "array": _constant([{"status": "running"}, 2, None]),
    "null": _constant(None),
    "string": _constant("running"),
    "number": _constant(42),
    "empty": _constant(Raw(b"")),
    "blank": _constant(Raw(b" \r\n\t ")),
    "page": _constant(Raw(b"<html><head><title>Sign in</title></head></html>", "text/html")),
    "text": _constant(Raw(b"Service is being updated, come back later.", "text/plain")),
    "cut-json": _constant(Raw(b'{"dataActionId": "cut-json",\n "status": "runn')),
    "nan": _constant(Raw(b'{"status": "running", "progress": NaN, "totalCount": -Infinity}')),
    "big-number": _constant(Raw(b'{"status":"running","totalCount":' + b"9" * 5000 + b"}")),
    "deep": _constant(Raw(b'{"status":"running","note":' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
    "charset": _constant(Raw(b'{"status":"running","name":"caf\xe9 \xff\xfe"}')),
    "twice": _constant(Raw(b'{"status":"running","status":"failed","totalCount":1}')),
    "bom": _constant(Raw(b'\xef\xbb\xbf{"status":"running","totalCount":10}')),
    "deceit": _constant(Raw(b"\x1f\x8b\x08\x00 not gzip", "application/json; charset=no-such")),
}


def _plan(run_id: str, twist: str, *, ended: bool = False, running_word: str = "running") -> Plan:
    return Plan(
        run_id=run_id,
        total=3_000,
        processed=2_400 if ended else 3_000,
        rate=6,
        errors=230,
        end_word="failed" if ended else "completed",
        begins_s=-600 if ended else -60,
        running_word=running_word,
        twist=twist,
    )


PLANS = (
    _plan("markup", "markup", ended=True),
    _plan("[/etc/x]", "markup", running_word="[b]run[/etc/x]"),
    _plan("escapes", "escapes", ended=True),
    _plan("\x1b]52;c;ZXZpbA==\x07", "escapes", running_word="\x1b[31mrunning"),
    _plan("bidi", "bidi", ended=True),
    _plan("../../x?y=1#z", ""),
    *(_plan(twist, twist) for twist in _SHAPES),
)
"""The twists, and some ids that are hostile themselves."""
