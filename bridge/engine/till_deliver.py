"""Deliver to the shop what tills did: refunds, order states, notes and orders made of sales; end unknown ones.

Each write is looked for before it is sent: after a crash, a lost answer or an old backup it may stand there already.
What went out and was not answered is ended by reading back alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bridge.domain.money import parse_amount
from bridge.domain.order import CLOSED, TILL_VIA, may_move
from bridge.domain.times import parse_time
from bridge.engine.context import Bridge, Run
from bridge.engine.deliver_stock import not_done
from bridge.engine.observe_orders import take_order
from bridge.engine.sending import may_conclude
from bridge.ledger import decisions, history, order_links, outbox, till
from bridge.ledger.outbox import Action
from bridge.remotes.port import JSON, Done, Outcome

REFUND, STATUS, NOTE, ORDER = "shop_refund", "order_status", "order_note", "shop_order"
KINDS = (REFUND, STATUS, NOTE, ORDER)
OVERTAKEN = "the shop's order has moved on"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look before (or after) a write showed: it ``stands`` there with this answer, or is ``moot`` by now."""

    stands: bool = False
    answer: Any = None
    moot: str = ""


def deliver_to_shop(bridge: Bridge, run: Run) -> int:
    """Send due writes one after the other; how many are done."""
    done = 0
    while (action := _next(bridge)) is not None:
        done += _deliver(bridge, run, action)
    return done


def _next(bridge: Bridge) -> Action | None:
    """The oldest due write, marked sent."""
    with bridge.db.reading() as conn:
        due = outbox.in_states(conn, ("due",), now=bridge.now(), most=1, kinds=KINDS)
    if not due:
        return None
    action = due[0]
    action.state, action.sent_at, action.attempts = "sent", bridge.now(), action.attempts + 1
    with bridge.db.transaction() as conn:
        outbox.save(conn, [action])
    return action


def _deliver(bridge: Bridge, run: Run, action: Action) -> int:
    looked = _LOOKS[action.kind](bridge, action)
    if looked.moot:
        _drop(bridge, run, action, looked.moot)
        return 0
    outcome = Done(looked.answer) if looked.stands else _SENDS[action.kind](bridge, action)
    return _record(bridge, run, action, outcome)


def settle_shop(bridge: Bridge, run: Run) -> None:
    """Read back every unanswered write of these kinds."""
    with bridge.db.reading() as conn:
        unknown = [one for one in outbox.in_states(conn, ("unknown",)) if one.kind in KINDS]
    for action in unknown:
        looked = _LOOKS[action.kind](bridge, action)
        if looked.stands:
            _record(bridge, run, action, Done(looked.answer))
            run.add("settled: it had happened")
        elif may_conclude(bridge, action):
            action.state, action.due_at = "due", bridge.now()
            with bridge.db.transaction() as conn:
                outbox.save(conn, [action])
            run.add("settled: it had not happened")


# -- before and after ---------------------------------------------------------------------
def _look_for_refund(bridge: Bridge, action: Action) -> Looked:
    found = bridge.woo.shop_orders.find_refund(action.payload["order_id"], action.payload["body"])
    return Looked(found is not None, found)


def _look_at_status(bridge: Bridge, action: Action) -> Looked:
    status, key = bridge.woo.shop_orders.key_on(action.payload["order_id"])
    wanted = action.payload["status"]
    if key == action.key or status == wanted:
        return Looked(True)
    if not status:
        return Looked(moot="the shop's order is gone")
    return Looked(moot="" if may_move(status, wanted, bridge.settings.status_words) else OVERTAKEN)


def _look_for_note(bridge: Bridge, action: Action) -> Looked:
    order_id = action.payload["order_id"]
    status, _ = bridge.woo.shop_orders.key_on(order_id)
    if not status:
        return Looked(moot="the shop's order is gone")
    if bridge.woo.shop_orders.has_note(order_id, action.payload["text"]):
        return Looked(True)
    return Looked(moot=OVERTAKEN if status in CLOSED and action.payload["clerk"] != "cancelled" else "")


def _look_for_order(bridge: Bridge, action: Action) -> Looked:
    with bridge.db.reading() as conn:
        known = till.orders(conn, [action.payload["order_id"]])
    row = known.get(action.payload["order_id"])
    if row is not None and row.woo_id:
        # the listing of the shop's orders has shown it already
        return Looked(True, {"id": row.woo_id})
    since = parse_time(action.payload["since"]) - timedelta(hours=1)
    found = bridge.woo.shop_orders.find_order(TILL_VIA, action.key, since)
    return Looked(found is not None, found)


