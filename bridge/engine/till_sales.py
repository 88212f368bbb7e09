"""Where the retailer wants it, every sale at a till becomes an order of the shop: once, and without mails.

The order carries no address and says that its mail is out (so the shop mails nobody), the till's amounts including tax
in a class without rates, and its sale's id. Charges, a tip and what rounding leaves are fees, so that the total is the
till's to the cent. It is made before the stock is decided: what it takes from the shop's number is then accounted for,
and the sale's own count at Square finds the number right already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.money import format_amount
from bridge.domain.order import TILL_VIA
from bridge.domain.order_parts import decimal_of
from bridge.domain.refund import ORIGIN_KEY
from bridge.domain.sales import minor
from bridge.domain.times import normal_time
from bridge.engine.context import Bridge, Run
from bridge.engine.till_deliver import ORDER
from bridge.ledger import links, order_links, outbox, shown, till
from bridge.ledger.stores import all_stores
from bridge.ledger.till import OrderAtTill

JSON = dict[str, Any]
UNTAXED = "zero-rate"
"""The tax class WooCommerce brings along for goods without tax: the till has taxed them already."""
MAILED = "_new_order_email_sent"
"""WooCommerce's own note that the shopkeeper was mailed about a new order: with it, nobody is."""


def sale_key(square_order_id: str) -> str:
    """The key of the shop's order of a till sale."""
    return action_key("woo", f"till:{square_order_id}")


def decide_sales(bridge: Bridge, run: Run) -> None:
    """Plan an order of the shop for every till sale that has none."""
    if not bridge.settings.till_sales_in_woo:
        return
    with bridge.db.reading() as conn:
        new = till.new_orders(conn)
    for order in new:
        with bridge.db.transaction() as conn:
            _decide(bridge, run, conn, order)


def _decide(bridge: Bridge, run: Run, conn: Connection, order: OrderAtTill) -> None:
    body = order.body
    reference = str(body.get("reference_id") or "")
    online = order_links.by_square(conn, [order.order_id]) or (body.get("version") and reference.startswith("woo-"))
    if online or not body.get("line_items") or body.get("state") == "CANCELED":
        till.order_is(conn, order.order_id, "none")
    elif body.get("tenders") or body.get("state") == "COMPLETED":
        _plan(bridge, run, conn, order)


def _plan(bridge: Bridge, run: Run, conn: Connection, order: OrderAtTill) -> None:
    body = order.body
    action = outbox.Action(
        key=sale_key(order.order_id),
        side="woo",
        kind=ORDER,
        payload={
            "order_id": order.order_id,
            # looked for from here on: no sale is younger than its order, but a ledger set back may see it late
            "since": min(order.seen_at, normal_time(str(body.get("created_at") or "")) or order.seen_at),
            "total": minor(body, "total_money"),
            "fields": shop_order(bridge, conn, order),
        },
    )
    till.order_is(conn, order.order_id, "planned")
    if outbox.add(conn, action, now=bridge.now(), run_id=run.id):
        run.add("planned shop orders of till sales")


def shop_order(bridge: Bridge, conn: Connection, order: OrderAtTill) -> JSON:
    """The body of ``POST orders`` for a sale: linked products as lines, all other money as fees."""
    rows = list(order.body.get("line_items") or ())
    linked = links.variations_by(
        conn, "square", [str(r["catalog_object_id"]) for r in rows if r.get("catalog_object_id")]
    )
    digits = bridge.settings.decimals
    lines: list[JSON] = []
    others: list[tuple[str, int]] = []
    for row in rows:
        line = _line(conn, row, linked, minor(row, "total_money"), digits)
        if line is not None:
            lines.append(line)
        else:
            name = f"{row.get('quantity', 1)} × {row.get('name') or 'Custom amount'}"
            others.append((name, minor(row, "total_money")))
    others += _beside_goods(order.body)
    fees = [_fee(name, money, digits) for name, money in others]
    store = next((one.name for one in all_stores(conn) if one.store_id == order.store_id), order.store_id)
    return {
        "created_via": TILL_VIA,
        "status": "completed",
        "set_paid": False,
        "payment_method_title": f"At the till of {store}",
        "line_items": lines,
        "fee_lines": fees,
        "meta_data": [{"key": ORIGIN_KEY, "value": f"square:{order.order_id}"}, {"key": MAILED, "value": "true"}],
    }


def _beside_goods(body: JSON) -> list[tuple[str, int]]:
    """(name, amount with tax) of charges and tip, and of what then lacks to the order's total (cash rounding)."""
    told = [
        (str(one.get("name") or "Charge"), minor(one, "total_money"))
        for one in body.get("service_charges") or ()
        if not str(one.get("calculation_phase", "")).startswith("APPORTIONED")
    ]
    told.append(("Tip", minor(body, "total_tip_money")))
    goods = sum(minor(row, "total_money") for row in body.get("line_items") or ())
    told.append(("Rounding", minor(body, "total_money") - goods - sum(money for _, money in told)))
    return [(name, money) for name, money in told if money]


def _line(conn: Connection, row: JSON, linked: Mapping[str, Any], money: int, digits: int) -> JSON | None:
    """A product line, ``None`` for what the shop cannot hold as one: unknown goods, fractions, products gone."""
    link = linked.get(str(row.get("catalog_object_id") or ""))
    quantity = decimal_of(row.get("quantity"))
    if link is None or quantity != quantity.to_integral_value() or quantity <= 0:
        return None
    if shown.is_gone(conn, "woo", link.woo_parent or link.woo_id):
        return None
    product = {"product_id": int(link.woo_parent or link.woo_id)}
    total = format_amount(money, digits)
    return {
        **product,
        **({"variation_id": int(link.woo_id)} if link.woo_parent else {}),
        "quantity": int(quantity),
        "subtotal": total,
        "total": total,
        "tax_class": UNTAXED,
    }


def _fee(name: str, money: int, digits: int) -> JSON:
    return {"name": name, "total": format_amount(money, digits), "tax_class": UNTAXED, "tax_status": "none"}
