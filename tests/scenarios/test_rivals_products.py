"""Product stories that rivals get wrong: clashes, doubles, and goods that vanish from other tills."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.crash.life import woo_skus
from tests.scenarios.stage import (
    in_step,
    kid,
    price_at_square,
    receive,
    square_item,
    square_object,
    to_square,
    try_to_sync,
    variable,
)
from tests.scenarios.witness import Witness, answer, open_writes, questions
from tests.world import TEST_SETTINGS, World


def _item_of(world: World, woo_id: int) -> str:
    return str(square_object(world, world.twin(woo_id))["item_variation_data"]["item_id"])


def _name_at_square(world: World, woo_id: int) -> str:
    return str(square_object(world, _item_of(world, woo_id))["item_data"]["name"])


def _edit(world: World, woo_id: int, **fields: Any) -> None:
    world.woo.acts["staff_edit_product"](woo_id, fields)


def test_one_clashing_item_does_not_fail_its_batch() -> None:
    """Three products were renamed; staff edit one of them at Square in the same second. The other two go through."""
    world = World()
    ids = [world.simple(sku) for sku in ("mug", "cup", "pot")]
    in_step(world)
    for woo_id in ids:
        _edit(world, woo_id, name=f"New {woo_id}")
    clash = world.twin(ids[1])
    world.square.between.append(lambda: world.square.acts["edit_price"](clash, 1150))
    world.sync()
    assert _name_at_square(world, ids[0]) == f"New {ids[0]}"
    assert _name_at_square(world, ids[2]) == f"New {ids[2]}"
    world.quiet()
    assert _name_at_square(world, ids[1]) == f"New {ids[1]}"
    assert str(world.woo.state.items[ids[1]].regular_price) == "11.50"
    assert price_at_square(world, clash) == 1150
    assert not open_writes(world)


@pytest.mark.parametrize("fault", ["timeout_applied", "reset_applied", "server_error_applied", "html_200_applied"])
@pytest.mark.parametrize("side", ["woo", "square"])
def test_a_creation_whose_answer_is_lost_makes_no_second_one(side: str, fault: str) -> None:
    """The side did it, nobody heard of it, the next try would make a second one."""
    world = World()
    if side == "square":
        world.simple("mug", 4)
        world.square.faults.add(fault, method="POST", path="/v2/catalog/batch-upsert", times=2)
    else:
        receive(world, square_item(world, "Mug", "mug")["mug"], 4)
        world.woo.faults.add(fault, method="POST", path="/wp-json/wc/v3/products$", times=2)
    try_to_sync(world, full=True)
    world.woo.faults.clear()
    world.square.faults.clear()
    world.quiet()
    witness = Witness(world)
    names = [item.name for item in world.woo.state.items.values()]
    assert len(names) == len(set(names)) == 1
    assert len(list(world.square.state.catalog.live_ids("ITEM"))) == 1
    assert world.woo_stock(woo_skus(world)["mug"]) == 4
    assert not witness.faults()
    assert not questions(world)


@pytest.mark.parametrize("batches", [0, 1])
def test_a_429_in_the_middle_of_creating_makes_no_second_one(batches: int) -> None:
    """Square says "too many requests" though it has made some of the items already."""
    world = World()
    for sku in ("mug", "cup", "pot"):
        world.simple(sku, 4)
    options = {"batches": batches}
    world.square.faults.add("catalog_partly_applied", path="/v2/catalog/batch-upsert", times=2, options=options)
    try_to_sync(world, full=True)
    world.quiet()
    assert len(list(world.square.state.catalog.live_ids("ITEM"))) == 3
    assert not Witness(world).faults()


def test_variations_half_added_are_completed_and_not_doubled() -> None:
    """The shop's answer to adding variations is lost: the missing ones come, the others stay single."""
    world = World()
    for sku in (made := square_item(world, "Apron", "apron-s", "apron-m", "apron-l")):
        if sku:
            receive(world, made[sku], 2)
    world.woo.faults.add("timeout_applied", method="POST", path="/wp-json/wc/v3/products/.*/variations/batch")
    try_to_sync(world, full=True)
    world.quiet()
    kids = [item.sku for item in world.woo.state.items.values() if item.is_variation]
    assert sorted(kids) == ["apron-l", "apron-m", "apron-s"]
    assert not Witness(world).faults()


def _presence(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if "present" in name or "absent" in name}


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_push_does_not_take_an_item_from_any_till(everywhere: bool) -> None:
    """An item is sold at two of three stores. A rival's push left it at one; ours leaves it where it was."""
    world = World()
    mug = world.simple("mug")
    in_step(world)
    row = square_object(world, _item_of(world, mug))
    here, there, third = world.stores
    where: dict[str, Any] = (
        {"present_at_all_locations": True, "absent_at_location_ids": [third]}
        if everywhere
        else {"present_at_all_locations": False, "present_at_location_ids": [here, there]}
    )
    inner = square_object(world, world.twin(mug))
    data = {**inner["item_variation_data"], "location_overrides": [_cheaper(there)]}
    kid_row = {**_bare(inner), **where, "item_variation_data": data}
    moved = {**_bare(row), **where, "item_data": {**row["item_data"], "variations": [kid_row]}}
    to_square(world.square, "v2/catalog/object", {"idempotency_key": "staff", "object": moved})
    before = [_presence(square_object(world, one)) for one in (row["id"], inner["id"])]
    assert before[0]["present_at_all_locations"] is everywhere
    _edit(world, mug, name="Blue mug", regular_price="11.00")
    world.quiet()
    assert _name_at_square(world, mug) == "Blue mug"
    assert [_presence(square_object(world, one)) for one in (row["id"], inner["id"])] == before
    overrides = square_object(world, inner["id"])["item_variation_data"]["location_overrides"]
    assert [(one["location_id"], one["price_money"]["amount"]) for one in overrides if "price_money" in one] == [
        (there, 700)
    ]


