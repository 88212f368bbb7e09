"""Square's webhook subscriptions: list, create, change, delete, test, and new signature keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.auth import request_version
from bridge.sim.square.listing import listed, query_limit
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.routes import Router, refusal
from bridge.sim.square.webhook_sender import EVENT_TYPES

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]

ROOT = "/v2/webhooks/subscriptions"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CHANGEABLE = ("name", "enabled", "event_types", "notification_url", "api_version")


def register(router: Router) -> None:
    """Add the endpoints. Only an application's own (personal) token may call them."""
    router.add("GET", "/v2/webhooks/event-types", list_event_types)
    router.add("GET", ROOT, list_subscriptions)
    router.add("POST", ROOT, create_subscription, idempotency="optional", key_length=45)
    one = f"{ROOT}/{{subscription_id}}"
    router.add("GET", one, get_subscription)
    router.add("PUT", one, update_subscription)
    router.add("DELETE", one, delete_subscription)
    router.add("POST", f"{one}/signature-key", rotate_key, idempotency="optional", key_length=45)
    router.add("POST", f"{one}/test", test_subscription)


def emit(
    square: FakeSquare,
    event_type: str,
    data_type: str,
    data_id: str,
    obj: Json | None,
    *,
    location_id: str = "",
    deleted: bool = False,
) -> None:
    """Send an event to every enabled subscription that asked for its type, and to the Events API."""
    square.hooks.emit(event_type, data_type, data_id, obj, location_id=location_id, deleted=deleted)


def application_only(square: FakeSquare, request: SimRequest) -> None:
    """Refuse a seller's OAuth token: subscriptions and events belong to the application."""
    token = square.state.tokens[request.headers["authorization"].split(" ", 1)[1].strip()]
    if token.kind != "personal":
        raise refusal("FORBIDDEN", "Use the personal access token of the application.")


def list_event_types(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET the names of all event types."""
    application_only(square, request)
    metadata = [
        {"event_type": name, "api_version_introduced": "2020-02-26", "release_status": "PUBLIC"} for name in EVENT_TYPES
    ]
    return {"event_types": list(EVENT_TYPES), "metadata": metadata}


def list_subscriptions(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET the subscriptions; disabled ones only with ``include_disabled``."""
    application_only(square, request)
    found = list(square.state.subscriptions.values())
    if request.arg("include_disabled").lower() != "true":
        found = [subscription for subscription in found if subscription["enabled"]]
    if request.arg("sort_order") == "DESC":
        found.reverse()
    shown = [_shown(subscription) for subscription in found]
    return listed(square, request, None, "subscriptions", shown, query_limit(request))


def get_subscription(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET one subscription with its signature key."""
    application_only(square, request)
    return {"subscription": dict(_found(square, args))}


def create_subscription(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a new subscription; name, event types and notification URL are required."""
    application_only(square, request)
    fields = (body or {}).get("subscription") or {}
    for name in ("name", "event_types", "notification_url"):
        if not fields.get(name):
            raise refusal("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", f"subscription.{name}")
    _check(fields)
    version = request_version(request, square.default_version)
    return {"subscription": dict(square.hooks.subscribe(fields, version))}


def update_subscription(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """PUT some fields of a subscription."""
    application_only(square, request)
    subscription = _found(square, args)
    fields = {
        name: value
        for name, value in ((body or {}).get("subscription") or {}).items()
        if name in _CHANGEABLE and value is not None
    }
    _check(fields)
    subscription.update(fields)
    subscription["updated_at"] = rfc3339(square.stamp())
    if fields.get("enabled"):
        square.hooks.failing_since.pop(subscription["id"], None)
    return {"subscription": _shown(subscription)}


def delete_subscription(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """DELETE a subscription; what is still to be sent to it is dropped."""
    application_only(square, request)
    del square.state.subscriptions[_found(square, args)["id"]]
    return {}


def rotate_key(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST for a new signature key; the old one is void at once, for retries too."""
    application_only(square, request)
    return {"signature_key": square.hooks.rotate_key(_found(square, args)["id"])}


def test_subscription(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST for a sample event of one of the subscription's types."""
    application_only(square, request)
    subscription = _found(square, args)
    event_type = (body or {}).get("event_type") or subscription["event_types"][0]
    if event_type not in subscription["event_types"]:
        raise refusal("INVALID_VALUE", f"The subscription has no event type `{event_type}`.", "event_type")
    status, payload = square.hooks.send_test(subscription, event_type)
    at = rfc3339(square.stamp())
    result: Json = {"id": square.ids.uuid(), "payload": payload, "created_at": at, "updated_at": at}
    if status is not None:
        result["status_code"] = status
    return {"subscription_test_result": result}


test_subscription.__test__ = False  # type: ignore[attr-defined]  # an endpoint, not a test case


def _found(square: FakeSquare, args: Args) -> Json:
    found: Json | None = square.state.subscriptions.get(args["subscription_id"])
    if found is None:
        raise refusal("NOT_FOUND", f"Subscription `{args['subscription_id']}` not found.")
    return found


def _shown(subscription: Json) -> Json:
    """A subscription as lists and updates show it: without its signature key."""
    return {name: value for name, value in subscription.items() if name != "signature_key"}


def _check(fields: Json) -> None:
    if len(fields.get("name") or "") > 64:
        raise refusal("VALUE_TOO_LONG", "Field must not be greater than 64 in length", "subscription.name")
    unknown = [name for name in fields.get("event_types") or () if name not in EVENT_TYPES]
    if unknown:
        raise refusal("INVALID_VALUE", f"`{unknown[0]}` is not an event type.", "subscription.event_types")
    url = fields.get("notification_url")
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise refusal("INVALID_VALUE", "The URL must use HTTPS.", "subscription.notification_url")
