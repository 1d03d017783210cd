"""A body as bytes or text → a JSON value, or what it is instead (contract §0, bodies)."""

from __future__ import annotations

import codecs
import html
import json
import re
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from .brokenjson import Break, ForeignConstantError, broken, foreign_constant, loads, place
from .wording import Findings, line, opaque, quote, tame

_TITLE = re.compile(r"<title\b[^<>]{0,200}>", re.IGNORECASE)
_HEADING = re.compile(r"<h1\b[^<>]{0,200}>", re.IGNORECASE)
_TITLE_END = re.compile(r"</(?:title|h1)\b", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|h1|center|p|div)\b", re.IGNORECASE)
_ELEMENT = re.compile(r"<([A-Za-z_][\w:.-]{0,60})")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
# Python knows codecs that are no charsets, such as "hex" and "unicode_escape".
_FOR_TEXT = re.compile(r"utf|iso|cp|koi8|mac|shift|euc|gb|big5|hz|johab|tis|ptcp|kz")
_LOOKED_AT = 64 * 1024
_LONGEST_TITLE = 1000
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
_MAGIC = {
    b"\x1f\x8b": "gzip data",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
}

HINT_FRONT = "The upstream behind the action answered, not the action."


@dataclass(frozen=True, slots=True)
class Content:
    """What a body holds: a JSON value, or nothing (`empty`), or why it is not JSON (`fault`).

    `notes` are findings about a body that could be read all the same. `front` says that the body
    is a page for people, written by a server in front of the action or behind it.
    """

    value: Any = None
    empty: bool = False
    fault: Break | None = None
    notes: Findings = ()
    front: bool = False

    @property
    def readable(self) -> bool:
        """Whether `value` is the body's JSON value."""
        return not self.empty and self.fault is None


def read_bytes(body: bytes, content_type: str = "") -> Content:
    """What `body` holds, in the charset that it shows or its content type names."""
    if not body.strip():
        return Content(empty=True)
    charset, notes = _charset(body, content_type)
    if charset == "utf-8":
        try:
            return Content(tame(msgspec.json.decode(body)), notes=notes)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass  # the slow way below says where, and reads what msgspec is too strict for
    try:
        text = body.decode(charset)
    except UnicodeError as error:
        return replace(_undecodable(body, charset, error), notes=notes)
    content = read_text(text.removeprefix("\ufeff"))
    return replace(content, notes=notes + content.notes)


def read_text(text: str) -> Content:
    """What `text` holds."""
    if not text.strip():
        return Content(empty=True)
    try:
        return Content(tame(loads(text)))
    except json.JSONDecodeError as error:
        return _instead(text, error)
    except ForeignConstantError:
        return Content(fault=foreign_constant(text))
    except RecursionError:
        hint = "Look for an object that holds itself, or send less at a time."
        return Content(fault=Break("JSON that is nested too deeply to be read", "", hint))


def _charset(body: bytes, content_type: str) -> tuple[str, Findings]:
    """The charset to decode with, and what is to be said about it."""
    if body.startswith(_BOMS):
        note = "a byte order mark stands before the JSON; strict readers refuse it"
        return json.detect_encoding(body), (("byte 1", note),)
    named = _CHARSET.search(content_type)
    if named is None:
        found = json.detect_encoding(body)
        if found == "utf-8" or not _decodes(body, found):
            return "utf-8", ()
        return found, (("charset", f"it is written in {found}; JSON is sent as UTF-8"),)
    try:
        charset = codecs.lookup(named[1]).name
    except LookupError:
        charset = ""
    if charset in ("utf-8", "ascii"):
        return "utf-8", ()
    if not _FOR_TEXT.match(charset):
        told = f"the content type names {quote(named[1])}, which is no charset"
        return "utf-8", (("charset", told),)
    return charset, (("charset", f"it is sent in {charset}; JSON is sent as UTF-8"),)


def _decodes(body: bytes, charset: str) -> bool:
    """Whether `body` could well be JSON in `charset`; binary data seldom is."""
    try:
        return body.decode(charset).lstrip()[:1] in ("{", "[", '"', "<")
    except UnicodeError:
        return False


def _undecodable(body: bytes, charset: str, error: UnicodeError) -> Content:
    for magic, what in _MAGIC.items():
        if body.startswith(magic):
            hint = "The Content-Type or Content-Encoding header does not tell what the body is."
            return Content(fault=Break(f"{what} of {len(body):,} bytes", "", hint))
    start = error.start if isinstance(error, UnicodeDecodeError) else 0
    before = body[:start].decode(charset, "replace")
    where = place(before, len(before))
    if isinstance(error, UnicodeDecodeError) and "end of data" in error.reason:
        hint = "The answer broke off, or a Content-Length counts characters instead of bytes."
        what = f"truncated text: it ends in the middle of a character at {where}"
        return Content(fault=Break(what, where, hint, cut=True))
    if b"\0" in body[:_LOOKED_AT]:
        begin = body[:8].hex(" ")
        hint = "Send JSON, with the content type application/json."
        return Content(fault=Break(f"binary data that begins {begin}", "", hint))
    what = f"text that is not valid {charset}: byte {body[start]:#04x} at {where} cannot be read"
    hint = "The service writes in another charset, such as windows-1252: let it write UTF-8."
    return Content(fault=Break(what, where, hint))


def _instead(text: str, error: json.JSONDecodeError) -> Content:
    start = text.lstrip()[:_LOOKED_AT]
    if start.startswith("<"):
        return _markup(start)
    if start[0] in '{["':
        return Content(fault=broken(text, error))
    if opaque(start):
        begins = f"text, one word of {len(text.strip()):,} characters"
    else:
        begins = f"text that begins {quote(start)}"
    hint = "Send a JSON object, with the content type application/json."
    return Content(fault=Break(begins, "line 1, column 1", hint))


def _markup(start: str) -> Content:
    if title := title_of(start):
        fault = Break(f"an HTML page titled “{title}”", "", HINT_FRONT)
        return Content(fault=fault, front=True)
    if _HTML.match(start):
        fault = Break("an HTML page without a title", "", HINT_FRONT)
        return Content(fault=fault, front=True)
    element = _ELEMENT.search(start)
    named = f" with <{element[1]}> at the top" if element else ""
    hint = "Ask the service for JSON (Accept: application/json), or translate the XML."
    return Content(fault=Break(f"XML{named}", "line 1, column 1", hint))


def title_of(text: str) -> str:
    """The title of an HTML page, else its first heading; empty when there is none."""
    found = _TITLE.search(text)
    if found is None and _HTML.match(text):
        found = _HEADING.search(text)
    end = _TITLE_END.search(text, found.end()) if found else None
    if found is None or end is None:
        return ""
    title = text[found.end() : end.start()][:_LONGEST_TITLE]
    return line(html.unescape(_TAG.sub(" ", title)))
