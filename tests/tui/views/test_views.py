"""Every view, on every kind of body."""

import base64
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.models import Body, BodyKind, Diagnosis, Outcome
from cxtop.tui.ink import content
from cxtop.tui.views import (
    HEAD,
    VIEWS,
    Side,
    ViewError,
    best,
    by_name,
    error_lines,
    json_of,
    look,
)
from cxtop.tui.views import told as diagnosis_told

from .making import SIDES, answer, exchange, json_body, question, seen, text_body, told

HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502</h1></body></html>"
URLENCODED = "application/x-www-form-urlencoded"

TYPES = st.sampled_from(
    ["", "application/json", "text/html; charset=x", URLENCODED, "multipart/form-data; boundary=X"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
TEXT = st.text(max_size=60) | st.text(alphabet="<>a='\"{}[]:,&%\n-X", max_size=60)
BODIES = st.one_of(
    st.builds(Body, size=st.integers(0, 9), content_type=TYPES),
    st.builds(Body, kind=st.just(BodyKind.JSON), value=JSON, content_type=TYPES, size=st.just(5)),
    st.builds(
        Body,
        kind=st.just(BodyKind.TEXT),
        value=TEXT,
        content_type=TYPES,
        truncated=st.booleans(),
    ),
    st.builds(
        Body,
        kind=st.just(BodyKind.BASE64),
        value=st.binary(max_size=60).map(lambda data: base64.b64encode(data).decode()) | TEXT,
        content_type=TYPES,
    ),
)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)


@settings(max_examples=150)
@given(BODIES, BODIES, PAIRS, TEXT, st.sampled_from(SIDES), st.booleans())
def test_a_view_shows_any_body_or_says_why_not(
    request: Body, response: Body, headers: Any, url: str, which: Any, whole: bool
) -> None:
    made = exchange(
        request=request,
        response=response,
        request_headers=headers,
        response_headers=headers,
        url=url,
    )
    side = Side(made, which)
    view, _ = look(side, whole=whole)
    assert view in (best(side), by_name("raw"))
    for view in VIEWS:
        assert view.suits(side) >= 0
        try:
            lines = view.lines(side, whole=whole)
        except ViewError as error:
            lines = error_lines(error)
        for line in lines:
            shown = content(*line).plain
            assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown.replace("\n", ""))


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (Body(), "raw"),
        (json_body({"a": 1}), "pretty"),
        (json_body(None), "pretty"),
        (text_body('{"a": 1, ', "application/json", truncated=True), "pretty"),
        (text_body("oops", "application/json"), "pretty"),
        (text_body(HTML, "text/html"), "markup"),
        (text_body("<?xml version='1.0'?><a/>", "application/json"), "markup"),
        (text_body("< no markup", "text/plain"), "raw"),
        (text_body("a=1&b=2", URLENCODED), "form"),
        (text_body("--X\r\n", "multipart/form-data; boundary=X"), "form"),
        (text_body("--X\r\n", "multipart/form-data"), "raw"),
        (text_body("hello", "text/plain"), "raw"),
        (Body(kind=BodyKind.BASE64, value="AAEC", size=3), "hex"),
        (Body(kind=BodyKind.BASE64, value="aGVsbG8=", size=5), "raw"),
    ],
)
def test_the_view_that_suits_is_chosen(body: Body, name: str) -> None:
    assert best(answer(body)).name == name


def test_a_request_without_a_body_shows_its_query() -> None:
    side = question(Body(), url="https://svc.example/x?a=1&b=x%20y&c=")
    assert best(side).name == "form"
    assert seen(side, "form") == ["in the address", "a  1", "b  x y", "c  "]
    assert best(question(Body(), url="https://[broken?a=1")).name == "raw"


def test_views_are_known_by_name() -> None:
    assert [by_name(view.name) for view in VIEWS] == list(VIEWS)
    assert len({view.title for view in VIEWS}) == len(VIEWS)
    with pytest.raises(ViewError, match="There is no view tea"):
        by_name("tea")


def test_a_view_that_was_asked_for_tells_its_error_and_one_that_was_not_gives_way() -> None:
    side = answer(text_body("", URLENCODED))
    assert best(side).name == "form"
    view, lines = look(side)
    assert (view.name, [told(line) for line in lines]) == ("raw", [])
    with pytest.raises(ViewError, match="The body is no form"):
        look(side, "form")
    assert look(side, "hex")[0].name == "hex"


# raw


def test_raw_says_when_there_is_nothing() -> None:
    assert seen(answer(Body()), "raw") == ["There is no body."]
    assert seen(answer(Body(size=1234)), "raw") == ["The body of 1,234 bytes was not kept."]


