"""Square's webhooks: whether a notification is genuine, and what it says to look at."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

SIGNATURE = "x-square-hmacsha256-signature"


@dataclass(frozen=True, slots=True)
class SquareRing:
    """What a notification says to look at; ``kind`` is catalog, inventory, order, payment, refund, access or "".

    ``event_id`` is the same in every repetition. Ids of variations whose counts changed are ``variation_ids``.
    """

    event: str
    kind: str
    event_id: str
    merchant_id: str
    remote_id: str
    variation_ids: tuple[str, ...] = ()


_KINDS = {
    "catalog.version.updated": "catalog",
    "inventory.count.updated": "inventory",
    "oauth.authorization.revoked": "access",
}


def is_genuine(body: bytes, signature: str | None, keys: Sequence[str], notification_url: str) -> bool:
    """Whether the signature fits the registered URL and the raw body under any of our keys.

    The URL must be byte for byte the registered one, whatever a proxy made of it.
    """
    given = (signature or "").encode()
    fits = False
    for key in keys:
        made = b64encode(hmac.new(key.encode(), notification_url.encode() + body, sha256).digest())
        fits |= bool(key) and hmac.compare_digest(made, given)
    return fits


def ring_of(body: bytes) -> SquareRing | None:
    """What a genuine notification says to look at, ``None`` when it cannot be read."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or not said.get("type"):
        return None
    event = str(said["type"])
    data = said.get("data")
    told = data if isinstance(data, dict) else {}
    kind = _KINDS.get(event) or event.partition(".")[0]
    counts = (told.get("object") or {}).get("inventory_counts") or () if kind == "inventory" else ()
    return SquareRing(
        event=event,
        kind=kind if kind in ("catalog", "inventory", "order", "payment", "refund", "access") else "",
        event_id=str(said.get("event_id") or ""),
        merchant_id=str(said.get("merchant_id") or ""),
        remote_id=str(told.get("id") or ""),
        variation_ids=tuple(dict.fromkeys(str(row["catalog_object_id"]) for row in counts)),
    )
