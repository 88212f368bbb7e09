"""Recorded exchanges, the registry of who replays which, and the comparison of answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.woo.shop import FakeWoo
from bridge.sim.woo.state import ApiKey, AppPassword

RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings" / "woocommerce"

ADMIN_KEY = ApiKey("ck_2596476be888b50d46dc44d92ad02779fd1c86ad", "cs_f6c25e882bbf8fa401d59c1f2d3a9533baf43252")
READ_KEY = ApiKey("ck_read", "cs_read", "read", "reader")
WRITE_KEY = ApiKey("ck_write", "cs_write", "write", "writer")
MANAGER_KEY = ApiKey("ck_manager", "cs_manager", "read_write", "manager", "shop_manager", 2)
ADMIN_PASSWORD = AppPassword("admin", "aaaa bbbb cccc dddd")
MANAGER_PASSWORD = AppPassword("manager", "eeee ffff gggg hhhh", "shop_manager", 2)

_DATES = ("date_created", "date_modified", "date_paid", "date_completed")
VOLATILE = frozenset([*_DATES, *(f"{name}_gmt" for name in _DATES), "related_ids", "order_key", "cart_hash"])
"""Fields whose values depend on when and where: only their type is compared."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file: its name and its parsed content."""

    name: str
    content: dict[str, Any]

    @property
    def request(self) -> dict[str, Any]:
        """The recorded request."""
        found: dict[str, Any] = self.content["request"]
        return found

    @property
    def response(self) -> dict[str, Any]:
        """The recorded answer."""
        found: dict[str, Any] = self.content["response"]
        return found


Check = Callable[[Recording], list[str]]
"""Replays a recording and returns the differences (none = the simulator agrees)."""

CASES: dict[str, Check] = {}
Prepare = Callable[[FakeWoo], object]


def load(name: str) -> Recording:
    """Read one recording."""
    return Recording(name, json.loads((RECORDINGS / f"{name}.json").read_text()))


def new_shop() -> FakeWoo:
    """A shop with the recorded keys and nothing else."""
    shop = FakeWoo(shop_url="https://shop.test")
    for key in (ADMIN_KEY, READ_KEY, WRITE_KEY, MANAGER_KEY):
        shop.state.keys[key.key] = key
    shop.state.app_passwords = [ADMIN_PASSWORD, MANAGER_PASSWORD]
    return shop


def replays(
    *names: str,
    ignore: tuple[str, ...] = (),
    loose: tuple[str, ...] = (),
    make: Callable[[], FakeWoo] = new_shop,
) -> Callable[[Prepare], Prepare]:
    """Register the decorated ``prepare(shop)`` for recordings: prepare, send the request, compare.

    ``ignore`` names fields (at any depth) not compared at all, ``loose`` those compared by type only.
    """

    def register(prepare: Prepare) -> Prepare:
        def check(recording: Recording) -> list[str]:
            shop = make()
            prepare(shop)
            answer = shop.handle(request_of(recording))
            return differences(recording, answer, ignore, loose)

        for name in names:
            assert name not in CASES, f"{name} is registered twice"
            CASES[name] = check
        return prepare

    return register


def checks(*names: str) -> Callable[[Check], Check]:
    """Register a function that replays recordings in its own way and returns the differences."""

    def register(check: Check) -> Check:
        for name in names:
            assert name not in CASES, f"{name} is registered twice"
            CASES[name] = check
        return check

    return register


def request_of(recording: Recording) -> SimRequest:
    """The recorded request with the credentials its ``auth`` line speaks of."""
    asked = recording.request
    query = urlencode(asked.get("query") or {}, doseq=True)
    headers = auth_headers(asked.get("auth") or "Basic consumer key (read_write, admin)")
    body = b""
    if isinstance(asked.get("body"), dict | list):
        body, headers["content-type"] = json.dumps(asked["body"]).encode(), "application/json"
    elif isinstance(asked.get("body"), str):
        body = asked["body"].encode()
        is_form = "=" in asked["body"] and not asked["body"].startswith("{")
        headers["content-type"] = "application/x-www-form-urlencoded" if is_form else "application/json"
    url = f"{asked.get('scheme', 'https')}://{asked.get('host', 'shop.test')}{asked['path']}"
    return SimRequest.from_url(asked["method"], f"{url}?{query}" if query else url, headers, body)


