"""Finds the same person on both sides: by link, by e-mail, by phone; what is not certain goes to a review list.

Whether somebody wants marketing is never inferred: nothing here reads, writes or carries a consent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

JSON = dict[str, Any]
How = Literal["link", "email", "phone"]

_DIAL: Mapping[str, str] = {
    "AR": "54", "AT": "43", "AU": "61", "BE": "32", "BG": "359", "BR": "55", "CA": "1", "CH": "41", "CL": "56",
    "CY": "357", "CZ": "420", "DE": "49", "DK": "45", "EE": "372", "ES": "34", "FI": "358", "FR": "33", "GB": "44",
    "GR": "30", "HR": "385", "HU": "36", "IE": "353", "IL": "972", "IN": "91", "IS": "354", "IT": "39", "JP": "81",
    "LT": "370", "LU": "352", "LV": "371", "MT": "356", "MX": "52", "NL": "31", "NO": "47", "NZ": "64", "PL": "48",
    "PT": "351", "RO": "40", "SE": "46", "SG": "65", "SI": "386", "SK": "421", "TR": "90", "US": "1", "ZA": "27",
}  # fmt: skip
_TRUNK: Mapping[str, str] = {"US": "1", "CA": "1", "HU": "06", "LT": "0"}
"""What is dialled before a national number and left out after the country's code; "0" where nothing is said."""
_NO_TRUNK = frozenset({"IT", "ES", "PT", "DK", "NO", "PL", "CZ", "GR", "LV", "EE", "MT", "LU", "IS", "CY", "SG", "MX"})


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as one side knows them. ``remote_id`` is "" for a guest of the shop, who exists on orders only."""

    remote_id: str
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    country: str = ""
    company: str = ""

    @property
    def name(self) -> str:
        """Given and family name, else the company."""
        return f"{self.given_name} {self.family_name}".strip() or self.company


@dataclass(frozen=True, slots=True)
class Matched:
    """The person on the other side, and how they were recognised."""

    remote_id: str
    how: How


@dataclass(frozen=True, slots=True)
class Review:
    """Why nobody was chosen although some could be meant: ``candidates`` are remote ids."""

    reason: str
    candidates: tuple[str, ...]


def normal_email(text: str) -> str:
    """An address in the form in which two are compared; "" for what is none."""
    address = text.strip().casefold()
    name, _, host = address.partition("@")
    return address if name and "." in host and " " not in address else ""


def e164(text: str, country: str) -> str:
    """A phone number as ``+`` and digits (E.164), read as dialled in ``country`` (ISO code); "" when that is unsure.

    Simple on purpose: a leading ``+`` or ``00`` is international; otherwise the country's trunk prefix is dropped and
    its code put before. Extensions are cut off. What has fewer than 7 or more than 15 digits is no number.
    """
    main = re.split(r"(?i)\s*(?:ext|x|durchwahl)\.?\s*\d+\s*$", text.strip())[0]
    if not re.fullmatch(r"[+0-9()\s./\u2010-\u2015-]+", main):
        return ""
    digits = re.sub(r"\D", "", main.replace("(0)", "") if main.startswith(("+", "00")) else main)
    if main.startswith("+"):
        return _whole(digits)
    if digits.startswith("00"):
        return _whole(digits[2:])
    code = _DIAL.get(country.upper(), "")
    if not code:
        return ""
    trunk = "" if country.upper() in _NO_TRUNK else _TRUNK.get(country.upper(), "0")
    national = digits.removeprefix(trunk) if trunk else digits
    if code == "1" and len(national) != 10:
        return ""
    return _whole(code + national)


def _whole(digits: str) -> str:
    return f"+{digits}" if 7 <= len(digits) <= 15 and not digits.startswith("0") else ""


def find_person(
    person: Person, others: Sequence[Person], links: Mapping[str, str], *, country: str = ""
) -> Matched | Review | None:
    """Who ``person`` is among ``others``: by link, else the only one with the e-mail, else the only one with the phone.

    ``links`` maps remote ids of the person's side to the other's; ``country`` reads phone numbers that name none.
    ``None`` means nobody is known. A shared phone under two e-mail addresses may be a family: it is reviewed.
    """
    linked = links.get(person.remote_id, "") if person.remote_id else ""
    if linked:
        return Matched(linked, "link")
    free = [other for other in others if other.remote_id not in set(links.values())]
    email = normal_email(person.email)
    alike = [other for other in free if email and normal_email(other.email) == email]
    if len(alike) == 1:
        return Matched(alike[0].remote_id, "email")
    if alike:
        return Review("several people have this e-mail address", tuple(sorted(p.remote_id for p in alike)))
    return _by_phone(person, free, email, country)


def _by_phone(person: Person, others: Iterable[Person], email: str, country: str) -> Matched | Review | None:
    phone = e164(person.phone, person.country or country)
    if not phone:
        return None
    alike = [other for other in others if e164(other.phone, other.country or country) == phone]
    if not alike:
        return None
    ids = tuple(sorted(other.remote_id for other in alike))
    if len(alike) > 1:
        return Review("several people have this phone number", ids)
    if email and normal_email(alike[0].email):
        return Review("the same phone number under another e-mail address", ids)
    return Matched(alike[0].remote_id, "phone")


def shop_person(raw: JSON) -> Person:
    """The person of a raw WooCommerce customer, or of a raw order (its billing address)."""
    billing = raw.get("billing") or {}
    is_order = "line_items" in raw
    customer_id = raw.get("customer_id") if is_order else raw.get("id")
    return Person(
        remote_id=str(customer_id or ""),
        given_name=str(billing.get("first_name") or raw.get("first_name") or "").strip(),
        family_name=str(billing.get("last_name") or raw.get("last_name") or "").strip(),
        email=str((billing.get("email") if is_order else raw.get("email")) or billing.get("email") or "").strip(),
        phone=str(billing.get("phone") or "").strip(),
        country=str(billing.get("country") or "").strip(),
        company=str(billing.get("company") or "").strip(),
    )


def square_person(raw: JSON) -> Person:
    """The person of a raw Square customer."""
    return Person(
        remote_id=str(raw.get("id") or ""),
        given_name=str(raw.get("given_name") or ""),
        family_name=str(raw.get("family_name") or ""),
        email=str(raw.get("email_address") or ""),
        phone=str(raw.get("phone_number") or ""),
        country=str((raw.get("address") or {}).get("country") or ""),
        company=str(raw.get("company_name") or ""),
    )


def square_fields(person: Person, *, country: str = "", reference: str = "") -> JSON:
    """The fields of a new Square customer; empty when there is nothing Square could know them by."""
    phone = e164(person.phone, person.country or country)
    fields = {
        "given_name": person.given_name[:300],
        "family_name": person.family_name[:300],
        "company_name": person.company[:500],
        "email_address": person.email if normal_email(person.email) and len(person.email) <= 254 else "",
        "phone_number": phone,
    }
    found = {name: text for name, text in fields.items() if text}
    return {**found, **({"reference_id": reference[:100]} if reference else {})} if found else {}
