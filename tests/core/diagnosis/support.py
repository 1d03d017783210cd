"""What the tests of this room share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from cxtop.core.diagnosis import ANY, EXECUTE, Expectation, ProfileToken, diagnose
from cxtop.core.models import Diagnosis

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOKEN = EXECUTE.bringing(ProfileToken(NOW))
GOOD_TOKEN = {"token": "t-1", "expiresAt": "2030-01-01T00:00:00Z", "userId": "u-1"}

NAMES = st.sampled_from(
    [
        "result",
        "errors",
        "warnings",
        "id",
        "status",
        "success",
        "data",
        "error",
        "code",
        "message",
        "details",
        "token",
        "expiresAt",
        "userId",
        "metadata",
        "contextId",
        "messageWithParams",
        "messageParams",
        "limit",
        "fieldName",
        "loc",
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["{", '"{}"', '"\\"[1]\\""', "null", '{"message":"x"}', "[0a-b]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=4), inner),
    max_leaves=12,
)


def answered(
    body: Any,
    status: int | None = 200,
    headers: Any = (),
    *,
    expects: Expectation = ANY,
    truncated: bool = False,
) -> Diagnosis:
    """The diagnosis of a body that is JSON unless it is bytes already."""
    wire = body if isinstance(body, bytes) else json.dumps(body).encode()
    return diagnose(status, headers, wire, expects=expects, truncated=truncated)
