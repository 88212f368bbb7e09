"""The engine's process is killed again and again while people trade: nothing is lost, nothing happens twice.

``BRIDGE_KILLS=200`` makes it a long one.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from bridge.sim.demo_world import DemoWorld

pytestmark = [pytest.mark.process, pytest.mark.slow]

KILLS = int(os.environ.get("BRIDGE_KILLS", "20"))
SEED = int(os.environ.get("BRIDGE_SEED", "7"))
LIVES = (0.9, 2.2)
"""Seconds a process lives: it needs about 0.8 to be up, so that some die starting and most in the middle of work."""


@pytest.mark.timeout(120 + 4 * KILLS)
def test_sigkill_at_random_moments_of_a_trading_day_leaves_every_number_right(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    with DemoWorld(tmp_path, seed=SEED) as world:
        world.engine.start()
        assert world.settle(60), world.engine.last_words()
        day = world.open_for_trade()
        world.storm()
        for _ in range(KILLS):
            trade_for(world, day, dice.uniform(*LIVES), dice)
            world.restart_engine()
        assert world.calm(), world.engine.last_words()
        proof = world.prove()
        assert world.engine.kills == KILLS and world.engine.starts == KILLS + 1
        assert proof.notes == () and proof.ok
        assert sum(world.trades()) >= 5 * KILLS
    assert world.engine.pid == 0


def trade_for(world: DemoWorld, day: object, seconds: float, dice: random.Random) -> None:
    """People trade; nobody waits for the engine."""
    from bridge.sim.busy_day import BusyDay

    assert isinstance(day, BusyDay)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        day.step()
        time.sleep(dice.uniform(0.02, 0.12))
