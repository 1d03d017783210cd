"""What `cxtop watch` shows on a terminal: a bar a run, drawn by rich."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ...core.errors import CxtopError
from ...core.models import ActionRun, RunStatus
from ...core.text import clip, safe
from .. import words
from . import exits

REDRAWS_A_SECOND = 4
_LONGEST_NAME = 40
_BAR_WIDTH = 28

_SIGNS: dict[RunStatus, tuple[str, str]] = {
    RunStatus.QUEUED: ("◷", "dim"),
    RunStatus.RUNNING: ("▶", "blue"),
    RunStatus.COMPLETED: ("✔", "green"),
    RunStatus.FAILED: ("✖", "red"),
    RunStatus.CANCELLED: ("■", "dim"),
    RunStatus.EXPIRED: ("■", "yellow"),
    RunStatus.UNKNOWN: ("?", "yellow"),
}


class Bars:
    """Redraws its lines in place, and leaves the last state of them on the screen.

    Text from outside goes in only as `Text`, made safe, and so is never read as markup.
    """

    def __init__(self, run_ids: tuple[str, ...], console: Console | None = None) -> None:
        self._rows: dict[str, _Row] = {run_id: _Row(run_id) for run_id in run_ids}
        self._console = console or Console(markup=False, highlight=False, emoji=False)
        self._live = Live(
            console=self._console,
            refresh_per_second=REDRAWS_A_SECOND,
            get_renderable=self._table,
            redirect_stderr=False,
            redirect_stdout=False,
        )

    def __enter__(self) -> Bars:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Put the cursor back, below the last state."""
        self._live.__exit__(None, None, None)

    def poll(self, run: ActionRun, rate: float | None, eta_s: float | None) -> None:
        """What one poll brought."""
        row = self._rows.setdefault(run.run_id, _Row(run.run_id))
        row.set(run, rate, eta_s)

    def trouble(self, run_id: str, error: CxtopError, *, gone: bool) -> None:
        """A poll failed; with `gone` it was the last one."""
        row = self._rows.setdefault(run_id, _Row(run_id))
        row.trouble = "✖ given up" if gone else "▲ no answer"
        self.say(exits.sentences(error, sign="✖" if gone else "▲", subject=run_id))

    def say(self, text: str) -> None:
        """Sentences above the bars."""
        self._console.print(Text(safe(text, keep_newlines=True)))

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for _ in range(3):
            table.add_column(no_wrap=True)
        for _ in range(4):
            table.add_column(no_wrap=True, justify="right")
        for row in self._rows.values():
            table.add_row(*row.cells())
        return table


class _Row:
    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._run: ActionRun | None = None
        self._rate: float | None = None
        self._eta_s: float | None = None
        self.trouble = ""

    def set(self, run: ActionRun, rate: float | None, eta_s: float | None) -> None:
        self._run, self._rate, self._eta_s = run, rate, eta_s
        self.trouble = ""

    def cells(self) -> list[Text | ProgressBar]:
        run = self._run
        name = Text(clip(safe(self._run_id), _LONGEST_NAME))
        if run is None:
            waiting = Text(self.trouble or "◷ asking", style="yellow" if self.trouble else "dim")
            return [name, waiting, ProgressBar(total=1, completed=0, width=_BAR_WIDTH)]
        counts = f"{words.amount(run.processed)} / {words.amount(run.total)}"
        errors = words.plural(run.errors, "error") if run.errors else ""
        ahead = "" if self._eta_s is None else f"{words.whole_span(self._eta_s)} left"
        speed = "" if self._rate is None else words.rate(self._rate)
        return [
            name,
            self._sign(run),
            ProgressBar(total=1, completed=run.progress or 0, width=_BAR_WIDTH),
            Text(words.share(run.progress)),
            Text(counts),
            Text(errors, style="red"),
            Text(" · ".join(part for part in (speed, ahead) if part), style="dim"),
        ]

    def _sign(self, run: ActionRun) -> Text:
        if self.trouble:
            return Text(self.trouble, style="yellow")
        sign, style = _SIGNS[run.status]
        word = run.raw_status if run.status is RunStatus.UNKNOWN else ""
        return Text(f"{sign} {clip(safe(word), 16) or run.status.value.lower()}", style=style)
