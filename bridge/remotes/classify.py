"""What an answer, or none, means for a call: the one table behind retrying, refusing and reading back.

A read that did not happen is worth repeating, so for reads (``wrote=False``) every doubtful answer is
``Later``. For writes the question is whether it may have happened: whatever cannot rule that out is ``Unknown``.
Sources: the recorded error answers of WooCommerce 9.9 and Square's published error codes. Messages are for a
shopkeeper.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from bridge.remotes.port import JSON, Done, Later, NoReply, Outcome, Refused, Reply, Unknown

MAINTENANCE_SECONDS = 60.0
"""WordPress always says ``Retry-After: 600`` while it updates, which takes a minute at most: ask sooner."""
RATE_SECONDS = 2.0
LONGEST_WAIT = 900.0
_MAINTENANCE = (b"aintenance", b"riefly unavailable")

_WOO_WORDS = {
    "product_invalid_sku": "Another product in the shop already uses this SKU.",
    "product_invalid_global_unique_id": "Another product in the shop already uses this GTIN.",
    "woocommerce_rest_product_not_created": "A product in the shop's trash still holds this SKU.",
    "woocommerce_rest_cannot_view": "The shop does not accept the key (unknown, or sent over plain http).",
    "rest_no_route": "The shop does not offer this address; check that pretty permalinks are on.",
    "woocommerce_rest_request_entity_too_large": "The shop takes fewer items in one call than were sent.",
}
_SQUARE_WORDS = {
    "ACCESS_TOKEN_EXPIRED": "The Square token has expired; connect Square again.",
    "ACCESS_TOKEN_REVOKED": "The Square token was revoked; connect Square again.",
    "UNAUTHORIZED": "Square does not accept the token.",
    "INSUFFICIENT_SCOPES": "The Square token may not do this; grant the missing permission.",
    "VERSION_MISMATCH": "The item was changed in Square meanwhile.",
    "IDEMPOTENCY_KEY_REUSED": "This change was sent before with other contents.",
}


# -- shared ---------------------------------------------------------------------------


def _lost(lost: NoReply, wrote: bool) -> Outcome:
    reason = str(lost) or "no answer"
    if wrote and lost.sent:
        return Unknown(reason)
    return Later(reason)


def _doubt(reason: str, wrote: bool, seconds: float = 1.0) -> Outcome:
    return Unknown(reason) if wrote else Later(reason, seconds)


def retry_after(headers: Mapping[str, str], default: float) -> float:
    """Seconds of a ``Retry-After`` header (a number, or a date measured by the answer's own ``Date``)."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return default
    try:
        return min(LONGEST_WAIT, max(0.0, float(text)))
    except ValueError:
        pass
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return default
    return min(LONGEST_WAIT, max(0.0, wait.total_seconds()))


def _is_html(reply: Reply) -> bool:
    return "html" in reply.headers.get("content-type", "") or reply.body[:64].lstrip()[:1] == b"<"


def _json(reply: Reply) -> Any:
    """The body as parsed JSON, ``None`` when it is empty, cut short or a page for people."""
    if not reply.body:
        return None
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return None


# -- WooCommerce ----------------------------------------------------------------------


def classify_woo(reply: Reply | NoReply, wrote: bool) -> Outcome:
    """What a WooCommerce answer means; ``Done.answer`` is the parsed JSON."""
    if isinstance(reply, NoReply):
        return _lost(reply, wrote)
    status = reply.status
    if status < 300:
        parsed = _json(reply)
        if isinstance(parsed, (dict, list)):
            return Done(parsed)
        return _doubt("the shop answered with something that is not data", wrote, 2.0)
    if status < 400:
        where = reply.headers.get("location", "another address").partition("?")[0]
        return Refused("redirected", f"The shop's address leads to {where}; use that one.", access=True)
    if status >= 500 or status in (408, 425):
        return _woo_trouble(reply, wrote)
    if status == 429:
        return Later("the shop asks for a pause", retry_after(reply.headers, RATE_SECONDS))
    return _woo_refusal(reply)


def _woo_trouble(reply: Reply, wrote: bool) -> Outcome:
    # only WordPress's own page proves that nothing was looked at: a proxy's 503 may come after the shop's work
    if reply.status == 503 and _is_html(reply) and any(word in reply.body for word in _MAINTENANCE):
        return Later("the shop is being updated", min(MAINTENANCE_SECONDS, retry_after(reply.headers, 10.0)))
    body = _json(reply)
    if reply.status == 501 and isinstance(body, dict) and "code" in body:
        return woo_refusal(body, 501)
    return _doubt(f"the shop failed inside ({reply.status})", wrote, retry_after(reply.headers, RATE_SECONDS))


def _woo_refusal(reply: Reply) -> Outcome:
    body = _json(reply)
    if isinstance(body, dict) and "code" in body:
        return woo_refusal(body, reply.status)
    if reply.status in (401, 403):
        return Refused("blocked", "The shop's firewall or server refused the call.", access=True)
    if reply.status in (404, 410):
        # a page for people: WordPress itself was not reached, so the address or the host is at fault for now
        return Later("the shop's address does not answer as WooCommerce", 60.0)
    return Refused(f"http_{reply.status}", f"The shop refused the call (HTTP {reply.status}).")


def woo_refusal(body: Mapping[str, Any], status: int) -> Refused:
    """The refusal in an error body ``{code, message, data}``: of a whole call or of one item of a batch."""
    code = str(body.get("code", ""))
    data = body.get("data")
    details: Mapping[str, Any] = data if isinstance(data, dict) else {}
    said = str(body.get("message", ""))
    message = _WOO_WORDS.get(code) or said or "The shop refused the call."
    if code == "rest_invalid_param" and isinstance(details.get("params"), dict):
        message = "; ".join(str(text) for text in details["params"].values())
    holder = str(details["resource_id"]) if details.get("resource_id") else ""
    return Refused(
        code or f"http_{status}",
        message if message == said or not said else f"{message} (The shop says: {said})",
        conflict=status == 409,
        gone=code.endswith("_invalid_id") or status == 410,
        access=status in (401, 403),
        holder=holder,
    )


def woo_item(item: Any) -> Outcome:
    """What one item of a batch answer means; a 5xx or a missing item leaves it ``Unknown``."""
    if not isinstance(item, dict) or not item:
        return Unknown("the shop left this item out of its answer")
    error = item.get("error")
    if not isinstance(error, dict):
        return Done(item)
    data = error.get("data")
    status = int(data.get("status") or 400) if isinstance(data, dict) else 400
    if status >= 500:
        return Unknown("the shop failed inside at this item")
    return woo_refusal(error, status)


# -- Square ---------------------------------------------------------------------------


def classify_square(reply: Reply | NoReply, wrote: bool, *, partial: bool = False) -> Outcome:
    """What a Square answer means; ``partial`` marks writes whose 429 may have been applied in part.

    That is so for batch upserts that create (seen in production); a single upsert refused with 429 never began.
    """
    if isinstance(reply, NoReply):
        return _lost(reply, wrote)
    body = _json(reply)
    status = reply.status
    if status < 300:
        return _square_success(body, wrote)
    if status < 400:
        return Refused("redirected", "Square's address leads elsewhere; check the address.", access=True)
    errors = _errors(body)
    if status == 429 or _has(errors, "RATE_LIMITED"):
        pause = retry_after(reply.headers, RATE_SECONDS)
        return Unknown("Square was busy in the middle of it") if partial else Later("Square is busy", pause)
    if status >= 500 or status == 408:
        return _doubt(f"Square failed inside ({status})", wrote, retry_after(reply.headers, RATE_SECONDS))
    if not errors:
        if status in (401, 403):
            return Refused("UNAUTHORIZED", _SQUARE_WORDS["UNAUTHORIZED"], access=True)
        if status == 404 and not isinstance(body, dict):
            return Later("Square's address does not answer as Square", 60.0)
        return Refused(f"http_{status}", f"Square refused the call (HTTP {status}).", gone=status == 404)
    return square_refusal(errors, status)


def _square_success(body: Any, wrote: bool) -> Outcome:
    if not isinstance(body, dict) or (wrote and not body):
        return _doubt("Square answered with something that is not data", wrote)
    errors = _errors(body)
    if not errors:
        return Done(body)
    if not wrote:
        return Later("Square answered with errors")
    if len(body) > 1 or any(error.get("category") != "INVALID_REQUEST_ERROR" for error in errors):
        return Unknown("Square did some of it and answered with errors", answered=True)
    return square_refusal(errors, 400)


def _errors(body: Any) -> list[JSON]:
    found = body.get("errors") if isinstance(body, dict) else None
    return [error for error in found if isinstance(error, dict)] if isinstance(found, list) else []


def _has(errors: list[JSON], code: str) -> bool:
    return any(error.get("code") == code for error in errors)


def square_refusal(errors: list[JSON], status: int) -> Outcome:
    """The refusal in Square's ``errors``; a clash of work (``CONFLICT``) is only ``Later``."""
    first = errors[0]
    code = str(first.get("code", ""))
    detail = str(first.get("detail", ""))
    if code == "CONFLICT":
        return Later("Square was busy with the same thing")
    access = status in (401, 403) or first.get("category") == "AUTHENTICATION_ERROR"
    said = detail + (f" ({first['field']})" if first.get("field") else "")
    words = _SQUARE_WORDS.get(code)
    return Refused(
        code or f"http_{status}",
        words or said or f"Square refused the call (HTTP {status}).",
        conflict=code in ("VERSION_MISMATCH", "IDEMPOTENCY_KEY_REUSED"),
        gone=code in ("NOT_FOUND", "GONE") or "nonexistent object" in detail or "Invalid Object with Id" in detail,
        access=access,
    )
