"""The shop's registered customers."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.remotes.calls import Caller, raise_refusal
from bridge.remotes.port import JSON, Call, Done, Refused
from bridge.remotes.woo.read import WooReader

CUSTOMERS, ORDERS = "wc/v3/customers", "wc/v3/orders"


class WooPeople:
    """A ``WooPeopleSide``: the contract of each method stands in the port."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._reader = WooReader(caller)

    def by_email(self, email: str) -> list[JSON]:
        """Customers of any role with exactly this address."""
        if not email:
            return []
        found: list[JSON] = self._caller.read(Call("GET", CUSTOMERS, (("email", email), ("role", "all"))))
        return found

    def customer(self, customer_id: str) -> JSON | None:
        """One customer now."""
        outcome, _ = self._caller.ask(Call("GET", f"{CUSTOMERS}/{customer_id}"))
        if isinstance(outcome, Refused):
            if outcome.gone or outcome.code == "woocommerce_rest_invalid_id":
                return None
            raise_refusal(outcome, self._caller.side)
        raw = outcome.answer if isinstance(outcome, Done) else None
        return raw if isinstance(raw, dict) else None

    def customers(self) -> Iterator[list[JSON]]:
        """Pages of all customers by id."""
        return self._reader.listing(CUSTOMERS, (("role", "all"),))

    def orders_of(self, customer_id: str, email: str) -> Iterator[list[JSON]]:
        """Orders of an account, then those of guests under an address; an order may come twice."""
        if customer_id:
            yield from self._reader.listing(ORDERS, (("customer", customer_id),))
        if email:
            for page in self._reader.listing(ORDERS, (("search", email),)):
                # the search looks into names and addresses too
                yield [
                    row for row in page if str((row.get("billing") or {}).get("email")).casefold() == email.casefold()
                ]
