"""One class that takes secrets out of whatever cxtop is about to keep, send on or show."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, TypeVar, cast, overload

from ..errors import ConfigError
from .addresses import redact_encoded, redact_form, redact_url, redact_urls
from .jsontext import JsonText
from .jsonvalues import JsonValues
from .mask import Mask
from .names import Names
from .pairs import redact_flags, redact_markup, redact_pairs, redact_parts
from .shapes import redact_credentials, redact_shapes

S = TypeVar("S", str, bytes)

# Text without any of these holds no secret that could be known: no sign between name and value,
# no escape or tag, no flag, no JWT, no bearer, no key, not 13 digits.
_SUSPECT = re.compile(
    r"[=:<%]|--|e[yw][A-Za-z0-9]|[Bb][Ee][Aa][Rr][Ee][Rr][ \t]|[Bb][Aa][Ss][Ii][Cc][ \t]"
    r"|[0-9](?:[ .\-\u00a0]?[0-9]){12}|hooks\.slack"
).search

# JSON in JSON, URLs in URLs: what is packed deeper than this is masked unseen.
_DEEPEST = 8
_MOST_PASSES = 8
_ADDRESSES = frozenset(("location", "content-location", "referer", "refresh", "link", "origin"))


class Redactor:
    """Masks secrets; everything else comes back as it went in, and arguments are never changed.

    `extra_names` are further names that hold secrets, `extra_patterns` regular expressions whose
    matches are secrets, `values` secrets known in full, such as cxtop's own. With `hint` a mask
    tells the length and, of long secrets, the last four characters. Redacting twice changes
    nothing more. Raises `ConfigError` for a pattern that is no regular expression.
    """

    __slots__ = ("_json", "_mask", "_names", "_patterns", "_suspect")

    def __init__(
        self,
        extra_names: Iterable[str] = (),
        extra_patterns: Iterable[str | re.Pattern[str]] = (),
        *,
        hint: bool = False,
        values: Iterable[str] = (),
    ) -> None:
        self._names = Names(extra_names)
        patterns = [_compiled(pattern) for pattern in extra_patterns]
        known = sorted({re.escape(value) for value in values if value}, key=len, reverse=True)
        if known:
            patterns.insert(0, re.compile("|".join(known)))
        self._patterns = patterns
        self._mask = Mask(hint=hint)
        # Known values and patterns may look like anything, so then no text is beyond suspicion.
        thorough = bool(patterns)
        self._suspect = _suspect_any if thorough else _SUSPECT
        self._json = JsonValues(self._names, self.text, self._mask, thorough=thorough)

    def text(self, text: str) -> str:
        """Free text, JSON in a string, a log line, a message, a body of unknown kind."""
        return _settled(text, lambda once: self._text(once, 0))

    def json(self, value: Any) -> Any:
        """A parsed JSON value. What holds no secret is returned itself, not a copy."""
        return self._json.redacted(value)

    def url(self, url: str) -> str:
        """A URL, whole or relative: its user, query and fragment are looked into."""
        return _settled(url, lambda once: self._url(self._own(once), 0))

    def form(self, form: str) -> str:
        """An `application/x-www-form-urlencoded` body, or a URL's query."""
        secret, nested, mask = self._names.secret, self._nested(0), self._mask
        return _settled(form, lambda once: redact_form(self._own(once), secret, nested, mask))

    @overload
    def headers(self, headers: Mapping[S, S]) -> dict[S, S]: ...
    @overload
    def headers(self, headers: list[tuple[S, S]]) -> list[tuple[S, S]]: ...
    @overload
    def headers(self, headers: tuple[tuple[S, S], ...]) -> tuple[tuple[S, S], ...]: ...
    def headers(self, headers: Any) -> Any:
        """Headers as a mapping or as pairs, of `str` or of `bytes`; comes back in that shape.

        An `Authorization` keeps its scheme. Cookies are masked whole.
        """
        if isinstance(headers, Mapping):
            return {name: self._header(name, value) for name, value in headers.items()}
        pairs = [(name, self._header(name, value)) for name, value in headers]
        return tuple(pairs) if isinstance(headers, tuple) else pairs

    def header(self, name: str, value: str) -> str:
        """The value of one header."""
        if self._names.secret(name):
            if name.lower().endswith("authorization"):
                return redact_credentials(value, self._mask)
            return self._mask(value)
        if name.lower() in _ADDRESSES:
            return _settled(value, lambda once: self.text(self.url(once)))
        return self.text(value)

    def _header(self, name: str | bytes, value: str | bytes) -> str | bytes:
        if isinstance(name, bytes):
            plain = cast(bytes, value).decode("latin-1")
            return self.header(name.decode("latin-1"), plain).encode("latin-1", "replace")
        return self.header(name, cast(str, value))

    def _text(self, text: str, depth: int) -> str:
        if self._suspect(text) is None:
            return text
        if depth > _DEEPEST:
            return self._mask(text)
        text = self._own(text)
        if "{" in text or "[" in text or '"' in text:
            arguments = (text, self._names.secret, self._nested(depth), self._mask)
            if text.lstrip(" \t\r\n\ufeff")[:1] in ("{", "[", '"'):
                found = JsonText(*arguments).redacted()
                if found is not None:
                    return found
            text = JsonText(*arguments).redacted_within()
        return self._free_text(text, depth)

    def _free_text(self, text: str, depth: int) -> str:
        secret, mask, nested = self._names.secret, self._mask, self._nested(depth)
        if "//" in text:
            text = redact_urls(text, lambda url: self._url(url, depth), mask)
        if "form-data" in text:
            text = redact_parts(text, secret, mask)
        if "<" in text:
            text = redact_markup(text, secret, mask)
        if "=" in text or ":" in text:
            text = redact_pairs(text, secret, mask)
        if "--" in text:
            text = redact_flags(text, secret, mask)
        if "%" in text or "+" in text:
            text = redact_encoded(text, nested)
        return redact_shapes(text, mask)

    def _nested(self, depth: int) -> Callable[[str], str]:
        return lambda text: self._text(text, depth + 1)

    def _url(self, url: str, depth: int) -> str:
        return redact_url(
            url,
            self._names.secret,
            self._nested(depth),
            lambda text: redact_shapes(text, self._mask),
            self._mask,
        )

    def _own(self, text: str) -> str:
        """`text` without what this redactor was told beyond names."""
        for pattern in self._patterns:
            text = self._without(pattern, text)
        return text

    def _without(self, pattern: re.Pattern[str], text: str) -> str:
        masks = self._mask.spans(text)

        def masked(found: re.Match[str]) -> str:
            before = bisect_right(masks, found.start(), key=itemgetter(0))
            inside = before > 0 and found.end() <= masks[before - 1][1]
            return found[0] if inside else self._mask(found[0])

        return pattern.sub(masked, text)


def _settled(text: str, redact: Callable[[str], str]) -> str:
    """`text` redacted until no rule finds more: a mask can lay bare what stood behind a secret."""
    for _ in range(_MOST_PASSES):
        redacted = redact(text)
        if redacted == text:
            break
        text = redacted
    return text


def _suspect_any(text: str) -> object:
    return text or None


def _compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ConfigError(
            f"The redaction pattern {pattern!r} is not a regular expression.",
            why=f"{str(error)[:1].upper()}{str(error)[1:]}.",
            fix="Correct the pattern, or put a backslash before signs that are meant literally.",
        ) from error


REDACTOR = Redactor()
