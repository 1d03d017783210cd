"""Exchanges for the views to look at."""

from datetime import UTC, datetime
from typing import Any

from cxtop.core.models import Body, BodyKind, Exchange
from cxtop.tui.ink import Line
from cxtop.tui.views import Side, Which, by_name

AT = datetime(2026, 3, 4, 14, 31, 22, tzinfo=UTC)


def exchange(**fields: Any) -> Exchange:
    given = {
        "id": "x-1",
        "at": AT,
        "method": "POST",
        "url": "https://svc.example/dataaction/webhook",
        "status": 200,
        "duration_ms": 80.0,
    }
    return Exchange.model_validate({**given, **fields})


def answer(body: Body, **fields: Any) -> Side:
    return Side(exchange(response=body, **fields), "response")


def question(body: Body, **fields: Any) -> Side:
    return Side(exchange(request=body, **fields), "request")


def text_body(text: str, content_type: str = "", **rest: Any) -> Body:
    size = len(text.encode("utf-8", "surrogatepass"))
    given = {"kind": BodyKind.TEXT, "content_type": content_type, "size": size, "value": text}
    return Body.model_validate({**given, **rest})


def json_body(value: Any, **rest: Any) -> Body:
    given = {"kind": BodyKind.JSON, "content_type": "application/json", "size": 1, "value": value}
    return Body.model_validate({**given, **rest})


def told(line: Line) -> str:
    return "".join(text for text, _ in line)


def seen(side: Side, name: str, *, whole: bool = False, width: int = 80) -> list[str]:
    return [told(line) for line in by_name(name).lines(side, whole=whole, width=width)]


SIDES: tuple[Which, Which] = ("request", "response")
