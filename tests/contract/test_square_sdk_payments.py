"""The official SDK on payments and refunds, and what they do to stock; checked against Square's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from square.core.api_error import ApiError

from tests.contract.square.account import VERSIONS, Account, open_account
from tests.contract.square.schema import call

ONCE: Any = {"max_retries": 0}
EXTERNAL = {"type": "OTHER", "source": "WooCommerce", "source_id": "woo-17"}


@pytest.fixture(params=VERSIONS)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made = open_account(request.param)
    yield made
    made.checked.assert_clean()


def stocked(account: Account, quantity: int = 10) -> str:
    (kid,) = account.new_item().item_data.variations
    account.square.acts["count"](account.places[0], kid.id, quantity)
    return str(kid.id)


def on_hand(account: Account, variation_id: str, place: int = 0) -> Decimal:
    return account.square.state.inventory.on_hand(variation_id, account.places[place])


def order_of(account: Account, variation_id: str, quantity: str = "2", **more: Any) -> Any:
    line = {"catalog_object_id": variation_id, "quantity": quantity}
    fields: Any = {"location_id": account.places[0], "line_items": [line], **more}
    return account.client.orders.create(idempotency_key=account.key(), order=fields).order


def pay(account: Account, amount: int, **more: Any) -> Any:
    more.setdefault("source_id", "EXTERNAL")
    if more["source_id"] == "EXTERNAL":
        more.setdefault("external_details", EXTERNAL)
    more.setdefault("idempotency_key", account.key())
    money: Any = {"amount": amount, "currency": "USD"}
    return account.client.payments.create(amount_money=money, request_options=ONCE, **more).payment


def refund(account: Account, payment_id: str, amount: int, **more: Any) -> Any:
    more.setdefault("idempotency_key", account.key())
    money: Any = {"amount": amount, "currency": "USD"}
    return account.client.refunds.refund_payment(
        payment_id=payment_id, amount_money=money, request_options=ONCE, **more
    ).refund


def code_of(refused: pytest.ExceptionInfo[ApiError]) -> str:
    return str(refused.value.errors[0].code)


def test_a_paid_order_takes_its_stock_exactly_once(account: Account) -> None:
    shirt = stocked(account)
    order = order_of(account, shirt)
    assert on_hand(account, shirt) == 10
    first = pay(account, 3000, order_id=order.id, idempotency_key="pay")
    again = pay(account, 3000, order_id=order.id, idempotency_key="pay")
    assert first.id == again.id
    assert on_hand(account, shirt) == 8
    sales = [event for event in account.square.journal if event.kind == "sale"]
    assert [(event.actor, event.delta) for event in sales] == [("api:bridge", Decimal(-2))]


def test_an_untracked_line_moves_no_stock(account: Account) -> None:
    shirt = stocked(account)
    account.square.acts["set_tracking"](shirt, False)
    pay(account, 3000, order_id=order_of(account, shirt).id)
    assert on_hand(account, shirt) == 10


def test_an_amount_that_is_not_due_is_refused(account: Account) -> None:
    order = order_of(account, stocked(account))
    with pytest.raises(ApiError) as refused:
        pay(account, 2999, order_id=order.id)
    assert "does not match the total of the sale order" in str(refused.value.errors[0].detail)


def test_an_external_payment_names_its_kind_and_source(account: Account) -> None:
    payment = pay(account, 500, location_id=account.places[1], note="web")
    assert (payment.status, payment.source_type, payment.external_details.source) == (
        "COMPLETED",
        "EXTERNAL",
        "WooCommerce",
    )
    made = account.client.orders.get(payment.order_id).order
    assert (made.state, made.total_money.amount) == ("COMPLETED", 500)
    with pytest.raises(ApiError):
        pay(account, 500, external_details={"type": "BARTER", "source": "x"})


def test_cash_gives_change(account: Account) -> None:
    payment = pay(
        account, 700, source_id="CASH", cash_details={"buyer_supplied_money": {"amount": 1000, "currency": "USD"}}
    )
    assert payment.cash_details.change_back_money.amount == 300


def test_a_key_longer_than_45_is_refused(account: Account) -> None:
    money = {"amount": 1, "currency": "USD"}
    external: Any = {"source_id": "EXTERNAL", "external_details": EXTERNAL, "amount_money": money}
    body = {"idempotency_key": "k" * 46, **external}
    status, answer = call(account.square, "POST", "/v2/payments", body)
    assert (status, answer["errors"][0]["code"]) == (400, "VALUE_TOO_LONG")
    assert not account.client.payments.list().items


def test_a_delayed_card_payment_can_be_completed_or_canceled(account: Account) -> None:
    order = order_of(account, stocked(account))
    one = pay(account, 3000, source_id="cnon:ok", autocomplete=False, order_id=order.id)
    assert one.status == "APPROVED"
    assert account.client.payments.cancel(one.id).payment.status == "CANCELED"
    two = pay(account, 3000, source_id="cnon:ok", autocomplete=False, order_id=order.id)
    done = account.client.payments.complete(two.id, version_token=two.version_token).payment
    assert done.status == "COMPLETED"
    assert account.client.orders.get(order.id).order.state == "COMPLETED"


def test_canceling_by_key_voids_a_known_payment_and_shrugs_at_an_unknown_key(account: Account) -> None:
    payment = pay(account, 100, source_id="cnon:ok", autocomplete=False, idempotency_key="lost")
    account.client.payments.cancel_by_idempotency_key(idempotency_key="never-used")
    account.client.payments.cancel_by_idempotency_key(idempotency_key="lost")
    assert account.client.payments.get(payment.id).payment.status == "CANCELED"


def test_the_list_shows_the_main_location_unless_told_otherwise(account: Account) -> None:
    here = pay(account, 100)
    there = pay(account, 200, location_id=account.places[1])
    assert [row.id for row in account.client.payments.list()] == [here.id]
    assert [row.id for row in account.client.payments.list(location_id=account.places[1])] == [there.id]


def test_payments_are_polled_by_update_time(account: Account) -> None:
    old = pay(account, 100)
    account.square.clock.advance(600)
    new = pay(account, 200)
    account.square.clock.advance(600)
    since: Any = {"updated_at_begin_time": "2026-10-01T12:05:00Z", "sort_field": "UPDATED_AT"}
    assert [row.id for row in account.client.payments.list(**since)] == [new.id]
    refund(account, old.id, 50)
    newest_first = [row.id for row in account.client.payments.list(**since)]
    assert newest_first == [old.id, new.id]
    paged = [row.id for row in account.client.payments.list(limit=1, **since)]
    assert paged == newest_first


def test_a_refund_makes_a_return_order_and_restocks_nothing(account: Account) -> None:
    shirt = stocked(account)
    order = order_of(account, shirt)
    payment = pay(account, 3000, order_id=order.id)
    made = refund(account, payment.id, 1500, reason="too small")
    assert (made.status, made.unlinked) == ("COMPLETED", False)
    returned = account.client.orders.get(made.order_id).order
    (line,) = returned.returns[0].return_line_items
    assert (line.item_type, returned.returns[0].source_order_id) == ("CUSTOM_AMOUNT", order.id)
    assert returned.return_amounts.total_money.amount == 1500
    assert on_hand(account, shirt) == 8
    after = account.client.payments.get(payment.id).payment
    assert (after.refunded_money.amount, after.refund_ids) == (1500, [made.id])
    assert account.client.refunds.get(made.id).refund.payment_id == payment.id


def test_refunds_never_exceed_the_payment(account: Account) -> None:
    payment = pay(account, 1000)
    refund(account, payment.id, 600)
    with pytest.raises(ApiError) as refused:
        refund(account, payment.id, 401)
    assert code_of(refused) == "REFUND_AMOUNT_INVALID"
    assert [row.amount_money.amount for row in account.client.refunds.list()] == [600]


def test_a_payment_takes_twenty_refunds_and_no_more(account: Account) -> None:
    payment = pay(account, 1000)
    for _ in range(20):
        account.square.acts["refund_amount"](payment.id, 1)
    with pytest.raises(ApiError) as refused:
        refund(account, payment.id, 1)
    assert code_of(refused) == "PAYMENT_NOT_REFUNDABLE"


def test_an_uncompleted_an_old_and_a_pending_payment_are_not_refunded(account: Account) -> None:
    approved = pay(account, 100, source_id="cnon:ok", autocomplete=False)
    with pytest.raises(ApiError) as refused:
        refund(account, approved.id, 100)
    assert code_of(refused) == "REFUND_ERROR_PAYMENT_NEEDS_COMPLETION"
    account.square.trade.refund_outcome = "PENDING"
    card = pay(account, 100, source_id="cnon:ok")
    pending = refund(account, card.id, 50)
    assert pending.status == "PENDING"
    with pytest.raises(ApiError) as refused:
        refund(account, card.id, 10)
    assert code_of(refused) == "REFUND_ALREADY_PENDING"
    account.square.acts["settle_refund"](pending.id)
    account.square.clock.advance(366 * 86400)
    with pytest.raises(ApiError) as refused:
        refund(account, card.id, 10)
    assert code_of(refused) == "PAYMENT_NOT_REFUNDABLE"


def test_an_unlinked_refund_is_refused_unless_the_seller_may(account: Account) -> None:
    unlinked: Any = {
        "amount_money": {"amount": 100, "currency": "USD"},
        "unlinked": True,
        "destination_id": "CASH",
        "location_id": account.places[0],
        "cash_details": {"seller_supplied_money": {"amount": 100, "currency": "USD"}},
        "request_options": ONCE,
    }
    with pytest.raises(ApiError) as refused:
        account.client.refunds.refund_payment(idempotency_key=account.key(), **unlinked)
    assert refused.value.errors[0].detail == "Unlinked refund processing is not enabled for this merchant."
    account.square.trade.unlinked_refunds = True
    account.square.state.locations[account.places[0]]["capabilities"].append("UNLINKED_REFUNDS")
    made = account.client.refunds.refund_payment(idempotency_key=account.key(), **unlinked).refund
    assert (made.status, made.unlinked, made.payment_id) == ("COMPLETED", True, None)
