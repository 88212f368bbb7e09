"""The engine's process is killed again and again while people trade: nothing is lost, nothing happens twice.

``BRIDGE_KILLS=200`` makes it a long one.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from bridge.sim.busy_day import BusyDay
from bridge.sim.demo_world import DemoWorld

pytestmark = [pytest.mark.process, pytest.mark.slow]

KILLS = int(os.environ.get("BRIDGE_KILLS", "20"))
SEED = int(os.environ.get("BRIDGE_SEED", "7"))
LIFE = 1.5
"""Seconds a process lives at most once it is up; one in six is killed while it is still starting."""


@pytest.mark.timeout(120 + 4 * KILLS)
def test_sigkill_at_random_moments_of_a_trading_day_leaves_every_number_right(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    with DemoWorld(tmp_path, seed=SEED) as world:
        world.engine.start()
        assert world.settle(60), world.engine.last_words()
        day = world.open_for_trade()
        world.storm()
        for _ in range(KILLS):
            let_it_live(world, day, dice)
            world.restart_engine()
        assert world.close()
        assert world.calm(), world.engine.last_words()
        proof = world.prove()
        assert world.engine.kills == KILLS and world.engine.starts == KILLS + 1
        # how late a number may be is not judged here: the engine was down for most of the day
        assert proof.notes == ()
        assert (proof.drift, proof.unexplained, proof.duplicates, proof.lost) == (0, 0, 0, 0)
        assert sum(world.trades()) >= 5 * KILLS and world.engine.passes > 0
    assert world.engine.pid == 0


def let_it_live(world: DemoWorld, day: BusyDay, dice: random.Random) -> None:
    """People trade until the process has lived long enough; nobody waits for the engine."""
    born = world.engine.number_told
    starting = dice.random() < 1 / 6
    dies = time.monotonic() + (dice.uniform(0.05, 0.6) if starting else 15.0)
    life = dice.uniform(0.02, LIFE)
    while time.monotonic() < dies:
        day.step()
        time.sleep(dice.uniform(0.02, 0.12))
        if not starting and world.engine.number_told > born:
            starting, dies = True, time.monotonic() + life
