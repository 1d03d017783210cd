from __future__ import annotations

import pytest

from cxtop.core.capture.failure import failure_of
from cxtop.core.errors import ConfigError
from cxtop.core.redact import REDACTOR


def deep(levels: int) -> None:
    if levels:
        deep(levels - 1)
    raise ConfigError("The password=canary-5eaf00d is wrong.")


def test_type_message_and_frames_are_kept() -> None:
    with pytest.raises(ConfigError) as caught:
        deep(0)
    failure = failure_of(caught.value, REDACTOR, skip=1)
    assert failure.type == "cxtop.core.errors.ConfigError"
    assert failure.message == "The password=[redacted] is wrong."
    assert [frame.function for frame in failure.frames] == ["deep"]
    assert failure.frames[0].file == __file__
    assert failure.frames[0].line is not None


def test_of_many_frames_the_ends_are_kept() -> None:
    with pytest.raises(ConfigError) as caught:
        deep(300)
    frames = failure_of(caught.value, REDACTOR).frames
    assert len(frames) == 101
    assert "202 frames" in frames[50].function
    assert frames[0].function == "test_of_many_frames_the_ends_are_kept"


def test_a_message_that_cannot_be_had_is_said() -> None:
    class SullenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    failure = failure_of(SullenError(), REDACTOR)
    assert failure.message == "(its message cannot be had: RuntimeError)"
    assert failure.type.endswith("SullenError")


def test_a_builtin_goes_by_its_name_and_a_long_message_is_clipped() -> None:
    failure = failure_of(ValueError("x" * 100_000), REDACTOR)
    assert failure.type == "ValueError"
    assert failure.frames == ()
    assert len(failure.message) == 8000
