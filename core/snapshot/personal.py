"""What tells about a person: by the name that it goes under, and by how it looks.

Beyond secrets, which are masked before anything is kept, this is what need not go along when
evidence is handed to somebody else. Where in doubt it is masked; only what ties things together
is kept: the ids of requests, executions, conversations and traces.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

from ..redact.addresses import redact_form
from ..redact.jsontext import JsonText
from ..redact.mask import Mask
from ..redact.pairs import redact_markup, redact_pairs, redact_parts
from .personalnames import is_harmless_header, is_personal, is_tie

Note = Callable[[str], None]

_DEEPEST = 100
_CONTAINERS = frozenset((dict, list, tuple))
_MOST_PASSES = 8
_KEPT = 4096
_LONGEST_LABEL = 64
_HOST_INSTEAD = "redacted.invalid"

# What a name says of its value.
_PLAIN, _PERSONAL, _TIE, _VALUE, _TELLING = range(1, 6)

_NAMERS = ("name", "key", "field", "header", "attribute", "label")

_EMAIL = re.compile(
    r"(?<![\w.+\-])[\w.+\-']{1,64}(?:@|%40)(?:[\w\-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w\-])"
)
_PHONE = re.compile(
    r"(?<![\w.+\-:/])(?:"
    r"(?:\+|00)[1-9](?:[ .\-/()]{0,2}[0-9]){6,14}"
    r"|\(?0[1-9](?:[ .\-/()]{0,2}[0-9]){5,13}"
    r"|(?:1[ .\-])?\(?[2-9][0-9]{2}(?:\) ?|[ .\-])[0-9]{3}[ .\-][0-9]{4}"
    r")(?![\w\-])(?!\.[0-9])"
)
_IPV4 = re.compile(r"(?<![\w.\-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w\-])(?!\.[0-9])")
# With a digit somewhere, for `a::b` is a name in many languages.
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[A-Fa-f:.]*[0-9])(?=[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:)[0-9A-Fa-f:.]{2,45}(?![\w:])"
)
_DIGIT = re.compile("[0-9]").search
# Every rule needs one of these: a sign, or four digits with little in between.
_SUSPECT = re.compile(r"[\[{<=:@%]|[0-9](?:[ .\-/()]{0,2}[0-9]){3}").search
_NUMBERS = (
    ("phone number", _PHONE),
    ("IP address", _IPV4),
    ("IP address", _IPV6),
)
_HINTED = re.compile(r"\[redacted:[0-9]+(?::[A-Za-z0-9_\-]{4})?\]")
_URL = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.\-]*:)?//)([^/?#]*)")
_PORT = re.compile(r"(:[0-9]*)?\Z")
_URLS = re.compile(r"(?:https?|wss?)://[^\s\"'<>\\`|]+")
_AFTER_URL = ")}.,;:!"


class Personal:
    """Masks what tells about a person. `note` hears of each what it was, by kind or name."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._mask = Mask()
        self._judged: dict[str, bool] = {}
        self._kinds: dict[Any, int] = {}
        self._plain_labels: set[Any] = set()

    def is_personal(self, name: str) -> bool:
        """Whether what goes under `name` tells about a person."""
        found = self._judged.get(name)
        if found is None:
            found = is_personal(name[-256:])
            if len(self._judged) >= _KEPT:
                self._judged.clear()
            self._judged[name] = found
        return found

    def text(self, text: str) -> str:
        """Free text, a message, a body of unknown kind."""
        if _SUSPECT(text) is None:
            return text
        for _ in range(_MOST_PASSES):
            clean = self._text(text)
            if clean == text:
                break
            text = clean
        return text

    def json(self, value: Any, depth: int = 0) -> Any:
        """A JSON value; what holds nothing of the kind is returned itself, not a copy."""
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, dict | list | tuple):
            return value
        if depth > _DEEPEST:
            return self._mask(str(value))
        if isinstance(value, dict):
            return self._object(value, depth)
        out = [self._item(each, depth) for each in value]
        if all(new is old for new, old in zip(out, value, strict=True)):
            return value
        return tuple(out) if isinstance(value, tuple) else out

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Headers: all values but those of harmless ones."""
        return tuple((self.text(name), self.header(name, value)) for name, value in headers)

    def header(self, name: str, value: str) -> str:
        """The value of one header."""
        name = name.lower()
        if is_harmless_header(name):
            return value if is_tie(name) else self._shapes(value)
        return self._hidden(value, f"header {name}")

    def form(self, form: str) -> str:
        """A form or a query: all values but ids and page numbers."""

        def secret(name: str) -> bool:
            if is_tie(name):
                return False
            names.append(name)
            return True

        names: list[str] = []
        clean = redact_form(form, secret, self.text, self._mask)
        if clean != form:
            for name in names:
                self._note(f"value of {name}")
        # A plus is a blank there, but not in a phone number that somebody sent as it is.
        return self._shapes(clean)

    def url(self, url: str) -> str:
        """A URL: its host where that is a number, its query's values, and what stands in it."""
        rest, hash_sign, fragment = url.partition("#")
        rest, question, query = rest.partition("?")
        begin, path = "", rest
        if found := _URL.match(rest):
            begin, path = found[1] + self._host(found[2]), rest[found.end() :]
        if "=" in fragment:
            fragment = self.form(fragment)
        return (
            begin
            + self._shapes(path)
            + question
            + (self.form(query) if query else "")
            + hash_sign
            + self._shapes(fragment)
        )

    # Within

    def _item(self, item: Any, depth: int) -> Any:
        """A value within another one, quickly."""
        kind = type(item)
        if kind is str:
            return item if _SUSPECT(item) is None else self.text(item)
        return self.json(item, depth + 1) if kind in _CONTAINERS else item

    def _object(self, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        kinds = [self._kinds.get(name) or self._learn(name) for name in value]
        if _TELLING in kinds:
            return self._relabelled(
                value,
                lambda name, item: self._valued(self._judge(name), name, item, value, depth),
            )
        out: dict[Any, Any] | None = None
        for kind, (name, item) in zip(kinds, value.items(), strict=True):
            if kind == _PLAIN:
                new = self._item(item, depth)
            else:
                new = self._valued(kind, str(name), item, value, depth)
            if new is not item:
                out = dict(value) if out is None else out
                out[name] = new
        return value if out is None else out

    def _valued(self, kind: int, name: str, item: Any, within: dict[Any, Any], depth: int) -> Any:
        """The value under a name of this kind, in an object."""
        if kind == _PERSONAL or (kind == _VALUE and self._names_something(within)):
            return self._leaves(item, f"value of {name}", depth + 1)
        if kind == _TIE and isinstance(item, str):
            return self._without(_EMAIL, "e-mail address", _unhinted(item))
        return self.json(item, depth + 1)

    def _names_something(self, value: dict[Any, Any]) -> bool:
        """Whether it is an object of the kind `{"name": "phone", "value": "…"}`."""
        return any(
            isinstance(value.get(namer), str) and self.is_personal(value[namer])
            for namer in _NAMERS
        )

    def _learn(self, name: Any) -> int:
        """What `name` says of its value, kept for the next time."""
        plain = str(name)
        if name not in self._plain_labels and _SUSPECT(plain) is not None:
            return _TELLING
        kind = self._judge(plain)
        if len(plain) <= _LONGEST_LABEL:
            if len(self._kinds) >= _KEPT:
                self._kinds.clear()
            self._kinds[name] = kind
        return kind

    def _judge(self, name: str) -> int:
        if self.is_personal(name):
            return _PERSONAL
        if name.lower() == "value":
            return _VALUE
        return _TIE if is_tie(name) else _PLAIN

    def _leaves(self, value: Any, kind: str, depth: int) -> Any:
        """A value of which nothing is to be seen but how it is built."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, dict) and depth <= _DEEPEST:
            return self._relabelled(value, lambda _, item: self._leaves(item, kind, depth + 1))
        if isinstance(value, list | tuple) and depth <= _DEEPEST:
            some = [self._leaves(item, kind, depth + 1) for item in value]
            same = all(new is old for new, old in zip(some, value, strict=True))
            return value if same else some
        return self._hidden(value if isinstance(value, str) else str(value), kind, value)

    def _relabelled(
        self, value: dict[Any, Any], masked: Callable[[str, Any], Any]
    ) -> dict[Any, Any]:
        """An object with its values masked, and its names where they tell something themselves;
        no item is lost over that."""
        out: dict[Any, Any] = {}
        changed = False
        for name, item in value.items():
            new = masked(str(name), item)
            clean = label = self._label(name, str(name))
            number = 1
            while label in out:
                number += 1
                label = f"{clean} ({number})"
            out[label] = new
            changed = changed or new is not item or label is not name
        return out if changed else value

    def _hidden(self, text: str, kind: str, same: Any = None) -> Any:
        """A mask in place of `text`, which may be one already."""
        plain = _unhinted(text)
        hidden = self._mask(plain)
        if hidden == text:
            return text if same is None else same
        if hidden != plain:
            self._note(kind)
        return hidden

    def _text(self, text: str) -> str:
        text = _unhinted(text)
        if "{" in text or "[" in text:
            arguments = (text, self._told, self._shapes, self._mask)
            if text.lstrip(" \t\r\n\ufeff")[:1] in ("{", "["):
                found = JsonText(*arguments).redacted()
                if found is not None:
                    return found
            text = JsonText(*arguments).redacted_within()
        if "://" in text:
            text = _URLS.sub(self._found_url, text)
        if "form-data" in text:
            text = redact_parts(text, self._told, self._mask)
        if "<" in text:
            text = redact_markup(text, self._told, self._mask)
        if "=" in text or ":" in text:
            text = redact_pairs(text, self._told, self._mask)
        return self._shapes(text)

    def _told(self, name: str) -> bool:
        """As `is_personal`, for those who mask at once what goes under the name."""
        return self.is_personal(name)

    def _found_url(self, found: re.Match[str]) -> str:
        url = self._mask.trimmed(found[0], _AFTER_URL)
        return self.url(url) + found[0][len(url) :]

    def _host(self, authority: str) -> str:
        port = _PORT.search(authority)
        end = port.start() if port else len(authority)
        host = authority[:end].rpartition("@")[2]
        if _telling_address(host.strip("[]")):
            self._note("IP address")
            return _HOST_INSTEAD + authority[end:]
        return authority

    def _shapes(self, text: str) -> str:
        text = _unhinted(text)
        if "@" in text or "%40" in text:
            text = self._without(_EMAIL, "e-mail address", text)
        if _DIGIT(text) is not None:
            for kind, pattern in _NUMBERS:
                text = self._without(pattern, kind, text)
        return text

    def _label(self, name: Any, plain: str) -> Any:
        """The name of a value, which is masked where it tells something itself."""
        if name in self._plain_labels:
            return name
        clean = self._shapes(plain)
        if clean != plain:
            return clean
        if len(plain) <= _LONGEST_LABEL:
            if len(self._plain_labels) >= _KEPT:
                self._plain_labels.clear()
            self._plain_labels.add(name)
        return name

    def _without(self, pattern: re.Pattern[str], kind: str, text: str) -> str:
        def masked(found: re.Match[str]) -> str:
            if kind == "IP address" and not _telling_address(found[0]):
                return found[0]
            self._note(kind)
            return self._mask(found[0])

        return pattern.sub(masked, text)


def _unhinted(text: str) -> str:
    """Masks without the length and the last characters that they may tell."""
    return _HINTED.sub("[redacted]", text) if "[redacted:" in text else text


def _telling_address(text: str) -> bool:
    """Whether `text` is an address that tells where somebody is; one's own machine does not."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)
