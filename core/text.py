"""Untrusted text, made safe to show and to write.

Whatever came from outside (a platform, a log, a file name, an answer quoted in an error) can hold
characters that drive a terminal, turn lines around or hide. Each becomes a mark that can be seen:

    C0 controls (U+0000 to U+001F)       their pictures: ␀ for NUL, ␉ TAB, ␊ LF, ␍ CR, ␛ ESC
    DEL (U+007F)                         ␡
    everything else that is not seen     its number: ⟨U+009B⟩ for CSI, ⟨U+202E⟩, ⟨U+200B⟩, ⟨U+D83D⟩

"Not seen" are C1 controls, bidirectional controls, zero-width characters and fillers, line and
paragraph separators, tags, variation selectors beyond U+FE0F, noncharacters and lone surrogates.
Joiners count among them: terminals disagree on how wide a joined emoji is. U+FE00 to U+FE0F pass,
for they only choose between two drawings of the character before them. Letters, combining marks,
blanks and private-use characters pass too.

Marks are ordinary characters, so making safe text safe again changes nothing; and a mark cannot
be told from the same characters in the original. Text that is markup to a widget stays markup:
that it is not parsed is the widget's business.
"""

from __future__ import annotations

import json
import re

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "\u2421"}

_UNSEEN = (
    (0x0000, 0x001F),  # C0
    (0x007F, 0x009F),  # DEL, C1
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian selectors and vowel separator
    (0x200B, 0x200F),  # zero-width space and joiners, direction marks
    (0x2028, 0x202E),  # line and paragraph separator, embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates
    (0x3164, 0x3164),  # Hangul filler
    (0xD800, 0xDFFF),  # surrogates: a str holds only lone ones
    (0xFDD0, 0xFDEF),  # noncharacters
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFB),  # unassigned ignorables, interlinear annotation
    (0xFFFE, 0xFFFF),  # noncharacters
    (0x13430, 0x1345F),  # Egyptian format controls
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tags, variation selectors supplement
)
_UNSAFE = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSEEN) + "]")
_SURROGATE = re.compile("[\ud800-\udfff]")

# What makes a spreadsheet take a cell for a formula, in both widths, or strip what hides one.
_FORMULA = re.compile("[\\s\x00\ufeff\u200b]*[=+\\-@＝＋－＠]|[\t\r\n\x00]")


def safe(text: str, *, keep_newlines: bool = False) -> str:
    """`text` with every character that could drive, turn or deceive a screen shown as a mark.

    With `keep_newlines` a line feed stays one; the carriage return before it is still shown.
    """
    if keep_newlines and "\n" in text:
        return "\n".join([safe(line) for line in text.split("\n")])
    # Nearly all text is plain ASCII, and this says so without looking for each range.
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_mark, text)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, the last of them "…" where something was cut off."""
    if len(text) <= limit:
        return text
    return text[: limit - 1] + "…" if limit > 0 else ""


def csv_cell(value: object) -> str:
    """`value` as the text of a cell for `csv.writer`, which adds the quoting (RFC 4180).

    `None` is empty, booleans, lists and objects are JSON. Text that a spreadsheet would take for
    a formula gets a `'` in front; a number never is one and stays as it is. Control characters
    stay, because a cell is data and not a screen; only lone surrogates, which no file can hold,
    become marks.
    """
    if value is None:
        return ""
    if isinstance(value, (bool, dict, list, tuple)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, (int, float)):
        return str(value)
    text = _SURROGATE.sub(_mark, str(value))
    return "'" + text if _FORMULA.match(text) else text


def log_line(text: str) -> str:
    """`text` safe and on one line: no line break of any alphabet is left in it."""
    return safe(text)


def _mark(match: re.Match[str]) -> str:
    code = ord(match[0])
    return _PICTURES.get(code) or f"⟨U+{code:04X}⟩"
