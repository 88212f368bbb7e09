"""Rehearse a run: the real steps on a copy of the ledger, with both sides for reading only (I20).

Whatever a rehearsed step does, nothing of it can reach the ledger or a side: the copy is private and every write to a
side is answered with ``Later`` without being sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from bridge.engine.context import Bridge
from bridge.remotes.port import JSON, Later, Outcome, SquareCount, SquareSide, WooSide

_NOT_SENT = Later("only rehearsed", 1.0)


class _Reading:
    """Hands readings through to the real side."""

    def __init__(self, side: Any) -> None:
        self._side = side

    def __getattr__(self, name: str) -> Any:
        return getattr(self._side, name)


class _Silent(_Reading):
    """One part of a side, its writes (by name) not sent."""

    def __init__(self, side: Any, *writes: str) -> None:
        super().__init__(side)
        self._writes = frozenset(writes)

    def __getattr__(self, name: str) -> Any:
        return self._not_sent if name in self._writes else super().__getattr__(name)

    def _not_sent(self, *_: Any, **__: Any) -> Outcome:
        return _NOT_SENT


class ReadOnlyWoo(_Reading):
    """The shop without its writes."""

    def __init__(self, side: Any) -> None:
        super().__init__(side)
        self.shop_orders = _Silent(side.shop_orders, "set_status", "add_note", "create_refund", "create_order")
        self.places = _Silent(side.places, "write_places")

    def change_stock(self, changes: Sequence[Any]) -> list[Outcome]:
        """Not sent."""
        return [_NOT_SENT for _ in changes]

    def update_product(self, product_id: str, fields: JSON, key: str) -> Outcome:
        """Not sent."""
        return _NOT_SENT

    def update_variation(self, product_id: str, variation_id: str, fields: JSON, key: str) -> Outcome:
        """Not sent."""
        return _NOT_SENT

    def create_product(self, fields: JSON, key: str) -> Outcome:
        """Not sent."""
        return _NOT_SENT

    def create_variations(self, product_id: str, rows: Sequence[JSON]) -> list[Outcome]:
        """Not sent."""
        return [_NOT_SENT for _ in rows]

    def category_ids(self, paths: Sequence[tuple[str, ...]], *, create: bool) -> list[int]:
        """Those that exist; none is made."""
        return cast(WooSide, self._side).category_ids(paths, create=False)


class ReadOnlySquare(_Reading):
    """Square without its writes."""

    def __init__(self, side: Any) -> None:
        super().__init__(side)
        self.till_orders = _Silent(side.till_orders, "create", "move_fulfillment")
        self.payments = _Silent(side.payments, "pay_external", "refund_payment")
        self.people = _Silent(side.people, "create", "update", "delete")

    def change_inventory(self, changes: Sequence[Any], key: str) -> tuple[Outcome, list[SquareCount]]:
        """Not sent."""
        return _NOT_SENT, []

    def upsert_item(self, item: JSON, key: str) -> Outcome:
        """Not sent."""
        return _NOT_SENT

    def upsert_items(self, items: Sequence[JSON], key: str) -> list[Outcome]:
        """Not sent."""
        return [_NOT_SENT for _ in items]

    def add_image(self, object_id: str, name: str, content: bytes, mime: str, key: str) -> Outcome:
        """Not sent."""
        return _NOT_SENT

    def category_ids(self, paths: Sequence[tuple[str, ...]], key: str, *, create: bool) -> list[str]:
        """Those that exist; none is made."""
        return cast(SquareSide, self._side).category_ids(paths, key, create=False)


@contextmanager
def rehearsal(bridge: Bridge) -> Iterator[Bridge]:
    """A bridge that thinks what the real one would, and changes nothing."""
    copy = bridge.db.copy_aside()
    try:
        yield replace(
            bridge,
            db=copy,
            woo=cast(WooSide, ReadOnlyWoo(bridge.woo)),
            square=cast(SquareSide, ReadOnlySquare(bridge.square)),
            fetch=lambda _: None,
        )
    finally:
        copy.close()
