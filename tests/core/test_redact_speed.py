import pytest

from cxtop.core.redact import REDACTOR

_UNITS = r"""
    a a. eyJ eyJa. <a <password> " \ \" % %41 [ ( // = token= token:{ token=" token=\" 1 4111 a[b]
    , - ;a= x@ a=b& ?token=//x {"a": {"token":"x"}, 4111111111111111 &#; + %3D a+%3D
"""
_UNITS_WITH_BLANKS = [
    " ",
    "\t",
    "1 ",
    "4111 ",
    "Bearer ",
    "--token ",
    "Cookie: ",
    "a: [x] ",
    "\n\r",
]


@pytest.mark.parametrize(
    "unit",
    [
        *_UNITS.split(),
        *_UNITS_WITH_BLANKS,
        "name=password value=",
        "<input name=token ",
        "form-data; name=token\r\n",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
@pytest.mark.timeout(30)
def test_no_text_makes_it_slow(unit: str) -> None:
    """Takes well under a second; a rule that takes quadratic time would run into the timeout."""
    text = unit * (100_000 // len(unit))
    for part in (text, '{"a": "' + text, "x: " + text + "!"):
        assert isinstance(REDACTOR.text(part), str)
