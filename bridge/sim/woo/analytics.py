"""The two shop-wide lists of the admin screens: ``wc-analytics/variations`` and ``…/reports/stock``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.params import PAGING, Param, checked
from bridge.sim.woo.product_list import chosen_ids, page_of
from bridge.sim.woo.products import true_or_stale
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.schema import VARIATION_LIST_RULES
from bridge.sim.woo.state import Item
from bridge.sim.woo.view import variation_json
from bridge.sim.woo.view_parts import variation_name

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_STOCK_LIST = {
    **PAGING,
    "order": Param(enum=("asc", "desc"), default="asc"),
    "orderby": Param(enum=("stock_status", "stock_quantity", "date", "id", "include", "title", "sku")),
    "type": Param(enum=("all", "lowstock", "instock", "outofstock", "onbackorder"), default="all"),
    "parent": Param("array", items="integer", default=()),
}


def _variations(shop: FakeWoo, call: Call) -> SimResponse:
    asked = checked(VARIATION_LIST_RULES, call.query)
    ids = chosen_ids(shop, asked, kind="variations")
    rows = true_or_stale(shop, call, page_of(shop, ids, asked, exact=True))
    made = [variation_json(shop, item, call.base, links="analytics") for item in rows]
    answer = call.page(made, len(ids), asked["page"], asked["per_page"])
    if "api.w.org" not in answer.headers["Link"]:
        answer.headers["Link"] = _broken_links(call, asked["page"], -(-len(ids) // asked["per_page"]))
    return answer


def _broken_links(call: Call, page: int, pages: int) -> str:
    # the address of this list is a route pattern nobody fills in: links lead nowhere, as recorded
    pairs = [(k, v) for k, v in call.request.query if k != "page"]
    text = "".join(f"&{k}={quote_plus(v)}" for k, v in pairs)
    start = f"{call.base}/wp-json/wc-analytics/products/(?P<product_id>%5B\\d%5D{text}"
    links = [(page - 1, "prev")] if page > 1 else []
    links += [(page + 1, "next")] if page < pages else []
    return ", ".join(f'<{start}&page={number}>; rel="{rel}"' for number, rel in links)


def _stock_row(shop: FakeWoo, item: Item, base: str) -> dict[str, Any]:
    parent = shop.state.items.get(item.parent_id) if item.is_variation else None
    holder = item if item.manage_stock else (parent if parent is not None and parent.manage_stock else None)
    low = item.low_stock
    if low is None:
        low = int(shop.state.options["woocommerce_notify_low_stock_amount"] or 0)
    return {
        "id": item.id,
        "parent_id": item.parent_id,
        "name": f"{parent.name} - {variation_name(shop, item)}" if parent else item.name,
        # a variable product shows neither SKU nor a number of its own here
        "sku": "" if item.type == "variable" else item.sku,
        "stock_status": item.stock_status,
        "stock_quantity": (holder.stock or 0) if holder is not None else 0,
        "manage_stock": holder is not None,
        "low_stock_amount": low,
        "_links": {"product": [{"href": f"{base}/wp-json/wc-analytics/products/{item.id}"}]},
    }


def _stock_report(shop: FakeWoo, call: Call) -> SimResponse:
    if not shop.state.flag("woocommerce_analytics_enabled"):
        raise WooError(404, "rest_no_route", "No route was found matching the URL and request method.")
    asked = checked(_STOCK_LIST, call.query)
    by = asked["orderby"] or "stock_status"
    items = shop.state.items
    sorting = by if by in ("date", "id", "include", "title") else "id"
    ids = chosen_ids(shop, {**asked, "type": None, "orderby": sorting}, kind="all")
    wanted = asked["type"]
    if wanted == "lowstock":
        ids = [i for i in ids if _is_low(shop, items[i])]
    elif wanted != "all":
        ids = [i for i in ids if items[i].stock_status == wanted]
    if by in ("stock_status", "stock_quantity", "sku"):
        name = "stock" if by == "stock_quantity" else by
        keys = {i: getattr(items[i], name) or (0 if name == "stock" else "") for i in ids}
        ids = sorted(ids, key=keys.__getitem__, reverse=asked["order"] == "desc")
    rows = true_or_stale(shop, call, page_of(shop, ids, {**asked, "orderby": by}, exact=True))
    made = [_stock_row(shop, item, call.base) for item in rows]
    return call.page(made, len(ids), asked["page"], asked["per_page"])


def _is_low(shop: FakeWoo, item: Item) -> bool:
    limit = item.low_stock
    if limit is None:
        limit = int(shop.state.options["woocommerce_notify_low_stock_amount"] or 0)
    return item.manage_stock and item.stock is not None and 0 < item.stock <= limit


def register(router: Router) -> None:
    """Add both lists."""
    router.add("GET", "/wc-analytics/variations", _variations, needs="list")
    router.add("GET", "/wc-analytics/reports/stock", _stock_report, needs="list")
