"""What every delivery shares: what is due, that it is about to be sent, and when silence may be believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bridge.domain.times import parse_time
from bridge.engine.context import Bridge
from bridge.ledger import outbox
from bridge.ledger.outbox import Action


def due_of(bridge: Bridge, kind: str, most: int) -> list[Action]:
    """Due actions of one kind, oldest first."""
    with bridge.db.reading() as conn:
        return outbox.in_states(conn, ("due",), now=bridge.now(), most=most, kinds=(kind,))


def mark_sent(bridge: Bridge, actions: Sequence[Action]) -> None:
    """Write down that these are about to be sent."""
    now = bridge.now()
    for action in actions:
        action.state, action.sent_at, action.attempts = "sent", now, action.attempts + 1
    with bridge.db.transaction() as conn:
        outbox.save(conn, actions)


def may_conclude(bridge: Bridge, action: Action) -> bool:
    """True when a write that is not there now will not appear later."""
    if not action.sent_at:
        return True
    age = bridge.clock.now() - parse_time(action.sent_at)
    return age >= timedelta(seconds=bridge.settings.settle_after)
