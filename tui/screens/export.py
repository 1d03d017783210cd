"""Taking evidence out: what, in which form, masked how, and to which file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.worker import Worker

from ...core.errors import CxtopError
from .. import words
from ..bars import bar
from ..exporting import STRICTNESS, file_name, masked_words, noun, told, written
from ..ink import Line, content, lines
from ..picture import save
from ..widgets.choice import LABEL, Choice
from ..widgets.dialogs import Choose
from ..widgets.panel import Panel
from ..widgets.pathinput import PathInput, shown
from ..wishes import NONE, PICTURE, Wish, look_at, with_suffix
from .base import WIDE

if TYPE_CHECKING:
    from ...core.live import Monitor
    from ...core.snapshot.exporting import Progress
    from ...core.snapshot.scope import Scope
    from ..app import CxtopApp

PAINT_EVERY_S = 0.1
_COUNT_AFTER_S = 0.1
_ROOMY = 60


def ask(app: CxtopApp, monitor: Monitor, scopes: Sequence[Scope]) -> None:
    """Ask what is to be exported, and write it; the first of the scopes is proposed."""
    app.push_screen(ExportDialog(monitor, scopes, app.export_screenshot()))


class ExportDialog(ModalScreen[None]):
    """The form; while it writes, how far that is. Esc ends the one as the other."""

    app: CxtopApp  # pyright: ignore[reportIncompatibleMethodOverride, reportUninitializedInstanceVariable]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "write", "write it", id="export.write"),
        Binding("down", "app.focus_next", "next", show=False, id="export.next"),
        Binding("up", "app.focus_previous", "previous", show=False, id="export.previous"),
        Binding("escape", "leave", "leave", id="export.leave"),
    ]

    def __init__(self, monitor: Monitor, scopes: Sequence[Scope], picture: str) -> None:
        super().__init__()
        self._monitor = monitor
        self._scopes = scopes
        self._picture = picture
        self._folder = Path.cwd()
        self._proposed = ""
        self._writing: Worker[None] | None = None
        self._progress: Progress | None = None

    def compose(self) -> ComposeResult:
        """What, as, mask and to, each with what comes of it below."""
        from ...core.snapshot.formats import FORMATS

        forms = [(name, form.title) for name, form in FORMATS.items()]
        forms.append((PICTURE, "SVG, a picture of the screen"))
        scopes = [(str(number), scope.title) for number, scope in enumerate(self._scopes)]
        with Vertical(classes="dialog", id="export"):
            yield Static(content(("Export", "strong")), classes="dialog-title")
            yield Choice("what", scopes, now="0", id="export-scope")
            yield Static(id="export-counts", classes="export-note", markup=False)
            yield Choice("as", forms, now=forms[0][0], id="export-format")
            yield Choice("mask", STRICTNESS, now="default", id="export-mask")
            yield Static(id="export-masked", classes="export-note", markup=False)
            with Horizontal(id="export-to"):
                yield Static(content((f"{'to':<{LABEL}}", "dim")), id="export-label")
                yield PathInput(id="export-path")
            yield Static(id="export-fault", classes="dialog-fault", markup=False)
            yield Panel(id="export-progress")
            yield Static(classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one("#export-progress").display = False
        self._fault("")
        self._propose()
        self._tell_keys()
        self._count()
        self._look()

    # what is chosen

    @property
    def _scope(self) -> Scope:
        return self._scopes[int(self.query_one("#export-scope", Choice).chosen)]

    @property
    def _format(self) -> str:
        return self.query_one("#export-format", Choice).chosen

    @property
    def _strictness(self) -> str:
        return self.query_one("#export-mask", Choice).chosen

    @property
    def _wish(self) -> Wish:
        return Wish(self._scope, self._format, self._strictness)

    @on(Choice.Changed, "#export-scope")
    def _other_scope(self) -> None:
        self._propose()
        self._count()
        self._look()

    @on(Choice.Changed, "#export-format")
    def _other_format(self) -> None:
        # A picture is of the screen, whatever else is chosen.
        for name in ("#export-scope", "#export-mask"):
            self.query_one(name).disabled = self._format == PICTURE
        self._propose()
        self._count()
        self._look()

    @on(Choice.Changed, "#export-mask")
    def _other_mask(self) -> None:
        self._look()

    @on(Input.Changed)
    def _other_path(self) -> None:
        self._fault("")

    def _propose(self) -> None:
        """A name that fits what is chosen, unless another was typed."""
        line = self.query_one(PathInput)
        suffix = self._wish.suffix
        if line.value == self._proposed:
            title = "screen" if self._format == PICTURE else self._scope.title
            proposed = shown(self._folder / file_name(title, self.app.now(), suffix))
            self._proposed = line.value = proposed
        else:
            line.value = with_suffix(line.value, suffix)
        line.cursor_position = len(line.value)

    # what would come of it

    @work(exclusive=True, group="count", exit_on_error=False)
    async def _count(self) -> None:
        note = self.query_one("#export-counts", Static)
        if self._format == PICTURE:
            width, height = self.app.size
            note.update(content((f"as it stands, {width} × {height} characters", "dim")))
            return
        note.update(content(("counting …", "dim")))
        await asyncio.sleep(_COUNT_AFTER_S)
        try:
            wish = self._wish
            counts = await wish.evidence(self._monitor, self.app.now(), whole=True).counts()
        except CxtopError as error:
            note.update(content((error.what, "bad")))
            return
        holds = wish.held()
        inside = {part: number for part, number in counts.parts.items() if part in holds}
        lost = {part: number for part, number in counts.parts.items() if part not in holds}
        about = f" · about {words.size(counts.size)}" if any(inside.values()) else ""
        about = about if counts.exact else f" or more{about}"
        rows: list[Line] = [((told(inside), ""), (about, "dim"))]
        if any(lost.values()):
            rows.append((("▲ ", "warn"), (f"without {told(lost)}", "dim")))
        note.update(lines(rows))

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self) -> None:
        from ...core.snapshot.masking import preview

        note = self.query_one("#export-masked", Static)
        if self._format == PICTURE:
            note.update(content(("what is on screen was masked when it was kept", "dim")))
            return
        if self._strictness == NONE:
            note.update(content(("▲ ", "warn"), ("as it is kept; asks before it writes", "dim")))
            return
        note.update(content(("looking what would be masked …", "dim")))
        await asyncio.sleep(_COUNT_AFTER_S)
        try:
            wish = self._wish
            seen = await preview(
                wish.evidence(self._monitor, self.app.now()), wish.mask(self._monitor)
            )
        except CxtopError as error:
            note.update(content((error.what, "bad")))
            return
        found = masked_words(dict(seen.masked))
        where = "" if seen.complete else f" in {words.amount(seen.looked_at)} looked at"
        note.update(
            content((f"masks {found}{where}" if found else f"nothing left to mask{where}", "dim"))
        )

    # writing

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_write()

    def action_write(self) -> None:
        """Write it, after what has to be asked first."""
        if self._writing is None:
            self._begin()

    @work(exclusive=True, group="begin", exit_on_error=False)
    async def _begin(self) -> None:
        text = self.query_one(PathInput).value.strip()
        path, fault, there = await asyncio.to_thread(look_at, self._folder, text)
        if self._format != PICTURE and not self._wish.held():
            fault = "Nothing of this has room in that form; choose another."
        if fault:
            self._fault(fault)
        elif self._format != PICTURE and self._strictness == NONE:
            self._ask(
                "Write it without masking?",
                "Names, addresses and payloads stand in it as they are kept.",
                "yes, write it as it is",
                lambda: self._sure(path, there),
            )
        else:
            self._sure(path, there)

    def _sure(self, path: Path, there: bool) -> None:
        if not there:
            self._start(path, overwrite=False)
            return
        self._ask(
            "Replace the file?",
            f"{shown(path)} is there already.",
            "yes, replace it",
            lambda: self._start(path, overwrite=True),
        )

    def _ask(self, title: str, note: str, yes: str, do: Callable[[], None]) -> None:
        def answer(key: str | None) -> None:
            if key == "yes":
                do()

        options = [("no", "no, go back"), ("yes", yes)]
        self.app.push_screen(Choose(title, options, now="no", note=note), answer)

    def _start(self, path: Path, *, overwrite: bool) -> None:
        self._progress = None
        self._show_form(False)
        self._writing = self._write(path, overwrite)

    @work(group="write", exit_on_error=False)
    async def _write(self, path: Path, overwrite: bool) -> None:
        painting = self.set_interval(PAINT_EVERY_S, self._paint)
        said, fault = "", "Cancelled; nothing was written."
        try:
            said = await self._written(path, overwrite)
        except CxtopError as error:
            fault = str(error)
        finally:
            painting.stop()
            self._writing = None
            # A leaving app has taken the form apart.
            if not said and self.query(PathInput):
                self._show_form(True)
                self._fault(fault)
        if said:
            self.app.say(said)
            self.dismiss()

    async def _written(self, path: Path, overwrite: bool) -> str:
        if self._format == PICTURE:
            size = await save(
                self._picture, path, overwrite=overwrite, redactor=self._monitor.store.redactor
            )
            return f"Written: {shown(path)} ({words.size(size)}): the screen as a picture."
        from ...core.snapshot.exporting import export

        wish = self._wish
        done = await export(
            wish.evidence(self._monitor, self.app.now()),
            format=self._format,
            mask=wish.mask(self._monitor),
            path=path,
            overwrite=overwrite,
            progress=self._take,
        )
        return written(done, shown(done.path))

    def _take(self, progress: Progress) -> None:
        self._progress = progress

    def action_leave(self) -> None:
        """End the writing, or else leave."""
        if self._writing is not None:
            self._writing.cancel()
        else:
            self.dismiss()

    # painting

    def _show_form(self, form: bool) -> None:
        for widget in self.query("Choice, #export-to, .export-note"):
            widget.display = form
        panel = self.query_one("#export-progress", Panel)
        panel.display = not form
        if form:
            self.query_one("#export-path").focus()
        else:
            self._fault("")
            self._paint()
        self._tell_keys()

    def _paint(self) -> None:
        panel, done = self.query_one("#export-progress", Panel), self._progress
        width = max(8, panel.size.width - 4)
        if done is None:
            panel.tell([(("beginning …", "dim"),), bar(0, width)])
            return
        share = min(1.0, done.done / done.total) if done.total else None
        said = f"{noun(done.part)} · {done.done:,} of {done.total:,}"
        panel.tell([(("writing ", "dim"), (said, "")), bar(share, width)])

    def _tell_keys(self) -> None:
        keys = self.query_one(".dialog-keys", Static)
        if self._writing is not None or self.query_one("#export-progress").display:
            keys.update(content(("esc ", "accent"), ("cancel", "")))
        else:
            roomy = self.app.size.width >= _ROOMY
            on: Line = (("tab ", "accent"), ("next   ", "")) if roomy else ()
            turn: Line = (("⏎ ", "accent"), ("write   ", ""), ("←→ ", "accent"), ("change   ", ""))
            keys.update(content(*turn, *on, ("esc ", "accent"), ("leave", "")))

    def _fault(self, text: str) -> None:
        line = self.query_one("#export-fault", Static)
        line.display = bool(text)
        line.update(content((text, "bad")))
