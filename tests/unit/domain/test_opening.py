"""The opening count, judged case by case."""

from decimal import Decimal
from itertools import product

import pytest

from bridge.domain.opening import Opening, Truth, open_stock

TRUTHS: list[Truth] = ["ask", "woo", "square"]


def opening(
    woo: int | None = 5,
    square: int = 5,
    truth: Truth = "ask",
    *,
    woo_tracking: str = "tracked",
    square_tracking: str = "tracked",
    has_counts: bool = True,
    refusal: str = "",
) -> Opening:
    return open_stock(
        woo_quantity=None if woo is None else Decimal(woo),
        woo_tracking=woo_tracking,
        square_tracking=square_tracking,
        has_counts=has_counts,
        square_quantity=square,
        refusal=refusal,
        truth=truth,
    )


def test_different_numbers_need_the_retailers_word() -> None:
    assert opening(5, 3) == Opening("ask", "the two sides show different numbers")
    assert opening(5, 3, "woo") == Opening("woo_is_true", "the shop's number is the opening count")
    assert opening(5, 3, "square") == Opening("square_is_true", "Square's count is the opening count", 3)


@pytest.mark.parametrize("truth", TRUTHS)
def test_equal_numbers_are_agreed(truth: Truth) -> None:
    assert opening(5, 5, truth) == Opening("agreed", "both sides show the same", 5)


@pytest.mark.parametrize("truth", TRUTHS)
def test_what_a_side_does_not_count_is_left_alone(truth: Truth) -> None:
    on_parent = Opening("off", "its stock is counted on its parent product in the shop")
    assert opening(5, 3, truth, woo_tracking="parent", square_tracking="untracked") == on_parent
    assert opening(5, 3, truth, square_tracking="untracked") == Opening("off", "Square does not track it")
    for woo, tracking in ((None, "tracked"), (5, "untracked"), (None, "untracked")):
        neither = opening(woo, 3, truth, woo_tracking=tracking, square_tracking="untracked")
        assert neither == Opening("off", "neither side tracks it")


def test_the_shop_starts_to_track_only_what_square_counts_and_is_believed_in() -> None:
    start = Opening("start_tracking", "Square counts it, the shop starts to", 3)
    left = Opening("off", "the shop does not track it")
    for woo, tracking in ((None, "tracked"), (5, "untracked"), (None, "untracked")):
        assert opening(woo, 3, "square", woo_tracking=tracking) == start
        assert opening(woo, 3, "square", woo_tracking=tracking, has_counts=False) == left
        assert opening(woo, 3, "square", woo_tracking=tracking, refusal="fractional") == left
        assert opening(woo, 3, "woo", woo_tracking=tracking) == left
        assert opening(woo, 3, "ask", woo_tracking=tracking) == left


@pytest.mark.parametrize("truth", TRUTHS)
def test_a_fraction_never_reaches_the_shop(truth: Truth) -> None:
    why = "Square's count is fractional; the shop's number is left alone"
    assert opening(5, 0, truth, refusal="fractional") == Opening("agreed", why)


def test_a_store_that_never_counted_has_not_counted_zero() -> None:
    ask = Opening("ask", "no store ever counted it, the shop has a number")
    assert opening(5, 0, "ask", has_counts=False) == opening(5, 0, "square", has_counts=False) == ask
    assert opening(0, 0, "ask", has_counts=False) == Opening("agreed", "nothing on either side")
    assert opening(5, 0, "woo", has_counts=False) == Opening(
        "woo_is_true", "no store counted it yet; the shop's number is the opening count"
    )


def test_the_shop_is_never_told_a_number_nobody_believes() -> None:
    flags, numbers = (True, False), (None, 0, 3)
    for woo, square, truth, counted, refusal in product(numbers, (0, 3), TRUTHS, flags, ("", "fractional")):
        judged = opening(woo, square, truth, has_counts=counted, refusal=refusal)
        if judged.number is not None:
            assert counted
            assert not refusal
            assert truth == "square" or woo == square
