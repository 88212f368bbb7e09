"""FakeSquare: one seller's Square account, answering the API as recorded and documented."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.deliveries import Delivery
from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.kernel.faults import FaultRule, Faults
from bridge.sim.kernel.service import BaseService
from bridge.sim.square import (
    catalog_images,
    catalog_read,
    catalog_search,
    catalog_write,
    customers,
    events,
    exchanges,
    inventory_read,
    inventory_write,
    locations,
    merchants,
    oauth,
    orders,
    payments,
    pos,
    pos_staff,
    refunds,
    subscriptions,
)
from bridge.sim.square.auth import DEFAULT_VERSION, authenticate, request_version, require_scopes
from bridge.sim.square.customer_directory import CustomerDirectory
from bridge.sim.square.idempotency import KeyMemory, key_of
from bridge.sim.square.routes import Answer, Route, Router, SquareError, cursor_of, refusal
from bridge.sim.square.state import SellerState, new_merchant
from bridge.sim.square.trade import Trade
from bridge.sim.square.webhook_sender import WebhookSender

Json = dict[str, Any]
DEFAULT_LOCATIONS = ("Downtown", "Harbour", "Station")

MODULES: tuple[ModuleType, ...] = (
    catalog_read,
    catalog_search,
    catalog_write,
    catalog_images,
    inventory_read,
    inventory_write,
    locations,
    merchants,
    orders,
    payments,
    refunds,
    customers,
    subscriptions,
    events,
    oauth,
    pos,
    exchanges,
    pos_staff,
)
"""Modules with ``register(router)`` (endpoints) and, optionally, ``register_acts(square)``."""


class SquareFaults(Faults):
    """Faults whose error answers carry Square's error body unless told otherwise."""

    _CODES = {429: "RATE_LIMITED", 502: "BAD_GATEWAY", 503: "SERVICE_UNAVAILABLE", 504: "GATEWAY_TIMEOUT"}

    def add(self, fault: str, **when: Any) -> FaultRule:
        """Switch a fault on; keywords are those of ``FaultRule``."""
        rule = super().add(fault, **when)
        if fault == "rate_limited" or fault.startswith("server_error"):
            status = 429 if fault == "rate_limited" else rule.options.get("status", 500)
            error = refusal(self._CODES.get(status, "INTERNAL_SERVER_ERROR"), "Simulated failure.").error
            rule.options = {"body": {"errors": [error]}, **rule.options}
        return rule


