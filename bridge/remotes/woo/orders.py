"""What the bridge writes to the shop's orders: status, notes, refunds, till sales; and how it finds them again."""

from __future__ import annotations

from datetime import datetime

import orjson

from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.classify import classify_woo, woo_refusal
from bridge.remotes.port import JSON, Call, Done, Outcome, Refused, Reply, Unknown
from bridge.remotes.woo.incoming import KEY, key_of
from bridge.remotes.woo.read import WooReader, utc_second

ORDERS = "wc/v3/orders"
_REFUND_FAILED = "woocommerce_rest_cannot_create_order_refund"


class WooOrders:
    """A ``WooOrderSide``: the contract of each method stands in the port."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._reader = WooReader(caller)

    # -- status ---------------------------------------------------------------------------
    def set_status(self, order_id: str, status: str, key: str) -> Outcome:
        """Move an order; the shop sends its own mails and moves its own stock for it."""
        body = {"status": status.removeprefix("wc-"), "meta_data": [{"key": KEY, "value": key}]}
        return _object(self._caller.write(Call("PUT", f"{ORDERS}/{order_id}", body=body)), "order")

    def key_on(self, order_id: str) -> tuple[str, str]:
        """(status, last key of ours) of an order now."""
        raw = self._order(order_id)
        return ("", "") if raw is None else (str(raw.get("status") or ""), key_of(raw) or "")

    def _order(self, order_id: str) -> JSON | None:
        outcome, _ = self._caller.ask(Call("GET", f"{ORDERS}/{order_id}"))
        if isinstance(outcome, Refused):
            if outcome.gone:
                return None
            raise_refusal(outcome, self._caller.side)
        raw = outcome.answer if isinstance(outcome, Done) else None
        return raw if isinstance(raw, dict) else None

    # -- notes ----------------------------------------------------------------------------
    def add_note(self, order_id: str, text: str, *, customer: bool) -> Outcome:
        """Write a note on an order."""
        body = {"note": text, "customer_note": customer}
        return _object(self._caller.write(Call("POST", f"{ORDERS}/{order_id}/notes", body=body)), "note")

    def has_note(self, order_id: str, text: str) -> bool:
        """Whether exactly this note stands on the order (the list is not paged)."""
        rows = self._caller.read(Call("GET", f"{ORDERS}/{order_id}/notes"))
        return any(str(row.get("note") or "").strip() == text.strip() for row in rows)

    # -- refunds --------------------------------------------------------------------------
    def refunds(self, order_id: str) -> list[JSON]:
        """The refunds of an order, oldest first."""
        return [row for rows in self._reader.listing(f"{ORDERS}/{order_id}/refunds") for row in rows]

    def create_refund(self, order_id: str, body: JSON) -> Outcome:
        """Record a refund.

        The shop says 500 both when it refuses (too large, already refunded) and when another plugin failed after the
        refund was made: with its own error code, the list of refunds tells which it was.
        """
        reply = self._caller.exchange(Call("POST", f"{ORDERS}/{order_id}/refunds", body=body))
        outcome = classify_woo(reply, True)
        self._caller.observe(reply, outcome)
        if isinstance(outcome, Unknown) and isinstance(reply, Reply):
            refused = _refused_refund(reply)
            if refused is not None:
                made = self.find_refund(order_id, body)
                return Done(made) if made is not None else refused
        return _object(outcome, "refund")

    def find_refund(self, order_id: str, body: JSON) -> JSON | None:
        """The refund made of this body; its meta is written after it, so its reason, marked too, counts as well."""
        key = key_of(body)
        for row in self.refunds(order_id):
            same = row.get("reason") == body.get("reason") and row.get("amount") == body.get("amount")
            if (key and key_of(row) == key) or (same and body.get("reason")):
                return row
        return None

    # -- orders of our own ------------------------------------------------------------------
    def create_order(self, fields: JSON, key: str) -> Outcome:
        """Create an order (a till sale); ``fields`` must name ``created_via``."""
        if not fields.get("created_via"):
            return Refused("invalid_value", "Not sent: an order of the bridge must say where it comes from.")
        meta = [row for row in fields.get("meta_data") or () if row.get("key") != KEY]
        body = {**fields, "meta_data": [*meta, {"key": KEY, "value": key}]}
        return _object(self._caller.write(Call("POST", ORDERS, body=body)), "order")

    def find_order(self, created_via: str, key: str, since: datetime) -> JSON | None:
        """The order with that key; the shop's clock is allowed to be some minutes off."""
        query = (("created_via", created_via), ("after", utc_second(since)))
        for rows in self._reader.listing(ORDERS, query):
            for row in rows:
                if row.get("created_via") == created_via and key_of(row) == key:
                    return row
        return None


def _object(outcome: Outcome, what: str) -> Outcome:
    if isinstance(outcome, Done) and not (isinstance(outcome.answer, dict) and outcome.answer.get("id")):
        return Unknown(f"the shop's answer is not the {what}")
    return outcome


def _refused_refund(reply: Reply) -> Refused | None:
    """The refusal inside a 500 about a refund; ``None`` for any other failure."""
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return None
    if reply.status != 500 or not isinstance(body, dict) or body.get("code") != _REFUND_FAILED:
        return None
    return woo_refusal(body, 500)
