import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.diagnosis import ANY, EXECUTE, HANDLER, JsonSchema, diagnose
from cxtop.core.models import Outcome

from .support import GOOD_TOKEN, JSON, NAMES, TOKEN, answered

SHAPES = [
    ANY,
    EXECUTE,
    HANDLER,
    TOKEN,
    ANY.bringing(JsonSchema({"type": "object", "required": ["id"]})),
    HANDLER.bringing(JsonSchema({"anyOf": [{"type": "string"}, {"items": {"type": "integer"}}]})),
]


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (401, {"result": "x"}, Outcome.AUTH_EXPIRED),
        (403, b"", Outcome.FORBIDDEN),
        (429, b"<html>", Outcome.RATE_LIMITED),
        (500, {"errors": ["x"]}, Outcome.SERVER_ERROR),
        (599, None, Outcome.SERVER_ERROR),
        (418, b"{", Outcome.CLIENT_ERROR),
        (200, b"", Outcome.EMPTY_BODY),
        (200, b" \r\n\t ", Outcome.EMPTY_BODY),
        (200, b"\xef\xbb\xbf \n", Outcome.EMPTY_BODY),
        (200, b"<html>", Outcome.NOT_JSON),
        (200, b"hello", Outcome.NOT_JSON),
        (200, b'{"errors": ["x"]', Outcome.NOT_JSON),
        (200, [], Outcome.NOT_OBJECT),
        (200, "x", Outcome.NOT_OBJECT),
        (200, 1.5, Outcome.NOT_OBJECT),
        (200, True, Outcome.NOT_OBJECT),
        (200, None, Outcome.NOT_OBJECT),
        (200, {"errors": ["x"], "result": None}, Outcome.ACTION_ERRORS),
        (200, {"errors": [], "result": None}, Outcome.NULL_RESULT),
        (200, {"errors": []}, Outcome.NULL_RESULT),
        (200, {"result": json.dumps(GOOD_TOKEN)}, Outcome.STRINGIFIED_RESULT),
        (200, {"result": "abc"}, Outcome.RAW_TOKEN),
        (200, {"result": {"token": 1}}, Outcome.SCHEMA_DRIFT),
        (200, {"result": GOOD_TOKEN}, Outcome.OK),
        (None, b"", Outcome.UNREACHABLE),
    ],
)
def test_every_outcome_in_its_order(status, body, outcome):
    found = answered(body, status, expects=TOKEN)
    assert found.outcome is outcome
    assert found.message.endswith(".")
    assert found.hint or outcome is Outcome.OK


def test_headers_come_as_a_mapping_or_as_pairs_in_any_case():
    body = '{"a": "é"}'.encode("latin-1")
    for headers in (
        {"Content-Type": "application/json; charset=ISO-8859-1"},
        [("content-TYPE", "application/json; charset=latin1"), ("X-A", "1"), ("x-a", "2")],
    ):
        found = diagnose(200, headers, body)
        assert found.result == {"a": "é"}
        assert found.findings == (("charset", "it is sent in iso8859-1; JSON is sent as UTF-8"),)


def test_the_ids_of_the_answer_are_there_to_be_quoted():
    headers = {"ININ-Correlation-Id": "c-1", "X-Request-ID": "r-1"}
    hint = answered(b"", headers=headers).hint
    assert "Quote correlation id c-1 and request id r-1 to whoever runs the service." in hint
    assert "Quote" not in answered(b"").hint
    assert "c-1" in answered(b"", None, headers).hint


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("https://login.example/sso?state=s3cret", "redirect to https://login.example, and"),
        ("/login?x=1", "redirect to /login, and"),
        ("http://[broken", "redirect, and"),
        ("", "redirect, and"),
    ],
)
def test_a_redirect_is_named_without_its_query(location, told):
    found = answered(b"", 302, {"Location": location})
    assert found.outcome is Outcome.EMPTY_BODY
    assert told in found.hint


def test_a_body_that_was_cut_here_is_not_blamed():
    found = answered(b'{"a": "xyz', truncated=True)
    assert found.outcome is Outcome.NOT_JSON
    assert "cut after 10 bytes" in found.message
    assert "max_body" in found.hint
    assert "broken JSON" in answered(b'{"a" 1, "b', truncated=True).message
    assert answered(b" ", truncated=True).outcome is Outcome.EMPTY_BODY


