"""What a catalog query means: a predicate over flat objects, and an order when one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.sim.square.catalog_store import data_field
from bridge.sim.square.routes import refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Keep = Callable[[Json], bool]
COMBINABLE = frozenset({"exact_query", "prefix_query", "range_query", "sorted_attribute_query", "text_query"})
SEARCHABLE = ("name", "description", "abbreviation", "sku", "upc", "caption", "display_name")


def keep_of(square: FakeSquare, query: Json) -> Keep | None:
    """The predicate of a query, ``None`` when it keeps everything; ``SquareError`` for a bad combination."""
    parts = {name: value for name, value in query.items() if value is not None}
    alone = [name for name in parts if name not in COMBINABLE]
    if alone and len(parts) > 1:
        raise refusal("CONFLICTING_PARAMETERS", f"{alone[0]} cannot be combined with other queries.", "query")
    made: list[Keep] = []
    for name, value in parts.items():
        maker = _MAKERS.get(name)
        if maker is None:
            raise refusal("INVALID_VALUE", f"Unknown query {name}.", "query")
        test = maker(square, value)
        if test is not None:
            made.append(test)
    if not made:
        return None
    return made[0] if len(made) == 1 else lambda obj: all(test(obj) for test in made)


def sort_of(query: Json) -> Callable[[list[Json]], list[Json]] | None:
    """The order a ``sorted_attribute_query`` asks for."""
    wanted = query.get("sorted_attribute_query")
    if not wanted:
        return None
    name, down = wanted.get("attribute_name"), wanted.get("sort_order") == "DESC"

    def arrange(objects: list[Json]) -> list[Json]:
        return sorted(objects, key=lambda obj: (_text(obj, name), obj["id"]), reverse=down)

    return arrange


def set_of_skus(query: Json) -> list[str] | None:
    """The SKUs of a ``set_query`` on ``sku`` (answered from an index), else ``None``."""
    wanted = query.get("set_query")
    if not wanted or wanted.get("attribute_name") != "sku":
        return None
    return [str(value) for value in wanted.get("attribute_values") or ()]


def _value(obj: Json, name: Any) -> Any:
    return (obj.get(data_field(obj["type"])) or {}).get(name)


def _text(obj: Json, name: Any) -> str:
    value = _value(obj, name)
    return "" if value is None else str(value).lower()


def _exact(square: FakeSquare, query: Json) -> Keep:
    name, wanted = query.get("attribute_name"), str(query.get("attribute_value", "")).lower()
    if not square.exact_query_partial:
        return lambda obj: _text(obj, name) == wanted
    # case-insensitive and, as its documentation warns, sometimes only a partial match
    return lambda obj: wanted == (text := _text(obj, name)) or (bool(wanted) and wanted in text.split())


def _set(square: FakeSquare, query: Json) -> Keep:
    name, values = query.get("attribute_name"), query.get("attribute_values")
    if not isinstance(values, list) or not values:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "query.set_query.attribute_values")
    if len(values) > 250:
        raise refusal("ARRAY_LENGTH_TOO_LONG", "At most 250 values.", "query.set_query.attribute_values")
    wanted = {str(value).lower() for value in values}
    return lambda obj: _text(obj, name) in wanted and _value(obj, name) is not None


def _prefix(square: FakeSquare, query: Json) -> Keep:
    name, wanted = query.get("attribute_name"), str(query.get("attribute_prefix", "")).lower()
    return lambda obj: any(part.startswith(wanted) for part in (_text(obj, name), *_text(obj, name).split()) if part)


def _range(square: FakeSquare, query: Json) -> Keep:
    name = query.get("attribute_name")
    low, high = query.get("attribute_min_value"), query.get("attribute_max_value")

    def test(obj: Json) -> bool:
        value = _value(obj, name)
        value = value.get("amount") if isinstance(value, dict) else value
        if not isinstance(value, int):
            return False
        return (low is None or value >= low) and (high is None or value <= high)

    return test


def _words(square: FakeSquare, query: Json) -> Keep:
    words = [str(word).lower() for word in query.get("keywords") or ()]
    if not 1 <= len(words) <= 3:
        raise refusal("INVALID_VALUE", "A text query takes 1 to 3 keywords.", "query.text_query.keywords")
    if any(len(word) < 3 for word in words):
        raise refusal("VALUE_TOO_SHORT", "Keywords need 3 characters.", "query.text_query.keywords")

    def test(obj: Json) -> bool:
        parts = [part for name in SEARCHABLE for part in _text(obj, name).split()]
        return all(any(part.startswith(word) for part in parts) for word in words)

    return test


def _items_with(list_name: str, key: str, asked: str) -> Callable[[FakeSquare, Json], Keep]:
    def maker(square: FakeSquare, query: Json) -> Keep:
        wanted = set(query.get(asked) or ())

        def test(obj: Json) -> bool:
            rows = (obj.get("item_data") or obj.get("item_variation_data") or {}).get(list_name) or ()
            return any((row.get(key) if isinstance(row, dict) else row) in wanted for row in rows)

        return test

    return maker


def _nothing(square: FakeSquare, query: Json) -> None:
    return None


_MAKERS: dict[str, Callable[[FakeSquare, Json], Keep | None]] = {
    "exact_query": _exact,
    "set_query": _set,
    "prefix_query": _prefix,
    "range_query": _range,
    "text_query": _words,
    "sorted_attribute_query": _nothing,
    "items_for_tax_query": _items_with("tax_ids", "", "tax_ids"),
    "items_for_modifier_list_query": _items_with("modifier_list_info", "modifier_list_id", "modifier_list_ids"),
    "items_for_item_options_query": _items_with("item_options", "item_option_id", "item_option_ids"),
    "item_variations_for_item_option_values_query": _items_with(
        "item_option_values", "item_option_value_id", "item_option_value_ids"
    ),
}
