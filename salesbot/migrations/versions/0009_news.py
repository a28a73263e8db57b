"""news for staff, and who wants to hear of them how.

Revision 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Brings the tables to this version."""
    op.create_table(
        "notice",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'failed', 'payment', 'stock')", name=op.f("ck_notice_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_table(
        "news_choice",
        sa.Column("staff_id", _ID, nullable=False),
        *(
            sa.Column(name, sa.Boolean(), nullable=False)
            for name in ("person", "failed", "payment", "stock", "sound", "email")
        ),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.CheckConstraint("quiet_from BETWEEN 0 AND 1439", name=op.f("ck_news_choice_quiet_from")),
        sa.CheckConstraint("quiet_to BETWEEN 0 AND 1439", name=op.f("ck_news_choice_quiet_to")),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff_user.id"],
            name=op.f("fk_news_choice_staff_id_staff_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_news_choice")),
    )
    op.create_table(
        "notice_mail",
        sa.Column("notice_id", _ID, nullable=False),
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('due', 'sending', 'sent', 'dropped', 'failed')", name=op.f("ck_notice_mail_state")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_notice_mail_notice_id_notice"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff_user.id"],
            name=op.f("fk_notice_mail_staff_id_staff_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("notice_id", "staff_id", name=op.f("pk_notice_mail")),
    )
    op.create_index(op.f("ix_notice_mail_staff_id"), "notice_mail", ["staff_id"])
    op.create_index("ix_notice_mail_state_due_at", "notice_mail", ["state", "due_at"])


def downgrade() -> None:
    """Takes this version back; what staff chose is lost."""
    for name in ("notice_mail", "news_choice", "notice"):
        op.drop_table(name)
