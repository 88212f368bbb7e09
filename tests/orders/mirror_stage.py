"""A shop that mirrors its orders at the tills: worlds in step, orders bought, and what Square shows of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from bridge.ledger import order_links
from bridge.ledger.order_links import OrderLink
from tests.scenarios.stage import in_step, to_square
from tests.world import TEST_SETTINGS, World

Mode = Literal["stock", "mirror_pickups", "mirror"]


def mirroring(
    *skus: str, stock: int = 10, mode: Mode = "mirror", ledger: str = ":memory:", **settings: Any
) -> tuple[World, list[int]]:
    """A world in step in which new orders are made at the tills."""
    world = World(settings=replace(TEST_SETTINGS, orders_mode=mode, **settings), ledger=ledger)
    ids = [world.simple(sku, stock) for sku in skus]
    names = {"Oslo": 0, "Bergen": 1}
    world.use(places={name.lower(): world.stores[at] for name, at in names.items()})
    world.woo.acts["set_pickup_locations"](
        [{"name": name, "address": {}, "details": "", "enabled": True} for name in names]
    )
    in_step(world)
    return world, ids


def link_of(world: World, order_id: int) -> OrderLink:
    """The link of an order of the shop."""
    with world.db.reading() as conn:
        link = order_links.get(conn, str(order_id))
    assert link is not None, f"order {order_id} has no link"
    return link


def at_the_till(world: World, order_id: int) -> list[dict[str, Any]]:
    """Every Square order made of an order of the shop."""
    rows = world.square.state.orders.values()
    return [row for row in rows if row.get("reference_id") == f"woo-{order_id}"]


def only_order(world: World, order_id: int) -> dict[str, Any]:
    """The one Square order of an order of the shop."""
    found = at_the_till(world, order_id)
    assert len(found) == 1, found
    return found[0]


def adjustments(world: World) -> int:
    """How many stock numbers our own inventory changes moved at Square."""
    return sum(
        1 for event in world.square.journal.since(0) if str(event.detail.get("reference_id", "")).startswith("bridge:")
    )


def refunds(world: World) -> list[dict[str, Any]]:
    """Every refund at Square."""
    return list(world.square.state.refunds.values())


def pay_at_the_till(world: World, till: dict[str, Any]) -> None:
    """Somebody fetches the goods and pays in cash."""
    to_square(
        world.square,
        "v2/payments",
        {
            "idempotency_key": f"till-pays-{till['id']}", "source_id": "CASH", "order_id": till["id"],
            "location_id": till["location_id"], "amount_money": till["net_amount_due_money"],
            "cash_details": {"buyer_supplied_money": till["net_amount_due_money"]},
        },
    )  # fmt: skip
