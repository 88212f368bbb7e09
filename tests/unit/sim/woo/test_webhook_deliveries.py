"""What hooks hear of, when they hear of it, and when the shop gives them up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.sim.woo.shop import FakeWoo
from tests.unit.sim.woo.calls import call, get, post, put
from tests.unit.sim.woo.order_calls import order_of, refund, set_status, shop_with_mugs

ALL = (
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
    "product.created",
    "product.updated",
    "product.deleted",
    "action.woocommerce_updated_product_stock",
)


class Receiver:
    """Answers deliveries and remembers them as (topic, id)."""

    def __init__(self, shop: FakeWoo, topics: tuple[str, ...] = ALL, url: str = "https://bridge.example/hook") -> None:
        self.shop, self.status = shop, 200
        self.heard: list[tuple[str, Any]] = []
        self.hooks = {
            topic: post(shop, "/wc/v3/webhooks", {"topic": topic, "delivery_url": url, "secret": "s"})["id"]
            for topic in topics
        }
        self.run()
        self.heard.clear()

    def run(self) -> list[tuple[str, Any]]:
        """Deliver what is due; what came in since the last time."""
        self.heard = []
        self.shop.deliver_due(self._receive)
        return self.heard

    def _receive(self, url: str, headers: dict[str, str], body: bytes) -> int:
        if "X-WC-Webhook-Topic" in headers:
            shown = json.loads(body)
            self.heard.append((headers["X-WC-Webhook-Topic"], shown.get("id", shown.get("arg"))))
        return self.status


def test_a_new_order_rings_created_and_updated_and_each_product_it_took_from() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop)
    order = order_of(shop, mug, 2, status="processing")["id"]
    assert sorted(hooks.run()) == [
        ("action.woocommerce_updated_product_stock", mug),
        ("order.created", order),
        ("order.updated", order),
        ("product.updated", mug),
    ]


def test_a_rest_stock_write_echoes_as_product_updated_but_not_as_the_stock_action() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop)
    put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": 5})
    assert hooks.run() == [("product.updated", mug)]


def test_three_quick_writes_are_one_delivery_of_the_last_state() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop, ("product.updated",))
    for quantity in (1, 2, 3):
        put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": quantity})
    assert hooks.run() == [("product.updated", mug)]
    assert hooks.run() == []


def test_a_refund_has_no_topic_of_its_own_and_a_note_none_at_all() -> None:
    shop, mug = shop_with_mugs()
    order = order_of(shop, mug, 2, status="processing")
    hooks = Receiver(shop)
    post(shop, f"/wc/v3/orders/{order['id']}/notes", {"note": "x"})
    assert hooks.run() == []
    refund(shop, order, amount="1")
    assert hooks.run() == [("order.updated", order["id"])]


def test_only_the_trash_is_reported_neither_final_deletion_nor_return() -> None:
    shop, mug = shop_with_mugs()
    one, other = order_of(shop, mug), order_of(shop, mug)
    hooks = Receiver(shop)
    call(shop, "DELETE", f"/wc/v3/orders/{one['id']}")
    assert hooks.run() == [("order.deleted", one["id"])]
    set_status(shop, one, "processing")
    assert [topic for topic, _ in hooks.run() if topic.startswith("order.")] == []
    call(shop, "DELETE", f"/wc/v3/orders/{one['id']}?force=true")
    call(shop, "POST", "/wc/v3/orders/batch", {"delete": [other["id"]]})
    assert hooks.run() == []


def test_a_shopper_at_the_checkout_rings_updated_before_there_is_a_created() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop, ("order.created", "order.updated"))
    draft = shop.acts["open_checkout"](lines=[{"id": mug, "quantity": 1}])
    assert hooks.run() == [("order.updated", draft)]


def test_the_seventh_failure_in_a_row_disables_a_hook_and_reactivating_keeps_the_count() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop, ("product.updated",))
    path = f"/wc/v3/webhooks/{hooks.hooks['product.updated']}"
    hooks.status = 404
    for failure in range(1, 8):
        put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": failure})
        assert len(hooks.run()) == 1
        assert get(shop, path)["status"] == ("active" if failure < 7 else "disabled")
    put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": 50})
    assert hooks.run() == []
    put(shop, path, {"status": "active"})
    put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": 51})
    hooks.run()
    assert get(shop, path)["status"] == "disabled"


def test_a_success_clears_the_count_and_a_redirect_counts_as_one() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop, ("product.updated",))
    for number in range(30):
        hooks.status = 302 if number % 6 == 5 else 500
        put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": number})
        hooks.run()
    assert get(shop, f"/wc/v3/webhooks/{hooks.hooks['product.updated']}")["status"] == "active"


def test_nothing_failed_is_ever_sent_again() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop, ("product.updated",))
    hooks.status = 500
    put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": 1})
    hooks.run()
    shop.clock.advance(86_400)
    assert hooks.run() == []


@pytest.mark.parametrize("url", ["http://127.0.0.1/hook", "http://10.0.0.1/hook", "https://bridge.example:8443/hook"])
def test_a_real_shop_refuses_private_hosts_and_odd_ports_and_counts_it(url: str) -> None:
    shop, mug = shop_with_mugs()
    shop.webhooks_allow_loopback = False
    hooks = Receiver(shop, ("product.updated",), url)
    for number in range(7):
        put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": number})
        assert hooks.run() == []
    assert get(shop, f"/wc/v3/webhooks/{hooks.hooks['product.updated']}")["status"] == "disabled"


def test_without_traffic_nothing_is_delivered_and_the_queue_runs_once_a_minute() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop, ("product.updated",))
    shop.webhooks_need_traffic = True
    get(shop, "/wc/v3/orders")
    shop.acts["staff_set_stock"](id=mug, quantity=5)
    shop.clock.advance(30)
    get(shop, "/wc/v3/orders")
    assert hooks.run() == []
    shop.clock.advance(31)
    assert hooks.run() == []
    get(shop, "/wc/v3/orders")
    assert hooks.run() == [("product.updated", mug)]


def test_latency_delays_a_delivery() -> None:
    shop, mug = shop_with_mugs()
    hooks = Receiver(shop, ("product.updated",))
    shop.webhook_latency = 37.0
    put(shop, f"/wc/v3/products/{mug}", {"stock_quantity": 5})
    shop.clock.advance(36)
    assert hooks.run() == []
    shop.clock.advance(1)
    assert hooks.run() == [("product.updated", mug)]


def test_a_secret_is_never_shown() -> None:
    shop, _ = shop_with_mugs()
    hooks = Receiver(shop, ("order.created",))
    shown = call(shop, "GET", f"/wc/v3/webhooks/{hooks.hooks['order.created']}")
    assert b"secret" not in shown.body
