"""Words products are sorted by: categories, tags, brands, shipping classes, attributes and their values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.params import PAGING, Param, checked
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.state import Term
from bridge.sim.woo.texts import escaped, loose_int, slug_of, text_of
from bridge.sim.woo.view_parts import image_json

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

HINTS = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
UNCATEGORIZED = 15
_LIST = {
    **PAGING,
    "orderby": Param(enum=("id", "include", "name", "slug", "term_group", "description", "count"), default="name"),
    "order": Param(enum=("asc", "desc"), default="asc"),
    "hide_empty": Param("boolean", default=False),
    "parent": Param("integer"),
    "product": Param("integer"),
    "slug": Param(),
}
_BODY = {
    "name": Param(),
    "slug": Param(),
    "parent": Param("integer"),
    "description": Param(),
    "menu_order": Param("integer"),
    "image": Param("object"),
    "display": Param(enum=("default", "products", "subcategories", "both")),
}


def add_term(
    shop: FakeWoo, store: dict[int, Term], name: str, *, parent: int = 0, slug: str = "", attribute: int = 0
) -> Term:
    """A new term; its slug is made unique within ``store``."""
    wanted = slug or slug_of(name) or "term"
    taken = {term.slug for term in store.values()}
    if wanted in taken and parent in store:
        wanted = f"{wanted}-{store[parent].slug}"
    number, unique = 2, wanted
    while unique in taken:
        unique, number = f"{wanted}-{number}", number + 1
    term = Term(shop.ids.number("term", 16), escaped(name), unique, parent)
    store[term.id] = term
    if attribute:
        shop.state.option_names[(attribute, term.slug)] = term.name
    return term


def attribute_term(shop: FakeWoo, attribute_id: int, name: str, *, create: bool = True) -> Term | None:
    """The value ``name`` of a global attribute (case does not count), made when missing."""
    store = shop.state.attribute_terms.setdefault(attribute_id, {})
    wanted = escaped(name).lower()
    for term in store.values():
        if term.name.lower() == wanted:
            return term
    return add_term(shop, store, name, attribute=attribute_id) if create else None


def category_path(shop: FakeWoo, path: list[str]) -> Term:
    """The category at the end of ``path`` (names from the top), made when missing."""
    parent = 0
    found: Term | None = None
    for name in path:
        same = [t for t in shop.state.categories.values() if t.parent == parent and t.name == escaped(name)]
        found = same[0] if same else add_term(shop, shop.state.categories, name, parent=parent)
        parent = found.id
    if found is None:
        raise ValueError("an empty category path")
    return found


def seed_terms(shop: FakeWoo) -> None:
    """What a new shop has: the category every uncategorised product falls into."""
    shop.state.categories[UNCATEGORIZED] = Term(UNCATEGORIZED, "Uncategorized", "uncategorized")


class _Kind:
    """One family of terms under ``/wc/v3/products/…``."""

    def __init__(self, path: str, store: Callable[[FakeWoo, Call], dict[int, Term]], taxonomy: str) -> None:
        self.path, self.store, self.taxonomy = path, store, taxonomy

    # -- shapes
    def json(self, shop: FakeWoo, call: Call, term: Term, count: int, *, batch: bool = False) -> dict[str, Any]:
        row: dict[str, Any] = {"id": term.id, "name": term.name, "slug": term.slug}
        if self.taxonomy == "category":
            row["parent"] = term.parent
        row["description"] = term.description
        if self.taxonomy == "category":
            row["display"] = term.display
            row["image"] = image_json(shop, term.image, call.base) if term.image else None
        if self.taxonomy in ("category", "attribute"):
            row["menu_order"] = term.menu_order
        row["count"] = count
        row["_links"] = self._links(call, term, batch)
        return row

    def _links(self, call: Call, term: Term, batch: bool) -> dict[str, Any]:
        # inside a batch the attribute's id is never filled into its pattern, and there are no hints
        pattern = r"(?P<attribute_id>[\d]+)"
        number = pattern if batch else call.args.get("attribute_id", "")
        url = f"{call.base}/wp-json{self.path.replace('<attribute_id>', number)}"
        mine: dict[str, Any] = {"href": f"{url}/{term.id}"}
        if not batch:
            mine["targetHints"] = HINTS
        links: dict[str, Any] = {"self": [mine], "collection": [{"href": url}]}
        if term.parent:
            links["up"] = [{"href": f"{url}/{term.parent}"}]
        return links

    # -- routes
    def list(self, shop: FakeWoo, call: Call) -> SimResponse:
        asked = checked(_LIST, call.query)
        counts = self._counts(shop, call)
        terms = [t for t in self.store(shop, call).values() if self._matches(t, asked, counts)]
        key = {"id": lambda t: t.id, "slug": lambda t: t.slug, "count": lambda t: counts[t.id]}.get(
            asked["orderby"], lambda t: (t.menu_order, t.name.lower())
        )
        terms.sort(key=key, reverse=asked["order"] == "desc")
        start = asked["offset"] if asked.get("offset") is not None else (asked["page"] - 1) * asked["per_page"]
        rows = [self.json(shop, call, t, counts[t.id]) for t in terms[start : start + asked["per_page"]]]
        return call.page(rows, len(terms), asked["page"], asked["per_page"])

    @staticmethod
    def _matches(term: Term, asked: dict[str, Any], counts: Counter[int]) -> bool:
        if asked["include"] and term.id not in asked["include"]:
            return False
        if term.id in asked["exclude"] or (asked["hide_empty"] and not counts[term.id]):
            return False
        if asked.get("parent") is not None and term.parent != asked["parent"]:
            return False
        if asked.get("slug") and term.slug not in str(asked["slug"]).split(","):
            return False
        return not asked.get("search") or str(asked["search"]).lower() in term.name.lower()

    def _counts(self, shop: FakeWoo, call: Call) -> Counter[int]:
        counts: Counter[int] = Counter()
        for item_id in shop.state.product_ids:
            item = shop.state.items[item_id]
            if item.status != "publish":
                continue
            if self.taxonomy == "category":
                counts.update(item.categories)
            elif self.taxonomy == "attribute":
                for held in item.attributes:
                    if str(held["id"]) == call.args["attribute_id"]:
                        counts.update(held["options"])
            else:
                counts.update(item.tags if self.taxonomy == "tag" else item.brands)
        if self.taxonomy == "category":
            self._add_children(shop, counts)
        return counts

    @staticmethod
    def _add_children(shop: FakeWoo, counts: Counter[int]) -> None:
        # a parent category counts what is filed under its children too
        own = Counter(counts)
        for term in shop.state.categories.values():
            at = term.parent
            while at in shop.state.categories:
                counts[at] += own[term.id]
                at = shop.state.categories[at].parent

    def get(self, shop: FakeWoo, call: Call) -> SimResponse:
        term = self._find(shop, call)
        return call.reply(self.json(shop, call, term, self._counts(shop, call)[term.id]))

    def _find(self, shop: FakeWoo, call: Call, number: Any = None) -> Term:
        term = self.store(shop, call).get(loose_int(call.args.get("id") if number is None else number))
        if term is None:
            raise WooError(404, "woocommerce_rest_term_invalid", "Resource does not exist.")
        return term

    def create(self, shop: FakeWoo, call: Call) -> SimResponse:
        if "name" not in call.body:
            raise WooError(400, "rest_missing_callback_param", "Missing parameter(s): name", {"params": ["name"]})
        term = self._make(shop, call, checked(_BODY, call.body, defaults=False))
        made = self.json(shop, call, term, 0)
        return call.created(made)

    def _make(self, shop: FakeWoo, call: Call, body: dict[str, Any]) -> Term:
        store = self.store(shop, call)
        name, parent = text_of(body.get("name")), loose_int(body.get("parent") or 0)
        for held in store.values():
            if held.name.lower() == escaped(name).lower() and held.parent == parent:
                raise WooError(
                    400,
                    "term_exists",
                    "A term with the name provided already exists with this parent.",
                    {"resource_id": held.id},
                )
        attribute = loose_int(call.args.get("attribute_id", 0))
        term = add_term(shop, store, name, parent=parent, slug=text_of(body.get("slug")), attribute=attribute)
        self._fill(shop, call, term, body)
        return term

    def _fill(self, shop: FakeWoo, call: Call, term: Term, body: dict[str, Any]) -> None:
        if "description" in body:
            term.description = escaped(text_of(body["description"]))
        if "menu_order" in body:
            term.menu_order = loose_int(body["menu_order"])
        if "display" in body:
            term.display = text_of(body["display"])
        image = body.get("image")
        if isinstance(image, dict):
            number = loose_int(image.get("id"))
            term.image = number if number in shop.state.media else 0

    def update(self, shop: FakeWoo, call: Call) -> SimResponse:
        term = self._change(shop, call, self._find(shop, call), checked(_BODY, call.body, defaults=False))
        return call.reply(self.json(shop, call, term, self._counts(shop, call)[term.id]))

    def _change(self, shop: FakeWoo, call: Call, term: Term, body: dict[str, Any]) -> Term:
        if body.get("name"):
            term.name = escaped(text_of(body["name"]))
        if body.get("slug"):
            term.slug = slug_of(text_of(body["slug"]))
        if "parent" in body:
            term.parent = loose_int(body["parent"])
        self._fill(shop, call, term, body)
        if "attribute_id" in call.args:
            shop.state.option_names[(int(call.args["attribute_id"]), term.slug)] = term.name
        return term

    def delete(self, shop: FakeWoo, call: Call) -> SimResponse:
        if str(call.params.get("force", "")).lower() not in ("true", "1"):
            raise WooError(501, "woocommerce_rest_trash_not_supported", "Resource does not support trashing.")
        return call.reply(self._remove(shop, call, self._find(shop, call), batch=False))

    def _remove(self, shop: FakeWoo, call: Call, term: Term, *, batch: bool) -> dict[str, Any]:
        made = self.json(shop, call, term, self._counts(shop, call)[term.id], batch=batch)
        store = self.store(shop, call)
        del store[term.id]
        for child in store.values():
            if child.parent == term.id:
                child.parent = term.parent
        if self.taxonomy == "category":
            for item_id in shop.state.product_ids:
                item = shop.state.items[item_id]
                if term.id in item.categories:
                    item.categories.remove(term.id)
                    item.categories = item.categories or [UNCATEGORIZED]
        return made

    def batch(self, shop: FakeWoo, call: Call) -> SimResponse:
        return run_batch(
            call,
            create=lambda body: self.json(shop, call, self._make(shop, call, body), 0, batch=True),
            update=lambda number, body: self.json(
                shop, call, self._change(shop, call, self._find(shop, call, number), body), 0, batch=True
            ),
            delete=lambda number: self._remove(shop, call, self._find(shop, call, number), batch=True),
        )

    def register(self, router: Router) -> None:
        router.add("GET", self.path, self.list, needs="list")
        router.add("POST", self.path, self.create, needs="create")
        router.add("GET", f"{self.path}/<id>", self.get, needs="view")
        router.add("EDIT", f"{self.path}/<id>", self.update, needs="edit")
        router.add("DELETE", f"{self.path}/<id>", self.delete, needs="delete")
        router.add("EDIT", f"{self.path}/batch", self.batch, needs="batch")


def _attribute_store(shop: FakeWoo, call: Call) -> dict[int, Term]:
    number = int(call.args["attribute_id"])
    if number not in shop.state.attributes:
        raise WooError(404, "woocommerce_rest_taxonomy_invalid", "Resource does not exist.")
    return shop.state.attribute_terms.setdefault(number, {})


def _held(name: str) -> Callable[[FakeWoo, Call], dict[int, Term]]:
    def store(shop: FakeWoo, call: Call) -> dict[int, Term]:
        found: dict[int, Term] = getattr(shop.state, name)
        return found

    return store


KINDS = (
    _Kind("/wc/v3/products/categories", _held("categories"), "category"),
    _Kind("/wc/v3/products/tags", _held("tags"), "tag"),
    _Kind("/wc/v3/products/brands", _held("brands"), "brand"),
    _Kind("/wc/v3/products/shipping_classes", _held("shipping_classes"), "shipping"),
    _Kind("/wc/v3/products/attributes/<attribute_id>/terms", _attribute_store, "attribute"),
)


def register(router: Router) -> None:
    """Add the routes of every family of terms."""
    for kind in KINDS:
        kind.register(router)
