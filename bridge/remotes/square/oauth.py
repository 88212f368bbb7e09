"""Square's OAuth: the address where the retailer agrees, and the endpoint that grants and renews tokens.

Two flows: with the application's secret (the refresh token stays the same and does not end), or PKCE without a
secret (each refresh token works once, for 90 days). https://developer.squareup.com/docs/oauth-api/overview
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import orjson

from bridge.errors import AccessRefused, InputError, RemoteDown

SCOPES = (
    "ITEMS_READ",
    "ITEMS_WRITE",
    "INVENTORY_READ",
    "INVENTORY_WRITE",
    "ORDERS_READ",
    "ORDERS_WRITE",
    "PAYMENTS_READ",
    "PAYMENTS_WRITE",
    "MERCHANT_PROFILE_READ",
    "CUSTOMERS_READ",
    "CUSTOMERS_WRITE",
)
"""What the bridge needs, and nothing else."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What Square granted; times are RFC 3339 text, "" where it names none."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: str = ""
    refresh_expires_at: str = ""
    merchant_id: str = ""


def challenge_of(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def consent_address(base_url: str, application_id: str, state: str, *, challenge: str = "", redirect: str = "") -> str:
    """Where the retailer agrees, in a browser; ``challenge`` for PKCE, ``redirect`` when it has several."""
    asked = {"client_id": application_id, "scope": " ".join(SCOPES), "session": "false", "state": state}
    if challenge:
        asked |= {"code_challenge": challenge}
    if redirect:
        asked |= {"redirect_uri": redirect}
    return f"{base_url}/oauth2/authorize?{urlencode(asked)}"


def code_in(address: str, state: str) -> str:
    """The code in the address the browser ended at; raises ``InputError`` when it is not the answer to ``state``."""
    given = parse_qs(urlsplit(address.strip()).query)
    if given.get("error"):
        said = " ".join([*given["error"], *given.get("error_description", [])])
        raise InputError(f"Square says: {said[:200]}.", advice="Run `bridge auth url` and agree this time.")
    code = given.get("code", [""])[0]
    if not code:
        advice = "Paste the whole address of the page that the browser showed after you agreed."
        raise InputError("There is no code in that address.", advice=advice)
    if given.get("state", [""])[0] != state:
        raise InputError("That address belongs to another login.", advice="Run `bridge auth url` and begin again.")
    return code


class TokenEndpoint:
    """``POST /oauth2/token`` of one application; without ``secret`` it speaks PKCE.

    Both calls raise ``AccessRefused`` when Square says no, ``RemoteDown`` when it did not answer usably: then a
    single-use refresh token may be used up, and the next call tells.
    """

    def __init__(
        self,
        base_url: str,
        application_id: str,
        secret: str = "",
        *,
        version: str = "2026-09-16",
        timeout: float = 15,
        client: httpx.Client | None = None,
    ) -> None:
        self._url, self._id, self._secret, self._version = f"{base_url}/oauth2/token", application_id, secret, version
        self._http = client or httpx.Client(timeout=timeout, follow_redirects=False)

    def redeem(self, code: str, *, verifier: str = "", redirect: str = "") -> Granted:
        """Tokens for the code of a login."""
        body = {"grant_type": "authorization_code", "code": code}
        if redirect:
            body["redirect_uri"] = redirect
        if not self._secret:
            body["code_verifier"] = verifier
        return self._ask(body)

    def renew(self, refresh_token: str) -> Granted:
        """New tokens for a refresh token."""
        return self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(self, body: dict[str, str]) -> Granted:
        body = {"client_id": self._id, **body}
        if self._secret:
            body["client_secret"] = self._secret
        headers = {"Content-Type": "application/json", "Square-Version": self._version}
        try:
            answer = self._http.post(self._url, content=orjson.dumps(body), headers=headers)
        except httpx.HTTPError as broken:
            raise RemoteDown(f"Square does not answer: {type(broken).__name__}.") from None
        said = _json(answer.content)
        if answer.status_code in (400, 401, 403, 404):
            raise AccessRefused(f"Square: {_words(said, answer.status_code)}")
        if answer.status_code != 200 or not said.get("access_token"):
            raise RemoteDown(f"Square does not answer: HTTP {answer.status_code} at its token endpoint.")
        return Granted(
            access_token=str(said["access_token"]),
            # an answer that names none leaves the old one in force
            refresh_token=str(said.get("refresh_token") or body.get("refresh_token", "")),
            expires_at=str(said.get("expires_at") or ""),
            refresh_expires_at=str(said.get("refresh_token_expires_at") or ""),
            merchant_id=str(said.get("merchant_id") or ""),
        )


def _json(content: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _words(said: dict[str, Any], status: int) -> str:
    # the token endpoint also knows an older form of refusal: {"message": …, "type": …}
    errors: Sequence[Any] = said.get("errors") or []
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    text = first.get("detail") or first.get("code") or said.get("message") or f"refused (HTTP {status})"
    return str(text)[:200]
