"""``/wc/v3/products``: list, read, create, change, trash, delete, batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.params import checked
from bridge.sim.woo.product_list import chosen_ids, page_of
from bridge.sim.woo.product_rules import write_meta
from bridge.sim.woo.product_write import Writer
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.schema import PRODUCT_LIST_RULES, PRODUCT_RULES
from bridge.sim.woo.state import Item
from bridge.sim.woo.texts import loose_int
from bridge.sim.woo.view import product_json

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

BASE = "/wc/v3/products"


def invalid_id(status: int, what: str = "product") -> WooError:
    """The answer to an id nobody has."""
    return WooError(status, f"woocommerce_rest_{what}_invalid_id", "Invalid ID.")


def not_here() -> WooError:
    """The answer to a variation addressed as a product."""
    route = "/products/&lt;product_id&gt;/variations/&lt;id&gt;"
    text = f"To manipulate product variations you should use the {route} endpoint."
    return WooError(404, "woocommerce_rest_invalid_product_id", text)


def true_or_stale(shop: FakeWoo, call: Call, ids: list[int]) -> list[Item]:
    """The items, or how they were before their last write when a ``stale_read`` strikes."""
    items = shop.state.items
    found = [items[i] for i in ids if i in items]
    if shop.faults.rules and shop.faults.take("stale_read", call.request) is not None:
        return [shop.before.get(item.id, item) for item in found]
    return found


def is_true(value: Any) -> bool:
    """A ``force`` argument."""
    return str(value).lower() in ("true", "1")


def _list(shop: FakeWoo, call: Call) -> SimResponse:
    asked = checked(PRODUCT_LIST_RULES, call.query)
    ids = chosen_ids(shop, asked, kind="products")
    rows = true_or_stale(shop, call, page_of(shop, ids, asked, exact=False))
    edit = asked["context"] == "edit"
    made = [product_json(shop, item, call.base, edit=edit) for item in rows]
    return call.page(made, len(ids), asked["page"], asked["per_page"])


def _get(shop: FakeWoo, call: Call) -> SimResponse:
    number = int(call.args["id"])
    if number not in shop.state.items:
        raise invalid_id(404)
    [item] = true_or_stale(shop, call, [number])
    return call.reply(product_json(shop, item, call.base, edit=call.query.get("context") == "edit"))


def create_product(shop: FakeWoo, body: dict[str, Any], *, actor: str, staff: bool = False) -> Item:
    """Make a product of a body; on refusal nothing is left behind (ids are not used up either)."""
    body = {"name": "Product", **body} if body.get("name") is None else body
    now = shop.now()
    item = Item(0, created=now, modified=now)
    writer = Writer(shop, item, body, actor=actor, new=True, staff=staff)
    writer.check()
    item.id = shop.next_id()
    shop.state.add_item(item)
    writer.apply()
    shop.emit("product.created", item.id)
    return item


def update_product(shop: FakeWoo, item: Item, body: dict[str, Any], *, actor: str, staff: bool = False) -> None:
    """Change a product as a PUT does; always marks it modified and tells the hooks."""
    writer = Writer(shop, item, body, actor=actor, new=False, staff=staff)
    writer.check()
    writer.apply()
    shop.emit("product.updated", item.id)
    if writer.stock_moved:
        kind = "variation" if item.is_variation else "product"
        shop.emit(f"action.woocommerce_{kind}_set_stock", item.id)


def trash_product(shop: FakeWoo, item: Item) -> None:
    """Move a product and its variations to the trash."""
    shop.remember(item)
    for child in [shop.state.items[i] for i in shop.state.children.get(item.id, ())]:
        if child.status != "trash":
            put_in_trash(shop, child)
    put_in_trash(shop, item)
    if item.slug and not item.slug.endswith("__trashed"):
        item.slug += "__trashed"
    shop.emit("product.deleted", item.id)


def put_in_trash(shop: FakeWoo, item: Item) -> None:
    """Mark one item trashed, with what WordPress notes down about it."""
    slug = item.slug
    if item.is_variation and item.parent_id in shop.state.items:
        slug = shop.state.items[item.parent_id].slug
    for key, value in (
        ("_wp_trash_meta_status", item.status),
        ("_wp_trash_meta_time", str(shop.now())),
        ("_wp_desired_post_slug", slug),
    ):
        write_meta(shop, item, {"key": key, "value": value})
    item.before_trash = item.status
    shop.state.set_status(item, "trash")
    item.modified = shop.now()


def delete_product(shop: FakeWoo, item: Item) -> None:
    """Remove a product and its variations for good; no hook hears of it."""
    for child_id in list(shop.state.children.get(item.id, ())):
        shop.state.drop_item(shop.state.items[child_id])
    shop.state.children.pop(item.id, None)
    shop.state.slugs.discard(item.slug.removesuffix("__trashed"))
    shop.state.drop_item(item)


def _create(shop: FakeWoo, call: Call) -> SimResponse:
    body = checked(PRODUCT_RULES, call.body, defaults=False)
    if body.get("id"):
        text = "Cannot create existing product."
        raise WooError(400, "woocommerce_rest_product_exists", text)
    item = create_product(shop, body, actor=call.caller.actor)
    return call.created(product_json(shop, item, call.base, edit=True))


def _update(shop: FakeWoo, call: Call) -> SimResponse:
    body = checked(PRODUCT_RULES, call.body, defaults=False)
    item = _writable(shop, int(call.args["id"]), 400)
    update_product(shop, item, body, actor=call.caller.actor)
    return call.reply(product_json(shop, item, call.base, edit=True))


def _writable(shop: FakeWoo, number: Any, status: int) -> Item:
    item = shop.state.items.get(loose_int(number)) if number is not None else None
    if item is None:
        raise invalid_id(status)
    if item.is_variation:
        raise not_here()
    return item


def _delete(shop: FakeWoo, call: Call) -> SimResponse:
    item = _writable(shop, int(call.args["id"]), 404)
    return call.reply(_removed(shop, call, item, force=is_true(call.params.get("force"))))


def _removed(shop: FakeWoo, call: Call, item: Item, *, force: bool) -> dict[str, Any]:
    if not force and item.status == "trash":
        raise WooError(410, "woocommerce_rest_already_trashed", "The product has already been deleted.")
    shown = product_json(shop, item, call.base, edit=True)
    if force:
        delete_product(shop, item)
    else:
        trash_product(shop, item)
    return shown


def _batch(shop: FakeWoo, call: Call) -> SimResponse:
    actor = call.caller.actor

    def shown(item: Item) -> dict[str, Any]:
        return product_json(shop, item, call.base, edit=True)

    def create(body: dict[str, Any]) -> dict[str, Any]:
        return shown(create_product(shop, body, actor=actor))

    def update(number: Any, body: dict[str, Any]) -> dict[str, Any]:
        item = _writable(shop, number, 400)
        update_product(shop, item, body, actor=actor)
        return shown(item)

    def delete(number: Any) -> dict[str, Any]:
        item = _writable(shop, number, 404)
        made = shown(item)
        delete_product(shop, item)
        return made

    return run_batch(call, create=create, update=update, delete=delete)


def register(router: Router) -> None:
    """Add the routes of products."""
    router.add("GET", BASE, _list, needs="list")
    router.add("POST", BASE, _create, needs="create")
    router.add("EDIT", f"{BASE}/batch", _batch, needs="batch")
    router.add("GET", f"{BASE}/<id>", _get, needs="view")
    router.add("EDIT", f"{BASE}/<id>", _update, needs="edit")
    router.add("DELETE", f"{BASE}/<id>", _delete, needs="delete")
