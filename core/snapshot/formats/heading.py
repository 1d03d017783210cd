"""What an export says of itself, whatever its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import __version__

if TYPE_CHECKING:
    from ..evidence import Evidence
    from ..masking import Mask

FORMAT = "cxtop-evidence"
VERSION = 1


def heading(evidence: Evidence, mask: Mask) -> dict[str, Any]:
    """Format, version, who made it, when, of what, as far as that is to be told.

    A title or a filter is typed by somebody, who may have looked for a secret.
    """
    words = evidence.scope.words()
    return {
        "format": FORMAT,
        "version": VERSION,
        "cxtop": __version__,
        "made_at": evidence.at,
        "title": mask.text(evidence.scope.title),
        "profile": mask.text(evidence.profile_name),
        "platform": mask.text(evidence.platform),
        "redaction": mask.strictness.value,
        "scope": words | {"filter": mask.text(str(words["filter"]))},
    }
