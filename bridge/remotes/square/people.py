"""Square's customer directory: exact searches, keyed creation (Square never looks for a double), erasing."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.port import JSON, Call, Done, Outcome, Refused, Unknown
from bridge.remotes.square.read import SquareReader


class SquarePeople:
    """A ``SquarePeopleSide``: the contract of each method stands in the port."""

    def __init__(self, caller: Caller, *, version: str) -> None:
        self._caller = caller
        self._reader = SquareReader(caller, version=version)

    def by_email(self, email: str) -> list[JSON]:
        """Customers with this address; the search index may be a minute behind."""
        return self._exact("email_address", email)

    def by_phone(self, e164: str) -> list[JSON]:
        """Customers with this number."""
        return self._exact("phone_number", e164)

    def by_reference(self, reference: str) -> list[JSON]:
        """Customers carrying this reference."""
        return self._exact("reference_id", reference)

    def customers(self) -> Iterator[list[JSON]]:
        """Pages of all customers, oldest first."""
        query = {"sort": {"field": "CREATED_AT", "order": "ASC"}}
        for answer in self._reader.pages("v2/customers/search", body={"query": query, "limit": 100}):
            yield list(answer.get("customers") or ())

    def _exact(self, name: str, text: str) -> list[JSON]:
        if not text:
            return []
        body = {"query": {"filter": {name: {"exact": text}}}, "limit": 100}
        return [
            row
            for answer in self._reader.pages("v2/customers/search", body=body)
            for row in answer.get("customers") or ()
        ]

    def customer(self, customer_id: str) -> JSON | None:
        """One customer now."""
        outcome, _ = self._caller.ask(Call("GET", f"v2/customers/{customer_id}"))
        if isinstance(outcome, Refused):
            if outcome.gone:
                return None
            raise_refusal(outcome, self._caller.side)
        found: JSON | None = outcome.answer.get("customer") if isinstance(outcome, Done) else None
        return found

    def create(self, fields: JSON, key: str) -> Outcome:
        """Create a customer."""
        return _customer(self._caller.write(Call("POST", "v2/customers", body={"idempotency_key": key, **fields})))

    def update(self, customer_id: str, fields: JSON) -> Outcome:
        """Change the named fields only; ``None`` clears one."""
        return _customer(self._caller.write(Call("PUT", f"v2/customers/{customer_id}", body=fields)))

    def delete(self, customer_id: str) -> Outcome:
        """Erase a customer; one that is gone already is done."""
        # an empty answer is all Square says, which for any other write would leave it in doubt: look once more
        outcome = self._caller.write(Call("DELETE", f"v2/customers/{customer_id}"))
        if isinstance(outcome, Refused) and outcome.gone:
            return Done({})
        if isinstance(outcome, Unknown) and self.customer(customer_id) is None:
            return Done({})
        return outcome


def _customer(outcome: Outcome) -> Outcome:
    if not isinstance(outcome, Done):
        return outcome
    raw = outcome.answer.get("customer")
    return (
        Done(raw) if isinstance(raw, dict) and raw.get("id") else Unknown("Square's answer does not hold the customer")
    )
