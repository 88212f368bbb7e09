"""What an order takes while a Square order of its own is to carry it: held back, then taken over or let go.

For one cause there is either Square's own decrement or an adjustment, never both (I2). While nothing is certain the
effect stands in the outbox as ``held`` and counts as pending, so the shop never shows goods that are sold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.engine.context import MARK, Bridge, Run
from bridge.engine.square_stock import adjust_square
from bridge.ledger import order_links, outbox, stock
from bridge.ledger.order_links import OrderLink
from bridge.ledger.outbox import HELD, Action
from bridge.ledger.stock import StockRow
from bridge.remotes.orders_port import TillOrder

Place = tuple[int, str]
"""A variation (vid) in a store."""


def hold_effect(
    bridge: Bridge,
    run: Run,
    conn: Connection,
    link: OrderLink,
    row: StockRow,
    store_id: str,
    quantity: Decimal,
    cause: str,
    kind: str,
    movement_id: int,
) -> None:
    """Keep back what would be an adjustment, until it is known who carries it."""
    reference = f"{MARK}{cause}@{store_id}"
    action = Action(
        key=action_key("mirror", reference),
        side="square",
        kind=HELD,
        payload={
            "variation_id": row.square_id,
            "store_id": store_id,
            "quantity": str(quantity),
            "cause": kind,
            "reference": reference,
            "order_id": link.order_id,
        },
        vid=row.vid,
        causes=[movement_id],
        state="held",
    )
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add("sales kept for the till's own count")


def stands_there(bridge: Bridge, conn: Connection, link: OrderLink, made: TillOrder) -> None:
    """The Square order is there: just made, or made and perhaps paid in a life that a ledger set back has forgotten."""
    link.square_order_id, link.total, link.state, link.dirty = made.order_id, made.total, "open", True
    order_links.save(conn, link, now=bridge.now())
    if made.paid:
        payments = [str(one.get("payment_id") or "") for one in made.raw.get("tenders") or ()]
        note_paid(bridge, conn, link, payments[0] if payments else "")


def note_paid(bridge: Bridge, conn: Connection, link: OrderLink, payment_id: str) -> None:
    """The Square order is paid: from now on its own decrement carries the goods, as soon as it is seen.

    Once only. A till may take the money while our own payment waits to be sent; that one ends here, too, and goods
    that are taken over already would otherwise be taken for another decrement, and given back.
    """
    link.payment_id = payment_id or link.payment_id
    if link.state not in order_links.PAID:
        link.state, link.paid_at, link.dirty = "counting", bridge.now(), True
    order_links.save(conn, link, now=bridge.now())


def held_of(conn: Connection, order_id: str) -> list[Action]:
    """What is kept back for an order."""
    rows = outbox.in_states(conn, ("held", "unknown"), most=100_000, kinds=(HELD,))
    return [action for action in rows if action.payload["order_id"] == order_id]


def in_doubt(conn: Connection, order_id: str, *, doubt: bool) -> None:
    """While a payment is on its way nobody knows whether Square's count contains the goods: decide nothing."""
    rows = held_of(conn, order_id)
    for action in rows:
        action.state = "unknown" if doubt else "held"
    outbox.save(conn, rows)


def summed(rows: Sequence[Action]) -> dict[Place, Decimal]:
    """The effect of held rows per variation and store."""
    total: dict[Place, Decimal] = defaultdict(Decimal)
    for action in rows:
        total[(action.vid or 0, action.payload["store_id"])] += Decimal(action.payload["quantity"])
    return dict(total)


def release(bridge: Bridge, run: Run, conn: Connection, link: OrderLink, why: str, *, state: str = "stock") -> None:
    """The Square order will not carry the goods: adjustments do, under the references they would have had anyway."""
    rows = held_of(conn, link.order_id)
    left = summed(rows)
    known = stock.by_vid(conn, [action.vid or 0 for action in rows])
    for action in rows:
        action.state, action.error = "dropped", f"carried by an adjustment: {why}"
        if left[(action.vid or 0, action.payload["store_id"])] and action.vid in known:
            _adjust(bridge, run, conn, known[action.vid], action, Decimal(action.payload["quantity"]))
    outbox.save(conn, rows)
    stock.mark(conn, [action.vid for action in rows if action.vid], dirty=1)
    link.state, link.reason, link.dirty = state, why, False
    order_links.save(conn, link, now=bridge.now())
    run.add("orders carried by adjustments")


def taken_over(
    bridge: Bridge, run: Run, conn: Connection, link: OrderLink, taken: dict[Place, Decimal]
) -> list[Action]:
    """Square took ``taken`` (positive) itself: what is held ends, and only what differs is adjusted.

    What Square did not take goes under the reference it would have had anyway: a ledger that is set back may see the
    Square order first and the change of the line afterwards, and must find that change carried.
    """
    rows = held_of(conn, link.order_id)
    net, left = summed(rows), dict(taken)
    for place, quantity in taken.items():
        net[place] = net.get(place, Decimal(0)) + quantity
    known = stock.by_vid(conn, sorted({vid for vid, _ in net}))
    for action in rows:
        action.state, action.done_at = "done", bridge.now()
        vid, _ = place = (action.vid or 0, action.payload["store_id"])
        covered = min(left.get(place, Decimal(0)), max(Decimal(0), -Decimal(action.payload["quantity"])))
        left[place] = left.get(place, Decimal(0)) - covered
        rest = Decimal(action.payload["quantity"]) + covered
        if rest and net[place] and vid in known:
            _adjust(bridge, run, conn, known[vid], action, rest)
    surplus = {place: quantity for place, quantity in left.items() if net[place]}
    _give_back(bridge, run, conn, link, surplus, rows[0].causes[0] if rows else 0)
    outbox.save(conn, rows)
    stock.mark(conn, sorted({vid for vid, _ in net}), dirty=1)
    return rows


def _adjust(bridge: Bridge, run: Run, conn: Connection, row: StockRow, held: Action, quantity: Decimal) -> None:
    """An adjustment carries (a part of) what was held, under the reference it would have had anyway."""
    cause = str(held.payload["reference"]).removeprefix(MARK).rpartition("@")[0]
    adjust_square(
        bridge, run, conn, row, held.payload["store_id"], quantity, cause,
        kind=held.payload["cause"], movement_id=held.causes[0],
    )  # fmt: skip


def _give_back(
    bridge: Bridge, run: Run, conn: Connection, link: OrderLink, left: dict[Place, Decimal], movement_id: int
) -> None:
    """Units Square took though nothing held asks for them: the shop never took them, or has given them back before.

    Less what a life that a ledger set back has forgotten gave back of them already.
    """
    known = stock.by_vid(conn, sorted({vid for vid, _ in left}))
    for (vid, store_id), quantity in sorted(left.items()):
        cause = base = f"till:{link.order_id}:{vid}"
        turn = 1
        while (given := outbox.by_key(conn, action_key("square", f"{MARK}{cause}@{store_id}"))) is not None:
            quantity -= Decimal(str(given.payload["quantity"]))
            turn += 1
            cause = f"{base}:{turn}"
        if quantity and vid in known:
            adjust_square(
                bridge, run, conn, known[vid], store_id, quantity, cause,
                kind="restock" if quantity > 0 else "sale", movement_id=movement_id,
            )  # fmt: skip
