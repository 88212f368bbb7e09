"""Product lines of orders: from a reference in a request to a priced line with its variation's choices."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.order_state import (
    ZERO,
    ExtraLine,
    Order,
    OrderLine,
    drop_meta,
    line_meta,
    set_line_meta,
)
from bridge.sim.woo.order_totals import net_of_tax
from bridge.sim.woo.routes import WooError
from bridge.sim.woo.state import Item
from bridge.sim.woo.taxes import class_slug, shop_rates
from bridge.sim.woo.texts import slug_of
from bridge.sim.woo.view_parts import active_price, variation_attributes, variation_name

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo


def amount_of(value: Any) -> Decimal:
    """A written amount (text or number); what is no number counts as 0, as PHP has it."""
    try:
        made = Decimal(str(value).strip() or "0")
    except InvalidOperation:
        return ZERO
    return made if made.is_finite() else ZERO


def whole(value: Any) -> int:
    """A written quantity as PHP's ``intval`` reads it."""
    try:
        return int(amount_of(value))
    except (ValueError, OverflowError):
        return 0


def price_of(shop: FakeWoo, item: Item) -> Decimal:
    """What the shop asks for one now; a bare variable product costs what its cheapest variation costs."""
    return amount_of(active_price(shop, item))


def title_of(shop: FakeWoo, item: Item) -> str:
    """The product's name; for a variation the parent's with its choices: ``T-Shirt - Green, S``."""
    if not item.is_variation:
        return item.name
    parent = shop.state.items.get(item.parent_id)
    choices = variation_name(shop, item)
    name = parent.name if parent is not None else item.name
    return f"{name} - {choices}" if choices else name


def choice_key(choice: dict[str, Any]) -> str:
    """The key of a choice: ``pa_color`` for a global attribute, the name's slug for a product's own."""
    return str(choice["slug"]) if choice["id"] else slug_of(str(choice["name"]))


def choices_of(shop: FakeWoo, item: Item) -> list[tuple[str, str, str, str]]:
    """A variation's choices as order lines keep them: (key, value, label, text)."""
    shown = {row["slug"]: row["option"] for row in variation_attributes(shop, item)}
    return [
        (choice_key(choice), str(choice["option"]), choice["name"], shown[choice["slug"]])
        for choice in item.attributes
        if choice["slug"] in shown
    ]


def tax_class_in_force(shop: FakeWoo, item: Item) -> str:
    """The item's tax class; a variation that says ``parent`` has its parent's."""
    if item.tax_class != "parent":
        return item.tax_class
    parent = shop.state.items.get(item.parent_id)
    return parent.tax_class if parent is not None else ""


def referred_item(shop: FakeWoo, given: dict[str, Any]) -> Item | None:
    """The product or variation a line refers to; ``None`` when it names one that does not exist.

    Raises the recorded 400 when it names none at all. A SKU wins over ids, a variation over its product.
    """
    if given.get("sku"):
        held = [item for item in shop.state.find_sku(str(given["sku"])) if item.status != "trash"]
        return held[0] if held else None
    wanted = given.get("variation_id") or given.get("product_id")
    if not wanted:
        text = "Product ID or SKU is required."
        raise WooError(400, "woocommerce_rest_required_product_reference", text)
    return shop.state.items.get(whole(wanted))


def new_line(shop: FakeWoo, item: Item | None, quantity: int) -> OrderLine:
    """A line of ``quantity`` at today's price; ``item`` ``None`` makes the recorded empty line of 0.00."""
    number = shop.ids.number
    line = OrderLine(number("order_item"), quantity=quantity)
    if item is not None:
        put_item(shop, line, item)
        line.subtotal = line.total = net_price(shop, item) * quantity
    return line


def put_item(shop: FakeWoo, line: OrderLine, item: Item) -> None:
    """Make ``line`` one of ``item``, its name and choices included; the totals stay."""
    line.name = title_of(shop, item)
    line.tax_class = class_slug(shop, tax_class_in_force(shop, item))
    line.taxable = item.tax_status == "taxable"
    if item.is_variation:
        line.product_id, line.variation_id = item.parent_id, item.id
        line.meta = [line_meta(shop.ids.number("item_meta"), *choice) for choice in choices_of(shop, item) if choice[1]]
    else:
        line.product_id, line.variation_id = item.id, 0


def net_price(shop: FakeWoo, item: Item) -> Decimal:
    """One unit's price without tax."""
    price = price_of(shop, item)
    if not shop.state.flag("woocommerce_prices_include_tax") or item.tax_status != "taxable":
        return price
    return net_of_tax(price, shop_rates(shop)(class_slug(shop, tax_class_in_force(shop, item))))


def item_of(shop: FakeWoo, line: OrderLine) -> Item | None:
    """The product or variation behind a line, if the shop still has it."""
    return shop.state.items.get(line.variation_id or line.product_id)


