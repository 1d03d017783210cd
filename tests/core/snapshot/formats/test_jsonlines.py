"""JSON Lines."""

from __future__ import annotations

import json
from collections import Counter

from cxtop.core.models import Exchange
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats.jsonlines import KINDS as WORDS
from cxtop.core.snapshot.masking import Strictness
from cxtop.core.snapshot.scope import Part

from .support import HOSTILE, KINDS, written


async def test_every_line_says_what_it_is(evidence: Evidence) -> None:
    data = await written("jsonl", evidence, Strictness.NONE)
    lines = [json.loads(line) for line in data.splitlines()]
    assert lines[0]["kind"] == "snapshot"
    assert lines[0]["title"] == HOSTILE
    assert lines[-1] == {"kind": "end", "missing": 0}
    counts = (await evidence.counts()).parts
    found = Counter(line["kind"] for line in lines[1:-1])
    assert found == {WORDS[part]: count for part, count in counts.items()}
    assert set(WORDS) == set(Part)


async def test_an_exchange_comes_back_as_it_was(evidence: Evidence) -> None:
    data = await written("jsonl", evidence, Strictness.NONE)
    lines = [json.loads(line) for line in data.splitlines()]
    read = [
        Exchange.model_validate({name: value for name, value in line.items() if name != "kind"})
        for line in lines
        if line["kind"] == "exchange"
    ]
    assert read == list(KINDS)
