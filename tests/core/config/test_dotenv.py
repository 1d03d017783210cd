"""`.env` files as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.config.dotenv import parse_dotenv, read_dotenv
from cxtop.core.errors import ConfigError


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("export A=b", "b"),
        ("  A = b  ", "b"),
        ("A=", ""),
        ("A=#c", ""),
        ("A=b # c", "b"),
        ("A=b#c", "b#c"),
        ("A='b # c' # d", "b # c"),
        (r"A='b\n'", r"b\n"),
        (r'A="b\n\"c\" \\ \$d \q"', 'b\n"c" \\ $d \\q'),
        ("A=b=c", "b=c"),
        ("A=$B", "$B"),
        ('A="b\nc"', "b\nc"),
        ("A='b\r\nc'", "b\nc"),
        ("A=1\nA=2", "2"),
    ],
)
def test_values(line: str, value: str):
    assert parse_dotenv(line)["A"][0] == value


def test_lines_are_counted_over_values_of_several_lines():
    text = "# top\nA='x\ny'\n\nnot an assignment\nB=2\n"
    assert parse_dotenv(text) == {"A": ("x\ny", 2), "B": ("2", 6)}


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quote_that_never_ends(quote: str):
    with pytest.raises(ConfigError, match=r"^\.env line 2: the value of A .* never ends"):
        parse_dotenv(f"B=1\nA={quote}x\ny\n")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'")))
def test_any_text_survives_in_single_quotes(text: str):
    assert parse_dotenv(f"A='{text}'")["A"][0] == text


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str):
    try:
        found = parse_dotenv(text)
    except ConfigError as error:
        assert "never ends" in str(error)  # noqa: PT017 - both ways are right
    else:
        assert all(1 <= line <= len(text) + 1 for _, line in found.values())


def test_what_is_no_file_is_none(tmp_path: Path):
    assert read_dotenv(tmp_path / ".env").values == {}
    (tmp_path / "file").write_text("A=1")
    assert read_dotenv(tmp_path / "file" / ".env").values == {}
    (tmp_path / ".env").mkdir()
    assert read_dotenv(tmp_path / ".env").values == {}


def test_a_file_of_an_editor_with_bom(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfA=1\r\n")
    path.chmod(0o644)
    found = read_dotenv(path)
    assert found.values == {"A": ("1", 1)}
    assert not found.private


def test_files_that_cannot_be_read(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_bytes(b"A=1\nB=\xff\n")
    with pytest.raises(ConfigError, match=r"\.env line 2 is not UTF-8"):
        read_dotenv(path)
    path.write_bytes(b"A" * (256 * 1024 + 1))
    with pytest.raises(ConfigError, match="longer than 256 KiB"):
        read_dotenv(path)
    path.unlink()
    path.symlink_to(path)
    with pytest.raises(ConfigError, match=r"cannot be read.*symbolic links"):
        read_dotenv(path)
