"""Whose value holds: the table of the three-way merge, and its laws."""

from itertools import product

import pytest

from bridge.domain.fields import Value, is_empty, same
from bridge.domain.merge import Merged, Pair, Rule, merge_field, merge_stock

RULES: list[Rule] = ["woo", "square", "newest", "ask", "woo_only", "square_only", "off"]
SWAPPED: dict[str, Rule] = {"woo": "square", "square": "woo", "woo_only": "square_only", "square_only": "woo_only"}
SWAPPED_WINNER = {"woo": "square", "square": "woo"}
EARLY, LATE = "2026-03-01T10:00:00Z", "2026-03-01T10:00:00.500000Z"
TWO_WAY = [rule for rule in RULES if rule in ("woo", "square", "newest", "ask")]

VALUES: dict[str, list[Value]] = {
    "name": ["", "a", " a", "b"],
    "title": ["", "a", "b"],
    "price": [None, 0, 5],
    "images": [[], ["1"], ["2"]],
    "visible": [True, False],
    "description": ["", "a", "<p>a</p>"],
}


def every_case() -> list[tuple[str, Pair | None, Value, Value]]:
    cases: list[tuple[str, Pair | None, Value, Value]] = []
    for field, values in VALUES.items():
        cases += [(field, None, woo, square) for woo, square in product(values, repeat=2)]
        cases += [(field, (bw, bs), w, s) for bw, bs, w, s in product(values, repeat=4)]
    return cases


CASES = every_case()


@pytest.mark.parametrize(
    ("rule", "winner", "reason"),
    [
        ("woo", "woo", "both sides changed; the rule is woo"),
        ("square", "square", "both sides changed; the rule is square"),
        ("ask", "conflict", "both sides changed"),
        ("woo_only", "woo", "the rule is woo_only"),
        ("square_only", "square", "the rule is square_only"),
        ("newest", "conflict", "both sides changed and it is not known which was later"),
        ("off", "off", "this field is not synced"),
    ],
)
def test_when_both_sides_changed_the_rule_decides(rule: Rule, winner: str, reason: str) -> None:
    merged = merge_field("name", ("old", "old"), "one", "two", rule)
    assert (merged.winner, merged.reason) == (winner, reason)


def test_the_only_change_wins_whatever_the_two_way_rule() -> None:
    for rule in TWO_WAY:
        assert merge_field("name", ("old", "alt"), "new", "alt", rule) == Merged("woo", "changed in woo")
        assert merge_field("name", ("old", "alt"), "old", "neu", rule) == Merged("square", "changed in square")
        assert merge_field("name", ("old", "alt"), "old", "alt", rule) == Merged("agreed", "unchanged")


def test_both_changing_to_the_same_is_agreement() -> None:
    merged = merge_field("name", ("old", "old"), "Salt &amp; Pepper", "Salt & Pepper", "ask")
    assert merged == Merged("agreed", "both sides changed to the same")


def test_a_change_against_a_one_way_rule_is_overwritten() -> None:
    assert merge_field("title", ("old", "old"), "old", "new", "woo_only").winner == "woo"
    assert merge_field("title", ("old", "old"), "new", "old", "square_only").winner == "square"


def test_the_later_change_wins_where_one_clock_saw_both() -> None:
    def newest(woo_seen: str, square_seen: str) -> Merged:
        return merge_field("name", ("old", "old"), "one", "two", "newest", woo_seen=woo_seen, square_seen=square_seen)

    assert newest(EARLY, LATE) == Merged("square", "both sides changed; square was later")
    assert newest(LATE, EARLY) == Merged("woo", "both sides changed; woo was later")
    assert newest("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00").winner == "conflict"
    assert newest(EARLY, "").winner == newest("soon", LATE).winner == "conflict"


