"""What Square makes of one catalog object that is written: limits, defaults, mirrored and read-only fields."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from bridge.sim.square.catalog_store import NESTS, data_field
from bridge.sim.square.routes import refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]

TYPES = frozenset(
    [
        "ITEM",
        "ITEM_VARIATION",
        "CATEGORY",
        "IMAGE",
        "TAX",
        "DISCOUNT",
        "MODIFIER_LIST",
        "MODIFIER",
        "ITEM_OPTION",
        "ITEM_OPTION_VAL",
        "CUSTOM_ATTRIBUTE_DEFINITION",
        "MEASUREMENT_UNIT",
        "PRICING_RULE",
        "PRODUCT_SET",
        "TIME_PERIOD",
        "AVAILABILITY_PERIOD",
        "QUICK_AMOUNTS_SETTINGS",
        "SUBSCRIPTION_PLAN",
        "SUBSCRIPTION_PLAN_VARIATION",
    ]
)
NESTED_TYPES = frozenset({"ITEM_VARIATION", "MODIFIER", "ITEM_OPTION_VAL", "IMAGE"})
"""Types a read returns only when they are named (images and children of other objects)."""
MAX_VARIATIONS, MAX_OPTIONS = 250, 6

_LENGTHS: dict[str, dict[str, int]] = {
    "ITEM": {"name": 512, "abbreviation": 24, "description": 4096, "description_html": 65535},
    "ITEM_VARIATION": {"user_data": 255},
    "CATEGORY": {"name": 255},
}
_NAMED = frozenset({"ITEM", "CATEGORY", "TAX", "ITEM_OPTION", "ITEM_OPTION_VAL", "MODIFIER_LIST"})
_TAGS = frozenset(
    ["a", "b", "strong", "br", "code", "div", "h1", "h2", "h3", "h4", "h5", "h6", "i", "em", "li", "ol", "p", "ul", "u"]
)
_ATTRIBUTES = re.compile(r'\s(align|href|rel|target)="[^"]*"')
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)((?:\s[^<>]*)?)(/?)>")
_WRAPPER = ("custom_attribute_values", "catalog_v1_ids")


def wrapper_of(square: FakeSquare, given: Json) -> Json:
    """The members of an object outside its ``<type>_data``: presence and attributes, ids still the client's."""
    object_type = given.get("type")
    if object_type not in TYPES:
        raise refusal("INVALID_ENUM_VALUE", f"`{object_type}` is not a valid object type.", "object.type")
    if given.get("is_deleted"):
        raise refusal("INVALID_VALUE", "is_deleted must not be set to true in an upsert.", "object.is_deleted")
    everywhere = given.get("present_at_all_locations")
    made: Json = {"present_at_all_locations": True if everywhere is None else everywhere}
    for name in ("present_at_location_ids", "absent_at_location_ids"):
        places = given.get(name) or []
        for place in places:
            if place not in square.state.locations:
                raise refusal("INVALID_VALUE", f"Location `{place}` does not exist.", f"object.{name}")
        if places:
            made[name] = list(dict.fromkeys(places))
    for name in _WRAPPER:
        if given.get(name):
            made[name] = given[name]
    return made


def data_of(square: FakeSquare, given: Json) -> Json:
    """The ``<type>_data`` of a written object without its children, nulls dropped, limits checked."""
    object_type = given["type"]
    field = data_field(object_type)
    raw = given.get(field)
    if not isinstance(raw, dict):
        raise refusal("MISSING_REQUIRED_PARAMETER", f"Object must have `{field}` set.", f"object.{field}")
    children = NESTS[object_type][0] if object_type in NESTS else None
    data = {name: value for name, value in raw.items() if value is not None and name != children}
    for name, longest in _LENGTHS.get(object_type, {}).items():
        if len(str(data.get(name, ""))) > longest:
            raise refusal("VALUE_TOO_LONG", f"Field must not be greater than {longest} in length", f"{field}.{name}")
    if object_type in _NAMED and not data.get("name"):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", f"{field}.name")
    return data


