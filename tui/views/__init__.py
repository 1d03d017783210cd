"""Content views: ways to look at one side of an exchange.

    side        a request or a response
    protocol    what a view is
    lazylines   lines that are made when they are looked at
    payload     a body as text, bytes or JSON
    jsontext    JSON written for the eye
    tags        markup in tokens
    fields      names in a column, values beside them
    pretty, raw, headers, form, markup, hex, diagnosis: a view each

A view is chosen by itself (`best`) or by name; what cannot be shown in the view that somebody
asked for is a `ViewError`, to be shown in its place.
"""

from ...core.errors import ViewError
from .diagnosis import Diagnosis, error_lines, told
from .form import Form
from .headers import Headers
from .hex import Hex
from .lazylines import HEAD, FixedLines, Lines
from .markup import Markup
from .payload import json_of
from .pretty import Pretty
from .protocol import ContentView
from .raw import Raw
from .side import Side, Which

RAW = Raw()
VIEWS: tuple[ContentView, ...] = (
    Pretty(),
    RAW,
    Headers(),
    Form(),
    Markup(),
    Hex(),
    Diagnosis(),
)


def best(side: Side) -> ContentView:
    """The view that suits this side most; raw where none does."""
    return max(VIEWS, key=lambda view: view.suits(side))


def look(
    side: Side, name: str | None = None, *, whole: bool = False, width: int = 80
) -> tuple[ContentView, Lines]:
    """The side in the view of this name, or in the one that suits; and which view that is.

    Takes its time with large bodies, so call it in a thread. Raises ViewError for a view that was
    asked for by name; one that was chosen by itself gives way to raw.
    """
    if name is not None:
        view = by_name(name)
        return view, view.lines(side, whole=whole, width=width)
    view = best(side)
    try:
        return view, view.lines(side, whole=whole, width=width)
    except ViewError:
        return RAW, RAW.lines(side, whole=whole, width=width)


def by_name(name: str) -> ContentView:
    """The view of this name. Raises ViewError when there is none."""
    for view in VIEWS:
        if view.name == name:
            return view
    names = ", ".join(view.name for view in VIEWS)
    raise ViewError(f"There is no view {name}.", fix=f"There are {names}.")


__all__ = [
    "HEAD",
    "VIEWS",
    "ContentView",
    "FixedLines",
    "Lines",
    "Side",
    "ViewError",
    "Which",
    "best",
    "by_name",
    "error_lines",
    "json_of",
    "look",
    "told",
]
