"""Which product and variation on one side is which on the other: unique both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from bridge.ledger.schema import product, stock, variation
from bridge.ledger.shown import canonical_sku
from bridge.ledger.text import of_json, to_json

_PRODUCT_BY = {
    "woo": select(product).where(product.c.woo_id.in_(bindparam("ids", expanding=True))),
    "square": select(product).where(product.c.square_id.in_(bindparam("ids", expanding=True))),
}
_VARIATION_BY = {
    "woo": select(variation).where(variation.c.woo_id.in_(bindparam("ids", expanding=True))),
    "square": select(variation).where(variation.c.square_id.in_(bindparam("ids", expanding=True))),
}
_ADD_PRODUCT = insert(product).returning(product.c.pid)
_ADD_VARIATION = insert(variation).returning(variation.c.vid)
_ADD_STOCK = insert(stock)
_PRODUCT = select(product).where(product.c.pid == bindparam("p"))
_VARIATION = select(variation).where(variation.c.vid == bindparam("v"))
_VARIATIONS_OF = select(variation).where(variation.c.pid == bindparam("p")).order_by(variation.c.vid)
_DIRTY = update(product).where(product.c.pid == bindparam("p")).values(dirty=bindparam("d"))
_BASE = update(product).where(product.c.pid == bindparam("p")).values(base_json=bindparam("b"))
_DIRTY_ONES = (
    select(product)
    .where(product.c.dirty == 1, product.c.pid > bindparam("after"))
    .order_by(product.c.pid)
    .limit(bindparam("most"))
)


def products_by(conn: Connection, side: str, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Product rows by a side's product id."""
    rows = conn.execute(_PRODUCT_BY[side], {"ids": list(ids)})
    return {(row.woo_id if side == "woo" else row.square_id): row for row in rows}


def variations_by(conn: Connection, side: str, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Variation rows by a side's variation id."""
    rows = conn.execute(_VARIATION_BY[side], {"ids": list(ids)})
    return {(row.woo_id if side == "woo" else row.square_id): row for row in rows}


def product_row(conn: Connection, pid: int) -> Row[Any] | None:
    """One product row."""
    return conn.execute(_PRODUCT, {"p": pid}).first()


def variation_row(conn: Connection, vid: int) -> Row[Any] | None:
    """One variation row."""
    return conn.execute(_VARIATION, {"v": vid}).first()


def variations_of(conn: Connection, pid: int) -> Sequence[Any]:
    """A product's linked variations."""
    return conn.execute(_VARIATIONS_OF, {"p": pid}).all()


def variations_by_sku(conn: Connection, sku: str) -> Sequence[Any]:
    """Linked variations with this SKU (usually one)."""
    return conn.execute(select(variation).where(variation.c.sku == canonical_sku(sku))).all()


def add_product(
    conn: Connection, *, woo_id: str | None, square_id: str | None, by: str, now: str, state: str = "linked"
) -> int:
    """Add a product row, linked or (one id ``None``) alone; its pid."""
    row = conn.execute(
        _ADD_PRODUCT, {"woo_id": woo_id, "square_id": square_id, "state": state, "made_by": by, "made_at": now}
    ).one()
    return int(row[0])


def join_product(conn: Connection, pid: int, *, woo_id: str, square_id: str) -> None:
    """Make an alone product a linked one."""
    conn.execute(
        update(product).where(product.c.pid == pid).values(woo_id=woo_id, square_id=square_id, state="linked", dirty=1)
    )


def add_variation(
    conn: Connection,
    pid: int,
    *,
    woo_id: str,
    woo_parent: str,
    square_id: str,
    sku: str,
    by: str,
    now: str,
) -> int:
    """Link a variation and give it a stock row (unopened); its vid."""
    row = conn.execute(
        _ADD_VARIATION,
        {
            "pid": pid,
            "woo_id": woo_id,
            "woo_parent": woo_parent,
            "square_id": square_id,
            "sku": canonical_sku(sku),
            "made_by": by,
            "made_at": now,
        },
    ).one()
    vid = int(row[0])
    conn.execute(_ADD_STOCK, {"vid": vid})
    return vid


def set_dirty(conn: Connection, pid: int, dirty: bool) -> None:
    """Ask for a product to be decided (again), or note that it was."""
    conn.execute(_DIRTY, {"p": pid, "d": int(dirty)})


def dirty_products(conn: Connection, *, after: int = 0, most: int = 500) -> Sequence[Any]:
    """Products to be decided, by pid."""
    return conn.execute(_DIRTY_ONES, {"after": after, "most": most}).all()


def base_of(row: Row[Any]) -> dict[tuple[int | None, str], tuple[Any, Any]]:
    """A product row's base: (vid or None, field) → (what woo showed, what square showed) at the last agreement."""
    base: dict[tuple[int | None, str], tuple[Any, Any]] = {}
    for owner, fields in of_json(row.base_json).items():
        vid = int(owner) if owner else None
        for name, (woo_value, square_value) in fields.items():
            base[(vid, name)] = (woo_value, square_value)
    return base


def put_base(conn: Connection, pid: int, base: dict[tuple[int | None, str], tuple[Any, Any]]) -> None:
    """Store a product's base."""
    body: dict[str, dict[str, list[Any]]] = {}
    for (vid, name), (woo_value, square_value) in base.items():
        body.setdefault("" if vid is None else str(vid), {})[name] = [woo_value, square_value]
    conn.execute(_BASE, {"p": pid, "b": to_json(body)})


def set_state(conn: Connection, pid: int, state: str) -> None:
    """Mark a product ``linked``, ``alone`` or ``paused`` (left out of every run)."""
    conn.execute(update(product).where(product.c.pid == pid).values(state=state))


def count_links(conn: Connection) -> tuple[int, int]:
    """(linked products, linked variations)."""
    products = conn.execute(select(func.count()).select_from(product).where(product.c.state == "linked")).scalar()
    variations = conn.execute(select(func.count()).select_from(variation)).scalar()
    return int(products or 0), int(variations or 0)
