"""One currency on both sides: looked at before anything is written, remembered for a day.

Prices are never converted, so two currencies cannot be bridged. Amounts travel as whole minor units of the currency
(ISO 4217), whatever number of decimals the shop prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bridge.domain.times import parse_time
from bridge.engine.context import Bridge
from bridge.errors import ConfigError
from bridge.ledger import cursors
from bridge.remotes.calls import Caller
from bridge.remotes.port import Call, SquareStore

CURRENCY = "currency"
CHECKED = "currency_checked_at"
STORES = "currency_checked_stores"
GOOD_FOR = timedelta(days=1)
_NO_MINOR = (
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
)
_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")


def minor_digits(currency: str) -> int:
    """How many decimals a currency's minor unit has (ISO 4217)."""
    return 0 if currency in _NO_MINOR else 3 if currency in _THREE else 2


@dataclass(frozen=True, slots=True)
class ShopMoney:
    """The shop's currency code, and how many decimals it prints and keeps."""

    currency: str
    decimals: int


def read_shop_money(woo: Caller) -> ShopMoney:
    """Ask the shop; raises ``RemoteDown``, ``AccessRefused`` or ``RemoteRefused``."""
    current: dict[str, Any] = woo.read(Call("GET", "wc/v3/data/currencies/current"))
    setting: dict[str, Any] = woo.read(Call("GET", "wc/v3/settings/general/woocommerce_price_num_decimals"))
    code = str(current.get("code") or "")
    text = str(setting.get("value") or "")
    return ShopMoney(code, int(text) if text.isdigit() else minor_digits(code))


def foreign_stores(currency: str, stores: Sequence[SquareStore], chosen: Sequence[str]) -> list[SquareStore]:
    """Active stores in force that sell in another currency than ``currency``."""
    used = [one for one in stores if one.active and (not chosen or one.store_id in chosen)]
    return [one for one in used if one.currency and one.currency != currency]


def unknown_stores(stores: Sequence[SquareStore], chosen: Sequence[str]) -> list[str]:
    """Configured store ids that Square does not have."""
    known = {one.store_id for one in stores}
    return [store_id for store_id in chosen if store_id not in known]


def check_currency(bridge: Bridge, woo: Caller, *, remember: bool) -> None:
    """Make ``bridge.settings`` speak the shop's currency, or raise ``ConfigError`` when Square's is another one.

    A configured store that Square does not have is refused too. What was found good is believed for a day (when
    ``remember``, the ledger keeps it).
    """
    chosen = [store.store_id for store in bridge.settings.stores]
    known = _remembered(bridge, chosen)
    currency = known or _look(bridge, woo, chosen)
    bridge.settings = replace(bridge.settings, currency=currency, decimals=minor_digits(currency))
    if known or not remember:
        return
    with bridge.db.transaction() as conn:
        cursors.note_fact(conn, CURRENCY, currency)
        cursors.note_fact(conn, CHECKED, bridge.now())
        cursors.note_fact(conn, STORES, " ".join(chosen))


def _remembered(bridge: Bridge, chosen: Sequence[str]) -> str:
    with bridge.db.reading() as conn:
        currency, checked = cursors.read_fact(conn, CURRENCY), cursors.read_fact(conn, CHECKED)
        same = cursors.read_fact(conn, STORES) == " ".join(chosen)
    return currency if currency and checked and same and _is_fresh(bridge, checked) else ""


def _is_fresh(bridge: Bridge, checked: str) -> bool:
    return timedelta(0) <= bridge.clock.now() - parse_time(checked) < GOOD_FOR


def _look(bridge: Bridge, woo: Caller, chosen: Sequence[str]) -> str:
    money = read_shop_money(woo)
    stores = bridge.square.stores()
    missing = unknown_stores(stores, chosen)
    if missing:
        known = ", ".join(f"{one.store_id} ({one.name})" for one in stores)
        raise ConfigError(
            f"Square has no store {', '.join(missing)}, which the configuration names.",
            advice=f"It has: {known}. Correct `stores`. Nothing was changed.",
        )
    foreign = foreign_stores(money.currency, stores, chosen)
    if foreign:
        where = ", ".join(f"{one.name} in {one.currency}" for one in foreign)
        raise ConfigError(
            f"The shop sells in {money.currency}, at Square {where}.",
            advice="Both must use one currency: prices are never converted. Nothing was changed.",
        )
    return money.currency
