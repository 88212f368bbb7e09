"""What each side showed when it was last read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bridge.domain.product import ShownProduct, ShownVariation
from bridge.ledger.bodies import product_body, product_of, variation_body, variation_of
from bridge.ledger.fast import rows_by_ids
from bridge.ledger.schema import product, shown_product, shown_variation, variation
from bridge.ledger.text import of_json, to_json

_FINGERPRINTS = """SELECT remote_id, fingerprint FROM shown_product
    WHERE side = ? AND remote_id IN (SELECT value FROM json_each(?)) AND gone = 0"""
_VARIATION_FINGERPRINTS = """SELECT remote_id, fingerprint FROM shown_variation
    WHERE side = ? AND remote_id IN (SELECT value FROM json_each(?))"""
_PUT_PRODUCT = insert(shown_product)
_PUT_PRODUCT = _PUT_PRODUCT.on_conflict_do_update(
    index_elements=["side", "remote_id"],
    set_={
        name: _PUT_PRODUCT.excluded[name] for name in ("fingerprint", "name", "kind", "body_json", "gone", "seen_at")
    },
)
_PUT_VARIATION = insert(shown_variation)
_PUT_VARIATION = _PUT_VARIATION.on_conflict_do_update(
    index_elements=["side", "remote_id"],
    set_={
        name: _PUT_VARIATION.excluded[name]
        for name in ("product_id", "fingerprint", "sku", "gtin", "body_json", "seen_at")
    },
)
_PRODUCT = select(shown_product).where(
    shown_product.c.side == bindparam("s"), shown_product.c.remote_id == bindparam("id")
)
_VARIATIONS_OF = (
    select(shown_variation)
    .where(shown_variation.c.side == bindparam("s"), shown_variation.c.product_id == bindparam("id"))
    # the sign keeps SQLite from walking the whole side in key order to spare itself the sorting of a few rows
    .order_by(text("+shown_variation.remote_id"))
)


def canonical_sku(sku: str) -> str:
    """SKUs are compared without regard to case and surrounding blanks, as both services do."""
    return sku.strip().lower()


def fingerprints(conn: Connection, side: str, ids: Sequence[str]) -> dict[str, str]:
    """Stored fingerprints by remote id; a product that was gone reads as changed (its fingerprint is left out)."""
    return dict(rows_by_ids(conn, _FINGERPRINTS, ids, side))


def variation_fingerprints(conn: Connection, side: str, ids: Sequence[str]) -> dict[str, str]:
    """Stored variation fingerprints by remote id."""
    return dict(rows_by_ids(conn, _VARIATION_FINGERPRINTS, ids, side))


def put_product(conn: Connection, shown: ShownProduct, fingerprint: str, *, now: str) -> None:
    """Store what a product looks like now (its variations are stored apart)."""
    conn.execute(
        _PUT_PRODUCT,
        {
            "side": shown.side,
            "remote_id": shown.remote_id,
            "fingerprint": fingerprint,
            "name": shown.name,
            "kind": shown.kind,
            "body_json": to_json(product_body(shown)),
            "gone": 0,
            "seen_at": now,
        },
    )


def put_variation(
    conn: Connection, side: str, product_id: str, shown: ShownVariation, fingerprint: str, *, now: str
) -> None:
    """Store what a variation looks like now."""
    conn.execute(
        _PUT_VARIATION,
        {
            "side": side,
            "remote_id": shown.remote_id,
            "product_id": product_id,
            "fingerprint": fingerprint,
            "sku": canonical_sku(shown.sku),
            "gtin": shown.gtin,
            "body_json": to_json(variation_body(shown)),
            "seen_at": now,
        },
    )


def keep_only_variations(conn: Connection, side: str, product_id: str, ids: Sequence[str]) -> None:
    """Forget variations of a product that the side no longer shows."""
    conn.execute(
        delete(shown_variation).where(
            shown_variation.c.side == side,
            shown_variation.c.product_id == product_id,
            shown_variation.c.remote_id.notin_(list(ids)),
        )
    )


def mark_gone(conn: Connection, side: str, ids: Sequence[str]) -> None:
    """Remember that products are no longer shown (trashed, deleted)."""
    if ids:
        conn.execute(
            update(shown_product)
            .where(shown_product.c.side == side, shown_product.c.remote_id.in_(list(ids)))
            .values(gone=1)
        )


def product_shown(conn: Connection, side: str, remote_id: str) -> ShownProduct | None:
    """A product as last shown, with its variations; ``None`` when never seen or gone."""
    row = conn.execute(_PRODUCT, {"s": side, "id": remote_id}).first()
    if row is None or row.gone:
        return None
    rows = conn.execute(_VARIATIONS_OF, {"s": side, "id": remote_id})
    return product_of(of_json(row.body_json), tuple(variation_of(of_json(r.body_json)) for r in rows))


def last_seen(conn: Connection, side: str, remote_id: str | None) -> str:
    """When a product was last stored as shown, gone or not; "" when never."""
    found = select(shown_product.c.seen_at).where(shown_product.c.side == side, shown_product.c.remote_id == remote_id)
    return str(conn.execute(found).scalar() or "")


def variation_tracking(conn: Connection, side: str, remote_id: str) -> str:
    """Whether a side tracks a variation's stock, as last shown ("untracked" when never seen)."""
    found = select(shown_variation.c.body_json).where(
        shown_variation.c.side == side, shown_variation.c.remote_id == remote_id
    )
    body = conn.execute(found).scalar()
    return str(of_json(body).get("tracking", "untracked")) if body else "untracked"


