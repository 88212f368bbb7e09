"""Square's customer directory: records, sparse changes, merging, and a search index that lags behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bridge.sim.square.moments import moment, rfc3339
from bridge.sim.square.order_changes import without_nulls
from bridge.sim.square.routes import refusal

Json = dict[str, Any]
Tell = Callable[[str, Json, Json], None]
"""Told of a change: event type, the customer, what else belongs in ``data.object``."""

LENGTHS = {
    "given_name": 300,
    "family_name": 300,
    "company_name": 500,
    "nickname": 100,
    "email_address": 254,
    "phone_number": 16,
    "reference_id": 100,
    "note": 4096,
    "birthday": 10,
}
WRITABLE = (*LENGTHS, "address", "tax_ids")
_NAMES = ("given_name", "family_name", "company_name", "email_address", "phone_number")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?[0-9][0-9() .-]{5,18}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class CustomerDirectory:
    """The customers of one seller. ``search_lag`` is how late the search index is, in seconds."""

    def __init__(
        self, records: dict[str, Json], now: Callable[[], datetime], new_id: Callable[[], str], tell: Tell
    ) -> None:
        self._records, self._now, self._new_id, self._tell = records, now, new_id, tell
        self._unindexed: dict[str, tuple[Json | None, datetime]] = {}
        self.search_lag = 0.0

    def get(self, customer_id: str) -> Json:
        """One customer; ``SquareError`` 404 when unknown."""
        found = self._records.get(customer_id)
        if found is None:
            raise refusal("NOT_FOUND", f"Customer with ID `{customer_id}` not found.")
        return found

    def create(
        self,
        fields: Json,
        *,
        source: str = "THIRD_PARTY",
        context: Json | None = None,
        customer_id: str | None = None,
    ) -> Json:
        """A new customer (Square never looks for a double); raises ``SquareError``."""
        wanted = {name: without_nulls(fields[name]) for name in WRITABLE if fields.get(name) is not None}
        _check(wanted)
        at = rfc3339(self._now())
        customer = {
            "id": customer_id or self._new_id(),
            "created_at": at,
            "updated_at": at,
            **wanted,
            "preferences": {"email_unsubscribed": False},
            "creation_source": source,
            "group_ids": [],
            "segment_ids": [],
            "version": 0,
        }
        self._store(customer)
        self._tell("customer.created", customer, context or {})
        return customer

    def update(self, customer_id: str, fields: Json) -> Json:
        """Change the named fields only, ``null`` clearing one; raises ``SquareError``."""
        known = self.get(customer_id)
        self._check_version(known, fields.get("version"))
        changed = dict(known)
        for name in WRITABLE:
            if name not in fields:
                continue
            if fields[name] is None or fields[name] == "":
                changed.pop(name, None)
            elif isinstance(fields[name], dict):
                changed[name] = without_nulls({**known.get(name, {}), **fields[name]})
            else:
                changed[name] = fields[name]
        _check(changed)
        if changed != known:
            changed["version"] = known["version"] + 1
            changed["updated_at"] = rfc3339(self._now())
            self._store(changed)
            self._tell("customer.updated", changed, {})
        return changed

    def delete(self, customer_id: str, version: int | None = None, context: Json | None = None) -> None:
        """Remove a customer; raises ``SquareError``."""
        known = self.get(customer_id)
        self._check_version(known, version)
        del self._records[customer_id]
        self._tell("customer.deleted", known, context or {})

    def merge(self, customer_ids: list[str]) -> Json:
        """Merge customers as staff do in Dashboard: one new record, the old ones deleted; tells of both."""
        fields: Json = {}
        for customer_id in reversed(customer_ids):
            fields.update({k: v for k, v in self.get(customer_id).items() if k in WRITABLE})
        merged_id = self._new_id()
        context = {"merge": {"from_customer_ids": customer_ids, "to_customer_id": merged_id}}
        told = {"event_context": context}
        merged = self.create(fields, source="MERGE", context=told, customer_id=merged_id)
        for customer_id in customer_ids:
            self.delete(customer_id, context=told)
        return merged

    def search(self, query: Json) -> list[Json]:
        """Customers as the (lagging) index shows them, filtered and sorted by a CustomerQuery."""
        shown = (self._as_indexed(customer) for customer in self._records.values())
        wanted = _filter(query.get("filter") or {})
        found = [customer for customer in shown if customer is not None and wanted(customer)]
        sort = query.get("sort") or {}
        if sort.get("field") == "CREATED_AT":
            found.sort(key=lambda customer: customer["created_at"])
        else:
            found.sort(key=_display_name)
        if sort.get("order") == "DESC":
            found.reverse()
        return found

    def _as_indexed(self, customer: Json) -> Json | None:
        """What the index shows of a customer, ``None`` while it has not seen it."""
        before, visible_at = self._unindexed.get(customer["id"], (None, None))
        return customer if visible_at is None or self._now() >= visible_at else before

    def _store(self, customer: Json) -> None:
        if self.search_lag:
            visible_at = self._now() + timedelta(seconds=self.search_lag)
            self._unindexed[customer["id"]] = (self._records.get(customer["id"]), visible_at)
        self._records[customer["id"]] = customer

    @staticmethod
    def _check_version(known: Json, version: int | None) -> None:
        if version is not None and version != known["version"]:
            raise refusal(
                "CONFLICT",
                f"Version {version} does not match the current version {known['version']}.",
                "version",
                status=409,
            )


def _check(fields: Json) -> None:
    if not any(fields.get(name) for name in _NAMES):
        raise refusal(
            "BAD_REQUEST",
            "At least one of `given_name`, `family_name`, `company_name`, `email_address` or "
            "`phone_number` is required for a customer.",
        )
    for name, limit in LENGTHS.items():
        if len(str(fields.get(name) or "")) > limit and name != "phone_number":
            raise refusal("VALUE_TOO_LONG", f"`{name}` is longer than {limit}.", name)
    email, phone = fields.get("email_address"), fields.get("phone_number")
    if email and not _EMAIL.fullmatch(email):
        raise refusal("INVALID_EMAIL_ADDRESS", "Expected email_address to be valid.", "email_address")
    if phone and not (_PHONE.fullmatch(phone) and 9 <= len(_digits(phone)) <= 16):
        raise refusal("INVALID_PHONE_NUMBER", "Expected phone_number to be valid.", "phone_number")


def _display_name(customer: Json) -> tuple[str, str]:
    parts = [customer.get(name, "") for name in ("given_name", "family_name", "company_name")]
    return " ".join(part for part in parts if part).casefold(), customer["id"]


def _digits(phone: str) -> str:
    return "".join(char for char in phone if char.isdigit())


def _as_e164(phone: str) -> str:
    digits = _digits(phone)
    return f"+1{digits}" if not phone.startswith("+") and len(digits) == 10 else f"+{digits}"


_TEXT_FILTERS: dict[str, Callable[[str], str]] = {
    "email_address": str.casefold,
    "reference_id": str,
    "phone_number": _as_e164,
}


def _filter(wanted: Json) -> Callable[[Json], bool]:
    """The filters of a search, all of which must hold; raises ``SquareError`` for a malformed one."""
    tests: list[Callable[[Json], bool]] = []
    for name, normal in _TEXT_FILTERS.items():
        tests += _text_tests(name, normal, wanted.get(name) or {})
    for name in ("created_at", "updated_at"):
        if wanted.get(name):
            tests.append(_within(name, wanted[name]))
    sources = wanted.get("creation_source")
    if sources:
        exclude = sources.get("rule") == "EXCLUDE"
        tests.append(lambda c: (c["creation_source"] in (sources.get("values") or ())) != exclude)
    groups = wanted.get("group_ids")
    if groups:
        tests.append(lambda c: _grouped(set(c["group_ids"]), groups))
    return lambda customer: all(test(customer) for test in tests)


def _text_tests(name: str, normal: Callable[[str], str], text: Json) -> list[Callable[[Json], bool]]:
    tests: list[Callable[[Json], bool]] = []
    exact, fuzzy = text.get("exact"), text.get("fuzzy")
    if exact is not None:
        if name == "phone_number" and not _E164.fullmatch(exact):
            raise refusal("INVALID_PHONE_NUMBER", "Expected an E.164 phone number.", f"query.filter.{name}.exact")
        same = normal(exact)
        tests.append(lambda customer: name in customer and normal(customer[name]) == same)
    if fuzzy is not None:
        words = fuzzy.casefold().split()
        tests.append(lambda customer: _fuzzy(customer.get(name), words))
    return tests


def _fuzzy(value: str | None, words: list[str]) -> bool:
    text = (value or "").casefold()
    return bool(text) and all(word in text or (_digits(word) and _digits(word) in _digits(text)) for word in words)


def _within(name: str, span: Json) -> Callable[[Json], bool]:
    start = rfc3339(moment(span["start_at"])) if span.get("start_at") else ""
    end = rfc3339(moment(span["end_at"])) if span.get("end_at") else "9999"
    return lambda customer: start <= customer[name] <= end


def _grouped(have: set[str], groups: Json) -> bool:
    every, some, none = (set(groups.get(key) or ()) for key in ("all", "any", "none"))
    return every <= have and (not some or bool(some & have)) and not none & have
