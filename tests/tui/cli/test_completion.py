"""Shell completion."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from .support import CXTOP, Cli, write_config


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(alone: Cli, shell: str) -> None:
    done = alone("completion", shell)
    assert done.code == 0
    assert "_CXTOP_COMPLETE" in done.out
    if path := shutil.which(shell):
        subprocess.run([path, "-n"], input=done.out, text=True, check=True, timeout=20)


def complete(cli: Cli, *words: str) -> list[str]:
    done = subprocess.run(
        [CXTOP],
        env={
            **cli.environment,
            "_CXTOP_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("cxtop", *words)),
            "COMP_CWORD": str(len(words)),
        },
        cwd=cli.home,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_commands_and_options(alone: Cli) -> None:
    assert complete(alone, "wa") == ["watch"]
    assert "errors" in complete(alone, "")
    assert "--timeout" in complete(alone, "watch", "--t")
    assert "--theme" in complete(alone, "--the")
    assert complete(alone, "config", "i") == ["init"]


def test_profiles(alone: Cli) -> None:
    write_config(
        alone.home, '[profiles.acme]\nregion = "eu-west-1"\n[profiles.beta]\nregion = "us-east-1"\n'
    )
    assert complete(alone, "watch", "--profile", "") == ["acme", "beta"]
    assert complete(alone, "watch", "--profile", "b") == ["beta"]
    assert complete(alone, "--profile", "a") == ["acme"]
    other = write_config(alone.home, '[profiles.gamma]\nregion = "eu-west-1"\n').rename(
        alone.home / "other.toml"
    )
    assert complete(alone, "watch", "--config", other.name, "-p", "") == ["gamma"]


def test_a_broken_configuration_completes_nothing(alone: Cli) -> None:
    write_config(alone.home, "this is no TOML")
    assert complete(alone, "watch", "--profile", "") == []