def test_raw_decodes_what_was_kept_as_binary() -> None:
    data = base64.b64encode(b"caf\xe9\nend").decode()
    assert seen(answer(Body(kind=BodyKind.BASE64, value=data)), "raw") == ["caf�", "end"]
    assert seen(answer(Body(kind=BodyKind.BASE64, value="no base64!")), "raw") == ["no base64!"]


def test_what_the_capture_cut_off_is_told() -> None:
    side = answer(text_body("begin", size=9000, truncated=True))
    assert seen(side, "raw") == [
        "begin",
        "",
        "… the capture kept no more of the 9,000 bytes that there were",
    ]


@pytest.mark.parametrize("name", ["raw", "pretty", "hex"])
@pytest.mark.parametrize(
    "body",
    [
        json_body([{"id": i, "name": "x" * 40} for i in range(60_000)]),
        text_body('{"text": "' + "long " * 600_000 + '"}', "application/json"),
        Body(
            kind=BodyKind.BASE64,
            value=base64.b64encode(b'{"a": 1}\0\n' * 300_000).decode(),
            size=3_000_000,
        ),
    ],
)
def test_the_head_comes_first_and_the_whole_when_asked_for(name: str, body: Body) -> None:
    side = answer(body)
    if name == "pretty" and body.kind is BodyKind.BASE64:
        name = "raw"
    began = time.process_time()
    head = by_name(name).lines(side)
    assert time.process_time() - began < 2
    assert head.cut
    assert "there is more" in told(head[-1])
    assert _size(head) <= HEAD * 5
    whole = by_name(name).lines(side, whole=True)
    assert not whole.cut
    assert len(whole) > len(head)


def _size(lines: Sequence[Any]) -> int:
    return sum(len(told(line)) for line in lines)


# pretty


def test_pretty_writes_json_and_what_is_nearly_json() -> None:
    assert seen(answer(json_body({"a": [1, None]})), "pretty") == [
        "{",
        '  "a": [',
        "    1,",
        "    null",
        "  ]",
        "}",
    ]
    cut = text_body('{"a":{"b":"unfin', "application/json", size=99, truncated=True)
    assert seen(answer(cut), "pretty")[:3] == ["{", '  "a": {', '    "b": "unfin']
    assert seen(answer(text_body("<a><b>c</b></a>")), "pretty") == ["<a>", "  <b>c</b>", "</a>"]
    with pytest.raises(ViewError, match="neither JSON nor XML"):
        seen(answer(text_body("plain")), "pretty")
    with pytest.raises(ViewError, match="There is no body"):
        seen(answer(Body()), "pretty")


# headers


def test_headers_stand_in_two_columns_below_what_began_the_side() -> None:
    pairs = (("content-type", "text/html"), ("x", "\x1b[31m"), ("a" * 40, "b" * 4500))
    side = Side(exchange(status=502, response_headers=pairs), "response")
    rows = seen(side, "headers")
    assert rows[:2] == ["502 Bad Gateway  80 ms", ""]
    assert rows[2] == " " * 16 + "content-type  text/html"
    assert rows[3].endswith("x  \x1b[31m")
    assert [len(row.lstrip()) for row in rows[5:]] == [2000, 500]
    assert seen(question(Body()), "headers") == [
        "POST  https://svc.example/dataaction/webhook",
        "",
        "No headers were kept.",
    ]
    assert seen(answer(Body(), status=None, duration_ms=None), "headers")[0] == "✖ no answer"
    assert seen(answer(Body(), status=799), "headers")[0] == "799  80 ms"


# form


def test_a_form_shows_its_fields_decoded() -> None:
    side = question(text_body("a=1&b=%C3%A9+x&long=1%0A2&a=3&c=", URLENCODED), url="/p?q=1")
    assert seen(side, "form") == [
        "in the address",
        "q  1",
        "",
        "in the body",
        "   a  1",
        "   b  é x",
        "long  1",
        "      2",
        "   a  3",
        "   c  ",
    ]


def test_a_form_of_very_many_fields_shows_the_first() -> None:
    rows = seen(question(text_body("&".join(["a=1"] * 20_000), URLENCODED)), "form")
    assert len(rows) == 10_000


MULTIPART = (
    "preamble\r\n--Xy\r\n"
    'Content-Disposition: form-data; name="note"\r\n\r\none\r\ntwo\r\n--Xy\r\n'
    'Content-Disposition: form-data; name="file"; filename="a \\"b\\".png"\r\n'
    "Content-Type: image/png\r\n\r\n\x00\x01\x02\r\n--Xy\r\n"
    "Content-Disposition: form-data; name=bare\r\n\r\n\r\n--Xy\r\n"
    "no head at all\r\n--Xy--\r\nepilogue"
)


