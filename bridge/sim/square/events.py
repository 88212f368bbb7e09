"""Square's Events API: the last 28 days of events, for as long as it was switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.listing import listed
from bridge.sim.square.moments import moment
from bridge.sim.square.paging import strict_limit
from bridge.sim.square.routes import Router
from bridge.sim.square.subscriptions import application_only, list_event_types

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]


def register(router: Router) -> None:
    """Add the endpoints."""
    router.add("POST", "/v2/events", search)
    router.add("PUT", "/v2/events/enable", enable)
    router.add("PUT", "/v2/events/disable", disable)
    router.add("GET", "/v2/events/types", list_event_types)


def enable(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """PUT to keep events from now on."""
    application_only(square, request)
    square.hooks.events_enabled = True
    return {}


def disable(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """PUT to keep no further events; those kept stay searchable."""
    application_only(square, request)
    square.hooks.events_enabled = False
    return {}


def search(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a query over kept events, newest first unless asked otherwise."""
    application_only(square, request)
    body = body or {}
    query = body.get("query") or {}
    found = _filtered(square.hooks.kept(), query.get("filter") or {})
    if (query.get("sort") or {}).get("order", "DESC") != "ASC":
        found.reverse()
    answer = listed(square, request, body, "events", found, strict_limit(body, 100, 100))
    metadata = [
        {"event_id": event["event_id"], "api_version": square.default_version} for event in answer.get("events", ())
    ]
    return {**answer, "metadata": metadata} if metadata else answer


def _filtered(events: list[Json], wanted: Json) -> list[Json]:
    span = wanted.get("created_at") or {}
    start = moment(span["start_at"], "query.filter.created_at") if span.get("start_at") else None
    end = moment(span["end_at"], "query.filter.created_at") if span.get("end_at") else None
    tests = [
        (name, set(wanted[listed]))
        for name, listed in (("type", "event_types"), ("merchant_id", "merchant_ids"), ("location_id", "location_ids"))
        if wanted.get(listed)
    ]
    found = []
    for event in events:
        at = moment(event["created_at"][:26].rstrip("Z") + "Z")
        in_time = (start is None or at >= start) and (end is None or at <= end)
        if in_time and all(event.get(name) in values for name, values in tests):
            found.append(event)
    return found
