"""Changing keys, and what may not be changed."""

import pytest

from cxtop.core.errors import ConfigError
from cxtop.tui.app import CxtopApp
from cxtop.tui.keymap import Key, checked

KNOWN = [
    Key("app.help", "question_mark,f1", "help", "everywhere"),
    Key("runs.add", "a", "add", "runs"),
    Key("runs.sort", "o", "sort", "runs"),
    Key("errors.sort", "o", "sort", "errors"),
]


def test_an_action_takes_another_key() -> None:
    assert checked({"runs.add": "A"}, KNOWN) == {"runs.add": "A"}


def test_the_same_key_may_serve_two_places() -> None:
    assert checked({"errors.sort": "a"}, KNOWN) == {"errors.sort": "a"}


@pytest.mark.parametrize(
    ("keymap", "named"),
    [
        ({"runs.add": "o"}, ["runs.add", "runs.sort"]),
        ({"runs.add": "f1"}, ["runs.add", "app.help"]),
        ({"app.help": "a"}, ["app.help", "runs.add"]),
    ],
)
def test_a_clash_names_both(keymap: dict[str, str], named: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(keymap, KNOWN)
    assert all(name in str(caught.value) for name in named)


def test_an_unknown_id_gets_a_suggestion() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean runs\.add"):
        checked({"runs.ad": "x"}, KNOWN)


def test_the_keys_of_cxtop_do_not_clash_by_themselves() -> None:
    known = CxtopApp.all_keys()
    assert len({key.id for key in known}) == len(known)
    assert checked({key.id: key.keys for key in known}, known)
