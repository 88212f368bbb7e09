"""Names behind the ids an item carries: categories with their paths, options with their values."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from bridge.clock import Clock
from bridge.errors import RemoteDown
from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.port import JSON, Call, Done, Outcome, Refused
from bridge.remotes.square.outgoing import SquareOption
from bridge.remotes.square.read import SquareReader

Path = tuple[str, ...]
DEEPEST = 20
ASK_AGAIN = 60.0
"""Seconds during which an unknown id is not asked for again: it may be deleted but still named by items."""


class CatalogNames:
    """Categories and options of the seller, read when first needed and again when an id is unknown."""

    def __init__(self, caller: Caller, reader: SquareReader, clock: Clock, writing: threading.RLock) -> None:
        self._caller, self._reader, self._clock, self._writing = caller, reader, clock, writing
        self._categories: dict[str, tuple[str, str]] | None = None
        self._options: dict[str, JSON] | None = None
        self._asked: dict[str, float] = {}

    def forget(self) -> None:
        """Read everything again when it is next needed."""
        self._categories = self._options = None
        self._asked.clear()

    def _may_ask(self, what: str) -> bool:
        now = self._clock.monotonic()
        if now - self._asked.get(what, float("-inf")) < ASK_AGAIN:
            return False
        self._asked[what] = now
        return True

    # -- categories ---------------------------------------------------------------------
    def _load(self) -> dict[str, tuple[str, str]]:
        self._categories = {str(row["id"]): _named(row) for rows in self._reader.objects("CATEGORY") for row in rows}
        return self._categories

    def path_of(self, category_id: str) -> Path:
        """The path from the root; () for a category that is gone."""
        tree = self._categories
        if tree is None or (category_id not in tree and self._may_ask(category_id)):
            tree = self._load()
        return _path(tree, category_id)

    def ids(self, paths: Sequence[Path], key: str, *, create: bool) -> list[str]:
        """Ids of category paths in their order, compared without case; missing ones are made or left out."""
        with self._writing:
            tree = self._categories if self._categories is not None else self._load()
            known = {_folded(_path(tree, category_id)): category_id for category_id in tree}
            if any(_folded(path) not in known for path in paths):
                tree = self._load()
                known = {_folded(_path(tree, category_id)): category_id for category_id in tree}
            found: list[str] = []
            for path in paths:
                category_id = self._make(path, known, key) if create else known.get(_folded(path), "")
                if category_id and category_id not in found:
                    found.append(category_id)
            return found

    def _make(self, path: Path, known: dict[Path, str], key: str) -> str:
        parent = ""
        for depth in range(1, len(path) + 1):
            step = _folded(path[:depth])
            if step not in known:
                known[step] = self._create(path[:depth], parent, key)
            parent = known[step]
        return parent

    def _create(self, path: Path, parent: str, key: str) -> str:
        data: JSON = {"name": path[-1][:255], "category_type": "REGULAR_CATEGORY", "is_top_level": not parent}
        if parent:
            data["parent_category"] = {"id": parent}
        made = {"type": "CATEGORY", "id": "#category", "present_at_all_locations": True, "category_data": data}
        category_id = str(self._upsert(made, derived_key(key, *path))["id"])
        if self._categories is not None:
            self._categories[category_id] = (path[-1], parent)
        return category_id

    def _upsert(self, made: JSON, key: str) -> JSON:
        body = {"idempotency_key": key, "object": made}
        outcome: Outcome = self._caller.write(Call("POST", "v2/catalog/object", body=body))
        if isinstance(outcome, Refused):
            raise_refusal(outcome, self._caller.side)
        raw = outcome.answer.get("catalog_object") if isinstance(outcome, Done) else None
        if not raw:
            self.forget()
            raise RemoteDown("Square did not say whether it made a category or an option.")
        return dict(raw)

    # -- options ------------------------------------------------------------------------
    def _load_options(self) -> dict[str, JSON]:
        self._options = {str(row["id"]): row for rows in self._reader.objects("ITEM_OPTION") for row in rows}
        return self._options

    def option_of(self, option_id: str, value_id: str) -> tuple[str, str]:
        """The names of an option and of its value; ids where Square no longer knows them."""
        options = self._options
        if options is None or (
            value_id not in _values(options.get(option_id)) and self._may_ask(f"{option_id}/{value_id}")
        ):
            options = self._load_options()
        row = options.get(option_id)
        return _option_name(row) or option_id, _values(row).get(value_id, value_id)

    def options(self, wanted: Mapping[str, Sequence[str]], key: str, *, create: bool) -> dict[str, SquareOption]:
        """Options by lower-case name with their values; missing options and values are made when ``create``.

        Options are scarce (a seller has a hundred): one that exists by name is always used again.
        """
        with self._writing:
            rows = {_option_name(row).casefold(): row for row in self._load_options().values()}
            found: dict[str, SquareOption] = {}
            for name, values in wanted.items():
                row = rows.get(name.casefold())
                if create:
                    row = self._with_values(row, name, values, key)
                if row is not None:
                    by_name = {value.casefold(): value_id for value_id, value in _values(row).items()}
                    found[name.casefold()] = SquareOption(str(row["id"]), _option_name(row), by_name)
            return found

    def _with_values(self, row: JSON | None, name: str, values: Sequence[str], key: str) -> JSON:
        known = {value.casefold() for value in _values(row).values()}
        missing = [value for value in dict.fromkeys(values) if value.casefold() not in known]
        if row is not None and not missing:
            return row
        option_id = str(row["id"]) if row is not None else "#option"
        data = dict(row["item_option_data"]) if row is not None else {"name": name, "display_name": name}
        data["values"] = [
            *(data.get("values") or ()),
            *(_new_value(option_id, place, value) for place, value in enumerate(missing)),
        ]
        whole = {**(row or {"type": "ITEM_OPTION", "id": option_id}), "item_option_data": data}
        made = self._upsert(whole, derived_key(key, "option", name, *missing))
        if self._options is not None:
            self._options[str(made["id"])] = made
        return made


def derived_key(key: str, *parts: str) -> str:
    """A key of its own for one step of a keyed action, the same each time (32 characters)."""
    return blake2b("\x1f".join((key, *parts)).encode(), digest_size=16).hexdigest()


def _new_value(option_id: str, place: int, name: str) -> JSON:
    data = {"item_option_id": option_id, "name": name}
    return {"type": "ITEM_OPTION_VAL", "id": f"#value-{place}", "item_option_value_data": data}


def _named(row: JSON) -> tuple[str, str]:
    data = row.get("category_data") or {}
    return data.get("name") or "", str((data.get("parent_category") or {}).get("id") or "")


def _path(tree: Mapping[str, tuple[str, str]], category_id: str) -> Path:
    names: list[str] = []
    while category_id in tree and len(names) < DEEPEST:
        name, category_id = tree[category_id]
        names.append(name)
    return tuple(reversed(names))


def _folded(path: Path) -> Path:
    return tuple(name.strip().casefold() for name in path)


def _option_name(row: JSON | None) -> str:
    return str(((row or {}).get("item_option_data") or {}).get("name") or "")


def _values(row: JSON | None) -> dict[str, str]:
    values = ((row or {}).get("item_option_data") or {}).get("values") or ()
    return {str(value["id"]): (value.get("item_option_value_data") or {}).get("name") or "" for value in values}
