import copy
import json
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxtop.core.errors import ConfigError
from cxtop.core.redact import MASK, REDACTOR, Redactor

_SECRET_NAMES = """
    password passwd secret api_key apikey apiKey X-Api-Key x-api-key auth authorization
    Authorization credentials private_key token access_token accessToken refresh_token id_token
    client_secret clientSecret CLIENT_SECRET session sessionid session_id csrf xsrf X-CSRF-Token
    cookie set-cookie connect.sid PHPSESSID JSESSIONID Signature sig AWSAccessKeyId
    X-Goog-Signature X-Amz-Signature X-Amz-Security-Token newPassword password2 db_password
    proxy-authorization user.password profileToken Ocp-Apim-Subscription-Key
"""
SECRET_NAMES = _SECRET_NAMES.split()
_HARMLESS_NAMES = """
    tokens_used author authored_by max_tokens token_type token_count nextPageToken pageToken
    continuation_token authType authenticated sessions_total session_count secretary keyboard
    key keys monkey passenger password_policy cookies_accepted signed design sign client_id
    status message code id name value url path compass bypass passed expires_in hotkey
"""
HARMLESS_NAMES = _HARMLESS_NAMES.split()
NAMES = st.sampled_from(SECRET_NAMES)
CANARIES = st.from_regex(r"canary[A-Za-z0-9_\-]{6,24}[a-z0-9]", fullmatch=True)
HARMLESS = st.sampled_from(
    [
        "running",
        "VALIDATION_ERROR",
        "2026-01-15T10:30:00Z",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "Field 'email' contains invalid format",
        "Basic settings",
        "100 %",
        "x < y, 1,000",
        "",
        "https://api.example.com/v2/things/7?page=2&size=50#top",
        "bearer of bad news",
        "a=b; c: d",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | HARMLESS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
# Text made of what the redactor looks at, so that rules meet in odd orders.
FRAGMENTS = st.lists(
    st.one_of(
        st.sampled_from(SECRET_NAMES + HARMLESS_NAMES),
        st.sampled_from(["Bearer ", "Basic ", "eyJhbGciOi", ".eyJzdWIiOi", "4111 1111 1111 1111"]),
        st.sampled_from(["https://", "//", "@", "?", "&", "=", ":", ": ", ";", ",", "%3D", "%22"]),
        st.sampled_from(['"', "'", '\\"', "\\\\", "{", "}", "[", "]", "(", ")", "<", "</", ">"]),
        st.sampled_from(
            ["--", " ", "\n", "\r\n\r\n", "form-data; name=", "-----BEGIN PRIVATE KEY-----"]
        ),
        st.sampled_from(
            [MASK, "[redacted:8]", "[redacted:32:9f3c]", "state=1", "code=2", "\ufeff"]
        ),
        st.text(max_size=4),
    ),
    max_size=14,
).map("".join)


def jwt_of(canary: str) -> str:
    head = b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.eyJzdWIiOiIxIn0.{canary}"


TEXT_CARRIERS: list[Callable[[str, str], str]] = [
    lambda name, canary: f"{name}={canary}",
    lambda name, canary: f"{name}: {canary}",
    lambda name, canary: f"before {name} = {canary}, after=1",
    lambda name, canary: f"{name} => '{canary}'",
    lambda name, canary: f"{{'{name}': '{canary}', 'n': 1}}",
    lambda name, canary: f"got {{'{name}': b'{canary}'}}",
    lambda name, canary: json.dumps({name: canary}),
    lambda name, canary: json.dumps({"a": [{name: {"b": [canary], canary: 1}}]}, indent=2),
    lambda name, canary: json.dumps({"a": {name: [canary, {"x": canary}]}})[:-4],
    lambda name, canary: json.dumps({"name": name, "value": canary}),
    lambda name, canary: json.dumps({"value": {"x": canary}, "key": name}),
    lambda name, canary: json.dumps({"a": 1}) + "\n" + json.dumps({name: canary}),
    lambda name, canary: "body was " + json.dumps({name: canary}) + " and that was wrong",
    lambda name, canary: "body was " + json.dumps({name: {"x": {"y": canary}}})[:-2],
    lambda name, canary: json.dumps(json.dumps(json.dumps({name: canary}))),
    lambda name, canary: "sent " + json.dumps(json.dumps({name: f'a "quoted" {canary}'})),
    lambda name, canary: f"https://api.example.com/v2/x?a=1&{quote(name)}={canary}#top",
    lambda name, canary: f"see <https://example.com/cb#{name}={canary}&state=1>.",
    lambda name, canary: f"https://example.com/#/cb?x=1&{name}={canary}",
    lambda name, canary: f"https://example.com/;{name}={canary}/x",
    lambda name, canary: f"next={quote(f'https://example.com/?{name}={canary}', safe='')}&a=1",
    lambda name, canary: f"<{name.replace('.', '_')} kind='x'>{canary}</{name.replace('.', '_')}>",
    lambda name, canary: f"<p><input type=hidden name='{name}' value=\"{canary}\"/></p>",
    lambda name, canary: f'<meta name="{name}" content="{canary}">',
    lambda name, canary: f"tool --{name} {canary} --verbose",
    lambda name, canary: f"tool --{name}={canary}",
    lambda name, canary: f'tool --{name} "{canary} and {canary}"',
    lambda name, canary: (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: text/plain\r\n\r\n'
        f"{canary}\r\n--b--\r\n"
    ),
]
SHAPE_CARRIERS: list[Callable[[str], str]] = [
    lambda canary: f"Bearer {canary}",
    lambda canary: f"sent 'bearer {canary}', got 401",
    lambda canary: f"Authorization: Bearer {canary} and more",
    lambda canary: f"GET / HTTP/1.1\r\nCookie: a=1; b={canary}; c=3\r\nHost: x",
    lambda canary: f"Set-Cookie: sid={canary}; Path=/",
    lambda canary: f'curl -H "Authorization: Digest user=\\"me\\", response=\\"{canary}\\"" -v',
    lambda canary: f"x-{jwt_of(canary)}.",
    lambda canary: f"a {jwt_of(canary)} b",
    lambda canary: f"https://user:{canary}@example.com/x",
    lambda canary: f"connect to postgres://{canary}@db/x failed",
    lambda canary: f"https://example.com/cb?code={canary}&state=1",
    lambda canary: f"https://hooks.slack.com/services/T000/B000/{canary}",
    lambda canary: f"-----BEGIN RSA PRIVATE KEY-----\n{canary}\n-----END RSA PRIVATE KEY-----",
    lambda canary: f"-----BEGIN PRIVATE KEY-----\\n{canary}\\nand it breaks off",
]
PACKINGS: list[Callable[[str], str]] = [
    lambda text: json.dumps({"status": "ok", "payload": text}),
    lambda text: json.dumps(["x", text], ensure_ascii=False),
    lambda text: json.dumps(text),
    lambda text: urlencode({"page": "1", "q": text}),
    lambda text: "https://example.com/x?" + urlencode({"q": text}),
    lambda text: f"failed with {json.dumps({'payload': text})}",
]


@given(
    NAMES,
    CANARIES,
    st.sampled_from(TEXT_CARRIERS),
    st.sampled_from([Redactor(hint=True), REDACTOR]),
)
@settings(max_examples=300)
def test_no_named_secret_survives_in_text(
    name: str, canary: str, carrier: Callable[[str, str], str], redactor: Redactor
) -> None:
    text = carrier(name, canary)
    redacted = redactor.text(text)
    assert canary not in redacted
    assert canary not in REDACTOR.json({"message": text, "more": [text]})["message"]
    assert redactor.text(redacted) == redacted


@given(CANARIES, st.sampled_from(SHAPE_CARRIERS))
@settings(max_examples=300)
def test_no_secret_survives_that_shows_by_its_shape(
    canary: str, carrier: Callable[[str], str]
) -> None:
    text = carrier(canary)
    redacted = REDACTOR.text(text)
    assert canary not in redacted
    assert MASK in redacted
    assert REDACTOR.text(redacted) == redacted
    assert canary not in json.dumps(REDACTOR.json({"a": [text], text: 1}))


@given(
    NAMES,
    CANARIES,
    st.sampled_from(TEXT_CARRIERS),
    st.lists(st.sampled_from(PACKINGS), min_size=1, max_size=3),
)
@settings(max_examples=300)
def test_no_secret_survives_packed_into_json_forms_and_urls(
    name: str,
    canary: str,
    carrier: Callable[[str, str], str],
    packings: list[Callable[[str], str]],
) -> None:
    text = carrier(name, canary)
    for pack in packings:
        text = pack(text)
    redacted = REDACTOR.text(text)
    assert canary not in redacted
    assert REDACTOR.text(redacted) == redacted


@given(NAMES, CANARIES, JSON, st.lists(st.sampled_from(["list", "dict"]), max_size=5))
def test_no_secret_survives_in_nested_json_and_its_neighbours_do(
    name: str, canary: str, neighbour: Any, nesting: list[str]
) -> None:
    value: Any = {"status": "running", name: canary, "count": 7}
    expected: Any = {"status": "running", name: MASK, "count": 7}
    for kind in nesting:
        value = [1, value] if kind == "list" else {"items": value, "x": None}
        expected = [1, expected] if kind == "list" else {"items": expected, "x": None}
    before = copy.deepcopy(value)
    assert REDACTOR.json(value) == expected
    assert value == before
    hidden = REDACTOR.json({"other": neighbour, name: {"deep": [canary]}})
    assert hidden[name] == MASK


@given(JSON | FRAGMENTS.map(lambda text: {"a": [text], text: text}))
def test_redacting_json_is_idempotent(value: Any) -> None:
    for redactor in (REDACTOR, Redactor(hint=True), Redactor(["extra"], ["an+a", r"\d+"])):
        once = redactor.json(value)
        assert repr(redactor.json(once)) == repr(once)


@given(FRAGMENTS)
@settings(max_examples=600)
def test_redacting_text_is_idempotent(text: str) -> None:
    for redactor in (REDACTOR, Redactor(hint=True)):
        once = redactor.text(text)
        assert redactor.text(once) == once


@given(FRAGMENTS)
@settings(max_examples=500)
def test_redacting_urls_forms_and_headers_is_idempotent(text: str) -> None:
    url = REDACTOR.url(text)
    assert REDACTOR.url(url) == url
    form = REDACTOR.form(text)
    assert REDACTOR.form(form) == form
    headers = REDACTOR.headers({"X-Note": text, "Authorization": text, "Location": text})
    assert REDACTOR.headers(headers) == headers


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_secret_names(name: str) -> None:
    assert REDACTOR.json({name: "x"}) == {name: MASK}


@pytest.mark.parametrize("name", HARMLESS_NAMES)
@given(value=HARMLESS)
@settings(max_examples=15)
def test_harmless_names_and_values_stay_untouched(name: str, value: str) -> None:
    body = {name: value, "list": [value, {name: 1}], "n": 1.5}
    assert REDACTOR.json(body) is body
    text = json.dumps(body, indent=1)
    assert REDACTOR.text(text) == text
    form = urlencode({name: value})
    assert REDACTOR.form(form) == form
    headers = [(name, value), (name, value)]
    assert REDACTOR.headers(headers) == headers


@pytest.mark.parametrize(
    "text",
    [
        "Invalid token: expired",
        "Authorization: missing",
        "token = null",
        '{"password": "", "token": null, "auth": true}',
        'WWW-Authenticate: Bearer realm="x", error="invalid_token"',
        "Bearer token expired",
        "at Auth::login in Token::check",
        "GET http://auth:8080/session/list",
        "tokens_used=5, author: me",
        "grant_type=client_credentials",
        "4111111111111112",
        "1700000000000",
        "2026-01-15 10:30:00.123456",
        "+4915123456789",
        "12345678-4111-1111-1111-111111111111",
        "trace 4bf92f35774111111111111111a3ce92",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "Basic settings and basic information",
        "{not json: at all",
        "[2026-01-15] started",
        "eyebrow.example.com, key.value",
        "mail me@example.com // no: comment",
    ],
)
def test_ordinary_text_stays_untouched(text: str) -> None:
    assert REDACTOR.text(text) == text


def test_json_in_text_keeps_every_other_character() -> None:
    text = '{ "n": 1.10,\n"n": 1e400, "token" : "x", "u": "\\u00e9", "token": {"a": [1]} }'
    assert REDACTOR.text(text) == (
        '{ "n": 1.10,\n"n": 1e400, "token" : "[redacted]", "u": "\\u00e9", "token": "[redacted]" }'
    )


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("password=hun,ter2, user=bob", "password=[redacted], user=bob"),
        ("(token=abc).", "(token=[redacted])."),
        ("a=1&token=b&c=2", "a=1&token=[redacted]&c=2"),
        ("password: hunter2\nnext: 1", "password: [redacted]\nnext: 1"),
        ("Authorization: Bearer abcd rest", "Authorization: Bearer [redacted] rest"),
        ("Authorization: Basic dTpw", "Authorization: Basic [redacted]"),
        ("Basic dXNlcjpwYXNz!", "Basic [redacted]!"),
        ("https://u:p@h/x?y=1", "https://[redacted]@h/x?y=1"),
        ('{"pass\\u0077ord": "x"}', '{"pass\\u0077ord": "[redacted]"}'),
        (
            '{"a": "token=x", "b": "token=\\u00e9"}',
            '{"a": "token=[redacted]", "b": "token=[redacted]"}',
        ),
        ('{"token": "abc', '{"token": "[redacted]'),
        ('{"token": 12', '{"token": "[redacted]"'),
        ("[4111111111111111, 5]", '["[redacted]", 5]'),
        (
            "<credentials><u>x</u></credentials><b>y</b>",
            "<credentials>[redacted]</credentials><b>y</b>",
        ),
        ("<password>cut off", "<password>[redacted]"),
        ("<a:Token>x<b>y", "<a:Token>[redacted]<b>y"),
        ("secret: {a: 1, b: [2]} rest", "secret: [redacted] rest"),
        (
            "user[password]=x&credentials[user]=y",
            "user[password]=[redacted]&credentials[user]=[redacted]",
        ),
        ('{"a": "\\x token=abc", "b": "\\y"}', '{"a": "\\x token=[redacted]", "b": "\\y"}'),
        ('{"a" "b", "token": "x"}', '{"a" "b", "token": "[redacted]"}'),
        ('{"a": "x"], "token": "x"}', '{"a": "x"], "token": "[redacted]"}'),
        ('{"key": "token", "value": ["Bearer abc-1"]}', '{"key": "token", "value": "[redacted]"}'),
        ('{"key": "token", "value": "x', '{"key": "token", "value": "[redacted]"'),
        ("token=" + "\\" * 40 + '"x" and all that follows', "token=" + "\\" * 40 + '"[redacted]'),
        ("auth=(me, pass) rest", "auth=[redacted] rest"),
        ("Authorization: hmac a b\nnext", "Authorization: hmac [redacted]\nnext"),
        ("tool --token is missing", "tool --token is missing"),
    ],
)
def test_secrets_end_where_their_neighbours_begin(text: str, redacted: str) -> None:
    assert REDACTOR.text(text) == redacted


