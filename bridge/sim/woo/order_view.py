"""Orders and refunds as the REST API shows them: every field of the recordings, in their order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.order_lines import item_of
from bridge.sim.woo.order_state import CouponLine, ExtraLine, Order, OrderLine, Refund, Taxes, TaxLine
from bridge.sim.woo.order_status import needs_processing
from bridge.sim.woo.order_totals import money, plain
from bridge.sim.woo.times import gmt_text, local_text

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

VERSION = "9.9.5"
SYMBOLS = {"USD": "$", "EUR": "&euro;", "GBP": "&pound;", "CAD": "$", "AUD": "$", "JPY": "&yen;"}
_HINTS = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}


def order_json(shop: FakeWoo, order: Order, base: str, *, dp: int = 2, just_made: bool = False) -> dict[str, Any]:
    """An order as JSON. ``dp``: decimals of amounts; ``just_made``: in the answer to its creation."""
    pay_url = f"{base}/checkout/order-pay/{order.id}/?pay_for_order=true&key={order.order_key}"
    return {
        "id": order.id,
        "parent_id": 0,
        "status": order.status,
        "currency": order.currency,
        "version": VERSION,
        "prices_include_tax": order.prices_include_tax,
        **_who_and_how_much(shop, order, dp),
        "number": str(order.id),
        "meta_data": list(order.meta),
        "line_items": [line_json(shop, line, dp) for line in order.lines],
        "tax_lines": [tax_line_json(line, dp) for line in order.tax_lines],
        "shipping_lines": [shipping_json(line, dp, labelled=just_made) for line in order.shipping_lines],
        "fee_lines": [fee_json(line, dp) for line in order.fee_lines],
        "coupon_lines": [coupon_json(line, dp) for line in order.coupon_lines],
        "refunds": [
            {"id": refund.id, "reason": refund.reason, "total": money(-refund.amount, dp)}
            for refund in sorted(order.refunds, key=lambda refund: (-refund.created, refund.id))
        ],
        "payment_url": pay_url,
        "is_editable": order.status in ("pending", "on-hold", "auto-draft"),
        "needs_payment": order.status in ("pending", "failed", "checkout-draft") and order.total > 0,
        "needs_processing": needs_processing(shop, order),
        "date_created_gmt": gmt_text(order.created),
        "date_modified_gmt": gmt_text(order.modified),
        "date_completed_gmt": None if order.completed is None else gmt_text(order.completed),
        "date_paid_gmt": None if order.paid is None else gmt_text(order.paid),
        "currency_symbol": SYMBOLS.get(order.currency, order.currency),
        "_links": _links(base, order),
    }


def _who_and_how_much(shop: FakeWoo, order: Order, dp: int) -> dict[str, Any]:
    tz = shop.state.timezone
    return {
        "date_created": local_text(order.created, tz),
        "date_modified": local_text(order.modified, tz),
        "discount_total": money(order.discount_total, dp),
        "discount_tax": money(order.discount_tax, dp),
        "shipping_total": money(order.shipping_total, dp),
        "shipping_tax": money(order.shipping_tax, dp),
        "cart_tax": money(order.cart_tax, dp),
        "total": money(order.total, dp),
        "total_tax": money(order.cart_tax + order.shipping_tax, dp),
        "customer_id": order.customer_id,
        "order_key": order.order_key,
        "billing": dict(order.billing),
        "shipping": dict(order.shipping),
        "payment_method": order.payment_method,
        "payment_method_title": order.payment_method_title,
        "transaction_id": order.transaction_id,
        "customer_ip_address": order.customer_ip_address,
        "customer_user_agent": order.customer_user_agent,
        "created_via": order.created_via,
        "customer_note": order.customer_note,
        "date_completed": None if order.completed is None else local_text(order.completed, tz),
        "date_paid": None if order.paid is None else local_text(order.paid, tz),
        "cart_hash": order.cart_hash,
    }


def _links(base: str, order: Order) -> dict[str, Any]:
    collection = f"{base}/wp-json/wc/v3/orders"
    here = f"{collection}/{order.id}"
    links: dict[str, Any] = {
        "self": [{"href": here, "targetHints": _HINTS}],
        "collection": [{"href": collection}],
        "email_templates": [{"embeddable": True, "href": f"{here}/actions/email_templates"}],
    }
    if order.customer_id:
        links["customer"] = [{"href": f"{base}/wp-json/wc/v3/customers/{order.customer_id}"}]
    return links


def line_json(shop: FakeWoo, line: OrderLine, dp: int) -> dict[str, Any]:
    """A product line; SKU, image and parent name are looked up in today's catalog."""
    item = item_of(shop, line)
    parent = shop.state.items.get(item.parent_id) if item is not None and item.is_variation else None
    return {
        "id": line.id,
        "name": line.name,
        "product_id": line.product_id,
        "variation_id": line.variation_id,
        "quantity": line.quantity,
        "tax_class": line.tax_class,
        "subtotal": money(line.subtotal, dp),
        "subtotal_tax": money(line.subtotal_tax, dp),
        "total": money(line.total, dp),
        "total_tax": money(line.total_tax, dp),
        "taxes": _taxes_json(line.taxes),
        "meta_data": list(line.meta),
        "sku": None if item is None else item.sku or (parent.sku if parent is not None else ""),
        "price": unit_price(line.total, line.quantity),
        "image": _image(shop, item),
        "parent_name": None if parent is None else parent.name,
    }


