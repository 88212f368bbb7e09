"""The sales of both channels as rows of money: one entry per order or refund, replaced when it changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from bridge.domain.sales import SalesRow
from bridge.ledger.schema import order_link, sale
from bridge.ledger.text import of_json, to_json

_PUT = insert(sale)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["side", "kind", "remote_id"],
    set_={name: _PUT.excluded[name] for name in ("first_day", "about_json", "ours", "rows_json", "updated_at")},
)
_UNTIL = select(sale).where(sale.c.first_day <= bindparam("last")).order_by(sale.c.first_day, sale.c.remote_id)


@dataclass(frozen=True, slots=True)
class Sale:
    """An order (``kind`` "order") or a refund of the shop, or an order at Square (sale, return or both).

    ``about`` are orders of the same side it speaks of: the order a refund belongs to, and the sale each return of a
    Square order takes back ("" for one without a receipt).
    ``ours``: the bridge made it of something the other side counts.
    """

    side: str
    kind: str
    remote_id: str
    about: tuple[str, ...]
    ours: bool
    rows: tuple[SalesRow, ...]


def put(conn: Connection, entries: Iterable[Sale], *, now: str) -> None:
    """Store entries as they are now; one without rows counts nothing (an unpaid or cancelled order)."""
    values = [
        {
            "side": one.side,
            "kind": one.kind,
            "remote_id": one.remote_id,
            "first_day": min((row.day.isoformat() for row in one.rows), default=""),
            "about_json": to_json(list(one.about)),
            "ours": int(one.ours),
            "rows_json": to_json([_plain(row) for row in one.rows]),
            "updated_at": now,
        }
        for one in entries
    ]
    if values:
        conn.execute(_PUT, values)


def _plain(row: SalesRow) -> list[object]:
    return [row.channel, row.store, row.day.isoformat(), row.kind, row.product, str(row.quantity), row.total, row.tax,
            row.source]  # fmt: skip


def _row(values: Sequence[str | int]) -> SalesRow:
    channel, store, day, kind, product, quantity, total, tax, source = values
    return SalesRow(
        channel, str(store), date.fromisoformat(str(day)), kind, str(product), Decimal(str(quantity)), int(total),  # type: ignore[arg-type]
        int(tax), str(source),
    )  # fmt: skip


def every(conn: Connection, last: date) -> list[Sale]:
    """All entries up to a day, those that count nothing included."""
    return [
        Sale(
            row.side,
            row.kind,
            row.remote_id,
            tuple(of_json(row.about_json)),
            bool(row.ours),
            tuple(_row(values) for values in of_json(row.rows_json)),
        )
        for row in conn.execute(_UNTIL, {"last": last.isoformat()})
    ]


def mirrored(conn: Connection) -> set[str]:
    """Square orders that stand for orders of the shop."""
    found = select(order_link.c.square_order_id).where(order_link.c.square_order_id.is_not(None))
    return {row.square_order_id for row in conn.execute(found)}
