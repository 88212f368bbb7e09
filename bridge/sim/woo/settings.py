"""``/wc/v3/settings``: groups and the options a bridge looks at; a write takes effect at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.site import CURRENCIES
from bridge.sim.woo.texts import text_of

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

BASE = "/wc/v3/settings"
_HINTS = {"allow": ["GET", "POST", "PUT", "PATCH"]}
_EMAILS = (
    ("new_order", "New order"),
    ("cancelled_order", "Cancelled order"),
    ("failed_order", "Failed order"),
    ("customer_failed_order", "Failed order"),
    ("customer_on_hold_order", "Order on-hold"),
    ("customer_processing_order", "Processing order"),
    ("customer_completed_order", "Completed order"),
    ("customer_refunded_order", "Refunded order"),
    ("customer_invoice", "Order details"),
    ("customer_note", "Customer note"),
    ("customer_reset_password", "Reset password"),
    ("customer_new_account", "New account"),
)
GROUPS = (
    ("wc_admin", "WooCommerce Admin", ""),
    ("general", "General", ""),
    ("products", "Products", ""),
    ("tax", "Tax", ""),
    ("shipping", "Shipping", ""),
    ("checkout", "Payments", ""),
    ("account", "Accounts &amp; Privacy", ""),
    ("email", "Emails", ""),
    ("integration", "Integration", ""),
    ("site-visibility", "Site visibility", ""),
    ("advanced", "Advanced", ""),
    *((f"email_{name}", label, "email") for name, label in _EMAILS),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One option: its name without ``woocommerce_`` in front, its kind, its default, what may be chosen."""

    name: str
    label: str
    type: str = "text"
    default: str = ""
    options: dict[str, str] = field(default_factory=dict)
    tip: bool = True

    @property
    def option(self) -> str:
        """The option's full name."""
        return f"woocommerce_{self.name}"


_COUNTRIES = {"US": "United States", "CA": "Canada", "GB": "United Kingdom", "DE": "Germany", "FR": "France"}
_SELL_TO = {"all": "Everywhere", "all_except": "Everywhere but", "specific": "Some countries"}
_EXCL = {"incl": "With tax", "excl": "Without tax"}
_CLASSES = {"inherit": "As the cart", "": "Standard", "reduced-rate": "Reduced rate", "zero-rate": "Zero rate"}
_YES_NO = {"yes": "Yes", "no": "No"}
SETTINGS: dict[str, tuple[Setting, ...]] = {
    "general": (
        Setting("store_address", "Address line 1"),
        Setting("store_address_2", "Address line 2"),
        Setting("store_city", "City"),
        Setting("default_country", "Country / State", "select", "US:CA", {"US:NY": "New York", **_COUNTRIES}),
        Setting("store_postcode", "Postcode / ZIP"),
        Setting("allowed_countries", "Selling location(s)", "select", "all", _SELL_TO),
        Setting("all_except_countries", "Not sold to", "multiselect", "", _COUNTRIES, tip=False),
        Setting("specific_allowed_countries", "Sold to", "multiselect", "", _COUNTRIES, tip=False),
        Setting("ship_to_countries", "Shipping location(s)", "select", "", {"": "Where sold", **_SELL_TO}),
        Setting("specific_ship_to_countries", "Shipped to", "multiselect", "", _COUNTRIES, tip=False),
        Setting("default_customer_address", "Default customer location", "select", "base", {"base": "Shop base"}),
        Setting("calc_taxes", "Enable taxes", "checkbox", "no"),
        Setting("enable_coupons", "Enable coupons", "checkbox", "yes"),
        Setting("calc_discounts_sequentially", "Coupons one after another", "checkbox", "no"),
        Setting("currency", "Currency", "select", "USD", CURRENCIES),
        Setting("currency_pos", "Currency position", "select", "left", {"left": "Left", "right": "Right"}),
        Setting("price_thousand_sep", "Thousand separator", "text", ","),
        Setting("price_decimal_sep", "Decimal separator", "text", "."),
        Setting("price_num_decimals", "Number of decimals", "number", "2"),
    ),
    "products": (
        Setting("weight_unit", "Weight unit", "select", "kg", {"kg": "kg", "g": "g", "lbs": "lbs", "oz": "oz"}),
        Setting("dimension_unit", "Dimensions unit", "select", "cm", {"cm": "cm", "m": "m", "in": "in"}),
        Setting("manage_stock", "Manage stock", "checkbox", "yes", tip=False),
        Setting("hold_stock_minutes", "Hold stock (minutes)", "number", "60"),
        Setting("notify_low_stock_amount", "Low stock threshold", "number", "2"),
        Setting("notify_no_stock_amount", "Out of stock threshold", "number", "0"),
        Setting("hide_out_of_stock_items", "Hide out of stock items", "checkbox", "no", tip=False),
        Setting("stock_format", "Stock display format", "select", "", {"": "Always", "low_amount": "When low"}),
    ),
    "tax": (
        Setting("prices_include_tax", "Prices entered with tax", "radio", "no", _YES_NO),
        Setting(
            "tax_based_on",
            "Calculate tax based on",
            "select",
            "shipping",
            {"shipping": "Shipping address", "billing": "Billing address", "base": "Shop base"},
        ),
        Setting("shipping_tax_class", "Shipping tax class", "select", "inherit", _CLASSES),
        Setting("tax_round_at_subtotal", "Rounding", "checkbox", "no", tip=False),
        Setting("tax_classes", "Additional tax classes", "textarea"),
        Setting("tax_display_shop", "Display prices in the shop", "select", "excl", _EXCL, tip=False),
        Setting("tax_display_cart", "Display prices in the cart", "select", "excl", _EXCL, tip=False),
        Setting("price_display_suffix", "Price display suffix"),
        Setting(
            "tax_total_display",
            "Display tax totals",
            "select",
            "itemized",
            {"single": "As a single total", "itemized": "Itemized"},
            tip=False,
        ),
    ),
    "advanced": (
        Setting("custom_orders_table_enabled", "Order data storage", "radio", "yes", {"yes": "HPOS", "no": "Posts"}),
        Setting("analytics_enabled", "Analytics", "checkbox", "yes", tip=False),
    ),
}


