"""Shipping zones with their methods, the kinds of methods there are, and payment gateways, over REST."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo import payment_gateways
from bridge.sim.woo.params import as_flag
from bridge.sim.woo.rest_lists import must_force
from bridge.sim.woo.routes import Call, Router, WooError

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

#: Kind of method -> (title, description).
METHODS = {
    "flat_rate": ("Flat rate", "Lets you charge a fixed rate for shipping."),
    "free_shipping": (
        "Free shipping",
        "Free shipping is a special method which can be triggered with coupons and minimum spends.",
    ),
    "local_pickup": (
        "Local pickup",
        "Allow customers to pick up orders themselves. By default, when using local pickup store base taxes "
        "will apply regardless of customer address.",
    ),
    "pickup_location": ("Local pickup", "Allow customers to choose a local pickup location during checkout."),
}
_HINTS = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
_REST_OF_WORLD = "Locations not covered by your other zones"


@dataclass(slots=True)
class ZoneMethod:
    """One shipping method of a zone; ``settings`` are its own words and cost."""

    instance_id: int
    method_id: str
    order: int = 1
    enabled: bool = True
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What shoppers read."""
        return self.settings.get("title") or METHODS[self.method_id][0]


@dataclass(slots=True)
class Zone:
    """A shipping zone; ``locations``: ``[{"code", "type"}]``."""

    id: int
    name: str
    order: int = 0
    locations: list[dict[str, str]] = field(default_factory=list)
    methods: list[ZoneMethod] = field(default_factory=list)


def register(router: Router) -> None:
    """Add the routes of zones, methods and gateways."""
    zones = "/wc/v3/shipping/zones"
    router.add("GET", zones, list_zones, needs="list")
    router.add("POST", zones, post_zone, needs="create")
    router.add("GET", f"{zones}/<zone>", get_zone, needs="view")
    router.add("EDIT", f"{zones}/<zone>", put_zone, needs="edit")
    router.add("DELETE", f"{zones}/<zone>", delete_zone, needs="delete")
    router.add("GET", f"{zones}/<zone>/locations", get_locations, needs="view")
    router.add("EDIT", f"{zones}/<zone>/locations", put_locations, needs="edit")
    router.add("GET", f"{zones}/<zone>/methods", list_zone_methods, needs="list")
    router.add("POST", f"{zones}/<zone>/methods", post_zone_method, needs="create")
    router.add("GET", f"{zones}/<zone>/methods/<instance>", get_zone_method, needs="view")
    router.add("EDIT", f"{zones}/<zone>/methods/<instance>", put_zone_method, needs="edit")
    router.add("DELETE", f"{zones}/<zone>/methods/<instance>", delete_zone_method, needs="delete")
    router.add("GET", "/wc/v3/shipping_methods", list_methods, needs="list")
    router.add("GET", "/wc/v3/shipping_methods/<id:slug>", get_method, needs="view")
    payment_gateways.register(router)


def register_acts(shop: FakeWoo) -> None:
    """Give a new shop its first zone: the US by flat rate 0 or the older local pickup."""
    country = [{"code": "US", "type": "country"}]
    methods = [
        ZoneMethod(1, "flat_rate", 1, settings={"cost": "0"}),
        ZoneMethod(2, "local_pickup", 2, settings={"cost": ""}),
    ]
    shop.state.zones[1] = Zone(1, "US", 0, country, methods)
    shop.ids.seen("zone", 1)
    shop.ids.seen("zone_method", 2)


def zone_for(shop: FakeWoo, country: str, state: str) -> Zone | None:
    """The zone an address falls into, ``None`` for the rest of the world."""
    for zone in sorted(shop.state.zones.values(), key=lambda held: (held.order, held.id)):
        codes = {place["code"] for place in zone.locations}
        if country in codes or f"{country}:{state}" in codes:
            found: Zone = zone
            return found
    return None


# -- zones ---------------------------------------------------------------------------
def zone_json(base: str, zone: Zone) -> dict[str, Any]:
    """A zone as JSON."""
    collection = f"{base}/wp-json/wc/v3/shipping/zones"
    here = f"{collection}/{zone.id}"
    return {
        "id": zone.id,
        "name": zone.name,
        "order": zone.order,
        "_links": {
            "self": [{"href": here, "targetHints": _HINTS}],
            "collection": [{"href": collection}],
            "describedby": [{"href": f"{here}/locations"}],
        },
    }


