"""What a notifier needs to see where there is no monitor."""

from __future__ import annotations

from ..config import Profile
from ..models import ActionRun, RateBudget, RunView, WatchState
from ..store import Store
from .changes import Changes
from .session import Session


class Lookout:
    """The runs that a command watches, as notices are given of them; `see` takes in each poll."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._views: dict[str, RunView] = {}
        self.changes = Changes()

    @property
    def profile(self) -> Profile:
        """The profile of the session."""
        return self._session.profile

    @property
    def store(self) -> Store:
        """The store of the session."""
        return self._session.store

    @property
    def budget(self) -> RateBudget:
        """The calls that the platform still allows."""
        return self._session.link.budget

    @property
    def health(self) -> None:
        """No action's health is watched."""
        return

    def views(self) -> list[RunView]:
        """Every run that was polled."""
        return list(self._views.values())

    def view(self, run_id: str) -> RunView | None:
        """One run, `None` when it was not polled yet."""
        return self._views.get(run_id)

    def expect(self, run_id: str) -> None:
        """A poll of the run is about to be kept."""
        self._views.setdefault(run_id, RunView(run_id=run_id))

    async def see(self, run: ActionRun) -> None:
        """Takes in a poll that is kept. Raises StoreError."""
        self._views[run.run_id] = RunView(
            run_id=run.run_id,
            state=WatchState.ENDED if run.status.terminal else WatchState.LIVE,
            run=run,
            errors_kept=await self.store.error_count(run.run_id),
            # No more of them is fetched here: what is kept is all that there is to wait for.
            errors_complete=True,
        )
        self.changes.post("run", run.run_id)
        self.changes.post("budget")
