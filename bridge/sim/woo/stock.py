"""The one place where a stock number moves: who holds it, what its status becomes, what the journal says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.woo.state import Item

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo


def stock_holder(shop: FakeWoo, item: Item) -> Item | None:
    """Whose number counts for ``item``: itself, its managing parent, or nobody (stock not managed)."""
    if not shop.state.flag("woocommerce_manage_stock"):
        return None
    if item.manage_stock:
        return item
    if item.is_variation:
        parent = shop.state.items.get(item.parent_id)
        if parent is not None and parent.manage_stock:
            return parent
    return None


def change_stock(shop: FakeWoo, item: Item, delta: int, *, actor: str, kind: str, reference: str) -> int | None:
    """Move the holder's number by ``delta`` atomically (as orders and refunds do); the new number.

    ``None`` when nobody manages the stock. The item and a variation's parent are marked modified.
    """
    holder = stock_holder(shop, item)
    if holder is None:
        return None
    _write(shop, holder, (holder.stock or 0) + delta, actor, kind, reference, intended=delta)
    shop.touch(holder)
    return holder.stock


def set_stock(
    shop: FakeWoo,
    item: Item,
    quantity: int,
    *,
    actor: str,
    kind: str,
    reference: str,
    intended: int | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write an absolute number, whatever happened meanwhile; journaled as the move it truly was.

    ``intended`` is the delta the writer had in mind, when it was one: the journal keeps both, and ``detail``.
    """
    holder = stock_holder(shop, item)
    if holder is not None:
        _write(shop, holder, quantity, actor, kind, reference, intended=intended, more=detail)
        shop.touch(holder)


def read_modify_write(shop: FakeWoo, item: Item, delta: int, *, actor: str, kind: str, reference: str) -> None:
    """Move the number as PHP does: read, add, let others in (``shop.between``), save what was added up.

    With ``shop.delta_is_atomic`` the others still come in between, but nothing of theirs is lost.
    """
    holder = stock_holder(shop, item)
    if holder is None:
        return
    read = holder.stock or 0
    shop.open_window()
    base = (holder.stock or 0) if shop.delta_is_atomic else read
    if delta:
        set_stock(shop, holder, base + delta, actor=actor, kind=kind, reference=reference, intended=delta)


def derived_status(shop: FakeWoo, item: Item) -> str:
    """The stock status of a managed item: from its number and its backorders setting."""
    if (item.stock or 0) > int(shop.state.options["woocommerce_notify_no_stock_amount"] or 0):
        return "instock"
    return "outofstock" if item.backorders == "no" else "onbackorder"


def refresh_status(shop: FakeWoo, item: Item) -> None:
    """Derive the status of ``item`` again, and of what depends on it (variations, or the parent)."""
    state = shop.state
    if item.manage_stock and item.type != "variable":
        item.stock_status = derived_status(shop, item)
    if item.type == "variable":
        refresh_parent(shop, item)
    elif item.is_variation:
        parent = state.items.get(item.parent_id)
        if parent is not None:
            refresh_parent(shop, parent)


def refresh_parent(shop: FakeWoo, parent: Item) -> None:
    """A variable product is in stock when it manages stock and has some, else when any variation is."""
    own = derived_status(shop, parent) if parent.manage_stock else ""
    statuses = set()
    for child_id in shop.state.children.get(parent.id, ()):
        child = shop.state.items[child_id]
        if own and not child.manage_stock:
            child.stock_status = own
        if child.status in ("publish", "private"):
            statuses.add(child.stock_status)
    if own:
        parent.stock_status = own
    elif statuses or shop.state.children.get(parent.id):
        order = ("instock", "onbackorder")
        parent.stock_status = next((s for s in order if s in statuses), "outofstock")


def _write(
    shop: FakeWoo,
    holder: Item,
    quantity: int,
    actor: str,
    kind: str,
    reference: str,
    *,
    intended: int | None,
    more: dict[str, Any] | None = None,
) -> None:
    shop.remember(holder)
    moved = quantity - (holder.stock or 0)
    holder.stock = quantity
    refresh_status(shop, holder)
    detail: dict[str, Any] = {} if intended in (None, moved) else {"intended": intended}
    if moved or detail:
        detail.update(more or {})
        shop.journal.add(
            shop.clock.now(),
            kind,
            actor=actor,
            stock_id=str(holder.id),
            delta=moved,
            reference=reference,
            **detail,
        )
