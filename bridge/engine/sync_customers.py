"""Recognise the shop's customers at Square, and make them known there when that is allowed.

Nobody is changed at either side, and no consent is ever read or written. What is not certain is asked. A new customer
at Square carries the shop's id as its reference: by that an unanswered creation is found again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from bridge.domain.actions import action_key
from bridge.domain.customer import (
    Matched,
    Person,
    Review,
    e164,
    find_person,
    normal_email,
    shop_person,
    square_fields,
    square_person,
)
from bridge.domain.times import parse_time
from bridge.engine.context import Bridge, Run
from bridge.engine.deliver_stock import not_done
from bridge.ledger import decisions, outbox, people
from bridge.ledger.outbox import Action
from bridge.ledger.people import Known, digest, guest_key, key_of
from bridge.ledger.text import to_json
from bridge.remotes.port import Done

KIND, QUESTION, NOBODY = "create_customer", "person", "none"
INDEX_LAGS = 120.0
"""Seconds after which Square's search surely knows a customer that was made (the index is up to a minute behind)."""


@dataclass(frozen=True, slots=True)
class ShopCustomer:
    """A customer of the shop; ``order_id`` is an order of a guest, who exists on orders only."""

    key: str
    person: Person
    order_id: str = ""

    @property
    def text(self) -> str:
        """For people, without naming the person."""
        return f"the guest of order {self.order_id}" if self.order_id else f"customer {self.person.remote_id}"


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was found for one customer: ``known`` when it stands in the ledger already."""

    customer: ShopCustomer
    found: Matched | Review | None
    known: Known | None = None


def shop_customers(bridge: Bridge) -> Iterator[ShopCustomer]:
    """Every registered customer, and the guests of recent orders."""
    seen: set[str] = set()
    for page in bridge.woo.people.customers():
        for one in map(shop_person, page):
            seen |= {key_of(one), guest_key(one.email)}
            yield ShopCustomer(key_of(one), one)
    since = bridge.clock.now() - timedelta(days=bridge.settings.look_back_days)
    for orders in bridge.woo.orders(modified_after=since):
        for order in orders:
            one = shop_person(order.raw)
            key = key_of(one) if one.remote_id in ("", "0") and order.status != "checkout-draft" else ""
            if key and key not in seen:
                seen.add(key)
                yield ShopCustomer(key, one, order.order_id)


class Directory:
    """Square's customers by what they can be recognised by."""

    def __init__(self, everybody: Iterable[Person], country: str) -> None:
        self._country = country
        self._by: dict[str, list[Person]] = defaultdict(list)
        for one in everybody:
            for name in self._names(one):
                self._by[name].append(one)

    def _names(self, one: Person) -> list[str]:
        found = (normal_email(one.email), e164(one.phone, one.country or self._country))
        return [name for name in found if name]

    def find(self, one: Person, taken: frozenset[str] | set[str]) -> Matched | Review | None:
        """Who that is among those nobody is linked to."""
        alike = {p.remote_id: p for name in self._names(one) for p in self._by.get(name, ())}
        free = [p for p in alike.values() if p.remote_id not in taken]
        return find_person(one, free, {}, country=self._country)


def print_of(one: Person) -> str:
    """A digest of what a customer is recognised by."""
    return digest(normal_email(one.email), one.phone, one.country)


# -- matching ---------------------------------------------------------------------------
def recognise(bridge: Bridge, known: Mapping[str, Known]) -> list[Recognised]:
    """Everybody in the shop and who they are at Square; reads both sides, writes nothing.

    E-mail addresses are looked at for everybody before telephone numbers are.
    """
    everybody = (square_person(raw) for page in bridge.square.people.customers() for raw in page)
    directory = Directory(everybody, bridge.settings.customers.country)
    taken = {one.square_id for one in known.values() if one.square_id}
    found: list[Recognised] = []
    later: list[tuple[int, ShopCustomer]] = []
    for customer in shop_customers(bridge):
        before = known.get(customer.key)
        if before is None and customer.person.remote_id:
            before = known.get(guest_key(customer.person.email))
        settled = before is not None and before.state in ("linked", "erased", "wanted")
        match = None if settled else directory.find(customer.person, taken)
        if isinstance(match, Matched) and match.how == "email":
            taken.add(match.remote_id)
        elif match is not None:
            later.append((len(found), customer))
        found.append(Recognised(customer, match, before))
    for at, customer in later:
        match = directory.find(customer.person, taken)
        if isinstance(match, Matched):
            taken.add(match.remote_id)
        found[at] = Recognised(customer, match, found[at].known)
    return found


