"""Reads WooCommerce's own product CSV (what its exporter writes and its importer takes) into a shop."""

from __future__ import annotations

import csv
import re
import struct
import zlib
from io import StringIO
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.attributes import attribute_named
from bridge.sim.woo.csv_dump import dump_csv
from bridge.sim.woo.media import UPLOADS, add_file
from bridge.sim.woo.seed import place
from bridge.sim.woo.state import Item
from bridge.sim.woo.stock import refresh_status
from bridge.sim.woo.terms import add_term, attribute_term, category_path

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

Row = dict[str, str]
_LIST = re.compile(r"(?<!\\),")
_STATUS = {"1": "publish", "0": "private", "-1": "draft"}
_IN_STOCK = {"1": "instock", "0": "outofstock", "backorder": "onbackorder"}
_BACKORDERS = {"0": "no", "1": "yes", "notify": "notify"}

__all__ = ["dump_csv", "load_csv"]


def load_csv(shop: FakeWoo, text: str, base_url: str = "") -> dict[str, int]:
    """Load every row; silently (nothing journaled, no hook told). Returns how many of each type.

    Ids are kept where they are free. Pictures come from ``shop.fetch`` or the shop's own files; an address
    that answers nothing gets a tiny picture of its own, so that a file loads whole. ``ValueError`` names the
    row that cannot be read.
    """
    rows = [
        {(k or "").strip(): (v or "").strip() for k, v in row.items() if isinstance(v, str) or v is None}
        for row in csv.DictReader(StringIO(text.lstrip("\ufeff")))
    ]
    loader = _Loader(shop, rows)
    counts: dict[str, int] = {}
    for variations in (False, True):
        for number, row in enumerate(rows, 2):
            kind = _kinds(row)[0]
            if (kind == "variation") is variations:
                try:
                    loader.load(row)
                except (LookupError, ValueError) as problem:
                    raise ValueError(f"line {number} ({row.get('SKU') or row.get('Name')}): {problem}") from problem
                counts[kind] = counts.get(kind, 0) + 1
    loader.link()
    return counts


def _kinds(row: Row) -> list[str]:
    found = [part.strip().lower() for part in row.get("Type", "").split(",") if part.strip()]
    return found or ["simple"]


def _split(text: str) -> list[str]:
    return [part.replace("\\,", ",").strip() for part in _LIST.split(text) if part.strip()]


def _column(row: Row, start: str) -> str:
    # units are part of a header: "Weight (lbs)"
    return next((value for name, value in row.items() if name.startswith(start)), "")


