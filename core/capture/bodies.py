"""From the bytes of a body to what is kept of it: readable, and without secrets (contract §6).

JSON where it parses, else text with U+FFFD for what cannot be read, else base64 for binary data.
Compressed bodies are unpacked first. A packing that cannot be undone here (br, zstd) is not kept
at all, only its size: nobody could look into it for secrets.
"""

from __future__ import annotations

import codecs
import re
import zlib
from base64 import b64encode
from typing import Any, NamedTuple

import msgspec

from ..models.exchanges import BodyKind
from ..redact import Redactor
from .record import UNREADABLE, BodyPart

_BOM = b"\xef\xbb\xbf"
_OPENING = (b"{", b"[")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:\-]{1,40})", re.IGNORECASE)
# Codecs that take linear time. Python knows others (idna, punycode) that do not.
_CHARSETS = ("utf", "iso8859", "latin", "cp", "ascii", "koi8", "mac", "shift", "euc", "gb", "big5")
_TEXTUAL = ("text/", "xml", "html", "javascript", "yaml", "csv", "graphql", "json")
_BINARY = ("image/", "audio/", "video/", "font/")

_decode = msgspec.json.Decoder().decode


class Seen(NamedTuple):
    """A body as it is kept, and its JSON before secrets were taken out.

    `part` is `None` for an empty body; `is_json` tells a JSON `null` from what is no JSON.
    """

    part: BodyPart | None
    parsed: Any = None
    is_json: bool = False


def see(
    raw: bytes,
    size: int,
    content_type: str,
    content_encoding: str,
    redactor: Redactor,
    *,
    limit: int,
) -> Seen:
    """What is kept of a body whose first bytes are `raw` and that was `size` bytes long.

    `content_type` and `content_encoding` are without secrets already. Unpacked data are cut at
    `limit` bytes.
    """
    if not size:
        return Seen(None)
    part = BodyPart(content_type=content_type, size=size, truncated=size > len(raw))
    if not raw:
        part.truncated = True
        return Seen(part)
    if content_encoding and content_encoding.strip().lower() != "identity":
        unpacked = _unpacked(raw, content_encoding.strip().lower(), limit)
        if unpacked is None:
            part.truncated = True
            return Seen(part)
        raw, cut = unpacked
        part.truncated = part.truncated or cut
    kind = content_type.lower()
    if not part.truncated and ("json" in kind or _looks_like_json(raw)):
        try:
            parsed = _parsed(raw, kind)
            part.value = redactor.json(parsed)
        except UNREADABLE:
            pass  # it is text then
        else:
            part.kind = BodyKind.JSON
            return Seen(part, parsed, True)
    _keep_text(part, raw, kind, redactor)
    return Seen(part)


def _looks_like_json(raw: bytes) -> bool:
    return raw[:1] in _OPENING or raw[:64].lstrip()[:1] in _OPENING


def _parsed(raw: bytes, content_type: str) -> Any:
    charset = _charset(content_type)
    if charset != "utf-8":
        return _decode(raw.decode(charset))
    return _decode(raw[3:] if raw.startswith(_BOM) else raw)


def _keep_text(part: BodyPart, raw: bytes, content_type: str, redactor: Redactor) -> None:
    text = _text(raw, content_type)
    if text is None:
        # Latin-1 maps every byte to one character and back, so what is no secret stays as it was.
        clean = redactor.text(raw.decode("latin-1")).encode("latin-1", "replace")
        part.kind = BodyKind.BASE64
        part.value = b64encode(clean).decode()
        return
    part.kind = BodyKind.TEXT
    form = "x-www-form-urlencoded" in content_type
    part.value = redactor.form(text) if form else redactor.text(text)


def _text(raw: bytes, content_type: str) -> str | None:
    """`raw` as text, `None` if it is binary data."""
    if "charset" in content_type or any(word in content_type for word in _TEXTUAL):
        return raw.decode(_charset(content_type), "replace")
    if content_type.startswith(_BINARY) or b"\0" in raw:
        return None
    try:
        # A character that is cut at the end does not make it binary.
        codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return None
    return raw.decode("utf-8", "replace")


def _charset(content_type: str) -> str:
    found = _CHARSET.search(content_type) if "charset" in content_type else None
    if found is None:
        return "utf-8"
    try:
        name = codecs.lookup(found[1]).name
    except LookupError:
        return "utf-8"
    return name if name.startswith(_CHARSETS) else "utf-8"


def _unpacked(raw: bytes, encoding: str, limit: int) -> tuple[bytes, bool] | None:
    """The plain bytes and whether some are missing; `None` if they cannot be had."""
    if encoding in ("gzip", "x-gzip"):
        windows = (zlib.MAX_WBITS | 16,)
    elif encoding == "deflate":
        # Meant is zlib's format; some send the bare stream.
        windows = (zlib.MAX_WBITS, -zlib.MAX_WBITS)
    else:
        return None
    for window in windows:
        unpacker = zlib.decompressobj(window)
        try:
            plain = unpacker.decompress(raw, limit)
        except zlib.error:
            continue
        return plain, not unpacker.eof
    return None
