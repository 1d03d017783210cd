import json

import pytest

from cxtop.core.errors import ConfigError
from cxtop.core.live.knownschemas import KnownSchemas, schema_in

INPUT = {"type": "object", "required": ["phone"]}


def write(folder, name, value):
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


def test_nothing_is_known_without_a_folder(tmp_path):
    assert KnownSchemas(tmp_path / "schemas").of("a") is None


@pytest.mark.parametrize("name", ["find%2Fcustomer.json", "another.json"])
def test_a_schema_is_found_by_file_or_by_name(tmp_path, name):
    file = write(tmp_path / "s", name, {"name": "find/customer", "input": INPUT})
    write(tmp_path / "s", "aa-broken.json", "{")
    write(tmp_path / "s", "ab-list.json", [])
    known = KnownSchemas(tmp_path / "s").of("find/customer")
    assert known is not None
    assert (known.file, known.output) == (file, None)
    assert known.input is not None
    assert known.input.fit({}, "$").findings == (("$.phone", "expected a value, found nothing"),)
    assert KnownSchemas(tmp_path / "s").of("else") is None


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"input": 3}', '{"input": {"type": "objekt"}}', '{"a": NaN}', "\udcff"]
)
def test_a_file_of_the_action_that_is_none_is_told(tmp_path, content):
    file = write(tmp_path / "s", "a.json", "")
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as raised:
        KnownSchemas(tmp_path / "s").of("a")
    assert "a.json" in raised.value.what


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    write(tmp_path / "s", "a.json", '"' + "x" * (5 * 1024 * 1024) + '"')
    with pytest.raises(ConfigError):
        KnownSchemas(tmp_path / "s").of("a")


def test_any_schema_in_a_file(tmp_path):
    file = write(tmp_path, "customer.json", {"type": "array"})
    assert schema_in(file).name == "customer"
    with pytest.raises(ConfigError) as raised:
        schema_in(tmp_path / "nowhere.json")
    assert "nowhere.json" in raised.value.what


def test_a_name_too_long_for_a_file_is_told(tmp_path):
    write(tmp_path / "s", "a.json", {"name": "a"})
    with pytest.raises(ConfigError):
        KnownSchemas(tmp_path / "s").of("x" * 300)
