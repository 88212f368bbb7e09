"""Square's events: subscriptions, signed deliveries with retries, and the log behind the Events API.

Signature, headers, retry schedule and the three weeks until a dead subscription is switched off are those of
Square's webhook guide. An event is a snapshot of its moment; headers and signature are made when it is sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from bridge.sim.kernel.deliveries import Deliveries, Delivery, Sender
from bridge.sim.kernel.ids import Ids
from bridge.sim.square.moments import rfc3339

Json = dict[str, Any]

EVENT_TYPES = (
    "catalog.version.updated",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "inventory.count.updated",
    "location.created",
    "location.updated",
    "oauth.authorization.revoked",
    "order.created",
    "order.fulfillment.updated",
    "order.updated",
    "payment.created",
    "payment.updated",
    "refund.created",
    "refund.updated",
)
RETRY_SECONDS = tuple(minutes * 60 for minutes in (1, 2, 4, 8, 16, 32, 60, 120, 240, 480, 480))
DISABLED_AFTER = timedelta(weeks=3)
EVENTS_KEPT = timedelta(days=28)


def signature(signature_key: str, notification_url: str, body: bytes) -> str:
    """The value of ``x-square-hmacsha256-signature`` for one delivery."""
    digest = hmac.new(signature_key.encode(), notification_url.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One event of the Events API's log."""

    at: datetime
    envelope: Json


