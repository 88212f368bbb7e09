"""Webhook deliveries: a queue on the simulator's clock, with the ways a delivery goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bridge.sim.kernel.ids import Ids

Sender = Callable[[str, dict[str, str], bytes], int]
"""Sends one delivery (url, headers, body) and returns the HTTP status, 0 when nobody answered."""


@dataclass(slots=True)
class Delivery:
    """One message to be sent. ``built`` makes headers and body at the moment of sending."""

    url: str
    due: datetime
    hook: str
    topic: str
    build: Callable[[], tuple[dict[str, str], bytes] | None]
    merge_key: str = ""
    attempt: int = 0
    note: dict[str, Any] = field(default_factory=dict)


class Outcome(Protocol):
    """Told the status of each delivery; returns seconds until the next attempt, or ``None``."""

    def __call__(self, delivery: Delivery, status: int) -> float | None:
        """Told once per delivery sent."""
        ...


class Deliveries:
    """Pending deliveries of one service and the mischief done to them.

    ``lose``, ``double``, ``hold`` and ``shuffle`` are probabilities; ``hold_seconds`` is how late a held one is.
    """

    def __init__(self, ids: Ids, now: Callable[[], datetime]) -> None:
        self._ids, self._now = ids, now
        # requests queue in one thread while another sends: without it a delivery queued meanwhile is lost
        self._guard = threading.RLock()
        self.pending: list[Delivery] = []
        self.lose = self.double = self.hold = self.shuffle = self.forge = 0.0
        self.hold_seconds = 600.0
        self.counts: dict[str, int] = dict.fromkeys(("sent", "failed", "lost", "doubled", "held", "forged"), 0)

    def add(self, delivery: Delivery) -> None:
        """Queue a delivery; one with the same non-empty ``merge_key`` still pending absorbs it."""
        with self._guard:
            self._add(delivery)

    def _add(self, delivery: Delivery) -> None:
        if delivery.merge_key and any(d.merge_key == delivery.merge_key for d in self.pending):
            return
        dice = self._ids.dice
        if self.lose and dice.random() < self.lose:
            self.counts["lost"] += 1
            return
        if self.hold and dice.random() < self.hold:
            self.counts["held"] += 1
            delivery.due += timedelta(seconds=self.hold_seconds)
        self.pending.append(delivery)
        if self.double and dice.random() < self.double:
            self.counts["doubled"] += 1
            self.pending.append(
                Delivery(
                    delivery.url,
                    delivery.due,
                    delivery.hook,
                    delivery.topic,
                    delivery.build,
                    "",
                    0,
                    dict(delivery.note),
                )
            )

    def run_due(self, send: Sender, settle: Outcome) -> int:
        """Send everything that is due; returns how many were sent."""
        now = self._now()
        with self._guard:
            due = [d for d in self.pending if d.due <= now]
            self.pending = [d for d in self.pending if d.due > now]
        if self.shuffle and self._ids.dice.random() < self.shuffle:
            self._ids.dice.shuffle(due)
        for delivery in due:
            self._send(delivery, send, settle)
        return len(due)

    def _send(self, delivery: Delivery, send: Sender, settle: Outcome) -> None:
        made = delivery.build()
        if made is None:
            return
        headers, body = made
        if self.forge and self._ids.dice.random() < self.forge:
            self.counts["forged"] += 1
            body = body + b" "
        status = send(delivery.url, headers, body)
        delivery.attempt += 1
        self.counts["sent" if 200 <= status < 300 else "failed"] += 1
        again = settle(delivery, status)
        if again is not None:
            delivery.due = self._now() + timedelta(seconds=again)
            with self._guard:
                self.pending.append(delivery)
