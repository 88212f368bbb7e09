"""Square's payments and refunds: found by update time, external payments noted, refunds recorded, all with keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.orders_port import TillOrder, TillPayment, TillRefund
from bridge.remotes.port import JSON, Call, Done, Outcome, Refused, Unknown
from bridge.remotes.square.orders import OVERLAP, answered_order, minor_of, moment_text
from bridge.remotes.square.read import SquareReader

PER_PAGE = "100"


def till_payment(raw: JSON) -> TillPayment:
    """A raw payment in the bridge's words."""
    return TillPayment(
        payment_id=str(raw["id"]),
        order_id=str(raw.get("order_id") or ""),
        store_id=str(raw.get("location_id") or ""),
        amount=minor_of(raw.get("total_money") or raw.get("amount_money")),
        refunded=minor_of(raw.get("refunded_money")),
        status=str(raw.get("status") or ""),
        kind=str(raw.get("source_type") or ""),
        note=str(raw.get("note") or ""),
        reference=str(raw.get("reference_id") or ""),
        updated_at=str(raw.get("updated_at") or ""),
        raw=raw,
    )


def till_refund(raw: JSON) -> TillRefund:
    """A raw refund in the bridge's words."""
    return TillRefund(
        refund_id=str(raw["id"]),
        payment_id=str(raw.get("payment_id") or ""),
        order_id=str(raw.get("order_id") or ""),
        store_id=str(raw.get("location_id") or ""),
        amount=minor_of(raw.get("amount_money")),
        status=str(raw.get("status") or ""),
        reason=str(raw.get("reason") or ""),
        updated_at=str(raw.get("updated_at") or ""),
        raw=raw,
    )


class SquarePayments:
    """A ``SquarePaymentSide``: the contract of each method stands in the port."""

    def __init__(self, caller: Caller, *, version: str) -> None:
        self._caller = caller
        self._reader = SquareReader(caller, version=version)

    # -- reads --------------------------------------------------------------------------
    def changed(self, store_ids: Sequence[str], since: datetime) -> Iterator[list[TillPayment]]:
        """Pages of payments; asked store by store, for Square lists one location only (the main one by default)."""
        for store_id in dict.fromkeys(store_ids):
            for rows in self._listed("v2/payments", "payments", since, (("location_id", store_id),)):
                yield [till_payment(row) for row in rows]

    def refunds_changed(self, since: datetime) -> Iterator[list[TillRefund]]:
        """Pages of refunds of all stores."""
        for rows in self._listed("v2/refunds", "refunds", since, ()):
            yield [till_refund(row) for row in rows]

    def _listed(
        self, path: str, name: str, since: datetime, query: tuple[tuple[str, str], ...]
    ) -> Iterator[list[JSON]]:
        query = (
            *query,
            ("updated_at_begin_time", moment_text(since - OVERLAP)),
            ("sort_field", "UPDATED_AT"),
            ("sort_order", "ASC"),
            ("limit", PER_PAGE),
        )
        seen: set[tuple[str, str]] = set()
        for answer in self._reader.pages(path, query=query):
            rows = answer.get(name) or []
            fresh = [row for row in rows if (row["id"], row.get("updated_at", "")) not in seen]
            seen |= {(row["id"], row.get("updated_at", "")) for row in fresh}
            if fresh:
                yield fresh

    def payment(self, payment_id: str) -> TillPayment | None:
        """One payment now."""
        raw = self._single(f"v2/payments/{payment_id}", "payment")
        return till_payment(raw) if raw else None

    def refund(self, refund_id: str) -> TillRefund | None:
        """One refund now."""
        raw = self._single(f"v2/refunds/{refund_id}", "refund")
        return till_refund(raw) if raw else None

    def _single(self, path: str, name: str) -> JSON | None:
        outcome, _ = self._caller.ask(Call("GET", path))
        if isinstance(outcome, Refused):
            if outcome.gone:
                return None
            raise_refusal(outcome, self._caller.side)
        found: JSON | None = outcome.answer.get(name) if isinstance(outcome, Done) else None
        return found

    # -- writes -------------------------------------------------------------------------
    def pay_external(self, order: TillOrder, paid_with: str, reference: str, key: str) -> Outcome:
        """Pay what is due from outside Square; for an order of nothing, close it (PayOrder without payments).

        No payment of nothing exists, and an order is taken from stock only once it is paid.
        """
        due = order.raw.get("net_amount_due_money") or {}
        if not minor_of(due):
            body: JSON = {"idempotency_key": key, "payment_ids": []}
            outcome = answered_order(self._caller.write(Call("POST", f"v2/orders/{order.order_id}/pay", body=body)))
            return Done(None) if isinstance(outcome, Done) else outcome
        body = {
            "idempotency_key": key,
            "source_id": "EXTERNAL",
            "amount_money": due,
            "order_id": order.order_id,
            "location_id": order.store_id,
            "reference_id": reference[:40],
            "external_details": {"type": "OTHER", "source": (paid_with or "Online shop")[:255], "source_id": reference},
        }
        outcome = self._caller.write(Call("POST", "v2/payments", body=body))
        if not isinstance(outcome, Done):
            return outcome
        raw = outcome.answer.get("payment")
        return (
            Done(till_payment(raw)) if isinstance(raw, dict) else Unknown("Square's answer does not hold the payment")
        )

    def refund_payment(self, payment_id: str, amount: int, currency: str, reason: str, key: str) -> Outcome:
        """Refund a payment; a 200 may still hold a refund that FAILED or was REJECTED: that is a refusal."""
        body = {
            "idempotency_key": key,
            "payment_id": payment_id,
            "amount_money": {"amount": amount, "currency": currency},
            "reason": reason[:192],
        }
        outcome = self._caller.write(Call("POST", "v2/refunds", body=body))
        if not isinstance(outcome, Done):
            return outcome
        raw = outcome.answer.get("refund")
        if not isinstance(raw, dict):
            return Unknown("Square's answer does not hold the refund")
        if raw.get("status") in ("FAILED", "REJECTED"):
            return Refused(str(raw["status"]), "Square could not make this refund.")
        return Done(till_refund(raw))
