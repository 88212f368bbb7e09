"""WooCommerce's stock numbers: compare what is shown with what is expected, and explain every gap.

A gap is believed only when no order speaking of the variation changed between two order readings with a fresh reading
of the number between them, and none of our own writes is under way: then the number and the orders belong together.
A gap that equals orders which fell into one of our writes is a decrement that write overwrote, and is healed by
another delta. What nothing explains is an edit by the staff.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from bridge.domain.opening import NEITHER_TRACKED, ON_PARENT, SHOP_UNTRACKED
from bridge.domain.stock import WindowOrder, explain_gap, spread
from bridge.domain.times import parse_time, time_text
from bridge.engine.context import MARK, Bridge, Run, online_stores, store_settings
from bridge.engine.observe_orders import observe_orders, observe_trashed
from bridge.engine.square_stock import adjust_square
from bridge.engine.till_echo import KIND as TILL_ORDER
from bridge.ledger import cursors, decisions, movements, outbox, stock
from bridge.ledger.schema import movement
from bridge.ledger.schema import outbox as outbox_table
from bridge.ledger.stock import StockRow
from bridge.ledger.text import of_json
from bridge.remotes.port import WooStock

EDIT_ANSWER = "edit:"
"""Fact prefix: ``edit:<woo variation id>`` holds a person's answer and the gap it was about ("apply:5")."""
DELETED = "it is no longer in the shop"
_ROUNDS = 3
_BATCH = 100
_EARLY, _LATE = 1.0, 2.0
"""Seconds a write is widened by: orders tell whole seconds, and so does the header that tells the skew."""


def odd_numbers(conn: Connection, shown: Sequence[WooStock]) -> list[tuple[StockRow, WooStock]]:
    """Those of freshly listed numbers that do not fit what the ledger expects."""
    expected = stock.expected_by_woo(conn, [one.variation_id for one in shown])
    unlike = [one for one in shown if not _is_as_expected(one, expected.get(one.variation_id))]
    if not unlike:
        return []
    rows = stock.by_woo(conn, [one.variation_id for one in unlike])
    odd = [(rows[one.variation_id], one) for one in unlike if one.variation_id in rows]
    return [(row, one) for row, one in odd if _is_odd(conn, row, one)]


def note_numbers(bridge: Bridge, run: Run, odd: Sequence[tuple[StockRow, WooStock]]) -> None:
    """What does not fit becomes a suspect, to be looked at closely."""
    if not odd:
        return
    with bridge.db.transaction() as conn:
        for row, one in odd:
            _note(bridge, run, conn, row, one)


def _is_as_expected(one: WooStock, expected: tuple[int, bool, str] | None) -> bool:
    """True when nothing at all needs a look; what is unopened or unknown is looked at by ``_is_odd``."""
    if expected is None or one.tracking != "tracked" or one.quantity is None:
        return False
    quantity, backorders, key = expected
    return one.quantity == quantity and one.backorders == backorders and (not one.key or one.key == key)


def _is_odd(conn: Connection, row: StockRow, one: WooStock) -> bool:
    if row.state == "off":
        return (
            row.reason in (SHOP_UNTRACKED, NEITHER_TRACKED, ON_PARENT, DELETED)
            and one.quantity is not None
            and one.tracking == "tracked"
        )
    if row.state != "open":
        return False
    if one.quantity is None or one.tracking != "tracked" or one.quantity != row.woo_expected:
        return True
    if one.backorders != row.backorders:
        return True
    return _is_forgotten_write(conn, row, one)


def _is_forgotten_write(conn: Connection, row: StockRow, one: WooStock) -> bool:
    """True when the shop carries a key of ours that this ledger never wrote: it was set back."""
    if not one.key or not one.key.startswith(MARK) or one.key == row.woo_key:
        return False
    return outbox.by_key(conn, one.key) is None


def _note(bridge: Bridge, run: Run, conn: Connection, row: StockRow, one: WooStock) -> None:
    now = bridge.now()
    if row.state == "off":
        stock.change(conn, row.vid, state="unopened", reason="")
    elif one.quantity is None or one.tracking != "tracked":
        run.add("stopped tracking in the shop")
        stock.change(conn, row.vid, state="off", reason=SHOP_UNTRACKED, dirty=0, suspect=0)
    elif _is_forgotten_write(conn, row, one):
        run.add("own writes found that this ledger had forgotten")
        stock.change(conn, row.vid, state="unopened", reason="rewound")
    else:
        if one.backorders != row.backorders:
            stock.change(conn, row.vid, backorders=int(one.backorders), dirty=1)
        if one.quantity != row.woo_expected:
            stock.change(conn, row.vid, suspect=1, woo_seen=int(one.quantity), woo_seen_at=now)


