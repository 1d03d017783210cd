from __future__ import annotations

from typing import Any

import pytest

from cxtop.core.capture.outcome import error_code, outcome_of
from cxtop.core.models import Outcome

JSON = "application/json"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (None, Outcome.UNREACHABLE),
        (101, Outcome.OK),
        (302, Outcome.OK),
        (304, Outcome.OK),
        (400, Outcome.CLIENT_ERROR),
        (401, Outcome.AUTH_EXPIRED),
        (403, Outcome.FORBIDDEN),
        (404, Outcome.CLIENT_ERROR),
        (429, Outcome.RATE_LIMITED),
        (500, Outcome.SERVER_ERROR),
        (503, Outcome.SERVER_ERROR),
        (599, Outcome.SERVER_ERROR),
    ],
)
def test_the_status_decides_first(status: int | None, outcome: Outcome) -> None:
    assert outcome_of(status, JSON, {"code": "E", "message": "m"}, True)[0] is outcome


@pytest.mark.parametrize(
    ("content_type", "parsed", "has_bytes", "more", "expected"),
    [
        (JSON, {"success": True}, True, {}, (Outcome.OK, "")),
        (JSON, None, False, {}, (Outcome.EMPTY_BODY, "")),
        (JSON, None, False, {"head": True}, (Outcome.OK, "")),
        (JSON, None, True, {}, (Outcome.NOT_JSON, "")),
        ("", None, True, {}, (Outcome.NOT_JSON, "")),
        ("text/html", None, True, {}, (Outcome.OK, "")),
        (JSON, None, True, {"is_null": True}, (Outcome.NOT_OBJECT, "")),
        (JSON, [1], True, {}, (Outcome.NOT_OBJECT, "")),
        (JSON, "text", True, {}, (Outcome.NOT_OBJECT, "")),
        (JSON, {"errors": []}, True, {}, (Outcome.OK, "")),
        (JSON, {"errors": {"a": 1}}, True, {}, (Outcome.OK, "")),
        (JSON, {"errors": ["sad"]}, True, {}, (Outcome.ACTION_ERRORS, "")),
        (JSON, {"success": False}, True, {}, (Outcome.ACTION_ERRORS, "")),
        (
            JSON,
            {"success": False, "error": {"code": "UPSTREAM_TIMEOUT", "message": "m"}},
            True,
            {},
            (Outcome.ACTION_ERRORS, "UPSTREAM_TIMEOUT"),
        ),
        (
            JSON,
            {"errors": ["text", {"errorCode": "E2"}, {"code": "E3"}]},
            True,
            {},
            (Outcome.ACTION_ERRORS, "E2"),
        ),
    ],
)
def test_then_the_body(
    content_type: str, parsed: Any, has_bytes: bool, more: Any, expected: tuple[Outcome, str]
) -> None:
    assert outcome_of(200, content_type, parsed, has_bytes, **more) == expected


@pytest.mark.parametrize("status", [204, 205])
def test_an_answer_that_has_no_body_by_its_status_is_good(status: int) -> None:
    assert outcome_of(status, "", None, False) == (Outcome.OK, "")


@pytest.mark.parametrize(
    ("parsed", "code"),
    [
        (None, ""),
        (["code"], ""),
        ({}, ""),
        ({"error": {"code": "A"}, "code": "B", "message": "m"}, "A"),
        ({"errors": [{"code": 42}]}, "42"),
        ({"error": {"code": True}, "errors": [{"error_code": "C"}]}, "C"),
        ({"code": "not.found", "message": "m"}, "not.found"),
        ({"code": "promo-2026"}, ""),
        ({"error": "internal_processing_error"}, "internal_processing_error"),
        ({"error": {"code": "x" * 1000}}, "x" * 200),
    ],
)
def test_the_code_is_found_where_answers_bear_it(parsed: Any, code: str) -> None:
    assert error_code(parsed) == code
