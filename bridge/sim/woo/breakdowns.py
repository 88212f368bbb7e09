"""A shop that is down: maintenance mode, a PHP fatal, a lost database, as recorded (pages, not JSON)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bridge.sim.kernel.exchange import JSON_UTF8, SimRequest, SimResponse
from bridge.sim.woo.routes import NO_CACHE

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_PAGES = {
    "maintenance": (503, "Maintenance", "Briefly unavailable for scheduled maintenance."),
    "php_fatal": (500, "WordPress &rsaquo; Error", "There has been a critical error on this website."),
    "database_down": (500, "Database Error", "Error establishing a database connection"),
}


def breakdown(shop: FakeWoo, request: SimRequest) -> SimResponse | None:
    """The page of a breakdown that strikes this request, ``None`` when all is well.

    Faults: ``maintenance``, ``php_fatal`` (option ``applied``: the write happened before it died),
    ``php_fatal_json`` (inside an endpoint: 500 as JSON with HTML in the message), ``database_down``.
    """
    for name, (status, title, text) in _PAGES.items():
        rule = shop.faults.take(name, request)
        if rule is None:
            continue
        if rule.options.get("applied"):
            shop.serve(request)
        page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><p>{text}</p></body></html>"
        headers = {"Content-Type": "text/html; charset=UTF-8", "Transfer-Encoding": "chunked", **NO_CACHE}
        if status == 503:
            headers["Retry-After"] = "600"
        return SimResponse(status, page.encode(), headers)
    rule = shop.faults.take("php_fatal_json", request)
    if rule is None:
        return None
    if rule.options.get("applied"):
        shop.serve(request)
    body = {
        "code": "internal_server_error",
        "message": f"<p>{_PAGES['php_fatal'][2]}</p>",
        "data": {"status": 500},
        "additional_errors": [],
    }
    return SimResponse(500, orjson.dumps(body), {"Content-Type": JSON_UTF8, **NO_CACHE})
