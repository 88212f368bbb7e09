"""The tables of the ledger: what was seen, what was meant, what was done and why.

Quantities are decimal text, times are UTC ISO text, ``*_json`` columns hold JSON. Rows of ``movement`` and
``history`` are never changed or deleted.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("since", Text, nullable=False),
    Column("until", Text, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("moved_at", Text, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("state", Text, nullable=False, server_default="running"),
    Column("counts_json", Text, nullable=False, server_default="{}"),
    sqlite_autoincrement=True,
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("side", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("dedupe", Text, nullable=False),
    Column("object_id", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False, server_default=""),
    Column("received_at", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="new"),
    Column("seen_at", Text),
    UniqueConstraint("side", "dedupe"),
    CheckConstraint("state IN ('new', 'seen')"),
)
Index("inbox_new", inbox.c.state, inbox.c.id)

store = Table(
    "store",
    metadata,
    Column("store_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("active", Integer, nullable=False),
    Column("timezone", Text, nullable=False, server_default="UTC"),
    Column("currency", Text, nullable=False, server_default=""),
    Column("body_json", Text, nullable=False, server_default="{}"),
)

product = Table(
    "product",
    metadata,
    Column("pid", Integer, primary_key=True),
    Column("woo_id", Text, unique=True),
    Column("square_id", Text, unique=True),
    Column("state", Text, nullable=False, server_default="linked"),
    Column("base_json", Text, nullable=False, server_default="{}"),
    Column("dirty", Integer, nullable=False, server_default="1"),
    Column("made_by", Text, nullable=False, server_default=""),
    Column("made_at", Text, nullable=False, server_default=""),
    CheckConstraint("woo_id IS NOT NULL OR square_id IS NOT NULL"),
    CheckConstraint("state IN ('linked', 'alone', 'paused')"),
    sqlite_autoincrement=True,
)
Index("product_dirty", product.c.dirty, sqlite_where=text("dirty = 1"))

variation = Table(
    "variation",
    metadata,
    Column("vid", Integer, primary_key=True),
    Column("pid", Integer, ForeignKey("product.pid"), nullable=False),
    Column("woo_id", Text, nullable=False, unique=True),
    Column("woo_parent", Text, nullable=False, server_default=""),
    Column("square_id", Text, nullable=False, unique=True),
    Column("sku", Text, nullable=False, server_default=""),
    Column("made_by", Text, nullable=False, server_default=""),
    Column("made_at", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
Index("variation_pid", variation.c.pid)
Index("variation_sku", variation.c.sku)

shown_product = Table(
    "shown_product",
    metadata,
    Column("side", Text, primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False, server_default="simple"),
    Column("body_json", Text, nullable=False, server_default="{}"),
    Column("gone", Integer, nullable=False, server_default="0"),
    Column("seen_at", Text, nullable=False),
)

shown_variation = Table(
    "shown_variation",
    metadata,
    Column("side", Text, primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("product_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False, server_default=""),
    Column("sku", Text, nullable=False, server_default=""),
    Column("gtin", Text, nullable=False, server_default=""),
    Column("body_json", Text, nullable=False, server_default="{}"),
    Column("seen_at", Text, nullable=False),
)
Index("shown_variation_product", shown_variation.c.side, shown_variation.c.product_id)
Index("shown_variation_sku", shown_variation.c.side, shown_variation.c.sku)

stock = Table(
    "stock",
    metadata,
    Column("vid", Integer, ForeignKey("variation.vid"), primary_key=True),
    Column("state", Text, nullable=False, server_default="unopened"),
    Column("reason", Text, nullable=False, server_default=""),
    # what WooCommerce should show now: opening + every movement known there + our own confirmed writes
    Column("woo_expected", Integer),
    Column("woo_seen", Integer),
    Column("woo_seen_at", Text, nullable=False, server_default=""),
    Column("woo_key", Text, nullable=False, server_default=""),
    Column("woo_writes", Integer, nullable=False, server_default="0"),
    # outbox id up to which our writes there were found to have kept every order's decrement
    Column("woo_checked", Integer, nullable=False, server_default="0"),
    # movement id up to which our writes there carry the causes
    Column("woo_cause", Integer, nullable=False, server_default="0"),
    Column("backorders", Integer, nullable=False, server_default="0"),
    Column("dirty", Integer, nullable=False, server_default="1"),
    Column("suspect", Integer, nullable=False, server_default="0"),
    Column("opened_at", Text, nullable=False, server_default=""),
    Column("opened_by", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('unopened', 'opening', 'open', 'off')"),
)
Index("stock_dirty", stock.c.dirty, sqlite_where=text("dirty = 1"))
Index("stock_suspect", stock.c.suspect, sqlite_where=text("suspect = 1"))

on_hand = Table(
    "on_hand",
    metadata,
    Column("vid", Integer, ForeignKey("variation.vid"), primary_key=True),
    Column("store_id", Text, primary_key=True),
    Column("quantity", Text, nullable=False),
    Column("calculated_at", Text, nullable=False),
)

movement = Table(
    "movement",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("side", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("vid", Integer, ForeignKey("variation.vid"), nullable=False),
    Column("store_id", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("run_id", Integer),
    Column("detail_json", Text, nullable=False, server_default="{}"),
    UniqueConstraint("side", "cause"),
    sqlite_autoincrement=True,
)
Index("movement_vid", movement.c.vid, movement.c.id)

order_seen = Table(
    "order_seen",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("number", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False),
    Column("modified", Text, nullable=False),
    Column("created", Text, nullable=False),
    # line id -> [woo variation id, reduced]
    Column("lines_json", Text, nullable=False, server_default="{}"),
    # line id -> {store id: quantity taken}
    Column("taken_json", Text, nullable=False, server_default="{}"),
    Column("seen_at", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("side", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("vid", Integer),
    Column("pid", Integer),
    Column("payload_json", Text, nullable=False),
    Column("causes_json", Text, nullable=False, server_default="[]"),
    Column("state", Text, nullable=False, server_default="due"),
    Column("due_at", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("batch", Text, nullable=False, server_default=""),
    Column("sent_at", Text, nullable=False, server_default=""),
    Column("done_at", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Column("run_id", Integer),
    Column("created_at", Text, nullable=False),
    CheckConstraint("state IN ('due', 'sent', 'unknown', 'done', 'refused', 'held', 'dropped')"),
    CheckConstraint("side IN ('woo', 'square')"),
    sqlite_autoincrement=True,
)
Index("outbox_open", outbox.c.state, sqlite_where=text("state IN ('due', 'sent', 'unknown', 'held')"))
Index("outbox_vid", outbox.c.vid)
Index("outbox_pid", outbox.c.pid)
# one stock action in flight per variation in WooCommerce, whatever the code above does
Index(
    "outbox_one_woo_stock",
    outbox.c.vid,
    unique=True,
    sqlite_where=text("side = 'woo' AND kind = 'change_stock' AND state IN ('due', 'sent', 'unknown')"),
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer),
    Column("at", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("vid", Integer),
    Column("pid", Integer),
    Column("field", Text, nullable=False, server_default=""),
    Column("before_json", Text, nullable=False, server_default="null"),
    Column("after_json", Text, nullable=False, server_default="null"),
    Column("why", Text, nullable=False, server_default=""),
    Column("key", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
Index("history_run", history.c.run_id)
Index("history_vid", history.c.vid)
Index("history_pid", history.c.pid)

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("vid", Integer),
    Column("pid", Integer),
    Column("question", Text, nullable=False),
    Column("choices_json", Text, nullable=False, server_default="[]"),
    Column("detail_json", Text, nullable=False, server_default="{}"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("answer", Text, nullable=False, server_default=""),
    Column("opened_at", Text, nullable=False),
    Column("resolved_at", Text, nullable=False, server_default=""),
    Column("run_id", Integer),
    CheckConstraint("state IN ('open', 'resolved', 'dismissed')"),
    sqlite_autoincrement=True,
)
Index(
    "decision_one_open",
    decision.c.kind,
    decision.c.subject,
    unique=True,
    sqlite_where=text("state = 'open'"),
)

image = Table(
    "image",
    metadata,
    Column("side", Text, primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("twin_id", Text, nullable=False, server_default=""),
)

# -- orders at both sides ---------------------------------------------------------------
order_link = Table(
    "order_link",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("number", Text, nullable=False, server_default=""),
    Column("store_id", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    # lines without catalog items: their goods were carried by adjustments before
    Column("plain", Integer, nullable=False, server_default="0"),
    Column("attempt", Integer, nullable=False, server_default="1"),
    Column("square_order_id", Text, unique=True),
    Column("payment_id", Text, unique=True),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("paid_at", Text, nullable=False, server_default=""),
    Column("created", Text, nullable=False, server_default=""),
    Column("dirty", Integer, nullable=False, server_default="1"),
    Column("made_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    CheckConstraint("state IN ('wanted', 'sent', 'open', 'gateway', 'counting', 'paid', 'stock', 'ended')"),
)
Index("order_link_state", order_link.c.state)
Index("order_link_dirty", order_link.c.dirty, sqlite_where=text("dirty = 1"))

refund_link = Table(
    "refund_link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("woo_id", Text, unique=True),
    Column("square_id", Text, unique=True),
    Column("amount", Integer, nullable=False),
    Column("at", Text, nullable=False),
    CheckConstraint("origin IN ('woo', 'square')"),
    sqlite_autoincrement=True,
)
Index("refund_link_order", refund_link.c.order_id)

# -- what tills did: orders, payments and refunds as Square shows them; sales of both channels ----------
till_order = Table(
    "till_order",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("fulfillment", Text, nullable=False, server_default=""),
    # the fulfillment's state the shop was last told of
    Column("told", Text, nullable=False, server_default=""),
    # what becomes of the order in the shop
    Column("state", Text, nullable=False, server_default="new"),
    # the shop's order made of this sale
    Column("woo_id", Text, unique=True),
    Column("body_json", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    CheckConstraint("state IN ('new', 'none', 'planned', 'done')"),
)
Index("till_order_new", till_order.c.state, sqlite_where=text("state = 'new'"))

till_payment = Table(
    "till_payment",
    metadata,
    Column("payment_id", Text, primary_key=True),
    Column("order_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("refunded", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
)

till_refund = Table(
    "till_refund",
    metadata,
    Column("refund_id", Text, primary_key=True),
    Column("payment_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    # what becomes of it in the shop
    Column("state", Text, nullable=False, server_default="new"),
    # the online order it belongs to
    Column("woo_id", Text, nullable=False, server_default=""),
    Column("body_json", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    CheckConstraint("state IN ('new', 'none', 'image', 'asked', 'planned', 'done')"),
)
Index("till_refund_new", till_refund.c.state, sqlite_where=text("state = 'new'"))
Index("till_refund_woo", till_refund.c.woo_id, sqlite_where=text("woo_id <> ''"))

sale = Table(
    "sale",
    metadata,
    Column("side", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("remote_id", Text, primary_key=True),
    Column("first_day", Text, nullable=False),
    # other orders this one speaks of: the sales a return takes back, the order a refund belongs to
    Column("about_json", Text, nullable=False, server_default="[]"),
    Column("ours", Integer, nullable=False, server_default="0"),
    Column("rows_json", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    CheckConstraint("side IN ('woo', 'square')"),
    CheckConstraint("kind IN ('order', 'refund')"),
)
Index("sale_day", sale.c.first_day)

# -- places and people ------------------------------------------------------------------
place_name = Table(
    "place_name",
    metadata,
    Column("store_id", Text, primary_key=True),
    # a name in the form in which two are compared
    Column("plain", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("since", Text, nullable=False),
)

place_left = Table(
    "place_left",
    metadata,
    Column("store_id", Text, primary_key=True),
    Column("wanted_json", Text, nullable=False),
    Column("shown_json", Text, nullable=False),
    Column("at", Text, nullable=False),
)

person = Table(
    "person",
    metadata,
    # "id:17" of a registered customer of the shop, "guest:<digest of the e-mail address>" of a guest
    Column("key", Text, primary_key=True),
    Column("square_id", Text, unique=True),
    Column("state", Text, nullable=False),
    Column("how", Text, nullable=False, server_default=""),
    # digest of what was compared: the same person is not looked up again before something changes
    Column("print", Text, nullable=False, server_default=""),
    Column("made_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    CheckConstraint("state IN ('linked', 'review', 'unknown', 'wanted', 'apart', 'erased')"),
)
