"""The bridge dies at every effect of what tills did: refunds, pickups handed over, sales shown in the shop."""

from __future__ import annotations

import pytest

from tests.crash.till_stories import TILL_BY_NAME, TILL_STORIES
from tests.crash.tries import every_death, every_death_beside_a_lost_answer


@pytest.mark.parametrize("name", [story.name for story in TILL_STORIES])
def test_a_death_at_any_point_shows_the_shop_everything_once(name: str) -> None:
    tried = every_death(TILL_BY_NAME[name])
    assert tried.lives > 5
    assert not tried.wrong, tried.told()


@pytest.mark.parametrize("name", ["refund at a till by number", "till sale shown in the shop"])
def test_a_lost_answer_and_a_death_beside_it_write_once(name: str) -> None:
    tried = every_death_beside_a_lost_answer(TILL_BY_NAME[name])
    assert not tried.wrong, tried.told()