@given(NAMES, CANARIES)
def test_no_secret_survives_in_headers(name: str, canary: str) -> None:
    location = f"/cb?x=1&{quote(name)}={canary}#access_token={canary}"
    pairs = [(name, canary), ("Location", location), ("X-Note", f"Bearer {canary}"), ("Age", "1")]
    redacted = REDACTOR.headers(pairs)
    assert isinstance(redacted, list)
    assert canary not in repr(redacted)
    assert redacted[-1] == ("Age", "1")
    assert REDACTOR.headers(dict(pairs)) == dict(redacted)
    assert REDACTOR.headers(tuple(pairs)) == tuple(redacted)
    raw = [(key.encode(), value.encode()) for key, value in pairs]
    assert REDACTOR.headers(raw) == [(key.encode(), value.encode()) for key, value in redacted]
    assert REDACTOR.headers(redacted) == redacted


def test_an_authorization_keeps_its_scheme_and_cookies_keep_nothing() -> None:
    headers = {
        "Authorization": "Bearer abc",
        "authorization": "abc",
        "Cookie": "a=1; b=2",
        "Set-Cookie": "sid=1; Path=/",
        "Location": "//u:p@h/p;jsessionid=7?code=1&state=2",
    }
    assert REDACTOR.headers(headers) == {
        "Authorization": f"Bearer {MASK}",
        "authorization": MASK,
        "Cookie": MASK,
        "Set-Cookie": MASK,
        "Location": f"//{MASK}@h/p;jsessionid={MASK}?code={MASK}&state=2",
    }


