"""Which rule a field has, and which settings a category selects."""

import pytest

from bridge.domain.categories import most_specific
from bridge.domain.fields import PRODUCT_FIELDS, VARIATION_FIELDS
from bridge.domain.rules import DEFAULT_OWNERS, FieldRules


def test_every_field_has_a_default_rule() -> None:
    assert set(DEFAULT_OWNERS) == {*PRODUCT_FIELDS, *VARIATION_FIELDS}
    for field, rule in DEFAULT_OWNERS.items():
        assert FieldRules().rule(field, []) == rule
        assert FieldRules({}).rule(field, []) == rule


def test_a_field_nobody_knows_is_asked_about() -> None:
    assert FieldRules().rule("smell", ["Food"]) == "ask"


def test_the_retailers_owner_goes_before_the_default() -> None:
    assert FieldRules({"price": "square"}).rule("price", []) == "square"


@pytest.mark.parametrize(
    ("categories", "rule"),
    [
        (["Clothing > Hoodies"], "newest"),
        (["CLOTHING > hoodies > Zipped"], "newest"),
        (["Clothing > Shirts"], "square"),
        (["clothing"], "square"),
        (["Outlet > Clothing"], "square"),
        (["Outlet > Hoodies"], "woo_only"),
        (["Music"], "woo"),
        ([], "woo"),
        (["Clothing", "Clothing > Hoodies"], "newest"),
        (["Music", "Clothing"], "square"),
    ],
)
def test_the_most_specific_category_gives_the_rule(categories: list[str], rule: str) -> None:
    rules = FieldRules(
        {"price": "woo"},
        {
            "Clothing": {"price": "square", "name": "square"},
            "Clothing > Hoodies": {"price": "newest"},
            "Hoodies": {"price": "woo_only"},
        },
    )
    assert rules.rule("price", categories) == rule


def test_a_category_without_a_rule_for_the_field_leaves_it_to_its_parent() -> None:
    rules = FieldRules({}, {"Clothing": {"name": "square"}, "Clothing > Hoodies": {"price": "newest"}})
    assert rules.rule("name", ["Clothing > Hoodies"]) == "square"


def test_two_equally_specific_categories_that_disagree_are_asked_about() -> None:
    rules = FieldRules({"name": "woo"}, {"Sale": {"name": "square"}, "New": {"name": "woo"}, "Old": {"name": "woo"}})
    assert rules.rule("name", ["Sale", "New"]) == "ask"
    assert rules.rule("name", ["Old", "New"]) == "woo"


def test_the_deepest_setting_is_found_and_a_path_goes_before_a_name() -> None:
    settings = {"a": 1, "a > b": 2, "b": 3, "c": 4, "x > b": 5}
    assert most_specific(settings, ["A > B"]) == [2]
    assert most_specific(settings, ["q > b"]) == [3]
    assert most_specific(settings, ["q > b", "a > b"]) == [2]
    assert most_specific(settings, ["x > b", "a > b"]) == [2, 5]
    assert most_specific(settings, ["a > b > c"]) == [4]
    assert most_specific(settings, ["c", "a"]) == [1, 4]
    assert most_specific(settings, ["a > z", "a > y"]) == [1]
    assert most_specific(settings, ["z"]) == []
    assert most_specific({}, ["a"]) == []