def decide_customers(bridge: Bridge, run: Run) -> None:
    """Link who is recognised, ask about who may be, and plan to make known who is not, if that is allowed."""
    with bridge.db.reading() as conn:
        known = people.every(conn)
    for one in recognise(bridge, known):
        with bridge.db.transaction() as conn:
            _decide(bridge, run, conn, one)


def _decide(bridge: Bridge, run: Run, conn: Connection, one: Recognised) -> None:
    customer, known = one.customer, one.known
    if known is not None and known.key != customer.key:
        people.move(conn, known.key, customer.key, now=bridge.now())
        known.key = customer.key
    if known is not None and known.state in ("linked", "erased", "wanted"):
        run.add(f"customers {known.state}")
        return
    said_nobody = known is not None and known.how == NOBODY and known.print == print_of(customer.person)
    if isinstance(one.found, Matched):
        link(bridge, run, conn, customer.key, one.found.remote_id, one.found.how)
    elif isinstance(one.found, Review) and not said_nobody:
        _ask(bridge, run, conn, customer, one.found)
    elif known is None or known.state != "unknown" or bridge.settings.customers.create_at_square:
        how = NOBODY if said_nobody else ""
        decisions.withdraw(conn, QUESTION, customer.key, now=bridge.now())
        people.put(conn, Known(customer.key, "unknown", "", how, print_of(customer.person)), now=bridge.now())
        run.add("customers unknown at Square")
        if bridge.settings.customers.create_at_square:
            _want(bridge, run, conn, customer)


def link(bridge: Bridge, run: Run, conn: Connection, key: str, square_id: str, how: str) -> bool:
    """Link a customer; False when that Square customer is somebody else's already."""
    if people.holder_of(conn, square_id) not in ("", key):
        run.skip("customer at Square who is linked to somebody else")
        return False
    people.put(conn, Known(key, "linked", square_id, how), now=bridge.now())
    decisions.withdraw(conn, QUESTION, key, now=bridge.now())
    run.add(f"customers linked by {how}")
    return True


def _ask(bridge: Bridge, run: Run, conn: Connection, customer: ShopCustomer, review: Review) -> None:
    people.put(conn, Known(customer.key, "review", "", "", print_of(customer.person)), now=bridge.now())
    run.add("customers to be reviewed")
    decisions.ask(
        conn, QUESTION, customer.key,
        f"Who at Square is {customer.text} of the shop: {', '.join(review.candidates)}? ({review.reason})",
        choices=[*review.candidates, NOBODY], now=bridge.now(), run_id=run.id,
        detail={"reason": review.reason, "candidates": list(review.candidates)},
    )  # fmt: skip


def take_person(bridge: Bridge, conn: Connection, key: str, answer: str) -> str:
    """A person said who a customer is."""
    known = people.get(conn, key)
    if answer == NOBODY:
        people.put(conn, Known(key, "unknown", "", NOBODY, known.print if known else ""), now=bridge.now())
        return "Noted: none of them."
    holder = people.holder_of(conn, answer)
    if holder not in ("", key):
        return f"{answer} is linked to somebody else already; nothing was changed."
    people.put(conn, Known(key, "linked", answer, "hand"), now=bridge.now())
    return f"Linked to {answer}."


# -- making known -----------------------------------------------------------------------
def _want(bridge: Bridge, run: Run, conn: Connection, customer: ShopCustomer) -> None:
    """Intend to make a customer known; who it is stays in the shop until the moment of sending."""
    if not square_fields(customer.person, country=bridge.settings.customers.country):
        run.skip("customer without name, e-mail and telephone")
        return
    people.put(conn, Known(customer.key, "wanted"), now=bridge.now())
    payload = {"key": customer.key, "reference": f"woo:{customer.key}", "order_id": customer.order_id}
    outbox.add(
        conn, Action(key=bridge.ids(), side="square", kind=KIND, payload=payload), now=bridge.now(), run_id=run.id
    )
    run.add("planned customers")


def deliver_customers(bridge: Bridge, run: Run) -> int:
    """Make known whom the outbox names, one by one; how many are."""
    done = 0
    while True:
        with bridge.db.reading() as conn:
            due = outbox.in_states(conn, ("due",), now=bridge.now(), kinds=(KIND,), most=100)
        if not due:
            return done
        for action in due:
            done += _deliver(bridge, run, action)


