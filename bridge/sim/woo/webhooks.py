"""Webhooks over REST: registering where the shop reports its changes (``webhook_delivery`` sends them)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.params import PAGING, Param, checked
from bridge.sim.woo.rest_lists import cut_page, must_force
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.times import gmt_text, local_text
from bridge.sim.woo.webhook_delivery import Webhook, delivered, emit, note_traffic, send_ping

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

__all__ = ["delivered", "emit", "note_traffic", "register"]

HOOKS: dict[str, tuple[str, ...]] = {
    "coupon.created": ("woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"),
    "coupon.updated": ("woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"),
    "coupon.deleted": ("wp_trash_post",),
    "coupon.restored": ("untrashed_post",),
    "customer.created": ("user_register", "woocommerce_created_customer", "woocommerce_new_customer"),
    "customer.updated": ("profile_update", "woocommerce_update_customer"),
    "customer.deleted": ("delete_user",),
    "order.created": ("woocommerce_new_order",),
    "order.updated": ("woocommerce_update_order", "woocommerce_order_refunded"),
    "order.deleted": ("wp_trash_post", "woocommerce_trash_order"),
    "order.restored": ("untrashed_post", "woocommerce_untrash_order"),
    "product.created": (
        "woocommerce_process_product_meta",
        "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ),
    "product.updated": (
        "woocommerce_process_product_meta",
        "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ),
    "product.deleted": ("wp_trash_post",),
    "product.restored": ("untrashed_post",),
}
_STATUSES = ("active", "paused", "disabled")
_LIST = {
    **PAGING,
    "status": Param(enum=("all", *_STATUSES), default="all"),
    "orderby": Param(enum=("date", "id", "title"), default="date"),
}
_RULES = {
    "name": Param(),
    "topic": Param(),
    "delivery_url": Param(),
    "secret": Param(),
    "status": Param(enum=_STATUSES),
}


def register(router: Router) -> None:
    """Add the routes of webhooks."""
    router.add("GET", "/wc/v3/webhooks", list_webhooks, needs="list")
    router.add("POST", "/wc/v3/webhooks", post_webhook, needs="create")
    router.add("GET", "/wc/v3/webhooks/<id>", get_webhook, needs="view")
    router.add("EDIT", "/wc/v3/webhooks/<id>", put_webhook, needs="edit")
    router.add("DELETE", "/wc/v3/webhooks/<id>", delete_webhook, needs="delete")
    router.add("EDIT", "/wc/v3/webhooks/batch", batch_webhooks, needs="batch")


# -- REST ----------------------------------------------------------------------------
def webhook_json(shop: FakeWoo, hook: Webhook, base: str) -> dict[str, Any]:
    """A webhook as JSON; its secret is never shown."""
    tz = shop.state.timezone
    collection = f"{base}/wp-json/wc/v3/webhooks"
    hints = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
    hooks = (hook.event,) if hook.resource == "action" else HOOKS[hook.topic]
    return {
        "id": hook.id,
        "name": hook.name,
        "status": hook.status,
        "topic": hook.topic,
        "resource": hook.resource,
        "event": hook.event,
        "hooks": hooks,
        "delivery_url": hook.delivery_url,
        "date_created": local_text(hook.created, tz),
        "date_created_gmt": gmt_text(hook.created),
        "date_modified": None if hook.modified is None else local_text(hook.modified, tz),
        "date_modified_gmt": None if hook.modified is None else gmt_text(hook.modified),
        "_links": {
            "self": [{"href": f"{collection}/{hook.id}", "targetHints": hints}],
            "collection": [{"href": collection}],
        },
    }


def _webhook(shop: FakeWoo, hook_id: Any, status: int = 404) -> Webhook:
    hook = shop.state.webhooks.get(int(hook_id or 0))
    if not isinstance(hook, Webhook):
        raise WooError(status, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
    return hook


def list_webhooks(shop: FakeWoo, call: Call) -> SimResponse:
    """A page of webhooks, newest first."""
    params = checked(_LIST, call.params)
    hooks = [hook for hook in shop.state.webhooks.values() if params["status"] in ("all", hook.status)]
    by_id = params["orderby"] == "id"
    hooks.sort(key=lambda hook: (0 if by_id else hook.created, hook.id), reverse=params["order"] == "desc")
    rows, number, size = cut_page(hooks, params)
    return call.page([webhook_json(shop, hook, call.base) for hook in rows], len(hooks), number, size)


def get_webhook(shop: FakeWoo, call: Call) -> SimResponse:
    """One webhook."""
    return call.reply(webhook_json(shop, _webhook(shop, call.args["id"]), call.base))


def _check_topic(topic: Any) -> str:
    resource, _, event = str(topic or "").partition(".")
    if str(topic) in HOOKS or (resource == "action" and event):
        return str(topic)
    text = "Webhook topic is required and must be valid."
    raise WooError(400, "woocommerce_rest_shop_webhook_invalid_topic", text)


def _check_url(url: Any) -> str:
    parts = urlsplit(str(url or ""))
    if parts.scheme in ("http", "https") and parts.netloc:
        return str(url)
    text = "Webhook delivery URL must be a valid URL starting with http:// or https://."
    raise WooError(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", text)


def _create(shop: FakeWoo, call: Call, body: dict[str, Any]) -> dict[str, Any]:
    topic, url = _check_topic(body.get("topic")), _check_url(body.get("delivery_url"))
    moment = shop.clock.now()
    name = str(body.get("name") or moment.strftime("Webhook created on %b %d, %Y @ %I:%M %p"))
    # without a secret of the caller's a random one is used that nobody can read back
    secret = str(body.get("secret") or shop.ids.uuid())
    hook = Webhook(shop.ids.number("webhook"), name, topic, url, secret, shop.now())
    hook.status = str(body.get("status") or "active")
    shop.state.webhooks[hook.id] = hook
    send_ping(shop, hook)
    return webhook_json(shop, hook, call.base)


def post_webhook(shop: FakeWoo, call: Call) -> SimResponse:
    """A new webhook; a ping goes out, whose failure nobody minds."""
    return call.created(_create(shop, call, checked(_RULES, call.params, defaults=False)))


def _update(shop: FakeWoo, call: Call, hook: Webhook, body: dict[str, Any]) -> dict[str, Any]:
    if body.get("topic") is not None:
        hook.topic = _check_topic(body["topic"])
    if body.get("delivery_url") is not None:
        hook.delivery_url = _check_url(body["delivery_url"])
    for name in ("name", "secret"):
        if body.get(name) is not None:
            setattr(hook, name, str(body[name]))
    if body.get("status") in _STATUSES:
        hook.status = str(body["status"])  # the count of failures stays: one more disables it again
    hook.modified = shop.now()
    return webhook_json(shop, hook, call.base)


def put_webhook(shop: FakeWoo, call: Call) -> SimResponse:
    """Change a webhook (no ping)."""
    hook = _webhook(shop, call.args["id"])
    return call.reply(_update(shop, call, hook, checked(_RULES, call.params, defaults=False)))


def _delete(shop: FakeWoo, call: Call, hook_id: Any) -> dict[str, Any]:
    shown = webhook_json(shop, _webhook(shop, hook_id), call.base)
    del shop.state.webhooks[int(hook_id)]
    return shown


def delete_webhook(shop: FakeWoo, call: Call) -> SimResponse:
    """Delete a webhook (only with ``force``)."""
    hook = _webhook(shop, call.args["id"])
    must_force(call, "Webhooks do not support trashing.")
    return call.reply(_delete(shop, call, hook.id))


def batch_webhooks(shop: FakeWoo, call: Call) -> SimResponse:
    """Create, change and delete webhooks."""
    return run_batch(
        call,
        create=lambda row: _create(shop, call, row),
        update=lambda key, row: _update(shop, call, _webhook(shop, key, 400), row),
        delete=lambda hook_id: _delete(shop, call, hook_id),
    )
