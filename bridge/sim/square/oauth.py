"""OAuth at Square: what a token is, refreshing it, taking it back."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.auth import Token
from bridge.sim.square.moments import rfc3339
from bridge.sim.square.routes import Router, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]

LIFETIME = timedelta(days=30)
SHORT_LIFETIME = timedelta(hours=24)
PKCE_LIFETIME = timedelta(days=90)
CODE_LIFETIME = timedelta(minutes=5)
REFRESH_TOKEN = "sandbox-refresh-token"
"""The refresh token of the code flow: it stays the same and does not expire."""
ALL_SCOPES = (
    "ITEMS_READ",
    "ITEMS_WRITE",
    "INVENTORY_READ",
    "INVENTORY_WRITE",
    "ORDERS_READ",
    "ORDERS_WRITE",
    "PAYMENTS_READ",
    "PAYMENTS_WRITE",
    "MERCHANT_PROFILE_READ",
    "MERCHANT_PROFILE_WRITE",
    "CUSTOMERS_READ",
    "CUSTOMERS_WRITE",
)


def register(router: Router) -> None:
    """Add the endpoints."""
    router.add("POST", "/oauth2/token/status", token_status)
    router.add("POST", "/oauth2/token", obtain, scopes=("NO_TOKEN",))
    router.add("POST", "/oauth2/revoke", revoke, scopes=("NO_TOKEN",))


def register_acts(square: FakeSquare) -> None:
    """Add what happens to tokens: ``authorize``, ``revoke_token``, ``expire_token``, ``add_token``, ``set_scopes``."""
    for act in (authorize, revoke_token, expire_token, add_token, set_scopes):
        square.acts[act.__name__] = partial(act, square)


def token_status(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST with the token itself: its scopes, seller and end."""
    token = square.state.tokens[request.headers["authorization"].split(" ", 1)[1].strip()]
    answer: Json = {
        "scopes": sorted(ALL_SCOPES if token.scopes is None else token.scopes),
        "client_id": square.state.application_id,
        "merchant_id": square.state.merchant["id"],
    }
    if token.expires_at is not None:
        answer["expires_at"] = rfc3339(token.expires_at)
    return answer


def obtain(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a code or a refresh token for a new access token of 30 days (24 hours if short-lived).

    The code flow proves itself with the application's secret and keeps its refresh token; PKCE proves itself with
    the verifier, and each refresh token works once and for 90 days.
    """
    body = body or {}
    for name in ("client_id", "grant_type"):
        if not body.get(name):
            raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", name)
    if body["client_id"] != square.state.application_id:
        raise refusal("NOT_FOUND", "Application not found.", "client_id")
    if body["grant_type"] == "refresh_token":
        pkce = _refresh(square, body)
    elif body["grant_type"] == "authorization_code" and body.get("code"):
        pkce = _redeem(square, body)
    else:
        raise refusal("INVALID_VALUE", "Unknown grant type or missing code.", "grant_type")
    lifetime = SHORT_LIFETIME if body.get("short_lived") else LIFETIME
    token = add_token(square, scopes=body.get("scopes"), seconds=lifetime.total_seconds())
    end = square.state.tokens[token].expires_at or square.clock.now()
    answer: Json = {
        "access_token": token,
        "token_type": "bearer",
        "expires_at": rfc3339(end),
        "merchant_id": square.state.merchant["id"],
        "refresh_token": REFRESH_TOKEN,
        "short_lived": bool(body.get("short_lived")),
    }
    if pkce:
        answer |= _single_use(square)
    return answer


def _refresh(square: FakeSquare, body: Json) -> bool:
    """True for a PKCE refresh token, which this uses up."""
    given = str(body.get("refresh_token", ""))
    if given == REFRESH_TOKEN:
        _check_secret(square, body)
        return False
    end = square.state.refresh_tokens.pop(given, None)
    if end is None or end <= square.clock.now():
        raise refusal("UNAUTHORIZED", "Invalid refresh token.")
    return True


def _redeem(square: FakeSquare, body: Json) -> bool:
    """True for a code of the PKCE flow; a code works once, for five minutes."""
    challenge, end = square.state.codes.pop(body["code"], ("", square.clock.now()))
    if end <= square.clock.now():
        raise refusal("UNAUTHORIZED", "Authorization code not found.")
    if not challenge:
        _check_secret(square, body)
        return False
    made = hashlib.sha256(str(body.get("code_verifier", "")).encode()).digest()
    if base64.urlsafe_b64encode(made).rstrip(b"=").decode() != challenge:
        raise refusal("UNAUTHORIZED", "Invalid code verifier.")
    return True


def _check_secret(square: FakeSquare, body: Json) -> None:
    if body.get("client_secret") != square.state.application_secret:
        raise refusal("UNAUTHORIZED", "Not Authorized")


def _single_use(square: FakeSquare) -> Json:
    token, end = f"EQAA{square.ids.token(60)}", square.clock.now() + PKCE_LIFETIME
    square.state.refresh_tokens[token] = end
    return {"refresh_token": token, "refresh_token_expires_at": rfc3339(end)}


def revoke(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST with ``Authorization: Client <secret>`` to take a token, or all of a seller's, back."""
    scheme = request.headers.get("authorization", "").partition(" ")[0]
    if scheme.lower() != "client":
        raise refusal("UNAUTHORIZED", "This endpoint wants the application secret.")
    body = body or {}
    named = body.get("access_token")
    if named and named not in square.state.tokens:
        raise refusal("NOT_FOUND", "Access token not found.")
    if not named and body.get("merchant_id") != square.state.merchant["id"]:
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "access_token")
    _take_back(square, named, "APPLICATION")
    return {"success": True}


def _take_back(square: FakeSquare, named: str | None, revoker: str) -> None:
    for token in square.state.tokens.values():
        if named in (None, token.token):
            token.revoked = True
    at = rfc3339(square.stamp())
    content = {"revocation": {"revoked_at": at, "revoker_type": revoker}}
    square.emit("oauth.authorization.revoked", "revocation", square.ids.uuid(), content)


# -- acts -----------------------------------------------------------------------------
def authorize(square: FakeSquare, code_challenge: str = "") -> str:
    """The seller agrees on Square's page; returns the code that their browser takes back to the application."""
    code = f"sq0cgb-{square.ids.token(22)}"
    square.state.codes[code] = (code_challenge, square.clock.now() + CODE_LIFETIME)
    return code


def revoke_token(square: FakeSquare, token: str | None = None) -> None:
    """The seller disconnects the application: its token (all tokens) no longer work."""
    _take_back(square, token, "MERCHANT")


def expire_token(square: FakeSquare, token: str | None = None) -> None:
    """A token (all tokens) reaches its end now."""
    for known in square.state.tokens.values():
        if token in (None, known.token):
            known.expires_at = square.clock.now()


def add_token(
    square: FakeSquare, scopes: list[str] | None = None, seconds: float | None = None, kind: str = "oauth"
) -> str:
    """A new access token; returns it. ``scopes`` absent: all of them."""
    text = f"EAAA{square.ids.token(60)}"
    square.state.tokens[text] = Token(
        text,
        scopes=None if scopes is None else frozenset(scopes),
        expires_at=None if seconds is None else square.clock.now() + timedelta(seconds=seconds),
        kind="personal" if kind == "personal" else "oauth",
    )
    return text


def set_scopes(square: FakeSquare, token: str, scopes: list[str]) -> None:
    """Take scopes away from a token, or give them."""
    square.state.tokens[token].scopes = frozenset(scopes)
