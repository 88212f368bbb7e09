"""The stories whose every moment of death is tried."""

from __future__ import annotations

from dataclasses import replace

from bridge.ledger.database import MEMORY
from tests.crash.life import Scenario, square_skus, woo_skus
from tests.scenarios.stage import (
    in_step,
    kid,
    price_at_square,
    receive,
    square_item,
    square_object,
    to_square,
    variable,
)
from tests.world import TEST_SETTINGS, World


def _woo(world: World, sku: str) -> int:
    return woo_skus(world)[sku.lower()]


def _square(world: World, sku: str) -> str:
    return square_skus(world)[sku.lower()]


def _edit(world: World, sku: str, **fields: object) -> None:
    world.woo.acts["staff_edit_product"](_woo(world, sku), fields)


# -- worlds ---------------------------------------------------------------------------


def _shop_only(ledger: str = MEMORY) -> World:
    world = World(ledger=ledger)
    world.simple("mug", 7, categories=["Kitchen > Cups"])
    variable(world, "Shirt", {"shirt-s": 4, "shirt-m": 0})
    return world


def _square_only(ledger: str = MEMORY) -> World:
    world = World(ledger=ledger)
    receive(world, square_item(world, "Teapot", "pot")["pot"], 5)
    made = square_item(world, "Apron", "apron-s", "apron-l")
    receive(world, made["apron-s"], 3)
    receive(world, made["apron-l"], 2, store=1)
    return world


def _in_step(ledger: str, *skus: str, stock: int = 10) -> World:
    world = World(ledger=ledger)
    for sku in skus:
        world.simple(sku, stock)
    return in_step(world)


def _linked(ledger: str = MEMORY) -> World:
    return _in_step(ledger, "mug")


def _two(ledger: str = MEMORY) -> World:
    return _in_step(ledger, "mug", "cup")


def _with_order(ledger: str = MEMORY) -> World:
    world = _linked(ledger)
    world.buy(_woo(world, "mug"), 2)
    return in_step(world)


def _linked_shirt(ledger: str = MEMORY) -> World:
    world = World(ledger=ledger)
    variable(world, "Shirt", {"shirt-s": 4, "shirt-m": 3})
    return in_step(world)


def _both_apart(ledger: str = MEMORY) -> World:
    world = World(ledger=ledger, settings=replace(TEST_SETTINGS, opening="square"))
    for sku, at_square in (("mug", 4), ("cup", 9)):
        world.simple(sku, 6)
        receive(world, square_item(world, f"Product {sku}", sku)[sku], at_square)
    return world


def _untracked(ledger: str = MEMORY) -> World:
    world = World(ledger=ledger, settings=replace(TEST_SETTINGS, opening="square"))
    world.simple("mug", None)
    receive(world, square_item(world, "Product mug", "mug")["mug"], 6)
    return world


def _with_picture(ledger: str = MEMORY) -> World:
    world = World(ledger=ledger, settings=replace(TEST_SETTINGS, images=True))
    world.woo.fetch = lambda url: b"\xff\xd8\xff\xe0" + url.encode()
    world.simple("mug", 3, images=[{"src": "http://pictures.test/mug.jpg"}, {"src": "http://pictures.test/side.jpg"}])
    return world


def _with_picture_in_step(ledger: str = MEMORY) -> World:
    return in_step(_with_picture(ledger))


# -- acts -----------------------------------------------------------------------------


def _prices(world: World) -> None:
    _edit(world, "mug", regular_price="12.50")
    world.square.acts["edit_price"](_square(world, "cup"), 890)


def _check_prices(world: World) -> None:
    assert price_at_square(world, _square(world, "mug")) == 1250
    assert str(world.woo.state.items[_woo(world, "cup")].regular_price) == "8.90"


def _rename(world: World) -> None:
    _edit(world, "mug", name="Blue mug", categories=[{"id": _term(world, "Kitchen", "Cups")}])


def _term(world: World, *path: str) -> int:
    from bridge.sim.woo.terms import category_path

    return category_path(world.woo, list(path)).id


def _check_rename(world: World) -> None:
    item = square_object(world, square_object(world, _square(world, "mug"))["item_variation_data"]["item_id"])
    assert item["item_data"]["name"] == "Blue mug"
    names = {
        square_object(world, row["id"])["category_data"]["name"] for row in item["item_data"].get("categories", [])
    }
    assert names == {"Cups"}, names


def _rename_at_square(world: World) -> None:
    item_id = square_object(world, _square(world, "mug"))["item_variation_data"]["item_id"]
    world.square.acts["edit_item"](item_id, {"name": "Red mug"})


def _check_rename_at_square(world: World) -> None:
    assert world.woo.state.items[_woo(world, "mug")].name == "Red mug"


def _order(world: World) -> None:
    lines = [{"id": _woo(world, "mug"), "quantity": 2}, {"id": _woo(world, "cup"), "quantity": 1}]
    world.woo.acts["checkout"](lines)


def _last_order(world: World) -> int:
    return max(world.woo.state.orders)


def _cancel(world: World) -> None:
    world.woo.acts["cancel_order"](_last_order(world))


def _refund(world: World) -> None:
    order_id = _last_order(world)
    line = world.woo.state.orders[order_id].lines[0]
    world.woo.acts["staff_refund"](order_id, [{"id": line.id, "quantity": 1}])


