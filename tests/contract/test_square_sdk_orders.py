"""The official SDK on orders: totals, sparse updates, states, search; checked against Square's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from square.core.api_error import ApiError

from tests.contract.square.account import VERSIONS, Account, open_account
from tests.contract.square.schema import call

ONCE: Any = {"max_retries": 0}
PICKUP = {
    "type": "PICKUP",
    "pickup_details": {
        "recipient": {"display_name": "Ada", "phone_number": "+15550100200"},
        "pickup_at": "2026-10-02T12:00:00Z",
        "prep_time_duration": "PT20M",
    },
}


@pytest.fixture(params=VERSIONS)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made = open_account(request.param)
    yield made
    made.checked.assert_clean()


def ad_hoc(amount: int, quantity: str = "1", **more: Any) -> dict[str, Any]:
    return {"name": "Mug", "quantity": quantity, "base_price_money": {"amount": amount, "currency": "USD"}, **more}


def created(account: Account, *lines: dict[str, Any], **more: Any) -> Any:
    fields = {"location_id": account.places[0], "line_items": list(lines), **more}
    return account.client.orders.create(idempotency_key=account.key(), order=fields, request_options=ONCE).order


def updated(account: Account, order_id: str, version: int, **more: Any) -> Any:
    clear = more.pop("fields_to_clear", None)
    key = more.pop("key", None) or account.key()
    extra = {"fields_to_clear": clear} if clear else {}
    body = {"location_id": account.places[0], "version": version, **more}
    return account.client.orders.update(order_id, idempotency_key=key, order=body, request_options=ONCE, **extra).order


def paid(account: Account, order: Any) -> Any:
    return account.client.payments.create(
        idempotency_key=account.key(),
        source_id="EXTERNAL",
        external_details={"type": "CARD", "source": "WooCommerce"},
        amount_money={"amount": order.total_money.amount, "currency": "USD"},
        order_id=order.id,
        request_options=ONCE,
    ).payment


def code_of(refused: pytest.ExceptionInfo[ApiError]) -> tuple[int, str]:
    return refused.value.status_code or 0, str(refused.value.errors[0].code)


def test_a_catalog_line_takes_name_and_price_from_the_catalog(account: Account) -> None:
    (kid,) = account.new_item("Shirt").item_data.variations
    order = created(account, {"catalog_object_id": kid.id, "quantity": "2"})
    assert (order.line_items[0].name, order.line_items[0].variation_name) == ("Shirt", "S-1")
    assert order.total_money.amount == 3000
    assert (order.state, order.version, order.source.name) == ("OPEN", 1, "bridge")


def test_a_location_price_wins_over_the_variation_price(account: Account) -> None:
    (kid,) = account.new_item("Shirt").item_data.variations
    account.square.acts["edit_price"](kid.id, 1200, account.places[0])
    assert created(account, {"catalog_object_id": kid.id, "quantity": "1"}).total_money.amount == 1200


def test_calculate_and_create_come_to_the_same_totals(account: Account) -> None:
    fields: Any = {
        "location_id": account.places[0],
        "line_items": [ad_hoc(333, "3"), ad_hoc(199)],
        "taxes": [{"uid": "vat", "name": "VAT", "percentage": "9.75", "scope": "ORDER"}],
        "discounts": [{"uid": "off", "name": "Off", "percentage": "12.5", "scope": "ORDER"}],
        "service_charges": [
            {
                "name": "Shipping",
                "amount_money": {"amount": 500, "currency": "USD"},
                "calculation_phase": "SUBTOTAL_PHASE",
                "taxable": True,
            }
        ],
    }
    asked = account.client.orders.calculate(order=fields).order
    made = account.client.orders.create(order=fields).order
    assert asked.id is None
    assert asked.total_money == made.total_money
    assert asked.total_tax_money == made.total_tax_money
    assert asked.total_money.amount == 1198 - 150 + 500 + asked.total_tax_money.amount


def test_an_unknown_variation_and_an_unknown_location_are_refused(account: Account) -> None:
    with pytest.raises(ApiError) as refused:
        created(account, {"catalog_object_id": "NOPE", "quantity": "1"})
    assert code_of(refused) == (400, "NOT_FOUND")
    with pytest.raises(ApiError) as refused:
        account.client.orders.create(order={"location_id": "LNOWHERE"}, request_options=ONCE)
    assert refused.value.status_code == 400


def test_the_same_key_creates_one_order_and_another_body_is_refused(account: Account) -> None:
    fields: Any = {"location_id": account.places[0], "line_items": [ad_hoc(100)], "reference_id": "woo-1"}
    one = account.client.orders.create(idempotency_key="k", order=fields).order
    two = account.client.orders.create(idempotency_key="k", order=fields).order
    assert one.id == two.id
    with pytest.raises(ApiError) as refused:
        account.client.orders.create(
            idempotency_key="k", order={**fields, "reference_id": "woo-2"}, request_options=ONCE
        )
    assert code_of(refused) == (400, "IDEMPOTENCY_KEY_REUSED")


def test_an_update_changes_lines_by_uid_and_clears_what_it_is_told_to(account: Account) -> None:
    order = created(account, ad_hoc(100, note="gift"), ad_hoc(200), metadata={"woo": "7"})
    first, second = order.line_items
    after = updated(
        account,
        order.id,
        1,
        line_items=[{"uid": first.uid, "quantity": "3"}],
        fields_to_clear=[f"line_items[{second.uid}]"],
    )
    assert (after.version, after.total_money.amount) == (2, 300)
    assert after.line_items[0].note == "gift"
    again = updated(account, order.id, 2, fields_to_clear=[f"line_items[{first.uid}].note"], ticket_name="Ada")
    assert again.line_items[0].note is None
    assert (again.ticket_name, again.metadata) == ("Ada", {"woo": "7"})


def test_a_stale_version_is_refused_in_square_words(account: Account) -> None:
    order = created(account, ad_hoc(100))
    updated(account, order.id, 1, ticket_name="Ada")
    with pytest.raises(ApiError) as refused:
        updated(account, order.id, 1, ticket_name="Bob")
    assert code_of(refused) == (400, "VERSION_MISMATCH")
    assert refused.value.errors[0].field == "order.version"
    assert "Supplied version 1 does not match the current version 2" in str(refused.value.errors[0].detail)


def test_a_repeated_update_key_returns_the_order_as_it_is(account: Account) -> None:
    order = created(account, ad_hoc(100))
    updated(account, order.id, 1, ticket_name="Ada", key="same")
    again = updated(account, order.id, 1, ticket_name="Bob", key="same")
    assert (again.ticket_name, again.version) == ("Ada", 2)


def test_paying_gives_a_tender_and_completes_an_order_without_fulfillment(account: Account) -> None:
    order = created(account, ad_hoc(100))
    payment = paid(account, order)
    after = account.client.orders.get(order.id).order
    assert (after.state, after.net_amount_due_money.amount) == ("COMPLETED", 0)
    assert (after.tenders[0].payment_id, after.tenders[0].type) == (payment.id, "OTHER")
    assert after.closed_at is not None


def test_a_pickup_order_stays_open_until_its_fulfillment_ends(account: Account) -> None:
    order = created(account, ad_hoc(100), fulfillments=[PICKUP])
    paid(account, order)
    after = account.client.orders.get(order.id).order
    assert after.state == "OPEN"
    with pytest.raises(ApiError) as refused:
        updated(account, order.id, after.version, state="COMPLETED")
    assert str(refused.value.errors[0].detail).startswith("All fulfillments must have a state of COMPLETED, CANCELED")
    uid = after.fulfillments[0].uid
    done = updated(
        account, order.id, after.version, state="COMPLETED", fulfillments=[{"uid": uid, "state": "COMPLETED"}]
    )
    assert done.state == "COMPLETED"
    assert done.fulfillments[0].pickup_details.picked_up_at is not None


def test_a_fulfillment_writes_down_its_times_and_never_goes_back(account: Account) -> None:
    order = created(account, ad_hoc(100), fulfillments=[PICKUP])
    uid = order.fulfillments[0].uid
    ready = updated(account, order.id, 1, fulfillments=[{"uid": uid, "state": "PREPARED"}])
    details = ready.fulfillments[0].pickup_details
    assert details.placed_at is not None
    assert details.ready_at is not None
    with pytest.raises(ApiError):
        updated(account, order.id, 2, fulfillments=[{"uid": uid, "state": "RESERVED"}])
    with pytest.raises(ApiError):
        updated(account, order.id, 2, fulfillments=[{"uid": uid, "pickup_details": {"prep_time_duration": "PT5M"}}])
    with pytest.raises(ApiError):
        updated(account, order.id, 2, fulfillments=[{"uid": uid, "state": "COMPLETED"}])


def test_an_unpaid_order_can_be_canceled_with_its_fulfillment_and_is_then_final(account: Account) -> None:
    order = created(account, ad_hoc(100), fulfillments=[PICKUP])
    uid = order.fulfillments[0].uid
    gone = updated(account, order.id, 1, state="CANCELED", fulfillments=[{"uid": uid, "state": "CANCELED"}])
    assert gone.state == "CANCELED"
    with pytest.raises(ApiError):
        updated(account, order.id, gone.version, ticket_name="late")


def test_a_zero_order_is_paid_without_payments(account: Account) -> None:
    order = created(account, ad_hoc(0))
    after = account.client.orders.pay(order.id, idempotency_key=account.key(), payment_ids=[]).order
    assert after.state == "COMPLETED"


def test_pay_order_wants_approved_payments_that_add_up(account: Account) -> None:
    order = created(account, ad_hoc(300))
    ids = [
        account.client.payments.create(
            idempotency_key=account.key(),
            source_id="cnon:card-nonce-ok",
            amount_money={"amount": part, "currency": "USD"},
            order_id=order.id,
            autocomplete=False,
        ).payment.id
        for part in (100, 200)
    ]
    with pytest.raises(ApiError):
        account.client.orders.pay(order.id, idempotency_key=account.key(), payment_ids=ids[:1], request_options=ONCE)
    after = account.client.orders.pay(order.id, idempotency_key=account.key(), payment_ids=ids).order
    assert (after.state, len(after.tenders)) == ("COMPLETED", 2)


def test_a_till_order_has_no_version_and_refuses_updates(account: Account) -> None:
    (kid,) = account.new_item().item_data.variations
    sale = account.square.acts["sell"](account.places[0], [{"variation_id": kid.id, "quantity": 1}])
    order = account.client.orders.get(sale["order_id"]).order
    assert (order.version, order.source.name) == (None, "Square Point of Sale")
    with pytest.raises(ApiError) as refused:
        updated(account, order.id, 1, ticket_name="Ada")
    assert refused.value.status_code == 400


def search(account: Account, **more: Any) -> Any:
    more.setdefault("location_ids", account.places)
    return account.client.orders.search(request_options=ONCE, **more)


def test_search_finds_late_offline_sales_by_update_time_only(account: Account) -> None:
    (kid,) = account.new_item().item_data.variations
    account.square.clock.advance(3600)
    sale = account.square.acts["sell"](account.places[0], [{"variation_id": kid.id, "quantity": 1}], offline_hours=48)
    recent = {"start_at": "2026-10-01T12:30:00Z"}
    by_update = search(
        account,
        query={
            "filter": {"date_time_filter": {"updated_at": recent}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        },
    )
    assert [order.id for order in by_update.orders] == [sale["order_id"]]
    by_creation = search(account, query={"filter": {"date_time_filter": {"created_at": recent}}})
    assert by_creation.orders is None


def test_search_refuses_a_sort_that_does_not_match_the_filter(account: Account) -> None:
    span = {"updated_at": {"start_at": "2026-10-01T00:00:00Z"}}
    with pytest.raises(ApiError):
        search(account, query={"filter": {"date_time_filter": span}, "sort": {"sort_field": "CREATED_AT"}})
    with pytest.raises(ApiError):
        search(account, query={"sort": {"sort_field": "CLOSED_AT"}})
    with pytest.raises(ApiError):
        search(account, location_ids=[])
    with pytest.raises(ApiError):
        search(account, location_ids=[f"L{number}" for number in range(11)])


def test_search_pages_through_every_order_once(account: Account) -> None:
    made = {created(account, ad_hoc(100 + number)).id for number in range(5)}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = search(account, limit=2, return_entries=True, **cursor)
        seen += [entry.order_id for entry in answer.order_entries or []]
        if not answer.cursor:
            break
        cursor = {"cursor": answer.cursor}
    assert sorted(seen) == sorted(made)


def test_search_filters_by_state_source_and_fulfillment(account: Account) -> None:
    plain = created(account, ad_hoc(100), source={"name": "Web"})
    pickup = created(account, ad_hoc(200), fulfillments=[PICKUP])
    paid(account, plain)
    only_open = search(account, query={"filter": {"state_filter": {"states": ["OPEN"]}}})
    assert [order.id for order in only_open.orders] == [pickup.id]
    web = search(account, query={"filter": {"source_filter": {"source_names": ["Web"]}}})
    assert [order.id for order in web.orders] == [plain.id]
    wanted = {"fulfillment_filter": {"fulfillment_types": ["PICKUP"], "fulfillment_states": ["PROPOSED"]}}
    assert [order.id for order in search(account, query={"filter": wanted}).orders] == [pickup.id]


def test_batch_retrieve_leaves_unknown_ids_out(account: Account) -> None:
    order = created(account, ad_hoc(100))
    found = account.client.orders.batch_get(order_ids=[order.id, "NOPE"]).orders
    assert [one.id for one in found] == [order.id]
    status, _ = call(account.square, "GET", "/v2/orders/NOPE")
    assert status == 404


def test_taxes_of_the_catalog_are_applied_when_asked_for(account: Account) -> None:
    tax = account.client.catalog.object.upsert(
        idempotency_key=account.key(),
        object={
            "type": "TAX",
            "id": "#tax",
            "tax_data": {
                "name": "Sales tax",
                "calculation_phase": "TAX_SUBTOTAL_PHASE",
                "inclusion_type": "ADDITIVE",
                "percentage": "10",
                "enabled": True,
            },
        },
    ).catalog_object
    (kid,) = account.new_item("Shirt", tax_ids=[tax.id]).item_data.variations
    line = {"catalog_object_id": kid.id, "quantity": "1"}
    assert created(account, line).total_tax_money.amount == 0
    order = created(account, line, pricing_options={"auto_apply_taxes": True})
    assert order.total_tax_money.amount == 150
    assert order.taxes[0].catalog_object_id == tax.id
