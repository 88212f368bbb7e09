"""Pieces of a product's JSON: prices in force, stock as shown, attributes, images, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from bridge.sim.woo.state import Item, Term
from bridge.sim.woo.texts import number_or_none, price_html
from bridge.sim.woo.times import from_gmt, gmt_text, local_text

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

SYMBOLS = {"USD": "&#36;", "CAD": "&#36;", "AUD": "&#36;", "EUR": "&euro;", "GBP": "&pound;", "JPY": "&yen;"}


def is_on_sale(item: Item, now: int) -> bool:
    """True while the sale price is in force on the shop's clock."""
    if not item.sale_price:
        return False
    sale, regular = number_or_none(item.sale_price), number_or_none(item.regular_price)
    if sale is None or regular is None or sale >= regular:
        return False
    if item.sale_from is not None and item.sale_from > now:
        return False
    return item.sale_to is None or item.sale_to >= now


def active_price(shop: FakeWoo, item: Item, now: int | None = None) -> str:
    """The price a shopper pays now: of a variable product the lowest of its published variations."""
    at = shop.now() if now is None else now
    if item.type == "variable":
        return lowest(child_prices(shop, item, at))
    return item.sale_price if is_on_sale(item, at) else item.regular_price


def lowest(prices: list[tuple[str, bool]]) -> str:
    """The lowest of ``child_prices``, "" when there are none."""
    return min((p for p, _ in prices), key=_amount, default="")


def _amount(price: str) -> Any:
    return number_or_none(price) or 0


def child_prices(shop: FakeWoo, parent: Item, now: int) -> list[tuple[str, bool]]:
    """Active price and "is on sale" of each published, priced variation."""
    made = []
    items = shop.state.items
    for child_id in shop.state.children.get(parent.id, ()):
        child = items[child_id]
        if child.status == "publish":
            on_sale = is_on_sale(child, now)
            price = child.sale_price if on_sale else child.regular_price
            if price:
                made.append((price, on_sale))
    return made


def shown_stock(item: Item, parent: Item | None) -> tuple[bool | str, int | None]:
    """``manage_stock`` and ``stock_quantity`` as shown: a variation may read ``"parent"`` and its number."""
    if item.manage_stock:
        return True, item.stock
    if parent is not None and parent.manage_stock:
        return "parent", parent.stock
    return False, None


def tax_class_of(item: Item, parent: Item | None, edit: bool) -> str:
    """A variation's class is its parent's unless it has one; writes answer the raw ``parent``."""
    if parent is not None and item.tax_class == "parent" and not edit:
        return parent.tax_class
    return item.tax_class


def is_purchasable(item: Item, parent: Item | None, price: str) -> bool:
    """Published (a variation with its parent) and priced."""
    if item.type in ("external", "grouped") or price == "":
        return False
    # callers may edit products, so unpublished products stay purchasable to them; variations do not
    return parent is None or item.status == "publish"


def product_attributes(shop: FakeWoo, item: Item) -> list[dict[str, Any]]:
    """A product's attributes; options of a global one in the order of its terms."""
    made = []
    for attribute in item.attributes:
        row = {key: attribute[key] for key in ("id", "name", "slug", "position", "visible", "variation")}
        options = attribute["options"]
        if attribute["id"]:
            terms = shop.state.attribute_terms.get(attribute["id"], {})
            held = [terms[i] for i in options if i in terms]
            options = [t.name for t in sorted(held, key=lambda t: (t.menu_order, t.name.lower()))]
        row["options"] = options
        made.append(row)
    return made


def variation_attributes(shop: FakeWoo, item: Item) -> list[dict[str, Any]]:
    """A variation's choices; one left open ("any") is not listed."""
    made = []
    for attribute in item.attributes:
        option = attribute["option"]
        if option == "":
            continue
        row = {key: attribute[key] for key in ("id", "name", "slug")}
        row["option"] = _option_name(shop, attribute)
        made.append(row)
    return made


def _option_name(shop: FakeWoo, attribute: dict[str, Any]) -> str:
    option = str(attribute["option"])
    return shop.state.option_names.get((attribute["id"], option), option) if attribute["id"] else option


def variation_name(shop: FakeWoo, item: Item) -> str:
    """``Red, S``."""
    return ", ".join(_option_name(shop, a) for a in item.attributes if a["option"] != "")


def image_json(shop: FakeWoo, media_id: int, base: str) -> dict[str, Any]:
    """One image of a product. Its local dates are shifted twice, as recorded."""
    media = shop.state.media[media_id]
    tz = shop.state.timezone
    local = local_text(media.created, tz)
    offset = media.created - from_gmt(local)
    local = local_text(media.created - offset, tz)
    return {
        "id": media.id,
        "date_created": local,
        "date_created_gmt": gmt_text(media.created),
        "date_modified": local,
        "date_modified_gmt": gmt_text(media.created),
        "src": f"{base}/wp-content/uploads/{media.path}",
        "name": media.name,
        "alt": media.alt,
    }


def permalink(shop: FakeWoo, item: Item, base: str) -> str:
    """The shop page of a product; a variation's carries its choices in the query."""
    if not item.is_variation:
        plain = item.status in ("draft", "pending", "auto-draft", "trash")
        return f"{base}/?post_type=product&p={item.id}" if plain else f"{base}/product/{item.slug}/"
    parent = shop.state.items.get(item.parent_id)
    url = f"{base}/product/{parent.slug if parent else ''}/"
    chosen = [f"attribute_{a['slug']}={quote_plus(str(a['option']))}" for a in item.attributes if a["option"]]
    return f"{url}?{'&'.join(chosen)}" if chosen else url


def terms_of(terms: dict[int, Term], ids: list[int]) -> list[dict[str, Any]]:
    """Categories, tags or brands as a product lists them."""
    return [{"id": t.id, "name": t.name, "slug": t.slug} for t in (terms[i] for i in ids if i in terms)]


def children_of(shop: FakeWoo, item: Item) -> list[int]:
    """The ids of a variable product's variations."""
    return [child.id for child in shop.state.variations_of(item.id)]


def shipping_class_of(shop: FakeWoo, item: Item, parent: Item | None) -> str:
    """The slug of the item's (or its parent's) shipping class."""
    wanted = item.shipping_class_id or (parent.shipping_class_id if parent else 0)
    found = shop.state.shipping_classes.get(wanted)
    return found.slug if found else ""


def printed_price(shop: FakeWoo, item: Item, price: str, on_sale: bool, now: int) -> str:
    """The price as the shop's pages print it."""
    if price == "":
        return ""
    decimals, symbol = shop.state.decimals, SYMBOLS.get(shop.state.currency, shop.state.currency)
    if item.type == "variable":
        highest = max((p for p, _ in child_prices(shop, item, now)), key=_amount)
        low, high = price_html(price, decimals, symbol), price_html(highest, decimals, symbol)
        return low if low == high else f'<span aria-hidden="true">{low} &ndash; {high}</span>'
    shown = price_html(price, decimals, symbol)
    if not on_sale:
        return shown
    before = price_html(item.regular_price, decimals, symbol)
    return f'<del aria-hidden="true">{before}</del> <ins aria-hidden="true">{shown}</ins>'
