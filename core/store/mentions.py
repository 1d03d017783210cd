"""Failed records that name an id, found by their text: in the record, its message, anywhere."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ..models import RecordError
from .codec import dump, moment
from .errors import error_of

_MOST_LOOKED_AT = 2000
_SHORTEST = 4


class Mention(NamedTuple):
    """A failed record, the first of the ids that it names, and when it was fetched."""

    error: RecordError
    id: str
    seen_at: datetime


def errors_mentioning(
    connection: sqlite3.Connection, ids: Sequence[str], limit: int
) -> list[Mention]:
    """Up to `limit` failed records that name one of `ids` as a whole word, the last seen first.

    Ids of fewer than 4 characters are not looked for: they stand everywhere.
    """
    wanted = [each for each in dict.fromkeys(ids) if len(each) >= _SHORTEST]
    if not wanted or limit < 1:
        return []
    # As the text of a JSON string, which is how it lies there.
    needles = [dump(each)[1:-1] for each in wanted]
    where = " OR ".join(
        f"instr({column}, ?{number})"
        for number in range(1, len(needles) + 1)
        for column in ("record", "head", "extra")
    )
    rows = connection.execute(
        "SELECT run_id, seen_at, head, record, extra "  # noqa: S608
        "FROM error_entries JOIN runs USING (run) "
        f"WHERE {where} ORDER BY id DESC LIMIT {_MOST_LOOKED_AT}",
        needles,
    )
    found: list[Mention] = []
    for run_id, seen_at, *columns in rows:
        error = error_of(run_id, *columns)
        named = next((each for each in wanted if _names(error, each)), None)
        if named is not None:
            found.append(Mention(error, named, moment(seen_at)))
            if len(found) == limit:
                break
    rows.close()
    return found


def _names(error: RecordError, id_: str) -> bool:
    whole = re.compile(rf"(?<![\w-]){re.escape(id_)}(?![\w-])").search
    fields = (error.record_id, error.message, error.record, error.extra)
    return any(whole(text) for field in fields for text in _texts(field))


def _texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value, whole numbers as text too."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, int) and not isinstance(each, bool):
            yield str(each)