def check_numbers(bridge: Bridge, run: Run) -> None:
    """Look closely at every suspect until it is explained, or trade keeps touching it (then next time)."""
    for _ in range(_ROUNDS):
        with bridge.db.reading() as conn:
            rows = [row for row in stock.suspects(conn) if not _must_wait(conn, row)]
        if not rows:
            return
        left = 0
        for start in range(0, len(rows), _BATCH):
            left += _check(bridge, run, rows[start : start + _BATCH])
        if not left:
            return
    run.add("numbers still being traded", left)


def _must_wait(conn: Connection, row: StockRow) -> bool:
    """While a write of it is under way."""
    return any(action.side == "woo" for action in outbox.open_of_variation(conn, row.vid))


def read_numbers(bridge: Bridge, variations: Sequence[tuple[str, str]]) -> dict[str, WooStock]:
    """Fresh numbers by variation id; what is in the trash is in no listing, but answers when asked for itself."""
    numbers = {one.variation_id: one for one in bridge.woo.stock_of(variations)}
    for variation_id, _ in variations:
        if variation_id not in numbers and (raw := bridge.woo.product(variation_id)) is not None:
            numbers[variation_id] = bridge.woo.stock_of_raw(raw.raw)
    return numbers


def _check(bridge: Bridge, run: Run, rows: list[StockRow]) -> int:
    """One close look at some suspects; how many could not be judged."""
    numbers = read_numbers(bridge, [(row.woo_id, row.woo_parent) for row in rows])
    touched = observe_orders(bridge, run)
    with bridge.db.reading() as conn:
        expected = {vid: row.woo_expected for vid, row in stock.by_vid(conn, [row.vid for row in rows]).items()}
    if any(row.woo_id in numbers and numbers[row.woo_id].quantity != expected[row.vid] for row in rows):
        # before an edit by hand is assumed: an order may have gone to the trash before anybody looked
        touched |= observe_trashed(bridge, run)
    with bridge.db.transaction() as conn:
        fresh = stock.by_vid(conn, [row.vid for row in rows])
        for row in rows:
            one = numbers.get(row.woo_id)
            if row.vid not in touched:
                _judge(bridge, run, conn, fresh[row.vid], one)
    return len(touched & {row.vid for row in rows})


def _judge(bridge: Bridge, run: Run, conn: Connection, row: StockRow, one: WooStock | None) -> None:
    if row.state != "open":
        stock.change(conn, row.vid, suspect=0)
        return
    if one is None:
        run.skip(DELETED)
        stock.change(conn, row.vid, state="off", reason=DELETED, dirty=0, suspect=0)
        return
    if one.quantity is None or one.tracking != "tracked" or _is_forgotten_write(conn, row, one):
        _note(bridge, run, conn, row, one)
        return
    gap = int(one.quantity) - row.woo_expected
    writes = unchecked_writes(conn, row)
    stock.change(
        conn, row.vid, suspect=0, woo_seen=int(one.quantity), woo_seen_at=bridge.now(),
        woo_checked=max([row.woo_checked, *(write.id for write in writes)]),
    )  # fmt: skip
    if gap == 0:
        decisions.withdraw(conn, "staff_edit", row.woo_id, now=bridge.now())
        return
    cause, orders_lost = explain_gap(gap, orders_in_window(conn, row.vid, writes, skew=bridge.woo.clock_skew()))
    if cause == "staff_edit":
        staff_edit(bridge, run, conn, row, gap)
    else:
        heal(bridge, run, conn, row, gap, cause, orders_lost, writes[-1].id)


def unchecked_writes(conn: Connection, row: StockRow) -> list[outbox.Action]:
    """Our writes to this number that were confirmed since its last check."""
    found = conn.execute(
        select(outbox_table)
        .where(
            outbox_table.c.vid == row.vid,
            outbox_table.c.side == "woo",
            outbox_table.c.kind == "change_stock",
            outbox_table.c.state == "done",
            outbox_table.c.id > row.woo_checked,
        )
        .order_by(outbox_table.c.id)
    )
    return [outbox.of_row(one) for one in found]


