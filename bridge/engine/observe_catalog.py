"""Read both catalogs page by page: notice what changed by fingerprint, and look at each stock number on the way.

Memory stays flat: a page is compared and forgotten; only what changed is translated and stored. A listing that lost too
much since last time is not believed, and nothing is marked gone by it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from sqlalchemy import Connection

from bridge.domain.brakes import believe_listing
from bridge.domain.opening import NEITHER_TRACKED, SQUARE_UNTRACKED
from bridge.engine.braking import announce, released_names
from bridge.engine.context import Bridge, Run, cursor_time, shop_read_up_to
from bridge.engine.numbers import note_numbers, odd_numbers
from bridge.ledger import cursors, decisions, links, shown, stock
from bridge.remotes.port import RawProduct, RawVariation

WOO = "woo_catalog"
SQUARE = "square_catalog"
_CONFIRM_AT_ONCE = 100
_SIDES = {"woo": "the shop", "square": "Square"}
LINK = "link_wanted"
"""Fact: something new was shown that may find its twin."""
CREATE = "creation_wanted"
"""Fact: something new was shown that has no twin yet and may be made on the other side."""


# -- WooCommerce ----------------------------------------------------------------------


def observe_woo(bridge: Bridge, run: Run, *, full: bool) -> None:
    """Read the shop's products and variations, all or those modified since the cursor."""
    began = bridge.clock.monotonic()
    with bridge.db.reading() as conn:
        since = None if full else cursor_time(conn, WOO)
    complete = since is None
    seen = Seen()
    for page in bridge.ahead(bridge.woo.products(modified_after=since)):
        absorb_woo_products(bridge, run, page)
        if complete:
            seen.add(one.remote_id for one in page)
    for rows in bridge.ahead(bridge.woo.variations(modified_after=since)):
        absorb_woo_variations(bridge, run, rows)
    if complete:
        run.counts["woo products"] = seen.close()
        _forget_missing(bridge, run, "woo", seen)
    with bridge.db.transaction() as conn:
        shop_read_up_to(bridge, conn, WOO, began)


def absorb_woo_products(bridge: Bridge, run: Run, page: Sequence[RawProduct]) -> None:
    """Compare one page of products with what was shown; store what changed."""
    counted = [bridge.woo.stock_of_raw(one.raw) for one in page if one.raw.get("type") == "simple"]
    with bridge.db.reading() as conn:
        known = shown.fingerprints(conn, "woo", [one.remote_id for one in page])
        odd = odd_numbers(conn, counted)
    changed = [one for one in page if known.get(one.remote_id) != one.fingerprint]
    if changed:
        with bridge.db.transaction() as conn:
            for one in changed:
                store_woo_product(bridge, conn, one)
            _wanted(conn, "woo", [one.remote_id for one in changed])
        run.add("woo products changed", len(changed))
    note_numbers(bridge, run, odd)


def store_woo_product(bridge: Bridge, conn: Connection, one: RawProduct) -> None:
    """Store a product as shown; a simple one is its own variation."""
    now = bridge.now()
    product = bridge.woo.translate(one.raw)
    shown.put_product(conn, product, one.fingerprint, now=now)
    if one.raw.get("type") == "variable":
        shown.keep_only_variations(conn, "woo", one.remote_id, [str(v) for v in one.raw.get("variations", ())])
        return
    variation = bridge.woo.translate_variation(one.raw)
    shown.put_variation(conn, "woo", one.remote_id, variation, one.fingerprint, now=now)
    shown.keep_only_variations(conn, "woo", one.remote_id, [one.remote_id])


def absorb_woo_variations(bridge: Bridge, run: Run, rows: Sequence[RawVariation]) -> None:
    """Compare one page of variations with what was shown; store what changed."""
    with bridge.db.reading() as conn:
        known = shown.variation_fingerprints(conn, "woo", [one.remote_id for one in rows])
        odd = odd_numbers(conn, [bridge.woo.stock_of_raw(one.raw) for one in rows])
    changed = [one for one in rows if known.get(one.remote_id) != one.fingerprint]
    if changed:
        with bridge.db.transaction() as conn:
            for one in changed:
                variation = bridge.woo.translate_variation(one.raw)
                shown.put_variation(conn, "woo", one.parent_id, variation, one.fingerprint, now=bridge.now())
            _wanted(conn, "woo", sorted({one.parent_id for one in changed}))
        run.add("woo variations changed", len(changed))
    note_numbers(bridge, run, odd)


def refresh_woo(bridge: Bridge, run: Run, product_id: str) -> None:
    """Read one product now (a doorbell named it): stored, or marked gone."""
    one = bridge.woo.product(product_id)
    if one is None or one.gone:
        with bridge.db.transaction() as conn:
            _gone(conn, run, "woo", [product_id])
        return
    absorb_woo_products(bridge, run, [one])
    if one.raw.get("type") == "variable":
        absorb_woo_variations(bridge, run, bridge.woo.variations_of(product_id))


# -- Square ---------------------------------------------------------------------------


