"""What happens when an order's status changes: payment and completion dates, stock, notes, refunds, coupons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.sim.woo.order_lines import item_of
from bridge.sim.woo.order_mails import mail_of_status
from bridge.sim.woo.order_state import HOLDING, STATUS_NAMES, Order, Refund
from bridge.sim.woo.order_stock import add_note, follow_status

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

PAID = frozenset({"processing", "completed"})
#: Statuses from which a payment takes an order on.
UNPAID = frozenset({"pending", "on-hold", "failed", "cancelled", "checkout-draft"})


def needs_processing(shop: FakeWoo, order: Order) -> bool:
    """True when something in the order must be handed over (is not virtual and downloadable)."""
    for line in order.lines:
        item = item_of(shop, line)
        if item is not None and not (item.virtual and item.downloadable):
            return True
    return False


def status_after_payment(shop: FakeWoo, order: Order) -> str:
    """Where a payment takes the order; cash on delivery means it was handed over: completed."""
    if order.payment_method == "cod" or not needs_processing(shop, order):
        return "completed"
    return "processing"


def change_status(shop: FakeWoo, order: Order, status: str, *, actor: str) -> None:
    """Bring an order into ``status`` with all that follows; nothing when it is there already.

    The stock a trashed order held is not taken again when it comes back: it was never given back.
    """
    before = order.status
    if status == before:
        return
    order.status = status
    _set_dates(shop, order)
    if status == "refunded":
        _refund_rest(shop, order)
    follow_status(shop, order, actor=actor)
    mail_of_status(shop, order, before)
    if before != "trash" and status != "trash":
        names = STATUS_NAMES.get(before, before), STATUS_NAMES.get(status, status)
        add_note(shop, order, f"Order status changed from {names[0]} to {names[1]}.")
        shop.emit("action.woocommerce_order_status_changed", order.id)
    _count_coupons(shop, order)
    if status in PAID:
        _mark_paying(shop, order)


def _set_dates(shop: FakeWoo, order: Order) -> None:
    """``date_paid`` by WooCommerce's rule: at the status a payment leads to, or at completion after it.

    Hence a cash order put to processing stays unpaid while any other gateway's counts as paid.
    """
    if order.paid is None:
        target = status_after_payment(shop, order)
        if order.status == target:
            order.paid = shop.now()
        elif target == "processing" and order.status == "completed":
            order.paid = order.created
    if order.status == "completed" and order.completed is None:
        order.completed = shop.now()


def payment_complete(shop: FakeWoo, order: Order, *, actor: str, transaction_id: str = "") -> None:
    """The money is there (``set_paid`` or a gateway): set the date and move the order on."""
    if transaction_id:
        order.transaction_id = transaction_id
    if order.status not in UNPAID:
        return
    if order.paid is None:
        order.paid = shop.now()
    change_status(shop, order, status_after_payment(shop, order), actor=actor)


def _refund_rest(shop: FakeWoo, order: Order) -> None:
    """Status ``refunded`` makes a refund record over what is left, without lines and without restock."""
    rest = order.total - order.refunded
    if rest <= 0:
        return
    refund = Refund(shop.next_id(), order.id, shop.now(), rest, "Order fully refunded.")
    order.refunds.append(refund)
    shop.state.refunds[refund.id] = refund
    add_note(
        shop,
        order,
        "Order status set to refunded. To return funds to the customer you will need to issue a refund "
        "through your payment gateway.",
    )


def _count_coupons(shop: FakeWoo, order: Order) -> None:
    """Coupons count an order once while it stands, and not when it is cancelled."""
    counts = order.status in HOLDING or order.status == "pending"
    if not order.coupon_lines or counts == order.coupons_counted or order.status in ("refunded", "trash"):
        return
    order.coupons_counted = counts
    used_by = str(order.customer_id) if order.customer_id else order.billing["email"]
    for line in order.coupon_lines:
        coupon = shop.state.coupons.get(line.coupon_id)
        if coupon is None:
            continue
        coupon.usage_count += 1 if counts else -1
        if counts and used_by:
            coupon.used_by.append(used_by)
        elif used_by in coupon.used_by:
            coupon.used_by.remove(used_by)


def _mark_paying(shop: FakeWoo, order: Order) -> None:
    customer = shop.state.customers.get(order.customer_id)
    if customer is not None and not customer.is_paying:
        customer.is_paying, customer.modified = True, shop.now()
