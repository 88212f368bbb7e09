"""The daemon logs every pass; a simulated day of them is not for people."""

from __future__ import annotations

import pytest

from bridge.report.logs import set_up_logs


@pytest.fixture(autouse=True)
def quiet_logs() -> None:
    set_up_logs("error")
