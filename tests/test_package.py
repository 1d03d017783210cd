"""What is shipped, and what loads what."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from itertools import chain
from pathlib import Path

import pexpect
import pytest

ROOT = Path(__file__).parent.parent


def packages() -> set[str]:
    found = {"cxtop"}
    for top in ("core", "tui"):
        for init in (ROOT / top).rglob("__init__.py"):
            found.add(".".join(("cxtop", *init.parent.relative_to(ROOT).parts)))
    return found


def core_modules() -> list[str]:
    names = []
    for path in sorted((ROOT / "core").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names.append(".".join(("cxtop", *(part for part in parts if part != "__init__"))))
    return [name for name in names if not name.endswith("__main__")]


def assets() -> set[str]:
    """What the code reads beside itself."""
    found = [path for folder in ("core", "tui") for path in (ROOT / folder).rglob("*")]
    read = [path for path in found if path.suffix in (".css", ".js")]
    return {"screens.tcss", *(str(path.relative_to(ROOT)) for path in read)}


def test_every_package_is_named() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert set(named) == packages()


def test_no_module_lies_in_the_root() -> None:
    assert not list(ROOT.glob("*.py"))


def test_the_core_loads_no_screen() -> None:
    script = (
        "import importlib, json, sys\n"
        f"for name in {core_modules()!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"textual", "rich"} & set(json.loads(run.stdout))


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("cxtop.tui.cli", {"textual", "httpx", "pydantic", "click"}),
        ("cxtop.core.config", {"pydantic", "httpx", "keyring", "fastapi", "sqlite3"}),
    ],
)
def test_what_starts_loads_nothing_heavy(module: str, heavy: set[str]) -> None:
    script = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not heavy & set(json.loads(run.stdout))


def test_the_first_frame_needs_nothing_heavy(tmp_path: Path) -> None:
    """All that is loaded when the app asks for its monitor, which it does once it has painted."""
    (tmp_path / "config.toml").write_text('[profiles.p]\nregion = "us-east-1"\n')
    script = """
import gc, json, sys
from contextlib import asynccontextmanager
from cxtop.core.config import choose
from cxtop.core.errors import ConfigError
from cxtop.tui.app import CxtopApp, Launch, Refusal

@asynccontextmanager
async def opened(name):
    painted = app.screen.query_one("RoomRule").size.width > 0
    print(json.dumps([painted, gc.isenabled(), sorted(sys.modules)]), file=sys.__stdout__)
    raise Refusal(ConfigError("This is enough."))
    yield

gc.disable()
choice = choose()
app = CxtopApp(Launch(open=opened, profile=choice.name, platform=lambda _: choice.place))
app.run(headless=True)
"""
    home = {**os.environ, "CXTOP_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", script],
        env=home,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    painted, collected, loaded = json.loads(run.stdout)
    assert painted
    assert collected
    heavy = "pydantic httpx sqlite3 fastapi tenacity uvicorn aiohttp msgspec keyring tree_sitter"
    assert not {*heavy.split(), "numpy", "jsonschema", "click"} & set(loaded)


def test_rooms_are_small() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for top in ("core", "tui")
        for path in (ROOT / top).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 500
    }
    assert not long


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    assert len(wanted) > 15
    for line in text.splitlines():
        if any(f'"{name}"' in line for name in wanted):
            assert "#" in line, line


def test_constraints_hold_versions_only() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"#.*|[\w.\-]+==[\w.]+", line), line


@pytest.mark.timeout(300)
def test_the_wheel_runs_in_an_empty_environment(tmp_path: Path) -> None:
    def run(*command: str | Path) -> str:
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert {f"cxtop/{name}" for name in assets()} <= set(packed.namelist())
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    quiet = ("--quiet", "--disable-pip-version-check")
    run(python, "-m", "pip", "install", *quiet, "-c", ROOT / "constraints.txt", wheel)
    cxtop = tmp_path / "env" / "bin" / "cxtop"
    assert run(cxtop, "--version").startswith("cxtop ")

    home = {
        "CXTOP_HOME": str(tmp_path / "home"),
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
    }
    app = pexpect.spawn(str(cxtop), env=home, cwd=str(tmp_path), dimensions=(40, 120), timeout=20)  # pyright: ignore[reportArgumentType]
    app.expect("Welcome to cxtop")
    app.send("\x03")
    app.expect(pexpect.EOF)
    app.close()
    assert app.exitstatus == 0
