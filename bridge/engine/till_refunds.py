"""A refund at a till of an online order becomes one refund in the shop that moves no money and no stock.

No money: it was given back at the till. No stock: goods that came back are counted at Square, and travel to the shop's
number as any other difference does. An exchange is a refund of what came back in it; its new goods are a sale of the
till. Whose refund it is follows from links, else from what staff typed; what stays doubtful is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.money import format_amount
from bridge.domain.order import CLOSED, DRAFTS, Doubtful, Recognised, recognise_refund
from bridge.domain.order_parts import amount, decimal_of
from bridge.domain.refund import (
    Carry,
    RefundFact,
    is_exchange,
    origin_in,
    shop_refund,
    shop_refund_body,
    till_refund,
    to_carry,
)
from bridge.engine.context import Bridge, Run
from bridge.engine.till_echo import take_off_twice
from bridge.engine.till_exchanges import goods_of, returned_with, stands_for_difference
from bridge.engine.till_observe import sources_of
from bridge.engine.till_sales import sale_key
from bridge.errors import RemoteRefused
from bridge.ledger import cursors, decisions, links, order_links, orders, outbox, till
from bridge.ledger.text import of_json
from bridge.ledger.till import OrderAtTill, RefundAtTill
from bridge.remotes.port import WooOrder

KIND = "till_refund"
ANSWER = "till_refund:"
"""Fact prefix: ``till_refund:<refund id>`` holds the order number a person gave."""
NONE, AGAIN = "none", "again"


def refund_key(refund_id: str) -> str:
    """The key of the shop's refund of a till's refund."""
    return action_key("woo", f"refund:{refund_id}")


def _is_under_way(conn: Connection, row: RefundAtTill) -> bool:
    action = outbox.by_key(conn, refund_key(row.refund_id))
    return action is not None and action.state in outbox.OPEN


def decide_refunds(bridge: Bridge, run: Run) -> None:
    """Decide about every refund nobody decided about yet; one that cannot be read does not stop the others."""
    with bridge.db.reading() as conn:
        rows = till.new_refunds(conn)
    for row in rows:
        with bridge.db.reading() as conn:
            left_aside = stands_for_difference(conn, row)
        if left_aside or row.status in ("FAILED", "REJECTED"):
            _is(bridge, row, "none")
        elif row.status == "COMPLETED":
            try:
                _decide(bridge, run, row)
            except RemoteRefused as problem:
                run.skip(f"a till's refund whose order could not be read: {problem}")


def _is(bridge: Bridge, row: RefundAtTill, state: str, woo_id: str = "") -> None:
    with bridge.db.transaction() as conn:
        till.refund_is(conn, row.refund_id, state, woo_id)


def _decide(bridge: Bridge, run: Run, row: RefundAtTill) -> None:
    with bridge.db.reading() as conn:
        if _sale_is_under_way(conn, row):
            return
        found = _whose(conn, row)
        image = _image_of(conn, row)
    if image is not None:
        _is(bridge, row, "image", image)
    elif found is None:
        _is(bridge, row, "none")
    elif isinstance(found, Doubtful):
        why = f"names the order numbers {' and '.join(found.numbers)}"
        _ask(bridge, run, row, why, (*found.numbers, NONE), about=found.numbers)
    else:
        _decide_known(bridge, run, row, found)


def _decide_known(bridge: Bridge, run: Run, row: RefundAtTill, found: Recognised) -> None:
    order = bridge.woo.order(found.order_id) if found.order_id else _order_of_number(bridge, found.number)
    if order is None:
        why = f"names the order {found.number or found.order_id}, which the shop does not have"
        _ask(bridge, run, row, why, (NONE, AGAIN))
        return
    with bridge.db.reading() as conn:
        typed = found.how == "number" and not cursors.read_fact(conn, ANSWER + row.refund_id)
        doubt = _doubt(conn, row, order) if typed else ""
    if doubt and not _stands_in_shop(bridge, row, order):
        why = f"names the order {order.number}, {doubt}"
        _ask(bridge, run, row, why, (order.number, NONE), about=(order.number,))
    else:
        _carry(bridge, run, row, order)


def _stands_in_shop(bridge: Bridge, row: RefundAtTill, order: WooOrder) -> bool:
    """Whether it was recorded there before: a ledger that was set back need not ask again."""
    shown = [shop_refund(raw, bridge.settings.decimals) for raw in bridge.woo.shop_orders.refunds(order.order_id)]
    return any(one.origin == f"square:{row.refund_id}" for one in shown)


def _doubt(conn: Connection, row: RefundAtTill, order: WooOrder) -> str:
    """What speaks against a typed number: staff type all kinds of numbers, and a wrong refund is hard to take back."""
    if order.status in CLOSED | DRAFTS | {"pending"}:
        return f"which is {order.status}"
    returned = returned_with(conn, row) or {}
    held: dict[str, Decimal] = {}
    for line in order.lines:
        held[line.variation_id] = held.get(line.variation_id, Decimal(0)) + line.quantity
    rows = [one for part in returned.get("returns") or () for one in goods_of(part)]
    linked = links.variations_by(conn, "square", [str(one["catalog_object_id"]) for one in rows])
    for one in rows:
        link = linked.get(str(one["catalog_object_id"]))
        if link is None or held.get(link.woo_id, Decimal(0)) < decimal_of(one.get("quantity")):
            return f"which holds no {decimal_of(one.get('quantity')).normalize():f} × {one.get('name') or 'such goods'}"
    return ""


def _vids(conn: Connection, row: RefundAtTill) -> set[int]:
    """The variations whose goods came back."""
    rows = [one for part in (returned_with(conn, row) or {}).get("returns") or () for one in goods_of(part)]
    linked = links.variations_by(conn, "square", [str(one["catalog_object_id"]) for one in rows])
    return {link.vid for link in linked.values()}


def _sale_is_under_way(conn: Connection, row: RefundAtTill) -> bool:
    """True while the shop's order of the sale this refund is of is still being made: the refund waits for it."""
    for order in _sales_of(conn, row).values():
        if order.state == "new":
            return True
        action = outbox.by_key(conn, sale_key(order.order_id)) if order.state == "planned" else None
        if action is not None and action.state in (*outbox.OPEN, "refused"):
            return True
    return False


