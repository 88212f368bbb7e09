"""The official SDK on customers, one by one and in bulk; checked against Square's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from square.core.api_error import ApiError

from tests.contract.square.account import VERSIONS, Account, open_account

ONCE: Any = {"max_retries": 0}


@pytest.fixture(params=VERSIONS)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made = open_account(request.param)
    yield made
    made.checked.assert_clean()


def ada(account: Account, **more: Any) -> Any:
    fields: Any = {"given_name": "Ada", "email_address": "ada@example.com", "phone_number": "+15550100200", **more}
    return account.client.customers.create(request_options=ONCE, **fields).customer


def found(account: Account, **filters: Any) -> list[str]:
    wanted: Any = {"filter": filters}
    return [row.id for row in account.client.customers.search(query=wanted, request_options=ONCE).customers or []]


def code_of(refused: pytest.ExceptionInfo[ApiError]) -> str:
    return str(refused.value.errors[0].code)


def test_square_makes_doubles_without_a_word(account: Account) -> None:
    assert ada(account).id != ada(account).id


def test_a_customer_needs_a_name_or_a_way_to_be_reached(account: Account) -> None:
    with pytest.raises(ApiError) as refused:
        account.client.customers.create(note="nobody", request_options=ONCE)
    assert refused.value.status_code == 400


def test_bad_phone_numbers_and_addresses_are_refused(account: Account) -> None:
    with pytest.raises(ApiError) as refused:
        ada(account, phone_number="12")
    assert code_of(refused) == "INVALID_PHONE_NUMBER"
    with pytest.raises(ApiError) as refused:
        ada(account, email_address="nowhere")
    assert code_of(refused) == "INVALID_EMAIL_ADDRESS"


def test_an_update_changes_what_it_names_and_null_clears(account: Account) -> None:
    made = ada(account)
    after = account.client.customers.update(made.id, phone_number=None, note="regular").customer
    assert (after.phone_number, after.note, after.given_name) == (None, "regular", "Ada")
    assert after.version == made.version + 1
    with pytest.raises(ApiError):
        account.client.customers.update(made.id, note="x", version=made.version, request_options=ONCE)


def test_a_deleted_customer_is_gone(account: Account) -> None:
    made = ada(account)
    account.client.customers.delete(made.id)
    with pytest.raises(ApiError) as refused:
        account.client.customers.get(made.id, request_options=ONCE)
    assert refused.value.status_code == 404


def test_search_by_email_ignores_case_and_by_phone_wants_e164(account: Account) -> None:
    made = ada(account, reference_id="woo-7")
    account.client.customers.create(given_name="Bob", email_address="bob@example.org")
    assert found(account, email_address={"exact": "ADA@example.com"}) == [made.id]
    assert found(account, phone_number={"exact": "+15550100200"}) == [made.id]
    assert found(account, reference_id={"exact": "woo-7"}, email_address={"fuzzy": "example"}) == [made.id]
    assert found(account, email_address={"exact": "nobody@example.com"}) == []
    with pytest.raises(ApiError):
        found(account, phone_number={"exact": "5550100200"})


def test_the_search_index_lags_when_told_to(account: Account) -> None:
    account.square.people.search_lag = 30
    made = ada(account)
    assert found(account, email_address={"exact": "ada@example.com"}) == []
    assert account.client.customers.get(made.id).customer.id == made.id
    account.square.clock.advance(31)
    assert found(account, email_address={"exact": "ada@example.com"}) == [made.id]


def test_the_list_goes_through_every_customer_in_pages(account: Account) -> None:
    made = sorted(ada(account, given_name=f"N{number}").id for number in range(5))
    assert sorted(row.id for row in account.client.customers.list(limit=2)) == made


def test_bulk_calls_answer_for_each_customer(account: Account) -> None:
    made = account.client.customers.batch_create(
        customers={"k1": {"given_name": "A"}, "k2": {"note": "nobody"}}
    ).responses
    assert made["k2"].errors
    ada_id = made["k1"].customer.id
    again = account.client.customers.batch_create(customers={"k1": {"given_name": "A"}}).responses
    assert again["k1"].customer.id == ada_id
    changed = account.client.customers.bulk_update_customers(customers={ada_id: {"note": "x"}, "NO": {"note": "y"}})
    assert changed.responses[ada_id].customer.note == "x"
    assert changed.responses["NO"].errors[0].code == "NOT_FOUND"
    seen = account.client.customers.bulk_retrieve_customers(customer_ids=[ada_id]).responses
    assert seen[ada_id].customer.given_name == "A"
    account.client.customers.bulk_delete_customers(customer_ids=[ada_id])
    assert found(account) == []
