"""The two stock numbers of each variation: what WooCommerce should show, and what Square counts per store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.fast import rows_by_ids
from bridge.ledger.schema import on_hand, stock, variation

_JOINED = select(
    stock,
    variation.c.woo_id,
    variation.c.woo_parent,
    variation.c.square_id,
    variation.c.sku,
    variation.c.pid,
    variation.c.made_by,
).join_from(stock, variation, variation.c.vid == stock.c.vid)
_BY_WOO = _JOINED.where(variation.c.woo_id.in_(bindparam("ids", expanding=True)))
_BY_VID = _JOINED.where(stock.c.vid.in_(bindparam("vids", expanding=True)))
_DIRTY = (
    _JOINED.where(stock.c.dirty == 1, stock.c.vid > bindparam("after")).order_by(stock.c.vid).limit(bindparam("most"))
)
_SUSPECT = _JOINED.where(stock.c.suspect == 1).order_by(stock.c.vid).limit(bindparam("most"))
_UNOPENED = (
    _JOINED.where(stock.c.state == "unopened", stock.c.vid > bindparam("after"))
    .order_by(stock.c.vid)
    .limit(bindparam("most"))
)
_COUNTS = select(on_hand.c.vid, on_hand.c.store_id, on_hand.c.quantity).where(
    on_hand.c.vid.in_(bindparam("vids", expanding=True))
)
_PUT_COUNT = insert(on_hand)
_PUT_COUNT = _PUT_COUNT.on_conflict_do_update(
    index_elements=["vid", "store_id"],
    set_={"quantity": _PUT_COUNT.excluded.quantity, "calculated_at": _PUT_COUNT.excluded.calculated_at},
    # a reading older than the one we have is a stale one: never go back
    where=on_hand.c.calculated_at <= _PUT_COUNT.excluded.calculated_at,
)
_EXPECTED = """SELECT v.woo_id, s.woo_expected, s.backorders, s.woo_key FROM variation v JOIN stock s ON s.vid = v.vid
    WHERE s.state = 'open' AND v.woo_id IN (SELECT value FROM json_each(?))"""
_COUNTED = """SELECT v.square_id, v.vid, o.store_id, o.quantity FROM variation v LEFT JOIN on_hand o ON o.vid = v.vid
    WHERE v.square_id IN (SELECT value FROM json_each(?))"""
_COUNT_NOW = select(on_hand.c.quantity, on_hand.c.calculated_at).where(
    on_hand.c.vid == bindparam("v"), on_hand.c.store_id == bindparam("s")
)


@dataclass(slots=True)
class StockRow:
    """A variation's stock as the ledger has it, with the names both sides give it."""

    vid: int
    pid: int
    woo_id: str
    woo_parent: str
    square_id: str
    sku: str
    made_by: str
    state: str
    reason: str
    woo_expected: int
    woo_key: str
    woo_writes: int
    woo_checked: int
    woo_cause: int
    backorders: bool
    woo_seen: int | None
    opened_at: str
    suspect: bool

    @property
    def followed(self) -> bool:
        """Whether its number is ours to keep in step, be it after a set-back ledger has compared it anew."""
        return self.state == "open" or self.reason == "rewound"


def of_row(row: Row[Any]) -> StockRow:
    """A joined row as a value."""
    return StockRow(
        vid=row.vid,
        pid=row.pid,
        woo_id=row.woo_id,
        woo_parent=row.woo_parent,
        square_id=row.square_id,
        sku=row.sku,
        made_by=row.made_by,
        state=row.state,
        reason=row.reason,
        woo_expected=row.woo_expected if row.woo_expected is not None else 0,
        woo_key=row.woo_key,
        woo_writes=row.woo_writes,
        woo_checked=row.woo_checked,
        woo_cause=row.woo_cause,
        backorders=bool(row.backorders),
        woo_seen=row.woo_seen,
        opened_at=row.opened_at,
        suspect=bool(row.suspect),
    )


def by_woo(conn: Connection, ids: Sequence[str]) -> dict[str, StockRow]:
    """Stock rows by WooCommerce variation id."""
    return {row.woo_id: of_row(row) for row in conn.execute(_BY_WOO, {"ids": list(ids)})}


def expected_by_woo(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[int, bool, str]]:
    """(number the shop should show, backorders, key of our last write) of open rows, by WooCommerce variation id."""
    rows = rows_by_ids(conn, _EXPECTED, ids)
    return {woo_id: (expected or 0, bool(backorders), key) for woo_id, expected, backorders, key in rows}


