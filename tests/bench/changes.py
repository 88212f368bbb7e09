"""What people do between two incremental passes of a measurement: k till sales, online orders or price changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from tests.bench.world import Services


def till_sales(services: Services, ids: Sequence[int]) -> None:
    """Each product is sold once at the first store's till."""
    store = services.access["stores"][0]
    for woo_id in ids:
        services.act("square", "sell", location_id=store, lines=[{"variation_id": f"V{woo_id:023d}", "quantity": "1"}])


def online_orders(services: Services, ids: Sequence[int]) -> None:
    """Each product is bought in an order of its own."""
    for woo_id in ids:
        services.act("woo", "checkout", lines=[{"id": woo_id, "quantity": 1}])


def price_changes(services: Services, ids: Sequence[int]) -> None:
    """Each product's price goes up by a few cents in the shop."""
    for woo_id in ids:
        price = Decimal(services.access["prices"][str(woo_id)]) + Decimal("0.05")
        services.act("woo", "staff_edit_product", id=woo_id, fields={"regular_price": str(price)})


KINDS: dict[str, Callable[[Services, Sequence[int]], None]] = {
    "till sale": till_sales,
    "online order": online_orders,
    "price change": price_changes,
}
