"""Find which new products and variations belong together, and link them: by SKU, by GTIN, by hand, never by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from bridge.domain.match import MatchReport, MatchRow, Paired, match
from bridge.engine.context import Bridge, Run
from bridge.engine.observe_catalog import LINK
from bridge.ledger import cursors, links, outbox, shown
from bridge.ledger.text import of_json

HAND = "match:"
"""Fact prefix: ``match:<woo variation id>`` holds the Square variation it was matched with by hand."""
IGNORE = "ignore:"
"""Fact prefix: ``ignore:<side>:<variation id>`` was taken out of matching by hand."""


def rows_of(conn: Connection, side: str, *, unlinked_only: bool) -> list[MatchRow]:
    """Shown variations of live products as match rows."""
    return [_row(side, one) for one in shown.variation_rows(conn, side, unlinked_only=unlinked_only)]


def _row(side: Any, one: Any) -> MatchRow:
    body, product = of_json(one.body_json), of_json(one.product_json)
    return MatchRow(
        side=side,
        product_id=one.product_id,
        variation_id=one.remote_id,
        sku=body.get("sku", ""),
        gtin=body.get("gtin", ""),
        name=one.name,
        title=body.get("title", ""),
        price=body.get("price"),
        stock=None,
        kind=one.kind,
        unrepresentable=product.get("unrepresentable", ""),
    )


def report(bridge: Bridge, *, unlinked_only: bool = False) -> MatchReport:
    """The match report over everything shown (or only what is not linked yet)."""
    with bridge.db.reading() as conn:
        return _match(conn, unlinked_only=unlinked_only)


def _match(conn: Connection, *, unlinked_only: bool) -> MatchReport:
    woo = rows_of(conn, "woo", unlinked_only=unlinked_only)
    square = rows_of(conn, "square", unlinked_only=unlinked_only)
    by_hand = {name.removeprefix(HAND): value for name, value in cursors.facts_starting(conn, HAND).items()}
    ignored = [tuple(name.split(":", 2)[1:]) for name in cursors.facts_starting(conn, IGNORE)]
    return match(woo, square, by_hand=by_hand, ignore=ignored)  # type: ignore[arg-type]


def link_new(bridge: Bridge, run: Run) -> int:
    """Link what newly matches; returns how many variations were linked."""
    with bridge.db.reading() as conn:
        if not cursors.read_fact(conn, LINK):
            return 0
        found = _match(conn, unlinked_only=True)
        skus = sorted({pair.woo.sku.strip().lower() for pair in found.pairs if pair.by == "sku"})
        doubled = shown.doubled_skus(conn, "woo", skus) | shown.doubled_skus(conn, "square", skus)
    linked = 0
    with bridge.db.transaction() as conn:
        for pair in found.pairs:
            if pair.by == "sku" and pair.woo.sku.strip().lower() in doubled:
                continue
            linked += _link(bridge, run, conn, pair)
        cursors.forget_fact(conn, LINK)
    for reason, number in found.counts().items():
        if number and reason not in ("pairs",):
            run.counts[f"match: {reason}"] = number
    run.add("linked variations", linked)
    return linked


def _link(bridge: Bridge, run: Run, conn: Connection, pair: Paired) -> int:
    woo, square = pair.woo, pair.square
    pid = product_for(conn, woo.product_id, square.product_id, by=pair.by, now=bridge.now())
    if pid is None:
        run.skip("its product is linked to another one")
        return 0
    taken = links.variations_by(conn, "woo", [woo.variation_id]) or links.variations_by(
        conn, "square", [square.variation_id]
    )
    if taken:
        return 0
    links.add_variation(
        conn, pid, woo_id=woo.variation_id, woo_parent=woo_parent(woo.product_id, woo.variation_id),
        square_id=square.variation_id, sku=woo.sku or square.sku, by=_made_by(conn, pid, pair), now=bridge.now(),
    )  # fmt: skip
    links.set_dirty(conn, pid, True)
    return 1


def _made_by(conn: Connection, pid: int, pair: Paired) -> str:
    """How a pair came about: by our own write whose answer is still waited for, else by what matched.

    Who made it says whose stock number is true, so a creation interrupted half-way must not pass for a find.
    """
    ids = {pair.woo.variation_id, pair.square.variation_id}
    for action in outbox.open_of_product(conn, pid):
        created = action.kind.startswith("create_") or not ids.isdisjoint(action.payload.get("add", ()))
        if created and action.attempts:
            return f"created in {action.side}"
    return pair.by


def woo_parent(product_id: str, variation_id: str) -> str:
    """A simple product is its own variation and has no parent."""
    return "" if product_id == variation_id else product_id


def product_for(conn: Connection, woo_id: str, square_id: str, *, by: str, now: str) -> int | None:
    """The pid of a product pair, made when neither side is linked; ``None`` when one is linked elsewhere."""
    by_woo = links.products_by(conn, "woo", [woo_id]).get(woo_id)
    by_square = links.products_by(conn, "square", [square_id]).get(square_id)
    if by_woo is None and by_square is None:
        return links.add_product(conn, woo_id=woo_id, square_id=square_id, by=by, now=now)
    if by_woo is not None and by_square is not None:
        return int(by_woo.pid) if by_woo.pid == by_square.pid else None
    row = by_woo if by_woo is not None else by_square
    assert row is not None
    if row.state != "alone":
        return None
    links.join_product(conn, row.pid, woo_id=woo_id, square_id=square_id)
    return int(row.pid)


def unlinked(conn: Connection, side: str) -> Sequence[Any]:
    """Live products of a side that are not linked."""
    return shown.unlinked_products(conn, side)
