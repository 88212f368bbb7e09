"""The shop's category tree: paths for reading, ids (made when missing) for writing."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape

from bridge.errors import RemoteDown
from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.port import Call, Done, Refused
from bridge.remotes.woo.read import PRODUCTS, WooReader

Path = tuple[str, ...]
CATEGORIES = f"{PRODUCTS}/categories"
DEEPEST = 20


class WooCategories:
    """The tree by id, read when first needed and again when a product shows a category it does not know."""

    def __init__(self, caller: Caller, reader: WooReader) -> None:
        self._caller, self._reader = caller, reader
        self._by_id: dict[int, tuple[str, int]] | None = None

    def forget(self) -> None:
        """Read the tree again when it is next needed."""
        self._by_id = None

    def _load(self) -> dict[int, tuple[str, int]]:
        self._by_id = {
            int(row["id"]): (unescape(row.get("name") or ""), int(row.get("parent") or 0))
            for rows in self._reader.listing(CATEGORIES)
            for row in rows
        }
        return self._by_id

    def path_of(self, category_id: int, name: str) -> Path:
        """The path from the root; a new or renamed category makes the tree be read again, once."""
        tree = self._by_id
        if tree is None or tree.get(category_id, ("", 0))[0] != name:
            tree = self._load()
            # a category this key cannot list is known by its own name, so as not to ask again each time
            tree[category_id] = (name, tree.get(category_id, (name, 0))[1])
        return self._path(tree, category_id)

    @staticmethod
    def _path(tree: dict[int, tuple[str, int]], category_id: int) -> Path:
        names: list[str] = []
        while category_id in tree and len(names) < DEEPEST:
            name, category_id = tree[category_id]
            names.append(name)
        return tuple(reversed(names))

    def ids(self, paths: Sequence[Path], *, create: bool) -> list[int]:
        """Ids of paths in their order, compared without case; missing ones are made or left out."""
        tree = self._by_id if self._by_id is not None else self._load()
        known = {_folded(self._path(tree, category_id)): category_id for category_id in tree}
        if any(_folded(path) not in known for path in paths):
            tree = self._load()
            known = {_folded(self._path(tree, category_id)): category_id for category_id in tree}
        found = []
        for path in paths:
            number = self._make(path, known) if create else known.get(_folded(path))
            if number is not None and number not in found:
                found.append(number)
        return found

    def _make(self, path: Path, known: dict[Path, int]) -> int | None:
        parent = 0
        for depth in range(1, len(path) + 1):
            step = _folded(path[:depth])
            if step not in known:
                known[step] = self._create(path[depth - 1], parent)
            parent = known[step]
        return parent or None

    def _create(self, name: str, parent: int) -> int:
        outcome = self._caller.write(Call("POST", CATEGORIES, body={"name": name, "parent": parent}))
        if isinstance(outcome, Refused):
            if outcome.code == "term_exists" and outcome.holder:
                return int(outcome.holder)
            raise_refusal(outcome, self._caller.side)
        if not isinstance(outcome, Done):
            self.forget()  # it may exist now: the next try finds it by its path
            raise RemoteDown(f"{self._caller.side} did not say whether it made the category {name}.")
        number = int(outcome.answer["id"])
        if self._by_id is not None:
            self._by_id[number] = (name, parent)
        return number


def _folded(path: Path) -> Path:
    return tuple(name.strip().casefold() for name in path)
