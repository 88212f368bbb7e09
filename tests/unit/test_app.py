"""The composition root: every configured choice arrives, one bridge at a time writes, nothing is opened early."""

from __future__ import annotations

import dataclasses
from datetime import date, time
from pathlib import Path

import pytest

from bridge.app import held_lease, new_id, open_bridge, open_ledger, settings_of
from bridge.clock import SystemClock
from bridge.config.load import parse_config
from bridge.config.model import Config
from bridge.config.secrets import Places
from bridge.domain.brakes import Limits
from bridge.domain.hours import Span
from bridge.domain.rules import DEFAULT_OWNERS
from bridge.engine.settings import CustomerSettings, Settings
from bridge.errors import LedgerBusy, LedgerError
from bridge.ledger.schema import lease as lease_table

EVERYTHING = """
woo: {url: "http://127.0.0.1:1"}
stores:
  - {id: L1, online: true, priority: 2, pickup_place: Old Town, buffer: 3}
  - {id: L2, online: false, priority: 5}
stock:
  enabled: false
  opening: square
  buffer: {default: 1, by_category: {Wine: 2}, by_sku: {"0012": 5}}
  staff_edits: report
  staff_edit_store: L1
products:
  enabled: false
  owners: {price: square}
  by_category: {Wine: {price: woo}}
  create_in_square: false
  create_in_woo: publish
  options: options
  follow_hide: follow
  images: false
orders:
  {mode: mirror, allocate: [most], may_split: false, till: always, till_sales_in_woo: true, delivered_by: [van],
   statuses: {ready: waiting}}
places:
  sync: true
  map: {Kiosk: L2}
  lead_minutes: 90
  transfer_hours: 24
  holidays: [{day: 2026-12-24, open: ["09:00-13:00"]}, {day: 2026-12-25, stores: [L1]}]
customers: {sync: true, create_at_square: true, country: "NO"}
brakes: {zero_share: 0.3, zero_at_least: 7, price_jump: 0.9, shrink_share: 0.4}
"""


def config_of(text: str, folder: Path) -> Config:
    return parse_config(text, places=Places({}, folder))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_of('woo: {url: "http://127.0.0.1:1"}', tmp_path)


def test_every_choice_of_the_retailer_reaches_the_engine(tmp_path: Path) -> None:
    made = settings_of(config_of(EVERYTHING, tmp_path))
    stores = [(s.store_id, s.online, s.priority, s.pickup_place) for s in made.stores]
    assert stores == [("L1", True, 2, "Old Town"), ("L2", False, 5, "")]
    assert (made.stock_enabled, made.opening, made.staff_edits, made.staff_edit_store) == (
        False,
        "square",
        "report",
        "L1",
    )
    assert made.buffers.total("0012", (), ("L1",)) == 5 + 3
    assert made.buffers.total("x", ("Wine",), ("L2",)) == 2
    assert made.buffers.total("x", (), ("L2",)) == 1
    assert not made.products_enabled
    assert made.owners.rule("price", ()) == "square"
    assert made.owners.rule("price", ("Wine",)) == "woo"
    assert made.owners.rule("name", ()) == DEFAULT_OWNERS["name"]
    assert (made.create_in_square, made.create_in_woo, made.options_mode) == (False, "publish", "options")
    assert (made.follow_hide, made.images, made.allocate, made.may_split) == ("follow", False, ("most",), False)
    assert made.limits == Limits(zero_share=0.3, zero_at_least=7, price_jump=0.9, shrink_share=0.4)
    assert made.places == {"Old Town": "L1", "Kiosk": "L2"}
    assert (made.pickup.sync, made.pickup.transfer_hours, made.pickup_lead_minutes) == (True, 24, 90)
    morning = (Span(time(9), time(13)),)
    assert made.pickup.holidays == {"": {date(2026, 12, 24): morning}, "L1": {date(2026, 12, 25): ()}}
    assert made.customers == CustomerSettings(sync=True, create_at_square=True, country="NO")


def test_no_setting_that_a_configuration_can_change_is_left_at_its_default(tmp_path: Path) -> None:
    # found at run time, or timings nobody needs to choose
    inner = {"currency", "decimals", "overlap_seconds", "look_back_days", "settle_after", "rounds"}
    made, default = settings_of(config_of(EVERYTHING, tmp_path)), Settings()
    same = {f.name for f in dataclasses.fields(Settings) if getattr(made, f.name) == getattr(default, f.name)}
    assert same == inner


def test_the_defaults_of_both_agree(config: Config) -> None:
    made, default = settings_of(config), Settings()
    # the engine may split by default, the configuration says it outright
    for name in ("opening", "staff_edits", "create_in_woo", "follow_hide", "allocate", "limits", "images", "owners"):
        assert getattr(made, name) == getattr(default, name), name


def test_looking_makes_no_ledger_and_needs_no_keys(config: Config, tmp_path: Path) -> None:
    with open_bridge(config, remotes=False) as bridge:
        assert bridge.db.path is None
    assert not (tmp_path / "bridge.sqlite").exists()


def test_looking_never_upgrades_a_ledger(config: Config, tmp_path: Path) -> None:
    (tmp_path / "bridge.sqlite").touch()
    with pytest.raises(LedgerError, match="is empty"), open_bridge(config, remotes=False):
        pass


def test_a_second_writer_is_told_who_the_first_is(config: Config) -> None:
    with open_bridge(config, writes_as="sync", remotes=False):
        with pytest.raises(LedgerBusy, match="in use by sync"), open_bridge(config, writes_as="daemon", remotes=False):
            pass
        with open_bridge(config, remotes=False) as reader:
            assert reader.db.path is not None
    with open_bridge(config, writes_as="daemon", remotes=False):
        pass


def test_a_writer_whose_lease_was_taken_over_cannot_commit(config: Config) -> None:
    clock = SystemClock()
    with (
        open_ledger(config, clock, write=True) as db,
        open_ledger(config, clock, write=True) as other,
        held_lease(db, "sync", clock),
    ):
        with other.transaction() as conn:
            conn.execute(lease_table.update().values(fence=99))
        with pytest.raises(LedgerBusy, match="lost the ledger"), db.transaction():
            pass


def test_ids_are_never_the_same() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
