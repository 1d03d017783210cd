"""Answers, and what is said of those that cannot be read."""

from __future__ import annotations

import pytest

from cxtop.core.errors import AnswerError
from cxtop.core.http.answer import Answer


def an_answer(body: bytes, *, truncated: bool = False, content_type: str = "") -> Answer:
    headers = {"content-type": content_type}
    return Answer(200, headers, body, truncated, "call", "req", "corr", "https://h/x", "run status")


def test_it_reads_json_of_any_shape():
    assert an_answer(b"[1]").json() == [1]
    assert an_answer(b'{"a": 1}').object() == {"a": 1}
    latin = an_answer(b'"\xfc"', content_type="application/json; charset=latin-1")
    assert latin.json() == "ü"


def test_it_says_what_came_instead():
    with pytest.raises(AnswerError) as caught:
        an_answer(b"<title>Login</title>").json()
    error = caught.value
    assert error.what == (
        "The answer to “run status” cannot be read: it is an HTML page with the title “Login”."
    )
    assert "https://h/x" in error.why
    assert (error.status, error.correlation_id, error.call_id) == (200, "corr", "call")
    assert "Correlation id: corr." in str(error)


def test_one_that_was_cut_is_not_read():
    with pytest.raises(AnswerError, match=r"cut after 2 bytes.*max_body"):
        an_answer(b"{}", truncated=True).json()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "an array"),
        (b'""', "a string"),
        (b"null", "null"),
        (b"true", "true or false"),
        (b"1", "a number"),
        (b"1.5", "a number"),
    ],
)
def test_what_is_no_object(body: bytes, kind: str):
    with pytest.raises(AnswerError, match=f"but {kind} instead of an object"):
        an_answer(body).object()


def test_its_text_holds_no_body():
    assert "canary" not in repr(an_answer(b"canary"))
