"""Secrets that are known by how they look, whatever name they go under."""

from __future__ import annotations

import base64
import binascii
import re

from .mask import SENTENCE_MARKS, Mask

# Words that follow "Bearer" or "token:" in sentences. They tell a cause and hide nothing.
_PROSE = (
    "a an and any are as at authentication authorization auth be been but by can cannot closed "
    "could created credential credentials denied does empty ended error expected expired expires "
    "failed failure for format found from had has have header headers if in incorrect invalid is "
    "issued it its lost malformed may mismatch missing must needed no none not null of on one or "
    "optional please realm refused refresh rejected required revoked scheme scope should started "
    "still string str than that the then this timeout to token tokens too type unauthorized "
    "undefined unknown unset until used valid value was were what when which will with wrong you "
    "your true false int bool object"
)
_PROSE_WORDS = frozenset(_PROSE.split())

_SCHEMES = "bearer|basic|digest|negotiate|ntlm|token|apikey|dpop|hmac|aws4-hmac-sha256|hawk"
_SCHEME = re.compile(rf"({_SCHEMES})([ \t]+)(?=\S)", re.IGNORECASE)
_BLANK = re.compile(r"\s")
_ONE_WORD_SCHEMES = frozenset(("bearer", "basic", "negotiate", "ntlm", "token", "apikey", "dpop"))
_BEARER = re.compile(
    r"(?<![A-Za-z0-9])(bearer|basic)([ \t]+\\*[\"']?)([^\s\"'<>,;(){}\\]+)", re.IGNORECASE
)
_DOTTED = re.compile(r"(?<![A-Za-z0-9_\-])[A-Za-z0-9_\-]++(?:\.[A-Za-z0-9_\-]*)+")
_JWT_HEAD = re.compile(r"e(?:yJ|yA|wo|w0)[A-Za-z0-9_\-]{5}")  # base64 of {" and its spaced kin
_PEM = re.compile(
    r"-----BEGIN ([A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?)-----(?:(?!-----END)[\s\S])*+"
    r"(?:-----END [A-Z0-9 ]{0,32}-----)?"
)
_WEBHOOK = re.compile(
    r"(hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/)([^\s\"'<>?#\\]+)", re.IGNORECASE
)

# 13 to 19 digits in one piece, in fours, or as American Express and Diners group them. In one piece
# after a digit and a point they are a fraction.
_DIGITS = re.compile(
    r"(?<![0-9+])(?:(?<![0-9]\.)[0-9]{13,19}(?![0-9])"
    r"|[0-9]{4}([ .\-\u00a0])[0-9]{4}\1[0-9]{4}\1[0-9]{1,4}(?:\1[0-9]{1,3}(?![A-Za-z]))?(?![0-9])"
    r"|[0-9]{4}([ .\-\u00a0])[0-9]{6}\2[0-9]{4,5}(?![0-9]))"
)
# The lengths that issuers really use by first digits. Times since 1970 begin with 1 until 2033, be
# they in milli-, micro- or nanoseconds, and written out with 20: no card does, so they all stay.
_ISSUED = re.compile(
    r"(?:4(?:[0-9]{12}|[0-9]{15,18})"  # Visa
    r"|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}|3(?:0[0-59]|[689][0-9])[0-9]{11,16}|35[0-9]{14,17}"  # Amex, Diners, JCB
    r"|(?:50|5[6-9]|6[0-9])[0-9]{11,17}"  # Maestro, Discover, UnionPay
    r"|220[0-4][0-9]{12,15}|(?:8[12][0-9]{2}|9792)[0-9]{12})\Z"  # Mir, RuPay, Troy
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_WORD_BEFORE = re.compile(r"[0-9A-Za-z]*\Z")
_WORD_AFTER = re.compile(r"[0-9A-Za-z]*")
# A span id, or longer; of digits alone it would be no more an id than a card number.
_HEXADECIMAL = re.compile(r"(?=[0-9]*[a-fA-F])[0-9a-fA-F]{16,128}\Z")
# From here on nobody doubts that it is an id. 16 digits of it are a span's.
_SURELY_ID = 24
_SPAN = 16
# What follows a card number on a magnetic stripe: year and month, and what the issuer likes.
_STRIPE = re.compile(r"[dD][0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3,}[fF]?\Z")
# A UUID, whole or cut off, and a trace id with a span id, as traceparent and b3 have them.
_HYPHENATED_ID = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?=[0-9\-]*[a-fA-F])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}(?:-[0-9a-fA-F]{0,11})?"
    r"|[0-9a-fA-F]{32}-[0-9a-fA-F]{16})(?![0-9A-Za-z])"
)
_LONGEST_HYPHENATED = 49


