"""What kind of file it is."""

import json

import pytest

from cxtop.core.sources.recognise import LOOK, Kind, recognise

from .support import lines, make_line
from .test_foreign import SEVEN
from .test_har import entry, har

FOREIGN = json.dumps(SEVEN).encode() + b"\n"


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (lines(0, 2), Kind.CAPTURE),
        (b"\xef\xbb\xbf" + lines(0, 2), Kind.CAPTURE),
        (b"nonsense\n{}\n" + lines(0, 1), Kind.CAPTURE),
        (FOREIGN, Kind.FOREIGN),
        (b'{"event": "started"}\n' + FOREIGN, Kind.FOREIGN),
        (har(entry()), Kind.HAR),
        (json.dumps(json.loads(har(entry())), indent=2).encode(), Kind.HAR),
        (b"", None),
        (make_line()[:-1], None),
        (b"text\n" * 3, None),
    ],
)
def test_kinds(beginning, kind):
    assert recognise(beginning, whole=True) is kind


def test_when_enough_was_seen_it_is_decided():
    assert recognise(b'{"event": "x"}\n' * 5000, whole=False) is Kind.FOREIGN
    assert recognise(b"127.0.0.1 - GET /\n" * 5000, whole=False) is Kind.UNKNOWN
    assert recognise(b'{"id": "' + b"x" * LOOK, whole=False) is Kind.CAPTURE
