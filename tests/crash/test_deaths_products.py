"""The bridge dies at every effect of the first days: openings, creations, pictures, prices, names, variations."""

from __future__ import annotations

import pytest

from tests.crash.stories import BY_NAME
from tests.crash.tries import EVERYWHERE, every_death

PRODUCTS = (
    "first sync woo to square",
    "creation square to woo",
    "prices both ways",
    "rename and category in the shop",
    "rename at square",
    "opening with square's truth",
    "start tracking",
    "pictures go to square",
    "picture added later",
    "variation added in the shop",
    "variation added at square",
)


TO_THE_POINT = ("creation square to woo", "prices both ways", "rename at square", "opening with square's truth")
"""These die at every point before and after everything, reads included (all of them with ``BRIDGE_EVERY_DEATH=1``)."""


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_death_at_any_point_ends_right(name: str) -> None:
    tried = every_death(BY_NAME[name], every_point=EVERYWHERE or name in TO_THE_POINT)
    assert tried.points > 40
    assert not tried.wrong, tried.told()
