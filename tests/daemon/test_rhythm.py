"""How often the bridge looks by itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.rhythm import Hook, Rhythm, after_look, is_quiet, trust, wait_until_next

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ALIVE, SILENT, UNKNOWN = Hook(rang=NOW), Hook(missed=NOW), Hook()
RHYTHM = Rhythm()

moments = st.none() | st.integers(0, 10 * 86_400).map(lambda ago: NOW - timedelta(seconds=ago))
hooks = st.builds(Hook, moments, moments, st.booleans())
seconds = st.floats(0, 10_000, allow_nan=False)


def test_looking_slows_while_all_hooks_prove_alive_and_quickens_when_one_is_silent() -> None:
    assert wait_until_next(RHYTHM, [ALIVE, ALIVE], NOW) == 180
    assert wait_until_next(RHYTHM, [ALIVE, UNKNOWN], NOW) == 60
    assert wait_until_next(RHYTHM, [ALIVE, SILENT], NOW) == 20


def test_without_any_webhook_the_usual_interval_holds() -> None:
    assert wait_until_next(RHYTHM, [Hook(expected=False), Hook(expected=False)], NOW) == 60
    assert wait_until_next(RHYTHM, [], NOW) == 60


def test_a_ring_after_a_missed_change_ends_the_doubt() -> None:
    missed = NOW - timedelta(minutes=5)
    assert trust(Hook(rang=NOW - timedelta(minutes=9), missed=missed), NOW, 3600) == "silent"
    assert trust(Hook(rang=NOW - timedelta(minutes=1), missed=missed), NOW, 3600) == "proved"


def test_an_old_ring_proves_nothing() -> None:
    assert trust(Hook(rang=NOW - timedelta(hours=7)), NOW, 6 * 3600) == "unproved"


def test_quiet_hours_run_over_midnight_by_the_shops_own_clock() -> None:
    night = Rhythm(quiet_from=time(22), quiet_until=time(6), zone="Europe/Oslo")
    assert is_quiet(night, datetime(2026, 3, 2, 21, 30, tzinfo=UTC))  # 22:30 in Oslo
    assert not is_quiet(night, datetime(2026, 3, 2, 5, 30, tzinfo=UTC))  # 06:30 in Oslo
    assert wait_until_next(night, [SILENT], datetime(2026, 3, 2, 23, 0, tzinfo=UTC)) == 80


def test_a_slow_shop_is_given_four_times_as_long_as_a_pass_takes() -> None:
    assert wait_until_next(RHYTHM, [UNKNOWN], NOW, last_pass_seconds=30) == 120


@given(st.lists(hooks, max_size=3), seconds)
def test_no_wait_is_longer_than_the_longest_nor_shorter_than_the_quickest(found: list[Hook], took: float) -> None:
    assert RHYTHM.quick <= wait_until_next(RHYTHM, found, NOW, took) <= RHYTHM.longest


@given(st.lists(hooks, max_size=3), seconds, seconds)
def test_a_slower_side_is_never_asked_more_often(found: list[Hook], one: float, two: float) -> None:
    less, more = sorted((one, two))
    assert wait_until_next(RHYTHM, found, NOW, less) <= wait_until_next(RHYTHM, found, NOW, more)


@given(st.lists(hooks, min_size=1, max_size=3), seconds)
def test_one_more_silent_hook_never_slows_the_looking(found: list[Hook], took: float) -> None:
    assert wait_until_next(RHYTHM, [*found, SILENT], NOW, took) <= wait_until_next(RHYTHM, found, NOW, took)


@given(hooks, moments)
def test_a_ring_just_now_never_makes_a_hook_less_trusted(hook: Hook, _: object) -> None:
    order = ["silent", "unproved", "proved"]
    before = trust(hook, NOW, 3600)
    rung = Hook(rang=NOW + timedelta(seconds=1), missed=hook.missed, expected=hook.expected)
    assert order.index(trust(rung, NOW + timedelta(seconds=1), 3600)) >= order.index(before)


def looks(hook: Hook, *story: tuple[int, int | None, bool]) -> Hook:
    """(minute of the look, minute of the newest ring, whether something was found)."""
    for minute, rang, found in story:
        at = None if rang is None else NOW + timedelta(minutes=rang)
        hook = after_look(hook, rang=at, found=found, now=NOW + timedelta(minutes=minute))
    return hook


def test_a_change_that_no_ring_told_of_makes_a_hook_silent_after_a_while() -> None:
    later = NOW + timedelta(minutes=9)
    assert trust(looks(Hook(), (0, None, True), (2, None, False)), later, 3600) == "unproved"
    assert trust(looks(Hook(), (0, None, True), (2, None, False), (9, None, False)), later, 3600) == "silent"


def test_a_ring_that_comes_late_or_came_shortly_before_clears_the_doubt() -> None:
    later = NOW + timedelta(minutes=9)
    assert trust(looks(Hook(), (0, None, True), (9, 3, False)), later, 3600) == "proved"
    assert trust(looks(Hook(), (0, -1, True), (9, -1, False)), later, 3600) == "proved"


def test_a_quiet_shop_is_not_called_silent() -> None:
    assert trust(looks(Hook(), *((minute, None, False) for minute in range(60))), NOW, 3600) == "unproved"