class FakeSquare(BaseService):
    """A simulated Square seller.

    Switches (all adjustable while running): ``rate_limit_per_second`` (0 = off), ``catalog_lock_seconds``
    (how long a catalog write keeps others out), ``version_mismatch_status`` (400 or 409), ``allow_negative``
    (may a count fall below zero), ``item_option_limit``, ``sold_out_bumps_version``, ``exact_query_partial``.
    """

    name = "square"

    def __init__(
        self,
        seed: int = 1,
        clock: SimClock | None = None,
        *,
        locations: Iterable[str] = DEFAULT_LOCATIONS,
        currency: str = "USD",
    ) -> None:
        super().__init__(seed=seed, clock=clock)
        self.faults = SquareFaults(self.ids.dice)
        self.default_version = DEFAULT_VERSION
        self.state = SellerState(new_merchant(f"ML{self.ids.token(11)}", currency))
        self.keys = KeyMemory()
        self.actor = "api:bridge"
        self.rate_limit_per_second = 0.0
        self.catalog_lock_seconds = 0.0
        self.version_mismatch_status = 400
        self.allow_negative = True
        self.item_option_limit = 100
        self.sold_out_bumps_version = False
        self.exact_query_partial = True
        self.catalog_locked_until: dict[str, datetime] = {}
        self.partly_applied: dict[str, Any] = {}
        self._bucket: tuple[float, datetime | None] = (0.0, None)
        self._last_stamp: datetime | None = None
        self.trade = Trade()
        merchant_id = str(self.state.merchant["id"])
        self.hooks = WebhookSender(self.deliveries, self.ids, self.clock.now, merchant_id, self.state.subscriptions)
        self.people = CustomerDirectory(self.state.customers, self.stamp, self.ids.token, self._tell_of_customer)
        self.router = Router()
        self.acts["add_location"] = self.add_location
        self.acts["seed_catalog"] = self.seed_catalog
        self.acts["switch"] = self.switch
        for module in MODULES:
            module.register(self.router)
            if hasattr(module, "register_acts"):
                module.register_acts(self)
        for name in locations:
            self.add_location(name)

    # -- answering ------------------------------------------------------------------------
    def answer(self, request: SimRequest) -> SimResponse:
        """Answer a request of the real API: token, version, rate, scopes, key, then the endpoint."""
        if request.path.startswith("/_files/"):
            return self._file(request.path.removeprefix("/_files/").partition("/")[0])
        try:
            return self._answer(request)
        except SquareError as refused:
            return refused.response()

    def _answer(self, request: SimRequest) -> SimResponse:
        route, args = self.router.find(request.method, request.path)
        now = self.clock.now()
        token_name, token_text = "anonymous", ""
        if "NO_TOKEN" not in route.scopes:
            token = authenticate(self.state.tokens, request, now)
            require_scopes(token, route.scopes)
            token_name, token_text = token.name, token.token
        request_version(request)
        self._take_from_bucket(now)
        body = _json_body(request) if route.json_body and request.body else None
        self.actor = f"api:{token_name}"
        key = key_of(route, body)
        if not key:
            return self._call(route, request, args, body)
        place = (token_text, route.template, key)
        stored = self.keys.replay(place, request.body, now)
        if stored is not None:
            return stored
        answer = self._call(route, request, args, body)
        self.keys.remember(place, request.body, now, answer)
        return answer

    def _call(self, route: Route, request: SimRequest, args: dict[str, str], body: Any) -> SimResponse:
        rules = self.faults.rules
        if rules and cursor_of(request, body) and self.faults.take("expired_cursor", request) is not None:
            raise refusal("INVALID_CURSOR", "The cursor has expired.", "cursor")
        with ExitStack() as stack:
            if rules and route.reads and self.faults.take("stale_read", request) is not None:
                stack.enter_context(self.state.catalog.before_latest_write())
                stack.enter_context(self.state.inventory.before_latest_write())
            if rules and self.faults.take("ok_with_errors", request) is not None:
                made: Answer = {"errors": [refusal("INTERNAL_SERVER_ERROR", "Partly failed.").error]}
            else:
                made = route.function(self, request, args, body)
        return made if isinstance(made, SimResponse) else SimResponse.of_json(200, made)

    def _file(self, file_id: str) -> SimResponse:
        stored = self.state.files.get(file_id)
        if stored is None:
            return SimResponse(404, b"not found", {"Content-Type": "text/plain"})
        return SimResponse(200, stored.content, {"Content-Type": stored.content_type})

    def _take_from_bucket(self, now: datetime) -> None:
        rate = self.rate_limit_per_second
        if rate <= 0:
            return
        level, since = self._bucket
        level = rate if since is None else min(rate, level + (now - since).total_seconds() * rate)
        if level < 1:
            self._bucket = (level, now)
            raise refusal("RATE_LIMITED", "Too many requests were made. Please try again later.")
        self._bucket = (level - 1, now)

    # -- what the endpoints share -----------------------------------------------------------
    def stamp(self) -> datetime:
        """Server time of a write: now in whole milliseconds, never the same twice."""
        now = self.clock.now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        if self._last_stamp is not None and now <= self._last_stamp:
            # a clock set back by a test may run behind: server stamps still never repeat
            now = self._last_stamp + timedelta(milliseconds=1)
        self._last_stamp = now
        return now

    def run_between(self) -> None:
        """Play out what others do while a write is on its way (each callable once)."""
        while self.between:
            self.between.pop(0)()

    def emit(
        self,
        event_type: str,
        data_type: str,
        data_id: str,
        obj: Json | None = None,
        *,
        location_id: str = "",
        deleted: bool = False,
    ) -> None:
        """Tell the webhook subscriptions that something happened."""
        subscriptions.emit(self, event_type, data_type, data_id, obj, location_id=location_id, deleted=deleted)

    def _tell_of_customer(self, event_type: str, customer: Json, context: Json) -> None:
        if self.hooks.wanted(event_type):
            shown = {name: value for name, value in customer.items() if name != "segment_ids"}
            deleted = event_type == "customer.deleted"
            self.emit(event_type, "customer", customer["id"], {"customer": shown, **context}, deleted=deleted)

    def delivered(self, delivery: Delivery, status: int) -> float | None:
        """Told how a webhook delivery went; seconds until the next attempt or ``None``."""
        return self.hooks.delivered(delivery, status)

    # -- acts -------------------------------------------------------------------------------
    def add_location(self, name: str, status: str = "ACTIVE", **fields: Any) -> str:
        """Add a store (``fields`` as in Square's Location) and return its id."""
        location_id = f"L{self.ids.token(12)}"
        merchant = self.state.merchant
        self.state.locations[location_id] = {
            "id": location_id,
            "name": name,
            "timezone": "America/New_York",
            "capabilities": ["CREDIT_CARD_PROCESSING", "AUTOMATIC_TRANSFERS"],
            "status": status,
            "created_at": "2020-01-01T00:00:00.000Z",
            "merchant_id": merchant["id"],
            "country": merchant["country"],
            "language_code": merchant["language_code"],
            "currency": merchant["currency"],
            "business_name": merchant["business_name"],
            "type": "PHYSICAL",
            **fields,
        }
        if not merchant["main_location_id"]:
            merchant["main_location_id"] = location_id
        return location_id

    def seed_catalog(self, items: int, variations_each: int = 1, quantity: int | None = None) -> list[str]:
        """Fill the catalog fast with tracked items; returns the variation ids (see ``catalog_seed``)."""
        from bridge.sim.square.catalog_seed import seed_catalog

        return seed_catalog(self, items, variations_each, quantity)

    def switch(self, **settings: Any) -> Json:
        """Set switches by name (those listed in the class docstring)."""
        for name, value in settings.items():
            if not isinstance(getattr(self, name, None), (bool, int, float)):
                raise LookupError(f"no switch {name}")
            setattr(self, name, value)
        return settings

    def dump(self) -> Json:
        """The account as JSON: locations, catalog as shown, counts, sales, people, subscriptions."""
        state, store = self.state, self.state.catalog
        return {
            "merchant": state.merchant,
            "locations": list(state.locations.values()),
            "catalog": [store.shown(oid) for oid, obj in store.objects.items() if not store.parent_id(obj)],
            "counts": [
                {"variation_id": v, "location_id": place, "state": s, "quantity": str(count.quantity)}
                for (v, place, s), count in state.inventory.counts.items()
            ],
            "orders": list(state.orders.values()),
            "payments": list(state.payments.values()),
            "refunds": list(state.refunds.values()),
            "customers": list(state.customers.values()),
            "subscriptions": list(state.subscriptions.values()),
        }


def _json_body(request: SimRequest) -> Any:
    try:
        body = request.json()
    except ValueError:
        raise refusal("EXPECTED_JSON_BODY", "Invalid JSON body.") from None
    if not isinstance(body, dict):
        raise refusal("EXPECTED_OBJECT", "Expected an object.")
    return body


RegisterActs = Callable[[FakeSquare], None]
