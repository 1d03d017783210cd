"""A page as an HTML parser reads it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

INERT = "application/json"


@dataclass
class Page:
    """What is in a page: elements by name, attributes, texts, and the data for its script."""

    elements: Counter[str] = field(default_factory=Counter)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    tables: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, list[Any]] = field(default_factory=dict)
    details: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)

    def attribute(self, element: str, name: str) -> list[str]:
        return [value for found, key, value in self.attributes if (found, key) == (element, name)]


def read(data: bytes) -> Page:
    reader = _Reader()
    reader.feed(data.decode())
    reader.close()
    assert not reader.open
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[str] = []
        self._last: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements[tag] += 1
        self._last = {name: value or "" for name, value in attrs}
        self.page.attributes += [(tag, name, value) for name, value in self._last.items()]
        if tag not in ("br", "input", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        within = self.open[-1] if self.open else ""
        if within == "style":
            self.page.styles.append(data)
        elif within == "script" and self._last.get("type") == INERT:
            self._island(json.loads(data))
        elif within == "script":
            self.page.scripts.append(data)
        else:
            self.page.texts.append(data)

    def _island(self, value: Any) -> None:
        if "data-rows" in self._last:
            self.page.rows.setdefault(self._last["data-rows"], []).extend(value)
        elif "data-of" in self._last:
            self.page.details.setdefault(self._last["data-of"], []).append(value)
        else:
            self.page.tables = value