class WebhookSender:
    """Subscriptions of one application and everything sent to them.

    ``events_enabled`` is the Events API's switch: only events while it is on can be searched. ``delay`` is
    how many seconds after an event its delivery is due. ``sender``, when set, lets the test endpoint report a
    status at once.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        ids: Ids,
        now: Callable[[], datetime],
        merchant_id: str,
        subscriptions: dict[str, Json],
        environment: str = "Sandbox",
    ) -> None:
        self._deliveries, self._ids, self._now = deliveries, ids, now
        self._merchant_id, self._environment = merchant_id, environment
        self.subscriptions = subscriptions
        self.failing_since: dict[str, datetime] = {}
        self.events: deque[KeptEvent] = deque()
        self.events_enabled = False
        self.delay = 0.0
        self.sender: Sender | None = None

    # -- subscriptions --------------------------------------------------------------
    def subscribe(self, fields: Json, api_version: str) -> Json:
        """Store a new subscription whose fields were checked."""
        at = rfc3339(self._now())
        subscription = {
            "id": f"wbhk_{self._ids.token(32).lower()}",
            "name": fields["name"],
            "enabled": fields.get("enabled", True),
            "event_types": list(fields["event_types"]),
            "notification_url": fields["notification_url"],
            "api_version": fields.get("api_version") or api_version,
            "signature_key": self._ids.token(22),
            "created_at": at,
            "updated_at": at,
        }
        self.subscriptions[subscription["id"]] = subscription
        return subscription

    def rotate_key(self, subscription_id: str) -> str:
        """Give a subscription a new signature key, in force at once."""
        subscription = self.subscriptions[subscription_id]
        subscription["signature_key"] = self._ids.token(22)
        subscription["updated_at"] = rfc3339(self._now())
        return str(subscription["signature_key"])

    # -- events ---------------------------------------------------------------------
    def wanted(self, event_type: str) -> bool:
        """Would anybody hear of this event? (Asked before its content is made.)"""
        return self.events_enabled or any(
            s["enabled"] and event_type in s["event_types"] for s in self.subscriptions.values()
        )

    def emit(
        self,
        event_type: str,
        data_type: str,
        data_id: str,
        content: Json | None,
        *,
        deleted: bool = False,
        location_id: str = "",
    ) -> None:
        """Send an event to whoever subscribed; ``content`` is ``data.object`` as of now."""
        if not self.wanted(event_type):
            return
        takers = [s for s in self.subscriptions.values() if s["enabled"] and event_type in s["event_types"]]
        envelope = self.envelope(event_type, data_type, data_id, content, deleted=deleted, location_id=location_id)
        body = orjson.dumps(envelope)
        if self.events_enabled:
            self.events.append(KeptEvent(self._now(), orjson.loads(body)))
        for subscription in takers:
            self._queue(subscription["id"], event_type, body)

    def envelope(
        self,
        event_type: str,
        data_type: str,
        data_id: str,
        content: Json | None,
        *,
        deleted: bool = False,
        location_id: str = "",
    ) -> Json:
        """The JSON of one event as Square sends it."""
        data: Json = {"type": data_type, "id": data_id}
        if content is not None:
            data["object"] = content
        if deleted:
            data["deleted"] = True
        place = {"location_id": location_id} if location_id else {}
        return {
            "merchant_id": self._merchant_id,
            **place,
            "type": event_type,
            "event_id": self._ids.uuid(),
            "created_at": self._event_time(),
            "data": data,
        }

    def _event_time(self) -> str:
        """Sometimes milliseconds, sometimes nine digits, as live samples show: a trap for parsers."""
        at = self._now()
        dice = self._ids.dice
        if dice.random() < 0.5:
            return rfc3339(at)
        return f"{at.isoformat(timespec='microseconds')[:26]}{dice.randrange(1000):03d}Z"

    def _queue(self, subscription_id: str, event_type: str, body: bytes) -> None:
        note: Json = {}
        self._deliveries.add(
            delivery := Delivery(
                url=self.subscriptions[subscription_id]["notification_url"],
                due=self._now() + timedelta(seconds=self.delay),
                hook=subscription_id,
                topic=event_type,
                build=lambda: self._message(delivery, body),
                note=note,
            )
        )

    def send_test(self, subscription: Json, event_type: str) -> tuple[int | None, str]:
        """Send a sample event now when a sender is known, else queue it; returns (status or None, body)."""
        noun = event_type.split(".")[0]
        body = orjson.dumps(self.envelope(event_type, noun, self._ids.uuid(), {noun: {"id": "TEST"}}))
        if self.sender is None:
            self._queue(subscription["id"], event_type, body)
            return None, body.decode()
        delivery = Delivery(subscription["notification_url"], self._now(), subscription["id"], event_type, lambda: None)
        made = self._message(delivery, body)
        status = self.sender(delivery.url, *made) if made else None
        return status, body.decode()

    def _message(self, delivery: Delivery, body: bytes) -> tuple[dict[str, str], bytes] | None:
        """Headers and body at the moment of sending; ``None`` when nobody is subscribed any more."""
        subscription = self.subscriptions.get(delivery.hook)
        if subscription is None or not subscription["enabled"]:
            return None
        delivery.url = subscription["notification_url"]
        first = delivery.note.setdefault("first", rfc3339(self._now()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Square Connect v2",
            "x-square-hmacsha256-signature": signature(subscription["signature_key"], delivery.url, body),
            "square-environment": self._environment,
            "square-initial-delivery-timestamp": first,
        }
        if delivery.attempt:
            headers["square-retry-number"] = str(delivery.attempt)
            headers["square-retry-reason"] = delivery.note.get("reason", "other_error")
        return headers, body

    def delivered(self, delivery: Delivery, status: int) -> float | None:
        """Take note of a delivery's outcome; seconds until the next attempt, or ``None``."""
        subscription = self.subscriptions.get(delivery.hook)
        if subscription is None:
            return None
        if 200 <= status < 300:
            self.failing_since.pop(delivery.hook, None)
            return None
        delivery.note["reason"] = "http_error" if status else "http_timeout"
        since = self.failing_since.setdefault(delivery.hook, self._now())
        if self._now() - since >= DISABLED_AFTER:
            subscription["enabled"] = False
            return None
        return float(RETRY_SECONDS[delivery.attempt - 1]) if delivery.attempt <= len(RETRY_SECONDS) else None

    # -- the Events API -------------------------------------------------------------
    def kept(self) -> list[Json]:
        """The events of the last 28 days, oldest first."""
        oldest = self._now() - EVENTS_KEPT
        while self.events and self.events[0].at < oldest:
            self.events.popleft()
        return [event.envelope for event in self.events]
