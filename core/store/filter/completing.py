"""What can be typed next."""

from __future__ import annotations

import re

from .fields import FIELDS

# What is being typed: from the last sign that ends a term, or in an open quote.
_TERM = re.compile(r'-?(?:([A-Za-z_]+):)?("(?:[^"\\]|\\.)*|[^\s|()"]*)\Z')


def complete(text: str, cursor: int) -> list[str]:
    """Whole texts that `text` could become at `cursor`, the likeliest first.

    Field names while a name is typed, and the values that a field offers after its colon. What
    stands behind the cursor is kept.
    """
    cursor = max(0, min(cursor, len(text)))
    head, tail = text[:cursor], text[cursor:]
    if head.count('"') % 2:
        return []
    found = _TERM.search(head)
    if found is None:
        return []
    name, typed = found[1], found[2]
    kept = head[: found.start(2)]
    if name is None:
        words = [f"{field}:" for field in FIELDS if field.startswith(typed.lower())]
        if typed and "not".startswith(typed.lower()):
            words.append("not ")
    else:
        field = FIELDS.get(name.lower())
        offers = field.offers if field else ()
        words = [offer for offer in offers if offer.lower().startswith(typed.lower())]
    return [f"{kept}{word}{tail}" for word in words if word != typed]
