"""How the service answers: JSON in the form of a handler's answer, and a page about itself."""

from __future__ import annotations

import json
import math
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

_METHODS = ("get", "post", "put", "delete", "patch")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#8881;padding:1rem;overflow:auto}h2{margin-top:2.5rem}code{font-size:95%}"
)
_CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class Json(Response):
    """JSON that any reader takes: in ASCII, and null for what JSON has no word for."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The bytes of `content`."""
        try:
            return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")
        except ValueError:
            return json.dumps(_finite(content), separators=(",", ":")).encode("ascii")


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Json:
    """`{"success": false, "error": {code, message, details}}` (contract §6)."""
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = details
    return Json({"success": False, "error": error}, status, headers)


def page(openapi: dict[str, Any]) -> HTMLResponse:
    """What an OpenAPI document says, to be read by people. It loads nothing from anywhere."""
    info = openapi["info"]
    parts = [f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"]
    for path, methods in openapi["paths"].items():
        for method in _METHODS:
            if (operation := methods.get(method)) is not None:
                parts.append(_operation(path, method, operation))
    parts.append("<h2>Schemas</h2>")
    for name, schema in openapi.get("components", {}).get("schemas", {}).items():
        text = escape(json.dumps(schema, indent=2))
        parts.append(f"<details><summary>{escape(name)}</summary><pre>{text}</pre></details>")
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>{''.join(parts)}"
        '<p>As a document: <a href="openapi.json">openapi.json</a></p></html>'
    )
    return HTMLResponse(body, headers={"Content-Security-Policy": _CSP})


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<li><code>{escape(status)}</code> {escape(answer.get('description', ''))}</li>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p><ul>{rows}</ul>"
    )


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
