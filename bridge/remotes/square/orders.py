"""Square's orders: found by update time, priced without writing, created with a key, moved along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.errors import RemoteDown
from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.orders_port import TillOrder
from bridge.remotes.port import JSON, Call, Done, Outcome, Refused, Unknown
from bridge.remotes.square.read import SquareReader, chunks

LOCATIONS_PER_SEARCH = 10
ORDERS_PER_PAGE = 500
ORDERS_PER_CALL = 100
OVERLAP = timedelta(minutes=2)
"""Searches lag behind by seconds: what was updated shortly before the cursor is looked at again."""


def moment_text(at: datetime) -> str:
    """RFC 3339 UTC, whole milliseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def minor_of(money: Any) -> int:
    """The amount of a Square money field, 0 when absent."""
    return int((money or {}).get("amount") or 0)


def till_order(raw: JSON) -> TillOrder:
    """A raw order in the bridge's words."""
    entries = raw.get("fulfillments") or ()
    entry = entries[0] if entries else {}
    due = minor_of(raw.get("net_amount_due_money"))
    zero_done = raw.get("state") == "COMPLETED" and not minor_of(raw.get("total_money"))
    returns = (str(row.get("source_order_id") or "") for row in raw.get("returns") or ())
    return TillOrder(
        order_id=str(raw["id"]),
        store_id=str(raw.get("location_id") or ""),
        state=str(raw.get("state") or ""),
        version=raw.get("version"),
        created_at=str(raw.get("created_at") or ""),
        updated_at=str(raw.get("updated_at") or ""),
        source=str((raw.get("source") or {}).get("name") or ""),
        reference=str(raw.get("reference_id") or ""),
        customer_id=str(raw.get("customer_id") or ""),
        total=minor_of(raw.get("total_money")),
        paid=due <= 0 and (bool(raw.get("tenders")) or zero_done),
        fulfillment=tuple(str(entry.get(name) or "") for name in ("uid", "type", "state")),  # type: ignore[arg-type]
        returns_of=tuple(source for source in returns if source),
        raw=raw,
    )


class SquareOrders:
    """A ``SquareOrderSide``: the contract of each method stands in the port."""

    def __init__(self, caller: Caller, *, version: str) -> None:
        self._caller = caller
        self._reader = SquareReader(caller, version=version)

    # -- reads --------------------------------------------------------------------------
    def changed(self, store_ids: Sequence[str], since: datetime) -> Iterator[list[TillOrder]]:
        """Pages of orders updated since then, minus an overlap; till orders have no events, so this finds them."""
        span = {"start_at": moment_text(since - OVERLAP)}
        query = {
            "filter": {"date_time_filter": {"updated_at": span}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        }
        yield from self._search(store_ids, query)

    def _search(self, store_ids: Sequence[str], query: JSON) -> Iterator[list[TillOrder]]:
        seen: set[tuple[str, str]] = set()
        for some in chunks(dict.fromkeys(store_ids), LOCATIONS_PER_SEARCH):
            body: JSON = {"location_ids": some, "query": query, "limit": ORDERS_PER_PAGE}
            for answer in self._reader.pages("v2/orders/search", body=body):
                rows = [till_order(row) for row in answer.get("orders") or ()]
                fresh = [row for row in rows if (row.order_id, row.updated_at) not in seen]
                seen |= {(row.order_id, row.updated_at) for row in fresh}
                if fresh:
                    yield fresh

    def order(self, order_id: str) -> TillOrder | None:
        """One order now."""
        outcome, _ = self._caller.ask(Call("GET", f"v2/orders/{order_id}"))
        if isinstance(outcome, Refused):
            if outcome.gone:
                return None
            raise_refusal(outcome, self._caller.side)
        raw = outcome.answer.get("order") if isinstance(outcome, Done) else None
        return till_order(raw) if raw else None

    def orders(self, order_ids: Sequence[str]) -> list[TillOrder]:
        """Several orders now."""
        found: list[TillOrder] = []
        for some in chunks(dict.fromkeys(order_ids), ORDERS_PER_CALL):
            answer = self._caller.read(Call("POST", "v2/orders/batch-retrieve", body={"order_ids": some}))
            found += [till_order(row) for row in answer.get("orders") or ()]
        return found

    def calculate(self, order: JSON) -> JSON:
        """What Square would make of an order body; a refusal raises ``RemoteRefused``."""
        answer = self._caller.read(Call("POST", "v2/orders/calculate", body={"order": order}))
        priced = answer.get("order")
        if not isinstance(priced, dict):
            raise RemoteDown("Square: the priced order is missing from the answer.")
        return priced

    # -- writes -------------------------------------------------------------------------
    def create(self, order: JSON, key: str) -> Outcome:
        """Create an order; a key used before with another body leaves it to ``find_created``."""
        outcome = self._caller.write(Call("POST", "v2/orders", body={"idempotency_key": key, "order": order}))
        if isinstance(outcome, Refused) and outcome.code == "IDEMPOTENCY_KEY_REUSED":
            return Unknown("this key was used before: look for the order by its reference")
        return answered_order(outcome)

    def find_created(self, store_id: str, reference: str, since: datetime) -> TillOrder | None:
        """The oldest order of that reference created since then that was not cancelled."""
        query = {
            "filter": {"date_time_filter": {"created_at": {"start_at": moment_text(since - OVERLAP)}}},
            "sort": {"sort_field": "CREATED_AT", "sort_order": "ASC"},
        }
        for rows in self._search([store_id], query):
            for row in rows:
                if row.reference == reference and row.state != "CANCELED":
                    return row
        return None

    def move_fulfillment(self, order: TillOrder, state: str, key: str) -> Outcome:
        """Move the fulfillment; where that ends the order, both in one update, as Square wants it.

        A paid order whose goods are not handed over ends COMPLETED (only an unpaid one may be CANCELED): its money
        goes back by a refund.
        """
        uid = order.fulfillment[0]
        if order.version is None or not uid:
            return Refused("not_updatable", "This order was made at a till or has nothing to hand over.")
        change: JSON = {"version": order.version, "fulfillments": [{"uid": uid, "state": state}]}
        settled = order.paid or not order.total  # Square shows no sign on an order of nothing that was closed
        if state in ("CANCELED", "FAILED"):
            change["state"] = "COMPLETED" if settled else "CANCELED"
        elif state == "COMPLETED" and settled:
            change["state"] = "COMPLETED"
        body = {"idempotency_key": key, "order": change}
        return answered_order(self._caller.write(Call("PUT", f"v2/orders/{order.order_id}", body=body)))


def answered_order(outcome: Outcome) -> Outcome:
    """``Done`` with the order of the answer, ``Unknown`` when it is not there."""
    if not isinstance(outcome, Done):
        return outcome
    raw = outcome.answer.get("order")
    if not isinstance(raw, dict) or not raw.get("id"):
        return Unknown("Square's answer does not hold the order")
    return Done(till_order(raw))
