"""Deaths that are one: what happens in the process alone leaves no trace when it dies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crash.life import Scenario, live
from tests.crash.stories import BY_NAME


def _end(scenario: Scenario, point: int) -> tuple[Any, ...]:
    life = live(scenario, {point})
    world = life.world
    journals = [event for service in (world.woo, world.square) for event in service.journal]
    with world.db.reading() as conn:
        rows = [tuple(row) for row in conn.exec_driver_sql("SELECT * FROM outbox")]
        rows += [tuple(row) for row in conn.exec_driver_sql("SELECT * FROM movement")]
        rows += [tuple(row) for row in conn.exec_driver_sql("SELECT * FROM history")]
    return life.faults, journals, rows, life.points.writes


@pytest.mark.parametrize("name", ["till sale"])
def test_a_death_between_two_effects_is_the_same_wherever_it_falls(name: str) -> None:
    """Before and after a read, before a commit, before a write: the next process finds the very same world."""
    scenario = BY_NAME[name]
    points = live(scenario).points
    last: tuple[Any, ...] = _end(scenario, 0)
    for number in range(1, len(points.names)):
        end = _end(scenario, number)
        if number not in points.effects:
            assert end == last, points.names[number]
        last = end