def _zone(shop: FakeWoo, call: Call) -> Zone:
    zone_id = int(call.args["zone"])
    if zone_id == 0 and 0 not in shop.state.zones:
        shop.state.zones[0] = Zone(0, _REST_OF_WORLD)
    zone = shop.state.zones.get(zone_id)
    if not isinstance(zone, Zone):
        raise WooError(404, "woocommerce_rest_shipping_zone_invalid", "Resource does not exist.")
    return zone


def _whole(call: Call, rows: list[dict[str, Any]]) -> SimResponse:
    """All rows on one page: these lists are not paged."""
    return call.page(rows, len(rows), 1, max(1, len(rows)))


def list_zones(shop: FakeWoo, call: Call) -> SimResponse:
    """All zones, the rest of the world first."""
    others = [zone for zone_id, zone in shop.state.zones.items() if zone_id]
    zones = [Zone(0, _REST_OF_WORLD), *sorted(others, key=lambda zone: (zone.order, zone.id))]
    return _whole(call, [zone_json(call.base, zone) for zone in zones])


def get_zone(shop: FakeWoo, call: Call) -> SimResponse:
    """One zone."""
    return call.reply(zone_json(call.base, _zone(shop, call)))


def post_zone(shop: FakeWoo, call: Call) -> SimResponse:
    """A new zone."""
    zone = Zone(shop.ids.number("zone"), str(call.params.get("name", "")), int(call.params.get("order", 0)))
    shop.state.zones[zone.id] = zone
    return call.created(zone_json(call.base, zone))


def put_zone(shop: FakeWoo, call: Call) -> SimResponse:
    """Rename or reorder a zone."""
    zone, body = _zone(shop, call), call.params
    zone.name, zone.order = str(body.get("name", zone.name)), int(body.get("order", zone.order))
    return call.reply(zone_json(call.base, zone))


def delete_zone(shop: FakeWoo, call: Call) -> SimResponse:
    """Delete a zone (only with ``force``)."""
    zone = _zone(shop, call)
    must_force(call, "Shipping zones do not support trashing.")
    shop.state.zones.pop(zone.id, None)
    return call.reply(zone_json(call.base, zone))


def _locations_json(call: Call, zone: Zone) -> list[dict[str, Any]]:
    here = f"{call.base}/wp-json/wc/v3/shipping/zones/{zone.id}"
    links = {"collection": [{"href": f"{here}/locations"}], "describes": [{"href": here}]}
    return [{**place, "_links": links} for place in zone.locations]


def get_locations(shop: FakeWoo, call: Call) -> SimResponse:
    """The places a zone covers."""
    return _whole(call, _locations_json(call, _zone(shop, call)))


def put_locations(shop: FakeWoo, call: Call) -> SimResponse:
    """Replace the places a zone covers (the body is a list)."""
    zone = _zone(shop, call)
    given = call.request.json()
    zone.locations = [
        {"code": str(row.get("code", "")), "type": str(row.get("type", "country"))}
        for row in (given if isinstance(given, list) else [])
    ]
    return call.reply(_locations_json(call, zone))


# -- methods of a zone ---------------------------------------------------------------
def _setting(name: str, label: str, kind: str, value: str, default: str, more: dict[str, Any]) -> dict[str, Any]:
    text = f"{label} of this method."
    return {
        "id": name,
        "label": label,
        "description": text if name != "tax_status" else "",
        "type": kind,
        "value": value,
        "default": default,
        "tip": text if name != "tax_status" else "",
        "placeholder": "",
        **more,
    }


