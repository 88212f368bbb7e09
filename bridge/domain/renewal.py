"""When a token that ends is renewed, and when a person must hear of it."""

from __future__ import annotations

from datetime import datetime, timedelta

SQUARES_ADVICE = timedelta(days=7)
"""Square wants tokens renewed at least this often (its OAuth best practices)."""
LAST_MOMENT = timedelta(days=8)
"""From here on it is urgent: somebody is told when it does not work."""


def is_due(obtained: datetime | None, ends: datetime | None, now: datetime) -> bool:
    """True when the token should be renewed now: it is a week old, or nearing its end.

    A short-lived one is renewed at half its life. A token without an end is never renewed.
    """
    if ends is None:
        return False
    if obtained is None or obtained > now:  # unknown, or a clock was set back: only the end counts
        return ends - now <= LAST_MOMENT
    age = now - obtained
    half = (ends - obtained) / 2
    return age >= SQUARES_ADVICE or ends - now <= min(LAST_MOMENT, half)
