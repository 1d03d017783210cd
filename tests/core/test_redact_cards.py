from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.redact import MASK, REDACTOR

_CARDS = """
    4111111111111111 4222222222222 5555555555554444 2223003122003222 378282246310005
    6011111111111117 3056930009020004 36227206271667 3566002020360505 6200000000000005
    6205500000000000004 5019717010103742 2200000000000004
"""
CARDS = _CARDS.split()


def grouped(card: str, sign: str) -> str:
    if len(card) in (14, 15):
        return sign.join((card[:4], card[4:10], card[10:]))
    return sign.join(card[start : start + 4] for start in range(0, len(card), 4))


@pytest.mark.parametrize("card", CARDS)
def test_cards_are_masked_in_text_strings_and_numbers(card: str) -> None:
    for shown in (card, grouped(card, " "), grouped(card, "-"), grouped(card, ".")):
        assert REDACTOR.text(f"card {shown}, thanks") == f"card {MASK}, thanks"
        assert REDACTOR.text(f"2026 {shown} 12 27") == f"2026 {MASK} 12 27"
        assert REDACTOR.json({"note": shown, "n": 1}) == {"note": MASK, "n": 1}
        assert shown not in REDACTOR.text(f"PAN{shown}")
        assert REDACTOR.form(f"a={quote(shown)}&b=1") == f"a={MASK}&b=1"
    assert REDACTOR.json([int(card), float(7)]) == [MASK, 7.0]


@given(st.sampled_from(CARDS), st.integers(0, 9), st.data())
def test_a_number_that_fails_the_check_is_no_card(
    card: str, digit: int, data: st.DataObject
) -> None:
    place = data.draw(st.integers(6, len(card) - 1))
    other = card[:place] + str(digit) + card[place + 1 :]
    assert (REDACTOR.text(other) == MASK) == (other == card)
    assert (REDACTOR.json([int(other)]) == [MASK]) == (other == card)