def item_data(data: Json, old: Json | None) -> Json:
    """An item's data completed: descriptions in step, defaults, taxes added to those it had."""
    data = {**data, **_descriptions(data)} if _describes(data) else _without_descriptions(data)
    data.setdefault("is_taxable", True)
    data.setdefault("is_archived", False)
    kind = data.setdefault("product_type", "REGULAR" if old is None else old.get("product_type", "REGULAR"))
    if old is not None and kind != old.get("product_type", "REGULAR"):
        raise refusal("INVALID_VALUE", "product_type cannot be changed.", "item_data.product_type")
    if len(data.get("item_options", ())) > MAX_OPTIONS:
        raise refusal("ARRAY_LENGTH_TOO_LONG", "At most 6 item options.", "item_data.item_options")
    data.pop("channels", None)
    taxes = [*(old or {}).get("tax_ids", ()), *data.get("tax_ids", ())]
    if taxes:
        data["tax_ids"] = list(dict.fromkeys(taxes))
    for name in ("categories", "image_ids", "item_options", "modifier_list_info"):
        if name in data and not data[name]:
            del data[name]
    return data


def _describes(data: Json) -> bool:
    return bool(data.get("description_html") or data.get("description"))


def _without_descriptions(data: Json) -> Json:
    return {name: value for name, value in data.items() if not name.startswith("description")}


def _descriptions(data: Json) -> Json:
    if data.get("description_html"):
        rich = clean_html(str(data["description_html"]))
    else:
        rich = f"<p>{html.escape(str(data['description']), quote=False)}</p>"
    plain = plain_text(rich)
    return {"description": plain[:4096], "description_html": rich, "description_plaintext": plain}


def clean_html(text: str) -> str:
    """HTML with the tags and attributes Square keeps; others are dropped, their text stays."""

    def keep(found: re.Match[str]) -> str:
        closing, tag, attributes, empty = found.groups()
        if tag.lower() not in _TAGS:
            return ""
        kept = "" if closing else "".join(part.group(0) for part in _ATTRIBUTES.finditer(attributes))
        return f"<{closing}{tag.lower()}{kept}{empty}>"

    return _TAG.sub(keep, text)


def plain_text(rich: str) -> str:
    """The text of an HTML description, one line per block."""
    broken = re.sub(r"(?i)</(p|div|li|h[1-6])>|<br\s*/?>", "\n", rich)
    return html.unescape(re.sub(r"<[^>]+>", "", broken)).strip()


def variation_data(square: FakeSquare, data: Json, ordinal: int) -> Json:
    """A variation's data completed: position, pricing, and location rows without what is read-only."""
    data = {**data, "ordinal": ordinal}
    money = data.get("price_money")
    if money is not None:
        _check_money(square, money, "item_variation_data.price_money")
    pricing = data.setdefault("pricing_type", "FIXED_PRICING" if money is not None else "VARIABLE_PRICING")
    if pricing == "FIXED_PRICING" and money is None:
        raise refusal(
            "MISSING_REQUIRED_PARAMETER",
            "price_money must be set for FIXED_PRICING.",
            "item_variation_data.price_money",
        )
    if pricing not in ("FIXED_PRICING", "VARIABLE_PRICING"):
        raise refusal("INVALID_ENUM_VALUE", f"`{pricing}` is not valid.", "item_variation_data.pricing_type")
    data.setdefault("sellable", True)
    data.setdefault("stockable", True)
    rows = [_override(square, row) for row in data.pop("location_overrides", ())]
    if kept := [row for row in rows if len(row) > 1]:
        data["location_overrides"] = kept
    return data


def _override(square: FakeSquare, row: Json) -> Json:
    if row.get("location_id") not in square.state.locations:
        raise refusal(
            "INVALID_VALUE",
            f"Location `{row.get('location_id')}` does not exist.",
            "item_variation_data.location_overrides",
        )
    if row.get("price_money") is not None:
        _check_money(square, row["price_money"], "location_overrides.price_money")
    # sold_out is Square's and the seller's to say: a write of it is ignored
    return {name: value for name, value in row.items() if value is not None and not name.startswith("sold_out")}


def _check_money(square: FakeSquare, money: Json, field: str) -> None:
    amount = money.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise refusal("EXPECTED_INTEGER", "Expected an integer value.", f"{field}.amount")
    if amount < 0:
        raise refusal("VALUE_TOO_LOW", "Money amount must not be negative.", f"{field}.amount")
    if money.get("currency") != square.state.currency:
        raise refusal("INVALID_VALUE", f"Currency must be {square.state.currency}.", f"{field}.currency")
