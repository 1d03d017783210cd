import json
import math
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.store.codec import (
    dump,
    fold,
    get_count,
    load,
    micros,
    moment,
    put_count,
    raw,
)

# Text of any code points, lone surrogates among them.
any_text = st.text(st.characters(codec=None, exclude_categories=()))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(any_json)
def test_any_json_comes_back_as_it_went_in(value):
    assert load(dump(value)) == value


@settings(max_examples=50)
@given(any_json)
def test_the_text_is_ascii_so_that_sqlite_takes_it(value):
    assert dump(value).isascii()


def test_nan_and_infinity_come_back():
    nan, infinity = load(dump([math.nan, -math.inf]))
    assert math.isnan(nan)
    assert infinity == -math.inf


def test_integers_that_python_will_not_print_come_back_as_digits():
    digits = "7" * 6000
    value = {"items": [1, {"big": (10**6000 - 1) // 9 * 7}], "ok": True}
    assert load(dump(value)) == {"items": [1, {"big": digits}], "ok": True}


def test_integers_below_that_stay_integers():
    assert load(dump(10**4000)) == 10**4000


def test_times_are_written_in_iso_and_anything_else_as_text():
    when = datetime(2026, 3, 1, tzinfo=UTC)
    assert json.loads(dump({"at": when, "odd": {1}})) == {
        "at": "2026-03-01T00:00:00+00:00",
        "odd": "{1}",
    }


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_to_the_microsecond(when):
    assert moment(micros(when)) == when


@given(st.none() | st.integers())
def test_counts_come_back_and_fit_sqlite(count):
    put = put_count(count)
    assert put is None or isinstance(put, str) or abs(put) < 2**63
    assert get_count(put) == count


def test_counts_of_any_length_come_back():
    assert get_count(put_count(10**5000)) == 10**5000


@given(any_text)
def test_folded_text_has_nothing_that_sqlite_stumbles_over(text):
    folded = fold(text)
    assert "\0" not in folded
    folded.encode()


def test_folding_forgets_case_beyond_ascii():
    assert fold("STRASSE ÄÖ") == fold("straße äö")


@given(any_text)
def test_raw_text_keeps_lone_surrogates(text):
    assert raw(text).decode("utf-8", "surrogatepass") == text
