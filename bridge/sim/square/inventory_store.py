"""Stock as Square computes it: changes ordered by ``occurred_at``, and the counts they come to."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

Json = dict[str, Any]
CountKey = tuple[str, str, str]
"""(variation id, location id, state)"""

UNCOUNTED = frozenset({"NONE", "SOLD", "UNLINKED_RETURN", "UNTRACKED"})
"""States Square keeps no counts of."""
ZERO = Decimal(0)


@dataclass(slots=True)
class Change:
    """One inventory change, in no API version's shape. A count uses ``to_state`` and ``to_location_id``."""

    change_id: str
    kind: Literal["PHYSICAL_COUNT", "ADJUSTMENT"]
    variation_id: str
    from_state: str
    to_state: str
    from_location_id: str
    to_location_id: str
    quantity: Decimal
    occurred_at: datetime
    created_at: datetime
    source: Json
    extra: Json = field(default_factory=dict)
    """Optional wire fields: reference_id, refund_id, transaction_id, team_member_id, total_price_money …"""

    @property
    def is_transfer(self) -> bool:
        """True when goods went from one location to another."""
        return self.kind == "ADJUSTMENT" and self.from_location_id != self.to_location_id


@dataclass(slots=True)
class Count:
    """The current number of one (variation, location, state)."""

    quantity: Decimal
    calculated_at: datetime
    last_count_at: datetime | None = None


@dataclass(slots=True)
class _Line:
    """One effect on one key's history: a count sets, an adjustment adds."""

    occurred_at: datetime
    order: int
    sets: bool
    quantity: Decimal


def _occurred(change: Change) -> datetime:
    return change.occurred_at


def _when(line: _Line) -> tuple[datetime, int]:
    return line.occurred_at, line.order


class InventoryStore:
    """Changes in order of arrival, the history of each key in order of occurrence, and current counts."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.by_time: list[Change] = []
        """The same changes by ``occurred_at``; of one moment in order of arrival."""
        self.by_id: dict[str, Change] = {}
        self.of_variation: dict[str, list[Change]] = {}
        self.counts: dict[CountKey, Count] = {}
        self.keys_of: dict[str, list[CountKey]] = {}
        self.touched: list[tuple[int, CountKey]] = []
        """(serial, key) in order of calculation, newest last; valid when the serial is the key's newest."""
        self.touched_at: dict[CountKey, int] = {}
        self._serial = 0
        self._history: dict[CountKey, list[_Line]] = {}
        self.undo: dict[CountKey, Count | None] = {}
        self.undo_changes = 0

    def begin_write(self) -> None:
        """Forget the previous write's undo: stale reads show the state from here."""
        self.undo, self.undo_changes = {}, len(self.changes)

    def on_hand(self, variation_id: str, location_id: str, state: str = "IN_STOCK") -> Decimal:
        """The current count, 0 when there is none."""
        count = self.counts.get((variation_id, location_id, state))
        return ZERO if count is None else count.quantity

    def add(self, change: Change) -> dict[CountKey, Decimal]:
        """Record a change; returns by how much each counted number moved (0 when a count overtook it)."""
        self.changes.append(change)
        insort(self.by_time, change, key=_occurred)
        self.by_id[change.change_id] = change
        self.of_variation.setdefault(change.variation_id, []).append(change)
        moved: dict[CountKey, Decimal] = {}
        if change.kind == "PHYSICAL_COUNT":
            key = (change.variation_id, change.to_location_id, change.to_state)
            moved[key] = self._apply(key, change, True, change.quantity)
            return moved
        for location_id, state, quantity in (
            (change.from_location_id, change.from_state, -change.quantity),
            (change.to_location_id, change.to_state, change.quantity),
        ):
            if state not in UNCOUNTED:
                key = (change.variation_id, location_id, state)
                moved[key] = moved.get(key, ZERO) + self._apply(key, change, False, quantity)
        return moved

    def _apply(self, key: CountKey, change: Change, sets: bool, quantity: Decimal) -> Decimal:
        line = _Line(change.occurred_at, len(self.changes), sets, quantity)
        history = self._history.setdefault(key, [])
        insort(history, line, key=_when)
        old = self.counts.get(key)
        if key not in self.undo:
            self.undo[key] = old
        before, counted_at = (old.quantity, old.last_count_at) if old else (ZERO, None)
        if sets:
            after = _replay(history)
            if counted_at is None or line.occurred_at >= counted_at:
                counted_at = line.occurred_at
        else:
            overtaken = counted_at is not None and line.occurred_at < counted_at
            after = before if overtaken else before + quantity
        if old is None:
            self.keys_of.setdefault(key[0], []).append(key)
        self.counts[key] = Count(after, change.created_at, counted_at)
        self._touch(key)
        return after - before

    def _touch(self, key: CountKey) -> None:
        self._serial += 1
        self.touched_at[key] = self._serial
        self.touched.append((self._serial, key))
        if len(self.touched) > 2 * len(self.touched_at) + 256:
            # forget overtaken mentions, so that a long history does not slow the reads of a small store
            self.touched = [one for one in self.touched if self.touched_at[one[1]] == one[0]]

    @contextmanager
    def before_latest_write(self) -> Iterator[None]:
        """Inside, counts and changes read as they did before the latest write (a stale read)."""
        current = {key: self.counts[key] for key in self.undo}
        hidden = self.changes[self.undo_changes :]
        for key, old in self.undo.items():
            if old is None:
                del self.counts[key]
            else:
                self.counts[key] = old
        del self.changes[self.undo_changes :]
        try:
            yield
        finally:
            self.counts.update(current)
            self.changes.extend(hidden)


def _replay(history: list[_Line]) -> Decimal:
    quantity, start = ZERO, 0
    for index in range(len(history) - 1, -1, -1):
        if history[index].sets:
            quantity, start = history[index].quantity, index + 1
            break
    for line in history[start:]:
        quantity += line.quantity
    return quantity
