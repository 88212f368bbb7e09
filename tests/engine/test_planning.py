"""A plan writes nothing, and a real run does what it printed (I20)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from bridge.domain.stock import Buffers
from bridge.engine.planning import Plan, apply_plan, make_plan, plan_from_json, plan_to_json
from bridge.engine.sync import Scope
from bridge.errors import InputError, PlanOutdated
from bridge.ledger.schema import outbox
from bridge.ledger.text import of_json, to_json
from tests.engine.stage import edit, two_products, writes_seen
from tests.world import World

NEWS = Scope(full=False)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def plan(world: World, scope: Scope = NEWS, skus: tuple[str, ...] = ()) -> Plan:
    world.clock.advance(1)
    return make_plan(world.bridge, scope, skus=skus)


def test_a_first_plan_names_what_would_be_created_with_its_opening_stock() -> None:
    world = World()
    world.simple("CAP", 10)
    made = plan(world, Scope())
    assert [(a.side, a.kind, a.subject) for a in made.actions] == [("square", "create", "CAP")]
    assert "opening stock CAP: 10" in made.actions[0].text


def test_a_plan_leaves_the_ledger_file_and_both_sides_untouched(tmp_path: Path) -> None:
    world = World(ledger=tmp_path / "ledger.db")
    cap = world.simple("CAP", 10)
    world.sync(full=True)
    world.buy(cap, 2)
    world.simple("MUG", 5)
    world.db.close()
    world.db = world.bridge.db = world.open_ledger()
    before, written, lines = digest(tmp_path / "ledger.db"), writes_seen(world), len(world.square.journal)
    made = plan(world, Scope())
    assert {a.subject for a in made.actions} == {"CAP", "MUG"}
    assert writes_seen(world) == written
    assert len(world.square.journal) == lines
    world.db.close()
    assert digest(tmp_path / "ledger.db") == before


def test_a_run_writes_exactly_what_the_plan_printed() -> None:
    world, cap, mug = two_products()
    world.buy(cap, 2)
    world.sell(world.twin(mug), 3)
    edit(world, cap, name="Cap of wool")
    made = plan(world)
    assert {a.kind for a in made.actions} == {"field", "inventory", "stock"}
    with world.db.reading() as conn:
        last = conn.execute(select(outbox.c.id).order_by(outbox.c.id.desc())).scalar() or 0
    world.sync()
    with world.db.reading() as conn:
        rows = conn.execute(select(outbox).where(outbox.c.id > last)).all()
    assert {(row.kind, row.state) for row in rows} == {
        ("update_item", "done"), ("adjust", "done"), ("change_stock", "done"),
    }  # fmt: skip
    by_kind = {row.kind: of_json(row.payload_json) for row in rows}
    planned = {a.kind: a for a in made.actions}
    assert by_kind["update_item"]["fields"]["name"][0] == planned["field"].after == "Cap of wool"
    assert world.woo_stock(mug) == planned["stock"].after == 2
    assert str(world.on_hand(world.twin(cap))) == planned["inventory"].after == "8"
    assert plan(world).actions == ()


def test_a_plan_reads_back_from_its_file_as_it_was() -> None:
    world = World()
    world.simple("CAP", 10)
    made = plan(world, Scope())
    assert plan_from_json(of_json(to_json(plan_to_json(made)))) == made


@pytest.mark.parametrize("body", [None, [], {}, {"bridge_plan": 2}, {"bridge_plan": 1, "made_at": "x"}])
def test_a_file_that_is_no_plan_is_refused(body: object) -> None:
    with pytest.raises(InputError):
        plan_from_json(body)


def test_applying_a_plan_does_what_it_says() -> None:
    world, cap, _ = two_products()
    world.buy(cap, 4)
    report = apply_plan(world.bridge, plan(world))
    assert report.writes == 1
    assert world.on_hand(world.twin(cap)) == 6


def test_applying_a_plan_is_refused_when_the_world_moved_on_and_says_what_differs() -> None:
    world, cap, mug = two_products()
    world.buy(cap, 4)
    made = plan(world)
    world.sell(world.twin(mug), 1)
    written = writes_seen(world)
    world.clock.advance(1)
    with pytest.raises(PlanOutdated, match="new: stock of MUG in the shop: 5 → 4"):
        apply_plan(world.bridge, made)
    assert writes_seen(world) == written


def test_a_plan_for_one_sku_applies_to_that_one_only_and_the_rest_follows_later() -> None:
    world, cap, mug = two_products()
    world.buy(cap, 4)
    world.sell(world.twin(mug), 1)
    made = plan(world, skus=("cap",))
    assert {a.subject for a in made.actions} == {"CAP"}
    report = apply_plan(world.bridge, made)
    assert (world.on_hand(world.twin(cap)), world.woo_stock(mug), report.waiting) == (6, 5, 0)
    world.sync()
    assert world.woo_stock(mug) == 4


def test_a_crash_during_a_limited_run_delays_the_others_by_minutes_only() -> None:
    world, cap, mug = two_products()
    world.buy(cap, 4)
    world.sell(world.twin(mug), 1)
    made = plan(world, skus=("CAP",))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    real, world.bridge.square.change_inventory = world.bridge.square.change_inventory, die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        apply_plan(world.bridge, made)
    world.bridge.square.change_inventory = real  # type: ignore[method-assign]
    world.restart()
    world.clock.advance(1000)
    world.sync()
    assert (world.on_hand(world.twin(cap)), world.woo_stock(mug)) == (6, 4)


def test_planning_for_a_sku_nobody_has_is_refused() -> None:
    world, *_ = two_products()
    with pytest.raises(InputError, match="HAT"):
        plan(world, skus=("HAT",))


def test_a_plan_tells_brakes_apart_from_questions() -> None:
    world, cap, _ = two_products()
    edit(world, cap, regular_price="99.00")
    made = plan(world)
    assert made.actions == ()
    assert len(made.brakes) == 1 and "price" in made.brakes[0]
    with world.db.reading() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM decision").scalar() == 0


def test_two_orders_of_one_sku_are_two_entries_that_add_up() -> None:
    world, cap, _ = two_products()
    world.buy(cap, 1)
    world.buy(cap, 1)
    made = plan(world)
    assert [(a.before, a.after) for a in made.actions] == [("10", "9"), ("9", "8")]
    apply_plan(world.bridge, made)
    assert world.on_hand(world.twin(cap)) == 8


def test_a_plan_with_a_change_by_hand_can_be_applied() -> None:
    world, cap, _ = two_products()
    world.woo.acts["staff_set_stock"](cap, 15)
    apply_plan(world.bridge, plan(world))
    assert world.on_hand(world.twin(cap)) == 15


@pytest.mark.parametrize("kept_back", [0, 1])
def test_a_product_of_the_stores_is_planned_with_the_number_the_shop_will_show(kept_back: int) -> None:
    world = World()
    world.use(buffers=Buffers(default=kept_back))
    (variation,) = world.square.seed_catalog(1, quantity=4)
    (action,) = plan(world, Scope()).actions
    assert (action.side, action.kind) == ("woo", "create")
    opening = action.after["opening"]
    world.quiet()
    with world.db.reading() as conn:
        woo_id = conn.exec_driver_sql("SELECT woo_id FROM variation").scalar()
    assert list(opening.values()) == [world.woo_stock(str(woo_id))] == [int(world.on_hand(variation)) - kept_back]
