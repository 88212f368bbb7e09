"""Carries the later life of an order in the shop to its Square order: payment, closing, refunds; edits are told.

Goods are no business of this module: what lines give back or take anew is carried by adjustments, for neither an edit
nor a refund through Square's interface moves its stock.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.money import format_amount
from bridge.domain.order import CLOSED, moves_till, paid_how, till_state
from bridge.domain.order_parts import amount
from bridge.domain.refund import Carry, RefundFact, marked_reason, origin_in, to_carry
from bridge.engine.context import Bridge, Run
from bridge.engine.till_exchanges import exchanged_of, stands_for_difference
from bridge.engine.till_refunds import undecided_about
from bridge.ledger import decisions, order_links, outbox, till
from bridge.ledger.order_links import OrderLink
from bridge.ledger.outbox import Action
from bridge.remotes.orders_port import TillOrder

PAY, MOVE, REFUND = "pay_order", "move_order", "refund_payment"
EDITED = "order_edited"
GATEWAY = "paid through Square's own gateway in the shop"
"""Reason of a link: the gateway itself keeps its Square order and refunds in step."""


def follow(bridge: Bridge, run: Run, link: OrderLink) -> None:
    """Look at an order whose Square order exists, and plan what has to follow."""
    if link.reason == GATEWAY:
        with bridge.db.transaction() as conn:
            link.dirty = False
            order_links.save(conn, link, now=bridge.now())
        return
    order = bridge.woo.order(link.order_id)
    raw: dict[str, Any] = order.raw if order is not None else {"status": "trash"}
    made = _till_order(bridge, link, raw)
    with bridge.db.transaction() as conn:
        if order is not None:
            _told_of_edits(bridge, run, conn, link, raw)
        standing = made.fulfillment[2] if made is not None else ""
        state = till_state(raw, standing, bridge.settings.status_words) if standing else ""
        if link.state == "open" and paid_how(raw) == "paid" and raw.get("status") not in CLOSED:
            plan_payment(bridge, run, conn, link, str(raw.get("payment_method_title") or ""))
        if state and not (state == "COMPLETED" and link.state == "open"):
            plan_move(bridge, run, conn, link, state)
        link.dirty = False
        if link.state == "paid" and link.payment_id:
            _plan_refunds(bridge, run, conn, link, raw)
        order_links.save(conn, link, now=bridge.now())


def _till_order(bridge: Bridge, link: OrderLink, raw: dict[str, Any]) -> TillOrder | None:
    """The Square order, asked for only when the shop's status may move it."""
    tells = moves_till(str(raw.get("status") or ""), bridge.settings.status_words)
    return bridge.square.till_orders.order(link.square_order_id) if tells and link.square_order_id else None


def _about(link: OrderLink) -> dict[str, Any]:
    return {"order_id": link.order_id, "square_order_id": link.square_order_id}


def _plan(bridge: Bridge, run: Run, conn: Connection, kind: str, cause: str, payload: dict[str, Any]) -> None:
    action = Action(key=action_key(kind, cause), side="square", kind=kind, payload=payload)
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add(f"planned {kind.replace('_', ' ')}")


def plan_move(bridge: Bridge, run: Run, conn: Connection, link: OrderLink, state: str) -> None:
    """The handover goes to ``state`` at Square, once."""
    _plan(bridge, run, conn, MOVE, f"{link.square_order_id}:{state}", _about(link) | {"state": state})


def plan_payment(bridge: Bridge, run: Run, conn: Connection, link: OrderLink, paid_with: str) -> None:
    """The order was paid online: note it at Square, once."""
    payload = _about(link) | {"paid_with": paid_with, "reference": f"woo-{link.order_id}"}
    _plan(bridge, run, conn, PAY, f"{link.order_id}:{link.attempt}", payload)


# -- edits ------------------------------------------------------------------------------
def _told_of_edits(bridge: Bridge, run: Run, conn: Connection, link: OrderLink, raw: dict[str, Any]) -> None:
    """A Square order keeps its money once it is made: tell a person when the shop's total is another now."""
    total = amount(raw, "total", bridge.settings.decimals)
    if total == link.total or raw.get("status") in CLOSED:
        decisions.withdraw(conn, EDITED, link.order_id, now=bridge.now())
        return
    now, then = (format_amount(one, bridge.settings.decimals) for one in (total, link.total))
    asked = decisions.ask(
        conn, EDITED, link.order_id,
        f"Order {link.number} was edited after it reached the till: {now} in the shop, {then} at Square. "
        "Its goods were corrected; settle the money with the customer.",
        choices=("noted",), now=bridge.now(), run_id=run.id, detail={"shop": total, "square": link.total},
    )  # fmt: skip
    run.add("orders edited after they reached the till", int(asked is not None))