@given(NAMES, CANARIES, st.dictionaries(st.sampled_from("abc"), HARMLESS))
def test_no_secret_survives_in_forms_and_their_neighbours_do(
    name: str, canary: str, neighbours: dict[str, str]
) -> None:
    form = urlencode({**neighbours, name: canary})
    redacted = REDACTOR.form(form)
    assert canary not in redacted
    assert parse_qs(redacted, keep_blank_values=True) == {
        key: [value] for key, value in {**neighbours, name: MASK}.items()
    }
    url = REDACTOR.url(f"https://api.example.com/v2/x?{form}#y")
    assert urlsplit(url).query == redacted
    assert url.startswith("https://api.example.com/v2/x?")
    assert url.endswith("#y")


def test_objects_and_lists_that_pair_a_name_with_a_value() -> None:
    har = [
        {"name": "Cookie", "value": "x"},
        {"name": "Age", "value": "1"},
        {"Key": "token", "Value": 5},
    ]
    assert REDACTOR.json(har) == [
        {"name": "Cookie", "value": MASK},
        {"name": "Age", "value": "1"},
        {"Key": "token", "Value": MASK},
    ]
    pairs = [["authorization", "x"], ("cookie", "y"), ["age", "1"]]
    assert REDACTOR.json(pairs) == [["authorization", MASK], ("cookie", MASK), ["age", "1"]]


