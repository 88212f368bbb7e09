"""From a request to the function that answers it: router, calls, errors and list paging as recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote_plus

import orjson

from bridge.sim.kernel.exchange import JSON_UTF8, SimRequest, SimResponse

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_BASE_HEADERS = {
    "Content-Type": JSON_UTF8,
    "Transfer-Encoding": "chunked",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
}
NO_CACHE = {
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_EDIT = ("POST", "PUT", "PATCH")

REFUSALS = {
    "list": ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
    "view": ("woocommerce_rest_cannot_view", "Sorry, you cannot view this resource."),
    "create": ("woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources."),
    "edit": ("woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "delete": ("woocommerce_rest_cannot_delete", "Sorry, you are not allowed to delete this resource."),
    "batch": (
        "woocommerce_rest_cannot_batch",
        "Sorry, you are not allowed to batch manipulate this resource.",
    ),
    "wp": ("rest_forbidden", "Sorry, you are not allowed to do that."),
}


class WooError(Exception):
    """An error answer ``{"code", "message", "data": {"status", …}}``; ``raw_data`` replaces ``data``."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        data: dict[str, Any] | None = None,
        *,
        raw_data: Any = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.data: Any = raw_data if raw_data is not None else {"status": status, **(data or {})}

    def body(self) -> dict[str, Any]:
        """The error as the shop's JSON."""
        return {"code": self.code, "message": self.message, "data": self.data}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``role`` is empty for nobody; ``actor`` is what the journal writes."""

    role: str = ""
    actor: str = "api:anonymous"
    permissions: str = "read_write"
    by_key: bool = False
    user_id: int = 0

    @property
    def runs_shop(self) -> bool:
        """True for administrators and shop managers."""
        return self.role in ("administrator", "shop_manager")


NOBODY = Caller()
RouteFunction = Callable[["FakeWoo", "Call"], SimResponse]


@dataclass(slots=True)
class _Route:
    function: RouteFunction
    needs: str


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    wild: list[tuple[str, bool, _Node]] = field(default_factory=list)
    routes: dict[str, _Route] = field(default_factory=dict)
    options: RouteFunction | None = None
    allow: str = ""
    public_allow: str = ""


@dataclass(slots=True)
class Call:
    """One request on its way through a route.

    ``args`` come from the path, ``query`` from the URL (``x[]=`` repeated makes a list), ``body`` from
    JSON or a form. ``base`` is the shop's address in the scheme of the request.
    """

    request: SimRequest
    route: str
    base: str
    caller: Caller = NOBODY
    args: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    allow: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """Query and body in one (the body wins), as most endpoints read them."""
        return {**self.query, **self.body} if self.body else self.query

    @property
    def fields(self) -> frozenset[str] | None:
        """The names asked for by ``_fields``, ``None`` for all."""
        wanted = self.query.get("_fields")
        if not wanted:
            return None
        names = wanted if isinstance(wanted, list) else wanted.split(",")
        return frozenset(name.strip().split(".")[0] for name in names)

    def headers(self) -> dict[str, str]:
        """The headers every answer of this call carries."""
        made = {**_BASE_HEADERS, "Link": f'<{self.base}/wp-json/>; rel="https://api.w.org/"'}
        if self.allow:
            made["Allow"] = self.allow
        if self.caller.role:
            made.update(NO_CACHE)
        return made

    def reply(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> SimResponse:
        """An answer with ``value``, cut down to ``_fields``."""
        wanted = self.fields
        if wanted is not None:
            if isinstance(value, list):
                value = [{k: v for k, v in row.items() if k in wanted} for row in value]
            elif isinstance(value, dict):
                # links are added after the cut, so a single object always keeps them
                value = {k: v for k, v in value.items() if k in wanted or k == "_links"}
        made = self.headers()
        if headers:
            made.update(headers)
        return SimResponse(status, orjson.dumps(value), made)

    def reply_batch(self, value: dict[str, list[Any]]) -> SimResponse:
        """A batch's answer; ``_fields`` with nested names leaves empty lists, as recorded."""
        asked = self.query.get("_fields")
        if asked:
            names = asked if isinstance(asked, list) else asked.split(",")
            whole = {name.strip() for name in names}
            value = {k: v if k in whole else [] for k, v in value.items() if k in self.fields_or_none()}
            return SimResponse(200, orjson.dumps(value), self.headers())
        return self.reply(value)

    def fields_or_none(self) -> frozenset[str]:
        """Like ``fields``, empty when nothing was asked for."""
        return self.fields or frozenset()

    def created(self, value: dict[str, Any]) -> SimResponse:
        """A 201 with its ``Location``."""
        return self.reply(value, 201, {"Location": f"{self.base}/wp-json{self.route}/{value['id']}"})

    def error(self, problem: WooError) -> SimResponse:
        """An error answer."""
        return SimResponse(problem.status, orjson.dumps(problem.body()), self.headers())

    def page(self, rows: list[Any], total: int, number: int, size: int) -> SimResponse:
        """One page of a list: ``rows`` already rendered, ``total`` in all, page ``number`` of ``size``."""
        pages = -(-total // size) if size else 0
        headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
        links = []
        if number > 1:
            links.append(f'<{self._page_url(min(number - 1, pages))}>; rel="prev"')
        if number < pages:
            links.append(f'<{self._page_url(number + 1)}>; rel="next"')
        if links:
            headers["Link"] = ", ".join(links)
        return self.reply(rows, 200, headers)

    def _page_url(self, number: int) -> str:
        pairs = [(k, v) for k, v in self.request.query if k != "rest_route"]
        if any(key == "page" for key, _ in pairs):
            pairs = [(k, str(number) if k == "page" else v) for k, v in pairs]
        else:
            pairs.append(("page", str(number)))
        text = "&".join(f"{key}={quote_plus(value)}" for key, value in pairs)
        return f"{self.base}/wp-json{self.route}?{text}"


class Router:
    """Routes in a tree of path segments. ``<name>`` takes digits, ``<name:slug>`` any one segment."""

    def __init__(self) -> None:
        self._root = _Node()
        self.patterns: dict[str, tuple[str, ...]] = {}

    def add(self, methods: str, pattern: str, function: RouteFunction, *, needs: str) -> None:
        """Answer ``methods`` (blank-separated; ``EDIT`` = POST PUT PATCH) of ``pattern`` with ``function``.

        ``needs`` is a key of ``REFUSALS``, or ``public``; anyone not running the shop is refused by it
        (``wp`` refuses everybody but administrators).
        """
        node = self._root
        for segment in pattern.strip("/").split("/"):
            node = self._step(node, segment)
        for method in [m for word in methods.split() for m in (_EDIT if word == "EDIT" else (word,))]:
            node.routes[method] = _Route(function, needs)
        node.allow = ", ".join(m for m in _METHODS if m in node.routes)
        node.public_allow = ", ".join(m for m in _METHODS if m in node.routes and node.routes[m].needs == "public")
        self.patterns[pattern] = tuple(m for m in _METHODS if m in node.routes)

    def add_options(self, pattern: str, function: RouteFunction) -> None:
        """Answer ``OPTIONS`` of an existing pattern."""
        node = self._root
        for segment in pattern.strip("/").split("/"):
            node = self._step(node, segment)
        node.options = function

    def find(self, path: str, args: dict[str, str]) -> _Node | None:
        """The node of ``path`` (wild segments go into ``args``), or ``None``."""
        return self._find(self._root, path.strip("/").split("/"), 0, args)

    def _find(self, node: _Node, segments: list[str], at: int, args: dict[str, str]) -> _Node | None:
        if at == len(segments):
            return node if node.routes or node.options else None
        segment = segments[at]
        exact = node.children.get(segment)
        if exact is not None:
            found = self._find(exact, segments, at + 1, args)
            if found is not None:
                return found
        for name, digits_only, child in node.wild:
            if digits_only and not segment.isdecimal():
                continue
            found = self._find(child, segments, at + 1, args)
            if found is not None:
                args[name] = segment
                return found
        return None

    @staticmethod
    def _step(node: _Node, segment: str) -> _Node:
        if not segment.startswith("<"):
            return node.children.setdefault(segment, _Node())
        name, _, kind = segment.strip("<>").partition(":")
        for known, digits_only, child in node.wild:
            if known == name and digits_only == (not kind):
                return child
        child = _Node()
        node.wild.append((name, not kind, child))
        return child


def read_query(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Query pairs as PHP sees them: ``x[]`` collects a list, ``x[k]`` an object, else the last one wins."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        if "[" not in key:
            made[key] = value
            continue
        name, _, rest = key.partition("[")
        inner = rest.rstrip("]")
        if inner == "" or inner.isdecimal():
            held = made.setdefault(name, [])
            if isinstance(held, list):
                held.append(value)
        else:
            held = made.setdefault(name, {})
            if isinstance(held, dict):
                held[inner] = value
    return made


def read_body(request: SimRequest) -> dict[str, Any]:
    """The body as parameters: JSON, else a form; broken JSON is the recorded 400."""
    if not request.body:
        return {}
    kind = request.headers.get("content-type", "")
    if "json" in kind:
        try:
            value = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise WooError(
                400,
                "rest_invalid_json",
                "Invalid JSON body passed.",
                {"json_error_code": 4, "json_error_message": "Syntax error"},
            ) from None
        return value if isinstance(value, dict) else {}
    if "form-urlencoded" in kind:
        return read_query(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return {}