class _Loader:
    def __init__(self, shop: FakeWoo, rows: list[Row]) -> None:
        self.shop, self.rows = shop, rows
        self.by_csv_id: dict[str, Item] = {}
        self.pictures: dict[str, int] = {}
        self.loaded: list[tuple[Row, Item]] = []
        self.varied: dict[str, set[str]] = {}
        for row in rows:
            if _kinds(row)[0] == "variation":
                names = self.varied.setdefault(row.get("Parent", "").lower(), set())
                names.update(name.lower() for name, _, _, _ in _attributes(row))

    def load(self, row: Row) -> None:
        kinds = _kinds(row)
        parent = self._find(row.get("Parent", "")) if kinds[0] == "variation" else None
        if kinds[0] == "variation" and parent is None:
            raise LookupError(f"no parent {row.get('Parent')!r}")
        body = self._body(row, kinds)
        if row.get("ID", "").isdecimal() and int(row["ID"]) not in self.shop.state.items:
            body["id"] = int(row["ID"])
        if parent is None:
            body["attributes"] = self._product_attributes(row)
        item = place(self.shop, body, parent.id if parent else 0)
        if parent is not None:
            item.attributes = self._choices(row, parent)
        item.images = [self._picture(url) for url in _split(row.get("Images", ""))]
        if row.get("ID"):
            self.by_csv_id[row["ID"]] = item
        self.loaded.append((row, item))
        refresh_status(self.shop, item)

    def _body(self, row: Row, kinds: list[str]) -> dict[str, Any]:
        stock = row.get("Stock", "")
        managed = bool(re.fullmatch(r"-?\d+(\.\d+)?", stock))
        body: dict[str, Any] = {
            "type": kinds[0],
            "name": row.get("Name", ""),
            "sku": row.get("SKU", ""),
            "global_unique_id": _column(row, "GTIN"),
            "status": _STATUS.get(row.get("Published", "1"), "publish"),
            "featured": row.get("Is featured?") == "1",
            "catalog_visibility": row.get("Visibility in catalog") or "visible",
            "short_description": row.get("Short description", "").replace("\\n", "\n"),
            "description": row.get("Description", "").replace("\\n", "\n"),
            "regular_price": row.get("Regular price", ""),
            "sale_price": row.get("Sale price", ""),
            "tax_status": row.get("Tax status") or "taxable",
            "manage_stock": managed,
            "stock_status": _IN_STOCK.get(row.get("In stock?", "1").lower(), "instock"),
            "sold_individually": row.get("Sold individually?") == "1",
            "weight": _column(row, "Weight ("),
            "dimensions": {name: _column(row, f"{name.title()} (") for name in ("length", "width", "height")},
            "reviews_allowed": row.get("Allow customer reviews?") != "0",
            "purchase_note": row.get("Purchase note", ""),
            "external_url": row.get("External URL", ""),
            "button_text": row.get("Button text", ""),
            "menu_order": row.get("Position") or 0,
            "virtual": "virtual" in kinds,
            "downloadable": "downloadable" in kinds,
        }
        if managed:
            body["stock_quantity"] = int(float(stock))
            body["backorders"] = _BACKORDERS.get(row.get("Backorders allowed?", "0").lower(), "no")
            if row.get("Low stock amount"):
                body["low_stock_amount"] = row["Low stock amount"]
        if row.get("Tax class") or kinds[0] != "variation":
            body["tax_class"] = row.get("Tax class", "")
        for column, name in (("starts", "date_on_sale_from"), ("ends", "date_on_sale_to")):
            if row.get(f"Date sale price {column}"):
                body[name] = row[f"Date sale price {column}"]
        for column, name in (
            ("Download limit", "download_limit"),
            ("Download expiry days", "download_expiry"),
        ):
            if row.get(column):
                body[name] = row[column]
        self._add_lists(row, body)
        return body

    def _add_lists(self, row: Row, body: dict[str, Any]) -> None:
        shop = self.shop
        paths = [[part.strip() for part in path.split(">")] for path in _split(row.get("Categories", ""))]
        body["categories"] = [{"id": category_path(shop, path).id} for path in paths]
        tags = shop.state.tags
        body["tags"] = []
        for name in _split(row.get("Tags", "")):
            term = next((t for t in tags.values() if t.name == name), None) or add_term(shop, tags, name)
            body["tags"].append({"id": term.id})
        if row.get("Shipping class"):
            name, classes = row["Shipping class"], shop.state.shipping_classes
            found = next((t for t in classes.values() if t.name == name), None)
            body["shipping_class"] = (found or add_term(shop, classes, name)).slug
        downloads = [n for n in range(1, 20) if row.get(f"Download {n} URL")]
        if downloads:
            body["downloads"] = [
                {"name": row.get(f"Download {n} name", ""), "file": row[f"Download {n} URL"]} for n in downloads
            ]
        body["meta_data"] = [
            {"key": name.removeprefix("Meta:").strip(), "value": value}
            for name, value in row.items()
            if name.startswith("Meta:") and value
        ]

    def _product_attributes(self, row: Row) -> list[dict[str, Any]]:
        varied = self.varied.get(row.get("SKU", "").lower(), set()) | self.varied.get(f"id:{row.get('ID')}", set())
        made = []
        for place_, (name, values, visible, is_global) in enumerate(_attributes(row)):
            one: dict[str, Any] = {"name": name, "options": values, "visible": visible, "position": place_}
            if is_global:
                one["id"] = attribute_named(self.shop, name).id
            one["variation"] = name.lower() in varied
            made.append(one)
        return made

    def _choices(self, row: Row, parent: Item) -> list[dict[str, Any]]:
        made = []
        for name, values, _, _ in _attributes(row):
            held = next((a for a in parent.attributes if a["name"].lower() == name.lower()), None)
            if held is None:
                continue
            option = values[0] if values else ""
            if held["id"] and option:
                term = attribute_term(self.shop, held["id"], option)
                option = term.slug if term else option
            slug = held["slug"] if held["id"] else held["slug"].lower()
            made.append({"id": held["id"], "name": held["name"], "slug": slug, "option": option})
        return made

    def _find(self, word: str) -> Item | None:
        if word.lower().startswith("id:"):
            wanted = word[3:].strip()
            found = self.by_csv_id.get(wanted)
            return found or (self.shop.state.items.get(int(wanted)) if wanted.isdecimal() else None)
        return next(iter(self.shop.state.find_sku(word)), None) if word else None

    def link(self) -> None:
        """Fill in what points at other rows."""
        for row, item in self.loaded:
            for column, name in (
                ("Grouped products", "grouped_products"),
                ("Upsells", "upsell_ids"),
                ("Cross-sells", "cross_sell_ids"),
            ):
                found = [self._find(word) for word in _split(row.get(column, ""))]
                if found:
                    item.extra[name] = [one.id for one in found if one is not None]

    def _picture(self, url: str) -> int:
        # the importer knows an address again and does not fetch it twice
        if url not in self.pictures:
            shop = self.shop
            held = shop.state.files.get(url.partition(UPLOADS)[2])
            body = held or (shop.fetch(url) if shop.fetch is not None else None) or tiny_png(url)
            media = add_file(shop, url.partition("?")[0].rpartition("/")[2] or "picture.png", body)
            self.pictures[url] = media.id
        return self.pictures[url]


def _attributes(row: Row) -> list[tuple[str, list[str], bool, bool]]:
    """Name, values, visible, global of each attribute column group."""
    made = []
    numbers = [int(found[1]) for name in row if (found := re.fullmatch(r"Attribute (\d+) name", name))]
    for n in sorted(numbers):
        name = row.get(f"Attribute {n} name", "")
        if name:
            values = _split(row.get(f"Attribute {n} value(s)", ""))
            visible = row.get(f"Attribute {n} visible") == "1"
            made.append((name, values, visible, row.get(f"Attribute {n} global") == "1"))
    return made


def tiny_png(label: str) -> bytes:
    """A one-pixel PNG that carries ``label``, so that no two of them are the same bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    shade = zlib.crc32(label.encode()) & 0xFFFFFF
    pixel = chunk(b"IDAT", zlib.compress(b"\x00" + shade.to_bytes(3, "big")))
    text = chunk(b"tEXt", b"Comment\x00" + label.encode("latin-1", "replace"))
    return b"\x89PNG\r\n\x1a\n" + head + text + pixel + chunk(b"IEND", b"")
