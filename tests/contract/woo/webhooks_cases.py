"""Replays the recorded webhooks: registering, and every recorded delivery, headers, body and signature."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bridge.sim.woo.shop import FakeWoo
from bridge.sim.woo.webhook_delivery import Webhook, signature
from tests.contract.woo.order_shop import call, evened, next_ids, order_case, stocked_shop
from tests.contract.woo.registry import VOLATILE, Recording, checks, compare
from tests.contract.woo.settings_wp_cases import two_stores

Sent = tuple[str, dict[str, str], bytes]
#: Set by the connection, not by the shop.
_CONNECTION = ("Host", "Content-Length")


def hook(shop: FakeWoo, number: int, **more: Any) -> None:
    """A webhook that is there already."""
    held: dict[str, Any] = {
        "name": "blocked",
        "topic": "product.updated",
        "delivery_url": "https://bridge.test/ok",
        "secret": "s3cret",
        "created": shop.now(),
        **more,
    }
    shop.state.webhooks[number] = Webhook(number, **held)


order_case("webhook_create", webhook=3)(lambda shop: None)
order_case("webhook_create_unsafe_url", webhook=1)(lambda shop: None)
order_case("webhook_create_bad_topic")(lambda shop: None)
order_case("webhook_delete_force")(lambda shop: hook(shop, 1))
order_case("webhook_delete_without_force")(lambda shop: hook(shop, 13))


@order_case("webhook_get_auto_disabled", loose=("name",))
def _failing(shop: FakeWoo) -> None:
    url = "https://bridge.test/fail"
    next_ids(shop, webhook=28)
    call(shop, "POST", "/wc/v3/webhooks", {"topic": "product.updated", "delivery_url": url})
    for quantity in range(7):
        call(shop, "PUT", "/wc/v3/products/11", {"stock_quantity": quantity})
        shop.deliver_due(lambda _url, _headers, _body: 500)


# -- deliveries ----------------------------------------------------------------------
def pending_order(shop: FakeWoo) -> int:
    """An order of beans and a hoodie, as the recorded hooks saw it."""
    next_ids(shop, post=103, order_item=60)
    lines = [{"product_id": 11, "quantity": 1}, {"variation_id": 40, "quantity": 1}]
    body = {"payment_method": "bacs", "billing": {"email": "z@example.test"}, "line_items": lines}
    made = call(shop, "POST", "/wc/v3/orders", body)
    number: int = made.json()["id"]
    return number


def processing(shop: FakeWoo) -> None:
    """The order is being processed: its stock is taken."""
    number = pending_order(shop)
    call(shop, "PUT", f"/wc/v3/orders/{number}", {"status": "processing"})


def partly_refunded(shop: FakeWoo) -> None:
    """The beans of the order come back."""
    processing(shop)
    call(shop, "PUT", "/wc/v3/orders/103", {"meta_data": [{"key": "a", "value": "b"}]})
    line = {"id": 60, "quantity": 1, "refund_total": 1.0}
    call(shop, "POST", "/wc/v3/orders/103/refunds", {"api_refund": False, "line_items": [line]})


def bought(shop: FakeWoo) -> None:
    """A shopper buys a grinder, to be fetched downtown."""
    two_stores(shop)
    next_ids(shop, post=2443, order_item=304)
    shop.acts["checkout"](lines=[{"id": 26, "quantity": 1}], pickup="Downtown Store")


def trashed_order(shop: FakeWoo) -> None:
    """An order goes to the trash."""
    next_ids(shop, post=105)
    call(shop, "POST", "/wc/v3/orders", {})
    call(shop, "DELETE", "/wc/v3/orders/105")


def new_customer(shop: FakeWoo) -> None:
    """A customer without a name."""
    next_ids(shop, user=4)
    call(shop, "POST", "/wc/v3/customers", {"email": "h1795308118@example.test"})


def renamed_customer(shop: FakeWoo) -> None:
    """The customer gets a name."""
    new_customer(shop)
    call(shop, "PUT", "/wc/v3/customers/4", {"first_name": "Q"})


def deleted_customer(shop: FakeWoo) -> None:
    """The customer is deleted."""
    new_customer(shop)
    call(shop, "DELETE", "/wc/v3/customers/4?force=true")


def new_product(shop: FakeWoo) -> None:
    """A product is made over REST."""
    next_ids(shop, post=106)
    body = {"name": "Hooked", "sku": "HK-1", "regular_price": "2", "manage_stock": True, "stock_quantity": 5}
    call(shop, "POST", "/wc/v3/products", body)


def trashed_product(shop: FakeWoo) -> None:
    """And goes to the trash."""
    new_product(shop)
    call(shop, "DELETE", "/wc/v3/products/106")


def new_variation(shop: FakeWoo) -> None:
    """A variation is made over REST."""
    next_ids(shop, post=109)
    choices = [{"id": 1, "option": "Red"}, {"name": "Size", "option": "L"}]
    body = {"sku": "HKV", "regular_price": "4", "attributes": choices}
    call(shop, "POST", "/wc/v3/products/38/variations", body)


def product_stock(shop: FakeWoo) -> None:
    """A stock number is written over REST."""
    call(shop, "PUT", "/wc/v3/products/11", {"stock_quantity": 60})


def variation_stock(shop: FakeWoo) -> None:
    """A variation's stock number is written over REST."""
    call(shop, "PUT", "/wc/v3/products/38/variations/39", {"stock_quantity": 21})