def auth_headers(auth: str) -> dict[str, str]:
    """Headers for an ``auth`` line of a recording."""
    from base64 import b64encode

    pairs = {
        "Basic consumer key (read_write, admin)": (ADMIN_KEY.key, ADMIN_KEY.secret),
        "Basic consumer key (read only)": (READ_KEY.key, READ_KEY.secret),
        "Basic consumer key (write only)": (WRITE_KEY.key, WRITE_KEY.secret),
        "Basic application password (admin)": (ADMIN_PASSWORD.user, ADMIN_PASSWORD.password),
        "Basic application password (shop_manager)": (MANAGER_PASSWORD.user, MANAGER_PASSWORD.password),
        "Basic, unknown consumer key": ("ck_unknown", "cs_unknown"),
        "Basic, valid key, wrong secret": (ADMIN_KEY.key, "cs_wrong"),
    }
    found = pairs.get(auth)
    if found is None:
        return {}
    return {"authorization": "Basic " + b64encode(":".join(found).encode()).decode()}


def differences(
    recording: Recording, answer: SimResponse, ignore: tuple[str, ...] = (), loose: tuple[str, ...] = ()
) -> list[str]:
    """Where the answer differs from the recorded one: status, content type, header names, body."""
    wanted = recording.response
    found: list[str] = []
    if answer.status != wanted["status"]:
        return [f"status {answer.status}, recorded {wanted['status']}: {answer.body[:300]!r}"]
    kind, recorded_kind = answer.headers.get("Content-Type"), wanted["headers"].get("Content-Type")
    if kind != recorded_kind:
        found.append(f"Content-Type {kind}, recorded {recorded_kind}")
    missing = set(wanted["headers"]) - set(answer.headers)
    extra = set(answer.headers) - set(wanted["headers"])
    if missing or extra:
        found.append(f"headers missing {sorted(missing)}, too many {sorted(extra)}")
    for name in ("Allow", "Retry-After"):
        if name in wanted["headers"] and answer.headers.get(name) != wanted["headers"][name]:
            found.append(f"{name}: {answer.headers.get(name)}, recorded {wanted['headers'][name]}")
    if isinstance(wanted["body"], str):
        return found
    compare(wanted["body"], answer.json(), "", found, frozenset(ignore), VOLATILE | frozenset(loose))
    return found


def compare(wanted: Any, got: Any, path: str, found: list[str], ignore: frozenset[str], loose: frozenset[str]) -> None:
    """Compare recursively; a field named in ``loose`` by type only, one in ``ignore`` not at all."""
    if kind_of(wanted) != kind_of(got):
        found.append(f"{path or 'body'}: {short(got)}, recorded {short(wanted)}")
    elif isinstance(wanted, dict):
        names = set(wanted) - ignore
        others = set(got) - ignore
        if names != others:
            lacks, too_many = sorted(names - others), sorted(others - names)
            found.append(f"{path or 'body'}: lacks {lacks}, too many {too_many}")
        for name in names & others:
            if name in loose:
                if kind_of(wanted[name]) != kind_of(got[name]):
                    found.append(f"{path}.{name}: {short(got[name])}, recorded {short(wanted[name])}")
            else:
                compare(wanted[name], got[name], f"{path}.{name}", found, ignore, loose)
    elif isinstance(wanted, list):
        if len(wanted) != len(got):
            found.append(f"{path or 'body'}: {len(got)} entries, recorded {len(wanted)}")
        for at, (one, other) in enumerate(zip(wanted, got, strict=False)):
            compare(one, other, f"{path}[{at}]", found, ignore, loose)
    elif wanted != got:
        found.append(f"{path}: {short(got)}, recorded {short(wanted)}")


def kind_of(value: Any) -> str:
    """The JSON type's name (an int and a float are one: PHP prints 1.0 as 1)."""
    if value is None:
        return "null"
    for kind in (bool, str, dict, list):
        if isinstance(value, kind):
            return kind.__name__
    return "number"


def short(value: Any) -> str:
    """A value for a message, cut."""
    text = json.dumps(value)
    return text if len(text) <= 120 else text[:117] + "..."
