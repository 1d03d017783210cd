"""What an answer really is (contract §4): pure functions of status, headers and bytes.

    answers     the order of the outcomes: `diagnose`
    exchanges   the same for what was captured in a service: `diagnose_exchange`
    content     a body as bytes or text → a JSON value, or what it is instead
    brokenjson  where JSON breaks, and whether it was cut off
    refusals    what a status from 300 on means
    complaints  the deepest message in an error body
    envelopes   execute answers and handler answers: what is in them
    expecting   what an answer is held against
    tokens      the Cognigy profile token and its state
    schemas     any JSON Schema
    wording     quoting and naming what came

Nothing here raises for anything that a body, header or status can hold. Messages quote little of
it and never a secret that can be known as one; `Diagnosis.result` is the data itself.
"""

from .answers import diagnose
from .exchanges import diagnose_exchange
from .expecting import ANY, EXECUTE, HANDLER, Expectation, Fit, Form, Shape
from .schemas import JsonSchema
from .tokens import ProfileToken, TokenReading, TokenState, token_of

__all__ = [
    "ANY",
    "EXECUTE",
    "HANDLER",
    "Expectation",
    "Fit",
    "Form",
    "JsonSchema",
    "ProfileToken",
    "Shape",
    "TokenReading",
    "TokenState",
    "diagnose",
    "diagnose_exchange",
    "token_of",
]
