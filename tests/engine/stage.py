"""What the tests of this folder share: who wrote to a side, a traded world, the ledger's rows."""

from __future__ import annotations

from typing import Any

from bridge.ledger import links
from tests.world import World

_READINGS = (
    "/inventory/counts/batch-retrieve",
    "/inventory/changes/batch-retrieve",
    "/catalog/search",
    "/catalog/search-catalog-items",
    "/catalog/batch-retrieve",
)


def writes_seen(world: World) -> int:
    """How many requests came in so far that were no readings."""
    log = [*world.woo.log, *world.square.log]
    return sum(1 for call in log if call["method"] != "GET" and not call["path"].endswith(_READINGS))


def two_products(**more: Any) -> tuple[World, int, int]:
    """A world with a cap (10) and a mug (5), in step on both sides."""
    world = World(**more)
    cap, mug = world.simple("CAP", 10), world.simple("MUG", 5)
    world.quiet()
    return world, cap, mug


def item_of(world: World, woo_id: int) -> str:
    """The Square item linked to a shop product."""
    with world.db.reading() as conn:
        return str(links.products_by(conn, "woo", [str(woo_id)])[str(woo_id)].square_id)


def edit(world: World, woo_id: int, **fields: Any) -> None:
    """The shopkeeper changes a product in the shop."""
    world.woo.acts["staff_edit_product"](woo_id, fields)


def rows(world: World, sql: str) -> list[Any]:
    """Rows of the ledger."""
    with world.db.reading() as conn:
        return list(conn.exec_driver_sql(sql))
