"""The ways in which a service's answers go wrong (contract §4), and whose turn it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .chance import chance
from .payloads import Form, Json, Route


class Blunder(StrEnum):
    """One way to go wrong, in the order in which they come at first."""

    BAD_GATEWAY = "502 with a page"
    CUT = "cut JSON"
    ERRORS = "a list of errors"
    EXCEPTION = "an exception that nobody handles"
    DRIFT = "other types than expected"
    THROTTLED = "429"
    PAGE = "a page with status 200"
    SLOW = "slow"
    UNAUTHORIZED = "401"
    NULL_RESULT = "a null result"
    RAW_TOKEN = "a bare token"  # noqa: S105 - words, no secret
    BROKEN = "broken JSON"
    ARRAY = "an array at the top"
    STRINGIFIED = "a result in a string"
    SERVER_ERROR = "500"
    EMPTY = "an empty body"
    REFUSED = "a failure that the handler tells"
    HANGS = "slower than the caller waits"
    TEXT = "text"
    FORBIDDEN = "403"
    STRING = "a string at the top"
    UNAVAILABLE = "503"
    NULL = "null at the top"
    NOT_FOUND = "404"
    BLANK = "white space"
    TOO_MANY_LEVELS = "a result in a string in a string"
    NUMBER = "a number at the top"
    GATEWAY_TIMEOUT = "504"


_EXECUTES = (Form.EXECUTE, Form.TOKEN)
_ONLY: dict[Blunder, tuple[Form, ...]] = {
    Blunder.ERRORS: (*_EXECUTES, Form.PLAIN),
    Blunder.NULL_RESULT: (*_EXECUTES, Form.HANDLER),
    Blunder.RAW_TOKEN: (Form.TOKEN,),
    Blunder.STRINGIFIED: _EXECUTES,
    Blunder.TOO_MANY_LEVELS: _EXECUTES,
    Blunder.REFUSED: (Form.HANDLER,),
}


def fits(blunder: Blunder, form: Form) -> bool:
    """Whether an answer of this form can go wrong in this way."""
    return form in _ONLY.get(blunder, (form,))


@dataclass(slots=True)
class Deck:
    """Draws a blunder, or none, for each request in turn; depends on seed and counts alone.

    Blunders are dealt from a deck, so that every kind comes. The first answers of each route are
    good, so that there is one to compare with.
    """

    seed: int
    share: float
    spared: int = 2
    _asked: dict[str, int] = field(default_factory=dict)
    _cards: list[Blunder] = field(default_factory=lambda: list(Blunder))
    _turn: int = 0

    def draw(self, route: Route) -> Blunder | None:
        """What befalls the next request to `route`."""
        count = self._asked.get(route.path, 0)
        self._asked[route.path] = count + 1
        rng = chance(self.seed, "blunder", route.path, count)
        if count < self.spared or rng.random() >= self.share:
            return None
        return self._deal(route.form)

    def _deal(self, form: Form) -> Blunder:
        while True:
            for place, card in enumerate(self._cards):
                if fits(card, form):
                    return self._cards.pop(place)
            self._turn += 1
            fresh = chance(self.seed, "deck", self._turn).sample(list(Blunder), len(Blunder))
            self._cards += fresh


@dataclass(frozen=True, slots=True)
class Wrong:
    """A whole answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


_PAGE = b"""<!DOCTYPE html>
<html>
<head><title>502 Bad Gateway</title></head>
<body>
<center><h1>502 Bad Gateway</h1></center>
<hr><center>nginx/1.24.0</center>
</body>
</html>
"""
_HTML = "text/html; charset=utf-8"


def wrong(blunder: Blunder, form: Form, good: Json) -> Wrong:
    """What is answered instead of `good`. Not for slowness and exceptions, which answer nothing."""
    if blunder in _FIXED:
        return _FIXED[blunder]
    return _SPOILT[blunder](form, good)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _refusal(status: int, code: str, message: str, **headers: str) -> Wrong:
    body = {"message": message, "code": code, "status": status}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Wrong(_json(body), status, headers=named)


