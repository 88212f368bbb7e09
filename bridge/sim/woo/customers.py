"""Customers over REST; guests never appear here, they live in their orders' ``billing``."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.batches import run_batch
from bridge.sim.woo.order_state import drop_meta, set_meta
from bridge.sim.woo.params import PAGING, Param, checked
from bridge.sim.woo.rest_lists import cut_page, must_force
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.times import gmt_text, local_text

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_SHIPPING = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "postcode",
    "country",
    "state",
)
BILLING = (*_SHIPPING, "email", "phone")
SHIPPING = (*_SHIPPING, "phone")
_ROLES = ("all", "administrator", "editor", "author", "contributor", "subscriber", "customer", "shop_manager")
_LIST = {
    **PAGING,
    "order": Param(enum=("asc", "desc"), default="asc"),
    "orderby": Param(enum=("id", "include", "name", "registered_date"), default="name"),
    "email": Param(),
    "role": Param(enum=_ROLES, default="customer"),
}
_RULES = {"email": Param(), "billing": Param("object"), "shipping": Param("object"), "password": Param()}


@dataclass(slots=True)
class Customer:
    """A registered customer; times are epoch seconds UTC."""

    id: int
    email: str
    created: int
    modified: int
    username: str = ""
    first_name: str = ""
    last_name: str = ""
    role: str = "customer"
    billing: dict[str, str] = field(default_factory=lambda: dict.fromkeys(BILLING, ""))
    shipping: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SHIPPING, ""))
    is_paying: bool = False
    meta: list[dict[str, Any]] = field(default_factory=list)


def register(router: Router) -> None:
    """Add the routes of customers."""
    router.add("GET", "/wc/v3/customers", list_customers, needs="list")
    router.add("POST", "/wc/v3/customers", post_customer, needs="create")
    router.add("GET", "/wc/v3/customers/<id>", get_customer, needs="view")
    router.add("EDIT", "/wc/v3/customers/<id>", put_customer, needs="edit")
    router.add("DELETE", "/wc/v3/customers/<id>", delete_customer, needs="delete")
    router.add("EDIT", "/wc/v3/customers/batch", batch_customers, needs="batch")


def customer_json(shop: FakeWoo, customer: Customer, base: str) -> dict[str, Any]:
    """A customer as JSON."""
    tz = shop.state.timezone
    collection = f"{base}/wp-json/wc/v3/customers"
    hints = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
    digest = sha256(customer.email.strip().lower().encode()).hexdigest()
    return {
        "id": customer.id,
        "date_created": local_text(customer.created, tz),
        "date_created_gmt": gmt_text(customer.created),
        "date_modified": local_text(customer.modified, tz),
        "date_modified_gmt": gmt_text(customer.modified),
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "role": customer.role,
        "username": customer.username,
        "billing": dict(customer.billing),
        "shipping": dict(customer.shipping),
        "is_paying_customer": customer.is_paying,
        "avatar_url": f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g",
        "meta_data": list(customer.meta),
        "_links": {
            "self": [{"href": f"{collection}/{customer.id}", "targetHints": hints}],
            "collection": [{"href": collection}],
        },
    }


def _customer(shop: FakeWoo, customer_id: Any, status: int = 404) -> Customer:
    customer = shop.state.customers.get(int(customer_id or 0))
    if not isinstance(customer, Customer):
        raise WooError(status, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    return customer


def list_customers(shop: FakeWoo, call: Call) -> SimResponse:
    """A page of customers; ``email`` must match exactly, ``role`` is customer unless asked for."""
    params = checked(_LIST, call.params)
    found = list(shop.state.customers.values())
    if params["role"] != "all":
        found = [customer for customer in found if customer.role == params["role"]]
    if params.get("email"):
        found = [customer for customer in found if customer.email.lower() == params["email"].lower()]
    if params.get("search"):
        text = params["search"].lower()
        found = [c for c in found if text in f"{c.email} {c.username} {c.first_name} {c.last_name}".lower()]
    if params["include"]:
        found = [customer for customer in found if customer.id in params["include"]]
    by_name = params["orderby"] == "name"
    found.sort(key=lambda c: (c.username if by_name else "", c.id), reverse=params["order"] == "desc")
    rows, number, size = cut_page(found, params)
    return call.page([customer_json(shop, row, call.base) for row in rows], len(found), number, size)


def get_customer(shop: FakeWoo, call: Call) -> SimResponse:
    """One customer."""
    return call.reply(customer_json(shop, _customer(shop, call.args["id"]), call.base))


def write_customer(shop: FakeWoo, customer: Customer, body: dict[str, Any]) -> Customer:
    """Set what ``body`` gives on a customer; an e-mail address belongs to one customer only."""
    email = body.get("email")
    if email:
        others = shop.state.customers.values()
        if any(other.email.lower() == str(email).lower() and other is not customer for other in others):
            raise _email_taken(str(email))
        customer.email = str(email)
    for name in ("first_name", "last_name"):
        if body.get(name) is not None:
            setattr(customer, name, str(body[name]))
    for name in ("billing", "shipping"):
        given, held = body.get(name), getattr(customer, name)
        if isinstance(given, dict):
            held.update({field: str(value or "") for field, value in given.items() if field in held})
    for entry in body.get("meta_data") or ():
        if entry.get("value") is None:
            drop_meta(customer.meta, str(entry.get("key")))
        else:
            set_meta(customer.meta, str(entry.get("key")), entry["value"], shop.ids.number("user_meta"))
    customer.modified = shop.now()
    return customer


def _email_taken(email: str) -> WooError:
    text = f"An account is already registered with {email}. Please log in or use a different email address."
    return WooError(400, "registration-error-email-exists", text)


def _create(shop: FakeWoo, call: Call, body: dict[str, Any]) -> dict[str, Any]:
    email = str(body.get("email") or "")
    if "@" not in email:
        text = "Please provide a valid email address."
        raise WooError(400, "registration-error-invalid-email", text)
    now = shop.now()
    username = str(body.get("username") or email.partition("@")[0])
    if any(other.username == username for other in shop.state.customers.values()) and body.get("username"):
        text = "An account is already registered with that username. Please choose another."
        raise WooError(400, "registration-error-username-exists", text)
    customer = write_customer(shop, Customer(0, email, now, now, username), body)
    # users 1 and 2 are the shop's administrator and manager
    customer.id = shop.ids.number("user", 3)
    shop.state.customers[customer.id] = customer
    shop.emit("customer.created", customer.id)
    shop.emit("customer.updated", customer.id)
    return customer_json(shop, customer, call.base)


def post_customer(shop: FakeWoo, call: Call) -> SimResponse:
    """A new customer."""
    return call.created(_create(shop, call, checked(_RULES, call.params, defaults=False)))


def _update(shop: FakeWoo, call: Call, customer: Customer, body: dict[str, Any]) -> dict[str, Any]:
    write_customer(shop, customer, body)
    shop.emit("customer.updated", customer.id)
    return customer_json(shop, customer, call.base)


def put_customer(shop: FakeWoo, call: Call) -> SimResponse:
    """Change a customer."""
    customer = _customer(shop, call.args["id"])
    return call.reply(_update(shop, call, customer, checked(_RULES, call.params, defaults=False)))


def _delete(shop: FakeWoo, call: Call, customer_id: Any) -> dict[str, Any]:
    shown = customer_json(shop, _customer(shop, customer_id), call.base)
    del shop.state.customers[int(customer_id)]
    shop.emit("customer.deleted", int(customer_id))
    return shown


def delete_customer(shop: FakeWoo, call: Call) -> SimResponse:
    """Delete a customer (only with ``force``)."""
    must_force(call, "Customers do not support trashing.")
    return call.reply(_delete(shop, call, call.args["id"]))


def batch_customers(shop: FakeWoo, call: Call) -> SimResponse:
    """Create, change and delete customers."""
    return run_batch(
        call,
        create=lambda row: _create(shop, call, row),
        update=lambda key, row: _update(shop, call, _customer(shop, key, 400), row),
        delete=lambda customer_id: _delete(shop, call, customer_id),
    )
