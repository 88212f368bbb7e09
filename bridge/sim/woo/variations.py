"""``/wc/v3/products/<id>/variations``: list, read, create, change, trash, delete, batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.params import checked
from bridge.sim.woo.product_list import chosen_ids, page_of
from bridge.sim.woo.product_write import Writer
from bridge.sim.woo.products import invalid_id, is_true, put_in_trash, true_or_stale, update_product
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.schema import VARIATION_LIST_RULES, VARIATION_RULES
from bridge.sim.woo.state import Item
from bridge.sim.woo.stock import refresh_parent
from bridge.sim.woo.texts import loose_int
from bridge.sim.woo.view import variation_json

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

BASE = "/wc/v3/products/<product_id>/variations"


def _parent_id(call: Call) -> int:
    return int(call.args["product_id"])


def find_variation(shop: FakeWoo, parent_id: int, number: Any) -> Item:
    """The variation, which must be of this very parent."""
    item = shop.state.items.get(loose_int(number)) if number is not None else None
    if item is None or not item.is_variation or item.parent_id != parent_id:
        raise invalid_id(404, "product_variation")
    return item


def _list(shop: FakeWoo, call: Call) -> SimResponse:
    asked = checked(VARIATION_LIST_RULES, call.query)
    parent_id = _parent_id(call)
    # "parent 0" means the whole shop to the list below, but names nothing here
    ids = chosen_ids(shop, asked, kind="variations", parent_id=parent_id) if parent_id else []
    rows = true_or_stale(shop, call, page_of(shop, ids, asked, exact=True))
    made = [variation_json(shop, item, call.base) for item in rows]
    return call.page(made, len(ids), asked["page"], asked["per_page"])


def _get(shop: FakeWoo, call: Call) -> SimResponse:
    item = find_variation(shop, _parent_id(call), call.args["id"])
    [item] = true_or_stale(shop, call, [item.id])
    return call.reply(variation_json(shop, item, call.base, edit=call.query.get("context") == "edit"))


def create_variation(shop: FakeWoo, parent_id: int, body: dict[str, Any], *, actor: str) -> Item:
    """Make a variation of a product; its parent is marked modified and its status follows."""
    now = shop.now()
    item = Item(0, "variation", parent_id, created=now, modified=now, tax_class="parent")
    writer = Writer(shop, item, body, actor=actor, new=True)
    writer.check()
    item.id = shop.next_id()
    shop.state.add_item(item)
    writer.apply()
    shop.emit("product.created", item.id)
    return item


def _create(shop: FakeWoo, call: Call) -> SimResponse:
    body = checked(VARIATION_RULES, call.body, defaults=False)
    _need_parent(shop, call)
    item = create_variation(shop, _parent_id(call), body, actor=call.caller.actor)
    made = call.created(variation_json(shop, item, call.base, edit=True))
    # the pattern of the route is never filled in here
    pattern = r"(?P<product_id>[\d]+)"
    made.headers["Location"] = f"{call.base}/wp-json/wc/v3/products/{pattern}/variations/{item.id}"
    return made


def _need_parent(shop: FakeWoo, call: Call) -> None:
    parent = shop.state.items.get(_parent_id(call))
    if parent is None or parent.is_variation:
        code = "woocommerce_rest_product_variation_invalid_parent"
        raise WooError(404, code, "Cannot set attributes due to invalid parent product.")


def _update(shop: FakeWoo, call: Call) -> SimResponse:
    body = checked(VARIATION_RULES, call.body, defaults=False)
    item = find_variation(shop, _parent_id(call), call.args["id"])
    update_product(shop, item, body, actor=call.caller.actor)
    return call.reply(variation_json(shop, item, call.base, edit=True))


def _delete(shop: FakeWoo, call: Call) -> SimResponse:
    item = find_variation(shop, _parent_id(call), call.args["id"])
    force = is_true(call.params.get("force"))
    if not force and item.status == "trash":
        raise WooError(410, "woocommerce_rest_already_trashed", "The product has already been deleted.")
    shown = variation_json(shop, item, call.base, edit=True, links="bare" if force else "own")
    if force:
        remove_variation(shop, item)
        # nothing is left to hold permissions on
        call.allow = ""
    else:
        shop.remember(item)
        put_in_trash(shop, item)
        shop.touch(item)
    return call.reply(shown)


def remove_variation(shop: FakeWoo, item: Item) -> None:
    """Remove one variation for good."""
    shop.touch(item)
    shop.state.drop_item(item)
    parent = shop.state.items.get(item.parent_id)
    if parent is not None:
        refresh_parent(shop, parent)


def _batch(shop: FakeWoo, call: Call) -> SimResponse:
    actor, parent_id = call.caller.actor, _parent_id(call)

    def create(body: dict[str, Any]) -> dict[str, Any]:
        _need_parent(shop, call)
        item = create_variation(shop, parent_id, body, actor=actor)
        return variation_json(shop, item, call.base, edit=True)

    def update(number: Any, body: dict[str, Any]) -> dict[str, Any]:
        item = find_variation(shop, parent_id, number)
        update_product(shop, item, body, actor=actor)
        return variation_json(shop, item, call.base, edit=True)

    def delete(number: Any) -> dict[str, Any]:
        item = find_variation(shop, parent_id, number)
        made = variation_json(shop, item, call.base, edit=True)
        remove_variation(shop, item)
        return made

    return run_batch(call, create=create, update=update, delete=delete)


def register(router: Router) -> None:
    """Add the routes of variations."""
    router.add("GET", BASE, _list, needs="list")
    router.add("POST", BASE, _create, needs="create")
    router.add("EDIT", f"{BASE}/batch", _batch, needs="batch")
    router.add("GET", f"{BASE}/<id>", _get, needs="view")
    router.add("EDIT", f"{BASE}/<id>", _update, needs="edit")
    router.add("DELETE", f"{BASE}/<id>", _delete, needs="delete")
