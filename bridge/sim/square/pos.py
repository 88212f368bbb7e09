"""The till: sales, itemised returns and refunds rung up at Square Point of Sale, online or offline.

A till's orders carry no ``version``, cannot be updated through the API, and send no order events; they are
seen through payments, inventory changes and SearchOrders.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.sim.square import inventory
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.order_book import TILL_SOURCE, find_order, settle, tell, touch
from bridge.sim.square.order_draft import priced
from bridge.sim.square.order_totals import half_even, quantity
from bridge.sim.square.payment_book import complete_new, find_payment, open_payment
from bridge.sim.square.refund_book import check_refundable, record_refund, return_order, settle_refund
from bridge.sim.square.routes import Router

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]


def register(router: Router) -> None:
    """The till has no endpoints."""


def register_acts(square: FakeSquare) -> None:
    """Add what a till does."""
    for act in (sell, take_payment, return_items, refund_amount, settle_refund, switch_selling):
        square.acts[act.__name__] = partial(act, square)


def switch_selling(square: FakeSquare, **settings: Any) -> Json:
    """Set what is doubtful or slow at Square: ``Trade``'s switches, ``search_lag`` and ``delay`` of events."""
    owners = {"search_lag": square.people, "delay": square.hooks}
    for name, value in settings.items():
        owner = owners.get(name, square.trade)
        if not isinstance(getattr(owner, name, None), (bool, float, str)):
            raise LookupError(f"no switch {name}")
        setattr(owner, name, value)
    return settings


def sell(
    square: FakeSquare,
    location_id: str,
    lines: list[Json],
    offline_hours: float = 0,
    note: str = "",
    customer_id: str = "",
    tip: int = 0,
    rules: Json | None = None,
) -> Json:
    """A cash sale: ``lines`` are ``{"variation_id", "quantity", "price"?}``; returns order and payment id.

    ``offline_hours``: the till was offline; the sale happened that long ago and reaches Square only now. ``rules`` are
    the order's ``taxes``, ``discounts`` and ``service_charges`` as CreateOrder takes them; a line may name them in
    ``applied_taxes`` and ``applied_discounts``. ``tip`` is paid on top.
    """
    sold_at = square.stamp() - timedelta(hours=offline_hours)
    # online, stock moves at its own server stamp: never before a count made in the same instant
    late = sold_at if offline_hours else None
    order = till_order(square, location_id, lines, sold_at, rules or {})
    if customer_id:
        order["customer_id"] = customer_id
    tell(square, "order.created", order)
    due = order["net_amount_due_money"]
    if not due["amount"]:
        square.trade.zero_paid.add(order["id"])
        settle(square, order, source=inventory.POS_SOURCE, actor="till", occurred_at=late)
        touch(square, order)
        return {"order_id": order["id"], "payment_id": None}
    fields: Json = {
        "amount_money": due,
        "location_id": location_id,
        "order_id": order["id"],
        "source_type": "CASH",
        "cash_details": {"buyer_supplied_money": due, "change_back_money": {**due, "amount": 0}},
    }
    fields |= {name: value for name, value in (("note", note), ("customer_id", customer_id)) if value}
    if tip:
        fields["tip_money"] = {**due, "amount": tip}
    if offline_hours:
        fields["is_offline_payment"] = True
        fields["offline_payment_details"] = {"client_created_at": rfc3339(sold_at)}
    payment = open_payment(square, fields, product="SQUARE_POS", created_at=late)
    source = inventory.POS_SOURCE
    complete_new(square, payment, order, actor="till", source=source, occurred_at=late)
    return {"order_id": order["id"], "payment_id": payment["id"]}


def take_payment(square: FakeSquare, order_id: str) -> Json:
    """A customer pays an open order in cash, such as one made through the API for pickup; returns the payment's id."""
    order = find_order(square, order_id)
    due = order["net_amount_due_money"]
    if order["state"] != "OPEN" or not due["amount"]:
        raise ValueError(f"nothing is due on order {order_id}")
    fields: Json = {
        "amount_money": due,
        "location_id": order["location_id"],
        "order_id": order_id,
        "source_type": "CASH",
        "cash_details": {"buyer_supplied_money": due, "change_back_money": {**due, "amount": 0}},
    }
    payment = open_payment(square, fields, product="SQUARE_POS")
    complete_new(square, payment, order, actor="till", source=inventory.POS_SOURCE)
    return {"payment_id": payment["id"]}


