"""A picture of the screen as evidence."""

from __future__ import annotations

import re
from html import unescape

from cxtop.core.redact import REDACTOR
from cxtop.tui.picture import masked, self_contained

ROW = '<text class="r1" x="0" y="20" textLength="122">{}</text>'


def test_what_looks_like_a_secret_is_masked_in_its_place() -> None:
    secret = "Bearer sk-live-4f9a8b7c6d5e4f3a2b1c"
    svg = (
        ROW.format("note&#160;") + ROW.format(secret.replace(" ", "&#160;")) + ROW.format("&lt;b>")
    )
    made = masked(svg, REDACTOR)
    assert "4f9a8b7c" not in made
    before, after = (re.findall(r">([^<]*)</text>", text) for text in (svg, made))
    assert [len(unescape(text)) for text in after] == [len(unescape(text)) for text in before]
    assert "[redacted]" in unescape(after[1])
    assert (after[0], after[2]) == (before[0], before[2])


def test_it_fetches_no_font() -> None:
    svg = "<style>@font-face { src: url(https://x/y.woff) } .a { font-family: Fira Code }</style>"
    assert self_contained(svg) == "<style> .a { font-family: monospace }</style>"
