"""Square's customer endpoints: list, create, read, update, delete, search, and the four in bulk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.listing import listed, query_limit
from bridge.sim.square.paging import strict_limit
from bridge.sim.square.routes import Router, SquareError, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]

BULK = 100
_ROOT = "/v2/customers"


def register(router: Router) -> None:
    """Add the endpoints."""
    read, write = ("CUSTOMERS_READ",), ("CUSTOMERS_WRITE",)
    router.add("GET", _ROOT, list_customers, scopes=read)
    router.add("POST", _ROOT, create, scopes=write, idempotency="optional", key_length=192)
    router.add("POST", f"{_ROOT}/search", search, scopes=read)
    router.add("POST", f"{_ROOT}/bulk-create", bulk_create, scopes=write)
    router.add("POST", f"{_ROOT}/bulk-retrieve", bulk_retrieve, scopes=read)
    router.add("POST", f"{_ROOT}/bulk-update", bulk_update, scopes=write)
    router.add("POST", f"{_ROOT}/bulk-delete", bulk_delete, scopes=write)
    router.add("GET", f"{_ROOT}/{{customer_id}}", retrieve, scopes=read)
    router.add("PUT", f"{_ROOT}/{{customer_id}}", update, scopes=write)
    router.add("DELETE", f"{_ROOT}/{{customer_id}}", delete, scopes=write)


def register_acts(square: FakeSquare) -> None:
    """Add what staff do to customers."""
    square.acts["merge_customers"] = lambda customer_ids: square.people.merge(customer_ids)


def list_customers(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET all customers, by name or by creation time."""
    sort = {"field": request.arg("sort_field", "DEFAULT"), "order": request.arg("sort_order", "ASC")}
    found = square.people.search({"sort": sort})
    answer = listed(square, request, None, "customers", found, query_limit(request))
    return {**answer, "count": len(found)} if request.arg("count").lower() == "true" else answer


def create(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a new customer; Square does not look for one that is already there."""
    return {"customer": square.people.create(body or {})}


def retrieve(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET one customer."""
    return {"customer": square.people.get(args["customer_id"])}


def update(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """PUT some fields of a customer; null clears one."""
    return {"customer": square.people.update(args["customer_id"], body or {})}


def delete(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """DELETE a customer."""
    version = request.arg("version")
    square.people.delete(args["customer_id"], int(version) if version.isdigit() else None)
    return {}


def search(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a query; the index it is answered from may lag behind."""
    body = body or {}
    found = square.people.search(body.get("query") or {})
    answer = listed(square, request, body, "customers", found, strict_limit(body, 100, 100))
    return {**answer, "count": len(found)} if body.get("count") else answer


# -- in bulk --------------------------------------------------------------------------
def bulk_create(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST 1 to 100 new customers by idempotency key; each has an answer of its own."""
    wanted = _map(body, "customers")
    made = square.trade.customer_of_key

    def one(key: str) -> Json:
        if key not in made:
            made[key] = square.people.create(wanted[key])["id"]
        return {"customer": square.people.get(made[key])}

    return _each(list(wanted), one)


def bulk_retrieve(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST ids; each has an answer of its own."""
    return _each(_ids(body), lambda customer_id: {"customer": square.people.get(customer_id)})


def bulk_update(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST sparse changes by customer id; each has an answer of its own."""
    wanted = _map(body, "customers")
    return _each(list(wanted), lambda key: {"customer": square.people.update(key, wanted[key])})


def bulk_delete(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST ids to delete; each has an answer of its own."""

    def one(customer_id: str) -> Json:
        square.people.delete(customer_id)
        return {}

    return _each(_ids(body), one)


def _each(keys: list[str], answer: Callable[[str], Json]) -> Json:
    responses: Json = {}
    for key in keys:
        try:
            responses[key] = answer(key)
        except SquareError as refused:
            responses[key] = {"errors": [refused.error]}
    return {"responses": responses}


def _map(body: Any, name: str) -> dict[str, Json]:
    wanted: dict[str, Json] = (body or {}).get(name) or {}
    _check_size(len(wanted), name)
    return wanted


def _ids(body: Any) -> list[str]:
    wanted: list[str] = (body or {}).get("customer_ids") or []
    _check_size(len(wanted), "customer_ids")
    return wanted


def _check_size(size: int, field: str) -> None:
    if not size:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", field)
    if size > BULK:
        raise refusal("ARRAY_LENGTH_TOO_LONG", f"At most {BULK} customers.", field)
