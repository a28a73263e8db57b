"""labels, notes, ready answers and presence of the inbox.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITING = sa.text("person_wanted_at IS NOT NULL")
_WITH_PERSON = sa.text("answered_by = 'person'")


def upgrade() -> None:
    """Brings the tables to this version; what was said before counts as seen."""
    _change_old_tables()
    _make_new_tables()


def _change_old_tables() -> None:
    op.add_column("message", sa.Column("sent_by", sa.String(length=120), nullable=True))
    op.add_column("message", sa.Column("took_ms", sa.Integer(), nullable=True))
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.add_column(sa.Column("staff_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("assigned_to_id", _ID, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_conversation_assigned_to_id_staff_user"),
            "staff_user",
            ["assigned_to_id"],
            ["id"],
            ondelete="SET NULL",
        )
    op.execute("UPDATE conversation SET seen_at = last_inbound_at")
    op.execute("UPDATE conversation SET staff_at = last_inbound_at WHERE answered_by = 'person'")
    op.create_index(op.f("ix_conversation_assigned_to_id"), "conversation", ["assigned_to_id"])
    op.create_index(
        "ix_conversation_person_wanted_at",
        "conversation",
        ["person_wanted_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index(
        "ix_conversation_with_person",
        "conversation",
        ["staff_at"],
        sqlite_where=_WITH_PERSON,
        postgresql_where=_WITH_PERSON,
    )


def _make_new_tables() -> None:
    op.create_table(
        "label",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("tone", sa.String(length=32), nullable=False),
        sa.CheckConstraint("tone IN ('calm', 'good', 'warn', 'bad')", name=op.f("ck_label_tone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("name", name=op.f("uq_label_name")),
    )
    op.create_table(
        "canned_reply",
        sa.Column("id", _ID, nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
        sa.UniqueConstraint("title", name=op.f("uq_canned_reply_title")),
    )
    op.create_table(
        "conversation_label",
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("label_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_conversation_label_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["label_id"],
            ["label.id"],
            name=op.f("fk_conversation_label_label_id_label"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "label_id", name=op.f("pk_conversation_label")),
    )
    op.create_index(op.f("ix_conversation_label_label_id"), "conversation_label", ["label_id"])
    op.create_table(
        "conversation_event",
        sa.Column("id", _ID, nullable=False),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_conversation_event_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_event")),
    )
    op.create_index(
        "ix_conversation_event_conversation_id_id", "conversation_event", ["conversation_id", "id"]
    )
    op.create_table(
        "presence",
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("conversation_id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("writing", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff_user.id"],
            name=op.f("fk_presence_staff_id_staff_user"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_presence_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_presence")),
    )
    op.create_index(op.f("ix_presence_conversation_id"), "presence", ["conversation_id"])


def downgrade() -> None:
    """Takes this version back; notes, labels and ready answers are lost."""
    for name in ("presence", "conversation_event", "conversation_label", "canned_reply", "label"):
        op.drop_table(name)
    for name in (
        "ix_conversation_with_person",
        "ix_conversation_person_wanted_at",
        op.f("ix_conversation_assigned_to_id"),
    ):
        op.drop_index(name, table_name="conversation")
    with op.batch_alter_table("conversation") as batch_op:
        batch_op.drop_constraint(op.f("fk_conversation_assigned_to_id_staff_user"), type_="foreignkey")
        for name in ("assigned_to_id", "seen_at", "staff_at"):
            batch_op.drop_column(name)
    with op.batch_alter_table("message") as batch_op:
        for name in ("took_ms", "sent_by"):
            batch_op.drop_column(name)
