"""When a run stops before it changes too much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.brakes import Brake, Intent, Limits, apply_brakes, believe_listing
from bridge.domain.fields import Value
from tests.unit.domain.laws import law


def intents(kind: str, count: int, *, explained: bool = False) -> list[Intent]:
    return [Intent(kind, f"S{n}", 5, 0, explained) for n in range(count)]


def names(brakes: list[Brake]) -> list[str]:
    return [brake.name for brake in brakes]


def test_zeroing_more_than_a_fifth_of_all_skus_stops_the_run() -> None:
    assert apply_brakes(intents("zero_stock", 7), total_skus=30) == [
        Brake(
            "mass_zero",
            tuple(f"S{n}" for n in range(7)),
            "7 of 30 SKUs would go to zero without a sale behind it",
            "mass_zero",
        )
    ]
    assert apply_brakes(intents("zero_stock", 6), total_skus=30) == []


def test_a_handful_may_go_to_zero_in_a_small_shop() -> None:
    assert apply_brakes(intents("zero_stock", 4), total_skus=4) == []
    assert names(apply_brakes(intents("zero_stock", 5), total_skus=5)) == ["mass_zero"]


def test_what_was_sold_out_does_not_count_as_zeroing() -> None:
    sold_out = intents("zero_stock", 30, explained=True)
    assert apply_brakes(sold_out, total_skus=30) == []
    assert apply_brakes([*sold_out, *intents("zero_stock", 4)], total_skus=10) == []


def test_one_sku_named_twice_counts_once() -> None:
    assert apply_brakes(intents("zero_stock", 4) * 2, total_skus=10) == []


def test_hiding_and_deleting_unasked_always_stop_the_run() -> None:
    run = [*intents("hide", 2), Intent("delete", "P9"), *intents("hide", 1, explained=True)]
    assert apply_brakes(run, total_skus=1000) == [
        Brake("hide", ("S0", "S1"), "2 would be hidden though nobody asked for it", "hide"),
        Brake("delete", ("P9",), "1 would be deleted though nobody asked for it", "delete"),
    ]
    asked = [*intents("hide", 2, explained=True), *intents("delete", 2, explained=True)]
    assert apply_brakes(asked, total_skus=1000) == []


@pytest.mark.parametrize(
    ("before", "after", "jumps"),
    [
        (1000, 1500, False),
        (1000, 1501, True),
        (1000, 500, False),
        (1000, 499, True),
        (1000, 0, True),
        (1000, None, True),
        (None, 900, False),
        (0, 900, False),
        (1, 2, True),
        (2, None, True),
        ("1000", 5, False),
    ],
)
def test_a_price_jumps_when_it_changes_by_more_than_half(before: Value, after: Value, jumps: bool) -> None:
    brakes = apply_brakes([Intent("price", "S1", before, after)], total_skus=9)
    assert names(brakes) == (["price_jump"] if jumps else [])


def test_every_jumping_price_is_its_own_brake() -> None:
    run = [Intent("price", "S1", 100, 900), Intent("price", "S2", 100, 110), Intent("price", "S3", 100, 1)]
    assert apply_brakes(run, total_skus=9) == [
        Brake("price_jump", ("S1",), "the price of S1 would change by more than 50%", "price_jump:S1"),
        Brake("price_jump", ("S3",), "the price of S3 would change by more than 50%", "price_jump:S3"),
    ]
    assert apply_brakes([Intent("price", "S1", 100, 900, explained=True)], total_skus=9) == []


def test_other_intents_are_never_braked() -> None:
    assert apply_brakes(intents("rename", 500), total_skus=10) == []


def test_a_released_brake_lets_go_of_all_or_of_what_was_named() -> None:
    run = [*intents("zero_stock", 6), *intents("hide", 2), Intent("price", "S1", 100, 900)]
    assert names(apply_brakes(run, total_skus=10)) == ["mass_zero", "hide", "price_jump"]
    assert apply_brakes(run, total_skus=10, released=["mass_zero", "hide", "price_jump:S1"]) == []
    for word in ("mass_zero", "hide", "price_jump"):
        left = names(apply_brakes(run, total_skus=10, released=[word]))
        assert sorted([*left, word]) == ["hide", "mass_zero", "price_jump"]
    hidden = apply_brakes(intents("hide", 2), total_skus=10, released=["hide:S0", "delete", "price_jump:S1"])
    assert hidden[0].subjects == ("S1",)
    partly = apply_brakes(intents("zero_stock", 6), total_skus=10, released=["mass_zero:S0", "mass_zero:S1"])
    assert partly == []


def test_what_went_to_zero_shortly_before_counts_but_is_not_held_and_not_counted_twice() -> None:
    before = [f"E{number}" for number in range(4)]
    (brake,) = apply_brakes(intents("zero_stock", 1), total_skus=20, zeroed=before)
    assert brake.subjects == ("S0",)
    assert brake.why == "1 of 20 SKUs would go to zero without a sale behind it, after 4 others within a day"
    assert apply_brakes(intents("zero_stock", 1), total_skus=20, zeroed=before[:3]) == []
    assert apply_brakes(intents("zero_stock", 4), total_skus=20, zeroed=["S0", "S1", "S2", "S3"]) == []
    assert apply_brakes([], total_skus=20, zeroed=[f"E{number}" for number in range(20)]) == []
    assert apply_brakes(intents("zero_stock", 1), total_skus=20, zeroed=before, released=["mass_zero"]) == []


def test_the_limits_are_the_retailers() -> None:
    strict = Limits(zero_share=0.01, zero_at_least=1, price_jump=0.1)
    run = [Intent("zero_stock", "S1"), Intent("price", "S1", 100, 111)]
    assert names(apply_brakes(run, total_skus=10, limits=strict)) == ["mass_zero", "price_jump"]
    assert "10%" in apply_brakes(run, total_skus=10, limits=strict)[1].why
    assert apply_brakes([Intent("price", "S1", 100, 110)], total_skus=10, limits=strict) == []


@pytest.mark.parametrize(
    ("now", "before", "believed"),
    [
        (0, 4, True),
        (0, 5, False),
        (0, 0, True),
        (5, 10, True),
        (4, 10, False),
        (2, 4, True),
        (20, 10, True),
        (1, 4, True),
    ],
)
def test_an_answer_that_lost_too_much_is_not_believed(now: int, before: int, believed: bool) -> None:
    assert (believe_listing(now, before) is None) == believed


def test_an_answer_not_believed_says_how_many_it_had() -> None:
    assert believe_listing(0, 40) == Brake(
        "empty_answer", (), "the listing has 0 objects, 40 the last time", "empty_answer"
    )


def test_an_empty_answer_is_never_believed_however_generous_the_limits() -> None:
    generous = Limits(shrink_share=1.0, shrink_at_least=1)
    assert believe_listing(0, 1, generous) is not None
    assert believe_listing(1, 100, generous) is None
    assert believe_listing(1, 2, Limits(shrink_share=0.1, shrink_at_least=2)) is not None


@law
@given(
    st.lists(
        st.builds(
            Intent,
            st.sampled_from(["zero_stock", "hide", "delete", "price", "create"]),
            st.sampled_from(["S1", "S2", "S3"]),
            st.none() | st.integers(0, 20),
            st.none() | st.integers(0, 20),
            st.booleans(),
        ),
        max_size=8,
    ),
    st.integers(0, 10),
)
def test_releasing_everything_that_was_held_lets_the_run_go_on(run: list[Intent], total: int) -> None:
    limits = Limits(zero_at_least=1)
    brakes = apply_brakes(run, total_skus=total, limits=limits)
    words = {brake.release for brake in brakes}
    assert apply_brakes(run, total_skus=total, limits=limits, released=words) == []
    by_subject = {f"{brake.name}:{subject}" for brake in brakes for subject in brake.subjects}
    assert apply_brakes(run, total_skus=total, limits=limits, released=by_subject) == []
