"""Which store gives the goods of an order."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.allocate import Allocation, Step, allocate
from tests.unit.domain.laws import law

Counts = dict[str, dict[str, Decimal]]
POLICIES: list[list[Step]] = [
    [],
    ["single"],
    ["priority"],
    ["most"],
    ["single", "priority"],
    ["single", "most"],
    ["priority", "most"],
    ["most", "single"],
    ["single", "priority", "most"],
]


def counts(**stores_of: dict[str, int]) -> Counts:
    return {v: {store: Decimal(n) for store, n in stores.items()} for v, stores in stores_of.items()}


def order(*lines: tuple[str, int]) -> list[tuple[str, Decimal]]:
    return [(variation, Decimal(quantity)) for variation, quantity in lines]


def result(allocation: Allocation) -> tuple[list[tuple[str, str, int]], list[tuple[str, int]]]:
    return (
        [(variation, store, int(n)) for variation, store, n in allocation.by_line],
        [(variation, int(n)) for variation, n in allocation.shortage],
    )


def test_the_store_the_shopper_chose_gives_what_it_has_and_no_other_does() -> None:
    stock = counts(V={"A": 1, "B": 9}, W={"A": 5})
    given_out = allocate(order(("V", 3), ("W", 2)), stock, pickup_store="A", may_split=True)
    assert result(given_out) == ([("V", "A", 1), ("W", "A", 2)], [("V", 2)])
    assert result(allocate(order(("V", 3)), stock, pickup_store="Z")) == ([], [("V", 3)])


def test_a_single_store_that_has_everything_gives_everything() -> None:
    stock = counts(V={"A": 9, "B": 2, "C": 2}, W={"B": 2, "C": 3})
    lines = order(("V", 2), ("W", 2))
    assert result(allocate(lines, stock, policy=["single"])) == ([("V", "C", 2), ("W", "C", 2)], [])
    by_priority = allocate(lines, stock, policy=["single"], priority=["A", "B"])
    assert result(by_priority) == ([("V", "B", 2), ("W", "B", 2)], [])


def test_equal_stores_are_taken_by_their_ids() -> None:
    assert result(allocate(order(("V", 1)), counts(V={"B": 2, "A": 2})))[0] == [("V", "A", 1)]
    most = allocate(order(("V", 1)), counts(V={"B": 2, "A": 2}), policy=["most"])
    assert result(most)[0] == [("V", "A", 1)]
    preferred = allocate(order(("V", 1)), counts(V={"B": 2, "A": 2}), policy=["most"], priority=["B"])
    assert result(preferred)[0] == [("V", "B", 1)]


def test_two_lines_of_one_variation_do_not_share_the_same_pieces() -> None:
    stock = counts(V={"A": 3, "B": 4})
    lines = order(("V", 2), ("V", 2))
    assert result(allocate(lines, stock, policy=["single"], priority=["A"]))[0] == [("V", "B", 2), ("V", "B", 2)]
    per_line = allocate(lines, stock, policy=["priority"], priority=["A", "B"], may_split=True)
    assert result(per_line)[0] == [("V", "A", 2), ("V", "B", 2)]


def test_an_order_that_must_not_be_split_goes_to_the_store_that_lacks_least_and_the_rest_is_short() -> None:
    stock = counts(V={"A": 2, "B": 5}, W={"C": 2, "B": 1})
    lines = order(("V", 2), ("W", 2))
    whole = allocate(lines, stock, priority=["A", "C"])
    assert result(whole) == ([("V", "B", 2), ("W", "B", 1)], [("W", 1)])
    assert whole.home == "B"
    even = allocate(order(("V", 2), ("X", 2)), counts(V={"A": 2}, X={"B": 2}), priority=["B"])
    assert (even.home, result(even)) == ("B", ([("X", "B", 2)], [("V", 2)]))


def test_of_the_stores_that_have_it_all_the_first_step_chooses() -> None:
    stock = counts(V={"A": 3, "B": 4, "C": 9})
    lines = order(("V", 2))
    for policy, store in ((["single"], "B"), (["priority"], "B"), (["most"], "C"), (["priority", "most"], "B")):
        assert allocate(lines, stock, policy=policy, priority=["B"]).home == store, policy  # type: ignore[arg-type]
    assert allocate(order(("V", 5)), stock, policy=["priority", "most"], priority=["B"]).home == "C"


def test_an_order_nobody_has_anything_of_falls_on_the_first_store() -> None:
    short = allocate(order(("V", 2)), counts(V={"A": 0, "B": 0}), priority=["B", "A"])
    assert (short.home, result(short)) == ("B", ([], [("V", 2)]))


def test_an_order_that_may_be_split_goes_line_by_line_where_each_is_whole() -> None:
    stock = counts(V={"A": 2, "B": 5}, W={"C": 2})
    lines = order(("V", 2), ("W", 2))
    assert result(allocate(lines, stock, priority=["A", "C"], may_split=True))[0] == [("V", "A", 2), ("W", "C", 2)]
    most = allocate(lines, stock, policy=["single", "most"], may_split=True)
    assert result(most)[0] == [("V", "B", 2), ("W", "C", 2)]


def test_priority_asks_the_listed_stores_in_their_order() -> None:
    stock = counts(V={"A": 2, "B": 9, "C": 9})
    assert result(allocate(order(("V", 2)), stock, policy=["priority"], priority=["A", "B"]))[0] == [("V", "A", 2)]
    listed = allocate(order(("V", 3)), stock, policy=["priority"], priority=["A"], may_split=True)
    assert result(listed) == ([("V", "A", 2)], [("V", 1)])


def test_a_line_no_store_has_whole_is_split_only_when_that_is_allowed() -> None:
    stock = counts(V={"A": 2, "B": 3, "C": 1})
    lines = order(("V", 5))
    assert result(allocate(lines, stock, priority=["C"])) == ([("V", "B", 3)], [("V", 2)])
    split = allocate(lines, stock, priority=["C"], may_split=True)
    assert result(split) == ([("V", "C", 1), ("V", "B", 3), ("V", "A", 1)], [])
    most = allocate(lines, stock, policy=["most"], priority=["C"], may_split=True)
    assert result(most) == ([("V", "B", 3), ("V", "A", 2)], [])
    listed = allocate(lines, stock, policy=["priority"], priority=["C", "A"], may_split=True)
    assert result(listed) == ([("V", "C", 1), ("V", "A", 2)], [("V", 2)])
    assert result(allocate(lines, stock, policy=["single"], may_split=True)) == ([("V", "B", 3), ("V", "A", 2)], [])


def test_a_split_goes_on_past_lines_that_are_placed() -> None:
    stock = counts(V={"A": 1}, W={"A": 1, "B": 1})
    given_out = allocate(order(("V", 1), ("W", 2)), stock, policy=["most"], may_split=True)
    assert result(given_out) == ([("V", "A", 1), ("W", "A", 1), ("W", "B", 1)], [])


def test_a_later_single_step_looks_at_what_is_still_open() -> None:
    stock = counts(V={"A": 1}, W={"B": 2}, X={"B": 1})
    lines = order(("V", 1), ("W", 2), ("X", 1))
    given_out = allocate(lines, stock, policy=["priority", "single"], priority=["A"], may_split=True)
    assert result(given_out) == ([("V", "A", 1), ("W", "B", 2), ("X", "B", 1)], [])


def test_less_than_nothing_is_nothing_and_no_quantity_is_no_line() -> None:
    stock = counts(V={"A": -3})
    assert result(allocate(order(("V", 1), ("V", 0), ("V", -2)), stock, may_split=True)) == ([], [("V", 1)])
    assert result(allocate(order(("U", 1)), stock)) == ([], [("U", 1)])
    assert allocate([], stock) == Allocation()


stock_of = st.dictionaries(
    st.sampled_from("VWX"), st.dictionaries(st.sampled_from("ABC"), st.integers(-1, 4).map(Decimal)), max_size=3
)
orders = st.lists(st.tuples(st.sampled_from("VWX"), st.integers(1, 4).map(Decimal)), max_size=4)


@law
@given(
    orders,
    stock_of,
    st.sampled_from(["", "A", "B"]),
    st.sampled_from(POLICIES),
    st.lists(st.sampled_from("ABC"), max_size=3),
    st.booleans(),
)
def test_nothing_is_lost_or_given_twice(
    lines: Sequence[tuple[str, Decimal]],
    stock: Counts,
    pickup: str,
    policy: list[Step],
    priority: list[str],
    may_split: bool,
) -> None:
    def run() -> Allocation:
        return allocate(lines, stock, pickup_store=pickup, policy=policy, priority=priority, may_split=may_split)

    done = run()
    assert done == run()
    for variation in "VWX":
        ordered = sum(n for v, n in lines if v == variation)
        allocated = sum(n for v, _, n in done.by_line if v == variation)
        assert allocated + sum(n for v, n in done.shortage if v == variation) == ordered
        for store in "ABC":
            taken = sum(n for v, s, n in done.by_line if (v, s) == (variation, store))
            assert taken <= max(stock.get(variation, {}).get(store, Decimal(0)), Decimal(0))
    assert all(n > 0 for _, _, n in done.by_line)
    if pickup:
        assert {store for _, store, _ in done.by_line} <= {pickup}
    elif not may_split:
        assert {store for _, store, _ in done.by_line} <= {done.home}
        given_out = sum(n for _, _, n in done.by_line)
        for store in "ABC":
            alone = allocate(lines, stock, pickup_store=store)
            assert given_out >= sum(n for _, _, n in alone.by_line), "another store would have lacked less"


@pytest.mark.parametrize("policy", [p for p in POLICIES if p and p[0] == "single"])
def test_one_store_is_enough_whenever_one_has_all(policy: list[Step]) -> None:
    for on_a in range(4):
        for on_b in range(4):
            stock = counts(V={"A": on_a, "B": on_b}, W={"A": 1, "B": 1})
            done = allocate(order(("V", 2), ("W", 1)), stock, policy=policy, priority=["B"])
            stores = {store for _, store, _ in done.by_line}
            if max(on_a, on_b) >= 2:
                assert stores == {"B" if on_b >= 2 else "A"}
                assert not done.shortage
