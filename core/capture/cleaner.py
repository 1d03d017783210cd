"""A redactor that remembers what it found clean: most headers and words come again and again."""

from __future__ import annotations

import re

from ..redact import Redactor

_KEPT = 2048
_LONGEST = 128
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE).fullmatch


class Cleaner:
    """Redacts what is small and repeats itself. Nothing that held a secret is remembered."""

    __slots__ = ("_headers", "_urls", "_words", "redactor")

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._headers: dict[tuple[bytes, bytes], tuple[str, str]] = {}
        self._words: set[str] = set()
        self._urls: set[str] = set()

    def header(self, pair: tuple[bytes, bytes]) -> tuple[str, str]:
        """A header without secrets, its name in lower case."""
        found = self._headers.get(pair)
        if found is None:
            name, value = pair[0].decode("latin-1").lower(), pair[1].decode("latin-1")
            found = (name, self.redactor.header(name, value))
            if found[1] == value and len(value) <= _LONGEST:
                if len(self._headers) >= _KEPT:
                    self._headers.clear()
                self._headers[bytes(pair[0]), bytes(pair[1])] = found
        return found

    def word(self, text: str) -> str:
        """A short text without secrets: a content type, an error code, an id."""
        if not text or text in self._words or _UUID(text):
            return text
        return _remembered(text, self.redactor.text(text), self._words)

    def url(self, url: str) -> str:
        """A URL without secrets."""
        if url in self._urls:
            return url
        return _remembered(url, self.redactor.url(url), self._urls)


def _remembered(text: str, clean: str, known: set[str]) -> str:
    if clean == text and len(text) <= _LONGEST:
        if len(known) >= _KEPT:
            known.clear()
        known.add(text)
    return clean
