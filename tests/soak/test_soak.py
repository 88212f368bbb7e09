"""Three simulated days of the daemon as a process (``python -m tests.soak`` lives through ten)."""

from __future__ import annotations

import pytest

from tests.soak.days import soak

pytestmark = [pytest.mark.slow, pytest.mark.process]


def test_after_each_night_every_number_is_true_and_the_daemon_holds_no_more_than_before() -> None:
    found = soak(3, 55, seed=3)
    assert found.wrong == []
    assert found.days == 3
    assert found.trades > 30
    assert sum(found.faults.values()) > 20, "without faults nothing is shown"
    first, last = found.sizes[0], found.sizes[-1]
    assert last.threads <= first.threads
    assert last.files <= first.files + 2
    assert found.growth < 0.05
