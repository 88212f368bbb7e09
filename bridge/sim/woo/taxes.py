"""Tax rates and classes over REST, and which rates an order's address falls under."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.order_state import Order, TaxRate
from bridge.sim.woo.order_totals import RatesOf, TaxRules
from bridge.sim.woo.params import PAGING, Param, as_flag, checked
from bridge.sim.woo.rest_lists import cut_page, must_force
from bridge.sim.woo.routes import Call, Router, WooError

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

STANDARD_CLASSES = {"standard": "Standard rate", "reduced-rate": "Reduced rate", "zero-rate": "Zero rate"}
_LIST = {**PAGING, "class": Param(), "orderby": Param(enum=("id", "order", "priority"), default="order")}
_RATE = {
    "priority": Param("integer"),
    "order": Param("integer"),
    "compound": Param("boolean"),
    "shipping": Param("boolean"),
}


def register(router: Router) -> None:
    """Add the routes of tax rates and classes."""
    router.add("GET", "/wc/v3/taxes", list_rates, needs="list")
    router.add("POST", "/wc/v3/taxes", create_rate, needs="create")
    router.add("GET", "/wc/v3/taxes/<id>", get_rate, needs="view")
    router.add("EDIT", "/wc/v3/taxes/<id>", update_rate, needs="edit")
    router.add("DELETE", "/wc/v3/taxes/<id>", delete_rate, needs="delete")
    router.add("EDIT", "/wc/v3/taxes/batch", batch_rates, needs="batch")
    router.add("GET", "/wc/v3/taxes/classes", list_classes, needs="list")
    router.add("POST", "/wc/v3/taxes/classes", create_class, needs="create")


# -- what orders ask -----------------------------------------------------------------
def tax_rules(shop: FakeWoo) -> TaxRules:
    """How this shop taxes now."""
    flag = shop.state.flag
    return TaxRules(
        flag("woocommerce_calc_taxes"),
        flag("woocommerce_prices_include_tax"),
        flag("woocommerce_tax_round_at_subtotal"),
    )


def _no_rates(tax_class: str) -> list[TaxRate]:
    return []


def rates_for(shop: FakeWoo, order: Order) -> RatesOf:
    """The rates for an order: by its shipping address, else billing, else the shop's own.

    Orders fetched from a pickup point are taxed where the shop is.
    """
    if not shop.state.flag("woocommerce_calc_taxes"):
        return _no_rates
    address = order.shipping if shop.state.options["woocommerce_tax_based_on"] == "shipping" else order.billing
    if not address["country"]:
        address = order.billing
    picked_up = any(line.method_id in ("local_pickup", "pickup_location") for line in order.shipping_lines)
    if not address["country"] or picked_up or shop.state.options["woocommerce_tax_based_on"] == "base":
        return shop_rates(shop)
    found: dict[str, list[TaxRate]] = {}

    def rates_of(tax_class: str) -> list[TaxRate]:
        if tax_class not in found:
            found[tax_class] = matching(shop, address, tax_class)
        return found[tax_class]

    return rates_of


def shop_rates(shop: FakeWoo) -> RatesOf:
    """The rates at the shop's own address (those contained in tax-inclusive prices)."""
    options = shop.state.options
    country, _, state = str(options["woocommerce_default_country"]).partition(":")
    address = {
        "country": country,
        "state": state,
        "postcode": options["woocommerce_store_postcode"],
        "city": options["woocommerce_store_city"],
    }
    return lambda tax_class: matching(shop, address, tax_class)


def matching(shop: FakeWoo, address: dict[str, Any], tax_class: str) -> list[TaxRate]:
    """One rate per priority for an address: the most exact one wins."""
    if not shop.state.flag("woocommerce_calc_taxes"):
        return []
    wanted = class_slug(shop, tax_class)
    fits = [rate for rate in shop.state.tax_rates.values() if rate.tax_class == wanted and _covers(rate, address)]
    fits.sort(key=lambda r: (r.priority, not r.country, not r.state, not r.postcodes, not r.cities, r.order, r.id))
    best: dict[int, TaxRate] = {}
    for rate in fits:
        best.setdefault(rate.priority, rate)
    return list(best.values())


def _covers(rate: TaxRate, address: dict[str, Any]) -> bool:
    if rate.country and rate.country != str(address["country"]).upper():
        return False
    if rate.state and rate.state != str(address["state"]).upper():
        return False
    postcode, city = str(address["postcode"]).upper(), str(address["city"]).upper()
    if rate.postcodes and not any(_postcode_fits(postcode, held) for held in rate.postcodes):
        return False
    return not rate.cities or city in rate.cities


def _postcode_fits(postcode: str, held: str) -> bool:
    low, dots, high = held.partition("...")
    if dots:
        return low <= postcode <= high
    return postcode.startswith(held[:-1]) if held.endswith("*") else postcode == held


def class_slug(shop: FakeWoo, tax_class: str) -> str:
    """The class as rates keep it: ``""`` for standard; an unknown class silently is standard."""
    known = {**STANDARD_CLASSES, **shop.state.tax_classes}
    return tax_class if tax_class in known and tax_class != "standard" else ""


