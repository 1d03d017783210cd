"""For people who write data actions themselves: errors that arrive in one declared shape.

    errors       what a handler may raise, and what its upstream calls raise
    schema       what an action takes, gives, and which error codes it declares
    mapping      which code an exception becomes
    retrying     when an upstream call is tried again, and how its attempts are reported
    answer       what an upstream answered
    connections  the connections to upstreams, shared by all calls of a handler
    upstream     the calls that a handler makes through them
    checking     the input and the output against the schema
    action       `@data_action`, which puts all of it around a function

Import it by itself: it needs httpx, which the capture middleware does without.
"""

from ... import lean as lean  # isort: skip - before anything that imports httpx
from .action import DataAction, data_action
from .answer import UpstreamAnswer
from .errors import (
    ActionError,
    HandlerFaultError,
    UnreadableAnswerError,
    UpstreamError,
    UpstreamStatusError,
    UpstreamThrottledError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from .mapping import STANDARD_CODES, Code
from .retrying import Retrying
from .schema import ActionSchema, ErrorCode, faults_of_schema
from .upstream import BlockingUpstream, Upstream

__all__ = [
    "STANDARD_CODES",
    "ActionError",
    "ActionSchema",
    "BlockingUpstream",
    "Code",
    "DataAction",
    "ErrorCode",
    "HandlerFaultError",
    "Retrying",
    "UnreadableAnswerError",
    "Upstream",
    "UpstreamAnswer",
    "UpstreamError",
    "UpstreamStatusError",
    "UpstreamThrottledError",
    "UpstreamTimeoutError",
    "UpstreamUnreachableError",
    "data_action",
    "faults_of_schema",
]
