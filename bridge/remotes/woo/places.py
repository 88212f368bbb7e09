"""The shop's pickup locations (an administrator's application password) and shipping zones (any key)."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.remotes.calls import Caller
from bridge.remotes.orders_port import PickupList
from bridge.remotes.port import JSON, Call, Done, Outcome, Refused, Unknown

SETTINGS = "wp/v2/settings"
ZONES = "wc/v3/shipping/zones"


class WooPlaces:
    """A ``WooPlaceSide``. ``admin`` calls with the application password; without it nothing is read or written there.

    Consumer keys never open WordPress's own settings, and a shop manager's password is refused.
    """

    def __init__(self, caller: Caller, admin: Caller | None = None) -> None:
        self._caller, self._admin = caller, admin

    def pickup_list(self) -> PickupList | None:
        """The pickup locations as they are; raises ``AccessRefused`` when the password opens nothing."""
        if self._admin is None:
            return None
        said = self._admin.read(Call("GET", SETTINGS))
        settings = said.get("pickup_location_settings") or {}
        return PickupList(settings.get("enabled") == "yes", tuple(said.get("pickup_locations") or ()))

    def write_places(self, places: Sequence[JSON]) -> Outcome:
        """Replace the list; the shop checks nothing, so the answer is compared with what was sent."""
        if self._admin is None:
            return Refused("no_app_password", "The pickup locations need an application password.", access=True)
        nameless = [place for place in places if not str(place.get("name") or "").strip()]
        if nameless:
            return Refused("invalid_value", "Not sent: a pickup location has no name.")
        outcome = self._admin.write(Call("POST", SETTINGS, body={"pickup_locations": list(places)}))
        if not isinstance(outcome, Done):
            return outcome
        now = outcome.answer.get("pickup_locations") if isinstance(outcome.answer, dict) else None
        if not isinstance(now, list) or [row.get("name") for row in now] != [row.get("name") for row in places]:
            return Unknown("the shop's answer does not show the list that was sent")
        return Done(now)

    def zone_methods(self) -> list[JSON]:
        """Every shipping method of every zone; these lists are short and not paged."""
        found: list[JSON] = []
        for zone in self._caller.read(Call("GET", ZONES)):
            for row in self._caller.read(Call("GET", f"{ZONES}/{zone['id']}/methods")):
                found.append({**row, "zone_id": zone["id"], "zone_name": zone.get("name", "")})
        return found