def _cheaper(store: str) -> dict[str, Any]:
    return {
        "location_id": store, "pricing_type": "FIXED_PRICING", "price_money": {"amount": 700, "currency": "USD"}
    }  # fmt: skip


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    dropped = ("present_at_all_locations", "present_at_location_ids", "absent_at_location_ids", "updated_at")
    return {name: value for name, value in row.items() if name not in dropped}


def test_a_push_does_not_drop_variations_the_shop_does_not_know() -> None:
    """At Square the mug also comes as a gift set, which the shop (a simple product) cannot show: it stays."""
    world = World()
    mug = world.simple("mug")
    in_step(world)
    extra = kid("mug-gift", 1900, item_id=_item_of(world, mug))
    made = to_square(world.square, "v2/catalog/object", {"idempotency_key": "staff", "object": extra})
    _edit(world, mug, name="Blue mug")
    world.quiet()
    assert _name_at_square(world, mug) == "Blue mug"
    gift = square_object(world, made["catalog_object"]["id"])
    assert gift["item_variation_data"]["price_money"]["amount"] == 1900


def test_a_variation_deleted_on_one_side_is_not_deleted_on_the_other() -> None:
    """Staff delete the large shirt in the shop; at Square it stays, with its stock."""
    world = World()
    shirt = variable(world, "Shirt", {"shirt-s": 5, "shirt-l": 5})
    in_step(world)
    twin = world.twin(shirt["shirt-l"])
    world.woo.acts["staff_delete"](shirt["shirt-l"])
    world.quiet()
    world.quiet()
    assert square_object(world, twin)["item_variation_data"]["sku"] == "shirt-l"
    assert world.on_hand(twin) == 5


def test_a_doubled_sku_at_square_is_reported_and_never_guessed() -> None:
    """Two items at Square hold one SKU. Which one is the shop's mug? Nobody writes anything before that is clear."""
    world = World()
    mug = world.simple("mug", 4)
    for name in ("Mug", "Old mug"):
        receive(world, square_item(world, name, "mug")["mug"], 9)
    journals = len(world.woo.journal), len(world.square.journal)
    report = world.sync(full=True)
    assert any("doubled" in name or "double" in name for name in report.counts), report.counts
    world.quiet()
    assert (len(world.woo.journal), len(world.square.journal)) == journals
    assert world.woo_stock(mug) == 4
    assert len(list(world.square.state.catalog.live_ids("ITEM"))) == 2


def test_a_missing_sku_is_reported_and_nothing_is_made_by_name() -> None:
    """A product without a SKU has the very name of an item: names prove nothing."""
    world = World()
    world.simple("", 4, name="Mug")
    receive(world, square_item(world, "Mug", "mug-sq")["mug-sq"], 9)
    world.use(create_in_woo="off")
    report = world.sync(full=True)
    assert any("SKU" in name for name in report.counts), report.counts
    assert len(list(world.square.state.catalog.live_ids("ITEM"))) == 1
    assert len(world.woo.state.items) == 1


@pytest.mark.parametrize("word", ["hide", "keep"])
def test_an_archived_item_is_asked_about_before_it_is_hidden_in_the_shop(word: str) -> None:
    """Staff archive the mug at Square, by mistake or not: the shop goes on selling until somebody has answered."""
    world = World()
    mug = world.simple("mug")
    in_step(world)
    world.square.acts["archive_item"](_item_of(world, mug))
    world.quiet()
    assert world.woo.state.items[mug].status == "publish"
    assert len(questions(world, "hide")) == 1
    answer(world, "hide", word)
    world.quiet()
    assert (world.woo.state.items[mug].status == "publish") is (word == "keep")
    assert not questions(world, "hide")


def test_an_archived_item_hides_its_product_at_once_where_the_retailer_wants_that() -> None:
    """The configuration says ``follow``: nobody is asked."""
    world = World(settings=replace(TEST_SETTINGS, follow_hide="follow"))
    mug = world.simple("mug")
    in_step(world)
    world.square.acts["archive_item"](_item_of(world, mug))
    world.quiet()
    assert world.woo.state.items[mug].status != "publish"
    assert not questions(world)


def test_a_trashed_product_is_asked_about_and_comes_back_whole() -> None:
    """Staff trash the mug; Square keeps selling it. Then they restore it, and both sides go on as before."""
    world = World()
    mug = world.simple("mug")
    world.simple("cup")
    in_step(world)
    witness = Witness(world)
    world.woo.acts["staff_trash"](mug)
    world.quiet()
    assert square_object(world, _item_of(world, mug))["item_data"].get("is_archived", False) is False
    assert len(questions(world, "gone")) == 1
    world.sell(world.twin(mug), 2)
    world.quiet()
    world.woo.acts["staff_untrash"](mug)
    world.quiet()
    world.quiet()
    assert not questions(world, "gone")
    assert world.woo_stock(mug) == 8
    assert not witness.faults()
