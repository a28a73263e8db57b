"""devices of staff that take Web Push, and what they are told.

Revision 0018, after 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Brings the tables to this version."""
    op.create_table(
        "push_device",
        sa.Column("id", _ID, nullable=False),
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(length=1000), nullable=False),
        sa.Column("p256dh", sa.String(length=100), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff_user.id"],
            name=op.f("fk_push_device_staff_id_staff_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_device")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_push_device_endpoint")),
    )
    op.create_index(op.f("ix_push_device_staff_id"), "push_device", ["staff_id"])
    op.create_table(
        "notice_push",
        sa.Column("id", _ID, nullable=False),
        sa.Column("notice_id", _ID, nullable=True),
        sa.Column("device_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "state IN ('due', 'sent', 'dropped', 'failed')", name=op.f("ck_notice_push_state")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_notice_push_notice_id_notice"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["push_device.id"],
            name=op.f("fk_notice_push_device_id_push_device"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_push")),
        sa.UniqueConstraint("notice_id", "device_id", name=op.f("uq_notice_push_notice_id_device_id")),
    )
    op.create_index(op.f("ix_notice_push_device_id"), "notice_push", ["device_id"])
    op.create_index("ix_notice_push_state_due_at", "notice_push", ["state", "due_at"])


def downgrade() -> None:
    """Takes this version back; devices are told of nothing any more."""
    op.drop_table("notice_push")
    op.drop_table("push_device")
