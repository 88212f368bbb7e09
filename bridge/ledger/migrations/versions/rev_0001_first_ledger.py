"""The first ledger."""

import sqlalchemy as sa
from alembic import op

from bridge.errors import LedgerError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _cursor()
    _decision()
    _history()
    _image()
    _inbox()
    _lease()
    _meta()
    _order_link()
    _order_seen()
    _outbox()
    _person()
    _place_left()
    _place_name()
    _product()
    _refund_link()
    _run()
    _sale()
    _shown_product()
    _shown_variation()
    _store()
    _till_order()
    _till_payment()
    _till_refund()
    _variation()
    _movement()
    _on_hand()
    _stock()


def downgrade() -> None:
    """There is no way down."""
    raise LedgerError("A ledger is not downgraded.", advice="Restore the backup made before the upgrade.")


def _cursor() -> None:
    op.create_table(
        "cursor",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("moved_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("vid", sa.Integer(), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("choices_json", sa.Text(), server_default="[]", nullable=False),
        sa.Column("detail_json", sa.Text(), server_default="{}", nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'resolved', 'dismissed')"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "decision_one_open", "decision", ["kind", "subject"], unique=True, sqlite_where=sa.text("state = 'open'")
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("vid", sa.Integer(), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("field", sa.Text(), server_default="", nullable=False),
        sa.Column("before_json", sa.Text(), server_default="null", nullable=False),
        sa.Column("after_json", sa.Text(), server_default="null", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("history_pid", "history", ["pid"], unique=False)
    op.create_index("history_run", "history", ["run_id"], unique=False)
    op.create_index("history_vid", "history", ["vid"], unique=False)


def _image() -> None:
    op.create_table(
        "image",
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("twin_id", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("side", "remote_id"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("dedupe", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('new', 'seen')"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("side", "dedupe"),
    )
    op.create_index("inbox_new", "inbox", ["state", "id"], unique=False)


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _order_link() -> None:
    op.create_table(
        "order_link",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("store_id", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("plain", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("square_order_id", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.Text(), nullable=True),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paid_at", sa.Text(), server_default="", nullable=False),
        sa.Column("created", sa.Text(), server_default="", nullable=False),
        sa.Column("dirty", sa.Integer(), server_default="1", nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('wanted', 'sent', 'open', 'gateway', 'counting', 'paid', 'stock', 'ended')"),
        sa.PrimaryKeyConstraint("order_id"),
        sa.UniqueConstraint("payment_id"),
        sa.UniqueConstraint("square_order_id"),
    )
    op.create_index("order_link_dirty", "order_link", ["dirty"], unique=False, sqlite_where=sa.text("dirty = 1"))
    op.create_index("order_link_state", "order_link", ["state"], unique=False)


def _order_seen() -> None:
    op.create_table(
        "order_seen",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("modified", sa.Text(), nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.Column("lines_json", sa.Text(), server_default="{}", nullable=False),
        sa.Column("taken_json", sa.Text(), server_default="{}", nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("vid", sa.Integer(), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("payload_json", sa.Text(), nullable=False),
        sa.Column("causes_json", sa.Text(), server_default="[]", nullable=False),
        sa.Column("state", sa.Text(), server_default="due", nullable=False),
        sa.Column("due_at", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("batch", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", sa.Text(), server_default="", nullable=False),
        sa.Column("done_at", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.CheckConstraint("side IN ('woo', 'square')"),
        sa.CheckConstraint("state IN ('due', 'sent', 'unknown', 'done', 'refused', 'held', 'dropped')"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "outbox_one_woo_stock",
        "outbox",
        ["vid"],
        unique=True,
        sqlite_where=sa.text("side = 'woo' AND kind = 'change_stock' AND state IN ('due', 'sent', 'unknown')"),
    )
    op.create_index(
        "outbox_open",
        "outbox",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state IN ('due', 'sent', 'unknown', 'held')"),
    )
    op.create_index("outbox_pid", "outbox", ["pid"], unique=False)
    op.create_index("outbox_vid", "outbox", ["vid"], unique=False)


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("square_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), server_default="", nullable=False),
        sa.Column("print", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('linked', 'review', 'unknown', 'wanted', 'apart', 'erased')"),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("square_id"),
    )


def _place_left() -> None:
    op.create_table(
        "place_left",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("wanted_json", sa.Text(), nullable=False),
        sa.Column("shown_json", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id"),
    )


def _place_name() -> None:
    op.create_table(
        "place_name",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("store_id", "plain"),
    )


def _product() -> None:
    op.create_table(
        "product",
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("woo_id", sa.Text(), nullable=True),
        sa.Column("square_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="linked", nullable=False),
        sa.Column("base_json", sa.Text(), server_default="{}", nullable=False),
        sa.Column("dirty", sa.Integer(), server_default="1", nullable=False),
        sa.Column("made_by", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('linked', 'alone', 'paused')"),
        sa.CheckConstraint("woo_id IS NOT NULL OR square_id IS NOT NULL"),
        sa.PrimaryKeyConstraint("pid"),
        sa.UniqueConstraint("square_id"),
        sa.UniqueConstraint("woo_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("product_dirty", "product", ["dirty"], unique=False, sqlite_where=sa.text("dirty = 1"))


def _refund_link() -> None:
    op.create_table(
        "refund_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("woo_id", sa.Text(), nullable=True),
        sa.Column("square_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.CheckConstraint("origin IN ('woo', 'square')"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("square_id"),
        sa.UniqueConstraint("woo_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("refund_link_order", "refund_link", ["order_id"], unique=False)


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("counts_json", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )


def _sale() -> None:
    op.create_table(
        "sale",
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Text(), nullable=False),
        sa.Column("about_json", sa.Text(), server_default="[]", nullable=False),
        sa.Column("ours", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_json", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('order', 'refund')"),
        sa.CheckConstraint("side IN ('woo', 'square')"),
        sa.PrimaryKeyConstraint("side", "kind", "remote_id"),
    )
    op.create_index("sale_day", "sale", ["first_day"], unique=False)


def _shown_product() -> None:
    op.create_table(
        "shown_product",
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="simple", nullable=False),
        sa.Column("body_json", sa.Text(), server_default="{}", nullable=False),
        sa.Column("gone", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("side", "remote_id"),
    )


def _shown_variation() -> None:
    op.create_table(
        "shown_variation",
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), server_default="", nullable=False),
        sa.Column("sku", sa.Text(), server_default="", nullable=False),
        sa.Column("gtin", sa.Text(), server_default="", nullable=False),
        sa.Column("body_json", sa.Text(), server_default="{}", nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("side", "remote_id"),
    )
    op.create_index("shown_variation_product", "shown_variation", ["side", "product_id"], unique=False)
    op.create_index("shown_variation_sku", "shown_variation", ["side", "sku"], unique=False)


def _store() -> None:
    op.create_table(
        "store",
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("currency", sa.Text(), server_default="", nullable=False),
        sa.Column("body_json", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("store_id"),
    )


def _till_order() -> None:
    op.create_table(
        "till_order",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("fulfillment", sa.Text(), server_default="", nullable=False),
        sa.Column("told", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("woo_id", sa.Text(), nullable=True),
        sa.Column("body_json", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('new', 'none', 'planned', 'done')"),
        sa.PrimaryKeyConstraint("order_id"),
        sa.UniqueConstraint("woo_id"),
    )
    op.create_index("till_order_new", "till_order", ["state"], unique=False, sqlite_where=sa.text("state = 'new'"))


def _till_payment() -> None:
    op.create_table(
        "till_payment",
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("refunded", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id"),
    )


def _till_refund() -> None:
    op.create_table(
        "till_refund",
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("woo_id", sa.Text(), server_default="", nullable=False),
        sa.Column("body_json", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('new', 'none', 'image', 'asked', 'planned', 'done')"),
        sa.PrimaryKeyConstraint("refund_id"),
    )
    op.create_index("till_refund_new", "till_refund", ["state"], unique=False, sqlite_where=sa.text("state = 'new'"))
    op.create_index("till_refund_woo", "till_refund", ["woo_id"], unique=False, sqlite_where=sa.text("woo_id <> ''"))


def _variation() -> None:
    op.create_table(
        "variation",
        sa.Column("vid", sa.Integer(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("woo_id", sa.Text(), nullable=False),
        sa.Column("woo_parent", sa.Text(), server_default="", nullable=False),
        sa.Column("square_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), server_default="", nullable=False),
        sa.Column("made_by", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["pid"],
            ["product.pid"],
        ),
        sa.PrimaryKeyConstraint("vid"),
        sa.UniqueConstraint("square_id"),
        sa.UniqueConstraint("woo_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("variation_pid", "variation", ["pid"], unique=False)
    op.create_index("variation_sku", "variation", ["sku"], unique=False)


def _movement() -> None:
    op.create_table(
        "movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("vid", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("detail_json", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["vid"],
            ["variation.vid"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("side", "cause"),
        sqlite_autoincrement=True,
    )
    op.create_index("movement_vid", "movement", ["vid", "id"], unique=False)


def _on_hand() -> None:
    op.create_table(
        "on_hand",
        sa.Column("vid", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("calculated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["vid"],
            ["variation.vid"],
        ),
        sa.PrimaryKeyConstraint("vid", "store_id"),
    )


def _stock() -> None:
    op.create_table(
        "stock",
        sa.Column("vid", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="unopened", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("woo_expected", sa.Integer(), nullable=True),
        sa.Column("woo_seen", sa.Integer(), nullable=True),
        sa.Column("woo_seen_at", sa.Text(), server_default="", nullable=False),
        sa.Column("woo_key", sa.Text(), server_default="", nullable=False),
        sa.Column("woo_writes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("woo_checked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("woo_cause", sa.Integer(), server_default="0", nullable=False),
        sa.Column("backorders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dirty", sa.Integer(), server_default="1", nullable=False),
        sa.Column("suspect", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_at", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('unopened', 'opening', 'open', 'off')"),
        sa.ForeignKeyConstraint(
            ["vid"],
            ["variation.vid"],
        ),
        sa.PrimaryKeyConstraint("vid"),
    )
    op.create_index("stock_dirty", "stock", ["dirty"], unique=False, sqlite_where=sa.text("dirty = 1"))
    op.create_index("stock_suspect", "stock", ["suspect"], unique=False, sqlite_where=sa.text("suspect = 1"))
