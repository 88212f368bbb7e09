"""Square's order endpoints: create, calculate, read, update, pay, search."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square import inventory
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.order_book import find_order, is_paid, place_order, settle, tell, touch
from bridge.sim.square.order_changes import UnknownFieldError, copied, with_changes
from bridge.sim.square.order_draft import check_order, drafted, priced
from bridge.sim.square.order_search import found_orders, page_limit, sorting_of
from bridge.sim.square.order_states import ORDER_ENDS, check_order_state, open_fulfillment, settle_fulfillments
from bridge.sim.square.paging import page
from bridge.sim.square.payment_book import complete_for_order
from bridge.sim.square.routes import Router, open_cursor, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]

_PRICED = ("line_items", "taxes", "discounts", "service_charges", "pricing_options")
"""Fields whose change makes Square compute an order anew."""


def register(router: Router) -> None:
    """Add the endpoints."""
    read, write = ("ORDERS_READ",), ("ORDERS_WRITE",)
    router.add("POST", "/v2/orders", create, scopes=write, idempotency="optional", key_length=192)
    router.add("POST", "/v2/orders/calculate", calculate)
    router.add("POST", "/v2/orders/batch-retrieve", batch_retrieve, scopes=read)
    router.add("POST", "/v2/orders/search", search, scopes=read)
    router.add("GET", "/v2/orders/{order_id}", retrieve, scopes=read)
    router.add("PUT", "/v2/orders/{order_id}", update, scopes=write)
    router.add(
        "POST",
        "/v2/orders/{order_id}/pay",
        pay,
        scopes=("ORDERS_WRITE", "PAYMENTS_WRITE"),
        idempotency="required",
        key_length=192,
    )


def _order_in(body: Any) -> Json:
    order = (body or {}).get("order")
    if not isinstance(order, dict):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", "order")
    return order


def create(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a new order; its state may be OPEN (default) or DRAFT."""
    fields = _order_in(body)
    state = fields.get("state") or "OPEN"
    if state not in ("OPEN", "DRAFT"):
        raise refusal("BAD_REQUEST", "A new order must be OPEN or DRAFT.", "order.state")
    return {"order": place_order(square, drafted(square, fields), state=state)}


