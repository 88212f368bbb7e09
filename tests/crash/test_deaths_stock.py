"""The bridge dies at every effect of a day's stock: orders, refunds, till sales, transfers, counts, edits."""

from __future__ import annotations

import pytest

from tests.crash.stories import BY_NAME
from tests.crash.tries import EVERYWHERE, every_death

STOCK = (
    "online order of two products",
    "order cancelled",
    "order and its cancelling",
    "refund with restock",
    "till sale",
    "transfer and count",
    "staff edit in the shop",
    "order edited by staff",
    "a busy day",
)


TO_THE_POINT = (
    "order cancelled",
    "refund with restock",
    "till sale",
    "transfer and count",
    "staff edit in the shop",
    "a busy day",
)
"""These die at every point before and after everything, reads included (all of them with ``BRIDGE_EVERY_DEATH=1``)."""


@pytest.mark.parametrize("name", STOCK)
def test_a_death_at_any_point_ends_right(name: str) -> None:
    tried = every_death(BY_NAME[name], every_point=EVERYWHERE or name in TO_THE_POINT)
    assert tried.points > 40
    assert not tried.wrong, tried.told()
