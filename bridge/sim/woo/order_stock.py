"""How orders move stock: taken once when held, given back on release, followed through edits and refunds.

Each line remembers in its meta ``_reduced_stock`` how many units it still holds; that, not the status, decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bridge.sim.woo.order_lines import item_of, title_of
from bridge.sim.woo.order_state import (
    HOLDING,
    RELEASING,
    Note,
    Order,
    OrderLine,
    drop_meta,
    meta_number,
    meta_value,
    set_line_meta,
)
from bridge.sim.woo.state import Item
from bridge.sim.woo.stock import change_stock, stock_holder

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo


def add_note(shop: FakeWoo, order: Order, text: str, *, author: str = "WooCommerce") -> Note:
    """Write a note on an order (this neither marks the order modified nor tells any webhook)."""
    note = Note(shop.ids.number("comment"), shop.now(), text, author)
    order.notes.append(note)
    return note


def move_stock(shop: FakeWoo, order: Order, item: Item, delta: int, *, actor: str, kind: str) -> tuple[int, int] | None:
    """Move an item's stock for an order and tell the webhooks; (old, new), ``None`` when unmanaged."""
    holder = stock_holder(shop, item)
    if holder is None:
        return None
    old = holder.stock or 0
    new = change_stock(shop, item, delta, actor=actor, kind=kind, reference=f"order:{order.id}")
    tell_of_stock(shop, holder)
    return old, old if new is None else new


def tell_of_stock(shop: FakeWoo, holder: Item) -> None:
    """The deliveries that follow a stock change made by an order or refund."""
    if not shop.state.webhooks:
        return
    shop.emit("product.updated", holder.id)
    shop.emit("action.woocommerce_updated_product_stock", holder.id)
    word = "variation" if holder.is_variation else "product"
    shop.emit(f"action.woocommerce_{word}_set_stock", holder.id)


def follow_status(shop: FakeWoo, order: Order, *, actor: str) -> None:
    """Take or give back the order's stock as its new status asks."""
    if order.status in HOLDING and not order.stock_reduced:
        reduce_stock(shop, order, actor=actor)
    elif order.status in RELEASING and order.stock_reduced:
        restore_stock(shop, order, actor=actor)


def reduce_stock(shop: FakeWoo, order: Order, *, actor: str) -> None:
    """Take every line's quantity from stock, whatever is left of it (no check, may go negative)."""
    order.stock_reduced = True
    moved = []
    for line in order.lines:
        item = item_of(shop, line)
        _count_sales(shop, line, line.quantity)
        if item is None or meta_value(line.meta, "_reduced_stock"):
            continue
        change = move_stock(shop, order, item, -line.quantity, actor=actor, kind="order_reduce")
        if change is None:
            continue
        set_line_meta(line.meta, "_reduced_stock", str(line.quantity), shop.ids.number)
        moved.append(_told(shop, item, change))
    if moved:
        add_note(shop, order, "Stock levels reduced: " + ", ".join(moved))


def _count_sales(shop: FakeWoo, line: OrderLine, quantity: int) -> None:
    """Sales are counted on the product, never on the variation."""
    product = shop.state.items.get(line.product_id)
    if product is not None:
        product.total_sales += quantity


def restore_stock(shop: FakeWoo, order: Order, *, actor: str) -> None:
    """Give back what the lines still hold."""
    order.stock_reduced = False
    moved = []
    for line in order.lines:
        held, item = meta_number(line.meta, "_reduced_stock"), item_of(shop, line)
        _count_sales(shop, line, -line.quantity)
        if not held or item is None:
            continue
        change = move_stock(shop, order, item, held, actor=actor, kind="order_restore")
        if change is None:
            continue
        drop_meta(line.meta, "_reduced_stock")
        moved.append(_told(shop, item, change))
    if moved:
        add_note(shop, order, "Stock levels increased: " + ", ".join(moved))


def follow_edits(shop: FakeWoo, order: Order, changed: Iterable[tuple[str, OrderLine]], *, actor: str) -> None:
    """Let stock follow lines written or removed by an edit, if the order holds stock now."""
    if order.status not in HOLDING:
        return
    moved = []
    for what, line in changed:
        item = item_of(shop, line)
        if item is None or stock_holder(shop, item) is None:
            continue
        delta = _edit_delta(order, line, removed=what == "removed")
        if not delta:
            continue
        change = move_stock(shop, order, item, delta, actor=actor, kind="line_edit")
        if change is None:
            continue
        holds = 0 if what == "removed" else line.quantity - meta_number(line.meta, "_restock_refunded_items")
        set_line_meta(line.meta, "_reduced_stock", str(holds), shop.ids.number)
        moved.append(_told(shop, item, change))
    if moved:
        add_note(shop, order, "Adjusted stock: " + ", ".join(moved))


def _edit_delta(order: Order, line: OrderLine, *, removed: bool) -> int:
    """By how much stock moves so that the line holds what it should: ordered less what came back."""
    held = meta_number(line.meta, "_reduced_stock")
    if removed:
        return held
    restocked = meta_number(line.meta, "_restock_refunded_items")
    return held - (line.quantity - restocked)


def restock_refund(shop: FakeWoo, order: Order, quantities: dict[int, int], *, actor: str) -> None:
    """Put refunded quantities (line id -> units) back, as far as their lines took any."""
    for line in order.lines:
        quantity, item = quantities.get(line.id, 0), item_of(shop, line)
        held = meta_number(line.meta, "_reduced_stock")
        if not quantity or not held or item is None:
            continue
        change = move_stock(shop, order, item, quantity, actor=actor, kind="refund_restock")
        if change is None:
            continue
        already = meta_number(line.meta, "_restock_refunded_items")
        set_line_meta(line.meta, "_reduced_stock", str(held - quantity), shop.ids.number)
        set_line_meta(line.meta, "_restock_refunded_items", str(already + quantity), shop.ids.number)
        add_note(shop, order, f"Item #{item.id} stock increased from {change[0]} to {change[1]}.")


def _told(shop: FakeWoo, item: Item, change: tuple[int, int]) -> str:
    """One stock move as the order's notes put it."""
    label = f"({item.sku or f'#{item.id}'})"
    more = '<span class="description"></span>' if item.is_variation else ""
    return f"{title_of(shop, item)} {label}{more} {change[0]}&rarr;{change[1]}"
