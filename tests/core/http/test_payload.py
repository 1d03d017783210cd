"""Bodies that may be anything (contract §0, "Bodies")."""

from __future__ import annotations

import codecs
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.http.payload import UnreadableError, parse_json, title_of

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("body", "content_type", "value"),
    [
        (b' {"a": [1, null]} ', "application/json", {"a": [1, None]}),
        (b"null", "", None),
        (b'"bare"', "", "bare"),
        (codecs.BOM_UTF8 + b"{}", "", {}),
        ('{"a": "ü"}'.encode("utf-16"), "", {"a": "ü"}),
        ('{"a": "ü"}'.encode("utf-16-le"), "", {"a": "ü"}),
        ('{"a": "ü"}'.encode("latin-1"), 'application/json; Charset="ISO-8859-1"', {"a": "ü"}),
        ('{"a": "ü"}'.encode(), "application/json; charset=klingon", {"a": "ü"}),
        (b'"\\ud800x"', "", "\ufffdx"),
        (b'{"\\udc00": ["\\ud83d\\ude00"]}', "", {"\ufffd": ["😀"]}),
        (b"[123456789012345678901234567890]", "", [123456789012345678901234567890]),
    ],
)
def test_what_can_be_read(body: bytes, content_type: str, value: object):
    assert parse_json(body, content_type) == value


@pytest.mark.parametrize(
    ("body", "content_type", "says"),
    [
        (b"", "", "it is empty"),
        (b" \r\n", "", "it is empty"),
        (codecs.BOM_UTF8, "", "it is empty"),
        ("\u00a0".encode(), "", "it is empty"),
        (
            b"<html><head><TITLE lang=en>\n Sign\n in &amp; up</title>",
            "",
            "the title “Sign in & up”",
        ),
        (b"<?xml version='1.0'?>", "", "it is HTML or XML"),
        (b'{"a": 1,\n "b": oops}', "", "broken JSON at line 2, column 7"),
        (b'{"a": ', "", "broken JSON at line 1"),
        (b'{"a": 1} trailing', "", "broken JSON at line 1, column 10"),
        (b'"tab\there"', "", "broken JSON"),
        (
            b"upstream connect error " + b"x" * 500,
            "",
            "it is text that begins “upstream connect error",
        ),
        (b'{"a": "\xff"}', "", "it is not valid utf-8: byte 8"),
        (b"{}", "application/json; charset=hex", "charset hex"),
        (b'{"a": "\xfc"}', "application/json; charset=idna", "idna"),
        (b"[NaN]", "", "NaN"),
        (b'{"a": -Infinity}', "", "-Infinity"),
        (b"[1e999]", "", "too large"),
        (b"[" + b"9" * 5000 + b"]", "", "too long"),
        (b"[" * 100_000, "", "nested too deeply"),
    ],
)
def test_what_came_instead(body: bytes, content_type: str, says: str):
    with pytest.raises(UnreadableError) as caught:
        parse_json(body, content_type)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300


@given(JSON, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
@settings(max_examples=100)
def test_every_json_is_read_back(value: object, charset: str):
    assert parse_json(json.dumps(value).encode(charset)) == value


@given(
    st.binary(max_size=200),
    st.text(max_size=30) | st.sampled_from(["a; charset=utf-16", "charset=utf-7"]),
)
@settings(max_examples=200)
def test_any_bytes_are_a_value_or_a_clause(body: bytes, content_type: str):
    try:
        value = parse_json(body, content_type)
    except UnreadableError as error:
        told = str(error)
    else:
        told = json.dumps(value, ensure_ascii=False, allow_nan=False)
    assert told.encode()


def test_titles():
    assert title_of("<title>a</title>") == "a"
    assert title_of("<p>no</p>") == ""
    assert len(title_of(f"<title>{'x' * 500}</title>")) <= 81


@pytest.mark.parametrize(
    "page",
    ["<title>" * 100_000, "<title " * 100_000, "<title>a" * 50_000],
    ids=["tags", "open tags", "open titles"],
)
def test_a_hostile_page_takes_no_time(page: str) -> None:
    began = time.process_time()
    title_of(page)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<TITLE lang=en>a &amp;\n b</Title>", "a & b"),
        ("<title>open", ""),
        ("no title > here </title>", ""),
        ("İ<title>after</title>", "after"),
    ],
)
def test_titles_in_odd_pages(page: str, title: str) -> None:
    assert title_of(page) == title
