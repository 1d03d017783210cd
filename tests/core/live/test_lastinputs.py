import json
import stat

import pytest

from cxtop.core.errors import StoreError
from cxtop.core.live.lastinputs import MOST_ACTIONS, MOST_BYTES, MOST_INPUTS, LastInputs
from cxtop.core.redact import REDACTOR


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "inputs.json"


def test_the_last_input_comes_first_and_once(file):
    inputs = LastInputs(file, REDACTOR)
    for number in (1, 2, 1):
        inputs.add("a", {"n": number})
    assert inputs.of("a") == [{"n": 1}, {"n": 2}]
    assert LastInputs(file, REDACTOR).of("a") == [{"n": 1}, {"n": 2}]
    assert inputs.of("b") == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_no_secret_reaches_the_disk(file):
    LastInputs(file, REDACTOR).add("a", {"password": "hunter2-of-mine", "n": 1})
    assert "hunter2" not in file.read_text()
    assert LastInputs(file, REDACTOR).of("a") == [{"password": "[redacted]", "n": 1}]


def test_it_stays_small(file):
    inputs = LastInputs(file, REDACTOR)
    for number in range(MOST_INPUTS + 3):
        inputs.add("a", {"n": number})
    inputs.add("a", {"text": "x" * MOST_BYTES})
    assert [each["n"] for each in inputs.of("a")] == list(range(MOST_INPUTS + 2, 2, -1))
    for number in range(MOST_ACTIONS):
        inputs.add(f"b{number}", {})
    assert len(inputs.actions()) == MOST_ACTIONS
    assert inputs.actions()[0] == f"b{MOST_ACTIONS - 1}"
    assert inputs.of("a") == []


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1, "b": [2]}', "\xff"])
def test_a_damaged_file_is_no_trouble(file, content):
    file.parent.mkdir()
    file.write_text(content)
    inputs = LastInputs(file, REDACTOR)
    assert inputs.of("a") == []
    inputs.add("a", {"n": 1})
    assert json.loads(file.read_text())["a"] == [{"n": 1}]


def test_what_cannot_be_written_is_told(tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StoreError):
        LastInputs(tmp_path / "state" / "inputs.json", REDACTOR).add("a", {})
