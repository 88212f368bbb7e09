"""Writes a product's or variation's fields as the shop does: checks that refuse first, then the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.woo.media import resolve_images
from bridge.sim.woo.params import as_flag
from bridge.sim.woo.product_rules import (
    check_gtin,
    check_sku,
    clean_gtin,
    drop_meta,
    unique_slug,
    write_meta,
)
from bridge.sim.woo.state import Item
from bridge.sim.woo.stock import derived_status, refresh_status, set_stock, stock_holder
from bridge.sim.woo.terms import UNCATEGORIZED, attribute_term
from bridge.sim.woo.texts import escaped, loose_int, number_or_none, price_text, slug_of, text_of
from bridge.sim.woo.times import written_moment

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

STATUSES = ("publish", "draft", "pending", "private", "future", "auto-draft", "trash")
_TEXTS = {
    "description": "description",
    "short_description": "short_description",
    "tax_status": "tax_status",
    "tax_class": "tax_class",
    "weight": "weight",
    "catalog_visibility": "visibility",
}
_FLAGS = ("virtual", "downloadable", "featured")
_EXTRAS_TEXT = ("external_url", "button_text", "purchase_note", "post_password")
_EXTRAS_FLAG = ("sold_individually", "reviews_allowed")
_EXTRAS_LIST = ("upsell_ids", "cross_sell_ids", "grouped_products")


class Writer:
    """One write to one item: who does it, what the journal calls it."""

    def __init__(
        self, shop: FakeWoo, item: Item, body: dict[str, Any], *, actor: str, new: bool, staff: bool = False
    ) -> None:
        self.shop, self.item, self.body, self.actor, self.new = shop, item, body, actor, new
        self.staff = staff
        self.stock_moved = False
        self._images: list[int] | None = None

    def check(self) -> None:
        """Raise what refuses the whole write (SKU, GTIN, pictures) before anything is changed."""
        item, body = self.item, self.body
        if body.get("sku") is not None:
            check_sku(self.shop, item, text_of(body["sku"]), new=self.new)
        if body.get("global_unique_id") is not None:
            check_gtin(self.shop, item, clean_gtin(body["global_unique_id"]))
        self._images = self._wanted_images()

    def apply(self) -> None:
        """Write every field of the body (after ``check``)."""
        item, body = self.item, self.body
        if not self.new:
            self.shop.remember(item)
        if body.get("sku") is not None:
            self.shop.state.set_sku(item, text_of(body["sku"]).strip())
        if body.get("global_unique_id") is not None:
            self.shop.state.set_gtin(item, clean_gtin(body["global_unique_id"]))
        if self._images is not None:
            item.images = self._images
        self._words()
        self._prices()
        self._choices()
        self._meta()
        self._stock()
        self.shop.touch(item)

    def _wanted_images(self) -> list[int] | None:
        body = self.body
        if self.item.is_variation:
            if "image" not in body or body["image"] is None:
                return None
            images = [body["image"]] if body["image"] else []
        elif isinstance(body.get("images"), list):
            images = body["images"]
        else:
            return None
        return resolve_images(self.shop, images)

    def _words(self) -> None:
        item, body, state = self.item, self.body, self.shop.state
        if body.get("type") in ("simple", "grouped", "external", "variable") and not item.is_variation:
            item.type = body["type"]
        if body.get("name") is not None and not item.is_variation:
            item.name = escaped(text_of(body["name"]))
        for key, name in _TEXTS.items():
            if body.get(key) is not None:
                setattr(item, name, escaped(text_of(body[key])))
        for key in _FLAGS:
            if body.get(key) is not None:
                setattr(item, key, as_flag(body[key]))
        if body.get("menu_order") is not None:
            item.menu_order = loose_int(body["menu_order"])
        if isinstance(body.get("dimensions"), dict):
            for key in ("length", "width", "height"):
                if body["dimensions"].get(key) is not None:
                    setattr(item, key, text_of(body["dimensions"][key]))
        if body.get("shipping_class") is not None:
            wanted = text_of(body["shipping_class"])
            found = [t.id for t in state.shipping_classes.values() if t.slug == wanted]
            item.shipping_class_id = found[0] if found else 0
        self._status()
        self._extras()

    def _status(self) -> None:
        item, body, state = self.item, self.body, self.shop.state
        if body.get("status") is not None:
            status = text_of(body["status"])
            status = status if status in STATUSES else "draft"
            if item.status == "trash" and status != "trash":
                drop_meta(item, "_wp_desired_post_slug")
                item.slug = item.slug.removesuffix("__trashed")
            state.set_status(item, status)
        if not item.is_variation and (self.new or body.get("slug")):
            wanted = slug_of(text_of(body.get("slug"))) or slug_of(item.name) or "product"
            if wanted != item.slug:
                state.slugs.discard(item.slug)
                item.slug = unique_slug(self.shop, wanted)
        if body.get("date_created") and not body.get("date_created_gmt"):
            item.created = self._moment(body["date_created"], gmt=False) or item.created
        if body.get("date_created_gmt"):
            item.created = self._moment(body["date_created_gmt"], gmt=True) or item.created

    def _moment(self, text: Any, *, gmt: bool) -> int | None:
        try:
            return written_moment(text_of(text), self.shop.state.timezone, gmt=gmt)
        except ValueError:
            return None

    def _extras(self) -> None:
        item, body = self.item, self.body
        for key in _EXTRAS_TEXT:
            if body.get(key) is not None:
                item.extra[key] = escaped(text_of(body[key]))
        for key in _EXTRAS_FLAG:
            if body.get(key) is not None:
                item.extra[key] = as_flag(body[key])
        for key in _EXTRAS_LIST:
            if isinstance(body.get(key), list):
                item.extra[key] = [loose_int(n) for n in body[key]]
        for key in ("download_limit", "download_expiry"):
            if body.get(key) is not None:
                item.extra[key] = loose_int(body[key])
        if isinstance(body.get("downloads"), list):
            rows = [row for row in body["downloads"] if isinstance(row, dict)]
            item.extra["downloads"] = [
                {
                    "id": text_of(row.get("id")) or self.shop.ids.uuid(),
                    "name": text_of(row.get("name")),
                    "file": text_of(row.get("file")),
                }
                for row in rows
            ]

    def _prices(self) -> None:
        item, body = self.item, self.body
        if item.type in ("variable", "grouped"):
            item.regular_price = item.sale_price = ""
            item.sale_from = item.sale_to = None
            return
        if body.get("regular_price") is not None:
            item.regular_price = price_text(body["regular_price"])
        if body.get("sale_price") is not None:
            item.sale_price = price_text(body["sale_price"])
        for key, name in (("date_on_sale_from", "sale_from"), ("date_on_sale_to", "sale_to")):
            for suffix in ("", "_gmt"):
                value = body.get(key + suffix)
                if value is not None:
                    setattr(item, name, self._moment(value, gmt=suffix == "_gmt") if value else None)
        sale, regular = number_or_none(item.sale_price), number_or_none(item.regular_price)
        if sale is not None and (regular is None or sale >= regular):
            item.sale_price = ""
        if item.sale_price == "":
            item.sale_from = item.sale_to = None

    def _choices(self) -> None:
        item, body = self.item, self.body
        if isinstance(body.get("attributes"), list):
            rows = [row for row in body["attributes"] if isinstance(row, dict)]
            made = [self._choice(row) if item.is_variation else self._attribute(row, n) for n, row in enumerate(rows)]
            item.attributes = [row for row in made if row is not None]
        if isinstance(body.get("default_attributes"), list):
            item.extra["default_attributes"] = self._defaults(body["default_attributes"])
        if item.is_variation:
            return
        for key, store in (("tags", self.shop.state.tags), ("brands", self.shop.state.brands)):
            if isinstance(body.get(key), list):
                setattr(item, key, [n for n in _ids(body[key]) if n in store])
        if isinstance(body.get("categories"), list):
            item.categories = [n for n in _ids(body["categories"]) if n in self.shop.state.categories]
        if not item.categories:
            item.categories = [UNCATEGORIZED]

    def _attribute(self, row: dict[str, Any], place: int) -> dict[str, Any] | None:
        number = loose_int(row.get("id") or 0)
        options = row.get("options")
        names = options if isinstance(options, list) else text_of(options).split("|")
        names = [text_of(name).strip() for name in names if text_of(name).strip()]
        made = {
            "position": loose_int(row.get("position", place)),
            "visible": as_flag(row.get("visible", False)),
            "variation": as_flag(row.get("variation", False)),
        }
        if number:
            attribute = self.shop.state.attributes.get(number)
            if attribute is None:
                return None
            terms = [attribute_term(self.shop, number, name) for name in names]
            held = list(dict.fromkeys(term.id for term in terms if term))
            return {"id": number, "name": attribute.name, "slug": attribute.slug, "options": held, **made}
        name = text_of(row.get("name"))
        if not name:
            return None
        return {"id": 0, "name": name, "slug": name, "options": names, **made}

    def _choice(self, row: dict[str, Any]) -> dict[str, Any] | None:
        number, name = loose_int(row.get("id") or 0), text_of(row.get("name"))
        parent = self.shop.state.items.get(self.item.parent_id)
        for held in parent.attributes if parent else ():
            same = held["id"] == number if number else not held["id"] and slug_of(held["name"]) == slug_of(name)
            if not same or not held["variation"]:
                continue
            option = text_of(row.get("option"))
            if number:
                term = attribute_term(self.shop, number, option, create=False) if option else None
                option = term.slug if term else slug_of(option)
            slug = held["slug"] if number else slug_of(held["name"])
            return {"id": number, "name": held["name"], "slug": slug, "option": option}
        return None

    def _defaults(self, rows: list[Any]) -> list[dict[str, Any]]:
        made = []
        for row in rows:
            if not isinstance(row, dict):
                continue
            for held in self.item.attributes:
                if held["id"] == loose_int(row.get("id") or 0) and (held["id"] or held["name"] == row.get("name")):
                    made.append({"id": held["id"], "name": held["name"], "option": text_of(row.get("option"))})
        return made

    def _meta(self) -> None:
        rows = self.body.get("meta_data")
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and (row.get("key") or row.get("id")):
                write_meta(self.shop, self.item, row)

    # -- stock ------------------------------------------------------------------------
    def _stock(self) -> None:
        item, body, state = self.item, self.body, self.shop.state
        if body.get("backorders") in ("no", "notify", "yes"):
            item.backorders = body["backorders"]
        managing = item.manage_stock if body.get("manage_stock") is None else as_flag(body["manage_stock"])
        if not state.flag("woocommerce_manage_stock"):
            managing = item.manage_stock
        elif item.type in ("grouped", "external"):
            managing = False
        if managing and state.flag("woocommerce_manage_stock"):
            self._managed()
        elif not managing:
            self._unmanaged()
        if item.type == "variable" and self.new and not item.manage_stock:
            item.stock_status = "outofstock"
        refresh_status(self.shop, item)

    def _managed(self) -> None:
        item, body = self.item, self.body
        item.manage_stock = True
        if "low_stock_amount" in body:
            low = body["low_stock_amount"]
            item.low_stock = None if low in (None, "") else loose_int(low)
        read = item.stock
        if body.get("stock_quantity") is not None:
            kind, wanted, delta = "api_set", loose_int(body["stock_quantity"]), None
        elif body.get("inventory_delta") is not None:
            delta = loose_int(body["inventory_delta"])
            kind, wanted = "api_delta", (read or 0) + delta
        else:
            return
        if not self.new:
            self.shop.open_window()
        if delta is not None and self.shop.delta_is_atomic:
            wanted = (item.stock or 0) + delta
            read = item.stock
        # a number equal to the one that was read is no change to the shop, and is not written at all
        if wanted == read:
            return
        self.stock_moved = True
        set_stock(
            self.shop,
            item,
            wanted,
            actor=self.actor,
            kind="staff_edit" if self.staff else kind,
            reference=f"item:{item.id}",
            intended=delta,
            detail=self._scalar_meta(),
        )

    def _scalar_meta(self) -> dict[str, Any]:
        rows = self.body.get("meta_data")
        found = {
            str(row.get("key")): row.get("value")
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict) and isinstance(row.get("value"), str | int)
        }
        return {"meta": found} if found else {}

    def _unmanaged(self) -> None:
        item, body = self.item, self.body
        if item.stock:
            self.shop.journal.add(
                self.shop.clock.now(),
                "stock_unmanaged",
                actor=self.actor,
                stock_id=str(item.id),
                delta=-item.stock,
                reference=f"item:{item.id}",
            )
        item.manage_stock, item.stock, item.low_stock, item.backorders = False, None, None, "no"
        holder = stock_holder(self.shop, item)
        if holder is not None:
            item.stock_status = derived_status(self.shop, holder)
        elif body.get("stock_status") in ("instock", "outofstock", "onbackorder"):
            item.stock_status = body["stock_status"]


def _ids(rows: list[Any]) -> list[int]:
    found = [loose_int(row.get("id")) for row in rows if isinstance(row, dict)]
    return list(dict.fromkeys(found))
