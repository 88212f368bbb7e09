"""What counts as the same on both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.fields import (
    PRODUCT_FIELDS,
    VARIATION_FIELDS,
    Value,
    is_empty,
    plain_gtin,
    plain_name,
    plain_path,
    plain_sku,
    product_values,
    same,
    variation_values,
    visible_text,
)
from bridge.domain.product import ShownImage, ShownProduct, ShownVariation
from tests.unit.domain.laws import law

FIELDS = [*PRODUCT_FIELDS, *VARIATION_FIELDS]


def test_a_product_is_compared_by_its_named_fields() -> None:
    product = ShownProduct(
        "woo",
        "7",
        "Hoodie",
        description="<p>Warm</p>",
        categories=(("Sale",), ("Clothing", "Hoodies")),
        images=(ShownImage("31"), ShownImage("12")),
        visible=False,
    )
    assert product_values(product) == {
        "name": "Hoodie",
        "description": "<p>Warm</p>",
        "categories": ["Clothing > Hoodies", "Sale"],
        "images": ["31", "12"],
        "visible": False,
    }
    assert tuple(product_values(product)) == PRODUCT_FIELDS


def test_a_variation_is_compared_by_its_named_fields() -> None:
    shown = ShownVariation("8", sku="H-1", gtin="4006381333931", title="Red", price=1250, image=ShownImage("9"))
    assert variation_values(shown) == {
        "sku": "H-1",
        "gtin": "4006381333931",
        "title": "Red",
        "price": 1250,
        "image": "9",
    }
    assert variation_values(ShownVariation("8"))["image"] == ""
    assert tuple(variation_values(shown)) == VARIATION_FIELDS


SAME: list[tuple[str, Value, Value]] = [
    ("name", "Salt &amp; Pepper", "Salt & Pepper"),
    ("name", "  Two \u00a0 words\n", "Two words"),
    ("name", "x" * 600, "x" * 512),
    ("name", "x" * 511 + " y", "x" * 511),
    ("name", None, ""),
    ("description", "<p>Warm &amp; soft</p>\n", "Warm & soft"),
    ("description", "<p>One</p><p>Two</p>", "One\nTwo"),
    ("description", "One<br/>Two", "One Two"),
    ("description", "<UL><LI>One</LI><LI>Two</LI></UL>", "One Two"),
    ("description", "th<span class='a'>era</span>pist", "therapist"),
    ("description", "<b>bold</b>", "<strong>bold</strong>"),
    ("description", "a<!-- hidden\n -->b", "a b"),
    ("description", "a<script>var x = '<p>';\n</script>b", "a b"),
    ("description", "a<STYLE>p{}</style >b", "a b"),
    ("description", "<p></p>", ""),
    ("categories", ["Clothing > Hoodies", "Sale"], ["sale", "clothing > hoodies"]),
    ("categories", ["Salt &amp; Pepper"], ["Salt & Pepper"]),
    ("categories", [], None),
    ("images", ["1", "2"], ["ABC"]),
    ("images", [], []),
    ("image", "1", "ABC"),
    ("image", "", None),
    ("sku", " H-1 ", "h-1"),
    ("sku", None, ""),
    ("gtin", "4006381-333931", "4006381333931"),
    ("gtin", "012345678905", "0012345678905"),
    ("price", 1250, 1250),
    ("price", None, None),
    ("visible", True, True),
    ("title", "Red", "Red"),
    ("weight", 3, 3),
]

DIFFERENT: list[tuple[str, Value, Value]] = [
    ("name", "Hoodie", "hoodie"),
    ("name", "x" * 511 + "y", "x" * 511 + "z"),
    ("description", "a < b", "a b"),
    ("description", "&lt;b&gt;", ""),
    ("description", "One<br>Two", "OneTwo"),
    ("categories", ["Clothing"], ["Clothing > Hoodies"]),
    ("categories", ["Clothing"], []),
    ("gtin", "129", "12"),
    ("images", ["1"], []),
    ("image", "1", ""),
    ("sku", "H-1", "H1"),
    ("gtin", "4006381333931", "4006381333932"),
    ("price", 0, None),
    ("price", 1250, 1251),
    ("visible", True, False),
    ("title", "Red", "red"),
    ("weight", 3, 4),
]


@pytest.mark.parametrize(("field", "woo", "square"), SAME)
def test_two_ways_to_say_one_thing_are_the_same(field: str, woo: Value, square: Value) -> None:
    assert same(field, woo, square)
    assert same(field, square, woo)


@pytest.mark.parametrize(("field", "woo", "square"), DIFFERENT)
def test_two_different_things_are_not_the_same(field: str, woo: Value, square: Value) -> None:
    assert not same(field, woo, square)
    assert not same(field, square, woo)


def test_every_line_breaking_tag_parts_words() -> None:
    for tag in ("h1", "h6", "tr", "td", "ul", "address", "pre"):
        assert visible_text(f"one<{tag} id='x'>two</{tag.upper()}>three") == "one two three"
    assert visible_text("one<hgroup>two</hgroup>three") == "onetwothree"


def test_canonical_texts_read_as_a_shopper_reads_them() -> None:
    assert plain_name("  Salt &amp;\tPepper ") == "Salt & Pepper"
    assert visible_text("no tags &eacute;") == "no tags é"
    assert plain_sku(None) == ""
    assert plain_gtin("EAN 0400-6381") == "4006381"
    assert plain_path("Clothing >Hoodies &amp; More") == "clothing > hoodies & more"


@pytest.mark.parametrize("value", [None, "", "  \n", []])
def test_nothing_is_empty(value: Value) -> None:
    assert is_empty(value)


@pytest.mark.parametrize("value", [0, False, True, "0", "x", ["x"], 5])
def test_zero_and_no_are_not_empty(value: Value) -> None:
    assert not is_empty(value)


texts = st.text(alphabet="aA bB&;<>/p-01 \n", max_size=12)
values: dict[str, st.SearchStrategy[Value]] = {
    "categories": st.lists(texts, max_size=3),
    "images": st.lists(st.sampled_from(["1", "2"]), max_size=2),
    "price": st.none() | st.integers(0, 3),
    "visible": st.booleans(),
}


@law
@given(st.data(), st.sampled_from(FIELDS))
def test_sameness_is_an_equivalence(data: st.DataObject, field: str) -> None:
    one, two, three = (data.draw(values.get(field, texts)) for _ in range(3))
    assert same(field, one, one)
    assert same(field, one, two) == same(field, two, one)
    if same(field, one, two) and same(field, two, three):
        assert same(field, one, three)
