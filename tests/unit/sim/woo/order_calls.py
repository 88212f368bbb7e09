"""Small shops and orders for the tests of orders."""

from __future__ import annotations

from typing import Any

from bridge.sim.woo.shop import FakeWoo
from tests.unit.sim.woo.calls import call, frozen_shop, get, post, put


def shop_with_mugs(quantity: int = 100, **more: Any) -> tuple[FakeWoo, int]:
    """A shop with one product, 100 mugs at 10.00."""
    shop = frozen_shop()
    body = {"name": "Mug", "sku": "MUG", "regular_price": "10.00", "manage_stock": True, "stock_quantity": quantity}
    [number] = shop.acts["seed"]([{**body, **more}])
    return shop, int(number)


def order_of(shop: FakeWoo, product: int, quantity: int = 2, **more: Any) -> dict[str, Any]:
    """An order over REST."""
    made: dict[str, Any] = post(
        shop, "/wc/v3/orders", {"line_items": [{"product_id": product, "quantity": quantity}], **more}
    )
    return made


def set_status(shop: FakeWoo, order: dict[str, Any], status: str) -> dict[str, Any]:
    """Change an order's status over REST."""
    changed: dict[str, Any] = put(shop, f"/wc/v3/orders/{order['id']}", {"status": status})
    return changed


def stock(shop: FakeWoo, product: int) -> int:
    """The number the shop shows."""
    return int(get(shop, f"/wc/v3/products/{product}")["stock_quantity"])


def held(order: dict[str, Any]) -> str | None:
    """``_reduced_stock`` of the first line."""
    meta = order["line_items"][0]["meta_data"]
    return next((entry["value"] for entry in meta if entry["key"] == "_reduced_stock"), None)


def moves(shop: FakeWoo) -> list[tuple[str, str, int, str]]:
    """What the journal saw: kind, actor, delta, reference."""
    return [(e.kind, e.actor, int(e.delta), e.reference) for e in shop.journal]


def refund(shop: FakeWoo, order: dict[str, Any], **body: Any) -> Any:
    """A refund over REST that moves no money."""
    return call(shop, "POST", f"/wc/v3/orders/{order['id']}/refunds", {"api_refund": False, **body})
