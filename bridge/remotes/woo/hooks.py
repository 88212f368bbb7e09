"""WooCommerce's webhooks: one registration per topic, signed with a secret of ours, never shown again.

A delivery that fails is not repeated, and the seventh failure in a row switches a hook off. Switching it on again
keeps the count, so that the next failure switches it off once more: such a hook is deleted and made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bridge.remotes.calls import Caller
from bridge.remotes.hooks import Hook
from bridge.remotes.port import Call, Outcome, Refused

TOPICS = (
    "order.created",
    "order.updated",
    "order.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    # fires for stock moved by orders and refunds but not for our own writes: a doorbell without an echo
    "action.woocommerce_updated_product_stock",
)
_PAGE = 100


class WooHooks:
    """A ``HookRegistry``; ``secret`` is asked at each registration. Reading it is a call like any other, and so also
    the traffic without which an idle shop sends no webhook at all.
    """

    side = "woo"
    topics: Sequence[str] = TOPICS
    one_for_all = False

    def __init__(self, caller: Caller, secret: Callable[[], str]) -> None:
        self._caller, self._secret = caller, secret

    def standing(self) -> list[Hook]:
        """Every webhook of the shop, oldest first."""
        found: list[Hook] = []
        while True:
            query = (("per_page", str(_PAGE)), ("offset", str(len(found))), ("orderby", "id"), ("order", "asc"))
            rows = self._caller.read(Call("GET", "wc/v3/webhooks", query=query))
            found += [
                Hook(
                    str(row["id"]),
                    (str(row.get("topic") or ""),),
                    str(row.get("delivery_url") or ""),
                    row.get("status") == "active",
                    str(row.get("name") or ""),
                )
                for row in rows
            ]
            if len(rows) < _PAGE:
                return found

    def create(self, topics: Sequence[str], url: str) -> Outcome:
        """Register one topic; the shop pings ``url`` at once and does not mind whether that works."""
        (topic,) = topics
        body = {"name": f"bridge {topic}", "topic": topic, "delivery_url": url, "secret": self._secret()}
        return self._caller.write(Call("POST", "wc/v3/webhooks", body=body))

    def revive(self, hook: Hook, topics: Sequence[str], url: str) -> Outcome:
        """Never: the shop remembers the failures of a hook."""
        return Refused("not_revived", "WooCommerce's webhooks are deleted and made anew.")

    def delete(self, hook: Hook) -> Outcome:
        """Remove a webhook for good (there is no trash for them)."""
        return self._caller.write(Call("DELETE", f"wc/v3/webhooks/{hook.hook_id}", query=(("force", "true"),)))
