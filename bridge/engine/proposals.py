"""What the next run would do about a drifting number, in words."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.engine.settings import Settings

_EDITS = {
    "apply": "the change by hand is carried to the stores",
    "report": "you are asked about the change by hand",
    "revert": "the change by hand is taken back",
}


def proposal_for(settings: Settings, causes: Sequence[str], shown: int | None, expected: int) -> str:
    """One sentence for the causes found, the first that says something."""
    words = [cause.partition(":")[0] for cause in causes]
    if "untracked" in words:
        return "switch stock tracking on in the shop, or leave it out"
    if "gone" in words:
        return "restore it in the shop, or answer what is asked about it"
    if "in_flight" in words:
        return "the unanswered write is read back"
    if "lost_decrement" in words or "lost_increment" in words:
        return f"the shop's number is corrected from {shown} to {expected}"
    if "staff_edit" in words:
        return _EDITS[settings.staff_edits]
    return f"the shop's number becomes {expected}"
