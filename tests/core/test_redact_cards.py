import random
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cxtop.core.redact import MASK, REDACTOR
from cxtop.core.redact.shapes import is_card

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


def hexadecimal(chance: random.Random, length: int, digits_of_ten: int) -> str:
    """Hexadecimal digits of which so many in ten are no letters."""
    kinds = ("0123456789", "abcdef")
    return "".join(
        chance.choice(kinds[chance.randrange(10) >= digits_of_ten]) for _ in range(length)
    )


def uuid_of(chance: random.Random, digits_of_ten: int) -> str:
    drawn = hexadecimal(chance, 32, digits_of_ten)
    variant = chance.choice("89ab")
    return "-".join(
        (drawn[:8], drawn[8:12], f"4{drawn[13:16]}", variant + drawn[17:20], drawn[20:])
    )


def survives(text: str) -> bool:
    return (
        REDACTOR.text(text) == text
        and REDACTOR.text(f"id={text}, {text}.") == f"id={text}, {text}."
        and REDACTOR.text(f'{{"id":"{text}"') == f'{{"id":"{text}"'
        and REDACTOR.json([text, {"id": text}]) == [text, {"id": text}]
        and REDACTOR.url(f"https://a.example/x/{text}?id={text}")
        == f"https://a.example/x/{text}?id={text}"
        and REDACTOR.header("x-id", text) == text
    )


@given(st.uuids(version=4), st.booleans())
def test_uuids_survive(drawn: UUID, capital: bool) -> None:
    assert survives(str(drawn).upper() if capital else str(drawn))


@pytest.mark.parametrize("digits_of_ten", [6, 9, 10])
def test_ids_of_mostly_digits_survive(digits_of_ten: int) -> None:
    chance = random.Random(digits_of_ten)
    changed = []
    for _ in range(4000):
        trace = hexadecimal(chance, 32, digits_of_ten)
        span = hexadecimal(chance, 16, digits_of_ten)
        ids = [uuid_of(chance, digits_of_ten), trace, f"00-{trace}-{span}-01", f"{trace}-{span}-1"]
        if not span.isdigit():
            ids.append(span)
        changed += [text for text in ids if REDACTOR.text(text) != text]
    assert changed == []


@pytest.mark.parametrize(
    "text",
    [
        # In each a number stands that a card could have.
        "5f3a4111-1111-1111-1111-111111111111",
        "5f3a4111-1111-4111-8111-4111111111111",
        "b18c8632-2266-4468-8665-0967dbc38a39",
        "D2F69FF4-4996-4768-9028-5F9A743DB520",
        "b18c8632-2266-4468-8665-0967",
        "00-29982c7c0662f59510a0486a9a6c5319-60138162244516f3-01",
        "00-446819daebef9fdd01a1bbeb1bbd36ee-4111111111111111-01",
        "4bf92f35774111111111111111a3ce92",
        "1-5759e988-bd4111111111111111994272",
        "373328221795754f",
        "3a4111111111111111b2",
    ],
)
def test_ids_survive(text: str) -> None:
    assert survives(text)


def luhn_valid(chance: random.Random, start: str, length: int) -> str:
    drawn = start + "".join(chance.choices("0123456789", k=length - len(start) - 1))
    return next(drawn + digit for digit in "0123456789" if is_card(drawn + digit))


ISSUED = [("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15)]
ISSUED += [("36", 14), ("6011", 16), ("65", 16), ("3528", 16), ("62", 16), ("62", 19), ("50", 16)]


@given(
    st.sampled_from(ISSUED),
    st.sampled_from(("", " ", "-")),
    st.sampled_from(
        ("{}", "card {}.", '"{}"', "({})", "pan={}", "No:{};", "cc{}", "{},{}", "\n{}")
    ),
    st.integers(0, 2**32),
)
@example(("62", 16), " ", "{}", 234)  # with the 4 of the id behind it, it passes the check too
def test_cards_in_usual_writings_are_masked(
    issued: tuple[str, int], sign: str, text: str, seed: int
) -> None:
    card = luhn_valid(random.Random(seed), *issued)
    shown = grouped(card, sign) if sign else card
    masked = text.replace("{}", MASK)
    assert REDACTOR.text(text.replace("{}", shown)) == masked
    assert REDACTOR.json({"note": text.replace("{}", shown)}) == {"note": masked}
    # Ids beside it change nothing.
    beside = f"5f3a4111-1111-4111-8111-411111111111 {shown} 4bf92f3577b34da6a3ce929d0e0e4736"
    assert shown not in REDACTOR.text(beside)
    assert beside.replace(shown, MASK) == REDACTOR.text(beside)


def test_a_card_is_masked_before_what_follows_it_on_its_magnetic_stripe() -> None:
    for sign in "D=":
        assert "4111111111111111" not in REDACTOR.text(
            f"4111111111111111{sign}25121010000012300000F"
        )


@pytest.mark.parametrize(
    "text", ["cc4111111111111111", "4111111111111111a", "20261120-4111-1111-1111-1111"]
)
def test_a_card_is_masked_beside_other_signs(text: str) -> None:
    assert "1111111" not in REDACTOR.text(text).replace("-", "")


@given(st.integers(1_000_000_000_000_000, 1_999_999_999_999_999))
def test_times_survive(micros: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    for number in (micros // 1000, micros, micros * 1000):
        assert REDACTOR.json([number, str(number)]) == [number, str(number)]
        assert REDACTOR.text(f"at {number} and {number}") == f"at {number} and {number}"
    for text in (f"{moment:%Y%m%d%H%M%S}", f"{moment:%Y%m%d%H%M%S%f}"[:17]):
        assert REDACTOR.text(text) == text


@given(st.floats(0, 100, allow_nan=False))
def test_fractions_survive(number: float) -> None:
    assert REDACTOR.text(f"took {number} s") == f"took {number} s"
    assert REDACTOR.text(f'{{"a": {number}') == f'{{"a": {number}'
    assert REDACTOR.json([number, str(number)]) == [number, str(number)]


def test_a_fraction_that_could_be_a_card_survives() -> None:
    for text in ("0.4111111111111111", '{"a":0.4111111111111111,"b":', "1.4111111111111111e-7"):
        assert REDACTOR.text(text) == text
