"""Pictures travel both ways, once; choices become Square's item options where the retailer wants that."""

from __future__ import annotations

from typing import Any

from bridge.domain.rules import DEFAULT_OWNERS, FieldRules
from tests.world import World

PIXEL = b"\xff\xd8\xff\xe0 a picture \xff\xd9"


def world_with_pictures(**changes: Any) -> World:
    world = World()
    world.use(images=True, **changes)
    world.woo.fetch = lambda url: PIXEL
    return world


def add_picture(world: World, product: int, name: str) -> None:
    world.woo.state.files[name] = PIXEL
    images = [{"id": one["id"]} for one in shop_pictures(world, product)]
    address = f"{world.woo.state.shop_url}/wp-content/uploads/{name}"
    world.woo.acts["staff_edit_product"](product, {"images": [*images, {"src": address}]})


def shop_pictures(world: World, product: int) -> list[dict[str, Any]]:
    raw = world.bridge.woo.product(str(product))
    assert raw is not None
    return list(raw.raw["images"])


def square_pictures(world: World, product: int) -> list[str]:
    item = world.square.state.catalog.item_of(world.twin(product))
    assert item is not None
    return list(item["item_data"].get("image_ids") or ())


def test_a_new_product_brings_its_pictures_to_square_and_none_is_sent_twice() -> None:
    world = world_with_pictures()
    mug = world.simple("MUG")
    add_picture(world, mug, "mug.jpg")
    assert world.sync(full=True).counts["pictures sent to square"] == 1
    assert len(square_pictures(world, mug)) == 1
    world.sync(full=True)
    assert world.sync(full=True).writes == 0
    assert len(square_pictures(world, mug)) == 1


def test_a_picture_added_later_is_added_behind_the_others() -> None:
    world = world_with_pictures()
    mug = world.simple("MUG")
    add_picture(world, mug, "front.jpg")
    world.quiet()
    first = square_pictures(world, mug)
    add_picture(world, mug, "back.jpg")
    world.quiet()
    assert square_pictures(world, mug)[:1] == first
    assert len(square_pictures(world, mug)) == 2


def test_a_picture_that_cannot_be_read_is_counted_and_hinders_nothing_else() -> None:
    world = world_with_pictures()
    mug = world.simple("MUG", 4)
    add_picture(world, mug, "mug.jpg")
    world.woo.state.files.clear()
    report = world.sync(full=True)
    assert report.counts["skipped: picture could not be read"] == 1
    assert world.on_hand(world.twin(mug)) == 4


def test_an_item_made_at_square_brings_its_pictures_to_the_shop_once() -> None:
    world = world_with_pictures()
    item = world.bridge.square.upsert_item(
        {
            "type": "ITEM",
            "id": "#cup",
            "present_at_all_locations": True,
            "item_data": {
                "name": "Cup",
                "variations": [
                    {
                        "type": "ITEM_VARIATION",
                        "id": "#cup-1",
                        "present_at_all_locations": True,
                        "item_variation_data": {
                            "item_id": "#cup",
                            "name": "Regular",
                            "sku": "CUP",
                            "pricing_type": "FIXED_PRICING",
                            "price_money": {"amount": 900, "currency": "USD"},
                            "track_inventory": True,
                        },
                    }
                ],
            },
        },
        "make-cup",
    )
    world.bridge.square.add_image(item.answer[0]["id"], "cup.jpg", PIXEL, "image/jpeg", "picture-of-cup")
    report = world.sync(full=True)
    assert report.counts["woo products created"] == 1
    assert report.counts["pictures sent to the shop"] == 1
    product = next(one.id for one in world.woo.state.items.values() if one.sku == "CUP")
    assert len(shop_pictures(world, product)) == 1
    world.quiet()
    assert world.sync(full=True).writes == 0
    assert len(shop_pictures(world, product)) == 1


def test_a_variations_own_picture_travels_when_its_owner_is_set() -> None:
    owners = FieldRules({**DEFAULT_OWNERS, "image": "woo"}, {})
    world = world_with_pictures(owners=owners)
    [shirt] = world.seed(shirt_body())
    world.quiet()
    small = world.woo.state.children[shirt][0]
    world.woo.state.files["small.jpg"] = PIXEL
    address = f"{world.woo.state.shop_url}/wp-content/uploads/small.jpg"
    world.woo.acts["staff_edit_product"](small, {"image": {"src": address}})
    report = world.quiet()
    assert report.writes == 0
    row = world.square.state.catalog.live(world.twin(small))
    assert row is not None and len(row["item_variation_data"]["image_ids"]) == 1


def shirt_body() -> dict[str, Any]:
    def variation(size: str) -> dict[str, Any]:
        return {
            "sku": f"SHIRT-{size}",
            "regular_price": "7.00",
            "manage_stock": True,
            "stock_quantity": 3,
            "attributes": [{"name": "Size", "option": size}],
        }

    sizes = ["S", "M"]
    return {
        "name": "Shirt",
        "type": "variable",
        "attributes": [{"name": "Size", "options": sizes, "variation": True}],
        "variations": [variation(size) for size in sizes],
    }


def test_choices_become_names_by_default_and_item_options_where_that_is_wanted() -> None:
    for mode, options in (("names", 0), ("options", 1)):
        world = World()
        world.use(options_mode=mode)
        [shirt] = world.seed(shirt_body())
        world.quiet()
        item = world.square.state.catalog.item_of(world.twin(world.woo.state.children[shirt][0]))
        assert item is not None
        assert len(item["item_data"].get("item_options") or ()) == options
        assert world.sync(full=True).writes == 0


def test_an_option_that_exists_is_used_again() -> None:
    world = World()
    world.use(options_mode="options")
    first, second = world.seed(shirt_body(), {**shirt_body(), "name": "Trousers"} | {"variations": trousers()})
    world.quiet()
    used = set()
    for product in (first, second):
        item = world.square.state.catalog.item_of(world.twin(world.woo.state.children[product][0]))
        assert item is not None
        used.add(item["item_data"]["item_options"][0]["item_option_id"])
    assert len(used) == 1


def trousers() -> list[dict[str, Any]]:
    return [{**row, "sku": row["sku"].replace("SHIRT", "TROUSERS")} for row in shirt_body()["variations"]]
