"""Days of the daemon as a process: in CI (``CI=true``) ten of them and five minutes at least, three elsewhere."""

from __future__ import annotations

import os

import pytest

from tests.soak.days import soak

pytestmark = [pytest.mark.slow, pytest.mark.process, pytest.mark.timeout(1200)]
IN_CI = bool(os.environ.get("CI"))


def test_after_each_night_every_number_is_true_and_the_daemon_holds_no_more_than_before() -> None:
    days, seconds, at_least = (10, 600, 300) if IN_CI else (3, 60, 0)
    found = soak(days, seconds, seed=3, at_least=at_least, counters=True)
    assert found.wrong == []
    assert found.days >= days
    assert found.trades > 10 * days
    assert sum(found.faults.values()) > 20, "without faults nothing is shown"
    assert not found.leaked, found.sizes
    assert found.growth < 0.05
