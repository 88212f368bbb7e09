"""WordPress's own settings, where the pickup locations live: for an administrator's application password only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.routes import Call, Router

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_PICKUP = {
    "pickup_location_settings": {"enabled": "yes", "title": "Pickup", "tax_status": "none", "cost": ""},
    "pickup_locations": [],
}
#: Name over REST -> option name.
_OPTIONS = {
    "title": "blogname",
    "description": "blogdescription",
    "email": "admin_email",
    "timezone": "timezone_string",
    "date_format": "date_format",
    "time_format": "time_format",
    "start_of_week": "start_of_week",
    "language": "language",
    "use_smilies": "use_smilies",
    "default_category": "default_category",
    "default_post_format": "default_post_format",
    "posts_per_page": "posts_per_page",
    "show_on_front": "show_on_front",
    "page_on_front": "page_on_front",
    "page_for_posts": "page_for_posts",
    "default_ping_status": "default_ping_status",
    "default_comment_status": "default_comment_status",
    "site_logo": "site_logo",
    "site_icon": "site_icon",
    "pickup_location_settings": "pickup_location_settings",
    "pickup_locations": "pickup_locations",
    "woocommerce_default_catalog_orderby": "woocommerce_default_catalog_orderby",
    "woocommerce_checkout_phone_field": "woocommerce_checkout_phone_field",
    "woocommerce_checkout_company_field": "woocommerce_checkout_company_field",
    "woocommerce_checkout_address_2_field": "woocommerce_checkout_address_2_field",
}
_DEFAULTS: dict[str, Any] = {
    "date_format": "F j, Y",
    "time_format": "g:i a",
    "start_of_week": 1,
    "language": "en_US",
    "use_smilies": True,
    "default_category": 1,
    "default_post_format": "0",
    "posts_per_page": 10,
    "show_on_front": "posts",
    "page_on_front": 0,
    "page_for_posts": 0,
    "default_ping_status": "open",
    "default_comment_status": "open",
    "site_logo": None,
    "site_icon": 0,
    "woocommerce_default_catalog_orderby": "menu_order",
    "woocommerce_checkout_phone_field": "optional",
    "woocommerce_checkout_company_field": "hidden",
    "woocommerce_checkout_address_2_field": "optional",
    **_PICKUP,
}


def register(router: Router) -> None:
    """Add the route of the settings."""
    router.add("GET", "/wp/v2/settings", get_settings, needs="wp")
    router.add("EDIT", "/wp/v2/settings", write_settings, needs="wp")


def register_acts(shop: FakeWoo) -> None:
    """Add the act that sets pickup locations as staff does in the admin."""

    def set_pickup_locations(locations: list[dict[str, Any]]) -> None:
        shop.state.options["pickup_locations"] = list(locations)

    shop.acts["set_pickup_locations"] = set_pickup_locations


def pickup_locations(shop: FakeWoo) -> list[dict[str, Any]]:
    """The pickup locations in their order, switched-off ones included."""
    found: list[dict[str, Any]] = shop.state.options.get("pickup_locations", [])
    return found


def pickup_settings(shop: FakeWoo) -> dict[str, Any]:
    """``{"enabled", "title", "tax_status", "cost"}`` of local pickup."""
    found: dict[str, Any] = shop.state.options.get("pickup_location_settings", _DEFAULTS["pickup_location_settings"])
    return found


def settings_json(shop: FakeWoo) -> dict[str, Any]:
    """All settings as JSON."""
    options = shop.state.options
    made: dict[str, Any] = {}
    for name, option in _OPTIONS.items():
        if name == "email":
            made["url"] = shop.state.shop_url
            made[name] = options.get(option, f"admin@{shop.state.shop_url.partition('//')[2]}")
        else:
            made[name] = options.get(option, _DEFAULTS.get(name))
    return made


def get_settings(shop: FakeWoo, call: Call) -> SimResponse:
    """The settings."""
    return call.reply(settings_json(shop))


def write_settings(shop: FakeWoo, call: Call) -> SimResponse:
    """Write settings; a list of pickup locations replaces the whole list, unchecked."""
    for name, value in call.params.items():
        option = _OPTIONS.get(name)
        if option is not None:
            shop.state.options[option] = value
    return call.reply(settings_json(shop))
