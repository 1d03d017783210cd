import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.text import clip, csv_cell, log_line, safe

# Every code point, lone surrogates too, and the dangerous ones often enough to meet.
TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x00\t\n\r\x1b\x7f\x85\x9b\x9d\u200b\u202e\u2028\u2066\ufeff\ud800"),
    )
)
INVISIBLE_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
# Format characters that are drawn: Arabic, Syriac and Kaithi number and verse signs.
DRAWN = set(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)


def drives_a_screen(character: str) -> bool:
    category = unicodedata.category(character)
    return category in INVISIBLE_CATEGORIES or (category == "Cf" and character not in DRAWN)


@given(TEXT)
def test_no_control_character_survives(text: str) -> None:
    assert not any(map(drives_a_screen, safe(text)))


def test_every_control_and_format_character_there_is_becomes_visible() -> None:
    survivors = [
        f"U+{code:04X}"
        for code in range(0x110000)
        if drives_a_screen(chr(code)) and safe(chr(code)) == chr(code)
    ]
    assert survivors == []


@given(TEXT)
def test_safe_is_idempotent(text: str) -> None:
    assert safe(safe(text)) == safe(text)


@given(TEXT)
def test_safe_text_fits_one_line_and_any_file(text: str) -> None:
    line = log_line(text)
    assert len(line.splitlines()) <= 1
    assert line.encode("utf-8").decode("utf-8") == line


@given(TEXT)
def test_with_newlines_kept_lines_are_made_safe_one_by_one(text: str) -> None:
    kept = safe(text, keep_newlines=True)
    assert kept.split("\n") == [safe(line) for line in text.split("\n")]
    assert safe(kept, keep_newlines=True) == kept


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;Zm9v\x07", "␛]52;c;Zm9v␇"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("a\x00b\tc\nd\re\x7f", "a␀b␉c␊d␍e␡"),
        ("user\u202egpj.exe", "user⟨U+202E⟩gpj.exe"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("a\u2028b\u2029c\x85d", "a⟨U+2028⟩b⟨U+2029⟩c⟨U+0085⟩d"),
        ("\ud83d alone", "⟨U+D83D⟩ alone"),
        ("tag \U000e0041", "tag ⟨U+E0041⟩"),
    ],
)
def test_marks(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "[/etc/x] [b]",
        "Grüße, 東京, Ελλάδα",
        "نص عربي",
        "e\u0301",
        "❤️ 👍🏽",
        "a\u00a0b",
    ],
)
def test_ordinary_text_comes_back_as_it_is(text: str) -> None:
    assert safe(text) is text or safe(text) == text


def test_a_carriage_return_before_a_kept_newline_is_shown() -> None:
    assert safe("a\r\nb", keep_newlines=True) == "a␍\nb"


@given(TEXT, st.integers(-2, 40))
def test_clip_never_exceeds_its_limit(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped) <= max(limit, 0)
    if len(text) <= limit:
        assert clipped == text
    elif limit > 0:
        assert clipped == text[: limit - 1] + "…"


@given(TEXT)
def test_a_csv_cell_never_begins_a_formula_and_keeps_its_text(text: str) -> None:
    cell = csv_cell(text)
    assert cell[:1] not in set("=+-@\t\r\n\x00＝＋－＠")
    marked = "".join(safe(c) if "\ud800" <= c <= "\udfff" else c for c in text)
    assert cell in (marked, "'" + marked)
    assert csv_cell(cell) == cell


@given(st.lists(TEXT, min_size=1))
def test_cells_survive_a_csv_file(values: list[str]) -> None:
    cells = [csv_cell(value) for value in values]
    file = io.StringIO(newline="")
    csv.writer(file).writerow(cells)
    assert next(csv.reader(io.StringIO(file.getvalue(), newline=""))) == cells
    file.getvalue().encode("utf-8")


@pytest.mark.parametrize("lead", [*"=+-@\t\r\n\x00＝", " =", "\ufeff=", "\n\t+"])
def test_csv_cells_that_a_spreadsheet_would_run_get_a_quote(lead: str) -> None:
    assert csv_cell(f"{lead}1+1") == f"'{lead}1+1"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        (-5, "-5"),
        (-0.5, "-0.5"),
        ("plain", "plain"),
        ("a=b", "a=b"),
        ([1, "é"], '[1, "é"]'),
        ({"a": None}, '{"a": null}'),
    ],
)
def test_csv_cells_of_other_values(value: object, cell: str) -> None:
    assert csv_cell(value) == cell
    if isinstance(value, (dict, list)):
        assert json.loads(cell) == value
