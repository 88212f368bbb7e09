"""The demo as a shopkeeper runs it: one command, no account, an object of figures, exit code 0."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.process, pytest.mark.slow]

FIGURES = {
    "products",
    "variations",
    "stores",
    "online_orders",
    "till_sales",
    "faults",
    "restarts",
    "duplicates",
    "lost",
    "drift",
    "unexplained",
    "oversold_beyond_window",
    "seconds",
    "ok",
}


def test_the_demo_plays_a_busy_day_and_proves_every_number() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge.cli.main", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    told = json.loads(done.stdout)  # one object and nothing else
    assert told.keys() >= FIGURES
    assert done.returncode == 0 and told["ok"] is True, told["notes"]
    assert (told["products"] >= 40, told["variations"] >= 120, told["stores"]) == (True, True, 3)
    assert told["online_orders"] + told["till_sales"] >= 300
    assert told["restarts"] == 1 and told["faults"] > 50
    assert [told[name] for name in ("duplicates", "lost", "drift", "unexplained", "oversold_beyond_window")] == [0] * 5
    assert told["faults_by_name"]["webhooks lost"] > 0
    assert any(name.startswith(("timeout", "reset")) for name in told["faults_by_name"])