def is_gone(conn: Connection, side: str, product_id: str) -> bool:
    """True when a product was shown once and is not any more."""
    found = select(shown_product.c.gone).where(shown_product.c.side == side, shown_product.c.remote_id == product_id)
    return bool(conn.execute(found).scalar())


def live_ids(conn: Connection, side: str) -> Iterator[str]:
    """Remote ids of all products still shown, unordered, one at a time."""
    found = select(shown_product.c.remote_id).where(shown_product.c.side == side, shown_product.c.gone == 0)
    for row in conn.execute(found):
        yield row[0]


def count_live(conn: Connection, side: str) -> int:
    """How many products a side shows."""
    found = (
        select(func.count()).select_from(shown_product).where(shown_product.c.side == side, shown_product.c.gone == 0)
    )
    return int(conn.execute(found).scalar() or 0)


def variation_rows(conn: Connection, side: str, *, unlinked_only: bool) -> Sequence[Any]:
    """(variation row, product name, kind, product body) of live products, all or only the unlinked."""
    column = variation.c.woo_id if side == "woo" else variation.c.square_id
    found = (
        select(
            shown_variation.c.remote_id,
            shown_variation.c.product_id,
            shown_variation.c.sku,
            shown_variation.c.gtin,
            shown_variation.c.body_json,
            shown_product.c.name,
            shown_product.c.kind,
            shown_product.c.body_json.label("product_json"),
        )
        .join_from(
            shown_variation,
            shown_product,
            (shown_product.c.side == shown_variation.c.side)
            & (shown_product.c.remote_id == shown_variation.c.product_id),
        )
        .where(shown_variation.c.side == side, shown_product.c.gone == 0)
        .order_by(shown_product.c.remote_id, shown_variation.c.remote_id)
    )
    if unlinked_only:
        found = found.outerjoin(variation, column == shown_variation.c.remote_id).where(variation.c.vid.is_(None))
    return conn.execute(found).all()


def unlinked_products(conn: Connection, side: str) -> Sequence[Any]:
    """Live products of a side that no product row names."""
    column = product.c.woo_id if side == "woo" else product.c.square_id
    found = (
        select(shown_product.c.remote_id, shown_product.c.kind, shown_product.c.body_json)
        .outerjoin(product, column == shown_product.c.remote_id)
        .where(shown_product.c.side == side, shown_product.c.gone == 0, product.c.pid.is_(None))
        .order_by(shown_product.c.remote_id)
    )
    return conn.execute(found).all()


def known_skus(conn: Connection, side: str, skus: Sequence[str]) -> set[str]:
    """Those of some SKUs that a side shows at all."""
    known: set[str] = set()
    for start in range(0, len(skus), 500):
        found = select(shown_variation.c.sku).where(
            shown_variation.c.side == side, shown_variation.c.sku.in_(list(skus[start : start + 500]))
        )
        known.update(sku for (sku,) in conn.execute(found))
    return known


def doubled_skus(conn: Connection, side: str, skus: Sequence[str]) -> set[str]:
    """Those of some SKUs that more than one variation of a side holds."""
    doubled: set[str] = set()
    for start in range(0, len(skus), 500):
        found = (
            select(shown_variation.c.sku)
            .where(shown_variation.c.side == side, shown_variation.c.sku.in_(list(skus[start : start + 500])))
            .group_by(shown_variation.c.sku)
            .having(func.count() > 1)
        )
        doubled.update(sku for (sku,) in conn.execute(found))
    return doubled
