"""A WooCommerce shop in this process: takes requests, keeps state, acts for shoppers and staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.deliveries import Delivery
from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.kernel.service import BaseService
from bridge.sim.woo import (
    acts,
    analytics,
    attributes,
    coupons,
    customers,
    media,
    orders,
    products,
    refunds,
    schema,
    seed,
    settings,
    shipping,
    site,
    store_api,
    taxes,
    terms,
    variations,
    webhooks,
    wp_settings,
)
from bridge.sim.woo.auth import authenticate, check_permission, is_https
from bridge.sim.woo.breakdowns import breakdown
from bridge.sim.woo.routes import NOBODY, REFUSALS, Call, Caller, Router, WooError, read_body, read_query
from bridge.sim.woo.state import ApiKey, AppPassword, Item, ShopState

MODULES: tuple[ModuleType, ...] = (
    products,
    variations,
    schema,
    attributes,
    terms,
    media,
    analytics,
    settings,
    site,
    acts,
    orders,
    refunds,
    customers,
    coupons,
    taxes,
    shipping,
    webhooks,
    store_api,
    wp_settings,
)
"""Each has ``register(router)`` for its routes and may have ``register_acts(shop)`` for its acts."""

DEFAULT_KEY = ApiKey("ck_" + "1" * 40, "cs_" + "1" * 40)
DEFAULT_ADMIN = AppPassword("admin", "abcd efgh ijkl mnop qrst uvwx")


class FakeWoo(BaseService):
    """A simulated shop (WooCommerce 9.9.5 as recorded) behind ``handle``.

    ``between`` callables run once each inside the next stock read-modify-write. ``delta_is_atomic`` closes
    that window. ``fetch`` answers the bytes of an outside image address (``None`` = unreachable).
    """

    name = "woo"
    _router: Router | None = None

    def __init__(
        self,
        seed: int = 1,
        clock: SimClock | None = None,
        shop_url: str = "http://shop.test",
        *,
        fetch: Callable[[str], bytes | None] | None = None,
    ) -> None:
        super().__init__(seed=seed, clock=clock)
        self.state = ShopState(shop_url)
        self.state.keys[DEFAULT_KEY.key] = replace(DEFAULT_KEY)
        self.state.app_passwords.append(replace(DEFAULT_ADMIN))
        self.delta_is_atomic = False
        self.webhooks_allow_loopback = True
        """A test shop's filters: private hosts and odd ports may be called. False: as a real shop refuses."""
        self.webhooks_need_traffic = False
        """True: deliveries wait until a request comes in, and then go out at most once a minute."""
        self.webhook_latency = 0.0
        """Seconds between a change and its delivery when they do not wait for traffic."""
        self.queue_ran = datetime.fromtimestamp(0, UTC)
        self.fetch = fetch
        self.lists: dict[tuple[str, str, str], tuple[int, list[int]]] = {}
        """Lists already sorted, by kind and order, with the state's version they are true for."""
        self.before: dict[int, Item] = {}
        self._touched: set[int] = set()
        self.nonces: dict[str, dict[str, int]] = {}
        terms.seed_terms(self)
        if FakeWoo._router is None:
            router = Router()
            for module in MODULES:
                module.register(router)
            FakeWoo._router = router
        self.router = FakeWoo._router
        for module in MODULES:
            register_acts = getattr(module, "register_acts", None)
            if register_acts is not None:
                register_acts(self)

    # -- what the other modules lean on -------------------------------------------------
    def now(self) -> int:
        """The current epoch second of the shop's clock."""
        return int(self.clock.now().timestamp())

    def next_id(self) -> int:
        """The next post id: products, variations, orders, refunds, coupons and media share the count."""
        return self.ids.number("post", 10)

    def seed_catalog(self, products: int, variations_each: int = 0, **how: Any) -> None:
        """Fill the shop quickly with made-up products (see ``seed.seed_catalog``)."""
        seed.seed_catalog(self, products, variations_each, **how)

    def emit(self, topic: str, resource_id: int, **detail: Any) -> None:
        """Tell the webhooks that something happened."""
        webhooks.emit(self, topic, resource_id, **detail)

    def touch(self, item: Item) -> None:
        """Mark an item modified now, and a variation's parent with it."""
        item.modified = now = self.now()
        if item.is_variation:
            parent = self.state.items.get(item.parent_id)
            if parent is not None:
                parent.modified = now

    def remember(self, item: Item) -> None:
        """Keep how the item was before this request writes to it (what a stale read answers)."""
        if item.id not in self._touched:
            self._touched.add(item.id)
            self.before[item.id] = item.snapshot()

    def open_window(self) -> None:
        """Run what waits to happen inside a read-modify-write; each callable once."""
        while self.between:
            self.between.pop(0)()

    # -- the service --------------------------------------------------------------------
    def answer(self, request: SimRequest) -> SimResponse:
        """Answer one request of the real API."""
        self._touched.clear()
        if self.webhooks_need_traffic:
            webhooks.note_traffic(self)
        if self.faults.rules:
            broken = breakdown(self, request)
            if broken is not None:
                return broken
        return self.serve(request)

    def serve(self, request: SimRequest) -> SimResponse:
        """Answer a request on a shop that is up."""
        route, plain = route_of(request)
        scheme = "https" if is_https(request) else "http"
        call = Call(request, route, f"{scheme}://{urlsplit(self.state.shop_url).netloc}")
        if not route:
            return media.serve_file(self, request) or SimResponse(
                404, b"<!DOCTYPE html><title>Page not found</title>", {"Content-Type": "text/html"}
            )
        try:
            call.caller = authenticate(self, request, route, plain=plain)
            check_permission(call.caller, request.method)
            return self._dispatch(call)
        except WooError as problem:
            return call.error(problem)

    def _dispatch(self, call: Call) -> SimResponse:
        method = call.request.method
        node = self.router.find(call.route, call.args)
        if node is None or (method != "OPTIONS" and method not in node.routes):
            raise WooError(404, "rest_no_route", "No route was found matching the URL and request method.")
        call.allow = node.allow if call.caller.runs_shop else node.public_allow
        if method == "OPTIONS":
            return node.options(self, call) if node.options else call.reply({})
        route = node.routes[method]
        call.query = read_query(call.request.query)
        if method != "GET":
            call.body = read_body(call.request)
        if route.needs == "wp" and call.caller.role != "administrator":
            call.allow = ""
        permit(call.caller, route.needs)
        return route.function(self, call)

    def dump(self) -> Any:
        """The shop's state as JSON values (items with their stock, and how many of everything)."""
        state = self.state
        return {
            "items": [
                {
                    "id": item.id,
                    "parent_id": item.parent_id,
                    "type": item.type,
                    "status": item.status,
                    "name": item.name,
                    "sku": item.sku,
                    "manage_stock": item.manage_stock,
                    "stock": item.stock,
                    "stock_status": item.stock_status,
                }
                for item in state.items.values()
            ],
            "orders": len(state.orders),
            "refunds": len(state.refunds),
            "customers": len(state.customers),
            "webhooks": len(state.webhooks),
            "media": len(state.media),
        }

    def delivered(self, delivery: Delivery, status: int) -> float | None:
        """Told how a webhook delivery went."""
        return webhooks.delivered(self, delivery, status)


def route_of(request: SimRequest) -> tuple[str, bool]:
    """The REST route of a request and whether it came by ``?rest_route=``; "" when it is no REST call."""
    path = request.path
    if path.startswith("/index.php/"):
        path = path.removeprefix("/index.php")
    if path.startswith("/wp-json"):
        return path[8:].rstrip("/") or "/", False
    if path in ("/", "/index.php"):
        route = request.arg("rest_route")
        return (route.rstrip("/") or "/", True) if route else ("", True)
    return "", False


def permit(caller: Caller, needs: str) -> None:
    """Refuse a caller who may not do this: 401 for nobody, 403 for somebody without the right."""
    if needs == "public" or (caller.role == "administrator" if needs == "wp" else caller.runs_shop):
        return
    code, message = REFUSALS[needs]
    raise WooError(403 if caller != NOBODY else 401, code, message)
