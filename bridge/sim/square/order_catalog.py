"""What orders take from the catalog: names, prices and taxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.sim.square.catalog_store import data_field
from bridge.sim.square.routes import refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]

_RULE_TYPES = {"taxes": "TAX", "discounts": "DISCOUNT", "service_charges": "SERVICE_CHARGE"}


def override_at(variation: Json, location_id: str) -> Json:
    """The variation's override row for a location, empty when there is none."""
    rows = variation.get("location_overrides") or ()
    return next((row for row in rows if row.get("location_id") == location_id), {})


def price_at(variation: Json, location_id: str) -> Json | None:
    """The price of a variation at a location, ``None`` when it is asked at the till (variable pricing)."""
    row = override_at(variation, location_id)
    if (row.get("pricing_type") or variation.get("pricing_type")) == "VARIABLE_PRICING":
        return None
    price: Json | None = row.get("price_money") or variation.get("price_money")
    return dict(price) if price else None


def fill_line(square: FakeSquare, line: Json, location_id: str) -> None:
    """Complete a line from the catalog, or check that an ad hoc line names itself and its price.

    A name or price in the line wins over the catalog's. Raises ``SquareError``.
    """
    line.setdefault("item_type", "ITEM")
    variation_id = line.get("catalog_object_id")
    if not variation_id:
        for name in ("name", "base_price_money"):
            if not line.get(name) and not (name == "name" and line["item_type"] == "CUSTOM_AMOUNT"):
                raise refusal("MISSING_REQUIRED_PARAMETER", "Missing required parameter.", f"order.line_items.{name}")
        return
    catalog = square.state.catalog
    variation, item = catalog.variation(variation_id), catalog.item_of(variation_id)
    if variation is None or item is None:
        raise refusal(
            "NOT_FOUND",
            f"Item variation with catalog object ID `{variation_id}` not found.",
            "order.line_items.catalog_object_id",
            status=400,
        )
    line.setdefault("catalog_version", catalog.objects[variation_id]["version"])
    line.setdefault("name", item["item_data"].get("name", ""))
    line.setdefault("variation_name", variation.get("name", ""))
    if not line.get("base_price_money"):
        price = price_at(variation, location_id)
        if price is None:
            raise refusal(
                "MISSING_REQUIRED_PARAMETER",
                "A variably priced variation needs `base_price_money`.",
                "order.line_items.base_price_money",
            )
        line["base_price_money"] = price


def fill_rule(square: FakeSquare, rule: Json, listed: str) -> None:
    """Complete a tax, discount or service charge that names a catalog object; raises ``SquareError``."""
    object_id = rule.get("catalog_object_id")
    if not object_id:
        return
    kind = _RULE_TYPES[listed]
    found = square.state.catalog.live(object_id)
    if found is None or found["type"] != kind:
        raise refusal(
            "NOT_FOUND",
            f"{kind.capitalize()} with catalog object ID `{object_id}` not found.",
            f"order.{listed}.catalog_object_id",
            status=400,
        )
    content = found.get(data_field(kind)) or {}
    rule.setdefault("catalog_version", found["version"])
    for name, inner in (
        ("name", "name"),
        ("percentage", "percentage"),
        ("amount_money", "amount_money"),
        ("type", "inclusion_type" if kind == "TAX" else "discount_type"),
    ):
        if content.get(inner) and not rule.get(name):
            rule[name] = content[inner]


def taxes_of_line(square: FakeSquare, order: Json, new_uid: Callable[[], str]) -> None:
    """Add the catalog taxes of each line's item (``pricing_options.auto_apply_taxes``)."""
    catalog = square.state.catalog
    taxes: list[Json] = order.setdefault("taxes", [])
    by_object = {tax["catalog_object_id"]: tax for tax in taxes if tax.get("catalog_object_id")}
    for line in order.get("line_items") or ():
        item = catalog.item_of(line.get("catalog_object_id") or "")
        for tax_id in (item or {}).get("item_data", {}).get("tax_ids") or ():
            found = catalog.live(tax_id)
            if found is None or not found.get("tax_data", {}).get("enabled", True):
                continue
            tax = by_object.get(tax_id)
            if tax is None:
                tax = {"uid": new_uid(), "catalog_object_id": tax_id, "scope": "LINE_ITEM"}
                tax["auto_applied"] = True
                taxes.append(tax)
                by_object[tax_id] = tax
            references = line.setdefault("applied_taxes", [])
            if all(reference["tax_uid"] != tax["uid"] for reference in references):
                references.append({"uid": new_uid(), "tax_uid": tax["uid"]})
    if not taxes:
        del order["taxes"]
