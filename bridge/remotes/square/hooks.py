"""Square's webhook subscription: one for all events, signed with a key of Square's making that can be read back.

Only the application's own (personal) access token may manage subscriptions, not one of a seller's OAuth. After about
three weeks without a single good answer Square switches a subscription off; switching it on again is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bridge.remotes.calls import Caller
from bridge.remotes.hooks import Hook
from bridge.remotes.port import Call, Done, Outcome, Unknown

TOPICS = (
    "catalog.version.updated",
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
_PLACE = "v2/webhooks/subscriptions"


class SquareHooks:
    """A ``HookRegistry`` over a caller that holds the application's token."""

    side = "square"
    topics: Sequence[str] = TOPICS
    one_for_all = True

    def __init__(self, caller: Caller, ids: Callable[[], str]) -> None:
        self._caller, self._ids = caller, ids

    def standing(self) -> list[Hook]:
        """Every subscription of the application, disabled ones included."""
        found: list[Hook] = []
        cursor = ""
        while True:
            query = [("include_disabled", "true"), ("limit", "100")]
            if cursor:
                query.append(("cursor", cursor))
            answer = self._caller.read(Call("GET", _PLACE, query=tuple(query)))
            found += [
                Hook(
                    str(row["id"]),
                    tuple(row.get("event_types") or ()),
                    str(row.get("notification_url") or ""),
                    bool(row.get("enabled")),
                    str(row.get("name") or ""),
                )
                for row in answer.get("subscriptions") or ()
            ]
            cursor = str(answer.get("cursor") or "")
            if not cursor:
                return found

    def create(self, topics: Sequence[str], url: str) -> Outcome:
        """Subscribe. The key is new each time: an old one would give back a subscription deleted since; after a lost
        answer the list of what stands tells.
        """
        wanted = {"name": "bridge", "enabled": True, "event_types": list(topics), "notification_url": url}
        key = self._ids()[:45]
        return self._caller.write(Call("POST", _PLACE, body={"idempotency_key": key, "subscription": wanted}))

    def revive(self, hook: Hook, topics: Sequence[str], url: str) -> Outcome:
        """Switch on, with all topics and the right address."""
        wanted = {"enabled": True, "event_types": list(topics), "notification_url": url}
        return self._caller.write(Call("PUT", f"{_PLACE}/{hook.hook_id}", body={"subscription": wanted}))

    def delete(self, hook: Hook) -> Outcome:
        """Remove a subscription; what Square had still to send is dropped."""
        outcome = self._caller.write(Call("DELETE", f"{_PLACE}/{hook.hook_id}"))
        if isinstance(outcome, Unknown) and all(one.hook_id != hook.hook_id for one in self.standing()):
            return Done()  # Square answers `{}`, which could as well be an answer cut short: the list tells
        return outcome

    def signature_key(self, hook: Hook) -> str:
        """The key Square signs this subscription's deliveries with."""
        answer = self._caller.read(Call("GET", f"{_PLACE}/{hook.hook_id}"))
        return str((answer.get("subscription") or {}).get("signature_key") or "")

    def test(self, hook: Hook, event: str = "inventory.count.updated") -> Outcome:
        """Let Square send a sample event now; ``Done.answer`` holds the status our door gave it."""
        return self._caller.write(Call("POST", f"{_PLACE}/{hook.hook_id}/test", body={"event_type": event}))
