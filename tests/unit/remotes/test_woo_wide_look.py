"""Variations of many parents are read in one call where the shop offers it, and parent by parent where it does not."""

from __future__ import annotations

import pytest

from tests.world import World


@pytest.fixture
def world() -> World:
    made = World()
    made.woo.acts["seed_catalog"](products=5, variations_each=3, stock=7)
    return made


def some_of_each(world: World) -> list[tuple[str, str]]:
    state = world.woo.state
    return [(str(kids[0]), str(parent)) for parent, kids in state.children.items() if kids]


def test_variations_of_many_parents_are_one_call(world: World) -> None:
    wanted = some_of_each(world)
    before = world.woo.calls["total"]
    found = world.bridge.woo.stock_of(wanted)
    assert world.woo.calls["total"] - before == 1
    assert [(one.variation_id, one.parent_id) for one in found] == wanted
    assert {int(one.quantity or 0) for one in found} == {7}
    assert {one.key for one in found} == {""}


def test_two_parents_are_not_worth_the_slow_list(world: World) -> None:
    wanted = some_of_each(world)[:2]
    world.bridge.woo.stock_of(wanted)
    assert not any("analytics" in path for path in world.woo.calls)


def test_simple_products_among_them_are_asked_for_beside(world: World) -> None:
    simple = world.simple("ALONE", stock=3)
    wanted = [*some_of_each(world), (str(simple), "")]
    found = world.bridge.woo.stock_of(wanted)
    assert [one.variation_id for one in found] == [one for one, _ in wanted]
    assert int(found[-1].quantity or 0) == 3


def test_a_shop_without_the_list_is_asked_parent_by_parent(world: World) -> None:
    wanted = some_of_each(world)
    no_route = {"code": "rest_no_route", "message": "No route was found.", "data": {"status": 404}}
    world.woo.faults.add(
        "server_error", path="/wp-json/wc-analytics/", times=None, options={"status": 404, "body": no_route}
    )
    found = world.bridge.woo.stock_of(wanted)
    assert world.woo.calls["total"] == 1 + len(wanted)
    assert [(one.variation_id, one.parent_id) for one in found] == wanted


def test_a_variation_in_the_trash_is_left_out(world: World) -> None:
    wanted = some_of_each(world)
    world.woo.acts["staff_trash"](id=int(wanted[0][0]))
    found = world.bridge.woo.stock_of(wanted)
    assert [one.variation_id for one in found] == [one for one, _ in wanted[1:]]
