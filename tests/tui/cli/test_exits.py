"""Which error is which exit code, and how it is told."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from cxtop.core.errors import (
    AnswerError,
    AuthenticationError,
    CaptureError,
    CircuitOpenError,
    ConfigError,
    CxtopError,
    ExportError,
    ExportExistsError,
    FilterError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    SecretError,
    SnapshotError,
    SourceError,
    StoreLockedError,
    UnreachableError,
)
from cxtop.tui.cli import exits
from cxtop.tui.cli.command import cxtop


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 2),
        (SecretError("x"), 2),
        (CaptureError("x"), 2),
        (SourceError("x"), 2),
        (ExportExistsError("x"), 2),
        (ExportError("x"), 74),
        (SnapshotError("x"), 4),
        (FilterError("x", position=0), 2),
        (AuthenticationError("x"), 3),
        (ForbiddenError("x"), 3),
        (NotFoundError("x"), 4),
        (AnswerError("x"), 4),
        (RateLimitError("x"), 4),
        (UnreachableError("x"), 4),
        (CircuitOpenError("x"), 4),
        (StoreLockedError("x"), 74),
    ],
)
def test_the_code_of_an_error(error: CxtopError, code: int) -> None:
    assert exits.code_of(error) == code


@pytest.mark.parametrize(
    ("codes", "code"), [([], 0), ([0, 0], 0), ([0, 1], 1), ([1, 5], 5), ([4, 5, 1], 4), ([4, 3], 3)]
)
def test_of_several_the_worst_counts(codes: list[int], code: int) -> None:
    assert exits.worst(codes) == code


def test_the_error_in_a_group_is_found() -> None:
    broken, cause = BrokenPipeError(), ConfigError("x")
    assert exits.leaf(ExceptionGroup("a", [ExceptionGroup("b", [broken])])) is broken
    assert exits.leaf(ExceptionGroup("a", [broken, cause])) is cause
    assert exits.leaf(cause) is cause


def test_sentences_stand_on_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    error = AnswerError("No\x1b[2J.", why="A\nB.", fix="Do it.", correlation_id="c-1")
    exits.tell(error, subject="run")
    assert capsys.readouterr().err == ("✖ run: No␛[2J.\n  A B.\n  Do it.\n  Correlation id: c-1\n")


@pytest.mark.parametrize(
    ("command", "one"),
    [
        ("watch", "a run ended otherwise than completed"),
        ("health", "an action is above its threshold"),
        ("execute", "the answer is not good"),
        ("correlate", "nothing is known of it"),
        ("errors", None),
    ],
)
def test_the_help_tells_what_a_commands_codes_mean(command: str, one: str | None) -> None:
    told = CliRunner().invoke(cxtop, [command, "--help"]).output
    lines = [line.split(maxsplit=1) for line in told.partition("Exit codes:\n")[2].splitlines()]
    codes = {int(code): meaning for code, meaning in lines}
    assert codes[exits.OK] == "all is well"
    assert codes.get(exits.ENDED_OTHERWISE) == one
    assert (exits.TIMED_OUT in codes) == (command == "watch")
