"""Which products or variations a list names, in which order, and how paging goes wrong as recorded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from math import gcd
from typing import TYPE_CHECKING, Any

from bridge.sim.woo.state import Item
from bridge.sim.woo.texts import loose_int, number_or_none
from bridge.sim.woo.times import filter_moment
from bridge.sim.woo.view_parts import active_price, is_on_sale

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

Test = Callable[[Item], bool]
_PRIMES = (7919, 104729, 1299709, 15485863)


def chosen_ids(shop: FakeWoo, asked: dict[str, Any], *, kind: str, parent_id: int = 0) -> list[int]:
    """Ids of everything a list call names, in its order.

    ``kind``: ``products``, ``variations`` (of ``parent_id``, or of the whole shop when 0) or ``all``.
    A call without filters is answered from a cache that lives as long as no item comes, goes or changes status.
    """
    tests = _tests(shop, asked)
    candidates, special = _candidates(shop, asked, kind, parent_id)
    by, order = asked["orderby"], asked["order"]
    cacheable = not tests and not special and not parent_id and by in ("id", "date")
    key = (kind, by, order)
    if cacheable:
        held = shop.lists.get(key)
        if held is not None and held[0] == shop.state.version:
            return held[1]
    items = shop.state.items
    wanted = _status_test(asked)
    found = [i for i in candidates if wanted(items[i])]
    for test in tests:
        found = [i for i in found if test(items[i])]
    _sort(shop, found, asked)
    if cacheable:
        shop.lists[key] = (shop.state.version, found)
    return found


def page_of(shop: FakeWoo, ids: list[int], asked: dict[str, Any], *, exact: bool) -> list[int]:
    """The ids of one page. Unless ``exact``, equal dates are dealt out differently on every page."""
    size = asked["per_page"]
    start = asked["offset"] if asked.get("offset") is not None else (asked["page"] - 1) * size
    rows = ids[start : start + size]
    if exact or asked["orderby"] not in ("date", "modified") or len(rows) == len(ids) or not rows:
        return rows
    items = shop.state.items
    name, sign = ("created" if asked["orderby"] == "date" else "modified"), _sign(asked)

    def key(item_id: int) -> int:
        return sign * int(getattr(items[item_id], name))

    dealt: list[int] = []
    at = start
    while at < start + len(rows):
        first = bisect_left(ids, key(ids[at]), key=key)
        last = bisect_right(ids, key(ids[at]), key=key)
        until = min(last, start + len(rows))
        whole = first >= start and last <= start + len(rows)
        for place in range(at, until):
            dealt.append(ids[place] if whole else ids[first + _shuffled(place - first, last - first, start)])
        at = until
    return dealt


def _shuffled(place: int, count: int, page_start: int) -> int:
    step = next((p for p in _PRIMES if gcd(p, count) == 1), 1)
    return (place * step + page_start * 2654435761 % 1000003) % count


def _sign(asked: dict[str, Any]) -> int:
    return 1 if asked["order"] == "asc" else -1


def _candidates(shop: FakeWoo, asked: dict[str, Any], kind: str, parent_id: int) -> tuple[Iterable[int], bool]:
    state = shop.state
    if asked.get("sku"):
        wanted = [sku.strip() for sku in str(asked["sku"]).split(",")]
        found = [i for sku in dict.fromkeys(s.lower() for s in wanted) for i in state.by_sku.get(sku, ())]
        if kind == "variations":
            found = [i for i in found if state.items[i].is_variation]
        if parent_id:
            found = [i for i in found if state.items[i].parent_id == parent_id]
        return found, True
    if asked.get("global_unique_id"):
        return list(state.by_gtin.get(str(asked["global_unique_id"]), ())), True
    if asked.get("search_sku") or asked.get("search_name_or_sku") or kind == "all":
        return sorted([*state.product_ids, *state.variation_ids]), kind != "all"
    if kind == "variations":
        return (state.children.get(parent_id, ()) if parent_id else state.variation_ids), False
    return state.product_ids, False


def _status_test(asked: dict[str, Any]) -> Test:
    wanted = asked.get("include_status") or [asked.get("status") or "any"]
    refused = set(asked.get("exclude_status") or ())
    if "any" in wanted:
        hidden = {"trash", "auto-draft"} - set(wanted) | refused
        return lambda item: item.status not in hidden
    allowed = set(wanted) - refused
    return lambda item: item.status in allowed


def _tests(shop: FakeWoo, asked: dict[str, Any]) -> list[Test]:
    made: list[Test] = []
    default_status = asked.get("status") in (None, "any")
    if not default_status or asked.get("include_status") or asked.get("exclude_status"):
        made.append(_status_test(asked))
    if asked["include"]:
        included = set(asked["include"])
        made.append(lambda item: item.id in included)
    if asked["exclude"]:
        excluded = set(asked["exclude"])
        made.append(lambda item: item.id not in excluded)
    if asked.get("parent"):
        parents = set(asked["parent"])
        made.append(lambda item: item.parent_id in parents)
    made += [*_date_tests(shop, asked), *_word_tests(asked), *_kind_tests(shop, asked)]
    return made


def _date_tests(shop: FakeWoo, asked: dict[str, Any]) -> list[Test]:
    made: list[Test] = []
    gmt, tz = bool(asked.get("dates_are_gmt")), shop.state.timezone
    for name, field in (("after", "created"), ("modified_after", "modified")):
        if asked.get(name):
            moment = filter_moment(asked[name], tz, dates_are_gmt=gmt)
            made.append(lambda item, f=field, m=moment: getattr(item, f) > m)  # type: ignore[misc]
    for name, field in (("before", "created"), ("modified_before", "modified")):
        if asked.get(name):
            moment = filter_moment(asked[name], tz, dates_are_gmt=gmt)
            made.append(lambda item, f=field, m=moment: getattr(item, f) < m)  # type: ignore[misc]
    return made


def _word_tests(asked: dict[str, Any]) -> list[Test]:
    made: list[Test] = []
    if asked.get("search"):
        words = str(asked["search"]).lower().split()
        made.append(lambda item: all(w in f"{item.name} {item.description}".lower() for w in words))
    if asked.get("search_sku"):
        part = str(asked["search_sku"]).lower()
        made.append(lambda item: part in item.sku.lower())
    if asked.get("search_name_or_sku"):
        either = str(asked["search_name_or_sku"]).lower()
        made.append(lambda item: either in item.sku.lower() or either in item.name.lower())
    if asked.get("slug"):
        slugs = str(asked["slug"]).split(",")
        made.append(lambda item: item.slug in slugs)
    return made


def _kind_tests(shop: FakeWoo, asked: dict[str, Any]) -> list[Test]:
    made: list[Test] = []
    for name in ("featured", "virtual", "downloadable", "stock_status", "type"):
        if asked.get(name) is not None and asked.get(name) != "":
            made.append(lambda item, n=name, v=asked[name]: getattr(item, n) == v)  # type: ignore[misc]
    if asked.get("include_types"):
        made.append(lambda item: item.type in asked["include_types"])
    if asked.get("exclude_types"):
        made.append(lambda item: item.type not in asked["exclude_types"])
    if asked.get("category"):
        wanted = _with_children(shop, {loose_int(n) for n in str(asked["category"]).split(",")})
        made.append(lambda item: not wanted.isdisjoint(item.categories))
    if asked.get("tag"):
        tags = {loose_int(n) for n in str(asked["tag"]).split(",")}
        made.append(lambda item: not tags.isdisjoint(item.tags))
    if asked.get("on_sale") is not None:
        now = shop.now()
        made.append(lambda item: is_on_sale(item, now) == asked["on_sale"])
    if asked.get("has_price") is not None:
        made.append(lambda item: bool(item.regular_price) == asked["has_price"])
    for name, sign in (("min_price", 1), ("max_price", -1)):
        limit = number_or_none(str(asked.get(name) or ""))
        if limit is not None:
            made.append(
                lambda item, lim=limit, s=sign: (  # type: ignore[misc]
                    (price := number_or_none(active_price(shop, item))) is not None and s * price >= s * lim
                )
            )
    return made


def _with_children(shop: FakeWoo, ids: set[int]) -> set[int]:
    found, grown = set(ids), True
    while grown:
        more = {t.id for t in shop.state.categories.values() if t.parent in found} - found
        found |= more
        grown = bool(more)
    return found


def _sort(shop: FakeWoo, ids: list[int], asked: dict[str, Any]) -> None:
    items, by = shop.state.items, asked["orderby"]
    if by in ("include", "post__in"):
        place = {n: at for at, n in enumerate(asked["include"])}
        ids.sort(key=lambda i: place.get(i, len(place)))
        return
    keys: dict[str, Callable[[int], Any]] = {
        "date": lambda i: (items[i].created, i),
        "modified": lambda i: (items[i].modified, i),
        "title": lambda i: (items[i].name.lower(), i),
        "slug": lambda i: (items[i].slug, i),
        "menu_order": lambda i: (items[i].menu_order, items[i].name.lower(), i),
        "price": lambda i: (number_or_none(active_price(shop, items[i])) or 0, i),
        "popularity": lambda i: (items[i].total_sales, i),
        "sales": lambda i: (items[i].total_sales, i),
    }
    ids.sort(key=keys.get(by, lambda i: i), reverse=asked["order"] == "desc")