def setting_json(shop: FakeWoo, call: Call, group: str, setting: Setting, *, single: bool) -> dict[str, Any]:
    """A setting as listed; asked for alone it names its group as well."""
    url = f"{call.base}/wp-json{BASE}/{group}"
    row: dict[str, Any] = {
        "id": setting.option,
        "label": setting.label,
        "description": setting.label if setting.tip else "",
        "type": setting.type,
        "default": setting.default,
        "value": shop.state.options.get(setting.option, setting.default),
    }
    if setting.tip:
        row["tip"] = setting.label
    if setting.options:
        row["options"] = setting.options
    if single:
        row["group_id"] = group
    row["_links"] = {
        "self": [{"href": f"{url}/{setting.option}", "targetHints": _HINTS}],
        "collection": [{"href": url}],
    }
    return row


def _groups(shop: FakeWoo, call: Call) -> SimResponse:
    rows = []
    for name, label, parent in GROUPS:
        rows.append(
            {
                "id": name,
                "label": label,
                "description": "",
                "parent_id": parent,
                "sub_groups": [child for child, _, above in GROUPS if above == name],
                "_links": {"options": [{"href": f"{call.base}/wp-json{BASE}/{name}"}]},
            }
        )
    return call.reply(rows)


def _group(call: Call) -> tuple[str, tuple[Setting, ...]]:
    name = call.args["group_id"]
    if name not in {known for known, _, _ in GROUPS}:
        raise WooError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
    return name, SETTINGS.get(name, ())


def _list(shop: FakeWoo, call: Call) -> SimResponse:
    group, settings = _group(call)
    return call.reply([setting_json(shop, call, group, one, single=False) for one in settings])


def _find(call: Call, number: str) -> tuple[str, Setting]:
    group, settings = _group(call)
    found = next((one for one in settings if one.option == number), None)
    if found is None:
        raise WooError(404, "rest_setting_setting_invalid", "Invalid setting.")
    return group, found


def _get(shop: FakeWoo, call: Call) -> SimResponse:
    group, setting = _find(call, call.args["id"])
    return call.reply(setting_json(shop, call, group, setting, single=True))


def _write(shop: FakeWoo, setting: Setting, value: Any) -> None:
    text = text_of(value)
    choices = tuple(_YES_NO) if setting.type == "checkbox" else tuple(setting.options)
    # country lists are longer here than in the real shop's answers: anything is taken
    free = setting.type in ("text", "number", "textarea", "multiselect") or "country" in setting.name
    if not free and text not in choices:
        raise WooError(400, "rest_setting_value_invalid", "An invalid setting value was passed.")
    shop.state.options[setting.option] = text


def _update(shop: FakeWoo, call: Call) -> SimResponse:
    group, setting = _find(call, call.args["id"])
    _write(shop, setting, call.body.get("value"))
    return call.reply(setting_json(shop, call, group, setting, single=True))


def _batch(shop: FakeWoo, call: Call) -> SimResponse:
    def update(number: Any, body: dict[str, Any]) -> dict[str, Any]:
        group, setting = _find(call, text_of(number))
        _write(shop, setting, body.get("value"))
        return setting_json(shop, call, group, setting, single=True)

    def refuse(*_: Any) -> dict[str, Any]:
        raise WooError(405, "invalid-method", "Method not implemented.")

    return run_batch(call, create=refuse, update=update, delete=refuse)


def register(router: Router) -> None:
    """Add the routes of settings."""
    router.add("GET", BASE, _groups, needs="list")
    router.add("GET", f"{BASE}/<group_id:slug>", _list, needs="list")
    router.add("EDIT", f"{BASE}/<group_id:slug>/batch", _batch, needs="batch")
    router.add("GET", f"{BASE}/<group_id:slug>/<id:slug>", _get, needs="view")
    router.add("EDIT", f"{BASE}/<group_id:slug>/<id:slug>", _update, needs="edit")
