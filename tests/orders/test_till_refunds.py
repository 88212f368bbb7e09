"""Refunds at tills of online orders: one refund in the shop, no money and no stock moved twice."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from bridge.ledger import order_links
from bridge.remotes.port import NoReply, Reply
from tests.scenarios.stage import both, in_step
from tests.scenarios.witness import answer, open_writes, questions
from tests.world import World


def world_with_order(quantity: int = 2, **settings: Any) -> tuple[World, int, int]:
    """A shop in step with a paid online order of some mugs; the bridge reads the tills in every pass."""
    world = World()
    world.use(till="always", **settings)
    mug = world.simple("mug", 10)
    in_step(world)
    order = world.buy(mug, quantity, payment="bacs", paid=True)
    world.quiet()
    return world, mug, order


def give_back(world: World, mug: int, reason: str, *, quantity: int = 1, restock: bool = True, store: int = 0) -> str:
    """A till takes goods back without a receipt of its own."""
    lines = [{"variation_id": world.twin(mug), "quantity": str(quantity)}]
    done = world.square.acts["return_items"](world.stores[store], None, lines, restock=restock, reason=reason)
    return str(done["refund_id"])


def refunds_of(world: World, order: int) -> list[Any]:
    return list(world.woo.state.orders[order].refunds)


def test_a_refund_at_a_till_that_names_the_order_is_recorded_in_the_shop_once() -> None:
    world, mug, order = world_with_order()
    refund = give_back(world, mug, f"web order {order}")
    world.quiet()
    world.quiet()
    [made] = refunds_of(world, order)
    assert made.amount == Decimal("10.00") and f"square:{refund}" in made.reason
    assert made.lines[0].quantity == -1
    assert not open_writes(world)


def test_goods_that_came_back_at_the_till_count_once() -> None:
    world, mug, order = world_with_order()
    assert both(world, mug) == (8, 8)
    give_back(world, mug, f"#{order}", store=1)
    world.quiet()
    assert both(world, mug) == (9, 9)


def test_a_refund_without_restock_leaves_stock_alone() -> None:
    world, mug, order = world_with_order()
    give_back(world, mug, f"#{order}", restock=False)
    world.quiet()
    assert both(world, mug) == (8, 8)
    assert len(refunds_of(world, order)) == 1


def test_a_refund_that_names_no_order_stays_at_the_till() -> None:
    world, mug, order = world_with_order()
    give_back(world, mug, "broken handle")
    world.quiet()
    assert not refunds_of(world, order) and not questions(world)
    assert both(world, mug) == (9, 9)


def test_a_number_the_shop_does_not_have_is_asked_about() -> None:
    world, mug, order = world_with_order()
    give_back(world, mug, "order 99999")
    world.quiet()
    assert [row.kind for row in questions(world)] == ["till_refund"]
    answer(world, "till_refund", "none")
    world.quiet()
    assert not questions(world) and not refunds_of(world, order)


def test_two_numbers_are_asked_about_and_the_answer_is_taken() -> None:
    world, mug, order = world_with_order()
    other = world.buy(mug, 1, payment="bacs", paid=True)
    world.quiet()
    give_back(world, mug, f"order {order} or order {other}")
    world.quiet()
    assert not refunds_of(world, order) and not refunds_of(world, other)
    answer(world, "till_refund", str(other))
    world.quiet()
    assert not refunds_of(world, order) and len(refunds_of(world, other)) == 1
    assert not questions(world)


def test_more_than_the_order_cost_is_asked_about_and_never_recorded() -> None:
    world, mug, order = world_with_order(quantity=1)
    give_back(world, mug, f"order {order}", quantity=2)
    world.quiet()
    assert not refunds_of(world, order)
    assert "holds no 2" in questions(world, "till_refund")[0].question
    answer(world, "till_refund", str(order))
    world.quiet()
    assert not refunds_of(world, order)
    assert "can refund only 10.00" in questions(world, "till_refund")[0].question


def test_a_number_typed_beside_goods_the_order_does_not_hold_is_asked_about() -> None:
    world, _, order = world_with_order()
    cup = world.simple("cup", 5)
    world.quiet()
    give_back(world, cup, str(order))
    world.quiet()
    assert not refunds_of(world, order)
    assert "holds no 1" in questions(world, "till_refund")[0].question
    answer(world, "till_refund", "none")
    world.quiet()
    assert not refunds_of(world, order) and not questions(world)


def test_a_number_of_a_cancelled_order_is_asked_about() -> None:
    world, mug, order = world_with_order()
    world.woo.acts["cancel_order"](order)
    world.quiet()
    give_back(world, mug, f"order {order}")
    world.quiet()
    assert not refunds_of(world, order)
    assert "which is cancelled" in questions(world, "till_refund")[0].question


def test_a_payment_leads_to_a_sale_no_search_has_shown() -> None:
    world, mug, _ = world_with_order()
    sold = world.sell(world.twin(mug), 1)
    with world.db.reading() as conn:
        before = conn.exec_driver_sql("SELECT count(*) FROM till_order").scalar_one()
    search = world.bridge.square.till_orders
    search.changed = lambda *_: iter(())  # type: ignore[method-assign]
    world.sync(full=True)
    world.sync(full=True)
    with world.db.reading() as conn:
        rows = conn.exec_driver_sql("SELECT order_id FROM till_order").all()
        payments = conn.exec_driver_sql("SELECT order_id, amount FROM till_payment").all()
    assert len(rows) == before + 1 and (sold["order_id"],) in [tuple(row) for row in rows]
    assert [tuple(row) for row in payments] == [(sold["order_id"], 1000)]


def test_part_in_one_channel_and_the_rest_in_the_other() -> None:
    world, mug, order = world_with_order()
    give_back(world, mug, f"order {order}")
    world.quiet()
    line = world.woo.state.orders[order].lines[0].id
    lines = [{"id": line, "quantity": 1, "refund_total": "10.00"}]
    world.woo.acts["staff_refund"](order, lines, restock=True)
    world.quiet()
    assert both(world, mug) == (10, 10)
    assert world.woo.state.orders[order].status == "refunded"
    assert [made.amount for made in refunds_of(world, order)] == [Decimal("10.00"), Decimal("10.00")]


def test_cancelling_an_order_of_which_a_part_came_back_at_a_till_gives_back_only_the_rest() -> None:
    world, mug, order = world_with_order()
    give_back(world, mug, f"order {order}")
    world.quiet()
    assert both(world, mug) == (9, 9)
    world.woo.acts["cancel_order"](order)
    world.quiet()
    assert both(world, mug) == (10, 10)


def test_a_return_in_a_store_that_never_sold_it_stays_in_that_store() -> None:
    world, mug, order = world_with_order()
    before = world.on_hand(world.twin(mug), world.stores[2])
    give_back(world, mug, f"order {order}", store=2)
    world.quiet()
    assert world.on_hand(world.twin(mug), world.stores[2]) == before + 1
    assert len(refunds_of(world, order)) == 1


def test_two_refunds_of_one_order_are_two_in_the_shop() -> None:
    world, mug, order = world_with_order()
    give_back(world, mug, f"order {order}")
    give_back(world, mug, f"order {order}", store=1)
    world.quiet()
    assert len(refunds_of(world, order)) == 2
    assert both(world, mug) == (10, 10)


def test_an_answer_that_is_lost_does_not_make_a_second_refund() -> None:
    world, mug, order = world_with_order()

    class Losing:
        def __init__(self, inner: Any) -> None:
            self.inner, self.lost = inner, 0

        def send(self, call: Any) -> Reply:
            reply: Reply = self.inner.send(call)
            if call.method == "POST" and call.path.endswith("/refunds") and not self.lost:
                self.lost += 1
                raise NoReply("no answer in time", sent=True)
            return reply

    world.wrap = lambda transport, side: Losing(transport)
    world.bridge = world.make_bridge()
    give_back(world, mug, f"order {order}")
    world.quiet()
    assert len(refunds_of(world, order)) == 1
    assert not open_writes(world)


def test_the_pair_of_refunds_is_remembered() -> None:
    world, mug, order = world_with_order()
    refund = give_back(world, mug, f"order {order}")
    world.quiet()
    with world.db.reading() as conn:
        names = order_links.carried_names(conn, str(order))
    assert names == {f"square:{refund}", f"woo:{refunds_of(world, order)[0].id}"}


def test_with_nothing_switched_on_a_doorbell_brings_the_refund_and_an_ordinary_pass_asks_nothing() -> None:
    from bridge.ledger import inbox

    world, mug, order = world_with_order()
    world.use(till="auto")
    before = Counter(world.square.calls)
    world.sync()
    asked = Counter(world.square.calls) - before
    assert asked["total"] and not any(word in path for path in asked for word in ("refunds", "orders", "payments"))
    give_back(world, mug, f"order {order}", restock=False)
    world.sync()
    assert not refunds_of(world, order)
    with world.db.transaction() as conn:
        inbox.store(
            conn, side="square", topic="refund.created", dedupe="e1", object_id="", body="", now=world.bridge.now()
        )
    world.sync()
    assert len(refunds_of(world, order)) == 1


def test_goods_that_come_back_lead_to_their_refund_in_an_ordinary_pass() -> None:
    world, mug, order = world_with_order()
    world.use(till="auto")
    give_back(world, mug, f"order {order}")
    world.sync()
    assert len(refunds_of(world, order)) == 1
    before = Counter(world.square.calls)
    world.sync()
    asked = Counter(world.square.calls) - before
    assert not any("refunds" in path or "orders" in path for path in asked)


def test_an_old_ledger_put_back_finds_its_refund_in_the_shop() -> None:
    world, mug, order = world_with_order()
    give_back(world, mug, f"order {order}")
    with world.db.transaction() as conn:  # as it stood before the refund was carried
        from bridge.ledger import cursors

        kept = {name: cursors.read_cursor(conn, name) for name in ("till_refunds",)}
    world.quiet()
    with world.db.transaction() as conn:
        conn.exec_driver_sql("DELETE FROM till_refund")
        conn.exec_driver_sql("DELETE FROM refund_link")
        conn.exec_driver_sql("DELETE FROM outbox WHERE kind = 'shop_refund'")
        for name, value in kept.items():
            cursors.move_cursor(conn, name, value, world.bridge.now())
    world.quiet()
    assert len(refunds_of(world, order)) == 1
    assert both(world, mug) == (9, 9)
