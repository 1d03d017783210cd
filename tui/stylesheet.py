"""The styles of the app, read once."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class LastingStylesheet(Stylesheet):
    """Parses what is new, and everything only when the colours are others.

    Textual parses all styles anew whenever a screen appears for the first time, and several times
    before the first frame; with the same variables that gives the same rules.
    """

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parsed_for = variables

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the colours of a theme; rules that were parsed stay while they are the same."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse everything if the variables have changed, else what is new or weighs otherwise."""
        if self._variables != self._parsed_for:
            super().reparse()
            self._parsed_for = self._variables
        else:
            # This keeps the rules of a source that was parsed before, where that is the same.
            self.parse()
