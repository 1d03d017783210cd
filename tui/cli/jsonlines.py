"""What `cxtop watch` shows to programs: an object a poll."""

from __future__ import annotations

from ...core.errors import CxtopError
from ...core.models import ActionRun
from . import exits
from .output import moment, print_json


class JsonLines:
    """One JSON object a poll on stdout; everything else on stderr."""

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to put back."""

    def poll(self, run: ActionRun, rate: float | None, eta_s: float | None) -> None:
        """What one poll brought."""
        print_json(
            {
                "run_id": run.run_id,
                "platform": run.platform,
                "name": run.name,
                "status": run.status.value,
                "raw_status": run.raw_status,
                "progress": run.progress,
                "processed": run.processed,
                "total": run.total,
                "errors": run.errors,
                "warnings": run.warnings,
                "rate": rate,
                "eta_s": eta_s,
                "created_at": moment(run.created_at),
                "updated_at": moment(run.updated_at),
                "polled_at": moment(run.polled_at),
            }
        )

    def trouble(self, run_id: str, error: CxtopError, *, gone: bool) -> None:
        """A poll failed; with `gone` it was the last one."""
        sign = "✖" if gone else "▲"
        exits.narrate(exits.sentences(error, sign=sign, subject=run_id))

    def say(self, text: str) -> None:
        """A sentence for the user."""
        exits.narrate(text)
