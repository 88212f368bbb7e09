"""When a store is open and when goods are ready there: Square's hours, the configured holidays and lead time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bridge.domain.hours import Hours, Span, hours_of_square, ready_by
from bridge.engine.context import Bridge
from bridge.ledger.text import of_json


def hours_of_store(bridge: Bridge, row: Any) -> Hours:
    """A store's opening hours as Square tells them, with the holidays configured for it (its own before all's)."""
    found: dict[Any, Sequence[Span]] = {}
    for owner in ("", row.store_id):
        found |= bridge.settings.pickup.holidays.get(owner, {})
    return hours_of_square(of_json(row.body_json).get("business_hours"), row.timezone, found)


def lead_of(bridge: Bridge) -> timedelta:
    """The opening time it takes to prepare a pickup."""
    return timedelta(minutes=bridge.settings.pickup_lead_minutes)


def ready_at(bridge: Bridge, row: Any | None, begin: datetime) -> datetime:
    """When goods are ready at a store (a row of the ledger's) if preparing them begins at ``begin``, in UTC.

    For a store that is not known, has no known hours or does not open again, the lead time alone counts.
    """
    lead = lead_of(bridge)
    hours = hours_of_store(bridge, row) if row is not None else None
    ready = ready_by(hours, begin, lead) if hours is not None and hours.known else None
    return ready or begin + lead
