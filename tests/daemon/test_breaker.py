"""When a side that does not answer is called again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.breaker import Breaker, Patience, failed, may_call, probing, succeeded

PATIENCE = Patience(threshold=3, first=5, longest=60)
CLOSED = Breaker()


def opened(at: float = 0.0) -> Breaker:
    return failed(CLOSED, at, PATIENCE, given_up=True)


def test_single_failures_leave_it_closed_and_the_third_in_a_row_opens_it() -> None:
    twice = failed(failed(CLOSED, 0, PATIENCE), 1, PATIENCE)
    assert twice.state == "closed"
    assert failed(twice, 2, PATIENCE).state == "open"
    assert failed(succeeded(twice), 2, PATIENCE).state == "closed"


def test_while_open_nothing_goes_out_until_the_pause_is_over() -> None:
    breaker = opened(100)
    assert not may_call(breaker, 104.9)
    assert may_call(breaker, 105)


def test_half_open_lets_one_probe_through_and_no_more() -> None:
    probe = probing(opened(0), 5)
    assert probe.state == "half_open"
    assert not may_call(probe, 5)
    assert succeeded(probe) == CLOSED


def test_failed_probes_double_the_pause_up_to_the_longest() -> None:
    breaker, now, pauses = opened(0), 0.0, []
    for _ in range(6):
        pauses.append(breaker.until - now)
        now = breaker.until
        breaker = failed(probing(breaker, now), now, PATIENCE)
    assert pauses == [5, 10, 20, 40, 60, 60]
    assert breaker.since == 0


def test_a_late_failure_of_an_older_call_does_not_prolong_the_pause() -> None:
    breaker = opened(0)
    assert failed(breaker, 1, PATIENCE).until == breaker.until


@given(st.lists(st.tuples(st.sampled_from(["ok", "bad", "gone", "probe"]), st.floats(0, 30, allow_nan=False))))
def test_whatever_happens_a_closed_breaker_calls_and_an_open_one_calls_again_in_time(
    story: list[tuple[str, float]],
) -> None:
    breaker, now = CLOSED, 0.0
    for what, later in story:
        now += later
        if what == "ok":
            breaker = succeeded(breaker)
        elif what == "probe":
            breaker = probing(breaker, now)
        else:
            breaker = failed(breaker, now, PATIENCE, given_up=what == "gone")
        if breaker.state == "closed":
            assert may_call(breaker, now)
            assert breaker.failures < PATIENCE.threshold
        elif breaker.state == "open":
            assert may_call(breaker, now + PATIENCE.longest)
            assert breaker.until <= now + PATIENCE.longest


@given(st.floats(0, 1))
def test_dice_shorten_a_pause_by_a_fifth_at_most(dice: float) -> None:
    breaker = failed(CLOSED, 0, PATIENCE, given_up=True, dice=dice)
    assert 4 <= breaker.until <= 5