def _sales_of(conn: Connection, row: RefundAtTill) -> dict[str, OrderAtTill]:
    """The till's sales a refund takes back, by its return order and by the payment it refunds."""
    paid = till.payment_orders(conn, [row.payment_id])
    return till.orders(conn, [*sources_of(returned_with(conn, row) or {}), *paid.values()])


def _image_of(conn: Connection, row: RefundAtTill) -> str | None:
    """The order whose shop refund this one is the image of, "" for an order nobody knows; ``None`` for an original."""
    pair = order_links.paired(conn, row.refund_id)
    if pair is not None and pair.origin == "woo":
        return str(pair.order_id)
    return "" if origin_in(str(row.body.get("reason") or "")).startswith("woo:") else None


def _whose(conn: Connection, row: RefundAtTill) -> Recognised | Doubtful | None:
    answer = cursors.read_fact(conn, ANSWER + row.refund_id)
    if answer:
        return Recognised("number", number=answer)
    paid = till.payment_orders(conn, [row.payment_id])
    sales = _sales_of(conn, row)
    # an exchange's own order is a new sale: what it takes back belongs to other orders
    own = {} if row.exchanged else till.orders(conn, [row.order_id])
    by_order = _online(conn, {**sales, **own})
    linked = order_links.by_square(conn, [row.payment_id])
    by_payment = {payment: link.order_id for payment, link in linked.items()}
    by_payment |= {payment: by_order[order] for payment, order in paid.items() if order in by_order}
    return recognise_refund(
        row.body,
        returned_with(conn, row),
        by_square_order=by_order,
        by_payment=by_payment,
        # what was typed on an exchange speaks of the goods that came back in it, not of those it sold
        sale=next((order.body for order in sales.values() if not is_exchange(order.body)), None),
    )


def _online(conn: Connection, found: Mapping[str, OrderAtTill]) -> dict[str, str]:
    """Square order id → the shop's order: by link, by the order made of a till sale, else by our own reference."""
    known: dict[str, str] = {}
    for order in found.values():
        reference = str(order.body.get("reference_id") or "")
        # till orders have no version: a reference on one of those was typed by somebody
        if order.body.get("version") is not None and reference.startswith("woo-") and reference[4:].isdecimal():
            known[order.order_id] = reference[4:]
    known |= till.made_of(conn, found)
    return known | {one: link.order_id for one, link in order_links.by_square(conn, found).items()}


def _order_of_number(bridge: Bridge, number: str) -> WooOrder | None:
    """The shop's order of that number: numbers are ids, unless a plugin gives its own."""
    with bridge.db.reading() as conn:
        order_id = orders.id_of_number(conn, number) or number
    found = bridge.woo.order(order_id)
    return found if found is not None and number in (found.number, found.order_id) else None


