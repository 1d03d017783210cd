"""A notice as a message for a Slack incoming webhook, within Slack's limits (contract §7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...text import safe
from .notice import SAMPLES, CodeCount, Notice, Occasion, Sample

MOST_BLOCKS = 50
LONGEST_HEADER = 150
LONGEST_SECTION = 3000

MOST_TEXT = 9000
"""Slack also refuses messages that are too long as a whole, at about 11,000 characters."""

_TITLES = {"cxone": "CXone"}
_LONGEST_CODE = 100
_LONGEST_ID = 80
_LONGEST_SENTENCE = 600
# From what is best to read down to what always fits: samples a code, characters a message.
_LEVELS = ((SAMPLES, 600), (SAMPLES, 200), (SAMPLES, 80), (1, 80), (0, 0))


@dataclass(frozen=True, slots=True)
class _Part:
    """The section of one code; `cut` counts its messages that were shortened."""

    text: str
    samples: int
    cut: int


def message(notice: Notice) -> dict[str, Any]:
    """`{text, blocks}` for the webhook. What does not fit is counted in its last line."""
    title = f"{_TITLES.get(notice.platform, 'Genesys')} Data Action Alert: {safe(notice.status)}"
    head = _summary(notice)
    parts, left_out = _fitting(notice, MOST_TEXT - size(head) - LONGEST_HEADER)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": cut(title, LONGEST_HEADER)}},
        _section(head),
        *(_section(part.text) for part in parts),
    ]
    if left_out:
        blocks.append(_section(left_out))
    first = f"{title}: {notice.sentence}"
    return {"text": escaped(first, _LONGEST_SENTENCE), "blocks": blocks}


def _summary(notice: Notice) -> str:
    lines = [escaped(notice.sentence, _LONGEST_SENTENCE)]
    if notice.subject:
        lines.append(f"*Id:* {escaped(notice.subject, 300)}")
    if notice.name and notice.name != notice.subject:
        lines.append(f"*Name:* {escaped(notice.name, 300)}")
    if notice.total_errors is not None:
        lines.append(f"*Total errors:* {notice.total_errors:,}")
    lines.append(f"*Status:* {escaped(notice.status, 100)}")
    lines.append(f"*Profile:* {escaped(notice.profile, 100)} · {notice.at:%Y-%m-%d %H:%M:%S} UTC")
    return "\n".join(lines)


def _fitting(notice: Notice, room: int) -> tuple[list[_Part], str]:
    """As many codes as there may be, as fully as there is room; and what is not said."""
    codes = notice.codes
    # What is told of an action are its executions, not records of a run.
    noun = "error" if notice.occasion is Occasion.HEALTH else "record"
    most = MOST_BLOCKS - 3  # the header, the summary, and the line of what is left out
    parts: list[_Part] = []
    for samples, length in _LEVELS:
        parts = [_part(code, noun, samples, length) for code in codes[:most]]
        if sum(size(part.text) for part in parts) <= room - 300:
            break
    while parts and sum(size(part.text) for part in parts) > room - 300:
        parts.pop()
    return parts, _left_out(codes, parts, noun)


def _part(code: CodeCount, noun: str, samples: int, length: int) -> _Part:
    lines = [f"*{escaped(code.code, _LONGEST_CODE)}* · {_plural(code.count, noun)}"]
    shown = code.samples[:samples]
    lines += [_line(sample, length) for sample in shown]
    shortened = sum(size(_escape(safe(sample.message))) > length for sample in shown)
    return _Part("\n".join(lines), len(shown), shortened)


def _line(sample: Sample, length: int) -> str:
    return f"• {escaped(sample.record_id, _LONGEST_ID)}: {escaped(sample.message, length)}"


def _left_out(codes: Sequence[CodeCount], parts: Sequence[_Part], noun: str) -> str:
    hidden = codes[len(parts) :]
    told: list[str] = []
    if hidden:
        records = sum(code.count for code in hidden)
        told.append(f"{_plural(len(hidden), 'more code')} with {_plural(records, noun)}")
    shown = zip(codes, parts, strict=False)
    samples = sum(min(SAMPLES, len(code.samples)) - part.samples for code, part in shown)
    if samples:
        told.append(_plural(samples, "sample"))
    text = f"Not shown: {_listed(told)}." if told else ""
    if shortened := sum(part.cut for part in parts):
        verb = "is" if shortened == 1 else "are"
        text += f" {_plural(shortened, 'message')} {verb} shortened."
    return f"_{text.strip()}_" if text else ""


def _listed(parts: Iterable[str]) -> str:
    return ", and ".join(parts)


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def size(text: str) -> int:
    """How long Slack takes a text to be: in UTF-16 units, to be on the safe side."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, longest: int) -> str:
    """At most `longest` units of `text`, with an ellipsis where it was cut."""
    if size(text) <= longest:
        return text
    kept, left = [], longest - 1
    for char in text:
        left -= size(char)
        if left < 0:
            break
        kept.append(char)
    return "".join(kept) + "…" if longest > 0 else ""


def escaped(text: str, longest: int) -> str:
    """`text` on one line, safe and escaped, in at most `longest` units; no escape is cut."""
    line = safe(text)
    whole = _escape(line)
    if size(whole) <= longest:
        return whole
    kept, left = [], longest - 1
    for char in line:
        piece = _escape(char)
        left -= size(piece)
        if left < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…" if longest > 0 else ""


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
