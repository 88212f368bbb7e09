"""Take a side's answer to one of our own product writes as what it shows now, and as the base of what was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection

from bridge.domain.fields import PICTURES, product_values, same, variation_values
from bridge.domain.product import ShownProduct
from bridge.engine.context import Bridge, Run
from bridge.engine.linking import woo_parent
from bridge.engine.observe_catalog import store_square_item
from bridge.ledger import history, links, outbox, shown
from bridge.remotes.port import RawProduct

FieldKey = tuple[int | None, str]
_NOT_COMPARED = PICTURES | {"description"}
_SAME_WORDS = frozenset({"name", "price", "sku", "gtin"})


def answered_item(bridge: Bridge, conn: Connection, raw: dict[str, Any]) -> ShownProduct:
    """Store Square's answer as shown; the item in our words.

    Its fingerprint is left empty, so that the next listing looks once more: an answer may differ from a reading.
    """
    product = bridge.square.translate(raw)
    store_square_item(bridge, conn, RawProduct(product.remote_id, "", raw))
    return product


def agree(conn: Connection, pid: int, woo: ShownProduct, square: ShownProduct) -> None:
    """Set the base of all fields to what both sides show now."""
    row = links.product_row(conn, pid)
    if row is not None:
        links.put_base(conn, pid, {**links.base_of(row), **_pairs(conn, pid, woo, square)})


def agree_written(
    conn: Connection,
    pid: int,
    woo: ShownProduct,
    square: ShownProduct,
    *,
    to: Literal["woo", "square"],
    values: Mapping[FieldKey, Any],
) -> None:
    """Set the base of the fields an update wrote: what it wrote, and what the written side shows now.

    The other half is the value that was written, not what its own side shows by now: that may have changed while the
    write waited, and such a change must still travel.
    """
    row = links.product_row(conn, pid)
    if row is None:
        return
    now = _pairs(conn, pid, woo, square)
    chosen = {
        key: (now[key][0], value) if to == "woo" else (value, now[key][1])
        for key, value in values.items()
        if key in now
    }
    links.put_base(conn, pid, {**links.base_of(row), **chosen})


def _pairs(conn: Connection, pid: int, woo: ShownProduct, square: ShownProduct) -> dict[FieldKey, tuple[Any, Any]]:
    """What both sides show now, for every field they both have."""
    now: dict[FieldKey, tuple[Any, Any]] = {}
    square_now = product_values(square)
    for name, value in product_values(woo).items():
        now[(None, name)] = (value, square_now[name])
    on_woo = {v.remote_id: v for v in woo.variations}
    on_square = {v.remote_id: v for v in square.variations}
    for link in links.variations_of(conn, pid):
        if link.woo_id in on_woo and link.square_id in on_square:
            other = variation_values(on_square[link.square_id])
            for name, value in variation_values(on_woo[link.woo_id]).items():
                now[(link.vid, name)] = (value, other[name])
    return now


def agree_as_asked(
    conn: Connection, pid: int, woo: ShownProduct, square: ShownProduct, *, made_in: Literal["woo", "square"]
) -> None:
    """Like ``agree`` for a creation read back later: what was changed there since must still travel.

    The base of such a field is what the creation asked for, of the few fields both sides hold in the same words. What
    else differs is left to be decided; pictures and descriptions never compare equal and count as agreed.
    """
    agree(conn, pid, woo, square)
    row = links.product_row(conn, pid)
    if row is None:
        return
    base = links.base_of(row)
    for (vid, name), (in_woo, in_square) in list(base.items()):
        if name in _NOT_COMPARED or same(name, in_woo, in_square):
            continue
        if name in _SAME_WORDS:
            asked = in_woo if made_in == "square" else in_square
            base[(vid, name)] = (asked, asked)
        else:
            del base[(vid, name)]
    links.put_base(conn, pid, base)


def link_created(
    bridge: Bridge, run: Run, conn: Connection, pid: int, woo: ShownProduct, square: ShownProduct, by: str
) -> None:
    """Link a product that was made (or found) on the other side, and its variations by SKU."""
    row = links.product_row(conn, pid)
    if row is None:
        return
    if row.state == "alone":
        links.join_product(conn, pid, woo_id=woo.remote_id, square_id=square.remote_id)
    link_variations(bridge, run, conn, pid, woo, square, by)
    links.set_dirty(conn, pid, True)


def link_variations(
    bridge: Bridge, run: Run, conn: Connection, pid: int, woo: ShownProduct, square: ShownProduct, by: str
) -> None:
    """Link those variations of a product pair that hold the same SKU and are not linked yet."""
    taken = {v.woo_id for v in links.variations_of(conn, pid)}
    by_sku = {shown.canonical_sku(v.sku): v for v in square.variations if v.sku}
    for variation in woo.variations:
        twin = by_sku.get(shown.canonical_sku(variation.sku)) if variation.sku else None
        if variation.remote_id in taken or twin is None:
            continue
        if links.variations_by(conn, "square", [twin.remote_id]):
            continue
        links.add_variation(
            conn, pid, woo_id=variation.remote_id, woo_parent=woo_parent(woo.remote_id, variation.remote_id),
            square_id=twin.remote_id, sku=variation.sku, by=by, now=bridge.now(),
        )  # fmt: skip
        run.add("linked variations")


def write_history(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    *,
    side: str,
    pid: int,
    fields: dict[str, Sequence[Any]],
    vid: int | None,
    key: str,
) -> None:
    """One line of history per written field; the reason is the write's own, else that the other side changed."""
    action = outbox.by_key(conn, key)
    why = str(action.payload.get("why", "")) if action else ""
    for name, (after, before) in fields.items():
        history.write(
            conn, run_id=run.id, at=bridge.now(), side=side, kind="field", pid=pid, vid=vid, field=name,
            before=before, after=after, why=why or "the other side changed", key=key,
        )  # fmt: skip
