"""SearchOrders: filters, sorting and the rules that tie them together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.sim.square.moments import moment, rfc3339
from bridge.sim.square.routes import refusal

Json = dict[str, Any]
Test = Callable[[Json], bool]

MAX_LOCATIONS = 10
DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
_CLOSED = {"COMPLETED", "CANCELED"}
_FIELDS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "CLOSED_AT": "closed_at"}


def found_orders(by_update: dict[str, Json], body: Json) -> list[Json]:
    """The orders a search body asks for, sorted; ``by_update`` holds them in order of ``updated_at``.

    Raises ``SquareError``.
    """
    places = _locations(body)
    query = body.get("query") or {}
    wanted = query.get("filter") or {}
    field, start, end = _time_range(wanted.get("date_time_filter") or {})
    sort_field, descending = _sorting(query.get("sort") or {}, field)
    tests = _tests(wanted, sort_field)
    result = []
    early_stop = field == "updated_at"
    for order in reversed(by_update.values()):
        if field:
            at = order.get(field, "")
            if early_stop and at < start:
                break
            if not start <= at <= end:
                continue
        if order["location_id"] in places and all(test(order) for test in tests):
            result.append(order)
    result.sort(key=lambda order: (order.get(sort_field, ""), order["id"]), reverse=descending)
    return result


def page_limit(body: Json) -> int:
    """How many orders a page holds; ``SquareError`` when out of range."""
    limit = body.get("limit")
    if limit is None:
        return DEFAULT_LIMIT
    if not isinstance(limit, int) or limit < 1:
        raise refusal("VALUE_TOO_LOW", "`limit` must be at least 1.", "limit")
    if limit > MAX_LIMIT:
        raise refusal("VALUE_TOO_HIGH", f"`limit` must be at most {MAX_LIMIT}.", "limit")
    return limit


def sorting_of(body: Json) -> tuple[str, bool]:
    """The field a search sorts by, and whether newest come first."""
    return _sorting((body.get("query") or {}).get("sort") or {}, "")


def _locations(body: Json) -> set[str]:
    ids = body.get("location_ids") or []
    if not ids:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Must provide at least one location.", "location_ids")
    if len(ids) > MAX_LOCATIONS:
        raise refusal("ARRAY_LENGTH_TOO_LONG", f"At most {MAX_LOCATIONS} locations.", "location_ids")
    return set(ids)


def _time_range(ranges: Json) -> tuple[str, str, str]:
    """The filtered field with its inclusive ends as text; an open end takes in all there is."""
    given = [(name, span) for name, span in ranges.items() if span]
    if not given:
        return "", "", ""
    where = "query.filter.date_time_filter"
    if len(given) > 1:
        raise refusal("BAD_REQUEST", "Only one of created_at, updated_at, closed_at may be given.", where)
    name, span = given[0]
    start = rfc3339(moment(span["start_at"], f"{where}.{name}.start_at")) if span.get("start_at") else ""
    end = rfc3339(moment(span["end_at"], f"{where}.{name}.end_at")) if span.get("end_at") else "9999"
    if start > end:
        raise refusal("INVALID_TIME_RANGE", "`start_at` is after `end_at`.", f"{where}.{name}")
    return name, start, end


def _sorting(sort: Json, filtered: str) -> tuple[str, bool]:
    named = sort.get("sort_field", "CREATED_AT")
    if named not in _FIELDS:
        raise refusal("INVALID_ENUM_VALUE", f"`{named}` is not a valid sort field.", "query.sort.sort_field")
    if filtered and _FIELDS[named] != filtered:
        raise refusal(
            "BAD_REQUEST",
            f"The sort field {named} must match the filtered time `{filtered}`.",
            "query.sort.sort_field",
        )
    order = sort.get("sort_order") or "DESC"
    if order not in ("ASC", "DESC"):
        raise refusal("INVALID_ENUM_VALUE", f"`{order}` is not a sort order.", "query.sort.sort_order")
    return _FIELDS[named], order == "DESC"


def _tests(wanted: Json, sort_field: str) -> list[Test]:
    tests: list[Test] = []
    states = set((wanted.get("state_filter") or {}).get("states") or ())
    by_closing = sort_field == "closed_at"
    if by_closing and (not states or not states <= _CLOSED):
        raise refusal(
            "BAD_REQUEST",
            "Sorting or filtering by CLOSED_AT needs a state filter of COMPLETED or CANCELED.",
            "query.filter.state_filter",
        )
    if states:
        tests.append(lambda order: order["state"] in states)
    names = _capped(wanted, "source_filter", "source_names")
    if names:
        tests.append(lambda order: (order.get("source") or {}).get("name") in names)
    customers = _capped(wanted, "customer_filter", "customer_ids")
    if customers:
        tests.append(lambda order: order.get("customer_id") in customers)
    fulfillment = wanted.get("fulfillment_filter") or {}
    kinds = set(fulfillment.get("fulfillment_types") or ())
    stages = set(fulfillment.get("fulfillment_states") or ())
    if kinds or stages:
        tests.append(lambda order: _fulfilled_so(order, kinds, stages))
    return tests


def _capped(wanted: Json, name: str, inner: str) -> set[str]:
    values = (wanted.get(name) or {}).get(inner) or []
    if len(values) > 10:
        raise refusal("ARRAY_LENGTH_TOO_LONG", "At most 10 values.", f"query.filter.{name}.{inner}")
    return set(values)


def _fulfilled_so(order: Json, kinds: set[str], stages: set[str]) -> bool:
    return any(
        (not kinds or entry["type"] in kinds) and (not stages or entry["state"] in stages)
        for entry in order.get("fulfillments") or ()
    )
