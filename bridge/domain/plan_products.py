"""Plans what must be written so that one product is the same on both sides: field changes and new variations.

The plan is a value: nothing is read or written here. A variation gone from one side is never deleted on the
other, and nothing unknown is dropped; what cannot be done is listed with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.domain.fields import (
    PATH_MARK,
    PICTURES,
    PRODUCT_FIELDS,
    VARIATION_FIELDS,
    Value,
    is_empty,
    plain_sku,
    product_values,
    same,
    variation_values,
)
from bridge.domain.merge import Pair, Rule, merge_field
from bridge.domain.product import ShownProduct, ShownVariation, Side
from bridge.domain.rules import FieldRules

MAX_VARIATIONS = 250
MAX_OPTIONS = 6
"""Square's limits per item."""

OptionsKey = tuple[tuple[str, str], ...]
Seen = Mapping[tuple[Side, int | None, str], str]


@dataclass(frozen=True, slots=True)
class VariationLink:
    """A woo variation and a square variation known to be one; ``vid`` is the bridge's own number for it."""

    vid: int
    woo_id: str
    square_id: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """Write ``field`` on side ``to``: ``value`` in the winning side's words over ``before`` in ``to``'s words.

    ``vid`` is ``None`` for a field of the product itself.
    """

    to: Side
    field: str
    vid: int | None
    value: Value
    before: Value
    reason: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """Both sides mean the same; the pair differs from the base and is the new one."""

    vid: int | None
    field: str
    woo: Value
    square: Value


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field the rules do not decide; it waits for a person."""

    vid: int | None
    field: str
    woo: Value
    square: Value
    why: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Something not done. ``reason`` is one of a few words; ``detail`` names the object or the side's own reason.

    unrepresentable, variation_gone, no_price, price_varies_by_store, woo_not_variable, sku_taken,
    doubled_options, too_many_options, too_many_variations.
    """

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class ProductPlan:
    """All that is to do for one product; ``add_to_square`` are woo variation ids, ``add_to_woo`` square ones."""

    changes: tuple[FieldChange, ...] = ()
    agreed: tuple[Agreed, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    add_to_square: tuple[str, ...] = ()
    add_to_woo: tuple[str, ...] = ()
    skips: tuple[Skip, ...] = ()


def plan_product(
    woo: ShownProduct,
    square: ShownProduct,
    base: Mapping[tuple[int | None, str], Pair],
    links: Sequence[VariationLink],
    rules: FieldRules,
    *,
    seen: Seen | None = None,
) -> ProductPlan:
    """The plan for one linked product.

    ``base`` maps (vid or ``None``, field) to what both showed when they last agreed; a missing entry is a first
    contact. ``seen`` maps (side, vid or ``None``, field) to when that side's change was first seen. Planning on
    what the plan leads to gives no changes.
    """
    hindrances = [side.unrepresentable for side in (woo, square) if side.unrepresentable]
    if hindrances:
        return ProductPlan(skips=tuple(Skip("unrepresentable", why) for why in hindrances))
    draft = _Draft(woo, square, base, rules, seen or {})
    draft.product_fields()
    draft.variation_fields(links)
    draft.add_variations(links)
    return ProductPlan(
        tuple(draft.changes),
        tuple(draft.agreed),
        tuple(draft.conflicts),
        tuple(draft.add["square"]),
        tuple(draft.add["woo"]),
        tuple(draft.skips),
    )


@dataclass(slots=True)
class _Draft:
    """A plan being written."""

    woo: ShownProduct
    square: ShownProduct
    base: Mapping[tuple[int | None, str], Pair]
    rules: FieldRules
    seen: Seen
    changes: list[FieldChange] = field(default_factory=list)
    agreed: list[Agreed] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    add: dict[Side, list[str]] = field(default_factory=lambda: {"woo": [], "square": []})

    def product_fields(self) -> None:
        woo, square = product_values(self.woo), product_values(self.square)
        for name in PRODUCT_FIELDS:
            self.plan_field(None, name, woo[name], square[name])

    def variation_fields(self, links: Sequence[VariationLink]) -> None:
        on_woo = {v.remote_id: v for v in self.woo.variations}
        on_square = {v.remote_id: v for v in self.square.variations}
        for link in links:
            woo, square = on_woo.get(link.woo_id), on_square.get(link.square_id)
            if woo and square:
                self.plan_variation(link.vid, woo, square)
            if not woo:
                self.skips.append(Skip("variation_gone", f"woo {link.woo_id}"))
            if not square:
                self.skips.append(Skip("variation_gone", f"square {link.square_id}"))

    def plan_variation(self, vid: int, woo: ShownVariation, square: ShownVariation) -> None:
        shown_woo, shown_square = variation_values(woo), variation_values(square)
        for name in VARIATION_FIELDS:
            if name == "title" and not self.titles_travel():
                continue
            if name == "price" and (why := self.price_hindrance(vid, woo, square)):
                self.skips.append(why)
                continue
            self.plan_field(vid, name, shown_woo[name], shown_square[name])

    def titles_travel(self) -> bool:
        """Only variable products have titles, and Square writes the titles of items with options itself."""
        return self.woo.kind == "variable" and not self.square.option_names

    def price_hindrance(self, vid: int, woo: ShownVariation, square: ShownVariation) -> Skip | None:
        # A price that was there and went is a conflict, which the merge finds; one never there is not for sale.
        if woo.price is None and (vid, "price") not in self.base:
            return Skip("no_price", f"woo {woo.remote_id}")
        if square.price_varies_by_store:
            return Skip("price_varies_by_store", f"square {square.remote_id}")
        return None

    def plan_field(self, vid: int | None, name: str, woo: Value, square: Value) -> None:
        base = self.base.get((vid, name))
        merged = merge_field(
            name,
            base,
            woo,
            square,
            self.rule(name),
            woo_seen=self.seen.get(("woo", vid, name), ""),
            square_seen=self.seen.get(("square", vid, name), ""),
        )
        if merged.winner == "off":
            return
        if merged.winner == "conflict":
            self.conflicts.append(Conflict(vid, name, woo, square, merged.reason))
        elif merged.winner == "agreed" or _nothing_to_write(name, woo, square):
            if base != (woo, square):
                self.agreed.append(Agreed(vid, name, woo, square))
        elif merged.winner == "woo":
            self.changes.append(FieldChange("square", name, vid, woo, square, merged.reason))
        else:
            self.changes.append(FieldChange("woo", name, vid, square, woo, merged.reason))

    def rule(self, name: str) -> Rule:
        known = self.woo if self.woo.categories else self.square
        return self.rules.rule(name, [PATH_MARK.join(path) for path in known.categories])

    def add_variations(self, links: Sequence[VariationLink]) -> None:
        linked: dict[Side, set[str]] = {
            "woo": {link.woo_id for link in links},
            "square": {link.square_id for link in links},
        }
        for shown, other in ((self.woo, self.square), (self.square, self.woo)):
            options = Counter(_options_key(v) for v in shown.variations)
            there = {_options_key(v) for v in other.variations if v.options}
            skus = {plain_sku(v.sku) for v in other.variations if v.sku.strip()}
            for v in shown.variations:
                if v.remote_id in linked[shown.side]:
                    continue
                key = _options_key(v)
                doubled = key is not None and (options[key] > 1 or key in there)
                if why := self.adding_hindrance(v, shown.side, doubled, plain_sku(v.sku) in skus):
                    self.skips.append(Skip(why, f"{shown.side} {v.remote_id}"))
                else:
                    self.add[other.side].append(v.remote_id)
        self.keep_square_limits()

    def adding_hindrance(self, v: ShownVariation, side: Side, doubled: bool, sku_taken: bool) -> str:
        if self.woo.kind != "variable":
            return "woo_not_variable"
        if sku_taken:
            # Most likely its twin, not linked yet: adding it would make a second one.
            return "sku_taken"
        if doubled:
            return "doubled_options"
        return "no_price" if side == "woo" and v.price is None else ""

    def keep_square_limits(self) -> None:
        wanted = self.add["square"]
        total = len(self.square.variations) + len(wanted)
        options = len(self.woo.option_names)
        if wanted and options > MAX_OPTIONS:
            self.skips.append(Skip("too_many_options", f"{options} options, Square holds {MAX_OPTIONS}"))
            wanted.clear()
        if wanted and total > MAX_VARIATIONS:
            self.skips.append(Skip("too_many_variations", f"{total} variations, Square holds {MAX_VARIATIONS}"))
            wanted.clear()


def _nothing_to_write(name: str, woo: Value, square: Value) -> bool:
    """Whether the losing side already says what the winning one says.

    Pictures of two sides cannot be compared and markup matters beside its text: those are written unless equal.
    """
    if name in PICTURES:
        return is_empty(woo) and is_empty(square)
    return woo == square if name == "description" else same(name, woo, square)


def _options_key(v: ShownVariation) -> OptionsKey | None:
    """What must be unique among a product's variations: its options, else its title; ``None`` when it has neither."""
    if v.options:
        return tuple(sorted((name.strip().casefold(), value.strip().casefold()) for name, value in v.options))
    return (("", v.title.strip().casefold()),) if v.title.strip() else None
