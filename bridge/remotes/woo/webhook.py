"""WooCommerce's webhooks: whether a delivery is genuine, and what it says to look at."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256

import orjson

SIGNATURE, TOPIC = "x-wc-webhook-signature", "x-wc-webhook-topic"


@dataclass(frozen=True, slots=True)
class WooRing:
    """What a delivery says to look at: ``kind`` is product, order or "" (something else), ``remote_id`` its id.

    ``fingerprint`` recognises a repeated delivery: the shop's own delivery id is shared by deliveries of one
    second, so topic and body are what tells them apart.
    """

    topic: str
    kind: str
    remote_id: str
    parent_id: str
    fingerprint: str


def is_genuine(body: bytes, signature: str | None, secrets: Sequence[str]) -> bool:
    """Whether the signature fits the raw body under any of our secrets (several while one is replaced)."""
    given = (signature or "").encode()
    fits = False
    for secret in secrets:
        made = b64encode(hmac.new(secret.encode(), body, sha256).digest())
        fits |= bool(secret) and hmac.compare_digest(made, given)
    return fits


def is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    """The unsigned form-encoded call made while a webhook is created; ``headers`` by lower-case name."""
    return TOPIC not in headers and body.startswith(b"webhook_id=")


def ring_of(headers: Mapping[str, str], body: bytes) -> WooRing | None:
    """What a genuine delivery says to look at, ``None`` when it cannot be read; ``headers`` by lower-case name."""
    topic = headers.get(TOPIC, "")
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not topic or not isinstance(said, dict):
        return None
    fingerprint = blake2b(topic.encode() + b"\n" + body, digest_size=16).hexdigest()
    if topic.startswith("action."):
        argument = said.get("arg")
        # hooks that pass an object arrive with an empty list: they only say that something happened
        told = str(argument) if isinstance(argument, (int, str)) else ""
        return WooRing(topic, "product" if "product" in topic and told else "", told, "", fingerprint)
    kind = topic.partition(".")[0]
    parent = said.get("parent_id") if said.get("type") == "variation" else 0
    remote_id = str(said.get("id") or "")
    known = kind if kind in ("product", "order") and remote_id else ""
    return WooRing(topic, known, remote_id, str(parent or ""), fingerprint)
