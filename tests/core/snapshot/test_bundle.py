"""The bundle: what was written is what is read."""

import asyncio
import json
import zipfile
from collections.abc import AsyncGenerator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cxtop.core.models import Exchange, FlowTrace, Model
from cxtop.core.snapshot.bundle import Bundle
from cxtop.core.snapshot.evidence import Evidence
from cxtop.core.snapshot.formats import FORMATS
from cxtop.core.snapshot.manifest import VERSION
from cxtop.core.snapshot.masking import Mask, Strictness
from cxtop.core.snapshot.records import as_json, from_json
from cxtop.core.snapshot.scope import EVERY_PART, Part, Scope
from cxtop.core.store.filter import parse

from .models import snapshots
from .support import (
    NOW,
    all_of,
    at,
    bundle_in,
    evidence_of,
    exchange,
    opened,
    plain,
    read,
)


class Given(Evidence):
    """Evidence that was made up."""

    def __init__(self, records: dict[Part, list[Model]]) -> None:
        self.scope = Scope()
        self.profile_name = self.platform = ""
        self.at = NOW
        self.missing = 0
        self._given = records

    async def records(self, part: Part) -> AsyncGenerator[Model, None]:
        for record in self._given[part]:
            yield record


async def written(evidence: Evidence, mask: Mask) -> bytes:
    out = BytesIO()
    await FORMATS["cxsnap"].write(evidence, mask, out, lambda part, count: None)
    return out.getvalue()


async def test_what_the_store_knew_is_what_the_bundle_tells(tmp_path: Path) -> None:
    path = await bundle_in(tmp_path)
    async with opened(tmp_path) as (store, library):
        assert read(path) == await all_of(evidence_of(store, library))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(snapshots)
def test_any_models_come_back_equal(
    tmp_path_factory: pytest.TempPathFactory, records: dict[Part, list[Model]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.cxsnap"
    path.write_bytes(asyncio.run(written(Given(records), plain())))
    assert read(path) == records


async def test_the_manifest_says_what_it_is_of(tmp_path: Path) -> None:
    scope = Scope(
        parts=EVERY_PART - {Part.CALLS},
        wanted=parse("status:5xx"),
        since=at(5000),
        numbers=(1, 2),
        title="the night of the fourth",
    )
    path = await bundle_in(tmp_path, scope)
    with Bundle.open(path) as bundle:
        manifest = bundle.manifest
        assert not bundle.newer
        assert bundle.path == path
        assert list(bundle.records(Part.CALLS)) == []
        bundle.verify()
    assert (manifest.version, manifest.title) == (VERSION, "the night of the fourth")
    assert (manifest.profile, manifest.platform, manifest.made_at) == ("acme-prod", "genesys", NOW)
    assert manifest.strictness is Strictness.NONE
    assert manifest.counts[Part.ERRORS] == 7
    assert Part.CALLS not in manifest.counts
    assert manifest.size == sum(member.size for member in manifest.members)
    assert manifest.scope["filter"] == "status:5xx"
    assert manifest.scope["since"] == at(5000).isoformat()
    assert manifest.scope["marked_exchanges"] == 2


async def test_it_is_a_zip_that_any_tool_opens_and_the_same_each_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):
        first = await written(evidence_of(store, library), plain())
        assert first == await written(evidence_of(store, library), plain())
    with zipfile.ZipFile(BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [*(f"{part.value}.jsonl" for part in Part), "manifest.json"]
        assert archive.read("exchanges.jsonl").count(b"\n") == 12


async def test_a_time_before_1980_is_no_trouble(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):
        evidence = Evidence(store, library, at=NOW.replace(year=1970))
        path = tmp_path / "old.cxsnap"
        path.write_bytes(await written(evidence, plain()))
    with Bundle.open(path) as bundle:
        assert bundle.manifest.made_at.year == 1970


async def test_what_could_not_be_read_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, library):
        (tmp_path / "captures" / "log.jsonl").unlink()
        path = tmp_path / "gone.cxsnap"
        path.write_bytes(await written(evidence_of(store, library), plain()))
    with Bundle.open(path) as bundle:
        assert bundle.manifest.missing == 12


def test_halves_of_characters_in_names_and_numbers_of_any_size_stay() -> None:
    extra = {"a\ud800": float("inf"), "b\ud801": 2**70, "b": [-(2**64), 1.5, None]}
    trace = FlowTrace(execution_id="e", fetched_at=NOW, extra=extra)
    found = from_json(FlowTrace, as_json(trace))
    assert found.extra == {**extra, "a\ud800": None}
    assert found.model_copy(update={"extra": extra}) == trace


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(surprise=1),
        lambda said: said["request"].update(surprise=1),
        lambda said: said.update(at="2026-03-04T14:32:07"),
        lambda said: said.update(status="many"),
        lambda said: said.pop("id"),
    ],
    ids=["a field", "a field of a body", "a time without a zone", "no status", "no id"],
)
def test_a_line_that_no_cxtop_wrote_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    said = json.loads(as_json(exchange(1)))
    assert from_json(Exchange, json.dumps(said).encode()) == exchange(1)
    change(said)
    with pytest.raises(ValueError, match=r"Extra inputs|without a zone|valid integer|required"):
        from_json(Exchange, json.dumps(said).encode())
