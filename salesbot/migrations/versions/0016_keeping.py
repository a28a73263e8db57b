"""keeping messages only so long: when a chat's older ones were deleted.

Revision 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("trimmed_at", sa.DateTime(timezone=True), nullable=True))
    # Whenever a message is deleted, a database looks whether it proves a payment.
    op.create_index("ix_payment_proof_id", "payment", ["proof_id"])


def downgrade() -> None:
    """Takes it back."""
    op.drop_index("ix_payment_proof_id", "payment")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_column("trimmed_at")
