"""Filters and orders of the list of orders, with its traps (ties, fractions of seconds, unknown names)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.order_state import Order
from bridge.sim.woo.params import DATES, PAGING, Param, checked
from bridge.sim.woo.routes import Call
from bridge.sim.woo.times import filter_moment, has_fraction_and_offset

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

STATUSES = (
    "any",
    "trash",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)
_RULES = {
    **PAGING,
    **DATES,
    "status": Param("array", item_enum=STATUSES, default=("any",)),
    "created_via": Param("array", default=()),
    "customer": Param("integer"),
    "product": Param("integer"),
    "dp": Param("integer", default=2),
    "orderby": Param(enum=("date", "id", "include", "title", "slug", "modified"), default="date"),
    "parent": Param("array", items="integer", default=()),
}
_SORTS: dict[str, Callable[[Order], Any]] = {
    "date": lambda order: (order.created, order.id),
    "modified": lambda order: (order.modified, order.id),
    "id": lambda order: order.id,
    "title": lambda order: order.id,
    "slug": lambda order: order.id,
}
_MOMENTS = ("after", "before", "modified_after", "modified_before")


def find_orders(shop: FakeWoo, call: Call) -> tuple[list[Order], dict[str, Any]]:
    """The orders a request asks for, sorted, with its checked parameters.

    By default everything but the trash, unfinished checkouts (``checkout-draft``) included.
    """
    statuses = Param("array", item_enum=(*STATUSES, *shop.state.own_statuses), default=("any",))
    params = checked({**_RULES, "status": statuses}, call.params)
    # seen on a real shop: a fraction of a second together with an offset finds nothing at all
    if any(params.get(name) and has_fraction_and_offset(params[name]) for name in _MOMENTS):
        return [], params
    tests = _tests(shop, params)
    rows = [order for order in shop.state.orders.values() if all(test(order) for test in tests)]
    if params["orderby"] == "include":
        rank = {order_id: at for at, order_id in enumerate(params["include"])}
        rows.sort(key=lambda order: rank.get(order.id, len(rank)))
    else:
        rows.sort(key=_SORTS[params["orderby"]], reverse=params["order"] == "desc")
    return rows, params


Test = Callable[[Order], bool]


def _tests(shop: FakeWoo, params: dict[str, Any]) -> list[Test]:
    statuses = set(params["status"])
    made: list[Test] = []
    if "any" not in statuses:
        made.append(lambda order: order.status in statuses)
    elif "trash" not in statuses:
        made.append(lambda order: order.status != "trash")
    if params["include"]:
        included = set(params["include"])
        made.append(lambda order: order.id in included)
    if params["exclude"]:
        excluded = set(params["exclude"])
        made.append(lambda order: order.id not in excluded)
    if params["created_via"]:
        via = set(params["created_via"])
        made.append(lambda order: order.created_via in via)
    if params["parent"]:
        made.append(lambda order: order.id < 0)  # orders have no parents
    if params.get("customer") is not None:
        made.append(lambda order: order.customer_id == params["customer"])
    if params.get("product") is not None:
        wanted = params["product"]
        made.append(lambda order: any(wanted in (line.product_id, line.variation_id) for line in order.lines))
    if params.get("search"):
        made.append(_searches(str(params["search"]).lower()))
    return made + _moment_tests(shop, params)


def _moment_tests(shop: FakeWoo, params: dict[str, Any]) -> list[Test]:
    def moment(name: str) -> int | None:
        text = params.get(name)
        gmt = bool(params["dates_are_gmt"])
        return None if not text else filter_moment(text, shop.state.timezone, dates_are_gmt=gmt)

    made: list[Test] = []
    after, before, since, until = (moment(name) for name in _MOMENTS)
    if after is not None:
        made.append(lambda order: order.created > after)
    if before is not None:
        made.append(lambda order: order.created < before)
    if since is not None:
        made.append(lambda order: order.modified > since)
    if until is not None:
        made.append(lambda order: order.modified < until)
    return made


def _searches(text: str) -> Test:
    """Looks at the number, the addresses, the transaction id and the names of lines; not at custom meta."""

    def found(order: Order) -> bool:
        if text == str(order.id) or text in order.transaction_id.lower():
            return True
        places = [*order.billing.values(), *order.shipping.values(), *(line.name for line in order.lines)]
        return any(text in place.lower() for place in places)

    return found


def link_query(query: list[tuple[str, str]], params: dict[str, Any]) -> list[tuple[str, str]]:
    """The query as the ``Link`` header of an order list repeats it: statuses spelled out, defaults added."""
    pairs = [(k, v) for k, v in query if k != "status" and not k.startswith("status[")]
    given = {key for key, _ in pairs}
    pairs += [(f"status%5B{at}%5D", status) for at, status in enumerate(params["status"])]
    pairs += [(k, v) for k, v in (("dp", "2"), ("context", "view")) if k not in given]
    return pairs
