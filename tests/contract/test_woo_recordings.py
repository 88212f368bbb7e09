"""Replays every recorded WooCommerce exchange against the simulator: the simulator is no truer than this."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from tests.contract import woo
from tests.contract.woo.registry import CASES, RECORDINGS, load

for _module in pkgutil.iter_modules(woo.__path__):
    if _module.name.endswith("_cases"):
        importlib.import_module(f"tests.contract.woo.{_module.name}")

UNANSWERED: dict[str, str] = {
    "products_paging_unstable_order": "a summary of a walk, not an exchange: a unit test replays it",
    "stock_concurrency_results": "a summary of races, not an exchange: unit tests replay them",
    "timings": "speeds of a real server",
}

NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json")) if RECORDINGS.is_dir() else []

pytestmark = pytest.mark.skipif(not NAMES, reason="the recordings (../shared/recordings) are not here")


@pytest.mark.parametrize("name", sorted(set(NAMES) & set(CASES)))
def test_the_simulator_answers_as_recorded(name: str) -> None:
    assert CASES[name](load(name)) == []


def test_every_recording_is_replayed_or_excused_by_name() -> None:
    silent = [name for name in NAMES if name not in CASES and name not in UNANSWERED]
    agree = [name for name in NAMES if name in CASES and not CASES[name](load(name))]
    print(f"{len(agree)} of {len(NAMES)} recordings agree")
    for name, reason in UNANSWERED.items():
        print(f"not replayed: {name}: {reason}")
    assert silent == []
    assert sorted(CASES) == sorted(name for name in NAMES if name in CASES)