def test_secrets_in_json_names_are_masked_and_no_item_is_lost() -> None:
    value = {"Bearer abc-123": 1, "Bearer def-456": 2, "ok": 3, 4: "token=x"}
    assert REDACTOR.json(value) == {
        f"Bearer {MASK}": 1,
        f"Bearer {MASK} (2)": 2,
        "ok": 3,
        4: f"token={MASK}",
    }


def test_values_that_hide_nothing_stay() -> None:
    value = {"password": "", "token": None, "auth": True, "secret": 0.5}
    assert REDACTOR.json(value) == {**value, "secret": MASK}


def test_what_is_nested_too_deep_to_look_at_is_masked() -> None:
    value: Any = "Bearer canary-1"
    for _ in range(2000):
        value = [value]
    assert "canary" not in repr_deep(REDACTOR.json(value))
    text = "token=canary"
    for _ in range(12):
        text = urlencode({"q": text})
    assert "canary" not in REDACTOR.text(text)
    deep = "[" * 100_000 + '{"token": "canary"}'
    assert "canary" not in REDACTOR.text(deep)


def repr_deep(value: Any) -> str:
    while isinstance(value, list):
        value = value[0]
    return repr(value)


def test_a_hint_tells_length_and_tail_of_long_secrets_only() -> None:
    redactor = Redactor(hint=True)
    assert redactor.json({"token": "abcdefghijklmnop9f3c"}) == {"token": "[redacted:20:9f3c]"}
    assert redactor.json({"token": "short"}) == {"token": "[redacted:5]"}
    assert redactor.text("token=abcdefghijklmnop9f3c&a=1") == "token=[redacted:20:9f3c]&a=1"
    assert REDACTOR.text("token=[redacted:20:9f3c]") == f"token={MASK}"


