"""The demo as a shopkeeper runs it: one command, no account, an object of figures, exit code 0."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = [pytest.mark.process, pytest.mark.slow]

FIGURES = {
    "products",
    "variations",
    "stores",
    "online_orders",
    "till_sales",
    "pickups",
    "shipments",
    "picked_up",
    "cancelled",
    "refunds_in_shop",
    "refunds_at_tills",
    "customer_notes",
    "faults",
    "restarts",
    "duplicates",
    "lost",
    "drift",
    "unexplained",
    "oversold_beyond_window",
    "orders_wrong",
    "money_wrong",
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
    wrong = ("duplicates", "lost", "drift", "unexplained", "oversold_beyond_window", "orders_wrong", "money_wrong")
    assert [told[name] for name in wrong] == [0] * len(wrong)
    assert told["faults_by_name"]["webhooks lost"] > 0
    assert any(name.startswith(("timeout", "reset")) for name in told["faults_by_name"])
    assert_that_the_counters_were_busy(told)


def assert_that_the_counters_were_busy(told: dict[str, Any]) -> None:
    assert told["pickups"] + told["shipments"] == told["online_orders"]
    assert told["pickups"] >= 15 and told["shipments"] >= 60
    happened = ("picked_up", "cancelled", "refunds_in_shop", "refunds_at_tills", "customer_notes")
    assert min(told[name] for name in happened) > 0, {name: told[name] for name in happened}
    assert told["money_in_shop"] == told["money_at_tills"] > 0
