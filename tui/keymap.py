"""Which key does what, and changing it.

Every binding has an id such as `runs.add`. The `[keys]` table of the config file gives an id
other keys; two bindings of one place that would share a key are an error that names both.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from textual.binding import Binding, BindingType

from ..core.errors import ConfigError

EVERYWHERE = "everywhere"


class Key(NamedTuple):
    """A binding as the help shows it: its id, the keys, what it does, where it works."""

    id: str
    keys: str
    does: str
    where: str


def keys_of(where: str, bindings: Iterable[BindingType]) -> list[Key]:
    """The bindings that have an id, as they are by default."""
    return [
        Key(binding.id, binding.key, binding.description, where)
        for binding in bindings
        if isinstance(binding, Binding) and binding.id
    ]


def checked(keymap: Mapping[str, str], known: Iterable[Key]) -> dict[str, str]:
    """The keymap as it may be used.

    `known` are all bindings there are. Raises ConfigError for an id that does not exist and for
    a key that two bindings of one place, or one of a place and one that works everywhere, share.
    """
    by_id = {key.id: key for key in known}
    for name in keymap:
        if name not in by_id:
            near = difflib.get_close_matches(name, by_id, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise ConfigError(
                f"[keys] names {name}, which does nothing in cxtop.",
                fix=f"{hint}The help (?) lists the id of every key.",
            )
    changed = {name for name, keys in keymap.items() if keys != by_id[name].keys}
    taken: dict[tuple[str, str], Key] = {}
    for key in by_id.values():
        for one in map(str.strip, keymap.get(key.id, key.keys).split(",")):
            places = {place for place, taken_key in taken if taken_key == one}
            here = places if key.where == EVERYWHERE else places & {key.where, EVERYWHERE}
            for other in (taken[place, one] for place in here):
                if {key.id, other.id} & changed:
                    raise ConfigError(
                        f"[keys] gives {one} to both {other.id} ({other.does}) and "
                        f"{key.id} ({key.does}).",
                        fix="Give one of them another key.",
                    )
            taken[key.where, one] = key
    return dict(keymap)


def bindings_of(key: Key, keymap: Mapping[str, str]) -> list[Binding]:
    """One binding for each key that does this, as the keymap has it."""
    keys = keymap.get(key.id) or key.keys
    return [Binding(one.strip(), "", "") for one in keys.split(",")]