def redact_shapes(text: str, mask: Mask) -> str:
    """`text` with everything masked that looks like a secret."""
    if "-----BEGIN " in text:
        text = _PEM.sub(lambda found: mask(found[0]), text)
    if "/" in text:
        text = _WEBHOOK.sub(lambda found: found[1] + mask(found[2]), text)
    if "ey" in text or "ew" in text:
        text = _DOTTED.sub(lambda found: _without_jwt(found[0], mask), text)
    if " " in text or "\t" in text:
        text = _BEARER.sub(lambda found: _without_bearer(found, mask), text)
    return redact_cards(text, mask)


def redact_credentials(value: str, mask: Mask) -> str:
    """The value of an `Authorization` header: its scheme stays, the rest is masked."""
    found = _SCHEME.match(value)
    return found[0] + mask(value[found.end() :]) if found else mask(value)


def credentials_end(text: str, start: int, end: int) -> int | None:
    """Where credentials that begin at `start` with a scheme and one word end, in a line that ends
    at `end`; `None` when they take an unknown number of words."""
    found = _SCHEME.match(text, start, end)
    if found is None or found[1].lower() not in _ONE_WORD_SCHEMES:
        return None
    blank = _BLANK.search(text, found.end(), end)
    return blank.start() if blank else end


def is_prose(word: str) -> bool:
    """Whether `word` is one that sentences about secrets use."""
    return word.rstrip(SENTENCE_MARKS).lower() in _PROSE_WORDS


def redact_cards(text: str, mask: Mask) -> str:
    """`text` with its card numbers masked."""
    found = _DIGITS.search(text)
    if found is None:
        return text
    kept: list[str] = []
    done = 0
    while found:
        start, end = found.span()
        length = _card_length(found[0])
        if length and not _inside_id(text, start, start + length):
            kept += text[done:start], mask(text[start : start + length])
            done = position = start + length
        else:
            # A shorter number may begin inside this one: "2026 4111 1111 1111 1111".
            position = end if found[0].isdigit() else start + 5
        found = _DIGITS.search(text, position)
    return "".join(kept) + text[done:] if kept else text


def is_card(digits: str) -> bool:
    """Whether `digits` is a number that a card issuer could have given out (Luhn's check)."""
    if not _ISSUED.match(digits):
        return False
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return total % 10 == 0


def _card_length(found: str) -> int:
    """How many characters of `found` are a card number: all, all but its last group, or none."""
    if found.isdigit():
        return len(found) if is_card(found) else 0
    groups = re.split(r"[ .\-\u00a0]", found)
    while len(groups) >= 3:
        if is_card("".join(groups)):
            return sum(map(len, groups)) + len(groups) - 1
        groups.pop()
    return 0


def _inside_id(text: str, start: int, end: int) -> bool:
    """Whether the digits are a part of a hexadecimal id, such as a UUID or a trace id."""
    near = text[max(0, start - _LONGEST_HYPHENATED) : end + _LONGEST_HYPHENATED]
    here = start - max(0, start - _LONGEST_HYPHENATED)
    for found in _HYPHENATED_ID.finditer(near):
        if found.start() <= here and here + end - start <= found.end():
            return True
    before = _WORD_BEFORE.search(text, max(0, start - 128), start)
    after = _WORD_AFTER.match(text, end, end + 128)
    left, right = before[0] if before else "", after[0] if after else ""
    word = left + text[start:end] + right
    if _HEXADECIMAL.match(word) is None or (not left and _STRIPE.match(right)):
        return False
    if len(word) >= _SURELY_ID or not (left + right).isalpha():
        return True
    # Letters are glued to it: "cc" or "acc" are hexadecimal digits, too.
    return len(word) == _SPAN and (bool(right) or len(left) == 1)


def _without_jwt(run: str, mask: Mask) -> str:
    body = run.rstrip(".")
    found = _JWT_HEAD.search(body)
    if found is None or "." not in body[found.end() :]:
        return run
    return run[: found.start()] + mask(body[found.start() :]) + run[len(body) :]


def _without_bearer(found: re.Match[str], mask: Mask) -> str:
    scheme, gap, word = found.groups()
    token = mask.trimmed(word)
    looks_secret = _is_basic if scheme.lower() == "basic" else _is_bearer
    if not looks_secret(token):
        return found[0]
    return scheme + gap + mask(token) + word[len(token) :]


def _is_bearer(token: str) -> bool:
    return len(token) >= 4 and not is_prose(token.partition("=")[0])


def _is_basic(token: str) -> bool:
    """Whether `token` is base64 of `user:password`; "Basic settings" is not."""
    try:
        return b":" in base64.b64decode(token + "=" * (-len(token) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
