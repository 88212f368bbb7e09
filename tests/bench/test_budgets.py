"""The budgets that do not depend on the machine: how many calls and writes a pass may make (figures as in the design).

Times and memory are measured by ``python -m tests.bench``; here both sides are in this process, on a virtual clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.engine.sync import Report
from bridge.remotes.ahead import read_ahead
from tests.bench.measures import unchanged
from tests.bench.report import budgets, page, table
from tests.bench.services import access, fill_shop, fill_twin
from tests.world import World

HOUR = 3600.0
SIZE = 600


def shop_with_twin(variations: int) -> World:
    """Both sides show the same products since long ago, linked and opened; the last passes found nothing to do."""
    world = World()
    fill_shop(world.woo, variations)
    fill_twin(world.woo, world.square)
    world.sync(full=True)
    world.clock.advance(HOUR)
    world.sync(full=True)
    world.clock.advance(HOUR)
    return world


@pytest.fixture(scope="module")
def settled() -> World:
    return shop_with_twin(SIZE)


def counted(world: World, work: Callable[[], Report]) -> tuple[int, Report]:
    """How many calls both sides answered meanwhile."""
    before = world.woo.calls["total"] + world.square.calls["total"]
    report = work()
    return world.woo.calls["total"] + world.square.calls["total"] - before, report


def pages_of(variations: int) -> int:
    """Pages of 100 products, items and variations, and of 1,000 counts in three stores."""
    varied = variations * 6 // 10
    products = variations - varied + varied // 5
    return 2 * -(-products // 100) + -(-varied // 100) + -(-3 * variations // 1000)


def test_a_full_pass_over_an_unchanged_catalog_calls_for_its_pages_and_ten_more_at_most(settled: World) -> None:
    truth = len(settled.woo.journal), len(settled.square.journal)
    calls, report = counted(settled, lambda: settled.sync(full=True))
    assert pages_of(SIZE) <= calls <= pages_of(SIZE) + 10
    assert report.writes == 0
    assert (len(settled.woo.journal), len(settled.square.journal)) == truth


def test_a_pass_that_reads_ahead_makes_the_same_calls(settled: World) -> None:
    one_by_one, _ = counted(settled, lambda: settled.sync(full=True))
    settled.bridge.ahead, before = read_ahead, settled.bridge.ahead
    try:
        ahead, report = counted(settled, lambda: settled.sync(full=True))
    finally:
        settled.bridge.ahead = before
    assert (ahead, report.writes) == (one_by_one, 0)
    assert not [one for one in threading.enumerate() if one.name == "reading ahead" and one.is_alive()]


@pytest.mark.parametrize("variations", [40, SIZE])
def test_an_incremental_pass_with_nothing_new_takes_six_calls_however_large_the_catalog(variations: int) -> None:
    world = shop_with_twin(variations)
    calls, report = counted(world, world.sync)
    assert (calls, report.writes) == (6, 0)


def test_an_unchanged_full_pass_does_not_write_the_ledger_but_its_run_and_cursors(settled: World) -> None:
    settled.sync(full=True)
    with settled.db.reading() as conn:
        before = conn.exec_driver_sql("SELECT max(seen_at) FROM shown_variation").scalar()
    settled.clock.advance(HOUR)
    settled.sync(full=True)
    with settled.db.reading() as conn:
        assert conn.exec_driver_sql("SELECT max(seen_at) FROM shown_variation").scalar() == before


# -- k changes ------------------------------------------------------------------------


def sell(world: World, ids: list[int]) -> None:
    for woo_id in ids:
        world.sell(f"V{woo_id:023d}")


def order(world: World, ids: list[int]) -> None:
    for woo_id in ids:
        world.buy(woo_id)


def reprice(world: World, ids: list[int]) -> None:
    for woo_id in ids:
        price = Decimal(world.woo.state.items[woo_id].regular_price) + Decimal("0.05")
        world.woo.acts["staff_edit_product"](id=woo_id, fields={"regular_price": str(price)})


@pytest.mark.parametrize("change", [sell, order, reprice])
def test_calls_grow_with_batches_of_changes_not_with_changes(
    settled: World, change: Callable[[World, list[int]], None]
) -> None:
    """A write, its reading back and one more reading per hundred changes at most: 6 calls of reading, 6 for them."""
    ids = iter(access(settled.woo, settled.square)["sold_as"])
    for many in (1, 10, 100):
        settled.sync()
        settled.clock.advance(HOUR)
        change(settled, [next(ids) for _ in range(many)])
        calls, report = counted(settled, settled.sync)
        assert report.writes == many
        assert calls <= 12 + 3 * (many // 50)
        assert report.open_decisions == report.waiting == 0
        settled.clock.advance(HOUR)


def test_a_first_sync_makes_products_and_counts_in_batches() -> None:
    world = World()
    fill_shop(world.woo, 400)
    calls, report = counted(world, lambda: world.sync(full=True))
    assert report.counts["square products created"] == 208
    assert report.counts["square stock written"] == 400
    # a product page's worth of items per call, a hundred counts per call, and their readings
    assert calls <= 90
    assert report.open_decisions == report.waiting == 0


# -- the measuring itself -------------------------------------------------------------


@pytest.mark.process
def test_the_measurement_runs_in_processes_of_its_own_and_holds_what_the_machine_has_no_say_in(tmp_path: Path) -> None:
    figures, passes = unchanged(tmp_path, 60, rounds=1, say=lambda _: None, kinds=False)
    told = {
        "quick": True,
        "unchanged": [figures],
        "incremental": [{"variations": 60, **row} for row in passes],
        "start": {"help_milliseconds": 1.0, "restart_seconds": 1.0},
        "first": {
            "variations": 1, "seconds": 1.0, "cpu_seconds": 1.0, "calls": 1, "calls_per_1000": 1.0,
            "variations_counted": 1, "open": 0, "peak_kilobytes": 1,
        },
        "took_seconds": 1.0,
    }  # fmt: skip
    assert [what for what, _, _, held, exact in budgets(told) if exact and not held] == []
    assert figures["ratio"] < 20
    assert "nothing new" in table(told)
    assert page(told).startswith("# Performance")
