"""Every death and every pair of deaths in a scenario, tried one after the other from the same beginning.

Between two effects (commits and remote writes) nothing outside the process changes, so that a death anywhere between
them is one and the same: ``test_equal_deaths`` shows it point by point. Most stories are therefore tried once per
effect, some at every single point.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from tests.crash.branches import branch
from tests.crash.life import People, Scenario, live
from tests.world import World

EVERYWHERE = os.environ.get("BRIDGE_EVERY_DEATH") == "1"
"""Every story dies at every point, not only those that do so in every run."""


@dataclass(slots=True)
class Told:
    """What one life told: its points by name, which of them follow an effect, what was written, where it died, what is
    wrong."""

    names: list[str]
    effects: list[int]
    writes: list[str]
    died_at: list[str]
    faults: list[str]


@dataclass(slots=True)
class Tried:
    """All lives of a scenario: how many, of how many points, and the faulty ones in words."""

    points: int
    lives: int = 0
    wrong: list[str] = field(default_factory=list)

    def told(self) -> str:
        """The first few wrong ones, for people."""
        return "\n".join([f"{len(self.wrong)} faults in {self.lives} lives", *self.wrong[:12]])

    def add(self, told: Told) -> None:
        """Count one life."""
        self.lives += 1
        self.wrong += [f"died at {' and '.join(told.died_at) or 'no point'}: {fault}" for fault in told.faults]


def tell(
    scenario: Scenario,
    world: World,
    crash_at: Collection[int],
    *,
    unanswered: int = -1,
    while_down: People | None = None,
) -> Told:
    """Live one life in a branch of the present."""

    def work() -> list[object]:
        life = live(scenario, crash_at, world=world, unanswered=unanswered, while_down=while_down)
        points = life.points
        return [points.names, points.effects, points.writes, points.died_at, life.faults]

    return Told(*branch(work))


def _begin(scenario: Scenario) -> tuple[World, Told]:
    """The world to branch from, and the life in which nobody dies."""
    live(scenario)  # every statement is compiled once here, and not again in every branch
    world = scenario.build()
    gc.freeze()
    return world, tell(scenario, world, ())


def every_death(scenario: Scenario, while_down: People | None = None, *, every_point: bool = False) -> Tried:
    """One life without a death, then one for each effect, or for each point before and after anything."""
    world, whole = _begin(scenario)
    tried = Tried(len(whole.names))
    tried.add(whole)
    for number in range(len(whole.names)) if every_point else _after_effects(whole):
        told = tell(scenario, world, {number}, while_down=while_down)
        assert told.died_at, f"nobody died at point {number}"
        tried.add(told)
    return tried


def _after_effects(told: Told) -> list[int]:
    """The first point of a life, and those right after something changed outside the process."""
    return [0, *told.effects]


def every_pair(scenario: Scenario, while_down: People | None = None) -> Tried:
    """Every pair of deaths, the second one in the passes that follow the first."""
    world, whole = _begin(scenario)
    tried = Tried(len(whole.effects) + 1)
    for first in _after_effects(whole):
        once = tell(scenario, world, {first}, while_down=while_down)
        tried.add(once)
        for second in _later(once, first):
            tried.add(tell(scenario, world, {first, second}, while_down=while_down))
    return tried


def every_death_beside_a_lost_answer(scenario: Scenario) -> Tried:
    """For each remote write: it is done but never answered, and the bridge dies once, at every point in turn."""
    world, whole = _begin(scenario)
    tried = Tried(0)
    for number in range(len(whole.writes)):
        lost = tell(scenario, world, (), unanswered=number)
        tried.add(lost)
        tried.points += len(lost.names)
        for point in _after_effects(lost):
            tried.add(tell(scenario, world, {point}, unanswered=number))
    return tried


def _later(told: Told, first: int) -> Iterator[int]:
    yield first + 1
    yield from (number for number in told.effects if number > first)