def _carry(bridge: Bridge, run: Run, row: RefundAtTill, order: WooOrder) -> None:
    """Plan the shop's refund, unless it stands there already; one refund of an order is under way at a time."""
    digits = bridge.settings.decimals
    shown = [shop_refund(raw, digits) for raw in bridge.woo.shop_orders.refunds(order.order_id)]
    with bridge.db.reading() as conn:
        others = [one for one in till.refunds_of(conn, order.order_id) if one.refund_id != row.refund_id]
        carried = order_links.carried_names(conn, order.order_id)
        fact = _fact(conn, row, order)
        waits = any(_is_under_way(conn, one) for one in others if one.state == "planned")
    if waits:
        return
    name = fact.name
    if name in carried or any(one.origin == name for one in shown):
        run.add("till refunds found in the shop")
        with bridge.db.transaction() as conn:
            till.refund_is(conn, row.refund_id, "done", order.order_id)
            take_off_twice(bridge, run, conn, order, row.refund_id, _vids(conn, row))
        return
    left = to_carry([*shown, fact], carried, paid_at_square=0, total_in_shop=amount(order.raw, "total", digits))
    mine = next((one for one in left if one.fact.name == name), None)
    if isinstance(mine, Carry):
        _plan(bridge, run, row, order, fact)
        return
    owed = format_amount(mine.left if mine else 0, digits)
    why = f"belongs to order {order.number}, of which the shop can refund only {owed}"
    _ask(bridge, run, row, why, (NONE, AGAIN), about=(order.number,))


def _fact(conn: Connection, row: RefundAtTill, order: WooOrder) -> RefundFact:
    body = returned_with(conn, row)
    return till_refund(row.body, body, _line_ids(conn, body, order))


def _line_ids(conn: Connection, returned: dict[str, Any] | None, order: WooOrder) -> dict[str, str]:
    """Square variation id → the line of the shop's order that sold it."""
    ids = [str(line["catalog_object_id"]) for one in (returned or {}).get("returns") or () for line in goods_of(one)]
    by_product = {line.variation_id: line.line_id for line in reversed(order.lines)}
    linked = links.variations_by(conn, "square", ids)
    return {one: by_product[link.woo_id] for one, link in linked.items() if link.woo_id in by_product}


def _plan(bridge: Bridge, run: Run, row: RefundAtTill, order: WooOrder, fact: RefundFact) -> None:
    key = refund_key(row.refund_id)
    body = shop_refund_body(fact, order.raw, bridge.settings.decimals, key=key, restock=False)
    action = outbox.Action(
        key=key,
        side="woo",
        kind="shop_refund",
        payload={
            "order_id": order.order_id,
            "number": order.number,
            "refund_id": row.refund_id,
            "amount": fact.amount,
            "body": body,
        },
    )
    with bridge.db.transaction() as conn:
        till.refund_is(conn, row.refund_id, "planned", order.order_id)
        cursors.forget_fact(conn, ANSWER + row.refund_id)
        take_off_twice(bridge, run, conn, order, row.refund_id, _vids(conn, row))
        if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
            run.add("planned shop refunds")


def _ask(
    bridge: Bridge, run: Run, row: RefundAtTill, why: str, choices: Sequence[str], *, about: Sequence[str] = ()
) -> None:
    """Ask whose refund it is; ``about`` are the numbers of orders it may be of."""
    given = format_amount(row.amount, bridge.settings.decimals)
    said = str(row.body.get("reason") or "").strip()
    with bridge.db.transaction() as conn:
        till.refund_is(conn, row.refund_id, "asked")
        cursors.forget_fact(conn, ANSWER + row.refund_id)
        decisions.ask(
            conn, KIND, row.refund_id,
            f"A till refunded {given}{f' (“{said}”)' if said else ''}: it {why}. "
            "Which order is it? Nothing was recorded in the shop.",
            choices=choices, now=bridge.now(), run_id=run.id, detail={"orders": list(about)},
        )  # fmt: skip
    run.add("till refunds to be asked about")


def undecided_about(conn: Connection, order_id: str, number: str) -> list[RefundAtTill]:
    """Refunds of tills that may be of an order of the shop: not decided about yet, or asked about."""
    found = [(row, _whose(conn, row)) for row in till.undecided_refunds(conn)]
    return [row for row, whose in found if whose is not None and _names(whose, order_id, number)]


def _names(whose: Recognised | Doubtful, order_id: str, number: str) -> bool:
    if isinstance(whose, Doubtful):
        return number in whose.numbers
    return whose.order_id == order_id or (not whose.order_id and whose.number == number)


def answer_till_refund(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    """Take an order number, "none" (no online order) or "again" (look once more)."""
    for number in of_json(row.detail_json).get("orders", ()):  # a cancelled one may have waited for this answer
        order_links.mark(conn, orders.id_of_number(conn, number) or number)
    if answer == NONE:
        till.refund_is(conn, row.subject, "none")
        return "Noted: an ordinary refund of the till. The shop's orders stay as they are."
    if answer != AGAIN:
        cursors.note_fact(conn, ANSWER + row.subject, answer)
    till.refund_is(conn, row.subject, "new")
    return "The next run looks at it again." if answer == AGAIN else f"The next run records it on order {answer}."
