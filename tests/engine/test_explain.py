"""Every number can be explained, cause by cause (I16)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bridge.engine.causes import because
from bridge.engine.explain import explain
from bridge.errors import InputError
from bridge.ledger import outbox
from bridge.ledger.schema import history
from bridge.ledger.schema import outbox as outbox_table
from bridge.ledger.stores import all_stores
from bridge.ledger.text import to_json
from tests.engine.stage import edit, rows, two_products
from tests.world import World


def traded() -> tuple[World, int]:
    """Everything that can happen to a number happened to the cap."""
    world, cap, _ = two_products()
    variation, stores = world.twin(cap), world.stores
    world.buy(cap, 2)
    world.sync()
    world.sell(variation, 1, store=0)
    world.square.acts["receive"](stores[1], variation, 4)
    world.sync()
    world.square.acts["transfer"](variation, stores[1], stores[2], 1)
    world.square.acts["waste"](stores[1], variation, 1)
    world.sync()
    world.woo.acts["staff_set_stock"](cap, 20)
    world.sync()
    world.square.acts["count"](stores[0], variation, 3)
    order = world.buy(cap, 1)
    world.sync()
    world.woo.acts["cancel_order"](order)
    world.sync()
    edit(world, cap, name="Cap of wool")
    world.woo.between.append(lambda: world.buy(cap, 1) and None)
    world.sell(variation, 1, store=1)
    world.quiet()
    return world, cap


def test_every_stock_number_ever_written_has_a_cause() -> None:
    world, _ = traded()
    with world.db.reading() as conn:
        stores = {row.store_id: row.name for row in all_stores(conn)}
        writes = [
            outbox.of_row(row) for row in conn.execute(select(outbox_table).where(outbox_table.c.vid.is_not(None)))
        ]
        told = {action.key: because(conn, action, stores) for action in writes}
        changes = conn.execute(select(history)).all()
    assert len(told) > 8
    assert all(told.values()), [key for key, why in told.items() if not why]
    assert all(row.why for row in changes)
    assert {row.key for row in changes if row.kind == "stock"} <= set(told)


def test_the_chain_names_sales_orders_counts_transfers_and_hand_edits_with_their_causes() -> None:
    world, _ = traded()
    text = "\n".join(explain(world.bridge, "CAP").lines())
    for part in (
        "opening count: the shop showed 10", "sold online, order ", "sold at the till", "goods received",
        "moved between stores", "lost or thrown away", "changed by hand in the shop", "counted at ",
        "given back, order ",
        "we changed the shop's number by ", "because: the stores: ",
    ):  # fmt: skip
        assert part in text, part


def test_the_formula_adds_up_to_what_the_shop_shows() -> None:
    world, cap = traded()
    found = explain(world.bridge, "cap")
    assert found.sku == "CAP"
    assert found.target["quantity"] == found.shop["shown"] == world.woo_stock(cap)
    assert sum(int(row["quantity"]) for row in found.stores) == world.on_hand(world.twin(cap))


def test_buffer_and_goods_on_their_way_are_told_apart() -> None:
    world, cap, _ = two_products()
    from bridge.domain.stock import Buffers

    world.use(buffers=Buffers(default=2))
    world.square.acts["receive"](world.stores[0], world.twin(cap), 1)
    world.sync()
    line = next(one for one in explain(world.bridge, "CAP").lines() if "should show" in one)
    assert line == "The shop should show 9: 11 in the stores that sell online, less 2 kept back"


def test_a_store_shows_only_what_happened_there() -> None:
    world, _ = traded()
    name = world.square.state.locations[world.stores[2]]["name"]
    found = explain(world.bridge, "CAP", store=name.upper())
    assert [row["store"] for row in found.stores] == [name]
    assert any("moved between stores" in step.what for step in found.chain)
    assert not any("sold at the till" in step.what for step in found.chain)
    assert explain(world.bridge, "CAP", store=world.stores[2]) == found


def test_an_unknown_store_is_refused_naming_the_stores() -> None:
    world, *_ = two_products()
    with pytest.raises(InputError, match="Oslo"):
        explain(world.bridge, "CAP", store="Paris")


def test_an_unknown_sku_is_refused_naming_what_looks_alike() -> None:
    world, *_ = two_products()
    with pytest.raises(InputError, match="Did you mean cap"):
        explain(world.bridge, "CAPP")
    with pytest.raises(InputError, match="ZZZ"):
        explain(world.bridge, "ZZZ")


def test_a_sku_on_one_side_only_is_told_to_be_unlinked() -> None:
    world = World()
    world.use(create_in_square=False)
    world.simple("HAT", 3)
    world.sync(full=True)
    assert "not linked" in explain(world.bridge, "HAT").notes[0]


def test_open_questions_and_refused_writes_are_part_of_the_explanation() -> None:
    world, cap, _ = two_products()
    world.use(staff_edits="report")
    world.woo.acts["staff_set_stock"](cap, 15)
    world.sync()
    found = explain(world.bridge, "CAP")
    assert len(found.decisions) == 1 and "+5" in found.decisions[0]


def test_the_age_of_a_number_is_told() -> None:
    world, *_ = two_products()
    world.clock.advance(7300)
    assert any("read 2 hours ago" in line for line in explain(world.bridge, "CAP").lines())


def test_an_explanation_is_json() -> None:
    world, _ = traded()
    assert to_json(explain(world.bridge, "CAP").to_json())


def test_explaining_calls_neither_side_and_writes_nothing() -> None:
    world, _ = traded()
    before = (world.woo.calls["total"], world.square.calls["total"], rows(world, "SELECT * FROM cursor"))
    explain(world.bridge, "CAP")
    assert before == (world.woo.calls["total"], world.square.calls["total"], rows(world, "SELECT * FROM cursor"))