@pytest.mark.parametrize("quoted", ["Xy", '"Xy"'])
def test_a_form_in_parts_shows_its_fields(quoted: str) -> None:
    body = text_body(MULTIPART, f"multipart/form-data; boundary={quoted}")
    assert seen(question(body), "form") == [
        "note  one",
        "      two",
        'file  “a "b".png”, image/png, 3 bytes',
        "bare  ",
    ]
    binary = Body(
        kind=BodyKind.BASE64,
        value=base64.b64encode(MULTIPART.encode()).decode(),
        content_type="multipart/form-data; boundary=Xy",
    )
    assert seen(question(binary), "form")[0] == "note  one"


@pytest.mark.parametrize(
    "body", [json_body({"a": 1}), text_body("no form"), text_body(HTML), text_body("", URLENCODED)]
)
def test_what_is_no_form_is_told(body: Body) -> None:
    with pytest.raises(ViewError, match="The body is no form"):
        seen(question(body), "form")


# markup


def test_markup_tells_the_title_first_and_then_the_outline() -> None:
    page = (
        "<!doctype html><html><head><title>502 &lt;Bad&gt;</title><script>var a = 1</script>"
        '<meta name=x content="y"></head><body><!-- c --><h1 class="big">Bad</h1>'
        "<p>one<p>two<br><script></script></body></html>"
    )
    assert seen(answer(text_body(page)), "markup") == [
        "502 <Bad>",
        "",
        "html",
        "  head",
        "    title  502 &lt;Bad&gt;",
        "    script  9 characters",
        "    meta  name=x  content=y",
        "  body",
        "    h1  class=big  Bad",
        "    p  one",
        "    p  two",
        "      br",
        "      script",
    ]
    xml = "<a><![CDATA[x < y]]><b c='1' d='2' e='3' f='4' g='5' h='6' i='7' id='8'/> tail </a>"
    assert seen(answer(text_body(xml)), "markup") == [
        "a  x < y",
        "  b  c=1  d=2  e=3  f=4  g=5  h=6  id=8",
        "  tail",
    ]
    with pytest.raises(ViewError, match="neither XML nor HTML"):
        seen(answer(json_body({})), "markup")


def test_very_long_markup_shows_its_head() -> None:
    side = answer(text_body("<a>" + "<b/>" * 30_000))
    head = by_name("markup").lines(side)
    assert head.cut
    assert len(head) < 20_010
    assert len(by_name("markup").lines(side, whole=True)) == 30_001


# hex


def test_hex_shows_offset_bytes_and_ascii() -> None:
    data = bytes(range(0x1C, 0x1C + 18))
    body = Body(kind=BodyKind.BASE64, value=base64.b64encode(data).decode(), size=18)
    assert seen(answer(body), "hex") == [
        "00000000  1c 1d 1e 1f 20 21 22 23  24 25 26 27 28 29 2a 2b  .... !\"#$%&'()*+",
        "00000010  2c 2d                                             ,-",
    ]
    assert seen(answer(json_body("é")), "hex")[0].startswith("00000000  22 c3 a9 22")


# diagnosis


def test_the_diagnosis_says_what_where_and_what_to_do() -> None:
    side = answer(text_body(HTML, "text/html"), status=502)
    rows = seen(side, "diagnosis", width=60)
    assert rows[0].startswith("✖ 502 Bad Gateway")
    assert "  what to do" in rows
    assert all(len(row) <= 60 for row in rows)
    assert seen(answer(json_body({"ok": 1})), "diagnosis")[0].startswith("✔ ")


def test_a_diagnosis_in_lines_has_code_and_places() -> None:
    found = Diagnosis(
        outcome=Outcome.ACTION_ERRORS,
        message="The action failed.",
        hint="Try again.",
        code="TIMEOUT",
        findings=(("$.errors[0]", "deadline exceeded"),),
    )
    assert [told(line) for line in diagnosis_told(found, 40)] == [
        "✖ The action failed.",
        "  code TIMEOUT",
        "",
        "  where",
        "  $.errors[0]",
        "    deadline exceeded",
        "",
        "  what to do",
        "  Try again.",
    ]


def test_an_error_stands_in_place_with_what_to_do() -> None:
    rows = [told(line) for line in error_lines(ViewError("It is not.", why="Why.", fix="Fix."))]
    assert rows == ["▲ It is not.", "  Why.", "  Fix."]


# JSON of a body


def test_json_is_had_from_text_too() -> None:
    assert json_of(json_body({"a": 1})) == {"a": 1}
    assert json_of(text_body('\ufeff{"a": 1}')) == {"a": 1}
    for text, why in (
        ("", "white space"),
        (HTML, "an HTML page titled"),
        ('{"a": ', "truncated JSON"),
        ("[" * 100_000, "too deeply"),
    ):
        with pytest.raises(ViewError, match=why):
            json_of(text_body(text))
    with pytest.raises(ViewError, match="There is no body"):
        json_of(Body())
