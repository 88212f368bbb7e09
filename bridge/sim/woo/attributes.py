"""Global attributes (``pa_…``): ``/wc/v3/products/attributes``; their values are terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.params import Param, as_flag, checked
from bridge.sim.woo.products import is_true
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.state import Attribute
from bridge.sim.woo.texts import escaped, loose_int, slug_of, text_of
from bridge.sim.woo.view import ITEM_HINTS

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

BASE = "/wc/v3/products/attributes"
_BODY = {
    "name": Param(),
    "slug": Param(),
    "type": Param(enum=("select",)),
    "order_by": Param(enum=("menu_order", "name", "name_num", "id")),
    "has_archives": Param("boolean"),
}


def attribute_json(call: Call, attribute: Attribute) -> dict[str, Any]:
    """An attribute as its routes show it."""
    url = f"{call.base}/wp-json{BASE}"
    return {
        "id": attribute.id,
        "name": attribute.name,
        "slug": attribute.slug,
        "type": attribute.type,
        "order_by": attribute.order_by,
        "has_archives": attribute.has_archives,
        "_links": {
            "self": [{"href": f"{url}/{attribute.id}", "targetHints": ITEM_HINTS}],
            "collection": [{"href": url}],
        },
    }


def make_attribute(shop: FakeWoo, body: dict[str, Any]) -> Attribute:
    """A new global attribute; its slug must be free."""
    name = escaped(text_of(body.get("name")))
    slug = "pa_" + slug_of(text_of(body.get("slug")) or name).removeprefix("pa_")
    if any(held.slug == slug for held in shop.state.attributes.values()):
        text = f'Slug "{slug.removeprefix("pa_")}" is already in use. Change it, please.'
        raise WooError(400, "woocommerce_rest_cannot_create", text)
    attribute = Attribute(shop.ids.number("attribute"), name, slug)
    shop.state.attributes[attribute.id] = attribute
    shop.state.attribute_terms.setdefault(attribute.id, {})
    _fill(attribute, body)
    return attribute


def attribute_named(shop: FakeWoo, name: str) -> Attribute:
    """The global attribute of that name, made when missing."""
    for attribute in shop.state.attributes.values():
        if attribute.name.lower() == escaped(name).lower():
            return attribute
    return make_attribute(shop, {"name": name})


def _fill(attribute: Attribute, body: dict[str, Any]) -> None:
    if body.get("order_by"):
        attribute.order_by = text_of(body["order_by"])
    if body.get("has_archives") is not None:
        attribute.has_archives = as_flag(body["has_archives"])


def _find(shop: FakeWoo, number: Any) -> Attribute:
    attribute = shop.state.attributes.get(loose_int(number))
    if attribute is None:
        raise WooError(404, "woocommerce_rest_taxonomy_invalid", "Resource does not exist.")
    return attribute


def _change(shop: FakeWoo, attribute: Attribute, body: dict[str, Any]) -> Attribute:
    if body.get("name"):
        attribute.name = escaped(text_of(body["name"]))
    if body.get("slug"):
        attribute.slug = "pa_" + slug_of(text_of(body["slug"])).removeprefix("pa_")
    _fill(attribute, body)
    for item in shop.state.items.values():
        for held in item.attributes:
            if held["id"] == attribute.id:
                held["name"], held["slug"] = attribute.name, attribute.slug
    return attribute


def _drop(shop: FakeWoo, attribute: Attribute) -> None:
    del shop.state.attributes[attribute.id]
    shop.state.attribute_terms.pop(attribute.id, None)
    for item in shop.state.items.values():
        item.attributes = [held for held in item.attributes if held["id"] != attribute.id]


def _list(shop: FakeWoo, call: Call) -> SimResponse:
    return call.reply([attribute_json(call, a) for a in shop.state.attributes.values()])


def _get(shop: FakeWoo, call: Call) -> SimResponse:
    return call.reply(attribute_json(call, _find(shop, call.args["id"])))


def _create(shop: FakeWoo, call: Call) -> SimResponse:
    if "name" not in call.body:
        raise WooError(400, "rest_missing_callback_param", "Missing parameter(s): name", {"params": ["name"]})
    return call.created(attribute_json(call, make_attribute(shop, checked(_BODY, call.body, defaults=False))))


def _update(shop: FakeWoo, call: Call) -> SimResponse:
    body = checked(_BODY, call.body, defaults=False)
    return call.reply(attribute_json(call, _change(shop, _find(shop, call.args["id"]), body)))


def _delete(shop: FakeWoo, call: Call) -> SimResponse:
    attribute = _find(shop, call.args["id"])
    if not is_true(call.params.get("force")):
        raise WooError(501, "woocommerce_rest_trash_not_supported", "Resource does not support trashing.")
    shown = attribute_json(call, attribute)
    _drop(shop, attribute)
    return call.reply(shown)


def _batch(shop: FakeWoo, call: Call) -> SimResponse:
    def delete(number: Any) -> dict[str, Any]:
        attribute = _find(shop, number)
        _drop(shop, attribute)
        return attribute_json(call, attribute)

    return run_batch(
        call,
        create=lambda body: attribute_json(call, make_attribute(shop, body)),
        update=lambda number, body: attribute_json(call, _change(shop, _find(shop, number), body)),
        delete=delete,
    )


def register(router: Router) -> None:
    """Add the routes of attributes."""
    router.add("GET", BASE, _list, needs="list")
    router.add("POST", BASE, _create, needs="create")
    router.add("EDIT", f"{BASE}/batch", _batch, needs="batch")
    router.add("GET", f"{BASE}/<id>", _get, needs="view")
    router.add("EDIT", f"{BASE}/<id>", _update, needs="edit")
    router.add("DELETE", f"{BASE}/<id>", _delete, needs="delete")
