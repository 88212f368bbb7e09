"""What shoppers and staff do with orders, as acts of the simulated world (no REST key involved)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.checkout import (
    SHOPPER,
    Basket,
    check_stock,
    find_location,
    items_text,
    open_draft,
    pickup_rate,
    place,
)
from bridge.sim.woo.order_lines import new_line
from bridge.sim.woo.order_removal import forget_order, trash_order
from bridge.sim.woo.order_state import ExtraLine, Order, OrderLine
from bridge.sim.woo.order_status import change_status, payment_complete
from bridge.sim.woo.order_stock import follow_edits
from bridge.sim.woo.order_writes import recalculate
from bridge.sim.woo.refunds import make_refund

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

STAFF = "staff"
_SIX = Decimal("0.000001")
CAROL = {
    "first_name": "Carol",
    "last_name": "Doe",
    "address_1": "7 Oak",
    "city": "New York",
    "state": "NY",
    "postcode": "10001",
    "country": "US",
    "phone": "2125550199",
    "email": "carol@example.test",
}


def register_acts(shop: FakeWoo) -> None:
    """Offer the acts under their names."""
    world = World(shop)
    for name in (
        "checkout",
        "open_checkout",
        "pay_order",
        "cancel_order",
        "staff_order_status",
        "staff_edit_order_line",
        "staff_add_order_line",
        "staff_refund",
        "staff_delete_order",
    ):
        shop.acts[name] = getattr(world, name)


class World:
    """The people around one shop. Every act runs in one step under the shop's lock."""

    def __init__(self, shop: FakeWoo) -> None:
        self._shop = shop

    def order(self, order_id: int) -> Order:
        """The order of that id; ``LookupError`` when there is none."""
        order = self._shop.state.orders.get(order_id)
        if not isinstance(order, Order):
            raise LookupError(f"no order {order_id}")
        return order

    # -- shoppers --------------------------------------------------------------------
    def checkout(
        self,
        lines: list[dict[str, Any]],
        pickup: str | None = None,
        payment: str = "cod",
        paid: bool | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """A shopper buys in one step; raises ``SoldOutError`` (a ``ValueError``) and changes nothing if refused.

        ``lines``: ``[{"id": product or variation id, "quantity": n}]``; ``pickup``: a location's name, else the
        order is shipped by flat rate. ``more``: ``shipping_cost`` (text), ``coupons``, ``billing``,
        ``shipping``, ``note``, ``customer_id``. Returns ``{"order_id", "status", "total"}``.
        """
        basket = self._basket(lines, pickup, payment, more)
        with self._shop.lock:
            check_stock(self._shop, basket.lines)
            order = place(self._shop, open_draft(self._shop, basket), paid=paid)
        return {"order_id": order.id, "status": order.status, "total": str(order.total)}

    def open_checkout(
        self, lines: list[dict[str, Any]], pickup: str | None = None, payment: str = "cod", **more: Any
    ) -> int:
        """A shopper looks at the checkout and goes away; the id of the draft that stays."""
        with self._shop.lock:
            return open_draft(self._shop, self._basket(lines, pickup, payment, more)).id

    def _basket(self, lines: list[dict[str, Any]], pickup: str | None, payment: str, more: dict[str, Any]) -> Basket:
        shop = self._shop
        pairs = [(int(line["id"]), int(line.get("quantity", 1))) for line in lines]
        missing = [item_id for item_id, _ in pairs if item_id not in shop.state.items]
        if missing or not pairs:
            raise LookupError(f"no such product: {missing}")
        text = items_text(shop, pairs)
        if pickup is not None:
            rate = pickup_rate(shop, find_location(shop, pickup), text)
        else:
            rate = ExtraLine(0, "Flat rate", "flat_rate", "1")
            rate.total = Decimal(str(more.get("shipping_cost", "0")))
        billing = dict(more.get("billing") or CAROL)
        return Basket(
            pairs,
            billing,
            dict(more.get("shipping") or billing),
            rate,
            list(more.get("coupons") or ()),
            payment,
            str(more.get("note", "")),
            int(more.get("customer_id", 0)),
        )

    def pay_order(self, order_id: int, transaction_id: str = "") -> str:
        """The money of an unpaid order arrives; the status it is in then."""
        with self._shop.lock:
            order = self.order(order_id)
            payment_complete(self._shop, order, actor=SHOPPER, transaction_id=transaction_id)
            return self._saved(order)

    def cancel_order(self, order_id: int, actor: str = SHOPPER) -> str:
        """The shopper (or ``staff``) cancels: what the order still holds goes back."""
        with self._shop.lock:
            order = self.order(order_id)
            change_status(self._shop, order, "cancelled", actor=actor)
            return self._saved(order)

    # -- staff -----------------------------------------------------------------------
    def staff_order_status(self, order_id: int, status: str) -> str:
        """Staff sets an order's status in the admin."""
        with self._shop.lock:
            order = self.order(order_id)
            change_status(self._shop, order, status, actor=STAFF)
            return self._saved(order)

    def staff_edit_order_line(self, order_id: int, line_id: int, quantity: int) -> str:
        """Staff changes a line's quantity (0 removes it); unlike REST the admin also rescales its totals."""
        with self._shop.lock:
            order = self.order(order_id)
            line = order.line(line_id)
            if line is None:
                raise LookupError(f"order {order_id} has no line {line_id}")
            if quantity == 0:
                order.lines.remove(line)
                changed = [("removed", line)]
            else:
                _rescale(line, quantity)
                changed = [("written", line)]
            follow_edits(self._shop, order, changed, actor=STAFF)
            recalculate(self._shop, order)
            return self._saved(order)

    def staff_add_order_line(self, order_id: int, item_id: int, quantity: int = 1) -> int:
        """Staff adds a product to an order; the new line's id."""
        with self._shop.lock:
            order = self.order(order_id)
            line = new_line(self._shop, self._shop.state.items[item_id], quantity)
            order.lines.append(line)
            follow_edits(self._shop, order, [("written", line)], actor=STAFF)
            recalculate(self._shop, order)
            self._saved(order)
            return line.id

    def staff_refund(
        self,
        order_id: int,
        lines: list[dict[str, Any]] | None = None,
        restock: bool = True,
        amount: str | None = None,
        reason: str = "",
    ) -> int:
        """Staff refunds by hand; the refund's id. ``lines``: ``[{"id", "quantity", "refund_total"?}]``.

        A line without ``refund_total`` gives back its share of the line's total and taxes.
        """
        with self._shop.lock:
            order = self.order(order_id)
            refund = make_refund(
                self._shop,
                order,
                actor=STAFF,
                amount=None if amount is None else Decimal(amount),
                reason=reason,
                lines=[_with_share(order, dict(line)) for line in lines or ()],
                restock=restock,
            )
            return refund.id

    def staff_delete_order(self, order_id: int, force: bool = False) -> None:
        """Staff trashes an order, or deletes it for good: neither gives stock back."""
        with self._shop.lock:
            order = self.order(order_id)
            if force:
                forget_order(self._shop, order, self._shop.state.shop_url)
            else:
                trash_order(self._shop, order)

    def _saved(self, order: Order) -> str:
        order.modified = self._shop.now()
        self._shop.emit("order.updated", order.id)
        return order.status


def _rescale(line: OrderLine, quantity: int) -> None:
    old = line.quantity or 1
    line.subtotal = (line.subtotal / old * quantity).quantize(_SIX)
    line.total = (line.total / old * quantity).quantize(_SIX)
    line.quantity = quantity


def _with_share(order: Order, given: dict[str, Any]) -> dict[str, Any]:
    line = order.line(int(given["id"]))
    if line is None or "refund_total" in given or not line.quantity:
        return given
    part = Decimal(int(given.get("quantity", 0))) / line.quantity
    given["refund_total"] = str((line.total * part).quantize(Decimal("0.01")))
    given["refund_tax"] = [
        {"id": rate_id, "refund_total": str((tax * part).quantize(_SIX))} for rate_id, (tax, _) in line.taxes.items()
    ]
    return given