def _image(shop: FakeWoo, item: Any) -> dict[str, Any]:
    """A line's image; its id is text, and 0 or "" where there is none (both are recorded)."""
    if item is None:
        return {"id": 0, "src": ""}
    images = item.images
    if not images and item.is_variation:
        parent = shop.state.items.get(item.parent_id)
        images = parent.images if parent is not None else []
    media = shop.state.media.get(images[0]) if images else None
    if media is None:
        return {"id": 0 if item.is_variation else "", "src": ""}
    return {"id": str(media.id), "src": f"{shop.state.shop_url}/wp-content/uploads/{media.path}"}


def unit_price(total: Decimal, quantity: int) -> int | float:
    """``price`` of a line: a PHP division, noise included; whole where it divides evenly."""
    if not quantity:
        return 0
    if total == total.to_integral_value() and int(total) % quantity == 0:
        return int(total) // quantity
    return float(total) / quantity


def _taxes_json(taxes: Taxes) -> list[dict[str, Any]]:
    return [
        {"id": rate_id, "total": plain(total), "subtotal": plain(subtotal)}
        for rate_id, (total, subtotal) in taxes.items()
    ]


def tax_line_json(line: TaxLine, dp: int) -> dict[str, Any]:
    """What is owed by one rate."""
    rate = line.rate
    return {
        "id": line.id,
        "rate_code": rate.code,
        "rate_id": rate.id,
        "label": rate.name or "Tax",
        "compound": rate.compound,
        "tax_total": money(line.tax_total, dp),
        "shipping_tax_total": money(line.shipping_tax_total, dp),
        "rate_percent": float(rate.rate),
        "meta_data": [],
    }


def shipping_json(line: ExtraLine, dp: int, *, labelled: bool = False) -> dict[str, Any]:
    """A shipping line. In the answer to a creation its meta keys are shown as words (as recorded)."""
    meta = list(line.meta)
    if labelled:
        meta = [{**entry, "display_key": _label(str(entry["key"]))} for entry in meta]
    return {
        "id": line.id,
        "method_title": line.name,
        "method_id": line.method_id,
        "instance_id": line.instance_id,
        "total": money(line.total, dp),
        "total_tax": money(line.total_tax, dp),
        "taxes": _taxes_json(line.taxes),
        "tax_status": line.tax_status,
        "meta_data": meta,
    }


def _label(key: str) -> str:
    return key if key.startswith("_") else key.replace("_", " ").capitalize()


def fee_json(line: ExtraLine, dp: int) -> dict[str, Any]:
    """A fee line."""
    return {
        "id": line.id,
        "name": line.name,
        "tax_class": line.tax_class,
        "tax_status": line.tax_status,
        "amount": line.amount,
        "total": money(line.total, dp),
        "total_tax": money(line.total_tax, dp),
        "taxes": _taxes_json(line.taxes),
        "meta_data": list(line.meta),
    }


def coupon_json(line: CouponLine, dp: int) -> dict[str, Any]:
    """A coupon and what it took off."""
    amount = line.amount
    return {
        "id": line.id,
        "code": line.code,
        "discount": money(line.discount, dp) if line.discount else "0",
        "discount_tax": money(line.discount_tax, dp) if line.discount_tax else "0",
        "meta_data": list(line.meta),
        "discount_type": line.discount_type,
        "nominal_amount": int(amount) if amount == int(amount) else float(amount),
        "free_shipping": line.free_shipping,
    }


def refund_json(shop: FakeWoo, refund: Refund, base: str, *, dp: int = 2, with_parent: bool = False) -> dict[str, Any]:
    """A refund as JSON; the list over all orders also names the order (``parent_id``)."""
    shown: dict[str, Any] = {"id": refund.id}
    if with_parent:
        shown["parent_id"] = refund.order_id
    order_link = f"{base}/wp-json/wc/v3/orders/{refund.order_id}"
    shown |= {
        "date_created": local_text(refund.created, shop.state.timezone),
        "date_created_gmt": gmt_text(refund.created),
        "amount": money(refund.amount, dp),
        "reason": refund.reason,
        "refunded_by": 1,
        "refunded_payment": refund.refunded_payment,
        "meta_data": list(refund.meta),
        "line_items": [line_json(shop, line, dp) for line in refund.lines],
        "shipping_lines": [shipping_json(line, dp) for line in refund.shipping_lines],
        "tax_lines": [tax_line_json(line, dp) for line in refund.tax_lines],
        "fee_lines": [fee_json(line, dp) for line in refund.fee_lines],
        "_links": {
            "self": [{"href": f"{order_link}/refunds/{refund.id}", "targetHints": {"allow": ["GET", "DELETE"]}}],
            "collection": [{"href": f"{order_link}/refunds"}],
            "up": [{"href": order_link}],
        },
    }
    return shown
