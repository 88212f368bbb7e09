"""Moments as text that sorts: UTC, six digits, always the same length."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FRACTION = re.compile(r"\.(\d+)")


def parse_time(text: str) -> datetime:
    """RFC 3339 text as an aware UTC moment.

    Square sends up to nine fractional digits (trap: ``fromisoformat`` takes six); text without a zone is UTC, as
    WooCommerce's ``_gmt`` fields are. Raises ``ValueError`` for anything else.
    """
    cut = _FRACTION.sub(lambda m: "." + (m.group(1) + "000000")[:6], text.strip())
    moment = datetime.fromisoformat(cut.replace("Z", "+00:00").replace("z", "+00:00"))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def time_text(moment: datetime) -> str:
    """A moment as ``YYYY-MM-DDTHH:MM:SS.ffffffZ`` (sorts as text)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def normal_time(text: str) -> str:
    """Any RFC 3339 text in the form of ``time_text``; "" stays ""."""
    return time_text(parse_time(text)) if text else ""
