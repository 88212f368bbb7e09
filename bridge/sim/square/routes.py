"""Square's front door: which function answers which path, error bodies, and cursors that expire."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import orjson

from bridge.sim.kernel.exchange import SimRequest, SimResponse

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Answer = SimResponse | Json
Function = Callable[["FakeSquare", SimRequest, dict[str, str], Any], Answer]
"""``(square, request, path arguments, JSON body) -> answer``; a dict is answered with status 200."""

CURSOR_SECONDS = 300.0
"""How long a cursor lives: five minutes in Square's current guide."""

_CATEGORY_AND_STATUS = {
    "UNAUTHORIZED": ("AUTHENTICATION_ERROR", 401),
    "ACCESS_TOKEN_EXPIRED": ("AUTHENTICATION_ERROR", 401),
    "ACCESS_TOKEN_REVOKED": ("AUTHENTICATION_ERROR", 401),
    "FORBIDDEN": ("AUTHENTICATION_ERROR", 403),
    "INSUFFICIENT_SCOPES": ("AUTHENTICATION_ERROR", 403),
    "NOT_FOUND": ("INVALID_REQUEST_ERROR", 404),
    "METHOD_NOT_ALLOWED": ("INVALID_REQUEST_ERROR", 405),
    "CONFLICT": ("INVALID_REQUEST_ERROR", 409),
    "REQUEST_ENTITY_TOO_LARGE": ("INVALID_REQUEST_ERROR", 413),
    "UNSUPPORTED_MEDIA_TYPE": ("INVALID_REQUEST_ERROR", 415),
    "RATE_LIMITED": ("RATE_LIMIT_ERROR", 429),
    "INTERNAL_SERVER_ERROR": ("API_ERROR", 500),
    "BAD_GATEWAY": ("API_ERROR", 502),
    "GATEWAY_TIMEOUT": ("API_ERROR", 504),
    "SERVICE_UNAVAILABLE": ("API_ERROR", 503),
}


class SquareError(Exception):
    """A refusal, as Square words it: one entry of ``errors`` and the HTTP status it is sent with."""

    def __init__(self, status: int, category: str, code: str, detail: str = "", field: str = "") -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.error: Json = {"category": category, "code": code}
        if detail:
            self.error["detail"] = detail
        if field:
            self.error["field"] = field

    def response(self) -> SimResponse:
        """The HTTP answer that carries this error."""
        return SimResponse.of_json(self.status, {"errors": [self.error]})


def refusal(code: str, detail: str = "", field: str = "", *, status: int | None = None) -> SquareError:
    """The error for a code, with its usual category and status (400 INVALID_REQUEST_ERROR unless listed)."""
    category, usual = _CATEGORY_AND_STATUS.get(code, ("INVALID_REQUEST_ERROR", 400))
    return SquareError(status or usual, category, code, detail, field)


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: who answers, the scopes it needs, and how it treats ``idempotency_key``."""

    method: str
    template: str
    function: Function
    scopes: tuple[str, ...] = ()
    idempotency: Literal["none", "optional", "required"] = "none"
    key_length: int = 128
    json_body: bool = True

    @property
    def reads(self) -> bool:
        """True when the endpoint needs read scopes only, so that it can be answered from an older state."""
        return bool(self.scopes) and all(scope.endswith("_READ") for scope in self.scopes)


class Router:
    """Finds the route of a request; fixed paths win over paths with parameters."""

    def __init__(self) -> None:
        self.routes: list[Route] = []
        self._fixed: dict[tuple[str, str], Route] = {}
        self._shaped: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
        self._paths: set[str] = set()

    def add(self, method: str, template: str, function: Function, **rules: Any) -> None:
        """Add a route; ``template`` may hold ``{name}`` segments, ``rules`` are fields of ``Route``."""
        route = Route(method, template, function, **rules)
        self.routes.append(route)
        if "{" in template:
            parts = template.split("/")
            self._shaped.setdefault((method, len(parts)), []).append((parts, route))
        else:
            self._fixed[method, template] = route
            self._paths.add(template)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and its path arguments; ``SquareError`` 404, or 405 for a fixed path's other method."""
        route = self._fixed.get((method, path))
        if route is not None:
            return route, {}
        if path not in self._paths:
            parts = path.split("/")
            for shape, shaped in self._shaped.get((method, len(parts)), ()):
                args = _arguments(shape, parts)
                if args is not None:
                    return shaped, args
            raise refusal("NOT_FOUND", "Resource not found.")
        raise refusal("METHOD_NOT_ALLOWED", f"{method} is not allowed here.")


def _arguments(shape: list[str], parts: list[str]) -> dict[str, str] | None:
    args = {}
    for wanted, part in zip(shape, parts, strict=True):
        if wanted[:1] == "{":
            if not part:
                return None
            args[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return args


def fingerprint(request: SimRequest, body: Any) -> str:
    """What a cursor is bound to: path, query and body without the cursor itself."""
    query = sorted((name, value) for name, value in request.query if name != "cursor")
    plain = {name: value for name, value in (body or {}).items() if name != "cursor"}
    raw = orjson.dumps([request.path, query, plain], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(raw, digest_size=8).hexdigest()


def make_cursor(request: SimRequest, body: Any, position: Any, now: datetime) -> str:
    """A cursor that means ``position`` (a JSON value) for exactly this query, from ``now`` on."""
    raw = orjson.dumps([fingerprint(request, body), now.timestamp(), position])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def cursor_of(request: SimRequest, body: Any) -> str:
    """The cursor a request carries, in its body (POST) or its query; "" when none."""
    if isinstance(body, dict) and body.get("cursor"):
        return str(body["cursor"])
    return request.arg("cursor")


def open_cursor(request: SimRequest, body: Any, now: datetime) -> Any:
    """The position a request's cursor stands for, ``None`` without one; ``SquareError`` INVALID_CURSOR."""
    text = cursor_of(request, body)
    if not text:
        return None
    try:
        bound, at, position = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise refusal("INVALID_CURSOR", "The cursor is not valid.", "cursor") from None
    if bound != fingerprint(request, body):
        raise refusal("INVALID_CURSOR", "The cursor belongs to a different query.", "cursor")
    if now.timestamp() - at > CURSOR_SECONDS:
        raise refusal("INVALID_CURSOR", "The cursor has expired.", "cursor")
    return position
