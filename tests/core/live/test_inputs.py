import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.diagnosis import JsonSchema
from cxtop.core.errors import InputError
from cxtop.core.live.inputs import checked, faults_of, read_input

SCHEMA = JsonSchema(
    {
        "type": "object",
        "required": ["phone"],
        "properties": {"phone": {"type": "string"}, "age": {"type": "integer"}},
    }
)


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ('{"a": 1,\n "b": x}', "line 2, column 7", "a value should"),
        ('{"a": 1', "line 1, column 8", "truncated JSON"),
        ('{"a": 1} {}', "line 1, column 10", "should have ended"),
        ('{"a": NaN}', "line 1, column 7", "NaN"),
        ("", "line 1, column 1", "no input"),
        ("[" * 100_000, "", "nested too deeply"),
    ],
)
def test_where_json_breaks(text, place, told):
    found = read_input(text)
    assert (found.place, told in found.fault) == (place, True)
    with pytest.raises(InputError) as raised:
        checked(text, "The body")
    assert raised.value.faults[0][0] == place


def test_a_good_input_is_given_back():
    assert checked('{"phone": "+49", "age": 3}', "The input", SCHEMA) == {"phone": "+49", "age": 3}


@pytest.mark.parametrize("text", ["[]", '"x"', "null", "12", "true"])
def test_only_an_object_can_be_sent(text):
    with pytest.raises(InputError) as raised:
        checked(text, "The input")
    assert "expected object" in raised.value.what


def test_every_fault_of_the_schema_is_named():
    with pytest.raises(InputError) as raised:
        checked('{"age": "old"}', "The input", SCHEMA)
    places = [place for place, _ in raised.value.faults]
    assert places == ["$.age", "$.phone"]
    assert "and 1 more" in raised.value.what
    assert "nothing was sent" in raised.value.fix


def test_a_mask_is_no_value():
    value = {"token": "[redacted]", "list": [{"auth": "Bearer [redacted:32:9f3c]"}], "ok": "a"}
    assert [place for place, _ in faults_of(value)] == ["$.token", "$.list[0].auth"]
    assert faults_of({"text": "the word [redacted] in a sentence"}) == ()


@settings(max_examples=60)
@given(st.text())
def test_any_text_is_read_or_told(text):
    found = read_input(text)
    assert found.fault or found.value is not None or text.strip() == "null"
