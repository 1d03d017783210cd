"""Where files go."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxtop.core.config import Paths, find_paths

ROOT = Paths(Path("/c/config.toml"), Path("/c"), Path("/s"), Path("/d"))


def test_cxtop_home_moves_all_together(tmp_path: Path):
    paths = find_paths({"CXTOP_HOME": str(tmp_path)})
    assert paths.config_file == tmp_path / "config.toml"
    assert paths.config_dir == tmp_path
    assert paths.state_dir == tmp_path / "state"
    assert paths.data_dir == tmp_path / "data"
    assert paths.log_file == tmp_path / "state" / "cxtop.log"


def test_relative_paths_count_from_the_working_folder(tmp_path: Path):
    paths = find_paths({"CXTOP_HOME": "home"}, config_file="c.toml", cwd=tmp_path)
    assert paths.config_dir == tmp_path / "home"
    assert paths.config_file == tmp_path / "c.toml"


def test_without_it_the_operating_system_s_custom():
    paths = find_paths({"CXTOP_HOME": " "})
    assert paths.config_dir == Path(platformdirs.user_config_dir("cxtop", appauthor=False))
    assert paths.state_dir == Path(platformdirs.user_state_dir("cxtop", appauthor=False))


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "../../etc/passwd", "gc:x", "é", "\x00"])
def test_any_name_gives_a_file_in_the_state_folder(name: str):
    assert ROOT.store_file(name).parent == Path("/s/stores")


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_names_never_share_a_store(one: str, other: str):
    first, second = ROOT.store_file(one), ROOT.store_file(other)
    assert (first == second) is (one == other)
    assert first.parent == Path("/s/stores")
    assert len(first.name) < 200
