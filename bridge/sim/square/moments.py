"""Square's times: RFC 3339 in milliseconds with Z, and ISO 8601 durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bridge.sim.square.routes import refusal

ISO_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_SECONDS = (365 * 86400, 30 * 86400, 7 * 86400, 86400, 3600, 60, 1)


def rfc3339(at: datetime) -> str:
    """A moment as Square writes it: ``2026-05-04T10:00:00.123Z``."""
    return f"{at.isoformat(timespec='milliseconds')[:23]}Z"


def moment(text: object, field: str = "") -> datetime:
    """An RFC 3339 moment as aware UTC; ``SquareError`` INVALID_TIME when it is none."""
    try:
        at = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        at = None
    if at is None:
        raise refusal("INVALID_TIME", f"`{text}` is not a valid RFC 3339 time.", field)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def seconds_of(duration: str) -> int:
    """The length of an ISO 8601 duration (a month taken as 30 days); 0 for anything else."""
    found = ISO_DURATION.fullmatch(duration)
    if found is None:
        return 0
    return sum(int(part or 0) * unit for part, unit in zip(found.groups(), _SECONDS, strict=True))