def _deliver(bridge: Bridge, run: Run, action: Action) -> int:
    person = _fresh(bridge, action)
    fields = square_fields(person, country=bridge.settings.customers.country, reference=action.payload["reference"])
    if not fields:
        return _drop(bridge, action, "the shop no longer knows them")
    alike = [*bridge.square.people.by_email(str(fields.get("email_address", "")))]
    alike += bridge.square.people.by_phone(str(fields.get("phone_number", "")))
    if alike:
        return _drop(bridge, action, "Square knows somebody like that by now")
    with bridge.db.transaction() as conn:
        action.state, action.sent_at, action.attempts = "sent", bridge.now(), action.attempts + 1
        outbox.save(conn, [action])
    # a changed body under a used key would be refused: the key follows from what is sent
    outcome = bridge.square.people.create(fields, action_key(action.key, to_json(fields)))
    with bridge.db.transaction() as conn:
        if isinstance(outcome, Done):
            return _confirm(bridge, run, conn, action, str(outcome.answer["id"]))
        not_done(bridge, run, conn, action, outcome)
    return 0


def _fresh(bridge: Bridge, action: Action) -> Person:
    """The person as the shop knows them now; an empty one when it does not, or when they were erased here."""
    key, order_id = action.payload["key"], action.payload["order_id"]
    with bridge.db.reading() as conn:
        known = people.get(conn, key)
    if known is None or known.state != "wanted":
        return Person("")
    if order_id:
        order = bridge.woo.order(order_id)
        return shop_person(order.raw) if order is not None else Person("")
    raw = bridge.woo.people.customer(key.removeprefix("id:"))
    return shop_person(raw) if raw is not None else Person("")


def _drop(bridge: Bridge, action: Action, why: str) -> int:
    """Let an intent go; the next look recognises or asks."""
    with bridge.db.transaction() as conn:
        action.state, action.error = "dropped", why
        outbox.save(conn, [action])
        known = people.get(conn, action.payload["key"])
        if known is not None and known.state == "wanted":
            people.put(conn, Known(known.key, "unknown"), now=bridge.now())
    return 0


def _confirm(bridge: Bridge, run: Run, conn: Connection, action: Action, square_id: str) -> int:
    action.state, action.done_at = "done", bridge.now()
    outbox.save(conn, [action])
    known = people.get(conn, action.payload["key"])
    if known is not None and known.state == "erased":
        run.skip("customer erased while being made known")
    else:
        link(bridge, run, conn, action.payload["key"], square_id, "creation")
    run.add("customers created")
    return 1


def settle_customers(bridge: Bridge, run: Run) -> None:
    """End unanswered creations by their reference."""
    with bridge.db.reading() as conn:
        unknown = outbox.in_states(conn, ("unknown",), kinds=(KIND,))
    for action in unknown:
        found = bridge.square.people.by_reference(action.payload["reference"])
        with bridge.db.transaction() as conn:
            if found:
                _confirm(bridge, run, conn, action, str(found[0]["id"]))
                run.add("settled: it had happened")
            elif _surely_not(bridge, action):
                action.state, action.due_at = "due", bridge.now()
                outbox.save(conn, [action])
                run.add("settled: it had not happened")


def _surely_not(bridge: Bridge, action: Action) -> bool:
    if not action.sent_at:
        return True
    age: timedelta = bridge.clock.now() - parse_time(action.sent_at)
    return age >= timedelta(seconds=max(INDEX_LAGS, bridge.settings.settle_after))


def told(one: Recognised) -> dict[str, Any]:
    """A recognised customer for programs and tables."""
    found, customer = one.found, one.customer
    base = {"customer": customer.key if not customer.order_id else f"order {customer.order_id}"}
    base |= {"name": customer.person.name, "email": customer.person.email}
    if one.known is not None and one.known.state in ("linked", "erased", "wanted"):
        return {**base, "state": one.known.state, "square": one.known.square_id, "how": one.known.how}
    if isinstance(found, Matched):
        return {**base, "state": "match", "square": found.remote_id, "how": found.how}
    if isinstance(found, Review):
        return {**base, "state": "review", "square": ", ".join(found.candidates), "how": found.reason}
    return {**base, "state": "unknown", "square": "", "how": ""}
