"""The bridge dies while something else goes wrong too: an answer is lost, or trade goes on while it is down."""

from __future__ import annotations

import pytest

from tests.crash.stories import BY_NAME, buy_and_sell, reprice
from tests.crash.tries import every_death, every_death_beside_a_lost_answer


def test_a_death_at_any_point_beside_any_lost_answer_ends_right() -> None:
    tried = every_death_beside_a_lost_answer(BY_NAME["a busy day"])
    assert tried.lives > 100
    assert not tried.wrong, tried.told()


@pytest.mark.parametrize("name", ["online order of two products", "till sale", "first sync woo to square"])
def test_trade_while_the_bridge_is_down_is_not_lost(name: str) -> None:
    tried = every_death(BY_NAME[name], while_down=buy_and_sell)
    assert not tried.wrong, tried.told()


def test_a_price_changed_while_the_bridge_is_down_ends_the_same_on_both_sides() -> None:
    tried = every_death(BY_NAME["first sync woo to square, prices compared"], while_down=reprice)
    assert not tried.wrong, tried.told()