def test_extra_names_count_like_the_built_in_ones() -> None:
    redactor = Redactor(extra_names=["Customer-Number"])
    assert redactor.json({"customer_number": "7", "number": "8"}) == {
        "customer_number": MASK,
        "number": "8",
    }
    assert redactor.text("customerNumber=7") == f"customerNumber={MASK}"
    assert REDACTOR.text("customerNumber=7") == "customerNumber=7"


def test_extra_patterns_are_secrets_wherever_they_match() -> None:
    redactor = Redactor(extra_patterns=[r"ACME-\d+", re.compile("red")])
    assert redactor.text("see ACME-12 in red") == f"see {MASK} in {MASK}"
    assert redactor.text(redactor.text("ACME-1 red")) == f"{MASK} {MASK}"
    assert redactor.json({"a": "ACME-1", "b": ["x"], "ACME-2": 1}) == {
        "a": MASK,
        "b": ["x"],
        MASK: 1,
    }
    assert redactor.url("https://h/ACME-1?x=ACME-2") == f"https://h/{MASK}?x={MASK}"
    assert redactor.form("x=ACME-2&y=1") == f"x={MASK}&y=1"
    assert redactor.headers({"X": "ACME-3"}) == {"X": MASK}


def test_known_values_are_masked_wherever_they_stand_and_never_shown() -> None:
    redactor = Redactor(values=["hunter2", "hunter2-longer", ""])
    assert redactor.json({"a": ["xhunter2-longerx"], "b": ""}) == {"a": [f"x{MASK}x"], "b": ""}
    assert redactor.text("hunter2") == MASK
    assert "hunter2" not in repr(redactor)


def test_a_pattern_that_is_none_is_refused_with_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"'\(' is not a regular expression") as caught:
        Redactor(extra_patterns=["("])
    assert caught.value.why.endswith(".")
    assert caught.value.fix


def test_very_many_names_are_forgotten_again() -> None:
    redactor = Redactor()
    for number in range(3):
        body = {f"name{number}-{index}": "x" for index in range(3000)} | {"password": "x"}
        assert redactor.json(body)["password"] == MASK


@pytest.mark.parametrize("text", ['{"token": abcdef', '{"a": [1, {"password": hunter2hunt'])
def test_a_secret_without_quotes_that_breaks_off_is_masked(text: str) -> None:
    clean = REDACTOR.text(text)
    assert "abcdef" not in clean
    assert "hunter2" not in clean
    assert clean.endswith('"[redacted]"')


def test_a_word_that_breaks_off_elsewhere_stays() -> None:
    assert REDACTOR.text('{"state": fals') == '{"state": fals'
