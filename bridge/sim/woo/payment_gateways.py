"""Payment gateways over REST: the three that come with the shop, switched on or off by options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.params import as_flag
from bridge.sim.woo.routes import Call, Router, WooError

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

#: Id -> (title, what shoppers read, what staff reads).
GATEWAYS = {
    "bacs": ("Direct bank transfer", "Pay straight into our bank account.", "Bank transfers, paid by hand."),
    "cheque": ("Check payments", "Send a check to the shop.", "Checks, cashed by hand."),
    "cod": ("Cash on delivery", "Pay with cash upon delivery.", "Money handed over with the goods."),
}


def register(router: Router) -> None:
    """Add the routes of gateways."""
    router.add("GET", "/wc/v3/payment_gateways", list_gateways, needs="list")
    router.add("GET", "/wc/v3/payment_gateways/<id:slug>", get_gateway, needs="view")
    router.add("EDIT", "/wc/v3/payment_gateways/<id:slug>", put_gateway, needs="edit")


def _held(shop: FakeWoo, gateway_id: str) -> dict[str, Any]:
    settings: dict[str, Any] = shop.state.options.setdefault(
        f"woocommerce_{gateway_id}_settings", {"enabled": gateway_id != "cheque"}
    )
    return settings


def title_of_gateway(shop: FakeWoo, gateway_id: str) -> str:
    """What an order calls the payment; an unknown gateway is called by its id."""
    if gateway_id not in GATEWAYS:
        return gateway_id
    return str(_held(shop, gateway_id).get("title") or GATEWAYS[gateway_id][0])


def enabled_gateways(shop: FakeWoo) -> list[str]:
    """The gateways shoppers can choose."""
    return [gateway_id for gateway_id in GATEWAYS if _held(shop, gateway_id).get("enabled")]


def _field(name: str, label: str, kind: str, value: str, default: str, more: dict[str, Any]) -> dict[str, Any]:
    text = f"{label} of this gateway." if name != "enable_for_virtual" else ""
    return {
        "id": name,
        "label": label,
        "description": text,
        "type": kind,
        "value": value,
        "default": default,
        "tip": text,
        "placeholder": "",
        **more,
    }


def _pickable_methods() -> dict[str, Any]:
    any_of = "Any &quot;{}&quot; method"
    return {
        "Flat rate": {
            "flat_rate": any_of.format("Flat rate"),
            "flat_rate:1": "US &ndash; Flat rate (#1)",
        },
        "Free shipping": {"free_shipping": any_of.format("Free shipping")},
        "Local pickup": {"pickup_location": any_of.format("Local pickup")},
    }


def _settings_json(shop: FakeWoo, gateway_id: str) -> dict[str, Any]:
    held, title = _held(shop, gateway_id), title_of_gateway(shop, gateway_id)
    default = GATEWAYS[gateway_id][1] if gateway_id == "cod" else ""
    made = {
        "title": _field("title", "Title", "safe_text", title, GATEWAYS[gateway_id][0], {}),
        "instructions": _field(
            "instructions", "Instructions", "textarea", str(held.get("instructions", "")), default, {}
        ),
    }
    if gateway_id == "cod":
        methods = {"options": _pickable_methods()}
        made["enable_for_methods"] = _field(
            "enable_for_methods", "Enable for shipping methods", "multiselect", "", "", methods
        )
        made["enable_for_virtual"] = _field(
            "enable_for_virtual", "Accept COD if the order is virtual", "checkbox", "yes", "yes", {}
        )
    return made


def gateway_json(shop: FakeWoo, gateway_id: str, base: str) -> dict[str, Any]:
    """A gateway as JSON."""
    title, for_shoppers, for_staff = GATEWAYS[gateway_id]
    collection = f"{base}/wp-json/wc/v3/payment_gateways"
    hints = {"allow": ["GET", "POST", "PUT", "PATCH"]}
    held = _held(shop, gateway_id)
    return {
        "id": gateway_id,
        "title": title_of_gateway(shop, gateway_id),
        "description": held.get("description", for_shoppers),
        "order": held.get("order", ""),
        "enabled": bool(held.get("enabled")),
        "method_title": title,
        "method_description": for_staff,
        "method_supports": ["products"],
        "settings": _settings_json(shop, gateway_id),
        "needs_setup": False,
        "post_install_scripts": [],
        "settings_url": f"{base}/wp-admin/admin.php?page=wc-settings&tab=checkout&section={gateway_id}",
        "connection_url": None,
        "setup_help_text": None,
        "required_settings_keys": [],
        "_links": {
            "self": [{"href": f"{collection}/{gateway_id}", "targetHints": hints}],
            "collection": [{"href": collection}],
        },
    }


def list_gateways(shop: FakeWoo, call: Call) -> SimResponse:
    """All gateways."""
    rows = [gateway_json(shop, gateway_id, call.base) for gateway_id in GATEWAYS]
    return call.page(rows, len(rows), 1, len(rows))


def _known(call: Call) -> str:
    gateway_id = call.args["id"]
    if gateway_id not in GATEWAYS:
        raise WooError(404, "woocommerce_rest_payment_gateway_invalid", "Resource does not exist.")
    return gateway_id


def get_gateway(shop: FakeWoo, call: Call) -> SimResponse:
    """One gateway."""
    return call.reply(gateway_json(shop, _known(call), call.base))


def put_gateway(shop: FakeWoo, call: Call) -> SimResponse:
    """Switch a gateway on or off, or change its words."""
    gateway_id, body = _known(call), call.params
    held = _held(shop, gateway_id)
    for name in ("title", "description", "order"):
        if name in body:
            held[name] = body[name]
    if "enabled" in body:
        held["enabled"] = as_flag(body["enabled"])
    settings = body.get("settings")
    if isinstance(settings, dict):
        held.update(settings)
    return call.reply(gateway_json(shop, gateway_id, call.base))
