"""A ledger file that is closed and opened again ends exactly as the ledger in memory that the other tests keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.crash.life import Scenario, live
from tests.crash.stories import BY_NAME
from tests.world import World

_TABLES = (
    "product",
    "variation",
    "stock",
    "on_hand",
    "movement",
    "outbox",
    "order_seen",
    "decision",
    "cursor",
    "history",
)


def _rows(world: World) -> dict[str, list[tuple[Any, ...]]]:
    with world.db.reading() as conn:
        return {name: [tuple(row) for row in conn.exec_driver_sql(f"SELECT * FROM {name}")] for name in _TABLES}


def _end(scenario: Scenario, world: World, point: int) -> tuple[Any, ...]:
    life = live(scenario, {point}, world=world)
    journals = [event for service in (world.woo, world.square) for event in service.journal]
    return life.faults, life.points.names, life.points.died_at, journals, _rows(world)


@pytest.mark.parametrize("name", ["till sale", "opening with square's truth"])
def test_a_ledger_file_reopened_ends_as_the_one_in_memory(name: str, tmp_path: Path) -> None:
    # some of the points only: each commit of a file waits for the disk
    scenario = BY_NAME[name]
    whole = live(scenario)
    commits = [number for number, point in enumerate(whole.points.names) if "commit" in point]
    commits = commits[:: len(commits) // 8]
    for point in commits:
        at_rest = scenario.build(str(tmp_path / f"ledger-{point}"))
        ended = _end(scenario, at_rest, point)
        at_rest.db.close()
        assert ended[0] == []
        assert ended == _end(scenario, scenario.build(), point)
