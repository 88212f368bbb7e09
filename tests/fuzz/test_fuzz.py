"""Strangers ring in every way (``python -m tests.fuzz`` rings a hundred thousand times)."""

from __future__ import annotations

import pytest

from tests.fuzz.door import fuzz


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_sent_is_answered_without_a_trace_and_only_what_is_signed_is_stored(seed: int) -> None:
    found = fuzz(2500, seed=seed)
    assert found.wrong == []
    assert found.tries == 2500
    assert found.stored > 50, "genuine deliveries must be among them, or nothing is shown"
    assert {"bad_signature", "no_such_door", "wrong_method", "no_length", "too_large", "not_json"} <= set(found.words)
    assert found.words["stored"] + found.words["repeated"] <= found.genuine