# -- REST ----------------------------------------------------------------------------
def rate_json(shop: FakeWoo, base: str, rate: TaxRate) -> dict[str, Any]:
    """A tax rate as the API shows it."""
    collection = f"{base}/wp-json/wc/v3/taxes"
    hints = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
    return {
        "id": rate.id,
        "country": rate.country,
        "state": rate.state,
        "postcode": rate.postcodes[-1] if rate.postcodes else "",
        "city": rate.cities[-1] if rate.cities else "",
        "rate": f"{rate.rate:.4f}",
        "name": rate.name,
        "priority": rate.priority,
        "compound": rate.compound,
        "shipping": rate.shipping,
        "order": rate.order,
        "class": rate.tax_class or "standard",
        "postcodes": rate.postcodes,
        "cities": rate.cities,
        "_links": {
            "self": [{"href": f"{collection}/{rate.id}", "targetHints": hints}],
            "collection": [{"href": collection}],
        },
    }


def list_rates(shop: FakeWoo, call: Call) -> SimResponse:
    """All rates by their order, of one class when asked."""
    params = checked(_LIST, call.params)
    wanted = params.get("class")
    rates = [r for r in shop.state.tax_rates.values() if wanted is None or (r.tax_class or "standard") == wanted]
    keys = {
        "id": lambda r: r.id,
        "priority": lambda r: (r.priority, r.id),
        "order": lambda r: (r.order, r.id),
    }
    rates.sort(key=keys[params["orderby"]])
    rows, number, size = cut_page(rates, params)
    return call.page([rate_json(shop, call.base, rate) for rate in rows], len(rates), number, size)


def _rate(shop: FakeWoo, rate_id: Any, status: int = 404) -> TaxRate:
    rate = shop.state.tax_rates.get(int(rate_id))
    if not isinstance(rate, TaxRate):
        raise WooError(status, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    return rate


def get_rate(shop: FakeWoo, call: Call) -> SimResponse:
    """One rate."""
    return call.reply(rate_json(shop, call.base, _rate(shop, call.args["id"])))


def write_rate(shop: FakeWoo, rate: TaxRate, body: dict[str, Any]) -> TaxRate:
    """Set what ``body`` gives on a rate."""
    for name in ("country", "state"):
        if name in body:
            setattr(rate, name, str(body[name]).upper())
    for single, many in (("postcode", "postcodes"), ("city", "cities")):
        if body.get(single):
            setattr(rate, many, [part.strip().upper() for part in str(body[single]).split(";")])
        if many in body:
            setattr(rate, many, [str(part).upper() for part in body[many] or []])
    if "rate" in body:
        try:
            rate.rate = Decimal(str(body["rate"] or 0))
        except InvalidOperation:
            rate.rate = Decimal(0)
    rate.name = str(body.get("name", rate.name))
    rate.priority = int(body.get("priority", rate.priority))
    rate.order = int(body.get("order", rate.order))
    rate.compound = as_flag(body.get("compound", rate.compound))
    rate.shipping = as_flag(body.get("shipping", rate.shipping))
    if "class" in body:
        rate.tax_class = class_slug(shop, str(body["class"]))
    return rate


def _create(shop: FakeWoo, call: Call, body: dict[str, Any]) -> dict[str, Any]:
    rate = write_rate(shop, TaxRate(shop.ids.number("tax_rate")), body)
    shop.state.tax_rates[rate.id] = rate
    return rate_json(shop, call.base, rate)


def create_rate(shop: FakeWoo, call: Call) -> SimResponse:
    """A new rate."""
    return call.created(_create(shop, call, checked(_RATE, call.params, defaults=False)))


def update_rate(shop: FakeWoo, call: Call) -> SimResponse:
    """Change a rate."""
    rate = write_rate(shop, _rate(shop, call.args["id"]), checked(_RATE, call.params, defaults=False))
    return call.reply(rate_json(shop, call.base, rate))


def _delete(shop: FakeWoo, call: Call, rate_id: Any) -> dict[str, Any]:
    shown = rate_json(shop, call.base, _rate(shop, rate_id))
    del shop.state.tax_rates[int(rate_id)]
    return shown


def delete_rate(shop: FakeWoo, call: Call) -> SimResponse:
    """Delete a rate (only with ``force``)."""
    must_force(call, "Taxes do not support trashing.")
    return call.reply(_delete(shop, call, call.args["id"]))


def batch_rates(shop: FakeWoo, call: Call) -> SimResponse:
    """Create, change and delete rates."""
    return run_batch(
        call,
        create=lambda row: _create(shop, call, row),
        update=lambda rate_id, row: rate_json(shop, call.base, write_rate(shop, _rate(shop, rate_id, 400), row)),
        delete=lambda rate_id: _delete(shop, call, rate_id),
    )


def list_classes(shop: FakeWoo, call: Call) -> SimResponse:
    """All tax classes, the standard one first."""
    links = {"collection": [{"href": f"{call.base}/wp-json/wc/v3/taxes/classes"}]}
    known = {**STANDARD_CLASSES, **shop.state.tax_classes}
    rows = [{"slug": slug, "name": name, "_links": links} for slug, name in known.items()]
    return call.page(rows, len(rows), 1, max(1, len(rows)))


def create_class(shop: FakeWoo, call: Call) -> SimResponse:
    """A new tax class."""
    name = str(call.params.get("name", ""))
    slug = "-".join(name.lower().split())
    shop.state.tax_classes[slug] = name
    links = {"collection": [{"href": f"{call.base}/wp-json/wc/v3/taxes/classes"}]}
    return call.reply({"slug": slug, "name": name, "_links": links}, 201)
