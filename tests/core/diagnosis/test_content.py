import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.diagnosis.content import read_bytes, read_text


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<html><head><title>502 Bad\n  Gateway</title>", "an HTML page titled “502 Bad Gateway”"),
        (b"\n<!DOCTYPE html><title lang=x>A &amp; B</TITLE>", "an HTML page titled “A & B”"),
        (b"<html><h1>Sign <b>in</b></h1>", "an HTML page titled “Sign in”"),
        (b"<HTML><body>x", "an HTML page without a title"),
        (b'<?xml version="1.0"?><soap:Fault a="1">', "XML with <soap:Fault> at the top"),
        (b"<>", "XML"),
        (b"502 Bad Gateway", "text that begins “502 Bad Gateway”"),
        (b"upstream\r\nfailed \x1b[31m", "text that begins “upstream failed ␛[31m”"),
        (b"q" * 40, "text, one word of 40 characters"),
        (b"\x1f\x8b\x08\x00\xff\xff", "gzip data of 6 bytes"),
        (b"\x89PNG\r\n\x1a\n\xff", "a PNG picture of 9 bytes"),
        (b"\x00\x01\xff\xfe\x02abc", "binary data that begins 00 01 ff fe 02 61 62 63"),
        (b"\x00\x01\xff", "binary data that begins 00 01 ff"),
        (b"[" * 200_000, "JSON that is nested too deeply to be read"),
    ],
)
def test_what_is_no_json_is_named(body, what):
    content = read_bytes(body)
    assert content.fault is not None
    assert content.fault.what == what
    assert content.fault.hint
    assert not content.readable


def test_a_page_of_something_in_front_is_told_apart():
    assert read_bytes(b"<html><title>x</title>").front
    assert read_bytes(b"<html>").front
    assert not read_bytes(b"<?xml?><a>").front


@pytest.mark.parametrize(
    ("body", "content_type", "value", "note"),
    [
        (b'\xef\xbb\xbf{"a":1}', "", {"a": 1}, "byte order mark"),
        ('{"a":1}'.encode("utf-16"), "", {"a": 1}, "byte order mark"),
        ('{"a":1}'.encode("utf-16-le"), "", {"a": 1}, "written in utf-16-le"),
        ('{"a":"é"}'.encode("cp1252"), "x; charset=windows-1252", {"a": "é"}, "sent in cp1252"),
        (b'{"a":1}', "x; charset=nonsense", {"a": 1}, "which is no charset"),
        (b'{"a":1}', "x; charset=hex", {"a": 1}, "which is no charset"),
        (b'{"a":1}', 'x; charset="US-ASCII"', {"a": 1}, ""),
        (b' {"a":1}\n', "x; charset=utf8", {"a": 1}, ""),
    ],
)
def test_charsets(body, content_type, value, note):
    content = read_bytes(body, content_type)
    assert content.value == value
    assert bool(content.notes) is bool(note)
    assert all(note in told for _, told in content.notes)


def test_a_wrong_charset_is_said_with_its_place():
    content = read_bytes('{\n"name": "é"}'.encode("latin-1"))
    assert content.fault is not None
    assert content.fault.place == "line 2, column 10"
    assert "byte 0xe9 at line 2, column 10" in content.fault.what
    assert "windows-1252" in content.fault.hint


def test_bytes_that_no_named_charset_reads():
    content = read_bytes(b"\xff\x81{", "x; charset=idna")
    assert content.fault is not None
    assert not content.fault.cut


def test_a_cut_inside_of_a_character_is_a_cut():
    fault = read_bytes('{"a": "é'.encode()[:-1]).fault
    assert fault is not None
    assert fault.cut
    assert "in the middle of a character at line 1, column 8" in fault.what


@pytest.mark.parametrize("body", [b"", b"\n ", b"\xef\xbb\xbf", "\ufeff ".encode("utf-16-le")])
def test_nothing(body):
    assert read_bytes(body).empty


def test_what_nothing_else_could_hold_is_tamed():
    deep = "[" * 80 + "]" * 80
    digits = "9" * 5000
    content = read_text(f'{{"a": 1e999, "b": {2**70}, "c": "\\ud800", "d": {deep}, "e": {digits}}}')
    assert content.value["a"] == "inf"
    assert content.value["b"] == str(2**70)
    assert content.value["c"] == "\\ud800"
    assert content.value["e"] == digits
    assert "[an array of 1 item]" in json.dumps(content.value["d"])


def test_an_object_nested_deeper_than_is_kept():
    content = read_bytes(b'{"a":' * 100 + b"1" + b"}" * 100)
    assert "[an object with 1 field]" in json.dumps(content.value)


def test_the_stack_may_be_used_up_already():
    def down(levels):
        return down(levels - 1) if levels else read_bytes(b"[" * 150 + b"]" * 150)

    depth = sys.getrecursionlimit() - 400
    assert down(depth).readable or down(depth).fault is not None


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.text(st.characters(exclude_categories=["Cs"])),
        st.lists,
        max_leaves=8,
    )
)
def test_json_is_read_as_what_it_is(value):
    for charset in ("utf-8", "utf-8-sig"):
        content = read_bytes(json.dumps(value, ensure_ascii=False).encode(charset))
        assert content.readable
        assert content.value == value
