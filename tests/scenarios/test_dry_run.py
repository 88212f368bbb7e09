"""A dry run writes nothing anywhere and says what a real run then does (I20)."""

from __future__ import annotations

from bridge.engine.planning import make_plan
from bridge.engine.sync import Scope
from tests.crash.points import Points, watch
from tests.scenarios.stage import in_step, receive, square_item, variable
from tests.scenarios.witness import Witness
from tests.world import World


def _much_to_do() -> World:
    world = World()
    mug, cup = world.simple("mug", 10), world.simple("cup", 10)
    in_step(world)
    world.simple("pot", 3)
    variable(world, "Shirt", {"shirt-s": 2, "shirt-l": 4})
    receive(world, square_item(world, "Teapot", "teapot")["teapot"], 6)
    world.buy(mug, 2)
    world.sell(world.twin(cup), 3)
    world.woo.acts["staff_edit_product"](mug, {"name": "Blue mug"})
    world.square.acts["edit_price"](world.twin(cup), 1100)
    return world


def test_a_dry_run_is_dry() -> None:
    """Not one write leaves, not one row of the ledger changes."""
    world = _much_to_do()
    points = Points()
    watch(world, points)
    with world.db.reading() as conn:
        before = list(conn.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]
    plan = make_plan(world.bridge, Scope(full=True))
    assert plan.actions
    assert points.writes == []
    with world.db.reading() as conn:
        assert list(conn.connection.dbapi_connection.iterdump()) == before  # type: ignore[union-attr]


def test_what_a_dry_run_says_is_what_a_run_does() -> None:
    """Every field and number planned for something that exists is exactly what stands there after the run."""
    world = _much_to_do()
    plan = make_plan(world.bridge, Scope(full=True))
    world.sync(full=True)
    kinds = {action.kind for action in plan.actions}
    assert {"field", "create", "inventory"} <= kinds
    for action in plan.actions:
        if action.kind == "field" and action.subject.lower() in ("cup", "mug"):
            assert str(action.after) in _shown(world), action.text
    assert make_plan(world.bridge, Scope(full=True)).actions == ()
    world.quiet()
    assert not Witness(world).faults()


def _shown(world: World) -> set[str]:
    """Names and prices (in minor units) that stand on either side now."""
    catalog, items = world.square.state.catalog, world.woo.state.items.values()
    names = {item.name for item in items}
    names |= {str((catalog.live(one) or {})["item_data"]["name"]) for one in catalog.live_ids("ITEM")}
    prices = {str(item.regular_price).replace(".", "") for item in items}
    for one in catalog.live_ids("ITEM_VARIATION"):
        money = (catalog.live(one) or {})["item_variation_data"].get("price_money") or {}
        prices.add(str(money.get("amount")))
    return names | prices