def till_order(
    square: FakeSquare, location_id: str, lines: list[Json], sold_at: datetime, rules: Json | None = None
) -> Json:
    """A priced order of a till, not kept yet; ``lines`` and ``rules`` as for ``sell``."""
    items = []
    for line in lines:
        item: Json = {"quantity": str(line["quantity"])}
        if line.get("variation_id"):
            item["catalog_object_id"] = line["variation_id"]
        else:
            item["name"] = line.get("name", "Custom amount")
        if line.get("price") is not None:
            item["base_price_money"] = {"amount": int(line["price"])}
        item |= {name: line[name] for name in ("applied_taxes", "applied_discounts") if line.get(name)}
        items.append(item)
    draft: Json = {"location_id": location_id, "source": {"name": TILL_SOURCE}, "line_items": items}
    draft |= deepcopy(rules or {})
    order = priced(square, draft)
    at = rfc3339(sold_at)
    return order | {
        "id": square.ids.token(28),
        "state": "OPEN",
        "created_at": at,
        "updated_at": rfc3339(square.stamp()),
    }


def return_items(
    square: FakeSquare,
    location_id: str,
    order_id: str | None,
    lines: list[Json],
    restock: bool = True,
    reason: str = "Return",
) -> Json:
    """An itemised return at a till, of any order or without a receipt; returns order and refund id.

    ``lines``: ``{"variation_id", "quantity", "price"?}``. With ``restock`` the goods go back on hand at
    ``location_id``, which need not be where they were sold.
    """
    sale = find_order(square, order_id) if order_id else None
    currency = square.state.locations[location_id]["currency"]
    returned = [return_line(square, line, sale, location_id, currency) for line in lines]
    amount = {"amount": sum(line["total_money"]["amount"] for line in returned), "currency": currency}
    payment = payment_of(square, sale)
    if payment is not None:
        check_refundable(square, payment, amount["amount"], square.clock.now())
    order = return_order(
        square,
        location_id=location_id,
        amount=amount,
        lines=returned,
        source_order_id=order_id or "",
        source_name=TILL_SOURCE,
        from_api=False,
    )
    kind = payment["source_type"] if payment else "CASH"
    details = {"unlinked": payment is None, "destination_type": kind}
    refund = record_refund(
        square, order, payment=payment, amount=amount, reason=reason, status="COMPLETED", details=details
    )
    if restock:
        _restock(square, location_id, returned, refund["id"], linked=sale is not None)
    return {"order_id": order["id"], "refund_id": refund["id"]}


def _restock(square: FakeSquare, location_id: str, lines: list[Json], refund_id: str, *, linked: bool) -> None:
    for line in lines:
        if line.get("catalog_object_id"):
            inventory.move(
                square,
                line["catalog_object_id"],
                location_id,
                "SOLD" if linked else "UNLINKED_RETURN",
                "IN_STOCK",
                line["quantity"],
                refund_id=refund_id,
                actor="till",
            )


def payment_of(square: FakeSquare, sale: Json | None) -> Json | None:
    """The first payment of a sale, which a return at the till refunds."""
    tenders = (sale or {}).get("tenders") or ()
    return find_payment(square, tenders[0]["payment_id"]) if tenders else None


def return_line(square: FakeSquare, line: Json, sale: Json | None, location_id: str, currency: str) -> Json:
    """A return line priced as its share of the sold line, or from ``price`` or the catalog without one."""
    variation_id, many = line.get("variation_id"), str(line["quantity"])
    sold = next(
        (row for row in (sale or {}).get("line_items") or () if row.get("catalog_object_id") == variation_id), None
    )
    if sold is None:
        alone = {"location_id": location_id, "source": {"name": TILL_SOURCE}}
        sold = till_order(square, location_id, [line], square.clock.now())["line_items"][0] | alone
    share = quantity(many), quantity(sold["quantity"])

    def part(name: str) -> Json:
        return {"amount": half_even(sold[name]["amount"] * share[0], share[1]), "currency": currency}

    made: Json = {
        "uid": square.ids.token(22),
        "name": sold.get("name", ""),
        "quantity": many,
        "item_type": "ITEM",
        "base_price_money": sold["base_price_money"],
        "variation_total_price_money": part("variation_total_price_money"),
        "gross_return_money": part("gross_sales_money"),
        "total_tax_money": part("total_tax_money"),
        "total_discount_money": part("total_discount_money"),
        "total_money": part("total_money"),
    }
    for name in ("catalog_object_id", "catalog_version", "variation_name"):
        if sold.get(name):
            made[name] = sold[name]
    if sale is not None:
        made["source_line_item_uid"] = sold["uid"]
    return made


def refund_amount(square: FakeSquare, payment_id: str, amount: int, reason: str = "Refund") -> Json:
    """A refund of an amount at a till or in Dashboard: not itemised, nothing restocked; returns its id."""
    payment = find_payment(square, payment_id)
    check_refundable(square, payment, amount, square.clock.now())
    money = {"amount": amount, "currency": payment["total_money"]["currency"]}
    order = return_order(
        square,
        location_id=payment["location_id"],
        amount=money,
        source_order_id=payment.get("order_id", ""),
        source_name=TILL_SOURCE,
        from_api=False,
    )
    details = {"unlinked": False, "destination_type": payment["source_type"]}
    refund = record_refund(
        square, order, payment=payment, amount=money, reason=reason, status="COMPLETED", details=details
    )
    return {"order_id": order["id"], "refund_id": refund["id"]}
