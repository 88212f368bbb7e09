"""What truly happened in a simulated service: the only witness the checkers believe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """One change of one stock number (or another fact) with who did it.

    ``kind`` is the service's own word (sale, refund, receive, count, order_reduce, staff_edit, api_delta …),
    ``actor`` is ``shopper``, ``till``, ``staff`` or ``api:<key description>``, ``stock_id`` the variation (Woo
    product or variation id as text, Square variation id), ``place`` the location id ("" in WooCommerce),
    ``delta`` what the number moved by, ``reference`` the service's own id for it.
    """

    seq: int
    at: datetime
    kind: str
    actor: str
    stock_id: str
    place: str
    delta: Decimal
    reference: str
    detail: dict[str, Any]


class Journal:
    """Append-only list of true events."""

    def __init__(self) -> None:
        self._events: list[TrueEvent] = []

    def add(
        self,
        at: datetime,
        kind: str,
        *,
        actor: str,
        stock_id: str = "",
        place: str = "",
        delta: Decimal | int = 0,
        reference: str = "",
        **detail: Any,
    ) -> TrueEvent:
        """Record one event and return it."""
        event = TrueEvent(
            len(self._events) + 1,
            at,
            kind,
            actor,
            stock_id,
            place,
            Decimal(delta),
            reference,
            detail,
        )
        self._events.append(event)
        return event

    def __iter__(self) -> Iterator[TrueEvent]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    def since(self, seq: int) -> list[TrueEvent]:
        """Events after sequence number ``seq``."""
        return self._events[seq:]

    def as_json(self, since: int = 0) -> list[dict[str, Any]]:
        """Events as JSON values (decimals and times as text)."""
        rows = []
        for event in self.since(since):
            row = asdict(event)
            row["at"], row["delta"] = event.at.isoformat(), str(event.delta)
            rows.append(row)
        return rows
