"""The stock protocol's arithmetic, by example and in every small shop."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.stock import (
    Buffers,
    DriftHints,
    ReducedChange,
    StockView,
    Target,
    WindowOrder,
    explain_drift,
    explain_gap,
    reduced_changes,
    spread,
    target,
    woo_delta,
)
from tests.unit.domain.laws import law

D = Decimal


def view(
    counts: dict[str, Decimal],
    stores: tuple[str, ...] = ("A", "B"),
    *,
    expected: int = 0,
    pending: str = "0",
    buffer: int = 0,
    backorders: bool = False,
) -> StockView:
    return StockView(expected, counts, stores, D(pending), buffer, backorders)


def test_the_shop_shows_the_sum_of_its_online_stores() -> None:
    shop = view({"A": D(3), "B": D(4), "C": D(9)}, expected=5, pending="-2", buffer=1)
    assert target(shop) == Target(4, D(4), D(0), "")
    assert woo_delta(shop) == -1


def test_a_negative_result_is_shown_as_zero_and_owed() -> None:
    shop = view({"A": D(1)}, expected=2, pending="-4")
    assert target(shop) == Target(0, D(-3), D(3), "")
    assert woo_delta(shop) == -2


def test_with_backorders_the_shop_may_show_less_than_nothing() -> None:
    shop = view({"A": D(1)}, expected=2, pending="-4", backorders=True)
    assert target(shop) == Target(-3, D(-3), D(0), "")
    assert woo_delta(shop) == -5


def test_a_variation_without_counts_is_left_alone() -> None:
    for shop in (view({}, expected=7), view({"C": D(9)}, expected=7), view({"A": D(9)}, stores=(), expected=7)):
        assert target(shop) == Target(0, D(0), D(0), "no_counts")
        assert woo_delta(shop) == 0


def test_a_store_without_a_count_adds_nothing() -> None:
    assert target(view({"B": D(4)})).quantity == 4


def test_a_fraction_is_refused_and_halves_that_make_a_whole_are_not() -> None:
    shop = view({"A": D("1.5"), "B": D(2)}, expected=3)
    assert target(shop) == Target(0, D("3.5"), D(0), "fractional")
    assert woo_delta(shop) == 0
    assert target(view({"A": D("1.5"), "B": D("1.50")})).quantity == 3
    assert target(view({"A": D("-1.5")})).refusal == "fractional"


def test_every_small_shop_shows_what_it_has() -> None:
    numbers = [None, *range(-1, 4)]
    for on_a, on_b, pending, buffer, expected in product(numbers, numbers, range(-3, 2), range(2), range(3)):
        counts = {s: D(n) for s, n in (("A", on_a), ("B", on_b)) if n is not None}
        for backorders in (False, True):
            shop = StockView(expected, counts, ("A", "B"), D(pending), buffer, backorders)
            shown = target(shop)
            if not counts:
                assert (shown.refusal, woo_delta(shop)) == ("no_counts", 0)
                continue
            assert shown.refusal == ""
            assert shown.raw == sum(counts.values()) + pending - buffer
            assert shown.quantity - shown.debt == shown.raw
            assert shown.debt >= 0
            assert backorders or shown.quantity >= 0
            assert shown.debt == 0 or (shown.quantity == 0 and not backorders)
            assert expected + woo_delta(shop) == shown.quantity


def test_a_till_sale_of_the_shops_own_order_changes_nothing_when_it_arrives() -> None:
    """An online sale waits in ``pending``, then appears in Square's count: the shop's number is right both times."""
    for on_hand, sold in product(range(4), range(4)):
        before = view({"A": D(on_hand)}, expected=on_hand - sold, pending=str(-sold), backorders=True)
        after = view({"A": D(on_hand - sold)}, expected=on_hand - sold, backorders=True)
        assert woo_delta(before) == woo_delta(after) == 0


# -- order lines ----------------------------------------------------------------------


def test_only_lines_that_took_more_or_less_are_changes() -> None:
    before = {"1": ("V1", D(2)), "2": ("V2", D(1)), "3": ("V3", D(5))}
    after = {"4": ("V4", D(1)), "2": ("V2", D(1)), "1": ("V1", D(3))}
    changes = reduced_changes(before, after)
    assert changes == [
        ReducedChange("1", "V1", D(2), D(3)),
        ReducedChange("3", "V3", D(5), D(0)),
        ReducedChange("4", "V4", D(0), D(1)),
    ]
    assert [change.effect for change in changes] == [D(-1), D(5), D(-1)]


def test_a_line_whose_variation_was_exchanged_gives_one_back_and_takes_the_other() -> None:
    changes = reduced_changes({"1": ("V1", D(2))}, {"1": ("V2", D(2))})
    assert changes == [ReducedChange("1", "V1", D(2), D(0)), ReducedChange("1", "V2", D(0), D(2))]


lines = st.dictionaries(
    st.sampled_from("123"), st.tuples(st.sampled_from(["V1", "V2"]), st.integers(0, 3).map(Decimal)), max_size=3
)


@law
@given(lines, lines, lines)
def test_changes_read_in_steps_add_up_to_changes_read_at_once(
    first: dict[str, tuple[str, Decimal]],
    second: dict[str, tuple[str, Decimal]],
    third: dict[str, tuple[str, Decimal]],
) -> None:
    def effects(changes: list[ReducedChange]) -> dict[str, Decimal]:
        return {v: sum((c.effect for c in changes if c.variation_id == v), D(0)) for v in ("V1", "V2")}

    steps = reduced_changes(first, second) + reduced_changes(second, third)
    assert effects(steps) == effects(reduced_changes(first, third))


# -- gaps -----------------------------------------------------------------------------

WINDOW = [WindowOrder("o1", -1), WindowOrder("o2", -2), WindowOrder("o3", -2), WindowOrder("refund", 3)]


@pytest.mark.parametrize(
    ("gap", "window", "cause", "lost"),
    [
        (0, WINDOW, "none", ()),
        (2, [], "staff_edit", ()),
        (2, [WindowOrder("o1", -2)], "lost_decrement", ("o1",)),
        (-2, [WindowOrder("o1", -2)], "staff_edit", ()),
        (-3, WINDOW, "lost_increment", ("refund",)),
        (2, WINDOW, "lost_decrement", ("o1", "o2", "o3", "refund")),
        (1, WINDOW, "lost_decrement", ("o1",)),
        (4, WINDOW, "lost_decrement", ("o2", "o3")),
        (3, WINDOW, "lost_decrement", ("o1", "o2")),
        (9, WINDOW, "staff_edit", ()),
        (2, [WindowOrder("z", -2), WindowOrder("a", -2)], "lost_decrement", ("a",)),
        (1, [WindowOrder("n", 0)], "staff_edit", ()),
        (1, [WindowOrder("n", 0), WindowOrder("o", -1)], "lost_decrement", ("o",)),
    ],
)
def test_a_gap_is_explained_by_all_orders_of_the_window_else_by_the_fewest(
    gap: int, window: list[WindowOrder], cause: str, lost: tuple[str, ...]
) -> None:
    assert explain_gap(gap, window) == (cause, lost)


def test_a_window_of_very_many_orders_is_given_up_on_in_bounded_time() -> None:
    window = [WindowOrder(f"{n:03}", -2) for n in range(60)]
    assert explain_gap(3, window) == ("staff_edit", ())
    assert explain_gap(120, window)[0] == "lost_decrement"
    assert explain_gap(4, window) == ("lost_decrement", ("000", "001"))


@law
@given(st.integers(-8, 8), st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(-3, 3)), max_size=6))
def test_a_lost_movement_always_adds_up_to_the_gap(gap: int, rows: list[tuple[str, int]]) -> None:
    window = [WindowOrder(cause, effect) for cause, effect in dict(rows).items()]
    cause, lost = explain_gap(gap, window)
    effects = {order.cause: order.effect for order in window}
    if lost:
        assert sum(effects[one] for one in lost) == -gap
    sums = {0}
    for effect in effects.values():
        sums |= {total + effect for total in sums}
    assert (cause == "staff_edit") == (gap != 0 and -gap not in sums)


# -- stores ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "counts", "preferred", "parts"),
    [
        (0, {"A": 1}, ["A"], []),
        (3, {"A": 1, "B": 9}, ["A"], [("A", 3)]),
        (3, {"A": 1, "B": 9}, [], [("B", 3)]),
        (3, {}, ["A"], [("A", 3)]),
        (1, {"A": -3, "B": 9}, ["A"], [("A", 1)]),
        (-2, {"A": 2, "B": 9}, ["A"], [("A", -2)]),
        (-2, {"A": 1, "B": 2, "C": 9}, ["A", "B"], [("B", -2)]),
        (-2, {"A": 1, "B": 5, "C": 9}, ["A"], [("C", -2)]),
        (-5, {"C": 5, "B": 5, "A": 1}, [], [("B", -5)]),
        (-7, {"A": 1, "B": 3, "C": 4}, ["A"], [("A", -1), ("C", -4), ("B", -2)]),
        (-7, {"A": 0, "B": 3, "C": 4}, ["A"], [("C", -4), ("B", -3)]),
        (-9, {"A": 1, "B": 3, "C": 4}, ["A"], [("A", -2), ("C", -4), ("B", -3)]),
        (-2, {"A": -3, "B": 1}, ["A"], [("A", -1), ("B", -1)]),
        (-2, {"A": -3, "B": -1}, [], [("B", -2)]),
        (-1, {}, ["B", "A"], [("B", -1)]),
        (-1, {"A": 1}, ["B", "B", "A"], [("A", -1)]),
    ],
)
def test_a_change_falls_on_as_few_stores_as_possible(
    quantity: int, counts: dict[str, int], preferred: list[str], parts: list[tuple[str, int]]
) -> None:
    on_hand = {store: D(n) for store, n in counts.items()}
    assert spread(D(quantity), on_hand, preferred) == [(store, D(part)) for store, part in parts]


def test_a_change_with_no_store_at_all_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match=r"^a stock change needs at least one store$"):
        spread(D(1), {}, [])
    assert spread(D(0), {}, []) == []


def test_in_every_small_shop_the_parts_sum_up_and_take_no_more_than_is_there() -> None:
    preferences: list[list[str]] = [[], ["A"], ["B", "A"], ["C"]]
    for a, b, quantity, preferred in product(range(-1, 4), range(-1, 4), range(-7, 4), preferences):
        counts = {"A": D(a), "B": D(b)}
        parts = spread(D(quantity), counts, preferred)
        assert parts == spread(D(quantity), dict(reversed(counts.items())), preferred)
        assert sum(part for _, part in parts) == quantity
        assert all(part and (part > 0) == (quantity > 0) for _, part in parts)
        assert len({store for store, _ in parts}) == len(parts)
        short = -quantity > max(a, 0) + max(b, 0)
        if quantity < 0 and not short:
            assert all(counts.get(store, D(0)) + part >= 0 for store, part in parts)
        if -quantity <= max(a, b):
            assert len(parts) <= 1


# -- buffers --------------------------------------------------------------------------


def test_the_sku_goes_before_the_category_before_the_default_and_stores_come_on_top() -> None:
    buffers = Buffers(1, {"A": 10, "B": 20}, {"Clothing": 2, "Clothing > Hoodies": 3}, {"H-1 ": 0})
    assert buffers.total("h-1", ["Clothing"], []) == 0
    assert buffers.total("x", ["Clothing > Hoodies"], []) == 3
    assert buffers.total("x", ["Clothing > Shirts"], []) == 2
    assert buffers.total("x", ["Food"], []) == 1
    assert buffers.total("x", [], ["A", "B", "C"]) == 31
    assert buffers.total("h-1", [], ["B"]) == 20
    assert Buffers().total("x", ["Clothing"], ["A"]) == 0


def test_of_equally_specific_categories_the_larger_buffer_counts() -> None:
    assert Buffers(9, by_category={"New": 1, "Sale": 4}).total("x", ["Sale", "New"], []) == 4


# -- drift ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "expected", "hints", "causes"),
    [
        (3, 3, None, []),
        (3, 3, DriftHints(fractional=True, debt=3), []),
        (None, 3, None, ["untracked"]),
        (3, 3, DriftHints(untracked=True), ["untracked"]),
        (5, 3, None, ["staff_edit"]),
        (5, 3, DriftHints(in_flight=[WindowOrder("w1", -2)]), ["in_flight: w1"]),
        (5, 3, DriftHints(unseen=[WindowOrder("s1", -1), WindowOrder("s2", -1)]), ["unseen: s1, s2"]),
        (5, 3, DriftHints(window=[WindowOrder("o1", -1), WindowOrder("o2", -1)]), ["lost_decrement: o1, o2"]),
        (1, 3, DriftHints(window=[WindowOrder("o1", 2)]), ["lost_increment: o1"]),
        (5, 3, DriftHints(in_flight=[WindowOrder("w1", -1)]), ["staff_edit"]),
        (5, 3, DriftHints(buffer_change=2), ["buffer: +2"]),
        (1, 3, DriftHints(buffer_change=-2), ["buffer: -2"]),
        (5, 3, DriftHints(buffer_change=1), ["staff_edit"]),
        (5, 3, DriftHints(debt=2), ["debt: 2"]),
        (5, 3, DriftHints(debt=1), ["staff_edit"]),
        (5, 3, DriftHints(fractional=True), ["fractional"]),
        (
            5,
            3,
            DriftHints(
                in_flight=[WindowOrder("w", -2)],
                unseen=[WindowOrder("s", -2)],
                window=[WindowOrder("o", -2)],
                buffer_change=2,
                debt=2,
                fractional=True,
            ),
            ["fractional", "in_flight: w", "unseen: s", "lost_decrement: o", "buffer: +2", "debt: 2"],
        ),
    ],
)
def test_a_drift_is_named_by_its_likely_causes(
    shown: int | None, expected: int, hints: DriftHints | None, causes: list[str]
) -> None:
    assert explain_drift(shown, expected, hints) == causes
