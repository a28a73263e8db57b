"""first page: when a pay page was opened, and indexes for what the back office counts.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

PICKS = "(substr(choice, 1, 8) = 'product:' OR substr(choice, 1, 4) = 'buy:')"
NOT_FOUND = "plugin = 'fallback'"


def upgrade() -> None:
    """Brings the tables to this version."""
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_order_created_at", ["created_at"])
        batch_op.create_index("ix_order_paid_at", ["paid_at"])
    op.create_index("ix_payment_confirmed_at", "payment", ["confirmed_at"])
    for name, columns, where in (
        ("ix_message_pick", ["created_at", "choice", "conversation_id"], PICKS),
        ("ix_message_not_found", ["created_at"], NOT_FOUND),
    ):
        op.create_index(
            name, "message", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )


def downgrade() -> None:
    """Takes it back."""
    op.drop_index("ix_message_not_found", "message")
    op.drop_index("ix_message_pick", "message")
    op.drop_index("ix_payment_confirmed_at", "payment")
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_index("ix_order_paid_at")
        batch_op.drop_index("ix_order_created_at")
        batch_op.drop_column("opened_at")
