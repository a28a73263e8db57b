"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "gift_cards_card",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("hint", sa.String(8), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("made_for", sa.String(80), nullable=True),
        sa.Column("holder_id", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gift_cards_card"),
        sa.UniqueConstraint("digest", name="uq_gift_cards_card_digest"),
        sa.UniqueConstraint("made_for", name="uq_gift_cards_card_made_for"),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["customer.id"], ondelete="SET NULL", name="fk_gift_cards_card_holder_id_customer"
        ),
    )
    op.create_index("ix_gift_cards_card_holder_id", "gift_cards_card", ["holder_id"])
    op.create_table(
        "gift_cards_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("card_id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=True),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gift_cards_entry"),
        sa.UniqueConstraint("card_id", "key", name="uq_gift_cards_entry_card_id_key"),
        sa.CheckConstraint("amount <> 0", name="ck_gift_cards_entry_amount"),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["gift_cards_card.id"],
            ondelete="RESTRICT",
            name="fk_gift_cards_entry_card_id_gift_cards_card",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], ondelete="RESTRICT", name="fk_gift_cards_entry_order_id_order"
        ),
    )
    op.create_index("ix_gift_cards_entry_order_id", "gift_cards_entry", ["order_id"])


def downgrade():
    op.drop_table("gift_cards_entry")
    op.drop_table("gift_cards_card")
