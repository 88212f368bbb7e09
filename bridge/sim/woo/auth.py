"""Who is calling: consumer keys (Basic, query, OAuth 1.0a) and application passwords, as recorded."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.woo.routes import NOBODY, Caller, WooError
from bridge.sim.woo.state import ApiKey

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

CODE = "woocommerce_rest_authentication_error"
_OAUTH = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_MAX_AGE = 15 * 60


def is_https(request: SimRequest) -> bool:
    """What PHP believes: its own scheme, or the word of a proxy that says so."""
    return request.scheme == "https" or request.headers.get("x-forwarded-proto", "") == "https"


def authenticate(shop: FakeWoo, request: SimRequest, route: str, *, plain: bool) -> Caller:
    """The caller, ``NOBODY`` when nothing was understood; raises the recorded 401.

    ``plain`` says the request came by ``?rest_route=``: consumer keys are then not looked at. The same holds
    outside ``wc/`` and ``wc-…`` routes.
    """
    keys_work = not plain and route.startswith(("/wc/", "/wc-"))
    secure = is_https(request)
    basic = request.headers.get("authorization", "") if secure else ""
    if not basic.startswith("Basic "):
        basic = ""
    if keys_work:
        if secure:
            caller = _by_key_pair(shop, request, basic)
            if caller is not None:
                return caller
        if any(key.startswith("oauth_") for key, _ in _oauth_pairs(request)):
            return _by_oauth(shop, request)
    if basic:
        return _by_app_password(shop, basic, strict=not keys_work)
    return NOBODY


def check_permission(caller: Caller, method: str) -> None:
    """Refuse a read key that writes and a write key that reads (before any route is looked for)."""
    if not caller.by_key or caller.permissions == "read_write":
        return
    reading = method in ("GET", "HEAD")
    if reading and caller.permissions == "write":
        raise WooError(401, CODE, "The API key provided does not have read permissions.")
    if not reading and method != "OPTIONS" and caller.permissions == "read":
        raise WooError(401, CODE, "The API key provided does not have write permissions.")


def caller_of(key: ApiKey) -> Caller:
    """The caller behind a consumer key."""
    return Caller(key.role, f"api:{key.description}", key.permissions, True, key.user_id)


def _by_key_pair(shop: FakeWoo, request: SimRequest, basic: str) -> Caller | None:
    if basic:
        name, secret = _split_basic(basic)
    else:
        name, secret = request.arg("consumer_key"), request.arg("consumer_secret")
        if not (name and secret):
            return None
    key = shop.state.keys.get(name)
    if key is None:
        return None
    if not hmac.compare_digest(key.secret.encode(), secret.encode()):
        raise WooError(401, CODE, "Consumer secret is invalid.")
    return caller_of(key)


def _split_basic(header: str) -> tuple[str, str]:
    try:
        name, _, secret = b64decode(header[6:]).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _by_app_password(shop: FakeWoo, basic: str, *, strict: bool) -> Caller:
    name, given = _split_basic(basic)
    mine = [held for held in shop.state.app_passwords if held.user == name]
    for held in mine:
        if held.password.replace(" ", "") == given.replace(" ", ""):
            return Caller(held.role, f"api:{held.user}", user_id=held.user_id)
    if not strict:
        return NOBODY
    if mine:
        text = "The provided password is an invalid application password."
        raise WooError(401, "incorrect_password", text)
    text = "<strong>Error:</strong> Unknown username. Check again or try your email address."
    raise WooError(401, "invalid_username", text)


def _oauth_pairs(request: SimRequest) -> list[tuple[str, str]]:
    header = request.headers.get("authorization", "")
    if not header.startswith("OAuth "):
        return request.query
    parts = (part.strip().partition("=") for part in header[6:].split(","))
    from_header = [(k, _unquote(v.strip('"'))) for k, _, v in parts if k != "realm"]
    return [*request.query, *from_header]


def _unquote(text: str) -> str:
    return parse_qsl("x=" + text.replace("+", "%2B"))[0][1] if text else ""


def _by_oauth(shop: FakeWoo, request: SimRequest) -> Caller:
    pairs = _oauth_pairs(request)
    given = dict(pairs)
    missing = [name for name in _OAUTH if not given.get(name)]
    if missing:
        word = "parameters" if len(missing) > 1 else "parameter"
        raise WooError(401, CODE, f"Missing OAuth {word} {', '.join(missing)}")
    key = shop.state.keys.get(given["oauth_consumer_key"])
    if key is None:
        raise WooError(401, CODE, "Consumer key is invalid.")
    if given["oauth_signature_method"] not in ("HMAC-SHA256", "HMAC-SHA1"):
        raise WooError(401, CODE, "Invalid signature - signature method is invalid.")
    base = signature_base(request.method, _called_url(request), pairs)
    if not hmac.compare_digest(oauth_signature(base, key.secret, given), given["oauth_signature"]):
        raise WooError(401, CODE, "Invalid signature - provided signature does not match.")
    _check_nonce(shop, key, given)
    return caller_of(key)


def _called_url(request: SimRequest) -> str:
    return f"{'https' if is_https(request) else 'http'}://{request.host}{request.path}"


def signature_base(method: str, url: str, pairs: list[tuple[str, str]]) -> str:
    """The string OAuth 1.0a signs: method, address, and all arguments but the signature, sorted."""
    # as PHP sees them: of a name sent twice the last value counts, and values are decoded once more
    seen = {k: v for k, v in pairs if k != "oauth_signature"}
    encoded = sorted((quote(unquote(k), safe="~"), quote(unquote(v), safe="~")) for k, v in seen.items())
    joined = quote("&".join(f"{k}={v}" for k, v in encoded), safe="~")
    return f"{method.upper()}&{quote(url, safe='~')}&{joined}"


def oauth_signature(base: str, secret: str, given: dict[str, Any]) -> str:
    """The base64 HMAC of ``base`` with the consumer secret (a one-legged call has no token secret)."""
    digest = "sha1" if given.get("oauth_signature_method") == "HMAC-SHA1" else sha256
    return b64encode(hmac.new(f"{secret}&".encode(), base.encode(), digest).digest()).decode()


def _check_nonce(shop: FakeWoo, key: ApiKey, given: dict[str, str]) -> None:
    stamp = given["oauth_timestamp"]
    now = shop.now()
    if not stamp.isdecimal() or abs(now - int(stamp)) > _MAX_AGE:
        raise WooError(401, CODE, "Invalid timestamp.")
    seen = shop.nonces.setdefault(key.key, {})
    if given["oauth_nonce"] in seen:
        raise WooError(401, CODE, "Invalid nonce - nonce has already been used.")
    seen[given["oauth_nonce"]] = now
    if len(seen) > 5000:
        shop.nonces[key.key] = {n: at for n, at in seen.items() if now - at <= _MAX_AGE}
