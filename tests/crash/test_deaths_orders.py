"""The bridge dies at every effect of an order's life at the till: made, paid, counted, refunded, cancelled."""

from __future__ import annotations

import pytest

from tests.crash.order_stories import ORDER_STORIES, ORDERS_BY_NAME, fetch_what_is_there
from tests.crash.tries import every_death, every_death_beside_a_lost_answer, every_pair


@pytest.mark.parametrize("name", [story.name for story in ORDER_STORIES])
def test_a_death_at_any_point_makes_the_order_once(name: str) -> None:
    tried = every_death(ORDERS_BY_NAME[name])
    assert tried.lives > 10
    assert not tried.wrong, tried.told()


@pytest.mark.parametrize("name", ["pickup order made at the till", "part of an order refunded"])
def test_a_lost_answer_and_a_death_beside_it_make_the_order_once(name: str) -> None:
    tried = every_death_beside_a_lost_answer(ORDERS_BY_NAME[name])
    assert not tried.wrong, tried.told()


def test_an_order_the_till_takes_money_for_while_the_bridge_is_down_is_counted_once_whatever_two_deaths() -> None:
    tried = every_pair(ORDERS_BY_NAME["pickup order made at the till"], while_down=fetch_what_is_there)
    assert tried.lives > 200
    assert not tried.wrong, tried.told()
