"""Square's location endpoints: list, create, read, update."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.square.order_changes import without_nulls
from bridge.sim.square.routes import Router, refusal

if TYPE_CHECKING:
    from bridge.sim.square.account import FakeSquare

Json = dict[str, Any]
Args = dict[str, str]

_LIMITS = {
    "name": 255,
    "timezone": 30,
    "business_name": 255,
    "website_url": 255,
    "business_email": 255,
    "description": 1024,
    "phone_number": 17,
    "twitter_username": 15,
    "instagram_username": 30,
    "facebook_url": 255,
    "language_code": 5,
    "mcc": 4,
}
WRITABLE = (*_LIMITS, "address", "business_hours", "coordinates", "status", "type")
_DAYS = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


def register(router: Router) -> None:
    """Add the endpoints."""
    read, write = ("MERCHANT_PROFILE_READ",), ("MERCHANT_PROFILE_WRITE",)
    router.add("GET", "/v2/locations", list_locations, scopes=read)
    router.add("POST", "/v2/locations", create, scopes=write)
    router.add("GET", "/v2/locations/{location_id}", retrieve, scopes=read)
    router.add("PUT", "/v2/locations/{location_id}", update, scopes=write)


def list_locations(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET every location, inactive ones included, by name, in one page."""
    rows = sorted(square.state.locations.values(), key=lambda row: (row["name"].casefold(), row["id"]))
    return {"locations": rows} if rows else {}


def retrieve(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """GET one location; ``main`` is the merchant's main one."""
    return {"location": find_location(square, args["location_id"])}


def find_location(square: FakeSquare, location_id: str) -> Json:
    """One location by id or ``main``; ``SquareError`` 404."""
    if location_id == "main":
        location_id = square.state.main_location_id
    found: Json | None = square.state.locations.get(location_id)
    if found is None:
        raise refusal("NOT_FOUND", f"Location with ID `{location_id}` not found.")
    return found


def create(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """POST a new location (it cannot be deleted again); its name must be new."""
    fields = (body or {}).get("location") or {}
    if not fields.get("name"):
        raise refusal("MISSING_REQUIRED_PARAMETER", "Field must be set", "location.name")
    _check(square, fields, "")
    wanted = {name: without_nulls(fields[name]) for name in WRITABLE if fields.get(name) is not None}
    at = square.stamp().isoformat(timespec="seconds")[:19] + "Z"
    location_id = square.add_location(wanted.pop("name"), created_at=at, **wanted)
    square.emit("location.created", "Location", location_id, location_id=location_id)
    return {"location": square.state.locations[location_id]}


def update(square: FakeSquare, request: SimRequest, args: Args, body: Any) -> Json:
    """PUT some fields of a location; null clears one."""
    location = find_location(square, args["location_id"])
    fields = {name: value for name, value in ((body or {}).get("location") or {}).items() if name in WRITABLE}
    _check(square, fields, location["id"])
    return {"location": change_location(square, location["id"], fields)}


def change_location(square: FakeSquare, location_id: str, fields: Json) -> Json:
    """A location with some fields changed (null clears one), stored and told of."""
    changed = {**square.state.locations[location_id], **{k: without_nulls(v) for k, v in fields.items()}}
    made = {name: value for name, value in changed.items() if value is not None}
    square.state.locations[location_id] = made
    square.emit("location.updated", "Location", location_id, location_id=location_id)
    return made


def _check(square: FakeSquare, fields: Json, own_id: str) -> None:
    for name, limit in _LIMITS.items():
        if len(str(fields.get(name) or "")) > limit:
            raise refusal("VALUE_TOO_LONG", f"Field must not be greater than {limit} in length", f"location.{name}")
    wanted = fields.get("name")
    if wanted and any(row["name"] == wanted and row["id"] != own_id for row in square.state.locations.values()):
        raise refusal("CONFLICT", f"A location named `{wanted}` exists already.", "location.name", status=400)
    for choice, allowed in (("status", ("ACTIVE", "INACTIVE")), ("type", ("PHYSICAL", "MOBILE"))):
        if fields.get(choice) and fields[choice] not in allowed:
            raise refusal("INVALID_ENUM_VALUE", f"`{fields[choice]}` is not valid.", f"location.{choice}")
    for period in (fields.get("business_hours") or {}).get("periods") or ():
        times = period.get("start_local_time") or "", period.get("end_local_time") or ""
        if period.get("day_of_week") not in _DAYS or not all(_CLOCK_TIME.fullmatch(text) for text in times):
            raise refusal("INVALID_VALUE", "A period needs a day and two local times.", "location.business_hours")
