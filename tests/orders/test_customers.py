"""Customers of both sides: who is recognised, who is asked about, and who is made known at Square."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.engine.answers import resolve
from bridge.engine.part_run import sync_customers
from bridge.engine.settings import CustomerSettings
from bridge.ledger import decisions, outbox, people
from bridge.ledger.people import guest_key, square_customer_of
from bridge.ledger.text import of_json
from tests.crash.life import Scenario
from tests.crash.tries import every_death, every_death_beside_a_lost_answer
from tests.world import TEST_SETTINGS, World

CREATING = CustomerSettings(sync=True, create_at_square=True, country="US")


LOOKING = replace(CREATING, create_at_square=False)


def world_of(settings: CustomerSettings = LOOKING, ledger: str = ":memory:") -> World:
    return World(settings=replace(TEST_SETTINGS, customers=settings), ledger=ledger)


def shopper(world: World, email: str, phone: str = "", name: str = "Alice") -> str:
    """A registered customer of the shop; the id."""
    from bridge.remotes.port import Call
    from bridge.sim.kernel.direct import InProcessWoo
    from bridge.sim.woo.shop import DEFAULT_KEY

    body = {
        "email": email, "first_name": name, "last_name": "Lee", "username": email,
        "billing": {"first_name": name, "last_name": "Lee", "email": email, "phone": phone, "country": "US"},
    }  # fmt: skip
    made = InProcessWoo(world.woo, DEFAULT_KEY.key, DEFAULT_KEY.secret).send(Call("POST", "wc/v3/customers", body=body))
    assert made.status == 201, made.body
    return str(of_json(made.body.decode())["id"])


def at_square(world: World, **fields: Any) -> str:
    """Staff add a customer at Square; the id."""
    return str(world.square.people.create(fields)["id"])


def known(world: World, key: str) -> people.Known:
    with world.db.reading() as conn:
        found = people.get(conn, key)
    assert found is not None
    return found


def questions(world: World) -> list[Any]:
    with world.db.reading() as conn:
        return [row for row in decisions.open_ones(conn) if row.kind == "person"]


def square_people(world: World) -> list[dict[str, Any]]:
    return [dict(row) for row in world.square.people.search({})]


# -- recognising ------------------------------------------------------------------------
def test_a_customer_is_recognised_by_e_mail_then_by_phone_and_stays_linked() -> None:
    world = world_of()
    alice = shopper(world, "alice@example.test", "(212) 555-0101")
    bob = shopper(world, "bob@example.test", "(212) 555-0102", "Bob")
    mine = at_square(world, given_name="A", email_address="ALICE@example.test")
    his = at_square(world, given_name="B", phone_number="+12125550102")
    report = sync_customers(world.bridge)
    assert known(world, f"id:{alice}").square_id == mine and known(world, f"id:{alice}").how == "email"
    assert known(world, f"id:{bob}").square_id == his and known(world, f"id:{bob}").how == "phone"
    assert report.writes == 0
    assert sync_customers(world.bridge).counts["customers linked"] == 2


def test_what_is_not_certain_is_asked_and_the_answer_links() -> None:
    world = world_of()
    alice = shopper(world, "alice@example.test", "(212) 555-0101")
    first = at_square(world, given_name="Alice", email_address="alice@example.test")
    second = at_square(world, given_name="Alicia", email_address="alice@example.test")
    sync_customers(world.bridge)
    sync_customers(world.bridge)
    [asked] = questions(world)
    assert set(of_json(asked.choices_json)) == {first, second, "none"}
    assert "alice@example.test" not in asked.question + asked.detail_json, "the ledger keeps no address"
    resolve(world.bridge, asked.id, second)
    assert known(world, f"id:{alice}").square_id == second
    assert sync_customers(world.bridge).counts["customers linked"] == 1 and not questions(world)


def test_a_review_answered_with_none_is_not_asked_again() -> None:
    world = world_of()
    shopper(world, "alice@example.test", "(212) 555-0101")
    at_square(world, given_name="Family", email_address="other@example.test", phone_number="+12125550101")
    sync_customers(world.bridge)
    [asked] = questions(world)
    resolve(world.bridge, asked.id, "none")
    sync_customers(world.bridge)
    assert not questions(world)


def test_two_customers_never_share_one_customer_at_square() -> None:
    world = world_of()
    first = shopper(world, "alice@example.test", "(212) 555-0101")
    second = shopper(world, "other@example.test", "(212) 555-0101")
    mine = at_square(world, given_name="A", phone_number="+12125550101")
    sync_customers(world.bridge)
    linked = [key for key in (f"id:{first}", f"id:{second}") if known(world, key).square_id == mine]
    assert len(linked) == 1


def test_a_guest_is_recognised_by_the_order_and_becomes_the_account_later() -> None:
    world = world_of()
    mug = world.simple("mug", 10)
    mine = at_square(world, given_name="Carol", email_address="carol@example.test")
    billing = {"first_name": "Carol", "last_name": "Ray", "email": "carol@example.test", "phone": "", "country": "US"}
    order = world.buy(mug, 1, billing=billing)
    sync_customers(world.bridge)
    assert known(world, guest_key("Carol@Example.test")).square_id == mine
    raw = world.bridge.woo.order(str(order))
    assert raw is not None
    with world.db.reading() as conn:
        assert square_customer_of(conn, raw.raw) == mine
    account = shopper(world, "carol@example.test", name="Carol")
    sync_customers(world.bridge)
    assert known(world, f"id:{account}").square_id == mine


# -- making known -----------------------------------------------------------------------
def test_nobody_is_made_known_at_square_unless_the_retailer_allowed_it() -> None:
    world = world_of()
    alice = shopper(world, "alice@example.test")
    sync_customers(world.bridge)
    assert known(world, f"id:{alice}").state == "unknown" and square_people(world) == []


def test_who_is_unknown_is_made_known_once_and_without_any_consent() -> None:
    world = world_of(CREATING)
    alice = shopper(world, "alice@example.test", "(212) 555-0101")
    report = sync_customers(world.bridge)
    assert report.counts["customers created"] == 1 and report.waiting == 0
    [made] = square_people(world)
    assert made["email_address"] == "alice@example.test" and made["phone_number"] == "+12125550101"
    assert made["reference_id"] == f"woo:id:{alice}"
    sent = next(e for e in world.square.log if e["method"] == "POST" and e["path"].endswith("/v2/customers"))
    assert not {"preferences", "email_unsubscribed", "consent"} & set(str(sent).lower().split('"'))
    sync_customers(world.bridge)
    assert len(square_people(world)) == 1 and known(world, f"id:{alice}").square_id == made["id"]


def test_an_unanswered_creation_is_found_by_its_reference_and_not_repeated() -> None:
    world = world_of(CREATING)
    alice = shopper(world, "alice@example.test")
    world.square.faults.add("timeout_applied", method="POST", path="/v2/customers$", times=1)
    sync_customers(world.bridge)
    world.clock.advance(180)
    sync_customers(world.bridge)
    [made] = square_people(world)
    assert known(world, f"id:{alice}").square_id == made["id"]
    with world.db.reading() as conn:
        assert not outbox.in_states(conn, outbox.OPEN)


def test_one_customer_square_refuses_does_not_keep_the_others_back() -> None:
    world = world_of(CREATING)
    shopper(world, "alice@example.test")
    shopper(world, "bob@example.test", name="Bob")
    world.square.faults.add("server_error", method="POST", path="/v2/customers$", times=1, options={"status": 503})
    sync_customers(world.bridge)
    assert len(square_people(world)) >= 1
    world.clock.advance(300)
    sync_customers(world.bridge)
    world.clock.advance(300)
    sync_customers(world.bridge)
    assert sorted(row["email_address"] for row in square_people(world)) == ["alice@example.test", "bob@example.test"]


def test_by_default_a_pass_looks_at_no_customer() -> None:
    world = World()
    shopper(world, "alice@example.test")
    seen = len(world.square.log), len(world.woo.log)
    world.sync(full=True)
    calls = [*list(world.square.log)[seen[0] :], *list(world.woo.log)[seen[1] :]]
    assert not [entry for entry in calls if "customers" in entry["path"]]


# -- crashes ----------------------------------------------------------------------------
def _build(ledger: str = ":memory:") -> World:
    world = world_of(CREATING, ledger)
    world.simple("mug", 5)
    world.sync(full=True)
    world.quiet()
    return world


def _register(world: World) -> None:
    shopper(world, "alice@example.test", "(212) 555-0101")


def _wait(world: World) -> None:
    """Long enough for Square's search to know a new customer."""
    world.clock.advance(200)


def _check(world: World) -> None:
    for _ in range(2):
        world.clock.advance(200)
        world.sync(full=True)
    emails = [row.get("email_address") for row in square_people(world)]
    assert emails == ["alice@example.test"], emails
    with world.db.reading() as conn:
        states = [one.state for one in people.every(conn).values()]
    assert states == ["linked"], states


MADE_KNOWN = Scenario("a customer is made known at square", _build, (_register, _wait), full=True, check=_check)


@pytest.mark.parametrize("tries", [every_death, every_death_beside_a_lost_answer])
def test_a_bridge_that_dies_at_any_point_makes_a_customer_known_once(tries: Any) -> None:
    tried = tries(MADE_KNOWN)
    assert tried.points > 40 and tried.lives >= 15
    assert not tried.wrong, tried.told()
