"""Sees what Square itself does with orders of the shop: pays them, closes them, takes their goods from stock.

A paid order's goods are believed taken only when Square's own history says so; the counts are read after it, and both
are written down together. Until then the goods count as sold but not taken, which errs towards showing too few.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from bridge.domain.times import parse_time, time_text
from bridge.engine.context import Bridge, Run
from bridge.engine.mirror_follow import GATEWAY, plan_move
from bridge.engine.mirror_hold import Place, held_of, note_paid, release, taken_over
from bridge.engine.mirror_plan import expected_of
from bridge.engine.observe_square import store_counts, transaction_of
from bridge.ledger import history, links, order_links, stock
from bridge.ledger.order_links import OrderLink
from bridge.remotes.port import SquareChange, SquareCount

PATIENCE = timedelta(minutes=10)
"""How long a paid order may lack its decrement before what Square did not take is adjusted."""


def watch_orders(bridge: Bridge, run: Run) -> None:
    """Look at orders Square may have moved on by itself: unpaid ones, and those paid through its own gateway."""
    with bridge.db.reading() as conn:
        unpaid = order_links.in_states(conn, ("open",))
        gateway = order_links.in_states(conn, ("gateway",))
    if unpaid:
        _watch_unpaid(bridge, run, unpaid)
    for link in gateway:
        _look_up_payment(bridge, run, link)


def _watch_unpaid(bridge: Bridge, run: Run, unpaid: list[OrderLink]) -> None:
    found = {one.order_id: one for one in bridge.square.till_orders.orders([one.square_order_id for one in unpaid])}
    for link in unpaid:
        order = found.get(link.square_order_id)
        dropped = order is not None and order.fulfillment[2] in ("CANCELED", "FAILED")
        if order is None or not (order.paid or dropped or order.state == "CANCELED"):
            continue
        with bridge.db.transaction() as conn:
            if dropped and not order.paid and order.state == "OPEN":
                # nobody fetches it any more: as long as it is open, somebody may be asked to pay for it
                plan_move(bridge, run, conn, link, "CANCELED")
            elif order.paid:
                payments = [str(one.get("payment_id") or "") for one in order.raw.get("tenders") or ()]
                note_paid(bridge, conn, link, payments[0] if payments else "")
            else:
                release(bridge, run, conn, link, "the order was cancelled at the till", state="ended")


def _look_up_payment(bridge: Bridge, run: Run, link: OrderLink) -> None:
    payment = bridge.square.payments.payment(link.payment_id)
    with bridge.db.transaction() as conn:
        if payment is None or payment.status in ("CANCELED", "FAILED") or not payment.order_id:
            release(bridge, run, conn, link, "its payment is no payment of an order at this Square account")
        elif order_links.by_square(conn, [payment.order_id]):
            release(bridge, run, conn, link, "its Square order stands for another order of the shop")
        elif payment.status == "COMPLETED":
            link.square_order_id, link.total, link.reason = payment.order_id, payment.amount, GATEWAY
            note_paid(bridge, conn, link, payment.payment_id)
            run.add("orders paid through Square's own gateway")


# -- goods ------------------------------------------------------------------------------
def take_over_paid(bridge: Bridge, run: Run) -> None:
    """Let every paid order's goods go over to Square's own decrement, as far as it is seen."""
    with bridge.db.reading() as conn:
        counting = order_links.in_states(conn, ("counting",))
    for link in counting:
        _take_over(bridge, run, link)


def _take_over(bridge: Bridge, run: Run, link: OrderLink) -> None:
    order = bridge.square.till_orders.order(link.square_order_id)
    expected = expected_of(order.raw) if order is not None else {}
    with bridge.db.reading() as conn:
        held = {str(action.payload["variation_id"]) for action in held_of(conn, link.order_id)}
        rows = links.variations_by(conn, "square", [*held, *expected])
        kept = stock.by_vid(conn, [row.vid for row in rows.values()])
        # what the shop never took (or has given back before) is given back here too; stock left alone is left alone
        known = {one: row.vid for one, row in rows.items() if one in held or kept[row.vid].followed}
    taken: dict[Place, Decimal] = {}
    seen: dict[str, Decimal] = {}
    for change in _changes(bridge, link, sorted(known)) if known else ():
        place = known[change.variation_id], change.store_id
        taken[place] = taken.get(place, Decimal(0)) - change.quantity
        seen[change.variation_id] = seen.get(change.variation_id, Decimal(0)) - change.quantity
    waits = [one for one in known.keys() & expected.keys() if seen.get(one, Decimal(0)) < expected[one]]
    if waits and bridge.clock.now() - parse_time(link.paid_at) < PATIENCE:
        run.skip("Square has not taken a paid order's goods yet", len(waits))
        return
    counts = [one for page in bridge.square.counts(variation_ids=sorted(known)) for one in page] if known else []
    _write_down(bridge, run, link, taken, counts, known)


def _changes(bridge: Bridge, link: OrderLink, ids: list[str]) -> list[SquareChange]:
    """Square's own decrements of an order."""
    since = time_text(parse_time(link.created) - timedelta(days=1))
    names = {link.square_order_id, link.payment_id} - {""}
    return [
        change
        for page in bridge.square.changes(updated_after=since, variation_ids=ids)
        for change in page
        if change.kind == "sale" and transaction_of(change) in names
    ]


def _write_down(
    bridge: Bridge,
    run: Run,
    link: OrderLink,
    taken: dict[Place, Decimal],
    counts: list[SquareCount],
    known: dict[str, int],
) -> None:
    with bridge.db.transaction() as conn:
        rows = taken_over(bridge, run, conn, link, taken)
        store_counts(conn, run, [(known[one.variation_id], one) for one in counts if one.variation_id in known])
        for action in rows:
            history.write(
                conn, run_id=run.id, at=bridge.now(), side="square", kind="order", vid=action.vid,
                field=action.payload["store_id"], before=None, after=action.payload["quantity"],
                why=f"Square's own count of order {link.number or link.order_id}", key=action.key,
            )  # fmt: skip
        link.state, link.dirty = "paid", True
        order_links.save(conn, link, now=bridge.now())
    run.add("orders taken over by Square's own count")
    run.add("settled: goods of orders", len(rows))