def orders_in_window(
    conn: Connection, vid: int, writes: Iterable[outbox.Action], *, skew: float = 0.0
) -> list[WindowOrder]:
    """Order movements that may have fallen into a write: learnt of after it was decided, and neither over before it
    was sent nor begun after it was confirmed.

    The shop's times are whole seconds on its own clock, ``skew`` seconds ahead of ours: the window is widened a little.
    """
    found: dict[str, WindowOrder] = {}
    for write in writes:
        sent = _shop_time(write.sent_at, skew, -_EARLY) if write.sent_at else ""
        done = _shop_time(write.done_at, skew, _LATE)
        rows = conn.execute(
            select(movement).where(
                movement.c.vid == vid,
                movement.c.side == "woo",
                movement.c.kind.in_(("sale", "restock", "came and went", TILL_ORDER)),
                movement.c.id > write.payload["known"],
            )
        )
        for moved in rows:
            if moved.at >= sent and _begun(moved) <= done:
                found[moved.cause] = WindowOrder(moved.cause, _effect(moved))
    return list(found.values())


def _effect(moved: Row[Any]) -> int:
    """What a movement did to the shop's number when it happened; one that came and went did take its goods first."""
    if moved.kind == "came and went":
        return -int(Decimal(of_json(moved.detail_json)["quantity"]))
    return int(Decimal(moved.quantity))


def _shop_time(moment: str, skew: float, more: float) -> str:
    return time_text(parse_time(moment) + timedelta(seconds=skew + more))


def _begun(moved: Any) -> str:
    """When an order moved stock, at the earliest: a line's first movement between the order's creation and its last
    change (``at``), any later one with that change.
    """
    first = moved.cause.endswith(":1")
    return str(of_json(moved.detail_json).get("created", "")) if first else str(moved.at)


def heal(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    row: StockRow,
    gap: int,
    kind: str,
    orders_lost: Sequence[str],
    write_id: int,
) -> None:
    """Give back to the shop's number what our write overwrote: no goods moved, so Square is left alone."""
    moved = movements.Movement(
        "woo", f"{kind}:{row.vid}:{write_id}", row.vid, "correction", Decimal(0), bridge.now(),
        detail={"gap": gap, "orders": list(orders_lost), "write": write_id},
    )  # fmt: skip
    movements.record(conn, moved, seen_at=bridge.now(), run_id=run.id)
    # the number really is off by gap: expecting that, the next decision writes the difference back
    stock.add_expected(conn, row.vid, gap)
    stock.change(conn, row.vid, suspect=0)
    run.add("lost decrements healed" if gap > 0 else "lost increments healed")


def staff_edit(bridge: Bridge, run: Run, conn: Connection, row: StockRow, gap: int) -> None:
    """Somebody changed the number by hand (or another program did): apply it at Square, report it, or take it back."""
    policy = _answered(conn, row, gap) or bridge.settings.staff_edits
    if policy == "report":
        decisions.ask(
            conn, "staff_edit", row.woo_id,
            f"Somebody changed the shop's stock of {row.sku or row.woo_id} by {gap:+d}; the stores do not know it.",
            choices=("apply", "revert"), now=bridge.now(), vid=row.vid, run_id=run.id, detail={"gap": gap},
        )  # fmt: skip
        return
    take_edit(bridge, run, conn, row, gap, apply=policy == "apply")


def _answered(conn: Connection, row: StockRow, gap: int) -> str:
    """A person's answer about this very edit, "" when there is none; it is used once and holds for its gap only."""
    answer, _, about = cursors.read_fact(conn, EDIT_ANSWER + row.woo_id).partition(":")
    if answer:
        cursors.forget_fact(conn, EDIT_ANSWER + row.woo_id)
    return answer if about == str(gap) else ""


def take_edit(bridge: Bridge, run: Run, conn: Connection, row: StockRow, gap: int, *, apply: bool) -> None:
    """Book a hand edit as a movement of its own; carry it to the stores when ``apply``."""
    cause = f"edit:{row.woo_id}:{bridge.ids()}"
    moved = movements.Movement(
        "woo", cause, row.vid, "staff edit", Decimal(gap), bridge.now(), detail={"applied": apply}
    )
    movement_id = movements.record(conn, moved, seen_at=bridge.now(), run_id=run.id)
    stock.add_expected(conn, row.vid, gap)
    stock.change(conn, row.vid, suspect=0)
    run.add("staff edits in the shop")
    if movement_id is None or not apply:
        return
    stores = store_settings(bridge, conn)
    online = online_stores(stores)
    preferred = [s for s in (bridge.settings.staff_edit_store,) if s] + list(online)
    on_hand = {s: q for s, q in stock.counts_of(conn, [row.vid])[row.vid].items() if s in online}
    for store_id, quantity in spread(Decimal(gap), on_hand, preferred):
        adjust_square(
            bridge, run, conn, row, store_id, quantity, cause,
            kind="receive" if quantity > 0 else "waste", movement_id=movement_id,
        )  # fmt: skip
