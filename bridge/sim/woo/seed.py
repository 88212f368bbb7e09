"""Fills a shop in bulk: made-up catalogs for measurements, and given products with fixed ids for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.woo.attributes import attribute_named
from bridge.sim.woo.product_rules import unique_slug
from bridge.sim.woo.product_write import Writer
from bridge.sim.woo.state import Item
from bridge.sim.woo.stock import refresh_parent
from bridge.sim.woo.terms import UNCATEGORIZED, attribute_term, category_path
from bridge.sim.woo.texts import slug_of

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_SIZES = ("XS", "S", "M", "L", "XL", "XXL")


def seed_catalog(
    shop: FakeWoo, products: int, variations_each: int = 0, *, stock: int = 20, prefix: str = "SKU"
) -> None:
    """Add ``products`` products, each with ``variations_each`` variations (0: simple products).

    Stock is managed, ``stock`` everywhere; SKUs run ``SKU-000001`` and ``SKU-000001-001``. Nothing is
    journaled and no hook is told: this is how the shop was found. Created one per second, as by hand.
    """
    state, now = shop.state, shop.now()
    attribute = attribute_named(shop, "Size") if variations_each else None
    slugs: list[str] = []
    if attribute is not None:
        for n in range(variations_each):
            name = _SIZES[n] if n < len(_SIZES) else f"Size {n + 1}"
            term = attribute_term(shop, attribute.id, name)
            slugs.append(term.slug if term else "")
    for n in range(1, products + 1):
        at, sku = now - products + n, f"{prefix}-{n:06d}"
        item = Item(shop.next_id(), created=at, modified=at, name=f"Product {n}", sku=sku)
        item.slug = f"{slug_of(prefix)}-product-{n}"
        item.categories = [UNCATEGORIZED]
        state.slugs.add(item.slug)
        if attribute is None:
            item.regular_price, item.manage_stock, item.stock = f"{5 + n % 90}.00", True, stock
            item.stock_status = "instock" if stock > 0 else "outofstock"
            state.add_item(item)
            continue
        item.type = "variable"
        held = {"id": attribute.id, "name": attribute.name, "slug": attribute.slug, "position": 0}
        options = list(state.attribute_terms[attribute.id])[:variations_each]
        item.attributes = [{**held, "visible": True, "variation": True, "options": options}]
        state.add_item(item)
        for v, slug in enumerate(slugs, 1):
            _variation(shop, item, attribute.slug, attribute.id, slug, f"{sku}-{v:03d}", at, stock)
        item.stock_status = "instock" if stock > 0 else "outofstock"


def _variation(
    shop: FakeWoo, parent: Item, taxonomy: str, attribute: int, slug: str, sku: str, at: int, stock: int
) -> None:
    item = Item(shop.next_id(), "variation", parent.id, created=at, modified=at, sku=sku, tax_class="parent")
    item.attributes = [{"id": attribute, "name": "Size", "slug": taxonomy, "option": slug}]
    item.regular_price, item.manage_stock, item.stock = "25.00", True, stock
    item.stock_status = "instock" if stock > 0 else "outofstock"
    shop.state.add_item(item)


def seed(shop: FakeWoo, products: list[dict[str, Any]]) -> list[int]:
    """Add products given as REST bodies, silently (nothing journaled, no hook told); their ids in order.

    Beyond the REST fields a product may have ``id``, ``variations`` (a list of variation bodies, each with
    an optional ``id``) and ``categories`` as paths (``"Clothing > Shirts"``) instead of objects.
    """
    made: list[int] = []
    for body in products:
        made.append(_seed_one(shop, dict(body)))
    return made


def _seed_one(shop: FakeWoo, body: dict[str, Any]) -> int:
    children = body.pop("variations", [])
    paths = [c for c in body.get("categories", []) if isinstance(c, str)]
    if paths:
        found = [category_path(shop, [part.strip() for part in path.split(">")]) for path in paths]
        body["categories"] = [{"id": term.id} for term in found]
    item = place(shop, body, 0)
    for child in children:
        place(shop, dict(child), item.id)
    if children:
        refresh_parent(shop, item)
    return item.id


def place(shop: FakeWoo, body: dict[str, Any], parent_id: int) -> Item:
    """Put one product (or variation of ``parent_id``) into the shop, by its own ``id`` when it has one."""
    number = int(body.pop("id", 0)) or shop.next_id()
    if number in shop.state.items:
        raise ValueError(f"id {number} is taken")
    shop.ids.seen("post", number)
    now = shop.now()
    kind = "variation" if parent_id else str(body.get("type", "simple"))
    item = Item(number, kind, parent_id, created=now, modified=now)
    if parent_id:
        item.tax_class = "parent"
    # written without a journal: a quantity here is where the story starts, not a movement
    quantity = body.pop("stock_quantity", None)
    Writer(shop, item, body, actor="seed", new=True).check()
    shop.state.add_item(item)
    writer = Writer(shop, item, body, actor="seed", new=True)
    writer.check()
    if quantity is not None:
        item.stock = int(quantity)
    writer.apply()
    if not parent_id and not item.slug:
        item.slug = unique_slug(shop, slug_of(item.name) or "product")
    return item
