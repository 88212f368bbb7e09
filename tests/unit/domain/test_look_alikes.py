"""Names that look alike are found without comparing everything with everything."""

import pytest

from bridge.domain.look_alikes import MAX_BUCKET, like


def test_equal_names_score_one_and_unlike_names_are_not_shown() -> None:
    assert like(["Hoodie Red"], ["hoodie  red!", "Coffee Mug"]) == [(0, 0, 1.0)]
    assert like(["Hoodie"], ["Coffee Mug"]) == []


def test_the_score_is_the_share_of_common_three_letter_pieces() -> None:
    ((here, there, score),) = like(["Warm Hoodie"], ["Hoodie"])
    assert (here, there) == (0, 0)
    assert score == pytest.approx(2 * 6 / (12 + 7))


def test_a_typing_mistake_is_found_by_the_beginning() -> None:
    assert [row[:2] for row in like(["Sweatshirt"], ["Sweatshrit"])] == [(0, 0)]
    assert [row[:2] for row in like(["Sweaters"], ["Swearers"])] == [(0, 0)]
    assert like(["Sweatshirt"], ["Zweatshirt"]) == []


def test_the_best_three_are_shown_best_first() -> None:
    names = ["Hoodie Blue X", "Hoodie Blue", "Hoodie Blues", "Hoodie Blue 2", "Hoodie Green"]
    found = like(["T-Shirt", "Hoodie Blue"], names)
    assert [row[:2] for row in found] == [(1, 1), (1, 0), (1, 3)]
    assert [score for _, _, score in found] == sorted((score for _, _, score in found), reverse=True)


def test_texts_without_words_look_like_nothing() -> None:
    assert like(["", "!"], ["", "?"]) == []


def test_of_many_only_those_that_share_most_words_are_looked_at_closely() -> None:
    far = [f"blue {n}" for n in range(9)]
    near = [f"blue warm hoodie {n}" for n in range(4)]
    assert [row[:2] for row in like(["blue warm hoodie"], [*far, *near])] == [(0, 9), (0, 10), (0, 11)]
    assert [row[1] for row in like(["blue warm hoodie"], [*(f"blue warm hoodie {n}" for n in range(5)), "hoodie"])]


def test_equally_near_rows_are_looked_at_in_their_order() -> None:
    mugs = [f"mug {n}" for n in range(8)]
    assert [there for _, there, _ in like(["mug"], ["cap", *mugs])] == [1, 2, 3]
    turned = ["mug z", *(f"mug x{n}" for n in range(4)), "cup mug"]
    assert all(there < 5 for _, there, _ in like(["mug q"], turned))


def test_beginnings_are_compared_without_blanks() -> None:
    assert [row[:2] for row in like(["T-Shirtx"], ["tshirtx"])] == [(0, 0)]


def test_a_word_of_very_many_products_brings_nobody_together() -> None:
    common = [f"Shirt {n:04}" for n in range(MAX_BUCKET)]
    assert like(["Shirt XL"], common)
    assert like(["Shirt XL"], [*common, "Shirt 9999"]) == []
    assert [row[:2] for row in like(["Shirt 0007"], [*common, "Shirt 9999"])] == [(0, 7)]


def test_entities_and_case_do_not_matter() -> None:
    assert like(["Salt &amp; PEPPER"], ["salt & pepper"]) == [(0, 0, 1.0)]
