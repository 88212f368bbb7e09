"""What is planned for one product: examples first, then that a plan leads to rest."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.fields import PRODUCT_FIELDS, VARIATION_FIELDS, Value, product_values, variation_values
from bridge.domain.merge import Pair, Rule
from bridge.domain.plan_products import (
    Agreed,
    Conflict,
    FieldChange,
    ProductPlan,
    Skip,
    VariationLink,
    plan_product,
)
from bridge.domain.product import ShownImage, ShownProduct, ShownVariation
from bridge.domain.rules import FieldRules
from tests.unit.domain.laws import law

Base = dict[tuple[int | None, str], Pair]
RULES = FieldRules()
LINK = VariationLink(1, "w1", "s1")


def woo_product(*variations: ShownVariation, **more: object) -> ShownProduct:
    shown = variations or (ShownVariation("w1", sku="H-1", gtin="400638133393", price=1250),)
    return replace(ShownProduct("woo", "7", "Hoodie", kind="variable", variations=shown), **more)  # type: ignore[arg-type]


def square_item(*variations: ShownVariation, **more: object) -> ShownProduct:
    shown = variations or (ShownVariation("s1", sku="H-1", gtin="400638133393", price=1250),)
    return replace(ShownProduct("square", "I7", "Hoodie", variations=shown), **more)  # type: ignore[arg-type]


def base_of(woo: ShownProduct, square: ShownProduct, links: list[VariationLink]) -> Base:
    """The base after both sides agreed on everything they show."""
    shown = (product_values(woo), product_values(square))
    base: Base = {(None, name): (shown[0][name], shown[1][name]) for name in PRODUCT_FIELDS}
    on_woo = {v.remote_id: variation_values(v) for v in woo.variations}
    on_square = {v.remote_id: variation_values(v) for v in square.variations}
    for link in links:
        for name in VARIATION_FIELDS:
            base[link.vid, name] = (on_woo[link.woo_id][name], on_square[link.square_id][name])
    return base


def test_an_unchanged_product_plans_nothing_at_all() -> None:
    woo, square = woo_product(), square_item()
    assert plan_product(woo, square, base_of(woo, square, [LINK]), [LINK], RULES) == ProductPlan()


def test_a_new_name_in_the_shop_travels_to_square() -> None:
    woo, square = woo_product(), square_item()
    base = base_of(woo, square, [LINK])
    plan = plan_product(replace(woo, name="Warm Hoodie"), square, base, [LINK], RULES)
    assert plan == ProductPlan(
        changes=(FieldChange("square", "name", None, "Warm Hoodie", "Hoodie", "changed in woo"),)
    )


def test_a_new_price_at_the_till_travels_to_the_shop() -> None:
    woo, square = woo_product(), square_item()
    base = base_of(woo, square, [LINK])
    dearer = square_item(ShownVariation("s1", sku="H-1", gtin="400638133393", price=1400))
    plan = plan_product(woo, dearer, base, [LINK], RULES)
    assert plan.changes == (FieldChange("woo", "price", 1, 1400, 1250, "changed in square"),)


def test_first_contact_of_two_equal_products_only_notes_what_is_agreed() -> None:
    plan = plan_product(woo_product(), square_item(), {}, [LINK], RULES)
    assert plan.agreed == (
        Agreed(None, "name", "Hoodie", "Hoodie"),
        Agreed(None, "description", "", ""),
        Agreed(None, "categories", [], []),
        Agreed(None, "images", [], []),
        Agreed(None, "visible", True, True),
        Agreed(1, "sku", "H-1", "H-1"),
        Agreed(1, "gtin", "400638133393", "400638133393"),
        Agreed(1, "title", "", ""),
        Agreed(1, "price", 1250, 1250),
    )
    assert plan == ProductPlan(agreed=plan.agreed)


def test_two_different_changes_wait_for_a_person() -> None:
    woo, square = woo_product(), square_item()
    base = base_of(woo, square, [LINK])
    plan = plan_product(
        woo_product(replace(woo.variations[0], price=1300)),
        square_item(replace(square.variations[0], price=1400)),
        base,
        [LINK],
        RULES,
    )
    assert plan == ProductPlan(conflicts=(Conflict(1, "price", 1300, 1400, "both sides changed"),))


def test_newest_reads_the_times_of_the_side_and_field() -> None:
    woo, square = woo_product(), square_item()
    base = base_of(woo, square, [LINK])
    rules = FieldRules({"name": "newest"})
    plan = plan_product(
        replace(woo, name="One"),
        replace(square, name="Two"),
        base,
        [LINK],
        rules,
        seen={("woo", None, "name"): "2026-01-01T00:00:00Z", ("square", None, "name"): "2026-01-02T00:00:00Z"},
    )
    assert plan.changes == (FieldChange("woo", "name", None, "Two", "One", "both sides changed; square was later"),)
    assert plan_product(replace(woo, name="One"), replace(square, name="Two"), base, [LINK], rules).conflicts


def test_what_the_other_side_already_says_is_agreed_not_written() -> None:
    woo, square = woo_product(name="Salt &amp; Pepper"), square_item(name="Salt & Pepper")
    base = base_of(woo, square, [LINK])
    base[None, "name"] = ("Salt", "Salt & Pepper")
    assert plan_product(woo, square, base, [LINK], RULES) == ProductPlan(
        agreed=(Agreed(None, "name", "Salt &amp; Pepper", "Salt & Pepper"),)
    )


def test_new_markup_around_the_same_text_is_written() -> None:
    woo, square = woo_product(description="<b>Warm</b>"), square_item(description="Warm")
    base = base_of(woo, square, [LINK])
    base[None, "description"] = ("Warm", "Warm")
    changes = plan_product(woo, square, base, [LINK], RULES).changes
    assert changes == (FieldChange("square", "description", None, "<b>Warm</b>", "Warm", "changed in woo"),)
    base[None, "description"] = ("", "Warm")
    equal = replace(woo, description="Warm")
    assert plan_product(equal, square, base, [LINK], RULES).agreed


def test_other_pictures_are_written_though_both_sides_have_some() -> None:
    woo, square = woo_product(images=(ShownImage("1"),)), square_item(images=(ShownImage("X"),))
    base = base_of(woo, square, [LINK])
    newer = replace(woo, images=(ShownImage("2"),))
    changes = plan_product(newer, square, base, [LINK], RULES).changes
    assert changes == (FieldChange("square", "images", None, ["2"], ["X"], "changed in woo"),)
    base[None, "images"] = (["1"], [])
    gone = plan_product(replace(woo, images=()), replace(square, images=()), base, [LINK], RULES)
    assert gone == ProductPlan(agreed=(Agreed(None, "images", [], []),))


def test_first_pictures_of_one_side_are_written_to_the_other() -> None:
    woo, square = woo_product(), square_item()
    base = base_of(woo, square, [LINK])
    here = plan_product(replace(woo, images=(ShownImage("1"),)), square, base, [LINK], RULES)
    assert here.changes == (FieldChange("square", "images", None, ["1"], [], "changed in woo"),)
    there = plan_product(woo, replace(square, images=(ShownImage("X"),)), base, [LINK], RULES)
    assert there.changes == (FieldChange("woo", "images", None, ["X"], [], "changed in square"),)


def test_a_field_left_out_does_not_hold_back_the_next() -> None:
    woo = woo_product(ShownVariation("w1", sku="H-1", image=ShownImage("1")), kind="simple")
    square = square_item(ShownVariation("s1", sku="H-1", title="Regular", price=7))
    plan = plan_product(woo, square, {}, [LINK], FieldRules({"image": "woo"}))
    assert [change.field for change in plan.changes] == ["image"]
    assert plan.skips == (Skip("no_price", "woo w1"),)


def test_a_category_decides_who_owns_a_field() -> None:
    rules = FieldRules({"name": "ask"}, {"Clothing": {"name": "square"}})
    for woo_paths, square_paths in (((("Clothing", "Hoodies"),), (("Food",),)), ((), (("Clothing",),))):
        woo = woo_product(name="One", categories=woo_paths)
        plan = plan_product(woo, square_item(name="Two", categories=square_paths), {}, [LINK], rules)
        assert [change.to for change in plan.changes if change.field == "name"] == ["woo"]
    food = plan_product(
        woo_product(name="One", categories=(("Food",),)),
        square_item(name="Two", categories=(("Clothing",),)),
        {},
        [LINK],
        rules,
    )
    assert [conflict.field for conflict in food.conflicts] == ["name"]


def test_a_field_switched_off_is_not_looked_at() -> None:
    woo, square = woo_product(name="One"), square_item(name="Two")
    plan = plan_product(woo, square, {}, [LINK], FieldRules({"name": "off"}))
    assert not plan.changes
    assert not plan.conflicts
    assert "name" not in {agreed.field for agreed in plan.agreed}


def test_titles_travel_only_from_variable_products_to_items_without_options() -> None:
    woo = woo_product(ShownVariation("w1", sku="H-1", title="Red", price=5))
    square = square_item(ShownVariation("s1", sku="H-1", title="Rot", price=5))
    wanted = FieldChange("square", "title", 1, "Red", "Rot", "the rule is woo_only")
    assert plan_product(woo, square, {}, [LINK], RULES).changes == (wanted,)
    assert not plan_product(replace(woo, kind="simple"), square, {}, [LINK], RULES).changes
    assert not plan_product(woo, replace(square, option_names=("Colour",)), {}, [LINK], RULES).changes


def test_what_cannot_be_held_by_the_other_side_is_left_alone_with_its_reason() -> None:
    woo = woo_product(name="One", unrepresentable="grouped")
    assert plan_product(woo, square_item(), {}, [LINK], RULES) == ProductPlan(
        skips=(Skip("unrepresentable", "grouped"),)
    )
    plan = plan_product(woo, square_item(unrepresentable="variable pricing"), {}, [LINK], RULES)
    assert plan.skips == (Skip("unrepresentable", "grouped"), Skip("unrepresentable", "variable pricing"))


def test_a_variation_that_never_had_a_price_in_the_shop_is_skipped() -> None:
    woo = woo_product(ShownVariation("w1", sku="H-1"))
    plan = plan_product(woo, square_item(), {}, [LINK], RULES)
    assert plan.skips == (Skip("no_price", "woo w1"),)
    assert [change.field for change in plan.changes] == ["gtin"]


def test_a_price_that_was_there_and_went_is_a_conflict() -> None:
    woo, square = woo_product(), square_item()
    base = base_of(woo, square, [LINK])
    plan = plan_product(woo_product(replace(woo.variations[0], price=None)), square, base, [LINK], RULES)
    assert [(c.vid, c.field, c.woo, c.square) for c in plan.conflicts] == [(1, "price", None, 1250)]
    assert not plan.skips


def test_a_price_that_differs_from_store_to_store_is_not_touched() -> None:
    square = square_item(ShownVariation("s1", sku="H-1", price=1400, price_varies_by_store=True))
    plan = plan_product(woo_product(), square, {}, [LINK], RULES)
    assert plan.skips == (Skip("price_varies_by_store", "square s1"),)
    assert "price" not in {change.field for change in plan.changes}


def test_a_variation_gone_from_one_side_is_reported_and_deleted_nowhere() -> None:
    links = [LINK, VariationLink(2, "w2", "s2")]
    gone_in_square = woo_product(*woo_product().variations, ShownVariation("w2", sku="H-2", price=5))
    plan = plan_product(gone_in_square, square_item(), {}, links, RULES)
    assert plan.skips == (Skip("variation_gone", "square s2"),)
    assert plan.add_to_square == ()
    gone_in_woo = square_item(*square_item().variations, ShownVariation("s2", sku="H-2", price=5))
    plan = plan_product(woo_product(), gone_in_woo, {}, links, RULES)
    assert plan.skips == (Skip("variation_gone", "woo w2"),)
    assert plan.add_to_woo == ()
    plan = plan_product(woo_product(), square_item(), {}, links, RULES)
    assert plan.skips == (Skip("variation_gone", "woo w2"), Skip("variation_gone", "square s2"))


def test_new_variations_are_added_to_the_other_side() -> None:
    woo = woo_product(*woo_product().variations, ShownVariation("w2", sku="H-2", title="Red", price=5))
    square = square_item(*square_item().variations, ShownVariation("s3", sku="H-3", title="Blue"))
    plan = plan_product(woo, square, base_of(woo, square, [LINK]), [LINK], RULES)
    assert plan == ProductPlan(add_to_square=("w2",), add_to_woo=("s3",))


def variations(side: str, *rows: tuple[str, tuple[tuple[str, str], ...], str, int | None]) -> list[ShownVariation]:
    return [
        ShownVariation(f"{side}{n}", sku=sku, options=options, title=title, price=price)
        for n, (sku, options, title, price) in enumerate(rows)
    ]


RED, RED_TOO, BLUE = (("Colour", "Red"),), ((" colour", "RED "),), (("Colour", "Blue"),)


@pytest.mark.parametrize(
    ("on_woo", "on_square", "skips", "to_square", "to_woo"),
    [
        ([("a", RED, "", None)], [], {("no_price", "woo w0")}, (), ()),
        ([], [("a", (), "", None)], set(), (), ("s0",)),
        ([("A ", RED, "", 5)], [("a", BLUE, "", 5)], {("sku_taken", "woo w0"), ("sku_taken", "square s0")}, (), ()),
        (
            [("a", RED, "", 5), ("b", RED_TOO, "", 5), ("c", BLUE, "", 5)],
            [],
            {("doubled_options", "woo w0"), ("doubled_options", "woo w1")},
            ("w2",),
            (),
        ),
        ([("a", (), "Red", 5), ("b", (), " red", 5)], [], {("doubled_options", f"woo w{n}") for n in (0, 1)}, (), ()),
        (
            [("a", (), "", 5), ("b", (), "", 5), (" ", (), " ", 5)],
            [("", (), "", 5)],
            set(),
            ("w0", "w1", "w2"),
            ("s0",),
        ),
        (
            [("a", RED, "", 5)],
            [("b", RED_TOO, "", 5)],
            {("doubled_options", "woo w0"), ("doubled_options", "square s0")},
            (),
            (),
        ),
        ([("a", (), "Red", 5)], [("b", (), "Red", 5)], set(), ("w0",), ("s0",)),
        (
            [("a", (("Size", "S"), ("Colour", "Red")), "", 5), ("b", (("Colour", "Red"), ("Size", "S")), "", 5)],
            [],
            {("doubled_options", "woo w0"), ("doubled_options", "woo w1")},
            (),
            (),
        ),
    ],
)
def test_a_variation_that_cannot_be_added_is_listed_with_its_reason(
    on_woo: list[tuple[str, tuple[tuple[str, str], ...], str, int | None]],
    on_square: list[tuple[str, tuple[tuple[str, str], ...], str, int | None]],
    skips: set[tuple[str, str]],
    to_square: tuple[str, ...],
    to_woo: tuple[str, ...],
) -> None:
    woo = replace(woo_product(), variations=tuple(variations("w", *on_woo)))
    square = replace(square_item(), variations=tuple(variations("s", *on_square)))
    plan = plan_product(woo, square, {}, [], RULES)
    assert {(skip.reason, skip.detail) for skip in plan.skips} == skips
    assert (plan.add_to_square, plan.add_to_woo) == (to_square, to_woo)


def test_a_simple_product_takes_and_gives_no_variations() -> None:
    woo, square = woo_product(kind="simple"), square_item(ShownVariation("s2", sku="H-2", price=5))
    plan = plan_product(woo, square, {}, [], RULES)
    assert plan.skips == (Skip("woo_not_variable", "woo w1"), Skip("woo_not_variable", "square s2"))
    assert plan.add_to_square == plan.add_to_woo == ()


def test_squares_limits_hold_back_all_additions_and_nothing_else() -> None:
    many = tuple(ShownVariation(f"w{n}", sku=f"H-{n}", title=str(n), price=5) for n in range(250))
    woo, square = replace(woo_product(name="New"), variations=many), replace(square_item(), variations=())
    assert len(plan_product(woo, square, {}, [], RULES).add_to_square) == 250
    one = replace(square, variations=(ShownVariation("s", sku="other", price=5),))
    plan = plan_product(woo, one, {}, [], RULES)
    assert (plan.add_to_square, plan.add_to_woo) == ((), ("s",))
    assert plan.skips == (Skip("too_many_variations", "251 variations, Square holds 250"),)
    assert [change.field for change in plan.changes] == ["name"]


def test_more_options_than_square_holds_hold_back_all_additions() -> None:
    six = tuple(f"Option {n}" for n in range(6))
    assert plan_product(woo_product(option_names=six), square_item(sku="x"), {}, [], RULES).skips == (
        Skip("sku_taken", "woo w1"),
        Skip("sku_taken", "square s1"),
    )
    fresh = woo_product(ShownVariation("w2", sku="H-2", price=5), option_names=six)
    assert plan_product(fresh, square_item(), {}, [], RULES).add_to_square == ("w2",)
    plan = plan_product(replace(fresh, option_names=(*six, "7th")), square_item(), {}, [], RULES)
    assert plan.add_to_square == ()
    assert plan.skips == (Skip("too_many_options", "7 options, Square holds 6"),)
    linked = woo_product(option_names=(*six, "7th"))
    assert plan_product(linked, square_item(), {}, [LINK], RULES).skips == ()


# -- a plan leads to rest -------------------------------------------------------------

words = st.sampled_from(["", "Hoodie", " hoodie ", "<p>Hoodie</p>", "Salt &amp; Pepper", "Salt & Pepper"])
prices = st.none() | st.integers(0, 3)
pictures = st.lists(st.sampled_from(["1", "2"]), max_size=2, unique=True)
paths = st.lists(st.sampled_from([("Clothing",), ("clothing",), ("Clothing", "Hoodies"), ("Food",)]), max_size=2)
options = st.sampled_from([(), RED, BLUE])
any_rule: st.SearchStrategy[Rule] = st.sampled_from(
    ["woo", "square", "newest", "ask", "woo_only", "square_only", "off"]
)


@st.composite
def shown_variations(draw: st.DrawFn, prefix: str) -> tuple[ShownVariation, ...]:
    return tuple(
        ShownVariation(
            f"{prefix}{n}",
            sku=draw(st.sampled_from(["", "h", "H ", "x"])),
            gtin=draw(st.sampled_from(["", "12", "0-12"])),
            title=draw(st.sampled_from(["", "Red"])),
            options=draw(options),
            price=draw(prices),
            image=draw(st.sampled_from([None, ShownImage("9")])),
            price_varies_by_store=prefix == "s" and draw(st.booleans()),
        )
        for n in range(draw(st.integers(1, 3)))
    )


@st.composite
def products(draw: st.DrawFn, prefix: str) -> ShownProduct:
    woo = prefix == "w"
    return ShownProduct(
        "woo" if woo else "square",
        prefix,
        draw(words),
        description=draw(words),
        kind=draw(st.sampled_from(["simple", "variable"])) if woo else "item",
        categories=tuple(draw(paths)),
        images=tuple(ShownImage(f"{prefix}{n}") for n in draw(pictures)),
        visible=draw(st.booleans()),
        variations=draw(shown_variations(prefix)),
    )


def written(product: ShownProduct, change: FieldChange) -> ShownProduct:
    """A product field as the losing side shows it after the write; pictures get ids of that side."""
    if change.field == "categories":
        assert isinstance(change.value, list)
        return replace(product, categories=tuple(tuple(path.split(" > ")) for path in change.value))
    if change.field == "images":
        assert isinstance(change.value, list)
        return replace(product, images=tuple(ShownImage(f"{product.side}-{n}") for n in change.value))
    return replace(product, **{change.field: change.value})  # type: ignore[arg-type]


def written_variation(product: ShownProduct, remote_id: str, change: FieldChange) -> ShownProduct:
    value: object = change.value
    if change.field == "image":
        value = ShownImage(f"{product.side}-{value}") if value else None
    shown = [
        replace(v, **{change.field: value}) if v.remote_id == remote_id else v  # type: ignore[arg-type]
        for v in product.variations
    ]
    return replace(product, variations=tuple(shown))


def carried_out(
    plan: ProductPlan, woo: ShownProduct, square: ShownProduct, base: Base, links: list[VariationLink]
) -> tuple[ShownProduct, ShownProduct, Base, list[VariationLink]]:
    """Both sides, base and links after everything in a plan was done."""
    sides = {"woo": woo, "square": square}
    ids = {("woo", link.vid): link.woo_id for link in links}
    ids |= {("square", link.vid): link.square_id for link in links}
    for change in plan.changes:
        if change.vid is None:
            sides[change.to] = written(sides[change.to], change)
        else:
            sides[change.to] = written_variation(sides[change.to], ids[change.to, change.vid], change)
    touched = [*((row.vid, row.field) for row in plan.changes), *((row.vid, row.field) for row in plan.agreed)]
    links = list(links)
    for here, there, added in (("woo", "square", plan.add_to_square), ("square", "woo", plan.add_to_woo)):
        for remote_id in added:
            twin = next(v for v in sides[here].variations if v.remote_id == remote_id)
            copy = replace(twin, remote_id=f"{there}+{remote_id}", price_varies_by_store=False)
            sides[there] = replace(sides[there], variations=(*sides[there].variations, copy))
            pair = (remote_id, copy.remote_id) if here == "woo" else (copy.remote_id, remote_id)
            links.append(VariationLink(100 + len(links), *pair))
    now = base_of(sides["woo"], sides["square"], links)
    return sides["woo"], sides["square"], base | {key: now[key] for key in touched}, links


@st.composite
def linked_shops(draw: st.DrawFn) -> tuple[ShownProduct, ShownProduct, Base, list[VariationLink]]:
    woo, square = draw(products("w")), draw(products("s"))
    pairs = zip(woo.variations, square.variations, strict=False)
    links = [VariationLink(n, w.remote_id, s.remote_id) for n, (w, s) in enumerate(pairs) if draw(st.booleans())]
    before = replace(draw(products("w")), variations=(*draw(shown_variations("w")), *woo.variations)[:3])
    old_links = [link for link in links if link.woo_id in {v.remote_id for v in before.variations}]
    base = base_of(before, square, old_links) if draw(st.booleans()) else {}
    return woo, square, base, links


@law
@given(linked_shops(), st.dictionaries(st.sampled_from([*PRODUCT_FIELDS, *VARIATION_FIELDS]), any_rule))
def test_planning_on_the_planned_result_plans_nothing(
    shop: tuple[ShownProduct, ShownProduct, Base, list[VariationLink]], owners: dict[str, Rule]
) -> None:
    woo, square, base, links = shop
    rules = FieldRules(owners)
    first = plan_product(woo, square, base, links, rules)
    result = carried_out(first, woo, square, base, links)
    again = plan_product(result[0], result[1], result[2], result[3], rules)
    assert again.changes == ()
    assert (again.add_to_square, again.add_to_woo) == ((), ())
    settled = carried_out(again, *result)
    assert plan_product(settled[0], settled[1], settled[2], settled[3], rules).agreed == ()


@law
@given(linked_shops())
def test_a_field_is_changed_agreed_or_asked_about_never_two_of_them(
    shop: tuple[ShownProduct, ShownProduct, Base, list[VariationLink]],
) -> None:
    plan = plan_product(*shop, RULES)
    rows: tuple[FieldChange | Agreed | Conflict, ...] = (*plan.changes, *plan.agreed, *plan.conflicts)
    places = [(row.vid, row.field) for row in rows]
    assert len(places) == len(set(places))


@law
@given(linked_shops())
def test_a_plan_never_empties_a_name_a_price_or_a_sku(
    shop: tuple[ShownProduct, ShownProduct, Base, list[VariationLink]],
) -> None:
    for change in plan_product(*shop, RULES).changes:
        emptied: Value = change.value
        assert change.field not in ("name", "price", "sku") or emptied not in ("", None)