@pytest.mark.parametrize(
    ("field", "woo", "square", "rule", "winner", "reason"),
    [
        ("name", "a", " a ", "ask", "agreed", "the same at first contact"),
        ("name", "a", "", "square", "woo", "the other side had none at first contact"),
        ("name", "", "b", "woo", "square", "the other side had none at first contact"),
        ("price", None, 5, "ask", "square", "the other side had none at first contact"),
        ("price", 0, 5, "ask", "conflict", "differed at first contact"),
        ("name", "a", "b", "woo", "woo", "differed at first contact; the rule is woo"),
        ("name", "a", "b", "square", "square", "differed at first contact; the rule is square"),
        ("name", "a", "b", "newest", "conflict", "differed at first contact"),
        ("name", "a", "b", "woo_only", "woo", "the rule is woo_only"),
        ("name", "a", "b", "square_only", "square", "the rule is square_only"),
        ("name", "", "b", "woo_only", "agreed", "woo has none to bring over at first contact"),
        ("name", "a", "", "square_only", "agreed", "square has none to bring over at first contact"),
        ("name", "a", "", "woo_only", "woo", "the rule is woo_only"),
        ("visible", False, True, "woo", "agreed", "left as it is on both sides at first contact"),
        ("images", ["1"], ["X"], "woo", "agreed", "the same at first contact"),
        ("images", [], ["X"], "woo", "square", "the other side had none at first contact"),
    ],
)
def test_first_contact_fills_gaps_and_overwrites_only_by_rule(
    field: str, woo: Value, square: Value, rule: Rule, winner: str, reason: str
) -> None:
    merged = merge_field(field, None, woo, square, rule, woo_seen=EARLY, square_seen=LATE)
    assert (merged.winner, merged.reason) == (winner, reason)


@pytest.mark.parametrize("field", ["name", "price", "sku"])
def test_name_price_and_sku_are_never_emptied_by_accident(field: str) -> None:
    full, empty = (500, None) if field == "price" else ("x", " ")
    for rule in RULES[:-1]:
        from_woo = merge_field(field, (full, full), empty, full, rule)
        assert from_woo.winner == ("square" if rule == "square_only" else "conflict")
        from_square = merge_field(field, (full, full), full, empty, rule)
        assert from_square.winner == ("woo" if rule == "woo_only" else "conflict")
    why = f"emptied in woo; a {field} is never emptied unasked"
    assert merge_field(field, (full, full), empty, full, "ask").reason == why


def test_other_fields_may_be_emptied() -> None:
    assert merge_field("description", ("x", "x"), "", "x", "ask") == Merged("woo", "changed in woo")
    assert merge_field("categories", (["x"], ["x"]), ["x"], [], "ask") == Merged("square", "changed in square")


def test_a_change_of_markup_alone_is_a_change() -> None:
    assert merge_field("description", ("a", "a"), "<p>a</p>", "a", "ask").winner == "woo"


@pytest.mark.parametrize("rule", RULES)
def test_swapping_the_sides_and_the_rule_swaps_the_winner(rule: Rule) -> None:
    for field, base, woo, square in CASES:
        here = merge_field(field, base, woo, square, rule, woo_seen=EARLY, square_seen=LATE)
        turned_base = base and (base[1], base[0])
        there = merge_field(field, turned_base, square, woo, SWAPPED.get(rule, rule), woo_seen=LATE, square_seen=EARLY)
        assert there.winner == SWAPPED_WINNER.get(here.winner, here.winner)


@pytest.mark.parametrize("rule", RULES[:-1])
def test_the_laws_hold_in_every_small_case(rule: Rule) -> None:
    for field, base, woo, square in CASES:
        winner = merge_field(field, base, woo, square, rule, woo_seen=EARLY, square_seen=LATE).winner
        if winner in ("woo", "square") and field in ("name", "price"):
            winning, losing = (woo, square) if winner == "woo" else (square, woo)
            assert not is_empty(winning) or is_empty(losing)
        if rule == "woo_only":
            assert winner != "square"
        if base is None:
            if same(field, woo, square) or field == "visible":
                assert winner == "agreed"
        elif (woo, square) == base or (woo != base[0] and square != base[1] and same(field, woo, square)):
            assert winner == "agreed"
        else:
            assert winner != "agreed"
            if rule in TWO_WAY and square == base[1]:
                assert winner in ("woo", "conflict")


@pytest.mark.parametrize("rule", RULES)
def test_what_is_agreed_once_stays_agreed(rule: Rule) -> None:
    for field, _, woo, square in CASES:
        assert merge_field(field, (woo, square), woo, square, rule).winner in ("agreed", "off")


def test_both_sides_stock_changes_add_up_in_any_order() -> None:
    numbers = range(-3, 4)
    for base, woo, square in product(numbers, repeat=3):
        assert merge_stock(base, woo, square) == merge_stock(base, square, woo) == woo + square - base
        assert merge_stock(base, woo, base) == woo
        one_after_the_other = merge_stock(base, merge_stock(base, woo, base), square)
        assert merge_stock(base, woo, square) == one_after_the_other