def test_json_in_a_string_at_the_top_is_seen_through():
    found = answered(json.dumps('{"a": 1}').encode())
    assert found.outcome is Outcome.NOT_OBJECT
    assert found.result == {"a": 1}
    assert "itself holds JSON, an object with 1 field" in found.message


def test_a_schema_may_ask_for_an_array_at_the_top():
    wanted = ANY.bringing(JsonSchema({"type": "array", "items": {"type": "integer"}}))
    assert answered([1, 2], expects=wanted).outcome is Outcome.OK
    assert answered(["x"], expects=wanted).outcome is Outcome.NOT_OBJECT
    assert answered([], expects=TOKEN).outcome is Outcome.NOT_OBJECT


def test_a_token_never_stands_in_a_sentence_or_a_repr():
    secret = "s3cr3t-" + "q9" * 12
    bodies = [
        secret.encode(),
        json.dumps(secret).encode(),
        json.dumps({"result": secret}).encode(),
        json.dumps({"result": {"token": secret, "userId": 1}}).encode(),
        json.dumps({"result": json.dumps({"token": secret})}).encode(),
        b'{"token": ' + secret.encode() + b"}",
        b'{"token": "' + secret.encode() + b'" x}',
        b'{"token": "' + secret.encode(),
        b'{"a": 1, "access_token": "' + secret.encode() + b"\n" + b'"}',
        b"<title>token=" + secret.encode() + b"</title>",
        json.dumps({"errors": [f"Authorization: Bearer {secret}"]}).encode(),
        json.dumps({"message": f"password={secret}", "code": f"token={secret}"}).encode(),
    ]
    for status in (200, 401, 500):
        for body in bodies:
            found = diagnose(status, {"x-request-id": f"token={secret}"}, body, expects=TOKEN)
            assert secret[:12] not in repr(found), (status, body)


def test_a_body_is_quoted_by_at_most_60_characters():
    body = b"the quick brown fox " * 1000
    message = answered(body).message
    quoted = message[message.index("“") + 1 : message.index("”")]
    assert len(quoted) == 60
    assert quoted.endswith("…")


def test_importing_it_loads_no_schema_library():
    script = "import sys, cxtop.core.diagnosis; print('jsonschema' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


BODIES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    (JSON | st.dictionaries(NAMES, JSON, max_size=6)).map(lambda v: json.dumps(v).encode()),
    st.dictionaries(NAMES, JSON, max_size=6).map(lambda v: json.dumps(v).encode()[:-2]),
    st.dictionaries(NAMES, JSON, max_size=6).map(lambda v: json.dumps(v).encode("utf-16")),
    st.sampled_from(
        [
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"1" * 10_000,
            b'{"result":' + b"9" * 6000 + b"}",
            b'{"result":1e999}',
            b'{"result":"\\ud800"}',
            b'{"errors":[{"message":"\\udfff","code":NaN}]}',
            json.dumps({"result": "[" * 5000}).encode(),
            b'{"result":' + b'{"a":' * 200 + b"1" + b"}" * 201,
            b'{"errors":' + b'{"errors":' * 300 + b'"deep"' + b"}" * 301,
        ]
    ),
)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Retry-After", "Location", "X-Request-ID"]),
    st.text(max_size=12)
    | st.sampled_from(
        [
            "text/html; charset=hex",
            "a/b; charset=utf-7",
            "x; charset=idna",
            "x; charset=utf-16",
            "x;charset=undefined",
        ]
    ),
)


@settings(max_examples=400, deadline=None)
@given(
    status=st.none() | st.integers(-5, 1000) | st.sampled_from([200, 200, 200, 302, 429]),
    headers=HEADERS,
    body=BODIES,
    expects=st.sampled_from(SHAPES),
    truncated=st.booleans(),
)
def test_any_answer_gives_a_diagnosis_that_can_be_written(
    status, headers, body, expects, truncated
):
    found = diagnose(status, headers, body, expects=expects, truncated=truncated)
    assert found.message.endswith(".")
    assert "\n" not in found.message
    assert len(found.message) < 1000
    assert len(found.findings) < 200
    assert found.model_dump_json()
    assert found == diagnose(status, headers, body, expects=expects, truncated=truncated)
