"""No doorbell that was answered 200 is lost, even when the server is killed right after."""

from __future__ import annotations

import pytest

from tests.daemon.ringing import measure


@pytest.mark.process
def test_every_doorbell_answered_under_load_is_on_disk_after_a_kill() -> None:
    (found,), kept = measure(((400, 2.0),))
    assert found.bad == 0
    assert found.answered > 100
    assert kept == found.answered