def observe_square(bridge: Bridge, run: Run, *, full: bool) -> None:
    """Read Square's items, all or those changed since the server's own mark."""
    with bridge.db.reading() as conn:
        since = cursors.read_cursor(conn, SQUARE)
    if since and not full:
        page, mark = bridge.square.items_changed(since)
        absorb_square_items(bridge, run, [one for one in page if not one.gone])
        with bridge.db.transaction() as conn:
            _gone(conn, run, "square", [one.remote_id for one in page if one.gone])
    else:
        _, mark = bridge.square.items_changed("")
        seen = Seen()
        for items in bridge.ahead(bridge.square.items()):
            absorb_square_items(bridge, run, items)
            seen.add(one.remote_id for one in items)
        run.counts["square items"] = seen.close()
        _forget_missing(bridge, run, "square", seen)
    if mark:
        with bridge.db.transaction() as conn:
            cursors.move_cursor(conn, SQUARE, mark, bridge.now())


def absorb_square_items(bridge: Bridge, run: Run, page: Sequence[RawProduct]) -> None:
    """Compare some items with what was shown; store what changed."""
    if not page:
        return
    with bridge.db.reading() as conn:
        known = shown.fingerprints(conn, "square", [one.remote_id for one in page])
    changed = [one for one in page if known.get(one.remote_id) != one.fingerprint]
    if not changed:
        return
    with bridge.db.transaction() as conn:
        for one in changed:
            store_square_item(bridge, conn, one)
        _wanted(conn, "square", [one.remote_id for one in changed])
    run.add("square items changed", len(changed))


def store_square_item(bridge: Bridge, conn: Connection, one: RawProduct) -> None:
    """Store an item and its variations as shown."""
    now = bridge.now()
    product = bridge.square.translate(one.raw)
    shown.put_product(conn, product, one.fingerprint, now=now)
    for variation in product.variations:
        shown.put_variation(conn, "square", one.remote_id, variation, "", now=now)
    shown.keep_only_variations(conn, "square", one.remote_id, [v.remote_id for v in product.variations])
    counted = [v.remote_id for v in product.variations if v.tracking == "tracked"]
    stock.reopen(conn, counted, (SQUARE_UNTRACKED, NEITHER_TRACKED))


# -- both -----------------------------------------------------------------------------


def _wanted(conn: Connection, side: str, product_ids: Sequence[str]) -> None:
    """What changed is to be decided again; what is not linked may find its twin."""
    linked = links.products_by(conn, side, product_ids)
    for row in linked.values():
        links.set_dirty(conn, row.pid, True)
    cursors.note_fact(conn, LINK, "1")
    if any(product_id not in linked for product_id in product_ids):
        cursors.note_fact(conn, CREATE, "1")


class Seen:
    """The ids a listing named, eight bytes each: a set of texts would grow by ten times that.

    Two ids whose hashes are equal (one chance in 10^9 for 100,000 ids) count as one: a product that is gone would be
    noticed by the next pass of another process, whose hashes differ.
    """

    def __init__(self) -> None:
        self._hashes = array("q")

    def add(self, ids: Iterable[str]) -> None:
        """Note ids; a shifting listing may name one twice."""
        self._hashes.extend(map(hash, ids))

    def close(self) -> int:
        """Sort them, each once, after the last one; how many different ids there were."""
        self._hashes = array("q", (one for one, _ in groupby(sorted(self._hashes))))
        return len(self._hashes)

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, one: str) -> bool:
        at = bisect_left(self._hashes, hash(one))
        return at < len(self._hashes) and self._hashes[at] == hash(one)


def _forget_missing(bridge: Bridge, run: Run, side: str, seen: Seen) -> None:
    with bridge.db.reading() as conn:
        before = shown.count_live(conn, side)
        missing = [one for one in shown.live_ids(conn, side) if one not in seen]
        brake = believe_listing(len(seen), before, bridge.settings.limits) if missing else None
        asked = f"empty_answer:{side}"
        if brake is not None:
            brake = replace(brake, why=f"{_SIDES[side]}: {brake.why}", release=asked)
        over = brake is None and decisions.is_open(conn, "brake", asked)
        released = brake is not None and brake.release in released_names(conn)
    if over:
        with bridge.db.transaction() as conn:
            decisions.withdraw(conn, "brake", asked, now=bridge.now())
    if not missing:
        return
    with bridge.db.transaction() as conn:
        if brake is not None and not released:
            announce(bridge, run, conn, brake)
            return
        cursors.forget_fact(conn, f"release:{asked}")
    confirmed = [one for one in missing[:_CONFIRM_AT_ONCE] if not _is_there(bridge, side, one)]
    with bridge.db.transaction() as conn:
        _gone(conn, run, side, confirmed)


def _is_there(bridge: Bridge, side: str, product_id: str) -> bool:
    """Ask for the product itself: a page that shifted while it was read may have hidden it from the listing."""
    one = bridge.woo.product(product_id) if side == "woo" else bridge.square.item(product_id)
    return one is not None and not one.gone


def _gone(conn: Connection, run: Run, side: str, ids: Sequence[str]) -> None:
    if not ids:
        return
    shown.mark_gone(conn, side, ids)
    for row in links.products_by(conn, side, ids).values():
        links.set_dirty(conn, row.pid, True)
    run.add(f"{side} products gone", len(ids))