def write_line(shop: FakeWoo, line: OrderLine, given: dict[str, Any]) -> None:
    """Set what a request gives on a line. A new quantity leaves the totals as they are."""
    if given.get("name") is not None:
        line.name = str(given["name"])
    if given.get("quantity") is not None:
        line.quantity = whole(given["quantity"])
    if given.get("tax_class") is not None:
        line.tax_class = class_slug(shop, str(given["tax_class"]))
    if given.get("subtotal") is not None:
        line.subtotal = amount_of(given["subtotal"])
    if given.get("total") is not None:
        line.total = amount_of(given["total"])
    # WooCommerce raises a subtotal that is below its total
    line.subtotal = max(line.subtotal, line.total)
    write_line_meta(shop, line.meta, given.get("meta_data"))


def write_line_meta(shop: FakeWoo, meta: list[dict[str, Any]], given: Any) -> None:
    """Upsert the ``meta_data`` of a line; a ``null`` value removes."""
    for entry in given or ():
        key, value = str(entry.get("key", "")), entry.get("value")
        if value is None:
            drop_meta(meta, key)
        else:
            set_line_meta(meta, key, value, shop.ids.number)


def new_extra(shop: FakeWoo, kind: str, given: dict[str, Any]) -> ExtraLine:
    """A shipping or fee line (``kind``) from a request."""
    if kind == "shipping_lines" and not given.get("method_id"):
        text = "Shipping method ID is required."
        raise WooError(400, "woocommerce_rest_invalid_shipping_item", text)
    if kind == "fee_lines" and not given.get("name"):
        raise WooError(400, "woocommerce_rest_invalid_fee_item", "Fee name is required.")
    line = ExtraLine(shop.ids.number("order_item"))
    write_extra(shop, line, given)
    return line


def write_extra(shop: FakeWoo, line: ExtraLine, given: dict[str, Any]) -> None:
    """Set what a request gives on a shipping or fee line."""
    name = given.get("name") if given.get("name") is not None else given.get("method_title")
    if name is not None:
        line.name = str(name)
    for field in ("method_id", "instance_id", "tax_status", "amount"):
        if given.get(field) is not None:
            setattr(line, field, str(given[field]))
    if given.get("tax_class") is not None:
        line.tax_class = class_slug(shop, str(given["tax_class"]))
    if given.get("total") is not None:
        line.total = amount_of(given["total"])
    write_line_meta(shop, line.meta, given.get("meta_data"))


def write_lines(shop: FakeWoo, order: Order, kind: str, given: Any) -> list[tuple[str, OrderLine]]:
    """Apply ``line_items``, ``shipping_lines`` or ``fee_lines`` of a request to an order.

    Returns what happened to product lines, ``("written" | "removed", line)``, for the stock to follow.
    """
    places: dict[str, list[Any]] = {
        "line_items": order.lines,
        "shipping_lines": order.shipping_lines,
        "fee_lines": order.fee_lines,
    }
    held = places[kind]
    changed: list[tuple[str, OrderLine]] = []
    for entry in given or ():
        if not isinstance(entry, dict):
            continue
        line = None
        if entry.get("id"):
            line = next((known for known in held if known.id == whole(entry["id"])), None)
            if line is None:
                text = "Order item ID provided is not associated with order."
                raise WooError(400, "woocommerce_rest_invalid_item_id", text)
        if _removes(entry):
            if line is None:
                raise PhpFatalError
            held.remove(line)
            if isinstance(line, OrderLine):
                changed.append(("removed", line))
            continue
        made = _write_one(shop, kind, held, line, entry)
        if isinstance(made, OrderLine):
            changed.append(("written", made))
    return changed


def _write_one(shop: FakeWoo, kind: str, held: list[Any], line: Any, entry: dict[str, Any]) -> Any:
    if kind != "line_items":
        if line is None:
            line = new_extra(shop, kind, entry)
            held.append(line)
        else:
            write_extra(shop, line, entry)
        return line
    if line is None:
        item = referred_item(shop, entry)
        quantity = whole(entry["quantity"]) if entry.get("quantity") is not None else 1
        line = new_line(shop, item, quantity)
        held.append(line)
    elif entry.get("sku") or entry.get("variation_id") or entry.get("product_id"):
        item = referred_item(shop, entry)
        if item is not None and item is not item_of(shop, line):
            put_item(shop, line, item)
    write_line(shop, line, entry)
    return line


def _removes(entry: dict[str, Any]) -> bool:
    """A line is removed by a ``null`` in what names it, or by quantity 0."""
    names = ("product_id", "method_id", "method_title", "name", "code")
    if any(name in entry and entry[name] is None for name in names):
        return True
    quantity = entry.get("quantity")
    return quantity is not None and whole(quantity) == 0


class PhpFatalError(WooError):
    """PHP died inside an endpoint: a 500 whose message is HTML."""

    def __init__(self) -> None:
        super().__init__(
            500,
            "internal_server_error",
            "<p>There has been a critical error on this website.</p><p>"
            '<a href="https://wordpress.org/documentation/article/faq-troubleshooting/">'
            "Learn more about troubleshooting WordPress.</a></p>",
        )

    def body(self) -> dict[str, Any]:
        """The error as the shop's JSON."""
        return {**super().body(), "additional_errors": []}
