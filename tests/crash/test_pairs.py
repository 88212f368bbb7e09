"""The bridge dies twice in one life: every pair of points of some small stories."""

from __future__ import annotations

import pytest

from tests.crash.stories import BY_NAME
from tests.crash.tries import every_pair


@pytest.mark.parametrize("name", ["till sale", "order cancelled", "rename at square"])
def test_any_two_deaths_end_right(name: str) -> None:
    tried = every_pair(BY_NAME[name])
    assert tried.lives > 200
    assert not tried.wrong, tried.told()
