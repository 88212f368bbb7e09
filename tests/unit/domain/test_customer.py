"""The same person on both sides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from tests.unit.domain.laws import law

CAROL = Person("7", "Carol", "Doe", "Carol@Example.test", "(212) 555-0199", "US")


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("(212) 555-0199", "US", "+12125550199"),
        ("1-212-555-0199", "US", "+12125550199"),
        ("212 555 0199 ext. 12", "US", "+12125550199"),
        ("555-0199", "US", ""),
        ("030 901820", "DE", "+4930901820"),
        ("+49 (0)30 901820", "US", "+4930901820"),
        ("0049 30 901820", "FR", "+4930901820"),
        ("06 1234567", "IT", "+39061234567"),
        ("22 12 34 56", "NO", "+4722123456"),
        ("06 1 234 5678", "HU", "+3612345678"),
        ("0901820", "XX", ""),
        ("call me", "US", ""),
        ("", "US", ""),
        ("12", "DE", ""),
    ],
)
def test_phone_numbers_are_read_as_dialled_in_their_country(text: str, country: str, number: str) -> None:
    assert e164(text, country) == number


@law
@given(st.from_regex(r"\+[1-9][0-9]{7,13}", fullmatch=True), st.sampled_from(["US", "DE", "IT", ""]))
def test_a_number_in_international_form_stays_as_it_is(number: str, country: str) -> None:
    assert e164(number, country) == number
    assert e164(e164(number, country), country) == number


@pytest.mark.parametrize(
    ("text", "address"), [(" A@B.de ", "a@b.de"), ("nobody", ""), ("a@b", ""), ("a b@c.de", ""), ("", "")]
)
def test_only_addresses_are_compared(text: str, address: str) -> None:
    assert normal_email(text) == address


def test_a_link_wins_over_everything() -> None:
    twin = Person("SQ2", email="carol@example.test")
    assert find_person(CAROL, [twin], {"7": "SQ1"}) == Matched("SQ1", "link")


def test_one_holder_of_the_email_is_the_person() -> None:
    others = [Person("SQ1", email="carol@example.test"), Person("SQ2", email="other@example.test")]
    assert find_person(CAROL, others, {}) == Matched("SQ1", "email")
    assert find_person(CAROL, others, {"8": "SQ1"}) is None  # that one is somebody else already


def test_several_holders_of_the_email_are_reviewed() -> None:
    others = [Person("SQ2", email="carol@example.test"), Person("SQ1", email="CAROL@example.test")]
    assert find_person(CAROL, others, {}) == Review("several people have this e-mail address", ("SQ1", "SQ2"))


def test_a_phone_finds_somebody_without_an_email_only() -> None:
    assert find_person(CAROL, [Person("SQ1", phone="+12125550199")], {}) == Matched("SQ1", "phone")
    family = Person("SQ1", email="dave@example.test", phone="+12125550199")
    assert isinstance(find_person(CAROL, [family], {}), Review)
    twins = [Person("SQ1", phone="+12125550199"), Person("SQ2", phone="2125550199", country="US")]
    assert find_person(CAROL, twins, {}) == Review("several people have this phone number", ("SQ1", "SQ2"))
    assert find_person(Person("", phone="0301234567"), [Person("S", phone="+49301234567")], {}, country="DE") == (
        Matched("S", "phone")
    )


def test_nobody_is_known() -> None:
    assert find_person(CAROL, [], {}) is None
    assert find_person(CAROL, [Person("SQ1", email="x@y.test", phone="+4930901820")], {}) is None
    assert find_person(Person(""), [Person("SQ1")], {}) is None


def test_people_are_read_from_customers_orders_and_square() -> None:
    billing = {"first_name": "Bob", "last_name": "Jones", "email": "b@j.test", "phone": "1", "country": "US"}
    guest = shop_person({"id": 5, "customer_id": 0, "line_items": [], "billing": billing})
    assert (guest.remote_id, guest.name, guest.email) == ("", "Bob Jones", "b@j.test")
    known = shop_person(
        {"id": 3, "email": "alice@example.test", "first_name": "Alice", "last_name": "S", "billing": {}}
    )
    assert (known.remote_id, known.name, known.email) == ("3", "Alice S", "alice@example.test")
    square = square_person(
        {"id": "C", "company_name": "Ltd", "email_address": "x@y.test", "address": {"country": "DE"}}
    )
    assert (square.name, square.country) == ("Ltd", "DE")


def test_a_new_square_customer_says_nothing_of_consent_and_needs_something_to_be_known_by() -> None:
    fields = square_fields(CAROL, reference="woo-7")
    assert fields == {
        "given_name": "Carol",
        "family_name": "Doe",
        "email_address": "Carol@Example.test",
        "phone_number": "+12125550199",
        "reference_id": "woo-7",
    }
    assert square_fields(Person("9", email="broken"), reference="woo-9") == {}
