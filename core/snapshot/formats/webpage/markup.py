"""HTML that is put together from elements, so that no text ever becomes markup by mistake."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ....text import safe
from ..jsontext import encode

_VOID = frozenset(("br", "hr", "input", "link", "meta"))


class Markup(str):
    """Text that is HTML already. Made here only."""

    __slots__ = ()


Child = str | Markup | None | Iterable["Child"]


def element(name: str, /, *children: Child, **attributes: object) -> Markup:
    """An element. Children that are no `Markup` are text, made safe and escaped; `None` is left
    out, lists are taken apart. Attributes: `class_` is `class`, other underscores are hyphens,
    `True` has no value, `False` and `None` are left out.
    """
    opening = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        called = key.rstrip("_").replace("_", "-")
        opening.append(called if value is True else f'{called}="{text(str(value))}"')
    tag = f"<{' '.join(opening)}>"
    if name in _VOID:
        return Markup(tag)
    return Markup(f"{tag}{''.join(_flat(children))}</{name}>")


def text(untrusted: str) -> Markup:
    """Any text, such that a page shows it: nothing in it is markup, drives or hides."""
    return Markup(escape(safe(untrusted)))


def island(value: object, **attributes: object) -> Markup:
    """Data for the script of the page: JSON that the browser neither runs nor takes for markup."""
    data = encode(value).decode()
    # These signs stand only within the strings of JSON, where they may be written so.
    inert = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return element("script", Markup(inert), type="application/json", **attributes)


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            yield child if isinstance(child, Markup) else text(child)
        else:
            yield from _flat(child)
