"""Signed webhook deliveries that follow changes in the shop.

A delivery is built when it is sent, so it shows the state of that moment; triggers for one object and hook that
are still waiting collapse into one. Nothing is ever tried again, and the seventh failure in a row disables a hook.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import md5, sha256
from hmac import new as hmac_new
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from bridge.sim.kernel.deliveries import Delivery
from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.woo.routes import Call, Caller, WooError

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

USER_AGENT = "WooCommerce/9.9.5 Hookshot (WordPress/6.9)"
#: Failures a hook survives; the next one disables it.
LIVES = 6
#: Seconds between two runs of the shop's background queue while there is traffic.
QUEUE_EVERY = 60
PING = "ping"
_OBJECT_ACTIONS = frozenset({"woocommerce_product_set_stock", "woocommerce_variation_set_stock"})
_COLLECTIONS = {"order": "orders", "product": "products", "customer": "customers", "coupon": "coupons"}


@dataclass(slots=True)
class Webhook:
    """One registration. ``failures`` counts those in a row; it is visible nowhere over REST."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    created: int
    status: str = "active"
    modified: int | None = None
    failures: int = 0

    @property
    def resource(self) -> str:
        """The first half of the topic."""
        return self.topic.partition(".")[0]

    @property
    def event(self) -> str:
        """The second half of the topic."""
        return self.topic.partition(".")[2]


def emit(shop: FakeWoo, topic: str, resource_id: int, **detail: Any) -> None:
    """Queue a delivery of ``topic`` about ``resource_id`` to every active hook registered for it."""
    for hook in shop.state.webhooks.values():
        if hook.topic == topic and hook.status == "active":
            _queue(shop, hook, topic, resource_id)


def _queue(shop: FakeWoo, hook: Webhook, topic: str, resource_id: int) -> None:
    wait = QUEUE_EVERY * 10_000 if shop.webhooks_need_traffic else shop.webhook_latency
    shop.deliveries.add(
        Delivery(
            url=hook.delivery_url,
            due=shop.clock.now() + timedelta(seconds=wait),
            hook=str(hook.id),
            topic=topic,
            build=lambda: _built(shop, hook.id, resource_id),
            merge_key=f"{hook.id}:{topic}:{resource_id}",
            note={"awaits_traffic": shop.webhooks_need_traffic, "resource": resource_id},
        )
    )


def note_traffic(shop: FakeWoo) -> None:
    """A request came in: where deliveries wait for traffic, this runs the queue, at most once a minute."""
    now = shop.clock.now()
    if (now - shop.queue_ran).total_seconds() < QUEUE_EVERY:
        return
    shop.queue_ran = now
    for delivery in shop.deliveries.pending:
        if delivery.note.pop("awaits_traffic", False):
            delivery.due = now


def _built(shop: FakeWoo, hook_id: int, resource_id: int) -> tuple[dict[str, str], bytes] | None:
    with shop.lock:
        hook = shop.state.webhooks.get(hook_id)
        if hook is None:
            return None
        if is_blocked(shop, hook.delivery_url):
            _count(shop, hook, ok=False)
            return None
        body = payload(shop, hook, resource_id)
        return headers_for(shop, hook, body), body


def payload(shop: FakeWoo, hook: Webhook, resource_id: int) -> bytes:
    """The body of a delivery: the object as REST shows it now, ``{"id"}`` for deletions, an action's argument."""
    if hook.resource == "action":
        arg: Any = [] if hook.event in _OBJECT_ACTIONS else resource_id
        return as_php(orjson.dumps({"action": hook.event, "arg": arg}))
    if hook.event == "deleted":
        return as_php(orjson.dumps({"id": resource_id}))
    return as_php(_shown(shop, f"/wc/v3/{_COLLECTIONS[hook.resource]}/{resource_id}"))


def _shown(shop: FakeWoo, route: str) -> bytes:
    """What a GET of the webhook's owner answers inside PHP; an error's body when the object is gone."""
    base = f"http://{urlsplit(shop.state.shop_url).netloc}"
    request = SimRequest("GET", "http", urlsplit(base).netloc, f"/wp-json{route}", [], {})
    call = Call(request, route, base, Caller("administrator", "api:webhook", user_id=1))
    node = shop.router.find(route, call.args)
    if node is None or "GET" not in node.routes:
        return b"{}"
    try:
        return node.routes["GET"].function(shop, call).body
    except WooError as problem:
        return orjson.dumps(problem.body())


def as_php(raw: bytes) -> bytes:
    """JSON as PHP writes it: slashes escaped, everything beyond ASCII as ``\\uXXXX``."""
    if not raw.isascii():
        raw = json.dumps(orjson.loads(raw), separators=(",", ":")).encode()
    return raw.replace(b"/", b"\\/")


def signature(secret: str, body: bytes) -> str:
    """``X-WC-Webhook-Signature``: base64 of HMAC-SHA256 over the raw body."""
    return b64encode(hmac_new(secret.encode(), body, sha256).digest()).decode()


def headers_for(shop: FakeWoo, hook: Webhook, body: bytes) -> dict[str, str]:
    """The headers of a delivery; its id is made of hook and second, so it may repeat."""
    stamp = f"{hook.id}|{shop.now()}|{shop.state.shop_url}"
    return {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "deflate, gzip, br, zstd",
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"http://{urlsplit(shop.state.shop_url).netloc}/",
        "X-WC-Webhook-Topic": hook.topic,
        "X-WC-Webhook-Resource": hook.resource,
        "X-WC-Webhook-Event": hook.event,
        "X-WC-Webhook-Signature": signature(hook.secret, body),
        "X-WC-Webhook-ID": str(hook.id),
        "X-WC-Webhook-Delivery-ID": md5(stamp.encode(), usedforsecurity=False).hexdigest(),
        "Connection": "close",
    }


def is_blocked(shop: FakeWoo, url: str) -> bool:
    """True for what WordPress refuses to call: private hosts and odd ports, unless a filter lifts that."""
    if shop.webhooks_allow_loopback:
        return False
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.port not in (None, 80, 443, 8080):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host


def delivered(shop: FakeWoo, delivery: Delivery, status: int) -> float | None:
    """Told how a delivery went: 200-302 is success, the rest counts; a shop never tries again."""
    with shop.lock:
        hook = shop.state.webhooks.get(int(delivery.hook))
        if hook is not None and delivery.topic != PING:
            _count(shop, hook, ok=200 <= status <= 302)
    return None


def _count(shop: FakeWoo, hook: Webhook, *, ok: bool) -> None:
    if ok:
        hook.failures = 0
        return
    hook.modified = shop.now()
    if hook.failures >= LIVES:
        hook.status = "disabled"
    else:
        hook.failures += 1


def send_ping(shop: FakeWoo, hook: Webhook) -> None:
    """The form-encoded ping a new hook gets: no ``X-WC-*`` header, no signature, nobody minds its failure."""
    if is_blocked(shop, hook.delivery_url):
        return
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "deflate, gzip, br, zstd",
        "Connection": "close",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = f"webhook_id={hook.id}".encode()
    shop.deliveries.add(Delivery(hook.delivery_url, shop.clock.now(), str(hook.id), PING, lambda: (headers, body)))
