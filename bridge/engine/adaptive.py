"""Learns from passes whether webhooks can be relied on, and says when to look next (decided in ``domain.rhythm``)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bridge.domain.rhythm import Hook, Rhythm, Trust, after_look, trust, wait_until_next
from bridge.domain.times import parse_time
from bridge.engine.context import Bridge
from bridge.ledger import doorbells

SIDES = ("woo", "square")
_PEOPLE: Mapping[str, tuple[str, ...]] = {
    "woo": ("orders changed", "staff edits in the shop"),
    "square": ("square movements",),
}
"""Counts of a pass that people cause and a webhook should have told of. Changed products may be our own echo."""


class Watchfulness:
    """What each side's webhooks have proved. ``expected`` names the sides that should ring."""

    def __init__(self, bridge: Bridge, rhythm: Rhythm, expected: Collection[str]) -> None:
        self._bridge, self._rhythm = bridge, rhythm
        self.hooks = {side: Hook(rang=rang, expected=side in expected) for side, rang in self._last_rung().items()}

    def learn(self, counts: Mapping[str, int]) -> None:
        """Take in what a pass found."""
        now = self._bridge.clock.now()
        for side, rang in self._last_rung().items():
            found = any(counts.get(name, 0) for name in _PEOPLE[side])
            self.hooks[side] = after_look(self.hooks[side], rang=rang, found=found, now=now)

    def next_look(self, pass_seconds: float) -> float:
        """Seconds until the next look nobody rings for."""
        return wait_until_next(self._rhythm, self.hooks.values(), self._bridge.clock.now(), pass_seconds)

    def trusts(self) -> dict[str, Trust]:
        """How far each side's webhooks are trusted now."""
        now = self._bridge.clock.now()
        return {side: trust(hook, now, self._rhythm.trusted_for) for side, hook in self.hooks.items()}

    def _last_rung(self) -> dict[str, datetime | None]:
        with self._bridge.db.reading() as conn:
            told = doorbells.last_rung(conn)
        return {side: parse_time(told[side]) if side in told else None for side in SIDES}
