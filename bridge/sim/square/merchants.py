"""Square's merchant endpoints: the one seller behind the token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.routes import Router, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]


def register(router: Router) -> None:
    """Add the endpoints."""
    router.add("GET", "/v2/merchants", list_merchants, scopes=("MERCHANT_PROFILE_READ",))
    router.add("GET", "/v2/merchants/{merchant_id}", retrieve, scopes=("MERCHANT_PROFILE_READ",))


def list_merchants(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET the merchants of the token: always one. The list's name is singular at Square."""
    return {"merchant": [square.state.merchant]}


def retrieve(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET one merchant, by id or ``me``."""
    merchant = square.state.merchant
    if args["merchant_id"] not in ("me", merchant["id"]):
        raise refusal("NOT_FOUND", f"Merchant `{args['merchant_id']}` not found.")
    return {"merchant": merchant}
