"""Reading a body within bounds, compressed or not."""

from __future__ import annotations

import zlib

import httpx

ACCEPTED = "gzip, deflate"
"""The codings that `read_body` undoes, as an `Accept-Encoding` header."""

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BARE_DEFLATE = -zlib.MAX_WBITS


async def read_body(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """At most `limit` bytes of the body as it was before compression, and whether it was cut.

    It is bounded while it is inflated, so that a small answer cannot become a huge one. Raises
    httpx.TransportError when the body breaks off, httpx.DecodingError when it cannot be inflated.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    inflater = _Inflater(response.request) if coding in ("gzip", "x-gzip", "deflate") else None
    kept = bytearray()
    async for chunk in response.aiter_raw():
        kept += inflater.feed(chunk, limit + 1 - len(kept)) if inflater else chunk
        if len(kept) > limit:
            return bytes(kept[:limit]), True
    if inflater:
        inflater.check_end()
    return bytes(kept), False


class _Inflater:
    def __init__(self, request: httpx.Request) -> None:
        self._request = request
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._fed = False

    def feed(self, chunk: bytes, room: int) -> bytes:
        """What `chunk` holds, at most `room` bytes of it."""
        try:
            return self._inflate.decompress(chunk, room)
        except zlib.error as error:
            if self._fed:
                raise self._broken(error) from error
        finally:
            self._fed = True
        # Some servers send "deflate" without the zlib header that the name stands for.
        self._inflate = zlib.decompressobj(_BARE_DEFLATE)
        try:
            return self._inflate.decompress(chunk, room)
        except zlib.error as error:
            raise self._broken(error) from error

    def check_end(self) -> None:
        """Raise httpx.DecodingError when the compressed data has no end."""
        if self._fed and not self._inflate.eof:
            raise self._broken("the compressed data breaks off")

    def _broken(self, why: object) -> httpx.DecodingError:
        return httpx.DecodingError(str(why), request=self._request)