#: Recording -> (what happens, fields of the body whose values are the shop's own).
DELIVERIES: dict[str, tuple[Callable[[FakeWoo], object], tuple[str, ...]]] = {
    "action_order_status_changed": (processing, ()),
    "action_product_set_stock": (product_stock, ()),
    "action_updated_product_stock": (bought, ()),
    "action_variation_set_stock": (variation_stock, ()),
    "customer_created": (new_customer, ()),
    "customer_updated_on_create": (new_customer, ()),
    "customer_updated": (renamed_customer, ()),
    "customer_deleted": (deleted_customer, ()),
    "order_created": (pending_order, ()),
    "order_created_store_checkout": (bought, ("id",)),
    "order_updated": (processing, ("meta_data", "date_paid")),
    "order_updated_partial_refund": (partly_refunded, ()),
    "order_updated_store_checkout_pickup": (bought, ("id",)),
    "order_deleted": (trashed_order, ()),
    "product_created": (new_product, ()),
    "product_created_variation": (new_variation, ("slug", "menu_order", "categories")),
    "product_deleted": (trashed_product, ()),
    "product_updated_api_stock": (product_stock, ("stock_quantity", "categories", "images")),
    "product_updated_by_order": (processing, ("stock_quantity", "meta_data", "global_unique_id", "categories")),
    "product_updated_by_store_checkout": (bought, ("stock_quantity", "total_sales", "categories")),
    "product_updated_variation_stock": (variation_stock, ()),
}


def _delivered(shop: FakeWoo) -> list[Sent]:
    sent: list[Sent] = []

    def receive(url: str, headers: dict[str, str], body: bytes) -> int:
        sent.append((url, headers, body))
        return 200

    shop.deliver_due(receive)
    return sent


def _check_delivery(recording: Recording) -> list[str]:
    cause, loose = DELIVERIES[recording.name.removeprefix("webhook_delivery_")]
    wanted = recording.content["delivery"]
    headers = dict(wanted["headers"])
    number = int(headers["X-WC-Webhook-ID"])
    shop = stocked_shop()
    topic = headers["X-WC-Webhook-Topic"]
    hook(shop, number, topic=topic, delivery_url="https://bridge.test/", secret=recording.content["secret"])
    cause(shop)
    sent = _delivered(shop)
    if not sent:
        return ["nothing was delivered"]
    body = json.loads(wanted["body_raw"])
    # one hook may have heard of several objects: take the recorded one
    subject = body.get("id", body.get("arg"))
    mine = [one for one in sent if json.loads(one[2]).get("id", json.loads(one[2]).get("arg")) == subject]
    if not mine:
        return [f"nothing was delivered about {subject}, only {[one[2][:60] for one in sent]}"]
    return _compare(headers, body, wanted["body_raw"], recording.content["secret"], mine[-1], loose)


def _compare(
    headers: dict[str, str], body: Any, raw: str, secret: str, sent: Sent, loose: tuple[str, ...]
) -> list[str]:
    found: list[str] = []
    names = [name for name in headers if name not in _CONNECTION]
    if list(sent[1]) != names:
        found.append(f"headers {list(sent[1])}, recorded {names}")
    for name in names:
        own = name in ("X-WC-Webhook-Signature", "X-WC-Webhook-Delivery-ID")
        if not own and sent[1].get(name) != headers[name]:
            found.append(f"{name}: {sent[1].get(name)}, recorded {headers[name]}")
    if signature(secret, raw.encode()) != headers["X-WC-Webhook-Signature"]:
        found.append("the recorded signature is not understood")
    if signature(secret, sent[2]) != sent[1]["X-WC-Webhook-Signature"]:
        found.append("the signature does not fit the body")
    if b"/" in sent[2].replace(b"\\/", b""):
        found.append("slashes are not escaped as PHP does")
    values = VOLATILE | {"payment_url", *loose}
    compare(evened(body), evened(json.loads(sent[2])), "", found, frozenset(), values)
    return found


for _name in DELIVERIES:
    checks(f"webhook_delivery_{_name}")(_check_delivery)


@checks("webhook_delivery_ping")
def _ping(recording: Recording) -> list[str]:
    shop = stocked_shop()
    next_ids(shop, webhook=3)
    call(shop, "POST", "/wc/v3/webhooks", {"topic": "order.created", "delivery_url": "https://bridge.test/"})
    ((_, headers, body),) = _delivered(shop)
    wanted = recording.content["delivery"]
    recorded = {name: value for name, value in wanted["headers"] if name not in _CONNECTION}
    found = [] if headers == recorded else [f"headers {headers}, recorded {recorded}"]
    return found if body.decode() == wanted["body_raw"] else [*found, f"body {body!r}"]