def _edit_order(world: World) -> None:
    order_id = _last_order(world)
    world.woo.acts["staff_edit_order_line"](order_id, world.woo.state.orders[order_id].lines[0].id, 5)


def _till(world: World) -> None:
    world.sell(_square(world, "mug"), 3)


def _transfer_and_count(world: World) -> None:
    mug, (there, here, _) = _square(world, "mug"), world.stores
    world.square.acts["transfer"](mug, here, there, 4)
    world.clock.advance(1)
    world.square.acts["count"](here, mug, 5)


def _check_transfer(world: World) -> None:
    mug = _square(world, "mug")
    on_hand = [int(world.on_hand(mug, store)) for store in world.stores]
    assert on_hand == [4, 5, 0], on_hand


def _staff_edit(world: World) -> None:
    world.woo.acts["staff_set_stock"](_woo(world, "mug"), 14)


def _busy_day(world: World) -> None:
    _till(world)
    _order(world)
    _edit(world, "cup", regular_price="11.00")


def _add_in_shop(world: World) -> None:
    from bridge.sim.woo.seed import place

    parent = next(item for item in world.woo.state.items.values() if item.type == "variable")
    attribute = {"name": "Size", "visible": True, "variation": True, "options": ["s", "m", "l"]}
    world.woo.acts["staff_edit_product"](parent.id, {"attributes": [attribute]})
    body = {
        "sku": "shirt-l", "regular_price": "25.00", "manage_stock": True, "stock_quantity": 6,
        "attributes": [{"name": "Size", "option": "l"}],
    }  # fmt: skip
    place(world.woo, body, parent.id)
    world.woo.touch(parent)


def _add_at_square(world: World) -> None:
    item_id = square_object(world, _square(world, "shirt-s"))["item_variation_data"]["item_id"]
    row = kid("shirt-xl", 2500, item_id=item_id, name="xl")
    made = to_square(world.square, "v2/catalog/object", {"idempotency_key": "staff-1", "object": row})
    receive(world, made["catalog_object"]["id"], 2)


def _check_pictures(world: World) -> None:
    catalog = world.square.state.catalog
    item = square_object(world, square_object(world, _square(world, "mug"))["item_variation_data"]["item_id"])
    assert len(list(catalog.live_ids("IMAGE"))) == 2
    assert len(item["item_data"].get("image_ids", ())) == 2


def _another_picture(world: World) -> None:
    item = world.woo.state.items[_woo(world, "mug")]
    rows: list[dict[str, object]] = [{"id": number} for number in item.images]
    _edit(world, "mug", images=[*rows, {"src": "http://pictures.test/new.jpg"}])


def _check_new_picture(world: World) -> None:
    assert len(list(world.square.state.catalog.live_ids("IMAGE"))) == 3


def _check_tracked(world: World) -> None:
    assert world.woo_stock(_woo(world, "mug")) == 6


# -- while the bridge is down -----------------------------------------------------------


def buy_and_sell(world: World) -> None:
    """A shopper buys online and a till sells, if the till knows the mug already."""
    world.clock.advance(5)
    world.buy(_woo(world, "mug"))
    if "mug" in square_skus(world):
        world.sell(_square(world, "mug"))
    world.clock.advance(5)


def reprice(world: World) -> None:
    """Staff change a price at Square as soon as the mug is there."""
    if "mug" in square_skus(world):
        world.square.acts["edit_price"](_square(world, "mug"), 1111)


def _check_same_price(world: World) -> None:
    shop = world.woo.state.items[_woo(world, "mug")].regular_price
    assert f"{price_at_square(world, _square(world, 'mug')) / 100:.2f}" == shop, shop


STORIES = (
    Scenario("first sync woo to square", _shop_only, full=True, opens=True),
    Scenario("first sync woo to square, prices compared", _shop_only, full=True, check=_check_same_price),
    Scenario("creation square to woo", _square_only, full=True),
    Scenario("prices both ways", _two, (_prices,), check=_check_prices),
    Scenario("rename and category in the shop", _linked, (_rename,), check=_check_rename),
    Scenario("rename at square", _linked, (_rename_at_square,), check=_check_rename_at_square),
    Scenario("online order of two products", _two, (_order,)),
    Scenario("order cancelled", _with_order, (_cancel,)),
    Scenario("order and its cancelling", _two, (_order, _cancel)),
    Scenario("refund with restock", _with_order, (_refund,)),
    Scenario("order edited by staff", _with_order, (_edit_order,)),
    Scenario("till sale", _linked, (_till,)),
    Scenario("transfer and count", _linked, (_transfer_and_count,), check=_check_transfer),
    Scenario("staff edit in the shop", _linked, (_staff_edit,)),
    Scenario("opening with square's truth", _both_apart, full=True, truth={"mug": 4, "cup": 9}),
    Scenario("start tracking", _untracked, full=True, truth={"mug": 6}, check=_check_tracked),
    Scenario("pictures go to square", _with_picture, full=True, check=_check_pictures),
    Scenario("picture added later", _with_picture_in_step, (_another_picture,), check=_check_new_picture),
    Scenario("variation added in the shop", _linked_shirt, (_add_in_shop,), full=True, truth={"shirt-l": 6}),
    Scenario("variation added at square", _linked_shirt, (_add_at_square,), full=True),
    Scenario("a busy day", _two, (_busy_day,)),
)
BY_NAME = {story.name: story for story in STORIES}
