"""Secrets in URLs and in forms, whose names and values are percent-encoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, unquote, unquote_plus

from .mask import Mask

Secret = Callable[[str], bool]
Clean = Callable[[str], str]

_USER = re.compile(r"(?<=//)[^/?#\s]*(?=@)")
_URL = re.compile(r"//[^\s\"'<>\\`|]+")
_AFTER_URL = ")}.,;:!]"
_ENCODED = re.compile(r"[^\s\"'<>&=?/#,;]++")
_READABLE = "[]"  # so that masks can be read


def redact_form(text: str, secret: Secret, clean: Clean, mask: Mask) -> str:
    """`text`, a form or a URL's query, with the values of secret names masked."""
    fields = text.split("&")
    # The code of an OAuth redirect buys a token; any other code is none.
    codes = any(map(_is_code, fields)) and any(field.startswith("state=") for field in fields)
    return "&".join([_field(field, secret, clean, mask, codes=codes) for field in fields])


def redact_url(url: str, secret: Secret, clean: Clean, shapes: Clean, mask: Mask) -> str:
    """`url`, whole or relative, without its user, and without secrets in query and fragment.

    `clean` redacts any text, `shapes` what has no names.
    """
    rest, hash_sign, fragment = url.partition("#")
    rest, question, query = rest.partition("?")
    rest = shapes(_USER.sub(lambda found: mask(found[0]), rest, count=1))
    rest = _path(rest, secret, mask)
    if query:
        query = redact_form(query, secret, clean, mask)
    if fragment:
        page, mark, pairs = fragment.rpartition("?")
        fragment = page + mark + redact_form(pairs, secret, clean, mask)
    return rest + question + query + hash_sign + fragment


def redact_urls(text: str, redact: Clean, mask: Mask) -> str:
    """`text` with every URL in it put through `redact`."""

    def redacted(found: re.Match[str]) -> str:
        url = mask.trimmed(found[0], _AFTER_URL)
        return redact(url) + found[0][len(url) :]

    return _URL.sub(redacted, text)


def redact_encoded(text: str, clean: Clean) -> str:
    """`text` with what is secret once percent-encoding is taken away masked; the rest keeps its
    encoding."""

    def redacted(found: re.Match[str]) -> str:
        run = found[0]
        # In a form a plus is a blank, elsewhere itself.
        for decode in (unquote_plus, unquote):
            if decode(run) != run:
                run = _through(run, clean, decode)
        return run

    return _ENCODED.sub(redacted, text)


def _field(field: str, secret: Secret, clean: Clean, mask: Mask, *, codes: bool) -> str:
    name, equals, value = field.partition("=")
    plain = unquote_plus(name)
    if not equals:
        return _through(field, clean, unquote_plus)
    name = _through(name, clean, unquote_plus)
    if secret(plain) or (codes and _is_code(field)):
        hidden = mask(unquote_plus(value))
        return name + equals + (hidden if hidden != unquote_plus(value) else value)
    return name + equals + _through(value, clean, unquote_plus)


def _is_code(field: str) -> bool:
    return field.startswith("code=")


def _path(rest: str, secret: Secret, mask: Mask) -> str:
    """`rest` with path parameters such as `;jsessionid=…` masked."""
    if ";" not in rest:
        return rest

    def masked(found: re.Match[str]) -> str:
        return found[1] + mask(found[3]) if secret(unquote(found[2])) else found[0]

    return re.sub(r"(;([^;=/]*)=)([^;/]*)", masked, rest)


def _through(value: str, clean: Clean, decode: Clean) -> str:
    """`value` redacted as what it decodes to, and as it was where that holds no secret."""
    plain = decode(value)
    redacted = clean(plain)
    return value if redacted == plain else quote(redacted, safe=_READABLE)
