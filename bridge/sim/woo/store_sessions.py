"""Shoppers' carts and the sessions that find them again (Cart-Token)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from hashlib import md5, sha256
from hmac import compare_digest
from hmac import new as hmac_new
from typing import TYPE_CHECKING, Any

import orjson

from bridge.sim.woo.order_lines import choice_key
from bridge.sim.woo.state import Item

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_TOKEN_SECRET = b"store-api"
_TOKEN_LIFE = 48 * 3600
_ADDRESS = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
)
BILLING = (*_ADDRESS, "email", "phone")
SHIPPING = (*_ADDRESS, "phone")


def _home(names: tuple[str, ...]) -> dict[str, str]:
    return {**dict.fromkeys(names, ""), "state": "NY", "country": "US"}


@dataclass(slots=True)
class Cart:
    """One shopper's cart; ``lines``: key -> [item id, quantity]."""

    user: str
    lines: dict[str, list[int]] = field(default_factory=dict)
    billing: dict[str, str] = field(default_factory=lambda: _home(BILLING))
    shipping: dict[str, str] = field(default_factory=lambda: _home(SHIPPING))
    rate_id: str = ""
    coupons: list[str] = field(default_factory=list)
    draft_id: int = 0

    def pairs(self) -> list[tuple[int, int]]:
        """(item id, quantity) of each line."""
        return [(item_id, quantity) for item_id, quantity in self.lines.values()]


# -- sessions ------------------------------------------------------------------------
def cart_of(shop: FakeWoo, token: str) -> tuple[Cart, bool]:
    """The cart of a token, and whether the token was good; without a good one a new cart."""
    user = _user_of(shop, token)
    if user:
        cart = shop.state.carts.get(user)
        if not isinstance(cart, Cart):
            cart = shop.state.carts[user] = Cart(user)
        return cart, True
    cart = Cart("t_" + shop.ids.uuid().replace("-", "")[:30])
    return cart, False


def keep(shop: FakeWoo, cart: Cart) -> None:
    """Remember a cart that has something in it."""
    shop.state.carts[cart.user] = cart


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value).replace(b"/", b"\\/")
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def token_for(shop: FakeWoo, cart: Cart) -> str:
    """The cart's ``Cart-Token``: a signed JWT naming the session."""
    now = shop.now()
    claims = {"user_id": cart.user, "exp": now + _TOKEN_LIFE, "iss": "wc/store/v1", "iat": now}
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{text}.{_part(hmac_new(_TOKEN_SECRET, text.encode(), sha256).digest())}"


def _user_of(shop: FakeWoo, token: str) -> str:
    text, _, mark = token.rpartition(".")
    wanted = _part(hmac_new(_TOKEN_SECRET, text.encode(), sha256).digest())
    if not text or not compare_digest(mark, wanted):
        return ""
    claims_part = text.partition(".")[2]
    try:
        claims = orjson.loads(urlsafe_b64decode(claims_part + "=" * (-len(claims_part) % 4)))
    except (Base64Error, orjson.JSONDecodeError):
        return ""
    return str(claims["user_id"]) if claims.get("exp", 0) > shop.now() else ""


def line_key(item: Item) -> str:
    """A cart line's key: a hash over the product, the variation and its choices."""
    if not item.is_variation:
        return md5(str(item.id).encode(), usedforsecurity=False).hexdigest()
    choices = "".join(f"attribute_{choice_key(c)}{c['option']}" for c in item.attributes)
    text = f"{item.parent_id}_{item.id}_{choices}"
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def cart_hash(cart: Cart) -> str:
    """The ``Cart-Hash`` header, empty for an empty cart."""
    if not cart.lines:
        return ""
    return md5(orjson.dumps(cart.lines), usedforsecurity=False).hexdigest()
