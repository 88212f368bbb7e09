"""What people do in the shop's admin: edit, count, trash, load a file; and how tests set the scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.sim.woo import csv_file, seed
from bridge.sim.woo.product_write import Writer
from bridge.sim.woo.products import delete_product, put_in_trash, trash_product, update_product
from bridge.sim.woo.routes import Router
from bridge.sim.woo.state import ApiKey, AppPassword, Item
from bridge.sim.woo.stock import set_stock
from bridge.sim.woo.variations import remove_variation

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo


def register(router: Router) -> None:
    """Acts have no routes of their own: the control plane calls them."""


def register_acts(shop: FakeWoo) -> None:
    """Give the shop its acts."""
    mine: dict[str, Callable[..., Any]] = {
        "seed": lambda products: seed.seed(shop, products),
        "seed_catalog": lambda **how: seed.seed_catalog(shop, **how),
        "load_csv": lambda text, base_url="": csv_file.load_csv(shop, text, base_url),
        "dump_csv": lambda: csv_file.dump_csv(shop),
        "staff_edit_product": lambda id, fields: staff_edit_product(shop, id, fields),
        "staff_set_stock": lambda id, quantity: staff_set_stock(shop, id, quantity),
        "staff_trash": lambda id: staff_trash(shop, id),
        "staff_untrash": lambda id: staff_untrash(shop, id),
        "staff_delete": lambda id: staff_delete(shop, id),
        "set_setting": lambda name, value: shop.state.options.__setitem__(name, value),
        "add_order_status": lambda name: shop.state.own_statuses.append(name),
        "add_key": lambda **fields: _add_key(shop, **fields),
        "add_app_password": lambda **fields: shop.state.app_passwords.append(AppPassword(**fields)),
        "revoke_key": lambda key: shop.state.keys.pop(key, None) is not None,
        "set_switch": lambda name, value: _set_switch(shop, name, value),
    }
    shop.acts.update(mine)


def _item(shop: FakeWoo, number: int) -> Item:
    item = shop.state.items.get(number)
    if item is None:
        raise LookupError(f"no product or variation {number}")
    return item


def staff_edit_product(shop: FakeWoo, id: int, fields: dict[str, Any]) -> None:
    """Save fields (REST names) from the edit screen; a quantity among them is an absolute write."""
    update_product(shop, _item(shop, id), fields, actor="staff", staff=True)


def staff_set_stock(shop: FakeWoo, id: int, quantity: int) -> int | None:
    """Type a quantity over whatever is there, managing stock from now on; the new number."""
    item = _item(shop, id)
    if not item.manage_stock:
        Writer(shop, item, {"manage_stock": True}, actor="staff", new=False, staff=True).apply()
    set_stock(shop, item, quantity, actor="staff", kind="staff_edit", reference=f"item:{id}")
    shop.emit("product.updated", id)
    return item.stock


def staff_trash(shop: FakeWoo, id: int) -> None:
    """Move a product (with its variations) or one variation to the trash."""
    item = _item(shop, id)
    if item.is_variation:
        put_in_trash(shop, item)
        shop.touch(item)
    else:
        trash_product(shop, item)


def staff_untrash(shop: FakeWoo, id: int) -> None:
    """Restore from the trash, variations included; products come back as drafts or as they were."""
    item = _item(shop, id)
    family = [item, *(shop.state.items[n] for n in shop.state.children.get(id, ()))]
    for one in family:
        if one.status == "trash":
            fields = {"status": one.before_trash or "publish"}
            Writer(shop, one, fields, actor="staff", new=False, staff=True).apply()
            one.meta = [m for m in one.meta if not m["key"].startswith("_wp_")]
    shop.emit("product.restored", id)
    shop.emit("product.updated", id)


def staff_delete(shop: FakeWoo, id: int) -> None:
    """Delete for good."""
    item = _item(shop, id)
    if item.is_variation:
        remove_variation(shop, item)
    else:
        delete_product(shop, item)


def _add_key(shop: FakeWoo, **fields: Any) -> str:
    key = ApiKey(**fields)
    shop.state.keys[key.key] = key
    return key.key


def _set_switch(shop: FakeWoo, name: str, value: Any) -> None:
    if name not in (
        "delta_is_atomic",
        "webhooks_allow_loopback",
        "webhooks_need_traffic",
        "webhook_latency",
    ):
        raise LookupError(f"no switch {name}")
    setattr(shop, name, value)
