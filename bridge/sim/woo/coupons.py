"""Coupons over REST, and finding one by its code."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.order_state import ZERO
from bridge.sim.woo.order_totals import money
from bridge.sim.woo.params import DATES, PAGING, Param, as_flag, checked
from bridge.sim.woo.rest_lists import cut_page
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.times import filter_moment, gmt_text, local_text, written_moment

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_TYPES = ("percent", "fixed_cart", "fixed_product")
_LIST = {**PAGING, **DATES, "code": Param(), "orderby": Param(enum=("date", "id", "include"), default="date")}
_RULES = {
    "code": Param(),
    "amount": Param(),
    "discount_type": Param(enum=_TYPES),
    "individual_use": Param("boolean"),
    "free_shipping": Param("boolean"),
    "exclude_sale_items": Param("boolean"),
    "usage_limit": Param("integer"),
}
_FREE = (
    "description",
    "product_ids",
    "excluded_product_ids",
    "usage_limit",
    "usage_limit_per_user",
    "limit_usage_to_x_items",
    "product_categories",
    "excluded_product_categories",
    "email_restrictions",
)


@dataclass(slots=True)
class Coupon:
    """A coupon; times are epoch seconds UTC, ``extra`` holds what no calculation here looks at."""

    id: int
    code: str
    created: int
    modified: int
    amount: Decimal = ZERO
    status: str = "publish"
    discount_type: str = "fixed_cart"
    expires: int | None = None
    usage_count: int = 0
    individual_use: bool = False
    free_shipping: bool = False
    exclude_sale_items: bool = False
    minimum_amount: Decimal = ZERO
    maximum_amount: Decimal = ZERO
    used_by: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    meta: list[dict[str, Any]] = field(default_factory=list)


def register(router: Router) -> None:
    """Add the routes of coupons."""
    router.add("GET", "/wc/v3/coupons", list_coupons, needs="list")
    router.add("POST", "/wc/v3/coupons", post_coupon, needs="create")
    router.add("GET", "/wc/v3/coupons/<id>", get_coupon, needs="view")
    router.add("EDIT", "/wc/v3/coupons/<id>", put_coupon, needs="edit")
    router.add("DELETE", "/wc/v3/coupons/<id>", delete_coupon, needs="delete")
    router.add("EDIT", "/wc/v3/coupons/batch", batch_coupons, needs="batch")


def find_coupon(shop: FakeWoo, code: str) -> Coupon | None:
    """The published coupon of that code, whatever its case, unless it has expired."""
    for coupon in shop.state.coupons.values():
        alive = coupon.expires is None or coupon.expires > shop.now()
        if coupon.code.lower() == code.lower() and coupon.status == "publish" and alive:
            found: Coupon = coupon
            return found
    return None


def coupon_json(shop: FakeWoo, coupon: Coupon, base: str) -> dict[str, Any]:
    """A coupon as JSON."""
    tz, extra = shop.state.timezone, coupon.extra
    collection = f"{base}/wp-json/wc/v3/coupons"
    hints = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
    return {
        "id": coupon.id,
        "code": coupon.code,
        "amount": money(coupon.amount),
        "status": coupon.status,
        "date_created": local_text(coupon.created, tz),
        "date_created_gmt": gmt_text(coupon.created),
        "date_modified": local_text(coupon.modified, tz),
        "date_modified_gmt": gmt_text(coupon.modified),
        "discount_type": coupon.discount_type,
        "description": extra.get("description", ""),
        "date_expires": None if coupon.expires is None else local_text(coupon.expires, tz),
        "date_expires_gmt": None if coupon.expires is None else gmt_text(coupon.expires),
        "usage_count": coupon.usage_count,
        "individual_use": coupon.individual_use,
        "product_ids": extra.get("product_ids", []),
        "excluded_product_ids": extra.get("excluded_product_ids", []),
        "usage_limit": extra.get("usage_limit"),
        "usage_limit_per_user": extra.get("usage_limit_per_user"),
        "limit_usage_to_x_items": extra.get("limit_usage_to_x_items"),
        "free_shipping": coupon.free_shipping,
        "product_categories": extra.get("product_categories", []),
        "excluded_product_categories": extra.get("excluded_product_categories", []),
        "exclude_sale_items": coupon.exclude_sale_items,
        "minimum_amount": money(coupon.minimum_amount),
        "maximum_amount": money(coupon.maximum_amount),
        "email_restrictions": extra.get("email_restrictions", []),
        "used_by": list(coupon.used_by),
        "meta_data": list(coupon.meta),
        "_links": {
            "self": [{"href": f"{collection}/{coupon.id}", "targetHints": hints}],
            "collection": [{"href": collection}],
        },
    }


def _coupon(shop: FakeWoo, coupon_id: Any, status: int = 404) -> Coupon:
    coupon = shop.state.coupons.get(int(coupon_id or 0))
    if not isinstance(coupon, Coupon):
        raise WooError(status, "woocommerce_rest_shop_coupon_invalid_id", "Invalid ID.")
    return coupon


def list_coupons(shop: FakeWoo, call: Call) -> SimResponse:
    """A page of coupons, newest first."""
    params = checked(_LIST, call.params)
    coupons = list(shop.state.coupons.values())
    if params.get("code"):
        coupons = [coupon for coupon in coupons if coupon.code.lower() == params["code"].lower()]
    if params.get("modified_after"):
        since = filter_moment(
            params["modified_after"], shop.state.timezone, dates_are_gmt=bool(params["dates_are_gmt"])
        )
        coupons = [coupon for coupon in coupons if coupon.modified > since]
    by_id = params["orderby"] == "id"
    coupons.sort(key=lambda c: (0 if by_id else c.created, c.id), reverse=params["order"] == "desc")
    rows, number, size = cut_page(coupons, params)
    return call.page([coupon_json(shop, row, call.base) for row in rows], len(coupons), number, size)


def get_coupon(shop: FakeWoo, call: Call) -> SimResponse:
    """One coupon."""
    return call.reply(coupon_json(shop, _coupon(shop, call.args["id"]), call.base))


def write_coupon(shop: FakeWoo, coupon: Coupon, body: dict[str, Any]) -> Coupon:
    """Set what ``body`` gives on a coupon."""
    if body.get("code"):
        other = find_coupon(shop, str(body["code"]))
        if other is not None and other is not coupon:
            text = "The coupon code already exists"
            raise WooError(400, "woocommerce_rest_coupon_code_already_exists", text)
        coupon.code = str(body["code"])
    for name in ("amount", "minimum_amount", "maximum_amount"):
        if body.get(name) is not None:
            setattr(coupon, name, Decimal(str(body[name]) or "0"))
    for name in ("individual_use", "free_shipping", "exclude_sale_items"):
        if name in body:
            setattr(coupon, name, as_flag(body[name]))
    coupon.discount_type = str(body.get("discount_type", coupon.discount_type))
    coupon.status = str(body.get("status", coupon.status))
    for name, gmt in (("date_expires", False), ("date_expires_gmt", True)):
        if name in body:
            text = body[name]
            coupon.expires = written_moment(str(text), shop.state.timezone, gmt=gmt) if text else None
    coupon.extra.update({name: body[name] for name in _FREE if name in body})
    coupon.modified = shop.now()
    return coupon


def _create(shop: FakeWoo, call: Call, body: dict[str, Any]) -> dict[str, Any]:
    if not body.get("code"):
        text = "Coupon code cannot be empty."
        raise WooError(400, "woocommerce_rest_empty_coupon_code", text)
    now = shop.now()
    coupon = write_coupon(shop, Coupon(0, "", now, now), body)
    coupon.id = shop.next_id()
    shop.state.coupons[coupon.id] = coupon
    shop.emit("coupon.created", coupon.id)
    return coupon_json(shop, coupon, call.base)


def post_coupon(shop: FakeWoo, call: Call) -> SimResponse:
    """A new coupon."""
    return call.created(_create(shop, call, checked(_RULES, call.params, defaults=False)))


def _update(shop: FakeWoo, call: Call, coupon: Coupon, body: dict[str, Any]) -> dict[str, Any]:
    write_coupon(shop, coupon, body)
    shop.emit("coupon.updated", coupon.id)
    return coupon_json(shop, coupon, call.base)


def put_coupon(shop: FakeWoo, call: Call) -> SimResponse:
    """Change a coupon."""
    coupon = _coupon(shop, call.args["id"])
    return call.reply(_update(shop, call, coupon, checked(_RULES, call.params, defaults=False)))


def _delete(shop: FakeWoo, call: Call, coupon_id: Any) -> dict[str, Any]:
    shown = coupon_json(shop, _coupon(shop, coupon_id), call.base)
    del shop.state.coupons[int(coupon_id)]
    return shown


def delete_coupon(shop: FakeWoo, call: Call) -> SimResponse:
    """Trash a coupon, or delete it with ``force``."""
    coupon = _coupon(shop, call.args["id"])
    if as_flag(call.params.get("force")):
        return call.reply(_delete(shop, call, coupon.id))
    if coupon.status == "trash":
        text = "The shop_coupon has already been deleted."
        raise WooError(410, "woocommerce_rest_already_trashed", text)
    coupon.status = "trash"
    shop.emit("coupon.deleted", coupon.id)
    return call.reply(coupon_json(shop, coupon, call.base))


def batch_coupons(shop: FakeWoo, call: Call) -> SimResponse:
    """Create, change and delete coupons."""
    return run_batch(
        call,
        create=lambda row: _create(shop, call, row),
        update=lambda key, row: _update(shop, call, _coupon(shop, key, 400), row),
        delete=lambda coupon_id: _delete(shop, call, coupon_id),
    )
