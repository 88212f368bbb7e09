"""Who owns which field: the retailer's settings, for all products and per category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bridge.domain.categories import most_specific
from bridge.domain.merge import Rule

DEFAULT_OWNERS: Mapping[str, Rule] = MappingProxyType(
    {
        # What shoppers read and find is written in the online shop, where there is room and an editor for it.
        "name": "woo",
        "description": "woo",
        "categories": "woo",
        "images": "woo",
        # Hiding is how products leave a shop: one side's change travels (braked), two different ones are asked.
        "visible": "ask",
        # What identifies a variation: a wrong one would tie two different goods together.
        "sku": "ask",
        "gtin": "ask",
        # A variation's title is made of its options; Square makes its own and takes no edits where options are used.
        "title": "woo_only",
        # Either side may change a price; when both did, nobody but the retailer knows which is meant.
        "price": "ask",
        # One picture per variation is often the product's own again; uploading each takes long, so it is opted in.
        "image": "off",
    }
)
"""The rule of each field when the configuration says nothing."""

UNKNOWN_FIELD: Rule = "ask"


@dataclass(frozen=True, slots=True)
class FieldRules:
    """The rule per field (``owners``) and per category and field (``by_category``: path or name -> field -> rule)."""

    owners: Mapping[str, Rule] = field(default_factory=lambda: DEFAULT_OWNERS)
    by_category: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)

    def rule(self, field: str, categories: Iterable[str]) -> Rule:
        """The rule of ``field`` for a product in ``categories`` ("A > B" texts).

        The most specific category that has a rule for the field wins, then ``owners``, then the default. Two
        equally specific categories that disagree are a question to the retailer: ``ask``.
        """
        here = {key: rules[field] for key, rules in self.by_category.items() if field in rules}
        found = set(most_specific(here, categories)) if here else set()
        if len(found) > 1:
            return "ask"
        if found:
            return found.pop()
        return self.owners.get(field, DEFAULT_OWNERS.get(field, UNKNOWN_FIELD))
