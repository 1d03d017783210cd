"""An exchange in the forms that people paste elsewhere."""

from __future__ import annotations

import shlex

from ..core.models import BodyKind, Exchange
from ..core.snapshot.formats.harentry import body_text, har_entry
from ..core.snapshot.formats.jsontext import pretty

FORMS = (("curl", "as a curl command"), ("json", "as JSON"), ("har", "as a HAR entry"))
_LEFT_OUT = {"content-length", "host", "connection", "transfer-encoding", "accept-encoding"}


def copy_as(exchange: Exchange, form: str) -> str:
    """The exchange as `curl`, `json` or `har`; what was masked stays masked."""
    if form == "curl":
        return curl(exchange)
    if form == "har":
        return pretty(har_entry(exchange))
    return exchange.model_dump_json(indent=2, exclude_defaults=True)


def curl(exchange: Exchange) -> str:
    """A command that sends the request again."""
    parts = ["curl", "-X", exchange.method or "GET", exchange.url]
    for name, value in exchange.request_headers:
        if name.lower() not in _LEFT_OUT:
            parts += ["-H", f"{name}: {value}"]
    if exchange.request.kind is not BodyKind.NONE:
        parts += ["--data-binary", body_text(exchange.request)]
    words = [shlex.quote(part) for part in parts]
    lines = [" ".join(words[:4])]
    lines += [" ".join(words[at : at + 2]) for at in range(4, len(words), 2)]
    return " \\\n  ".join(lines)
