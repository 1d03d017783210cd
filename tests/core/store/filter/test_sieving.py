"""What bytes tell about a filter: never that a line cannot match which does."""

import json
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.capture.record import Head, decode_head
from cxtop.core.store.filter import parse
from cxtop.core.store.filter.sieving import FOLDING_TO_ASCII, Lines, sieve_of
from cxtop.core.store.filter.tokens import quote

FIELDS = ("id", "request_id", "flow_execution_id", "conversation_id", "url", "code", "action")
# Letters that fold to others, signs that JSON escapes, and what stands between words.
ODD = 'kKſßẞİŉﬁﬆéÉΣσς日/\\"\n\t\x7f-_.:?é*'
TEXTS = st.text(st.sampled_from(ODD + "abSsIiFf09"), max_size=12)


def plainly(fields: dict[str, object]) -> bytes:
    return msgspec.json.encode(fields)


def in_ascii(fields: dict[str, object]) -> bytes:
    return json.dumps(fields).encode()


def with_slashes(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, indent=None).replace("/", "\\/").encode()


def in_codes(fields: dict[str, object]) -> bytes:
    def code(text: str) -> str:
        return "".join(f"\\u{unit:04X}" for unit in memoryview(text.encode("utf-16-le")).cast("H"))

    pairs = (f'"{code(name)}":"{code(str(value))}"' for name, value in fields.items())
    return f"{{{','.join(pairs)}}}".encode()


WAYS = (plainly, in_ascii, with_slashes, in_codes)
LINES = st.tuples(st.fixed_dictionaries(dict.fromkeys(FIELDS, TEXTS)), TEXTS, st.sampled_from(WAYS))


def line_of(fields: dict[str, str], body: str, write) -> bytes:
    # The body comes first, as it may in logs that others write.
    trace = f"00-{fields['id'].encode().hex():0<32.32}-00f067aa0ba902b7-01"
    return write({"x": body, "at": "2026-03-01T12:00:00Z", "traceparent": trace} | fields)


def asked(data: st.DataObject, lines: list[tuple[dict[str, str], str, object]]) -> str:
    """A filter of parts of what the lines hold, and of what they do not."""
    held = [text for fields, _, _ in lines for text in fields.values() if text]
    terms: list[str] = []
    for _ in range(data.draw(st.integers(1, 3))):
        text = data.draw(st.sampled_from(held) if held else TEXTS)
        start = data.draw(st.integers(0, len(text)))
        part = text[start : data.draw(st.integers(start, len(text)))]
        changed = data.draw(st.sampled_from((part, part.upper(), part.lower(), part.casefold())))
        wild = f"id:{''.join(sign for sign in f'*{part}*' if sign.isalnum() or sign in '*?')}"
        terms.append(data.draw(st.sampled_from((quote(changed), f"id:{quote(part)}", wild))))
    return data.draw(st.sampled_from((" ", " | "))).join(terms)


@given(st.lists(LINES, min_size=1, max_size=6), st.data())
def test_a_line_that_matches_is_never_sieved_out(lines, data):
    wanted = parse(asked(data, lines))
    sieve = sieve_of(wanted)
    if sieve is None:
        return
    written = [line_of(*line) for line in lines]
    starts = [0]
    for line in written[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    together = b"\n".join(written) + b"\n"
    may = sieve(Lines(together), starts)
    meant = {number for number, line in enumerate(written) if wanted.matches(decode_head(line))}
    assert meant <= may
    # Looked at as one piece, they may match where one of them may.
    assert bool(sieve(Lines(together), (0,))) >= bool(meant)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lookup", {1}),
        ("LookUp", {1}),
        ("gone", set()),
        ("TIMEOUT", {0, 2}),
        ("timeout lookup", set()),
        ("timeout | lookup", {0, 1, 2}),
        ("timeout -lookup", {0, 2}),
        ("id:*e-2", {2}),
        ("id:r?e-2", {2}),
        ("flow:RE*", set()),
        ("größe", {1}),
        ("/orders", {0, 1}),
        ('"a\\"b"', {3}),
        ("status:200 lookup", {1}),
    ],
)
def test_lines_that_do_not_hold_a_text_are_passed_over(text, expected):
    heads = (
        {"code": "TIMEOUT", "url": "/orders"},
        {"action": "Lookup", "url": "/orders/GRÖSSE"},
        {"code": "timeout", "request_id": "re-2"},
        {"code": 'a"b'},
    )
    written = [plainly(head) + b"\n" for head in heads]
    starts = [sum(map(len, written[:number])) for number in range(len(written))]
    sieve = sieve_of(parse(text))
    assert sieve is not None
    assert sieve(Lines(b"".join(written)), starts) == expected


@pytest.mark.parametrize(
    "text", ["", "status:500", "-foo", "foo | status:500", "id:*", 'id:""', '""', "body:foo"]
)
def test_some_filters_cannot_be_told_by_bytes(text):
    assert sieve_of(parse(text)) is None


def test_every_letter_that_folds_to_ascii_is_known():
    letters = [chr(code) for code in range(0x80, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    folding = [letter for letter in letters if any(map(str.isascii, letter.casefold()))]
    assert all(FOLDING_TO_ASCII.fullmatch(letter.encode()) for letter in folding)
    known = [letter for letter in letters if FOLDING_TO_ASCII.fullmatch(letter.encode())]
    assert known == folding


def test_the_head_is_read_as_the_sieve_believes():
    head = decode_head(line_of(dict.fromkeys(FIELDS, "ß/"), "", in_codes))
    assert isinstance(head, Head)
    assert head.url == "ß/"
