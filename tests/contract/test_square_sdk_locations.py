"""The official SDK on locations, merchants and tokens, checked against Square's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from square.core.api_error import ApiError

from tests.contract.square.account import VERSIONS, Account, open_account
from tests.contract.square.schema import call

ONCE: Any = {"max_retries": 0}


@pytest.fixture(params=VERSIONS)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made = open_account(request.param)
    yield made
    made.checked.assert_clean()


def test_the_list_is_in_order_of_name_and_keeps_closed_stores(account: Account) -> None:
    account.square.acts["deactivate_location"](account.places[0])
    found = account.client.locations.list().locations
    assert [place.name for place in found] == ["Downtown", "Harbour", "Station"]
    assert [place.status for place in found] == ["INACTIVE", "ACTIVE", "ACTIVE"]


def test_main_stands_for_the_first_location(account: Account) -> None:
    assert account.client.locations.get("main").location.id == account.places[0]


def test_a_new_store_keeps_hours_address_and_time_zone(account: Account) -> None:
    hours = {"periods": [{"day_of_week": "MON", "start_local_time": "09:00:00", "end_local_time": "17:00:00"}]}
    made = account.client.locations.create(
        location={
            "name": "Airport",
            "timezone": "Europe/Berlin",
            "business_hours": hours,
            "address": {"address_line1": "1 Main St", "locality": "Springfield", "country": "US"},
            "phone_number": "+15550100200",
        }
    ).location
    assert made.business_hours.periods[0].start_local_time == "09:00:00"
    assert made.timezone == "Europe/Berlin"
    assert account.client.locations.get(made.id).location.address.locality == "Springfield"


def test_two_stores_cannot_have_one_name(account: Account) -> None:
    with pytest.raises(ApiError) as refused:
        account.client.locations.create(location={"name": "Harbour"}, request_options=ONCE)
    assert refused.value.status_code == 400


def test_an_update_changes_only_what_it_names_and_null_clears(account: Account) -> None:
    place = account.places[1]
    account.client.locations.update(place, location={"description": "By the sea", "mcc": "5734"})
    after = account.client.locations.update(place, location={"description": None}).location
    assert after.description is None
    assert (after.name, after.mcc) == ("Harbour", "5734")


def test_an_unknown_location_is_not_found(account: Account) -> None:
    with pytest.raises(ApiError) as refused:
        account.client.locations.get("LNOWHERE", request_options=ONCE)
    assert refused.value.status_code == 404


def test_the_merchant_names_its_main_location(account: Account) -> None:
    (merchant,) = account.client.merchants.list().items
    assert merchant.main_location_id == account.places[0]
    assert account.client.merchants.get("me").merchant.id == merchant.id


def test_a_token_tells_its_scopes_and_end(account: Account) -> None:
    token = account.square.acts["add_token"](scopes=["ITEMS_READ"], seconds=3600)
    status, body = call(account.checked, "POST", "/oauth2/token/status", {}, authorization=f"Bearer {token}")
    assert status == 200
    assert body["scopes"] == ["ITEMS_READ"]
    assert body["expires_at"] == "2026-10-01T13:00:00.000Z"


def test_a_refreshed_token_works_for_thirty_days(account: Account) -> None:
    made = account.client.o_auth.obtain_token(
        client_id=account.square.state.application_id,
        client_secret=account.square.state.application_secret,
        grant_type="refresh_token",
        refresh_token="sandbox-refresh-token",
    )
    assert made.expires_at == "2026-10-31T12:00:00.000Z"
    status, _ = call(account.checked, "GET", "/v2/locations", authorization=f"Bearer {made.access_token}")
    account.square.clock.advance(30 * 86400)
    late, body = call(account.checked, "GET", "/v2/locations", authorization=f"Bearer {made.access_token}")
    assert (status, late) == (200, 401)
    assert body["errors"][0]["code"] == "ACCESS_TOKEN_EXPIRED"


def test_a_revoked_token_is_refused_and_a_missing_scope_too(account: Account) -> None:
    token = account.square.acts["add_token"](scopes=["ITEMS_READ"])
    status, body = call(account.checked, "GET", "/v2/locations", authorization=f"Bearer {token}")
    assert (status, body["errors"][0]["code"]) == (403, "INSUFFICIENT_SCOPES")
    account.square.acts["revoke_token"](token)
    status, body = call(account.checked, "GET", "/v2/locations", authorization=f"Bearer {token}")
    assert (status, body["errors"][0]["code"]) == (401, "ACCESS_TOKEN_REVOKED")
