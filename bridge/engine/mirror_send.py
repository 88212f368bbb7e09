"""Sends writes about orders at the till, and ends every unanswered one by reading back.

An order is found by its reference, a payment on its order, a step in the order's fulfillment, a refund by the origin
in its reason. Keys follow from the cause, so that even a forgotten write, sent again, is the same write to Square.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bridge.domain.refund import origin_in
from bridge.domain.times import parse_time
from bridge.engine.context import Bridge, Run
from bridge.engine.deliver_stock import not_done
from bridge.engine.mirror_follow import MOVE, PAY, REFUND, plan_payment
from bridge.engine.mirror_hold import in_doubt, note_paid, stands_there
from bridge.engine.mirror_plan import CREATE, cannot_mirror, find_at_till
from bridge.engine.sending import may_conclude
from bridge.ledger import history, order_links, outbox
from bridge.ledger.order_links import OrderLink
from bridge.ledger.outbox import Action
from bridge.remotes.orders_port import TillOrder, TillPayment, TillRefund
from bridge.remotes.port import Done, Outcome, Refused

KINDS = (CREATE, PAY, MOVE, REFUND)
_ENDED = ("CANCELED", "COMPLETED", "FAILED")


def deliver_orders(bridge: Bridge, run: Run) -> int:
    """Send what is due, one by one; how many are done."""
    done, before = 0, -1
    while done != before:
        before = done
        with bridge.db.reading() as conn:
            due = outbox.in_states(conn, ("due",), now=bridge.now(), kinds=KINDS)
        for action in due:
            if action.id in run.waiting:
                continue
            _mark_sent(bridge, action)
            outcome = _send(bridge, action)
            with bridge.db.transaction() as conn:
                done += _record(bridge, run, conn, action, outcome)
    return done


def _mark_sent(bridge: Bridge, action: Action) -> None:
    with bridge.db.transaction() as conn:
        action.state, action.sent_at, action.attempts = "sent", bridge.now(), action.attempts + 1
        outbox.save(conn, [action])
        if action.kind == PAY:
            in_doubt(conn, action.payload["order_id"], doubt=True)


def _send(bridge: Bridge, action: Action) -> Outcome:
    said = action.payload
    if action.kind == CREATE:
        return _create(bridge, action)
    if action.kind == REFUND:
        return bridge.square.payments.refund_payment(
            said["payment_id"], said["amount"], said["currency"], said["reason"], action.key
        )
    order = bridge.square.till_orders.order(said["square_order_id"])
    if order is None:
        return Refused("NOT_FOUND", "Square does not know this order any more.", gone=True)
    if action.kind == PAY:
        return Done(_payment_on(bridge, order)) if order.paid else _pay(bridge, action, order)
    if _moved(order, said["state"]):
        return Done(order)
    return bridge.square.till_orders.move_fulfillment(order, said["state"], action.key)


def _pay(bridge: Bridge, action: Action, order: TillOrder) -> Outcome:
    """Note the payment, unless a till takes the money in this very moment: then Square refuses ours."""
    said = action.payload
    outcome = bridge.square.payments.pay_external(order, said["paid_with"], said["reference"], action.key)
    if isinstance(outcome, Refused) and not outcome.access:
        now = bridge.square.till_orders.order(said["square_order_id"])
        return Done(_payment_on(bridge, now)) if now is not None and now.paid else outcome
    return outcome


def _create(bridge: Bridge, action: Action) -> Outcome:
    """Make the order. A key that leads to a cancelled one was used in a life that a ledger set back has forgotten."""
    said = action.payload
    outcome = bridge.square.till_orders.create(said["order"], action.key)
    if not isinstance(outcome, Done) or outcome.answer.state != "CANCELED":
        return outcome
    made = find_at_till(bridge, said["store_id"], said["reference"], said["since"])
    return Done(made) if made is not None else Refused("CANCELED", "It was made there before and cancelled.")


def _moved(order: TillOrder, state: str) -> bool:
    """Whether a fulfillment is where it should be, or where nothing moves it any more.

    A till that cancels the handover of an unpaid order leaves the order itself open.
    """
    if order.fulfillment[2] not in (state, *_ENDED):
        return False
    return state != "CANCELED" or order.paid or order.state != "OPEN"


def _payment_on(bridge: Bridge, order: TillOrder) -> TillPayment | None:
    """The payment an order was paid with; ``None`` for an order of nothing."""
    for tender in order.raw.get("tenders") or ():
        if tender.get("payment_id"):
            return bridge.square.payments.payment(str(tender["payment_id"]))
    return None


# -- recording --------------------------------------------------------------------------
def _record(bridge: Bridge, run: Run, conn: Connection, action: Action, outcome: Outcome) -> int:
    """Write down what became of a write; 1 when it is done."""
    link = order_links.get(conn, action.payload["order_id"])
    if isinstance(outcome, Done) and link is not None:
        action.state, action.done_at = "done", bridge.now()
        _RECORD[action.kind](bridge, run, conn, action, link, outcome.answer)
        outbox.save(conn, [action])
        _remember(bridge, run, conn, action)
        return 1
    if action.kind == CREATE and isinstance(outcome, Refused) and not outcome.access and link is not None:
        action.state, action.error = "dropped", f"{outcome.code}: {outcome.message}"
        action.payload.pop("order", None)
        outbox.save(conn, [action])
        cannot_mirror(bridge, run, conn, link, f"Square refused it ({outcome.message}).")
        return 0
    not_done(bridge, run, conn, action, outcome)
    if action.kind == PAY and action.state in ("due", "refused"):
        in_doubt(conn, action.payload["order_id"], doubt=False)
    return 0


def _remember(bridge: Bridge, run: Run, conn: Connection, action: Action) -> None:
    about = action.payload.get("state") or action.payload.get("amount") or action.payload.get("square_order_id")
    history.write(
        conn, run_id=run.id, at=bridge.now(), side="square", kind="order", field=action.kind,
        before=None, after=about, why=f"order {action.payload['order_id']} of the shop", key=action.key,
    )  # fmt: skip
    run.add(f"till {action.kind.replace('_', ' ')} written")


def _created(bridge: Bridge, run: Run, conn: Connection, action: Action, link: OrderLink, answer: TillOrder) -> None:
    # who fetches the order stays at the two sides; nobody needs it in here any more
    action.payload.pop("order", None)
    action.payload["square_order_id"] = answer.order_id
    stands_there(bridge, conn, link, answer)
    if action.payload["pay"] and link.state == "open":
        plan_payment(bridge, run, conn, link, action.payload["paid_with"])


def _paid(
    bridge: Bridge, run: Run, conn: Connection, action: Action, link: OrderLink, answer: TillPayment | None
) -> None:
    note_paid(bridge, conn, link, answer.payment_id if answer is not None else "")
    in_doubt(conn, link.order_id, doubt=False)


def _moved_on(bridge: Bridge, run: Run, conn: Connection, action: Action, link: OrderLink, answer: Any) -> None:
    run.add("orders moved at the till")


def _refunded(bridge: Bridge, run: Run, conn: Connection, action: Action, link: OrderLink, answer: TillRefund) -> None:
    order_links.pair_refunds(
        conn, link.order_id, origin="woo", woo_id=str(action.payload["origin"]).removeprefix("woo:"),
        square_id=answer.refund_id, amount=answer.amount, now=bridge.now(),
    )  # fmt: skip


_RECORD: dict[str, Any] = {CREATE: _created, PAY: _paid, MOVE: _moved_on, REFUND: _refunded}


# -- reading back -----------------------------------------------------------------------
def settle_orders(bridge: Bridge, run: Run) -> None:
    """Look for every unanswered write where it would be."""
    with bridge.db.reading() as conn:
        unknown = outbox.in_states(conn, ("unknown",), kinds=KINDS)
    for action in unknown:
        found = _look(bridge, action)
        with bridge.db.transaction() as conn:
            if found is not None:
                _record(bridge, run, conn, action, found)
                run.add("settled: it had happened")
            elif may_conclude(bridge, action):
                action.state, action.due_at = "due", bridge.now()
                outbox.save(conn, [action])
                if action.kind == PAY:
                    in_doubt(conn, action.payload["order_id"], doubt=False)
                run.add("settled: it had not happened")


def _look(bridge: Bridge, action: Action) -> Done | None:
    """What there is of a write at Square; ``None`` when nothing is there."""
    said = action.payload
    if action.kind == CREATE:
        made = find_at_till(bridge, said["store_id"], said["reference"], said["since"])
        return Done(made) if made is not None else None
    if action.kind == REFUND:
        refund = _refund_of(bridge, action)
        return Done(refund) if refund is not None else None
    order = bridge.square.till_orders.order(said["square_order_id"])
    if order is None:
        return None
    if action.kind == PAY:
        return Done(_payment_on(bridge, order)) if order.paid else None
    return Done(order) if _moved(order, said["state"]) else None


def _refund_of(bridge: Bridge, action: Action) -> TillRefund | None:
    since = parse_time(action.sent_at) - timedelta(hours=1)
    for page in bridge.square.payments.refunds_changed(since):
        for refund in page:
            same = refund.payment_id == action.payload["payment_id"] and refund.status not in ("FAILED", "REJECTED")
            if same and origin_in(refund.reason) == action.payload["origin"]:
                return refund
    return None