def calculate(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST for the totals an order would have; nothing is kept."""
    order = priced(square, drafted(square, _order_in(body)))
    now = square.clock.now()
    for fulfillment in order.get("fulfillments") or ():
        open_fulfillment(fulfillment, now)
    at = rfc3339(now)
    return {"order": {**order, "state": "OPEN", "version": 1, "created_at": at, "updated_at": at}}


def retrieve(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET one order."""
    return {"order": find_order(square, args["order_id"])}


def batch_retrieve(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST up to 100 ids; unknown ones, and those of another location than the one named, are left out."""
    ids = (body or {}).get("order_ids")
    if not ids:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", "order_ids")
    if len(ids) > 100:
        raise refusal("ARRAY_LENGTH_TOO_LONG", "Field must not be greater than 100 in length", "order_ids")
    known = square.state.orders
    place = body.get("location_id")
    found = [known[i] for i in ids if i in known and (not place or known[i]["location_id"] == place)]
    return {"orders": found} if found else {}


# -- update ---------------------------------------------------------------------------
def update(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """PUT sparse changes; a key already used on this order returns the order as it is, changing nothing."""
    order = find_order(square, args["order_id"])
    change = (body or {}).get("order") or {}
    clear = (body or {}).get("fields_to_clear") or []
    key = (body or {}).get("idempotency_key")
    if key and len(key) > 192:
        raise refusal("VALUE_TOO_LONG", "Field must not be greater than 192 in length", "idempotency_key")
    if key and (order["id"], key) in square.trade.updates_seen:
        return {"order": order}
    _check_updatable(order, change)
    made = _changed(square, order, change, clear)
    if key:
        square.trade.updates_seen.add((order["id"], key))
    return {"order": made}


def _check_updatable(order: Json, change: Json) -> None:
    if "version" not in order:
        raise refusal("BAD_REQUEST", "Orders created outside of the API cannot be updated.", "order")
    supplied = change.get("version")
    if supplied != order["version"]:
        raise refusal(
            "VERSION_MISMATCH",
            f"Supplied version {supplied or 0} does not match the current version {order['version']} "
            f"of order {order['id']}.",
            "order.version",
        )
    if order["state"] in ORDER_ENDS:
        raise refusal("BAD_REQUEST", f"An order in state {order['state']} cannot be updated.", "order.state")
    if change.get("location_id") not in (None, order["location_id"]):
        raise refusal("BAD_REQUEST", "The location of an order cannot change.", "order.location_id")


def _changed(square: FakeSquare, order: Json, change: Json, clear: list[str]) -> Json:
    """The order after a sparse change, checked, priced, stored and told of."""
    try:
        made = with_changes(order, change, clear, partial(square.ids.token, 22))
    except UnknownFieldError as unknown:
        raise refusal("INVALID_VALUE", f"Cannot clear `{unknown}`.", "fields_to_clear") from None
    paid = is_paid(square, order)
    wanted = made.get("state") or order["state"]
    made["state"] = order["state"]
    moves = _moved_fulfillments(square, order, made, paid)
    check_order_state(order["state"], wanted, made.get("fulfillments") or [], paid=paid)
    if any(name in change for name in _PRICED) or any(path.startswith(_PRICED) for path in clear):
        if paid:
            raise refusal("BAD_REQUEST", "What a paid order costs cannot change.", "order")
        priced(square, made)
    else:
        check_order(made)
    made["state"] = wanted
    touch(square, made)
    if moves:
        tell(square, "order.fulfillment.updated", made, moves)
    return made


def _moved_fulfillments(square: FakeSquare, order: Json, made: Json, paid: bool) -> list[Json]:
    before, after = order.get("fulfillments") or [], made.get("fulfillments") or []
    for entry in after:
        entry.setdefault("uid", square.ids.token(22))
    if {entry["uid"] for entry in before} - {entry["uid"] for entry in after}:
        raise refusal("BAD_REQUEST", "A fulfillment cannot be removed, only canceled.", "order.fulfillments")
    return settle_fulfillments(before, after, square.clock.now(), paid=paid)


# -- pay ------------------------------------------------------------------------------
def pay(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST approved payments that add up to what is due (none for a zero order)."""
    order = copied(find_order(square, args["order_id"]))
    supplied = body.get("order_version")
    if supplied is not None and supplied != order.get("version"):
        raise refusal(
            "VERSION_MISMATCH",
            f"Supplied version {supplied} does not match the current version {order.get('version')} "
            f"of order {order['id']}.",
            "order_version",
        )
    if order["state"] in ORDER_ENDS or is_paid(square, order):
        raise refusal("BAD_REQUEST", "The order has already been paid or closed.", "order_id")
    due = order["net_amount_due_money"]["amount"]
    complete_for_order(square, order, body.get("payment_ids") or [], due)
    if due == 0:
        order.setdefault("tenders", [])
        square.trade.zero_paid.add(order["id"])
    settle(square, order, source=inventory.api_source(square))
    touch(square, order)
    return {"order": order}


# -- search ---------------------------------------------------------------------------
def search(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a query; the answer holds orders, or entries (id, version, location) with ``return_entries``."""
    body = body or {}
    limit = page_limit(body)
    found = found_orders(square.state.orders, body)
    position = open_cursor(request, body, square.clock.now())
    field, descending = sorting_of(body)
    if position is not None:
        mark = (position[0], position[1])
        found = [o for o in found if _after((o.get(field, ""), o["id"]), mark, descending)]
    rows = found[:limit]
    after = [rows[-1].get(field, ""), rows[-1]["id"]] if len(found) > limit else None
    if body.get("return_entries"):
        return page(square, request, body, "order_entries", [_entry(order) for order in rows], position, after)
    return page(square, request, body, "orders", rows, position, after)


def _after(key: tuple[str, str], mark: tuple[str, str], descending: bool) -> bool:
    return key < mark if descending else key > mark


def _entry(order: Json) -> Json:
    entry = {"order_id": order["id"], "location_id": order["location_id"]}
    return {**entry, "version": order["version"]} if "version" in order else entry