_LOOKS: dict[str, Callable[[Bridge, Action], Looked]] = {
    REFUND: _look_for_refund,
    STATUS: _look_at_status,
    NOTE: _look_for_note,
    ORDER: _look_for_order,
}


# -- sending ------------------------------------------------------------------------------
def _send_refund(bridge: Bridge, action: Action) -> Outcome:
    return bridge.woo.shop_orders.create_refund(action.payload["order_id"], action.payload["body"])


def _send_status(bridge: Bridge, action: Action) -> Outcome:
    return bridge.woo.shop_orders.set_status(action.payload["order_id"], action.payload["status"], action.key)


def _send_note(bridge: Bridge, action: Action) -> Outcome:
    payload = action.payload
    return bridge.woo.shop_orders.add_note(payload["order_id"], payload["text"], customer=payload["customer"])


def _send_order(bridge: Bridge, action: Action) -> Outcome:
    return bridge.woo.shop_orders.create_order(action.payload["fields"], action.key)


_SENDS: dict[str, Callable[[Bridge, Action], Outcome]] = {
    REFUND: _send_refund,
    STATUS: _send_status,
    NOTE: _send_note,
    ORDER: _send_order,
}


# -- writing down -------------------------------------------------------------------------
def _drop(bridge: Bridge, run: Run, action: Action, why: str) -> None:
    action.state, action.error = "dropped", why
    with bridge.db.transaction() as conn:
        outbox.save(conn, [action])
    run.skip(why)


def _record(bridge: Bridge, run: Run, action: Action, outcome: Outcome) -> int:
    if not isinstance(outcome, Done):
        with bridge.db.transaction() as conn:
            not_done(bridge, run, conn, action, outcome)
        return 0
    # what a new order took from the shop's stock is read before it is written down, so that both are one step
    order = bridge.woo.order(str(outcome.answer["id"])) if action.kind == ORDER else None
    with bridge.db.transaction() as conn:
        action.state, action.done_at = "done", bridge.now()
        outbox.save(conn, [action])
        _RECORDS[action.kind](bridge, run, conn, action, outcome.answer)
        if order is not None:
            take_order(bridge, run, conn, order)
            _check_total(bridge, run, conn, action, order.raw)
    return 1


def _record_refund(bridge: Bridge, run: Run, conn: Connection, action: Action, answer: JSON) -> None:
    payload, woo_id = action.payload, str(answer["id"])
    till.refund_is(conn, payload["refund_id"], "done", payload["order_id"])
    order_links.pair_refunds(
        conn, payload["order_id"], origin="square", woo_id=woo_id, square_id=payload["refund_id"],
        amount=payload["amount"], now=bridge.now(),
    )  # fmt: skip
    _tell(bridge, run, conn, action, "refund", payload["amount"], "refunded at a till")
    run.add("shop refunds written")


def _record_status(bridge: Bridge, run: Run, conn: Connection, action: Action, answer: JSON) -> None:
    _tell(bridge, run, conn, action, "status", action.payload["status"], "moved at the till")
    run.add("shop order states written")


def _record_note(bridge: Bridge, run: Run, conn: Connection, action: Action, answer: JSON) -> None:
    run.add("shop order notes written")


def _record_order(bridge: Bridge, run: Run, conn: Connection, action: Action, answer: JSON) -> None:
    till.order_is(conn, action.payload["order_id"], "done", str(answer["id"]))
    _tell(bridge, run, conn, action, "order", str(answer["id"]), "sold at a till")
    run.add("shop orders of till sales created")


_RECORDS: dict[str, Callable[[Bridge, Run, Connection, Action, Any], None]] = {
    REFUND: _record_refund,
    STATUS: _record_status,
    NOTE: _record_note,
    ORDER: _record_order,
}


def _tell(bridge: Bridge, run: Run, conn: Connection, action: Action, field: str, after: object, why: str) -> None:
    order = action.payload["order_id"]
    history.write(
        conn, run_id=run.id, at=bridge.now(), side="woo", kind="order", field=f"{field} of {order}", before=None,
        after=after, why=why, key=action.key,
    )  # fmt: skip


def _check_total(bridge: Bridge, run: Run, conn: Connection, action: Action, raw: JSON) -> None:
    """The shop adds up by itself: where its total is another than the till's, a person should know."""
    total = parse_amount(str(raw.get("total")), bridge.settings.decimals)
    if total != action.payload["total"]:
        run.add("shop orders of till sales whose total differs")
        decisions.ask(
            conn, "till_order", action.payload["order_id"],
            f"The shop's order {raw.get('number')} of a till sale comes to {raw.get('total')}, not to what the till "
            "took: the shop's tax rates apply to its tax class. The sales report counts the till's amount.",
            choices=("dismiss",), now=bridge.now(),
        )  # fmt: skip
