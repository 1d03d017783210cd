"""The head of config.toml."""

from __future__ import annotations

import pytest

from cxtop.core.errors import ConfigError

from .support import Place


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("theem = 'x'", r"line 1: there is no setting theem\. Did you mean theme\?"),
        ("theme = 5", r"line 1: theme does not fit\. Allowed: a text in quotes\."),
        ("theme = ''", r"line 1: theme does not fit"),
        ("default_profile = 'x'", r'line 1: there is no profile "x"\. Allowed: none yet\.'),
        ("profiles = 1", r"line 1: profiles is a table, not a value\."),
        ("[profiles]\na = 1", r"line 2: profiles\.a is a table, not a value\."),
        ("[profiles.'a b']", r'line 1: "a b" is no name for a profile\. Allowed: up to 64'),
        ("[profiles.'../x']", r"line 1: .* is no name for a profile"),
        ("keys = 1", r"line 1: keys is a table"),
        ("[keys]\nquit = ['q']", r'line 2: keys\.quit does not fit\. .*"ctrl\+r"'),
        ("[redact]\nname = ['q']", r"line 2: .*redact\.name\. Did you mean names\?"),
        ("[redact]\nhint = 1", r"line 2: redact\.hint does not fit\. Allowed: true, false\."),
        ("[redact]\nnames = 'a'", r"line 2: redact\.names does not fit\. Allowed: a list"),
        ("[redact]\nnames = ['']", r"line 2: redact\.names does not fit"),
        ("[redact]\npatterns = ['(']", r'line 2: "\(" is no pattern\. Missing \), unterminated'),
    ],
)
def test_mistakes(place: Place, text: str, told: str):
    place.config(text + "\n")
    with pytest.raises(ConfigError, match=told) as caught:
        place.load()
    assert str(caught.value).startswith(str(place.config_file))
