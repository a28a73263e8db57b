"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "loyalty_stamp",
        sa.Column("id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("coupon_id", ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_loyalty_stamp"),
        sa.UniqueConstraint("order_id", name="uq_loyalty_stamp_order_id"),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            ondelete="CASCADE",
            name="fk_loyalty_stamp_customer_id_customer",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], ondelete="CASCADE", name="fk_loyalty_stamp_order_id_order"
        ),
        sa.ForeignKeyConstraint(
            ["coupon_id"], ["coupon.id"], ondelete="SET NULL", name="fk_loyalty_stamp_coupon_id_coupon"
        ),
    )
    op.create_index("ix_loyalty_stamp_customer_id", "loyalty_stamp", ["customer_id"])


def downgrade():
    op.drop_table("loyalty_stamp")
