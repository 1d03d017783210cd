from pathlib import Path

import pytest

from cxtop.core.errors import InputError
from cxtop.tui.cli.reading import MOST_BYTES, text_of


def test_a_file_without_its_mark(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"n": "ü"}', encoding="utf-8-sig")
    assert text_of(str(tmp_path / "a.json")) == '{"n": "ü"}'


def test_json_as_it_stands() -> None:
    assert text_of(' {"n": 1}', inline=True) == ' {"n": 1}'
    with pytest.raises(InputError):
        text_of('{"n": 1}')


@pytest.mark.parametrize("name", ["nowhere.json", "", "\0", "."])
def test_what_is_no_file(name: str) -> None:
    with pytest.raises(InputError) as raised:
        text_of(name, inline=True)
    assert "JSON object" in raised.value.fix


def test_what_is_no_text_and_what_is_too_much(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'{"name": "J\xfcrgen"}')
    with pytest.raises(InputError) as raised:
        text_of(str(file))
    assert "Byte 12" in raised.value.why
    file.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(InputError):
        text_of(str(file))
