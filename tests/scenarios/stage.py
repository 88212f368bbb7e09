"""Short ways to set a scene: items at Square, variable products, worlds that are already in step."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from bridge.errors import BridgeError
from bridge.remotes.port import Call
from bridge.sim.kernel.direct import InProcessSquare
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.auth import Token
from tests.world import World


def to_square(square: FakeSquare, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Another program's call to Square, past any fault and any watcher."""
    rules, square.faults.rules = square.faults.rules, []
    try:
        square.state.tokens.setdefault("dashboard", Token("dashboard", name="dashboard"))
        reply = InProcessSquare(square, "dashboard").send(Call("POST", path, body=body))
    finally:
        square.faults.rules = rules
    answer: dict[str, Any] = orjson.loads(reply.body)
    assert reply.status == 200, answer
    return answer


def kid(sku: str, price: int = 1000, **data: Any) -> dict[str, Any]:
    """A tracked variation as Dashboard would make it."""
    inner = {
        "name": sku or "Regular",
        "pricing_type": "FIXED_PRICING",
        "price_money": {"amount": price, "currency": "USD"},
        "track_inventory": True,
        **({"sku": sku} if sku else {}),
        **data,
    }
    return {"type": "ITEM_VARIATION", "id": f"#{sku or 'none'}", "present_at_all_locations": True,
            "item_variation_data": inner}  # fmt: skip


def square_item(world: World, name: str, *skus: str, price: int = 1000, **data: Any) -> dict[str, str]:
    """Staff add an item at Square; variation ids by SKU, and the item's own id under ""."""
    item = {
        "type": "ITEM", "id": "#item", "present_at_all_locations": True,
        "item_data": {"name": name, "variations": [kid(sku, price) for sku in skus], **data},
    }  # fmt: skip
    key = world.square.ids.token(20)
    made = to_square(world.square, "v2/catalog/object", {"idempotency_key": key, "object": item})["catalog_object"]
    rows = made["item_data"]["variations"]
    return {"": made["id"]} | {row["item_variation_data"].get("sku", ""): row["id"] for row in rows}


def square_object(world: World, object_id: str) -> dict[str, Any]:
    """A catalog object as it stands now."""
    found = world.square.state.catalog.live(object_id)
    assert found is not None, f"{object_id} is gone from Square"
    return dict(found)


def price_at_square(world: World, variation_id: str) -> int:
    """Minor units."""
    return int(square_object(world, variation_id)["item_variation_data"]["price_money"]["amount"])


def receive(world: World, variation_id: str, quantity: int | str, store: int = 0) -> None:
    """Goods arrive at a store."""
    world.square.acts["receive"](world.stores[store], variation_id, quantity)


def variable(world: World, name: str, sizes: dict[str, int], **more: Any) -> dict[str, int]:
    """A variable product in the shop with one variation per SKU and its stock; ids by SKU, the parent's under ""."""
    titles = {sku: sku.rsplit("-", 1)[-1] for sku in sizes}
    attribute = {"name": "Size", "visible": True, "variation": True, "options": list(titles.values())}
    body: dict[str, Any] = {
        "name": name, "type": "variable", "attributes": [attribute],
        "variations": [
            {
                "sku": sku, "regular_price": "25.00", "manage_stock": True, "stock_quantity": stock,
                "attributes": [{"name": "Size", "option": titles[sku]}],
            }
            for sku, stock in sizes.items()
        ],
        **more,
    }  # fmt: skip
    parent = world.seed(body)[0]
    kids = {world.woo.state.items[n].sku: n for n in world.woo.state.children[parent]}
    return {"": parent, **kids}


def in_step(world: World) -> World:
    """Let the bridge bring both sides into step, as if it had been running for long."""
    world.sync(full=True)
    world.quiet()
    return world


def inside_our_write(world: World, act: Callable[[], object]) -> None:
    """Something happens in the shop between the reading and the saving of our next stock change there."""

    def then() -> None:
        act()

    world.woo.between.append(then)


def try_to_sync(world: World, *, full: bool = False) -> bool:
    """A pass that may find a side down; whether it came to its end."""
    try:
        world.sync(full=full)
    except BridgeError:
        return False
    return True


def both(world: World, woo_id: int) -> tuple[int, int]:
    """(the shop's number, the stores' sum) of a variation of the shop."""
    number, total = world.woo_stock(woo_id), sum_at_square(world, woo_id)
    assert number is not None
    assert total == int(total), total
    return number, int(total)


def sum_at_square(world: World, woo_id: int) -> Decimal:
    """On hand of all stores of a shop variation's twin."""
    return world.on_hand(world.twin(woo_id))
