"""One call to the platform with its token, its retries, its recorded attempts and its budget."""

from .. import lean as lean  # isort: skip - before anything that imports httpx
from .answer import Answer
from .caller import Caller
from .request import UNSET, Request, segment

__all__ = ["UNSET", "Answer", "Caller", "Request", "segment"]
