"""Lines of values in TOML, and files that are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cxtop.core.config.tomlfile import line_numbers, parse_toml, read_toml
from cxtop.core.errors import ConfigError

TEXT = '''\
# a comment
top = 1

[profiles.a]
x = """
[not.a.table]
y = 1
"""
list = [
  "one",  # [still.no.table]
  "two",
]
in.line = { p = 1, q = 2 }

  [profiles."b c"]
z = 2

[[many]]
one = 1
[[many]]
two = 2
'''


def test_every_key_has_its_line():
    lines = line_numbers(TEXT)
    assert lines[("top",)] == 2
    assert lines[("profiles", "a")] == 4
    assert lines[("profiles", "a", "x")] == 5
    assert lines[("profiles", "a", "list")] == 9
    assert lines[("profiles", "a", "in", "line", "q")] == 13
    assert lines[("profiles", "b c", "z")] == 16
    assert lines[("many",)] == 18
    assert lines[("many", "two")] == 21
    assert ("not", "a", "table") not in lines


def test_windows_line_ends():
    assert line_numbers("a = 1\r\n\r\n[t]\r\nb = 2\r\n")[("t", "b")] == 4


def test_a_key_without_a_line_has_its_table_s(tmp_path: Path):
    path = tmp_path / "c.toml"
    path.write_text("\n[t]\nb = 2\n")
    file = read_toml(path)
    assert file.place(("t", "absent")) == f"{path} line 2"
    assert file.place(("absent",)) == str(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = nope\n", r"c\.toml line 2, column 5 is not valid TOML\. Invalid value\."),
        ("a = 1\na = 2\n", r"c\.toml line 2, column 6 .*Cannot overwrite a value"),
        ('a = "x', r"c\.toml is not valid TOML\. Unterminated string\."),
    ],
)
def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path, text: str, told: str):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=told):
        read_toml(path)


def test_nesting_without_end():
    with pytest.raises(ConfigError, match="nested too deeply"):
        parse_toml(Path("c.toml"), "a = " + "[" * 100_000)


def test_a_missing_file_is_empty(tmp_path: Path):
    file = read_toml(tmp_path / "none.toml")
    assert not file.exists
    assert file.values == {}


def test_files_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(tmp_path)
    path = tmp_path / "c.toml"
    path.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(ConfigError, match=r"line 2 is not UTF-8"):
        read_toml(path)
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="longer than 1 MiB"):
        read_toml(path)
    with pytest.raises(ConfigError, match="is not a file"):
        read_toml(Path(os.devnull))


@pytest.mark.parametrize(("mode", "private"), [(0o600, True), (0o400, True), (0o640, False)])
def test_who_can_read_it(tmp_path: Path, mode: int, private: bool):
    path = tmp_path / "c.toml"
    path.write_text("\ufeffa = 1")
    path.chmod(mode)
    file = read_toml(path)
    assert file.private is private
    assert file.values == {"a": 1}


def test_a_list_of_many_lines_takes_no_longer_than_its_length():
    text = "a = [\n" + '  "x",\n' * 20_000 + "]\nb = 1\n"
    assert line_numbers(text)[("b",)] == 20_003