# -- refunds ----------------------------------------------------------------------------
def _plan_refunds(bridge: Bridge, run: Run, conn: Connection, link: OrderLink, raw: dict[str, Any]) -> None:
    """Refunds of the shop that Square's payment does not know yet; a cancelled order gives back what is left."""
    total = amount(raw, "total", bridge.settings.decimals) if "total" in raw else link.total
    facts = [_fact(row, bridge.settings.decimals) for row in raw.get("refunds") or ()]
    known = order_links.refunds_of(conn, link.order_id)
    loose = _not_in_shop(conn, link, {row.square_id for row in known} | {fact.origin[7:] for fact in facts})
    if raw.get("status") == "cancelled" and not _waits_for_till(conn, run, link, loose):
        left = link.total - sum(fact.amount for fact in (*facts, *(one for one in loose if not one.origin)))
        facts.append(RefundFact("woo", f"cancelled-{link.order_id}", left, reason="Cancelled online"))
    facts += [RefundFact("square", row.square_id, row.amount) for row in known if row.square_id] + loose
    carried = order_links.carried_names(conn, link.order_id)
    for due in to_carry(facts, carried, paid_at_square=link.total, total_in_shop=total):
        if due.fact.side != "woo":
            continue
        if isinstance(due, Carry):
            _plan_refund(bridge, run, conn, link, due.fact)
            continue
        decisions.ask(
            conn, "refund", due.fact.name,
            f"A refund of {format_amount(due.fact.amount, bridge.settings.decimals)} of order {link.number} is more "
            f"than what is left of its payment at Square ({format_amount(due.left, bridge.settings.decimals)}).",
            choices=("noted",), now=bridge.now(), run_id=run.id, detail={"order": link.order_id},
        )  # fmt: skip


def _waits_for_till(conn: Connection, run: Run, link: OrderLink, counted: Collection[RefundFact]) -> bool:
    """Whether a till may have given back some of a cancelled order's money already: then nobody knows how much is left.

    A refund not looked at yet is decided about in this very pass; one that is asked about marks the order anew.
    """
    names = {fact.refund_id for fact in counted}
    maybe = [one for one in undecided_about(conn, link.order_id, link.number) if one.refund_id not in names]
    if maybe:
        run.skip("a cancelled order's money waits: a till may have given some of it back", len(maybe))
    link.dirty = link.dirty or any(one.state == "new" for one in maybe)
    return bool(maybe)


def _not_in_shop(conn: Connection, link: OrderLink, in_shop: Collection[str]) -> list[RefundFact]:
    """What tills gave back on the Square payment, on the order by its number, or in an exchange, and the shop does not
    know yet.
    """
    seen = [row for row in till.refunds_on(conn, link.payment_id) if not stands_for_difference(conn, row)]
    seen += [row for row in till.refunds_of(conn, link.order_id) if row.state == "planned"]
    seen += exchanged_of(conn, link.order_id, link.square_order_id)
    rows = list({row.refund_id: row for row in seen if row.refund_id not in in_shop}.values())
    reasons = [str(row.body.get("reason") or "") for row in rows]
    return [
        RefundFact("square", row.refund_id, row.amount, reason=reason, origin=origin_in(reason))
        for row, reason in zip(rows, reasons, strict=True)
    ]


def _plan_refund(bridge: Bridge, run: Run, conn: Connection, link: OrderLink, fact: RefundFact) -> None:
    payload = _about(link) | {
        "payment_id": link.payment_id,
        "amount": fact.amount,
        "currency": bridge.settings.currency,
        "reason": marked_reason(fact),
        "origin": fact.name,
    }
    _plan(bridge, run, conn, REFUND, fact.name, payload)


def _fact(row: dict[str, Any], digits: int) -> RefundFact:
    """A refund as an order lists it: id, reason, and its total as a negative amount."""
    reason = str(row.get("reason") or "")
    return RefundFact("woo", str(row["id"]), -amount(row, "total", digits), reason=reason, origin=origin_in(reason))
