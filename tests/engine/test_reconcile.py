"""Reconcile reads everything afresh, names what drifted and why, and heals by a normal run."""

from __future__ import annotations

import pytest

from bridge.engine.reconcile import DriftReport, DriftRow, reconcile
from bridge.ledger import stock
from tests.engine.stage import edit, rows, two_products, writes_seen
from tests.world import World


def compare(world: World, *, fix: bool = False) -> DriftReport:
    world.clock.advance(5)
    return reconcile(world.bridge, fix=fix)


def the_shops(report: DriftReport) -> DriftRow:
    (row,) = [row for row in report.rows if not row.store]
    return row


def test_two_sides_in_step_show_no_drift() -> None:
    world, *_ = two_products()
    report = compare(world)
    assert (report.rows, report.checked, report.products_differ) == ([], 2, 0)


def test_comparing_writes_nothing_anywhere() -> None:
    world, cap, _ = two_products()
    world.woo.acts["staff_set_stock"](cap, 15)
    world.sell(world.twin(cap), 1)
    written = writes_seen(world)
    before = [rows(world, f"SELECT * FROM {table}") for table in ("stock", "on_hand", "movement", "outbox", "run")]
    assert compare(world).rows
    assert writes_seen(world) == written
    after = [rows(world, f"SELECT * FROM {table}") for table in ("stock", "on_hand", "movement", "outbox", "run")]
    assert before == after


def test_a_till_sale_not_carried_yet_is_named_for_the_store_and_for_the_shop() -> None:
    world, cap, _ = two_products()
    world.sell(world.twin(cap), 3, store=0)
    report = compare(world)
    shop = the_shops(report)
    (store,) = [row for row in report.rows if row.store]
    assert (shop.sku, shop.woo, shop.square, shop.expected) == ("CAP", 10, 7, 7)
    assert shop.cause.startswith("unseen: sold at the till")
    assert store.store == "Oslo"
    assert int(store.square or 0) - int(store.expected or 0) == -3
    assert "sold at the till" in store.cause


def test_an_edit_by_hand_is_named_with_what_will_become_of_it() -> None:
    world, cap, _ = two_products()
    world.woo.acts["staff_set_stock"](cap, 15)
    shop = the_shops(compare(world))
    assert (shop.woo, shop.expected, shop.cause) == (15, 10, "staff_edit")
    assert shop.proposal == "the change by hand is carried to the stores"
    world.use(staff_edits="revert")
    assert the_shops(compare(world)).proposal == "the change by hand is taken back"


def test_a_decrement_our_write_overwrote_is_named_with_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    world, cap, _ = two_products()
    world.sell(world.twin(cap), 1)
    world.woo.between.append(lambda: world.buy(cap, 2) and None)
    with monkeypatch.context() as before_the_check:
        before_the_check.setattr("bridge.engine.sync.check_numbers", lambda *_: None)
        world.sync()
    with world.db.transaction() as conn:
        stock.mark(conn, [1], suspect=1)
    shop = the_shops(compare(world))
    assert shop.cause.startswith("lost_decrement: order:")
    assert "corrected from 9 to 7" in shop.proposal


def test_a_shop_that_stopped_counting_is_named() -> None:
    world, cap, _ = two_products()
    edit(world, cap, manage_stock=False)
    shop = the_shops(compare(world))
    assert (shop.woo, shop.cause) == (None, "untracked")


def test_a_variation_gone_from_the_shop_is_named() -> None:
    world, cap, _ = two_products()
    world.woo.acts["staff_delete"](cap)
    report = compare(world)
    assert the_shops(report).cause == "gone"
    assert report.products_differ == 1


def test_products_that_differ_are_counted() -> None:
    world, cap, mug = two_products()
    edit(world, cap, name="Cap of wool")
    edit(world, mug, regular_price="90.00")
    assert compare(world).products_differ == 2


def test_an_order_while_comparing_is_no_drift() -> None:
    world, cap, _ = two_products()
    real = world.bridge.woo.stock_rows

    def busy():  # type: ignore[no-untyped-def]
        world.buy(cap, 2)
        return real()

    world.bridge.woo.stock_rows = busy  # type: ignore[method-assign]
    assert compare(world).rows == []


def test_fixing_heals_what_drifted_by_a_normal_run() -> None:
    world, cap, mug = two_products()
    world.woo.acts["staff_set_stock"](cap, 15)
    world.sell(world.twin(mug), 2)
    edit(world, cap, name="Cap of wool")
    report = compare(world, fix=True)
    assert report.rows and report.fixed is not None and report.fixed.writes >= 3
    assert (world.woo_stock(cap), int(world.on_hand(world.twin(cap)))) == (15, 15)
    assert (world.woo_stock(mug), int(world.on_hand(world.twin(mug)))) == (3, 3)
    again = compare(world)
    assert (again.rows, again.products_differ) == ([], 0)


def test_fixing_where_nothing_drifted_runs_nothing() -> None:
    world, *_ = two_products()
    written = writes_seen(world)
    assert compare(world, fix=True).fixed is None
    assert writes_seen(world) == written


def test_drift_the_ledger_itself_forgot_is_found_and_healed() -> None:
    world, cap, _ = two_products()
    with world.db.transaction() as conn:
        stock.change(conn, 1, dirty=0, suspect=0)
        conn.exec_driver_sql("UPDATE on_hand SET quantity = '7' WHERE vid = 1 AND quantity = '10'")
    report = compare(world)
    assert [(row.store != "", row.square, row.expected) for row in report.rows] == [(True, 10, 7)]
    assert report.rows[0].cause.startswith("unknown")
    compare(world, fix=True)
    assert compare(world).rows == []
    assert world.woo_stock(cap) == 10
