"""What the objects of a batch must agree on: attributes defined, references alive, options complete and unique."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bridge.sim.square.routes import SquareError, refusal

if TYPE_CHECKING:
    from bridge.sim.square.catalog_plan import Batch

Json = dict[str, Any]


def _named(obj: Json) -> Iterator[tuple[str, str]]:
    """(id, expected type) of everything an object refers to."""
    item = obj.get("item_data") or {}
    category = obj.get("category_data") or {}
    for row in (*item.get("categories", ()), item.get("reporting_category"), category.get("parent_category")):
        if row and row.get("id"):
            yield row["id"], "CATEGORY"
    for tax_id in item.get("tax_ids", ()):
        yield tax_id, "TAX"
    variation = obj.get("item_variation_data") or {}
    for image_id in (*item.get("image_ids", ()), *variation.get("image_ids", ()), *category.get("image_ids", ())):
        yield image_id, "IMAGE"
    for row in item.get("item_options", ()):
        yield row.get("item_option_id", ""), "ITEM_OPTION"
    for row in item.get("modifier_list_info", ()):
        yield row.get("modifier_list_id", ""), "MODIFIER_LIST"


def _missing(object_id: str) -> SquareError:
    return refusal("INVALID_VALUE", f"Invalid Object with Id: {object_id}. The object does not exist.")


def check_references(batch: Batch) -> None:
    """Every id an object refers to must be alive after the batch; categories must not form a ring."""
    for obj in batch.by_id.values():
        for object_id, kind in _named(obj):
            found = batch.planned(object_id)
            if found is None or found["type"] != kind:
                raise _missing(object_id)
        if obj["type"] == "CATEGORY":
            _check_no_ring(batch, obj["id"])


def _check_no_ring(batch: Batch, category_id: str) -> None:
    seen, here = {category_id}, batch.planned(category_id)
    while here is not None:
        parent = (here["category_data"].get("parent_category") or {}).get("id")
        if not parent:
            return
        if parent in seen:
            raise refusal("INVALID_VALUE", "A category cannot be its own ancestor.", "category_data")
        seen.add(parent)
        here = batch.planned(parent)


def check_options(batch: Batch) -> None:
    """Option names are unique and scarce; variations take one value of each option of their item, no two alike."""
    kinds = [obj for obj in batch.by_id.values() if obj["type"] == "ITEM_OPTION"]
    if kinds:
        _check_option_names(batch, kinds)
    for item_id in list(batch.children):
        item = batch.planned(item_id)
        if item is not None and item["type"] == "ITEM":
            _check_combinations(batch, item)


def _check_option_names(batch: Batch, written: list[Json]) -> None:
    names = {
        object_id: batch.store.objects[object_id]["item_option_data"]["name"].lower()
        for object_id in batch.store.live_ids("ITEM_OPTION")
    }
    fresh = sum(1 for obj in written if obj["id"] not in names)
    names.update({obj["id"]: obj["item_option_data"]["name"].lower() for obj in written})
    if fresh and len(names) > batch.square.item_option_limit:
        raise refusal("INVALID_VALUE", f"At most {batch.square.item_option_limit} item options are allowed.")
    if len(set(names.values())) < len(names):
        raise refusal("INVALID_VALUE", "An item option with this name already exists.", "item_option_data.name")


def _check_combinations(batch: Batch, item: Json) -> None:
    wanted = [row["item_option_id"] for row in item["item_data"].get("item_options", ())]
    seen: set[tuple[str, ...]] = set()
    for kid in batch.children[item["id"]]:
        variation = batch.planned(kid)
        rows = (variation or {}).get("item_variation_data", {}).get("item_option_values") or []
        taken = {row.get("item_option_id"): row.get("item_option_value_id") for row in rows}
        if set(taken) != set(wanted) or len(rows) != len(wanted):
            raise refusal(
                "INVALID_VALUE",
                "Each variation must have exactly one value for each item option of its item.",
                "item_variation_data.item_option_values",
            )
        for option_id, value_id in taken.items():
            value = batch.planned(str(value_id))
            if value is None or batch.store.parent_id(value) != option_id:
                raise _missing(str(value_id))
        combination = tuple(str(taken[option_id]) for option_id in wanted)
        if wanted and combination in seen:
            raise refusal("INVALID_VALUE", "Two variations have the same item option values.")
        seen.add(combination)


def option_names(batch: Batch) -> None:
    """Name variations: after their option values when they have some, else as given (at most 255)."""
    for obj in batch.by_id.values():
        if obj["type"] != "ITEM_VARIATION":
            continue
        data = obj["item_variation_data"]
        values = [batch.planned(row["item_option_value_id"]) for row in data.get("item_option_values", ())]
        if values:
            data["name"] = ", ".join(value["item_option_value_data"]["name"] for value in values if value)
        elif len(data.get("name", "")) > 255:
            raise refusal("VALUE_TOO_LONG", "Field must not be greater than 255 in length", "item_variation_data.name")


def check_attributes(batch: Batch) -> None:
    """Custom attributes must be defined; Square completes name, type and definition id."""
    if not any("custom_attribute_values" in obj for obj in batch.by_id.values()):
        return
    definitions: dict[str, Json] = {}
    for object_id in (*batch.store.live_ids("CUSTOM_ATTRIBUTE_DEFINITION"), *batch.by_id):
        obj = batch.planned(object_id)
        if obj is not None and obj["type"] == "CUSTOM_ATTRIBUTE_DEFINITION":
            definitions[obj["custom_attribute_definition_data"].get("key", object_id)] = obj
    for obj in batch.by_id.values():
        if "custom_attribute_values" in obj:
            obj["custom_attribute_values"] = {
                key: _attribute(definitions, key, value, obj["type"])
                for key, value in obj["custom_attribute_values"].items()
                if value is not None
            }


def _attribute(definitions: dict[str, Json], key: str, value: Json, object_type: str) -> Json:
    definition = definitions.get(key)
    if definition is None:
        raise refusal("INVALID_VALUE", f"Custom attribute `{key}` is not defined.", "custom_attribute_values")
    data = definition["custom_attribute_definition_data"]
    if object_type not in data.get("allowed_object_types", ()):
        raise refusal("INVALID_VALUE", f"`{key}` is not allowed on {object_type}.", "custom_attribute_values")
    if data["type"] == "STRING" and len(str(value.get("string_value", ""))) > 255:
        raise refusal("VALUE_TOO_LONG", "Field must not be greater than 255 in length", key)
    return {
        **value,
        "key": key,
        "name": data.get("name", key),
        "type": data["type"],
        "custom_attribute_definition_id": definition["id"],
    }