def zone_method_json(base: str, zone: Zone, method: ZoneMethod) -> dict[str, Any]:
    """A zone's method as JSON."""
    title, description = METHODS[method.method_id]
    collection = f"{base}/wp-json/wc/v3/shipping/zones/{zone.id}/methods"
    values = method.settings
    options = {"options": {"taxable": "Taxable", "none": "None"}}
    return {
        "id": method.instance_id,
        "instance_id": method.instance_id,
        "title": method.title,
        "order": method.order,
        "enabled": method.enabled,
        "method_id": method.method_id,
        "method_title": title,
        "method_description": f"<p>{description}</p>\n",
        "settings": {
            "title": _setting("title", "Name", "text", method.title, title, {}),
            "tax_status": _setting(
                "tax_status", "Tax status", "select", values.get("tax_status", "taxable"), "taxable", options
            ),
            "cost": _setting("cost", "Cost", "text", values.get("cost", ""), "", {}),
        },
        "_links": {
            "self": [{"href": f"{collection}/{method.instance_id}", "targetHints": _HINTS}],
            "collection": [{"href": collection}],
            "describes": [{"href": collection.removesuffix("/methods")}],
        },
    }


def _zone_method(shop: FakeWoo, call: Call) -> tuple[Zone, ZoneMethod]:
    zone, wanted = _zone(shop, call), int(call.args["instance"])
    method = next((held for held in zone.methods if held.instance_id == wanted), None)
    if method is None:
        raise WooError(404, "woocommerce_rest_shipping_zone_method_invalid", "Resource does not exist.")
    return zone, method


def list_zone_methods(shop: FakeWoo, call: Call) -> SimResponse:
    """The methods of a zone; pickup locations are never among them."""
    zone = _zone(shop, call)
    methods = sorted(zone.methods, key=lambda method: method.order)
    return _whole(call, [zone_method_json(call.base, zone, method) for method in methods])


def get_zone_method(shop: FakeWoo, call: Call) -> SimResponse:
    """One method of a zone."""
    return call.reply(zone_method_json(call.base, *_zone_method(shop, call)))


def _write_method(method: ZoneMethod, body: dict[str, Any]) -> None:
    settings = body.get("settings")
    if isinstance(settings, dict):
        method.settings.update({name: str(value) for name, value in settings.items()})
    method.enabled = as_flag(body.get("enabled", method.enabled))
    method.order = int(body.get("order", method.order))


def post_zone_method(shop: FakeWoo, call: Call) -> SimResponse:
    """Add a method to a zone."""
    zone, method_id = _zone(shop, call), str(call.params.get("method_id", ""))
    if method_id not in METHODS or method_id == "pickup_location":
        raise WooError(500, "woocommerce_rest_shipping_zone_not_created", "Resource cannot be created.")
    method = ZoneMethod(shop.ids.number("zone_method"), method_id, len(zone.methods) + 1)
    _write_method(method, call.params)
    zone.methods.append(method)
    return call.reply(zone_method_json(call.base, zone, method))


def put_zone_method(shop: FakeWoo, call: Call) -> SimResponse:
    """Change a method of a zone."""
    zone, method = _zone_method(shop, call)
    _write_method(method, call.params)
    return call.reply(zone_method_json(call.base, zone, method))


def delete_zone_method(shop: FakeWoo, call: Call) -> SimResponse:
    """Delete a method of a zone (only with ``force``)."""
    zone, method = _zone_method(shop, call)
    must_force(call, "Shipping methods do not support trashing.")
    zone.methods.remove(method)
    return call.reply(zone_method_json(call.base, zone, method))


# -- kinds of methods ----------------------------------------------------------------
def _method_json(base: str, method_id: str) -> dict[str, Any]:
    title, description = METHODS[method_id]
    collection = f"{base}/wp-json/wc/v3/shipping_methods"
    links = {
        "self": [{"href": f"{collection}/{method_id}", "targetHints": {"allow": ["GET"]}}],
        "collection": [{"href": collection}],
    }
    return {"id": method_id, "title": title, "description": description, "_links": links}


def list_methods(shop: FakeWoo, call: Call) -> SimResponse:
    """The kinds of shipping methods."""
    return _whole(call, [_method_json(call.base, method_id) for method_id in METHODS])


def get_method(shop: FakeWoo, call: Call) -> SimResponse:
    """One kind of shipping method."""
    if call.args["id"] not in METHODS:
        raise WooError(404, "woocommerce_rest_shipping_method_invalid", "Resource does not exist.")
    return call.reply(_method_json(call.base, call.args["id"]))
