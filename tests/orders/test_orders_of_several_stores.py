"""Orders whose goods lie in several stores, or not where they are to be fetched: told, never guessed, never lost."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.cli.picklist import text_of
from bridge.domain.stock import Buffers
from bridge.engine.explain_order import explain_order, latest_orders, retry_order
from bridge.engine.picklist import picklist
from bridge.engine.settings import StoreSetting
from tests.orders.mirror_stage import Mode, at_the_till, link_of, mirroring, only_order
from tests.scenarios.stage import both, receive
from tests.scenarios.witness import Witness, questions
from tests.world import World


def apart(*, mode: Mode = "mirror", **settings: Any) -> tuple[World, int, int]:
    """Ten mugs lie in Oslo, five cups in Bergen; nothing of either lies elsewhere."""
    world, (mug, cup) = mirroring("mug", "cup", mode=mode, **settings)
    for woo_id, counts in ((mug, (10, 0, 0)), (cup, (0, 5, 0))):
        for store, quantity in zip(world.stores, counts, strict=True):
            world.square.acts["count"](store, world.twin(woo_id), quantity)
    world.quiet()
    assert (both(world, mug), both(world, cup)) == ((10, 10), (5, 5))
    return world, mug, cup


def buy_both(world: World, mug: int, cup: int, **more: Any) -> int:
    lines = [{"id": mug, "quantity": 2}, {"id": cup, "quantity": 1}]
    return int(world.woo.acts["checkout"](lines, payment="stripe", paid=True, **more)["order_id"])


def at_stores(world: World, woo_id: int) -> list[int]:
    return [int(world.on_hand(world.twin(woo_id), store)) for store in world.stores]


def test_an_order_split_over_stores_leaves_each_stores_stock_and_a_person_is_told_that_no_till_shows_it() -> None:
    world, mug, cup = apart(may_split=True)
    witness = Witness(world)
    order = buy_both(world, mug, cup)
    report = world.sync()
    world.quiet()
    assert not at_the_till(world, order)
    assert (at_stores(world, mug), at_stores(world, cup)) == ([8, 0, 0], [0, 4, 0])
    assert (both(world, mug), both(world, cup)) == ((8, 8), (4, 4))
    (asked,) = questions(world, "mirror")
    assert asked.subject == str(order)
    assert "Oslo and Bergen" in asked.question
    assert report.counts["skipped: order of several stores: not made at a till, carried by adjustments"] == 1
    assert not witness.faults()


def test_a_split_order_says_in_every_list_that_it_is_at_no_till_and_why() -> None:
    world, mug, cup = apart(may_split=True)
    order = buy_both(world, mug, cup)
    world.sync()
    story = "\n".join(explain_order(world.bridge, f"#{order}").lines_for_people())
    assert "It is not at the till; its goods were taken from stock by adjustments" in story
    assert "come from several stores" in story
    assert f"sold online, order {order}: -2 from Oslo" in story
    assert f"sold online, order {order}: -1 from Bergen" in story
    assert "mug: 2 from Oslo" in story
    assert "cup: 1 from Bergen" in story
    (row,) = [one for one in latest_orders(world.bridge) if one["order"] == str(order)]
    assert (row["till"], row["stores"]) == ("stock", ["Bergen", "Oslo"])
    assert "several stores" in row["reason"]
    lists = "\n".join(text_of(picklist(world.bridge)))
    assert lists.index("Bergen") < lists.index("1 × Product cup") < lists.index("Oslo") < lists.index("2 × Product mug")


def test_one_line_of_several_stores_says_how_many_each_gave_and_got_back() -> None:
    world, mug, _ = apart(may_split=True)
    receive(world, world.twin(mug), 3, 1)
    world.quiet()
    order = world.buy(mug, 12, payment="stripe", paid=True)
    world.sync()
    world.clock.advance(30)
    world.woo.acts["staff_order_status"](order, "cancelled")
    world.sync()
    story = "\n".join(explain_order(world.bridge, f"#{order}").lines_for_people())
    assert "-12 from Oslo 9, Bergen 3" in story
    assert "+12 to Oslo 9, Bergen 3" in story


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_split_order_that_is_done_needs_nobody_to_be_told_any_more(status: str) -> None:
    world, mug, cup = apart(may_split=True)
    witness = Witness(world)
    order = buy_both(world, mug, cup)
    world.sync()
    world.clock.advance(30)
    world.woo.acts["staff_order_status"](order, status)
    world.sync()
    world.quiet()
    assert not questions(world, "mirror")
    given_back = status == "cancelled"
    assert at_stores(world, mug) == [10 if given_back else 8, 0, 0]
    assert at_stores(world, cup) == [0, 5 if given_back else 4, 0]
    assert not witness.faults()


def test_a_split_order_can_be_made_at_one_till_all_the_same_without_its_goods_moving_again() -> None:
    world, mug, cup = apart(may_split=True)
    witness = Witness(world)
    order = buy_both(world, mug, cup)
    world.sync()
    told = retry_order(world.bridge, str(order))
    assert "Oslo" in told
    assert "fee" in told
    world.sync()
    world.quiet()
    till = only_order(world, order)
    assert till["location_id"] == world.stores[0], "the store that gives most"
    assert till["total_money"]["amount"] == 3000
    assert (at_stores(world, mug), at_stores(world, cup)) == ([8, 0, 0], [0, 4, 0])
    assert not questions(world, "mirror")
    assert not witness.faults()


def test_an_order_that_becomes_one_of_several_stores_before_it_reached_the_till_is_told_of_too() -> None:
    world, mug, _ = apart(may_split=True)
    witness = Witness(world)
    order = int(world.woo.acts["checkout"]([{"id": mug, "quantity": 1}], payment="bacs")["order_id"])
    world.sync()
    assert link_of(world, order).state == "wanted", "it waits for its money"
    receive(world, world.twin(mug), 20, 1)
    world.quiet()
    world.woo.acts["staff_edit_order_line"](order, world.woo.state.orders[order].lines[0].id, 29)
    world.sync()
    assert link_of(world, order).state == "wanted"
    world.woo.acts["pay_order"](order)
    world.sync()
    world.quiet()
    assert link_of(world, order).state == "stock"
    assert not at_the_till(world, order)
    (asked,) = questions(world, "mirror")
    assert "Bergen and Oslo" in asked.question, "the one that gives most comes first"
    assert both(world, mug) == (1, 1)
    assert not witness.faults()


@pytest.mark.parametrize("mode", ["stock", "mirror"])
def test_an_order_that_must_not_be_split_stays_with_one_store_which_is_told_what_to_fetch_from_where(
    mode: Mode,
) -> None:
    world, mug, cup = apart(mode=mode, may_split=False)
    order = buy_both(world, mug, cup)
    world.sync()
    world.quiet()
    (asked,) = questions(world, "shortage")
    assert asked.subject == str(order)
    assert "Oslo" in asked.question
    assert "1 of cup (bring 1 from Bergen)" in asked.question
    assert (at_stores(world, mug), at_stores(world, cup)) == ([8, 0, 0], [-1, 5, 0])
    if mode == "mirror":
        assert only_order(world, order)["location_id"] == world.stores[0]
    assert (both(world, mug), both(world, cup)) == ((8, 8), (4, 4))


@pytest.mark.parametrize("mode", ["stock", "mirror_pickups"])
def test_a_pickup_at_a_store_that_lacks_a_part_stays_there_and_a_person_is_told_where_the_part_lies(mode: Mode) -> None:
    world, mug, cup = apart(mode=mode)
    order = buy_both(world, mug, cup, pickup="Bergen")
    world.sync()
    world.quiet()
    (asked,) = questions(world, "shortage")
    assert "Bergen" in asked.question
    assert "2 of mug (bring 2 from Oslo)" in asked.question
    assert not questions(world, "mirror"), "one store has the order, so its till can show it"
    if mode == "mirror_pickups":
        assert only_order(world, order)["location_id"] == world.stores[1]
    (row,) = [one for one in latest_orders(world.bridge) if one["order"] == str(order)]
    assert row["stores"] == ["Bergen"]
    # staff carry two mugs over, and say so at Square: nobody is short any more, nothing was sold twice
    world.square.acts["transfer"](world.twin(mug), world.stores[0], world.stores[1], 2)
    world.quiet()
    assert not questions(world, "shortage"), "what was asked is over"
    assert (at_stores(world, mug), at_stores(world, cup)) == ([8, 0, 0], [0, 4, 0])
    assert (both(world, mug), both(world, cup)) == ((8, 8), (4, 4))


def test_a_line_added_later_is_given_by_the_store_that_gives_the_rest() -> None:
    world, mug, _ = apart(may_split=False)
    receive(world, world.twin(mug), 30, 1)  # Bergen would now be the first choice for mugs
    world.quiet()
    order = int(world.woo.acts["checkout"]([{"id": mug, "quantity": 1}], pickup="Oslo", payment="cod")["order_id"])
    world.sync()
    world.clock.advance(30)
    world.woo.acts["staff_edit_order_line"](order, world.woo.state.orders[order].lines[0].id, 3)
    world.sync()
    (row,) = [one for one in latest_orders(world.bridge) if one["order"] == str(order)]
    assert row["stores"] == ["Oslo"]


def test_what_a_store_keeps_for_itself_is_sent_away_last_but_handed_out_to_who_comes_for_it() -> None:
    world, (mug,) = mirroring("mug", mode="stock", allocate=("priority", "most"), may_split=False)
    oslo = world.stores[0]
    world.use(stores=tuple(StoreSetting(store, priority=at) for at, store in enumerate(world.stores)))
    world.use(buffers=Buffers(0, {oslo: 2}, {}, {}))
    for store, quantity in zip(world.stores, (2, 3, 0), strict=True):
        world.square.acts["count"](store, world.twin(mug), quantity)
    world.quiet()
    assert world.woo_stock(mug) == 3
    world.buy(mug, 1, payment="stripe", paid=True)
    world.sync()
    assert at_stores(world, mug) == [2, 2, 0], "Oslo comes first, but it keeps its two"
    world.buy(mug, 1, pickup="Oslo", payment="stripe", paid=True)
    world.sync()
    assert at_stores(world, mug) == [1, 2, 0], "whoever comes to Oslo gets them"
    world.sell(world.twin(mug), 2, store=1)
    world.buy(mug, 1, payment="stripe", paid=True)  # the shop has not heard of the till's sale yet
    world.sync()
    assert at_stores(world, mug) == [0, 0, 0], "and rather them than goods nobody has"
    assert not questions(world, "shortage")
