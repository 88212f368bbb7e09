"""The daemon on a virtual clock: what rings, what waits, and what happens when a side is away."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from bridge.domain.rhythm import Rhythm
from bridge.engine.sync import sync
from bridge.errors import LedgerBusy
from bridge.ledger import doorbells, history, inbox, lend, outbox
from bridge.ledger.lease import Lease
from tests.daemon.stage import Street
from tests.world import TEST_SETTINGS

HOUR = 3600.0


def opened_street(stock: int = 10, **more: Any) -> tuple[Street, int, str]:
    """A street that is in step: one product, ten pieces."""
    street = Street(**more)
    product = street.simple("W-1", stock=stock)
    street.live(30)
    street.live(30)
    return street, product, street.twin(product)


def counted_passes(street: Street, seconds: float) -> int:
    before = street.daemon.pulse.passes
    street.live(seconds)
    return street.daemon.pulse.passes - before


def test_a_sale_at_the_till_is_in_the_shop_within_seconds_of_its_doorbell() -> None:
    street, product, twin = opened_street()
    street.sell(twin, 3)
    street.live(5)
    assert street.woo_stock(product) == 7


def test_an_online_order_is_in_the_store_within_seconds_of_its_doorbell() -> None:
    street, product, twin = opened_street()
    street.buy(product, 2)
    street.live(5)
    assert street.on_hand(twin) == 8


def test_with_all_webhooks_lost_the_sides_agree_within_the_polling_interval() -> None:
    street, product, twin = opened_street()
    street.deaf = True
    street.sell(twin, 3)
    street.buy(product, 1)
    street.live(street.rhythm.slow + 5)
    assert street.woo_stock(product) == 6
    assert street.on_hand(twin) == 6


def test_without_any_webhook_configured_polling_alone_keeps_both_sides_in_step() -> None:
    street, product, twin = opened_street(hooks=False)
    street.sell(twin, 3)
    street.live(street.rhythm.usual + 5)
    assert street.woo_stock(product) == 7
    assert street.woo.state.webhooks == {}


def test_the_first_pass_and_one_a_day_compare_everything() -> None:
    street, *_ = opened_street(hooks=False, rhythm=Rhythm(quick=600, usual=600, slow=600))
    first = street.daemon.pulse.last_full
    assert first
    street.live(16 * HOUR)
    assert street.daemon.pulse.last_full[:10] > first[:10]


def test_looking_slows_down_while_webhooks_prove_alive() -> None:
    street, product, twin = opened_street()
    assert street.daemon.pulse.next_look == street.rhythm.usual
    street.sell(twin)
    street.buy(product)
    street.live(60)
    assert street.daemon.pulse.next_look == street.rhythm.slow
    quiet = counted_passes(street, HOUR)
    assert quiet <= HOUR / street.rhythm.slow + 1


def test_looking_quickens_when_a_hook_falls_silent_and_the_hook_is_made_anew() -> None:
    street, product, _ = opened_street()
    street.buy(product)
    street.live(300)
    ids = set(street.woo.state.webhooks)
    street.woo.deliveries.lose = 1.0
    street.buy(product)
    street.live(900)
    assert street.daemon.around.watch.trusts()["woo"] == "silent"
    assert street.daemon.pulse.next_look == street.rhythm.quick
    assert not ids & set(street.woo.state.webhooks)
    street.woo.deliveries.lose = 0.0
    street.buy(product)
    street.live(60)
    assert street.daemon.around.watch.trusts()["woo"] == "proved"


def test_hooks_the_shop_switched_off_after_seven_failures_stand_again_within_two_minutes() -> None:
    street, product, _ = opened_street()
    street.deaf = True
    for _ in range(8):
        street.buy(product)
        street.live(1)
    assert any(hook.status == "disabled" for hook in street.woo.state.webhooks.values())
    street.deaf = False
    street.live(120)
    assert {hook.status for hook in street.woo.state.webhooks.values()} == {"active"}


def test_quiet_hours_let_the_bridge_rest() -> None:
    night = Rhythm(quiet_from=time(9, 0), quiet_until=time(15, 0))
    by_night, *_ = opened_street(hooks=False, rhythm=night)
    by_day, *_ = opened_street(hooks=False)
    assert counted_passes(by_night, HOUR) * 3 < counted_passes(by_day, HOUR)


def test_webhooks_of_an_idle_shop_arrive_because_the_bridge_itself_is_traffic() -> None:
    street, product, twin = opened_street()
    street.sell(twin)
    street.buy(product)
    street.live(60)
    street.woo.webhooks_need_traffic = True
    street.buy(product)
    street.live(130)
    assert street.woo.deliveries.pending == []
    assert street.on_hand(twin) == 7


@pytest.mark.parametrize("side", ["woo", "square"])
def test_an_outage_of_a_day_costs_few_calls_and_drains_by_itself(side: str) -> None:
    street, product, twin = opened_street(stock=100)
    service = getattr(street, side)
    service.faults.add("timeout_not_applied", times=None)
    before = street.health[side].calls
    for _ in range(24):
        street.sell(twin, 1)
        street.buy(product, 1)
        street.live(HOUR)
    assert street.daemon.pulse.state == "away"
    assert street.health[side].calls - before < 24 * 15
    with street.db.reading() as conn:
        assert inbox.count_new(conn) < 200
        assert sum(outbox.counts(conn).get(state, 0) for state in ("due", "sent", "unknown")) < 50
    service.faults.clear()
    street.live(600)
    assert street.daemon.pulse.state == "idle"
    assert street.woo_stock(product) == 52
    assert street.on_hand(twin) == 52


@pytest.mark.parametrize("side", ["woo", "square"])
def test_memory_and_disk_stay_bounded_however_much_is_rung_in_an_outage_of_a_day(tmp_path: Path, side: str) -> None:
    """Two hundred doorbells an hour about forty objects: the ledger of the second half of the day is no larger."""
    street = Street(ledger=tmp_path / "bridge.sqlite")
    product = street.simple("W-1", stock=100)
    street.live(60)
    getattr(street, side).faults.add("timeout_not_applied", times=None)
    sizes, rung = [], 0
    for _ in range(24):
        for _ in range(200):
            rung += 1
            with street.db.transaction() as conn:
                inbox.store(
                    conn, side="woo", topic="product.updated", dedupe=f"d{rung}", object_id=str(rung % 40),
                    body="x" * 500, now=street.bridge.now(),
                )  # fmt: skip
            street.bells.ring("door")
        street.live(HOUR)
        sizes.append(sum(file.stat().st_size for file in tmp_path.iterdir()))
    with street.db.reading() as conn:
        assert inbox.count_new(conn) <= 1000 + 200
    assert sizes[-1] <= sizes[11] + (1 << 20)
    getattr(street, side).faults.clear()
    street.sell(street.twin(product), 2)
    street.live(600)
    assert street.woo_stock(product) == 98
    with street.db.reading() as conn:
        assert inbox.count_new(conn) == 0


def test_a_burst_of_doorbells_about_one_order_is_answered_by_one_or_two_passes() -> None:
    street, product, twin = opened_street(stock=100)
    before, calls = street.daemon.pulse.passes, street.calls()
    order = street.buy(product, 2)
    for number in range(50):
        with street.db.transaction() as conn:
            inbox.store(
                conn, side="woo", topic="order.updated", dedupe=f"o{number}", object_id=str(order), body="",
                now=street.bridge.now(),
            )  # fmt: skip
        street.bells.ring("door")
    street.live(20)
    assert street.on_hand(twin) == 98
    assert street.daemon.pulse.passes - before <= 3
    assert street.calls() - calls < 40


def test_while_a_side_is_down_doorbells_do_not_make_the_bridge_call_it() -> None:
    street, _, twin = opened_street(stock=100)
    street.woo.faults.add("timeout_not_applied", times=None)
    street.live(30 * 60)
    before = street.health["woo"].calls
    for _ in range(20):
        street.sell(twin)
        street.live(1)
    assert street.health["woo"].calls - before <= 1


def test_a_probe_that_is_answered_ends_the_outage_at_once() -> None:
    street, product, twin = opened_street()
    street.square.faults.add("server_error", times=None, options={"status": 503})
    street.live(HOUR)
    assert street.health["square"].open
    street.square.faults.clear()
    street.sell(twin, 2)
    street.live(320)
    assert not street.health["square"].open
    assert street.woo_stock(product) == 8


def test_a_revoked_token_is_not_hammered_and_work_resumes_when_it_is_good_again() -> None:
    street, product, twin = opened_street()
    token = next(iter(street.square.state.tokens.values()))
    token.revoked = True
    street.buy(product, 1)
    street.live(60)
    before = street.calls()
    street.live(HOUR)
    assert street.calls() - before < 100
    assert "Square" in street.daemon.pulse.problem
    token.revoked = False
    street.live(310)
    assert street.on_hand(twin) == 9
    assert street.daemon.pulse.problem == ""


def test_a_crash_inside_a_pass_is_survived_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    street, product, twin = opened_street()
    broken = [3]

    def sometimes(*args: Any, **more: Any) -> Any:
        if broken[0]:
            broken[0] -= 1
            raise ZeroDivisionError("a mistake in the bridge")
        return sync(*args, **more)

    monkeypatch.setattr("bridge.engine.daemon.sync", sometimes)
    street.sell(twin, 2)
    street.live(60)
    assert broken == [0]
    assert street.woo_stock(product) == 8


def test_a_daemon_that_lost_its_lease_writes_nothing_more() -> None:
    street, product, twin = opened_street()
    street.sell(twin, 2)
    street.clock.advance(120)  # it slept through its lease
    taker = Lease(street.db, "daemon", street.clock, 60)
    taker.acquire()
    with pytest.raises(LedgerBusy):
        street.live(300)
    assert street.woo_stock(product) == 10


def test_a_command_is_lent_the_ledger_between_two_passes() -> None:
    street, *_ = opened_street()
    borrower = Lease(street.db, "decisions", street.clock, 60)
    with pytest.raises(LedgerBusy):
        borrower.acquire()
    lend.wish(street.db, "decisions")
    passes = street.daemon.pulse.passes
    street.daemon.turn(street.lease)
    assert street.daemon.pulse.words == "lends the ledger to `decisions`"
    street.lease.release()
    borrower.acquire()
    lend.withdraw(street.db)
    borrower.release()
    street.live(5)
    assert street.daemon.pulse.passes == passes + 1


def test_a_wish_nobody_came_for_is_forgotten() -> None:
    street, *_ = opened_street()
    lend.wish(street.db, "sync")
    street.clock.advance(lend.WISH_SECONDS + 1)
    assert lend.wished_by(street.db) == ""


def test_a_write_the_side_was_too_busy_for_is_retried_without_anybody_ringing() -> None:
    street, product, twin = opened_street()
    street.woo.faults.add("rate_limited", method="PUT|POST", times=3, options={"retry_after": 30})
    street.sell(twin, 4)
    street.live(200)
    assert street.woo_stock(product) == 6


def test_an_unanswered_write_is_read_back_without_anybody_ringing() -> None:
    street, product, twin = opened_street(settings=replace(TEST_SETTINGS, settle_after=20.0))
    street.woo.faults.add("timeout_applied", method="PUT|POST", times=1)
    street.sell(twin, 4)
    street.live(50)
    assert street.woo_stock(product) == 6
    with street.db.reading() as conn:
        assert outbox.counts(conn).get("unknown", 0) == 0


def test_a_killed_daemon_starts_again_on_its_ledger_and_catches_up() -> None:
    street, product, twin = opened_street()
    street.sell(twin, 3)
    street.buy(product, 1)
    street.lease.release()
    street.start()
    street.live(30)
    assert street.woo_stock(product) == 6
    assert street.on_hand(twin) == 6


def test_a_big_backlog_of_doorbells_is_thinned_to_one_per_object() -> None:
    street, *_ = opened_street()
    with street.db.transaction() as conn:
        for number in range(5000):
            inbox.store(
                conn, side="woo", topic="product.updated", dedupe=f"d{number}", object_id=str(number % 40), body="",
                now=street.bridge.now(),
            )  # fmt: skip
    street.bells.ring("door")
    street.live(5)
    with street.db.reading() as conn:
        assert inbox.count_new(conn) == 0


def test_passes_that_changed_nothing_are_forgotten_after_a_month_and_all_others_kept() -> None:
    street, _, twin = opened_street()
    street.sell(twin, 1)
    street.live(10)
    with street.db.transaction() as conn:
        changed = {row.id for row in history.runs_with_changes(conn, 100)}
        for _ in range(1200):
            history.end_run(conn, history.begin_run(conn, "incremental", now=street.bridge.now()), "done", {}, now="")
    street.bells.ring("tidy")
    street.live(1)
    with street.db.reading() as conn:
        assert len(history.runs(conn, 5000)) > 1200
    street.clock.advance(31 * 24 * HOUR)
    street.bells.ring("tidy")
    street.live(1)
    with street.db.reading() as conn:
        left = {row.id for row in history.runs(conn, 5000)}
    assert changed <= left
    assert len(left - changed) <= 1001


def test_old_doorbells_are_forgotten_after_a_week_and_younger_ones_kept() -> None:
    street, product, _ = opened_street()
    street.buy(product)
    street.live(10)
    street.clock.advance(6.9 * 24 * HOUR)
    street.bells.ring("tidy")
    street.live(1)
    with street.db.reading() as conn:
        assert doorbells.newest(conn)
    street.clock.advance(0.2 * 24 * HOUR)
    street.bells.ring("tidy")
    street.live(1)
    with street.db.reading() as conn:
        assert [row.state for row in doorbells.newest(conn)] == []