_FIXED = {
    Blunder.BAD_GATEWAY: Wrong(_PAGE, 502, _HTML),
    Blunder.PAGE: Wrong(_PAGE, 200, _HTML),
    Blunder.THROTTLED: _refusal(
        429, "too.many.requests", "CRM API quota of 50 requests a second exceeded", retry_after="2"
    ),
    Blunder.UNAUTHORIZED: _refusal(
        401, "token.expired", "The API key's lease has expired", www_authenticate="Bearer"
    ),
    Blunder.FORBIDDEN: _refusal(403, "missing.role", "The integration lacks the role crm.reader"),
    Blunder.NOT_FOUND: _refusal(404, "customer.unknown", "No such customer in this tenant"),
    Blunder.SERVER_ERROR: _refusal(500, "db.deadlock", "Deadlock found when trying to get lock"),
    Blunder.UNAVAILABLE: Wrong(b"upstream connect error or disconnect/reset", 503, "text/plain"),
    Blunder.GATEWAY_TIMEOUT: Wrong(b"", 504, "text/plain"),
    Blunder.EMPTY: Wrong(b""),
    Blunder.BLANK: Wrong(b"\r\n  \r\n"),
    Blunder.TEXT: Wrong("OK – enregistré".encode(), content_type="text/plain; charset=utf-8"),
    Blunder.NULL: Wrong(b"null"),
    Blunder.STRING: Wrong(b'"accepted"'),
    Blunder.NUMBER: Wrong(b"42"),
}


def _cut(form: Form, good: Json) -> Wrong:
    body = _json(good)
    return Wrong(body[: len(body) * 2 // 3])


def _broken(form: Form, good: Json) -> Wrong:
    """A template that leaves a value out, deep in the answer."""
    lines = json.dumps(good, indent=2, ensure_ascii=False).split("\n")
    place = next(n for n, line in enumerate(lines) if n >= len(lines) // 2 and '": ' in line)
    name, _, value = lines[place].partition('": ')
    lines[place] = f'{name}": ' + ("," if value.endswith(",") else "")
    return Wrong("\n".join(lines).encode())


def _array(form: Form, good: Json) -> Wrong:
    return Wrong(_json([good]))


def _errors(form: Form, good: Json) -> Wrong:
    errors = [
        {"code": "UPSTREAM_TIMEOUT", "message": "crm-db did not answer within 1500 ms"},
        "Fallback to cache failed: entry is 3 days old",
    ]
    return Wrong(_json(good | {"errors": errors} | ({"result": None} if "result" in good else {})))


def _refused(form: Form, good: Json) -> Wrong:
    error = {
        "code": "UPSTREAM_TIMEOUT",
        "message": "The CRM did not answer in time",
        "details": {"trace": "crm-gateway/lookup", "attempts": 3, "type": "ReadTimeout"},
    }
    return Wrong(_json({"success": False, "error": error}))


def _null_result(form: Form, good: Json) -> Wrong:
    return Wrong(_json(good | {form.field: None}))


def _raw_token(form: Form, good: Json) -> Wrong:
    return Wrong(_json(good | {"result": f"cgy-{good['result']['userId']}-opaque"}))


def _stringified(form: Form, good: Json) -> Wrong:
    return Wrong(_json(good | {"result": json.dumps(good["result"])}))


def _twice(form: Form, good: Json) -> Wrong:
    return Wrong(_json(good | {"result": json.dumps(json.dumps(good["result"]))}))


def _drift(form: Form, good: Json) -> Wrong:
    """A new version of the service: the same names, other types, and one name gone."""
    payload = _retyped(good[form.field] if form.field else good)
    if form is Form.HANDLER:
        return Wrong(_json({"success": True, "error": None, "payload": payload}))
    if form is Form.PLAIN:
        return Wrong(_json(payload))
    return Wrong(_json(good | {"result": payload, "warnings": "none"}))


def _retyped(payload: Json) -> Json:
    names = list(payload)
    return {name: _other_type(payload[name]) for name in names[:-1]}


def _other_type(value: Any) -> Any:
    if isinstance(value, list):
        return {str(place): each for place, each in enumerate(value)}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    return value


_SPOILT: dict[Blunder, Callable[[Form, Json], Wrong]] = {
    Blunder.CUT: _cut,
    Blunder.BROKEN: _broken,
    Blunder.ARRAY: _array,
    Blunder.ERRORS: _errors,
    Blunder.REFUSED: _refused,
    Blunder.NULL_RESULT: _null_result,
    Blunder.RAW_TOKEN: _raw_token,
    Blunder.STRINGIFIED: _stringified,
    Blunder.TOO_MANY_LEVELS: _twice,
    Blunder.DRIFT: _drift,
}
