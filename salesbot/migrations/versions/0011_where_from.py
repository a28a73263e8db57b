"""where from: by which link or advertisement the buyer of an order came.

Revision 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=120), server_default="", nullable=False))
        batch_op.add_column(sa.Column("source_details", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Takes it back."""
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_column("source_details")
        batch_op.drop_column("source")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_column("source")
