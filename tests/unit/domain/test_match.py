"""The first-day match: what is linked, what is not, and why."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.match import Doubled, LookAlike, MatchReport, MatchRow, match
from tests.unit.domain.laws import law


def woo(variation_id: str, sku: str = "", *, product: str = "", gtin: str = "", **more: object) -> MatchRow:
    return MatchRow("woo", product or f"P-{variation_id}", variation_id, sku, gtin, **more)  # type: ignore[arg-type]


def square(variation_id: str, sku: str = "", *, item: str = "", gtin: str = "", **more: object) -> MatchRow:
    return MatchRow("square", item or f"I-{variation_id}", variation_id, sku, gtin, **more)  # type: ignore[arg-type]


def linked(report: MatchReport) -> list[tuple[str, str, str]]:
    return [(pair.woo.variation_id, pair.square.variation_id, pair.by) for pair in report.pairs]


def ids(rows: list[MatchRow]) -> list[str]:
    return [row.variation_id for row in rows]


def test_rows_with_one_sku_are_one_variation() -> None:
    report = match([woo("1", " Hoodie-R "), woo("2", "mug")], [square("A", "MUG"), square("B", "hoodie-r")])
    assert linked(report) == [("1", "B", "sku"), ("2", "A", "sku")]
    assert report.alone == report.missing_sku == []


def test_a_gtin_links_only_what_the_sku_did_not() -> None:
    report = match(
        [woo("1", "a", gtin="11"), woo("2", "b", gtin="4006-22"), woo("3", gtin="33")],
        [square("A", "a", gtin="33"), square("B", "x", gtin="400622"), square("C", gtin="11")],
    )
    assert linked(report) == [("1", "A", "sku"), ("2", "B", "gtin")]
    assert ids(report.missing_sku) == ["3", "C"]


def test_a_gtin_that_is_not_unique_links_nothing() -> None:
    one, other = [woo("1", gtin="11"), woo("2", gtin="11")], [square("A", gtin="11")]
    assert linked(match(one, other)) == []
    assert linked(match(one[:1], [*other, square("B", gtin="11")])) == []
    assert linked(match(one[:1], other)) == [("1", "A", "gtin")]


def test_a_doubled_sku_links_nothing_not_even_by_gtin() -> None:
    report = match(
        [woo("1", "Dup", gtin="11"), woo("2", "dup "), woo("3", "x")],
        [square("A", "dup", gtin="11"), square("B", "X"), square("C", "x")],
    )
    assert linked(report) == []
    assert report.doubled == [Doubled("woo", "Dup", ("1", "2")), Doubled("square", "X", ("B", "C"))]
    assert ids(report.alone) == ["3", "A"]


def test_empty_skus_never_match() -> None:
    report = match([woo("1", " ")], [square("A", "")])
    assert linked(report) == []
    assert ids(report.missing_sku) == ["1", "A"]
    assert (report.alone, report.doubled) == ([], [])


def test_a_link_made_by_hand_goes_before_everything() -> None:
    rows = [woo("1", "a"), woo("2", "dup"), woo("3", "dup")]
    report = match(rows, [square("A", "a"), square("B", "b"), square("C", "dup")], by_hand={"1": "B", "2": "C"})
    assert linked(report) == [("1", "B", "hand"), ("2", "C", "hand")]
    assert report.pairs[0].differences == ("sku",)
    assert ids(report.alone) == ["A"]
    assert report.refused_by_hand == []


def test_a_link_by_hand_to_something_unknown_or_used_twice_is_refused() -> None:
    report = match(
        [woo("1", "a"), woo("2", "b"), woo("3", "c")],
        [square("A", "a"), square("B", "b")],
        by_hand={"1": "Z", "9": "A", "2": "B", "3": "B"},
    )
    assert report.refused_by_hand == [("1", "Z"), ("9", "A"), ("2", "B"), ("3", "B")]
    assert linked(report) == [("1", "A", "sku"), ("2", "B", "sku")]


def test_ignored_rows_are_not_there() -> None:
    report = match([woo("1", "a"), woo("2", "a")], [square("A", "a"), square("1", "b")], ignore=[("woo", "1")])
    assert linked(report) == [("2", "A", "sku")]
    assert (report.doubled, ids(report.alone)) == ([], ["1"])
    assert linked(match([woo("1", "a")], [square("A", "a"), square("B", "a")], ignore=[("square", "B")]))


def test_what_the_other_side_cannot_hold_is_listed_not_linked() -> None:
    grouped = woo("1", "a", unrepresentable="grouped")
    report = match([grouped], [square("A", "a")])
    assert linked(report) == []
    assert (report.unrepresentable, ids(report.alone)) == ([grouped], ["A"])
    variable = square("B", gtin="1", unrepresentable="variable pricing")
    assert match([woo("1", gtin="1")], [variable]).unrepresentable == [variable]


@pytest.mark.parametrize(
    ("here", "there", "differences"),
    [
        ({}, {}, ()),
        ({"name": "Salt &amp; Pepper"}, {"name": "Salt & Pepper"}, ()),
        ({"name": "One"}, {"name": "Two"}, ("name",)),
        ({"gtin": "12"}, {}, ("gtin",)),
        ({"price": 5}, {"price": 6}, ("price",)),
        ({"price": 5}, {}, ("price",)),
        ({"title": "Red"}, {"title": "Rot"}, ()),
        ({"title": "Red", "kind": "variable"}, {"title": "Rot"}, ("title",)),
        ({"title": "Red", "kind": "variable"}, {"title": "Red"}, ()),
        ({"stock": Decimal(3)}, {"stock": Decimal(4)}, ("stock",)),
        ({"stock": Decimal(3)}, {"stock": Decimal("3.0")}, ()),
        ({"stock": Decimal(3)}, {}, ()),
        ({}, {"stock": Decimal(3)}, ()),
        ({"name": "One", "price": 5, "stock": Decimal(0)}, {"stock": Decimal(1)}, ("name", "price", "stock")),
    ],
)
def test_a_pair_says_in_what_it_differs(
    here: dict[str, object], there: dict[str, object], differences: tuple[str, ...]
) -> None:
    report = match([woo("1", "a", **here)], [square("A", "A", **there)])  # type: ignore[arg-type]
    assert report.pairs[0].differences == differences


def test_variations_of_one_product_found_in_several_items_are_reported_not_linked() -> None:
    report = match(
        [woo("1", "a", product="P"), woo("2", "b", product="P"), woo("3", "c", product="Q")],
        [square("A", "a", item="I"), square("B", "b", item="J"), square("C", "c", item="K")],
    )
    assert linked(report) == [("3", "C", "sku")]
    (split,) = report.split
    assert (split.woo_products, split.square_products) == (("P",), ("I", "J"))
    assert [(pair.woo.variation_id, pair.square.variation_id) for pair in split.pairs] == [("1", "A"), ("2", "B")]
    assert report.alone == []


def test_products_tied_together_over_several_steps_are_one_split() -> None:
    report = match(
        [
            woo("1", "a", product="P"),
            woo("2", "b", product="P"),
            woo("3", "c", product="Q"),
            woo("4", "d", product="R"),
        ],
        [
            square("A", "a", item="I"),
            square("B", "b", item="J"),
            square("C", "c", item="J"),
            square("D", "d", item="I"),
        ],
    )
    (split,) = report.split
    assert (split.woo_products, split.square_products) == (("P", "Q", "R"), ("I", "J"))
    assert len(split.pairs) == 4
    apart = match(
        [
            woo("1", "a", product="P"),
            woo("2", "b", product="Q"),
            woo("3", "c", product="R"),
            woo("4", "d", product="S"),
        ],
        [
            square("A", "a", item="I"),
            square("B", "b", item="I"),
            square("C", "c", item="J"),
            square("D", "d", item="J"),
        ],
    )
    assert [split.woo_products for split in apart.split] == [("P", "Q"), ("R", "S")]
    assert [split.square_products for split in apart.split] == [("I",), ("J",)]


def test_product_pairs_are_named_once() -> None:
    report = match(
        [woo("1", "a", product="P"), woo("2", "b", product="P"), woo("3", "c", product="Q")],
        [square("A", "a", item="I"), square("B", "b", item="I"), square("C", "c", item="J")],
    )
    assert report.product_pairs() == [("P", "I"), ("Q", "J")]


def test_look_alikes_are_shown_among_what_is_left_and_never_linked() -> None:
    rows = [woo("1", "a", name="Coffee Mug"), woo("2", name="Hoodie", title="Red"), woo("3", "c", name="Cap")]
    others = [square("A", "x", name="Coffee Mug"), square("B", name="Hoodie Red"), square("C", "c", name="Cap")]
    report = match(rows, others)
    assert report.look_alikes == [LookAlike(rows[0], others[0], 1.0), LookAlike(rows[1], others[1], 1.0)]
    assert linked(report) == [("3", "C", "sku")]


def test_the_report_counts_what_it_lists() -> None:
    report = match(
        [
            woo("1", "a", price=5),
            woo("2", "b"),
            woo("3", gtin="3"),
            woo("4", "dup"),
            woo("5", "dup"),
            woo("6", "six", name="Coffee Mug"),
            woo("7", ""),
            woo("8", "u", unrepresentable="grouped"),
            woo("9", "s1", product="P"),
            woo("10", "s2", product="P"),
            woo("11", "eleven"),
        ],
        [
            square("A", "a"),
            square("B", "q"),
            square("C", gtin="3"),
            square("D", "seven", name="Coffee Mug"),
            square("E", "s1"),
            square("F", "s2"),
        ],
        by_hand={"2": "B", "x": "y"},
    )
    assert report.counts() == {
        "pairs": 3,
        "by_hand": 1,
        "by_sku": 1,
        "by_gtin": 1,
        "different": 2,
        "doubled": 1,
        "missing_sku": 1,
        "look_alikes": 1,
        "alone_woo": 2,
        "alone_square": 1,
        "unrepresentable": 1,
        "split": 1,
        "refused_by_hand": 1,
    }


skus = st.sampled_from(["", "a", "A", "b", "c", "d"])
gtins = st.sampled_from(["", "11", "22", "33"])
products = st.sampled_from(["P", "Q", "R"])


@st.composite
def shops(draw: st.DrawFn) -> tuple[list[MatchRow], list[MatchRow], dict[str, str]]:
    rows: dict[str, list[MatchRow]] = {"woo": [], "square": []}
    for side, make, key in (("woo", woo, "product"), ("square", square, "item")):
        for n in range(draw(st.integers(0, 4))):
            more = {key: draw(products), "unrepresentable": draw(st.sampled_from(["", "", "", "grouped"]))}
            rows[side].append(make(f"{n}", draw(skus), gtin=draw(gtins), **more))
    by_hand = draw(st.dictionaries(st.sampled_from("012"), st.sampled_from("0129"), max_size=2))
    return rows["woo"], rows["square"], by_hand


@law
@given(shops())
def test_every_row_ends_in_exactly_one_place(shop: tuple[list[MatchRow], list[MatchRow], dict[str, str]]) -> None:
    report = match(shop[0], shop[1], by_hand=shop[2])
    split = [pair for part in report.split for pair in part.pairs]
    placed: list[MatchRow] = [row for pair in (*report.pairs, *split) for row in (pair.woo, pair.square)]
    free = [*report.missing_sku, *report.alone, *report.unrepresentable]
    taken = {(row.side, row.variation_id) for row in (*placed, *free)}
    held = {(d.side, v) for d in report.doubled for v in d.variation_ids} - taken
    places = Counter([*((row.side, row.variation_id) for row in (*placed, *free)), *held])
    assert places == Counter((row.side, row.variation_id) for row in (*shop[0], *shop[1]))


@law
@given(shops())
def test_links_are_unique_both_ways_for_variations_and_products(
    shop: tuple[list[MatchRow], list[MatchRow], dict[str, str]],
) -> None:
    report = match(shop[0], shop[1], by_hand=shop[2])
    for side in (0, 1):
        assert max(Counter(pair[side] for pair in report.product_pairs()).values(), default=1) == 1
        variations = Counter((p.woo, p.square)[side].variation_id for p in report.pairs)
        assert max(variations.values(), default=1) == 1
    assert all(pair.by == "hand" or not pair.woo.unrepresentable for pair in report.pairs)


@law
@given(shops())
def test_the_match_is_the_same_from_the_other_side(
    shop: tuple[list[MatchRow], list[MatchRow], dict[str, str]],
) -> None:
    def turned(rows: list[MatchRow], make: object) -> list[MatchRow]:
        side = "square" if make is square else "woo"
        return [
            MatchRow(side, r.product_id, r.variation_id, r.sku, r.gtin, unrepresentable=r.unrepresentable)  # type: ignore[arg-type]
            for r in rows
        ]

    here = match(shop[0], shop[1])
    there = match(turned(shop[1], woo), turned(shop[0], square))
    assert {(p.woo.variation_id, p.square.variation_id) for p in here.pairs} == {
        (p.square.variation_id, p.woo.variation_id) for p in there.pairs
    }
