"""A bundle read back: its manifest, and its records as models."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from ..errors import SnapshotNewerError
from ..models import Model
from .manifest import FORMAT, MINOR, VERSION, Manifest
from .reading import Archive, Limits
from .records import MODELS, check_values, from_json
from .scope import Part

_BAD = (ValueError, RecursionError)


class Bundle:
    """An open bundle; its manifest was checked, its members are checked as they are read.

    Everything raises SnapshotError; it blocks and belongs into a thread. What a newer cxtop of
    the same version has added to records is left out; `newer` says that it may be so. Used in
    `with`.
    """

    def __init__(self, archive: Archive, manifest: Manifest, *, newer: bool) -> None:
        self.manifest = manifest
        self.newer = newer
        self._archive = archive

    @classmethod
    def open(cls, path: Path, *, limits: Limits | None = None) -> Self:
        """The bundle in a file. Raises SnapshotError for what is none, is damaged, or would do
        harm; SnapshotNewerError for one that this cxtop cannot read."""
        archive = Archive(Path(path), limits or Limits())
        try:
            manifest, newer = _manifest(archive)
            archive.check(manifest.members)
        except BaseException:
            archive.close()
            raise
        return cls(archive, manifest, newer=newer)

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._archive.path

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def records(self, part: Part) -> Generator[Model, None, None]:
        """The records of a part, as they were written; none if it was not meant.

        That all are as they were written is known when the last one was given.
        """
        for record, _ in self.weighed(part):
            yield record

    def weighed(self, part: Part) -> Generator[tuple[Model, int], None, None]:
        """`records`, each with the bytes of its line: what it says of its size may be untrue."""
        member = next((each for each in self.manifest.members if each.part is part), None)
        if member is None:
            return
        count = 0
        for line in self._archive.lines(member):
            count += 1
            try:
                record = self._model(MODELS[part], line)
            except _BAD as error:
                raise self._archive.damaged(
                    f"Line {count} of {member.name} cannot be read: {_first(error)}."
                ) from error
            yield record, len(line)
        if count != member.count:
            raise self._archive.damaged(
                f"{member.name} has {count} lines, and its manifest says {member.count}."
            )

    def verify(self) -> None:
        """Read all of it, to know that it is whole."""
        for member in self.manifest.members:
            for _ in self.records(member.part):
                pass

    def _model(self, kind: type[Model], line: bytes) -> Model:
        try:
            return from_json(kind, line)
        except ValidationError as error:
            if not self.newer:
                raise
            model = kind.model_validate(_without_unknown(json.loads(line), error))
            check_values(model)
            return model


def _manifest(archive: Archive) -> tuple[Manifest, bool]:
    text = archive.manifest()
    try:
        said = json.loads(text)
    except _BAD as error:
        raise archive.damaged("Its manifest is no JSON.") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise archive.damaged(f"Its manifest does not say that it is a {FORMAT}.")
    version, minor = _number(said.get("version")), _number(said.get("minor", 0))
    if version < 1 or minor < 0:
        raise archive.damaged("Its manifest does not say which version it is.")
    if version > VERSION:
        raise SnapshotNewerError(
            f"The snapshot {archive.path} was written by a newer cxtop.",
            why=f"It has version {version}; this cxtop reads versions up to {VERSION}.",
            fix="Update cxtop, or ask for another format.",
        )
    newer = minor > MINOR
    try:
        return Manifest.model_validate(said), newer
    except ValidationError as error:
        try:
            if newer:
                return Manifest.model_validate(_without_unknown(said, error)), newer
        except ValidationError as again:
            error = again
        raise archive.damaged(f"Its manifest cannot be read: {_first(error)}.") from error


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _without_unknown(value: Any, error: ValidationError) -> Any:
    """`value` without the fields that pydantic does not know."""
    for fault in error.errors():
        if fault["type"] != "extra_forbidden":
            continue
        *path, last = fault["loc"]
        place = value
        for step in path:
            place = place[step]
        del place[last]
    return value


def _first(error: Exception) -> str:
    """What is wrong first, without what was read: that may be anything."""
    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"]))
        said = fault["msg"].rstrip(".")
        return f"{place}: {said}" if place else said
    return str(error).rstrip(".") or type(error).__name__
