"""Keys are stable and never shared by two intentions."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.actions import action_key
from tests.unit.domain.laws import law


def test_a_key_never_changes_between_releases() -> None:
    assert action_key("order:17:3", "square", "V1", "sale") == "c89857f9-ca06-5e3c-8b20-2e1f098bc110"


def test_a_key_fits_the_tightest_limit() -> None:
    assert len(action_key("x" * 5000)) == 36
    assert UUID(action_key()).version == 5


@law
@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_parts_give_different_keys(one: list[str], other: list[str]) -> None:
    assert (action_key(*one) == action_key(*other)) == (one == other)


def test_parts_do_not_run_into_each_other() -> None:
    assert len({action_key("a", "bc"), action_key("ab", "c"), action_key("abc"), action_key("abc", "")}) == 4
