"""Markup in tokens, however broken."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.tui.views.markup import outline
from cxtop.tui.views.tags import attributes, indented, paint, tokens

from .making import told

MARKUP = st.text(alphabet="<>/!?-[]CDAT ab='\"\n&;", max_size=80)


@given(MARKUP | st.text(max_size=60))
def test_every_character_is_in_one_token(markup: str) -> None:
    assert "".join(token.source for token in tokens(markup)) == markup


@given(MARKUP)
def test_nothing_but_white_space_is_lost(markup: str) -> None:
    assert "".join(indented(markup).split()) == "".join(markup.split())
    list(outline(markup))


@given(st.text(max_size=60), st.booleans())
def test_paint_changes_no_character(text: str, begins: bool) -> None:
    assert told(paint(text, begins)) == text


def test_elements_with_only_text_are_one_line() -> None:
    assert indented("<a x='1'><b>t</b><c/><d>e<f>g</f></d></a>").split("\n") == [
        "<a x='1'>",
        "  <b>t</b>",
        "  <c/>",
        "  <d>",
        "    e",
        "    <f>g</f>",
        "  </d>",
        "</a>",
    ]


def test_what_is_never_closed_goes_no_deeper() -> None:
    assert indented("<ul><li>a<li>b</ul></x><p>c") == (
        "<ul>\n  <li>\n    a\n  <li>\n    b\n</ul>\n</x>\n<p>\n  c"
    )


def test_scripts_are_not_read_as_markup() -> None:
    kinds = [(t.kind, t.name) for t in tokens("<script>if(a<b){}</script><i>x")]
    assert kinds == [
        ("open", "script"),
        ("text", "if(a<b){}"),
        ("close", "script"),
        ("open", "i"),
        ("text", "x"),
    ]
    assert [t.kind for t in tokens("<style>a")] == ["open", "text"]


def test_entities_and_document_types_are_only_shown() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "&b;&b;"><!ENTITY b SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    shown = indented(bomb)
    assert "<x>&a;</x>" in shown
    assert [told(line) for line in outline(bomb)] == ["x  &a;"]
    assert ("<!-- c -->", "dim") in paint("<!-- c -->", True)


def test_attributes_are_read_in_every_quoting() -> None:
    assert attributes(" a=1 b='2 3' c = \"4\" d /") == [
        ("a", "1"),
        ("b", "2 3"),
        ("c", "4"),
        ("d", ""),
    ]


@pytest.mark.parametrize(
    "piece",
    [
        "<a ''",
        "<![",
        "<!''",
        "<!--",
        "<script>",
        "</",
        "<p>",
        "<a b=",
        "<a \"'",
        "<",
        "<a =",
        "<x>",
    ],
)
def test_time_grows_with_the_size_only(piece: str) -> None:
    markup = piece * (200_000 // len(piece)) + '"'
    began = time.process_time()
    indented(markup)
    list(outline(markup))
    assert time.process_time() - began < 5
