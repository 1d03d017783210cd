"""What is to be exported, as it is chosen in a form, and the path it is to go to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .picture import SUFFIX
from .widgets.pathinput import shown

if TYPE_CHECKING:
    from ..core.live import Monitor
    from ..core.snapshot.evidence import Evidence
    from ..core.snapshot.masking import Mask
    from ..core.snapshot.scope import Part, Scope

PICTURE = "svg"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Wish:
    """What of it, in which form (one of the formats, or `PICTURE`), and how strictly masked."""

    scope: Scope
    form: str
    strictness: str

    @property
    def suffix(self) -> str:
        """How the name of the file ends."""
        from ..core.snapshot.formats import FORMATS

        return SUFFIX if self.form == PICTURE else FORMATS[self.form].suffix

    def held(self) -> frozenset[Part]:
        """What of the scope the form has room for."""
        from ..core.snapshot.formats import FORMATS

        return FORMATS[self.form].holds & self.scope.parts

    def mask(self, monitor: Monitor) -> Mask:
        """The mask for the way out."""
        from ..core.snapshot.masking import Mask, Strictness

        return Mask(Strictness(self.strictness), monitor.store.redactor)

    def evidence(self, monitor: Monitor, at: datetime, *, whole: bool = False) -> Evidence:
        """What there is of it; `whole`: also what the form has no room for."""
        from ..core.snapshot.evidence import Evidence

        return Evidence(
            monitor.store,
            monitor.library,
            self.scope if whole else replace(self.scope, parts=self.held()),
            profile_name=monitor.profile.name,
            platform=monitor.profile.platform,
            at=at,
            health=monitor.health.actions(),
        )


def with_suffix(text: str, suffix: str) -> str:
    """The path with another ending, where it ended as one of the forms does."""
    from ..core.snapshot.formats import FORMATS

    known = {SUFFIX, *(form.suffix for form in FORMATS.values())}
    for ending in known:
        if text.endswith(ending):
            return text.removesuffix(ending) + suffix
    return text


def look_at(folder: Path, text: str) -> tuple[Path, str, bool]:
    """The path that was typed, what keeps a file from being written there, and whether one is
    there already."""
    path = folder / text
    try:
        path = folder / Path(text).expanduser()
        if path.is_dir():
            return path, f"{shown(path)} is a folder; add a name.", False
        parent = path if text.endswith("/") else path.parent
        if not parent.is_dir():
            return path, f"There is no folder {shown(parent)}.", False
        return path, "", path.exists()
    except (OSError, ValueError, RuntimeError) as error:
        return path, f"{shown(path)} cannot be written: {error}.", False
