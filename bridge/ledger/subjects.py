"""Which product an intended write is about, in names that hold in every copy of the ledger.

A product key is ``woo:ID`` or ``square:ID``; a linked product has both. Row numbers differ between a rehearsal and the
real run (a product may be linked in between), the sides' own ids do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from bridge.ledger.outbox import Action, of_row
from bridge.ledger.schema import outbox, product, shown_variation, variation
from bridge.ledger.shown import canonical_sku
from bridge.ledger.text import of_json

Keys = frozenset[str]

_PID = func.coalesce(outbox.c.pid, variation.c.pid)
_DUE = (
    select(outbox, product.c.woo_id.label("product_woo"), product.c.square_id.label("product_square"))
    .select_from(outbox.outerjoin(variation, variation.c.vid == outbox.c.vid).outerjoin(product, product.c.pid == _PID))
    .where(outbox.c.state == "due")
    .order_by(outbox.c.id)
)
_BODY = select(shown_variation.c.body_json).where(
    shown_variation.c.side == bindparam("s"), shown_variation.c.remote_id == bindparam("id")
)


def product_keys(woo_id: str | None, square_id: str | None) -> Keys:
    """Both names of a product, as far as it has them."""
    return frozenset(
        f"{side}:{remote}" for side, remote in (("woo", woo_id), ("square", square_id)) if remote is not None
    )


def due_with_products(conn: Connection, now: str) -> list[tuple[Action, Keys]]:
    """Every write due by ``now``, oldest first, with the keys of its product."""
    rows = conn.execute(_DUE.where(outbox.c.due_at <= now))
    return [(of_row(row), product_keys(row.product_woo, row.product_square)) for row in rows]


def keys_of_skus(conn: Connection, skus: Sequence[str]) -> tuple[Keys, list[str]]:
    """Keys of the products some SKUs belong to on either side, and the SKUs nobody shows."""
    wanted = {canonical_sku(sku): sku for sku in skus}
    found = select(shown_variation.c.side, shown_variation.c.product_id, shown_variation.c.sku).where(
        shown_variation.c.sku.in_(list(wanted))
    )
    rows = conn.execute(found).all()
    known = {row.sku for row in rows}
    keys = frozenset(f"{row.side}:{row.product_id}" for row in rows)
    return keys, [sku for canonical, sku in wanted.items() if canonical not in known]


def sku_as_shown(conn: Connection, row: Any) -> str:
    """A linked variation's SKU as a person wrote it (the ledger's own is folded), else its id in the shop."""
    for side, remote_id in (("woo", row.woo_id), ("square", row.square_id)):
        body = conn.execute(_BODY, {"s": side, "id": remote_id}).scalar()
        if body and (sku := str(of_json(body).get("sku", "")).strip()):
            return sku
    return str(row.sku or row.woo_id)


def postpone(conn: Connection, ids: Sequence[int], due_at: str) -> None:
    """Let due writes wait until a moment."""
    for start in range(0, len(ids), 500):
        some = list(ids[start : start + 500])
        conn.execute(update(outbox).where(outbox.c.id.in_(some), outbox.c.state == "due").values(due_at=due_at))