def counted_by_square(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[int, dict[str, str]]]:
    """(vid, count per store as text) of linked variations, by Square variation id."""
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for square_id, vid, store_id, quantity in rows_by_ids(conn, _COUNTED, ids):
        counts = found.setdefault(square_id, (vid, {}))[1]
        if store_id is not None:
            counts[store_id] = quantity
    return found


def by_vid(conn: Connection, vids: Sequence[int]) -> dict[int, StockRow]:
    """Stock rows by vid."""
    return {row.vid: of_row(row) for row in conn.execute(_BY_VID, {"vids": list(vids)})}


def dirty(conn: Connection, *, after: int = 0, most: int = 500) -> list[StockRow]:
    """Rows to be decided, by vid."""
    return [of_row(row) for row in conn.execute(_DIRTY, {"after": after, "most": most})]


def suspects(conn: Connection, *, most: int = 500) -> list[StockRow]:
    """Rows whose shown number is not the expected one, or was not checked since our last write."""
    return [of_row(row) for row in conn.execute(_SUSPECT, {"most": most})]


def unopened(conn: Connection, *, after: int = 0, most: int = 500) -> list[StockRow]:
    """Rows that have no opening count yet."""
    return [of_row(row) for row in conn.execute(_UNOPENED, {"after": after, "most": most})]


def is_suspect(conn: Connection, vid: int) -> bool:
    """True while a number was seen that does not fit and was not looked at closely yet."""
    return bool(conn.execute(select(stock.c.suspect).where(stock.c.vid == vid)).scalar())


def change(conn: Connection, vid: int, **values: Any) -> None:
    """Change columns of a stock row."""
    conn.execute(_change(tuple(values)), {"the_vid": vid, **{f"new_{name}": value for name, value in values.items()}})


@cache
def _change(names: tuple[str, ...]) -> Update:
    """The statement that changes these columns, built once: building it takes longer than running it."""
    return update(stock).where(stock.c.vid == bindparam("the_vid")).values({n: bindparam(f"new_{n}") for n in names})


def mark(conn: Connection, vids: Sequence[int], **values: Any) -> None:
    """Change the same columns of several rows."""
    for start in range(0, len(vids), 500):
        conn.execute(update(stock).where(stock.c.vid.in_(list(vids[start : start + 500]))).values(**values))


def reopen(conn: Connection, square_ids: Sequence[str], reasons: Sequence[str]) -> None:
    """Variations left alone for reasons that no longer hold get an opening count again."""
    vids = select(variation.c.vid).where(variation.c.square_id.in_(list(square_ids)))
    found = update(stock).where(stock.c.vid.in_(vids), stock.c.state == "off", stock.c.reason.in_(list(reasons)))
    conn.execute(found.values(state="unopened", reason=""))


_ADD_EXPECTED = (
    update(stock)
    .where(stock.c.vid == bindparam("v"))
    .values(woo_expected=stock.c.woo_expected + bindparam("by"), dirty=1, suspect=1)
)


def add_expected(conn: Connection, vid: int, by: int) -> None:
    """A movement known from WooCommerce: its number moved, so does what we expect of it; both are to be compared."""
    conn.execute(_ADD_EXPECTED, {"v": vid, "by": by})


def counts_of(conn: Connection, vids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """Square's on hand per store, by vid."""
    found: dict[int, dict[str, Decimal]] = {vid: {} for vid in vids}
    for start in range(0, len(vids), 500):
        for vid, store_id, quantity in conn.execute(_COUNTS, {"vids": list(vids[start : start + 500])}):
            found[vid][store_id] = Decimal(quantity)
    return found


def put_count(conn: Connection, vid: int, store_id: str, quantity: Decimal, calculated_at: str) -> bool:
    """Store a count unless it is older than the one known; True when the number changed."""
    known = conn.execute(_COUNT_NOW, {"v": vid, "s": store_id}).first()
    if known is not None and (known.calculated_at > calculated_at or Decimal(known.quantity) == quantity):
        if known.calculated_at < calculated_at:
            _put(conn, vid, store_id, quantity, calculated_at)
        return False
    _put(conn, vid, store_id, quantity, calculated_at)
    return True


def _put(conn: Connection, vid: int, store_id: str, quantity: Decimal, calculated_at: str) -> None:
    conn.execute(
        _PUT_COUNT,
        {"vid": vid, "store_id": store_id, "quantity": str(quantity), "calculated_at": calculated_at},
    )
