"""sold keys: the index that keeps a key from being sold twice holds only those that are sold.

Revision 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    with op.batch_alter_table("licence_key", schema=None) as batch_op:
        batch_op.drop_constraint("uq_licence_key_delivery_id", type_="unique")
    op.create_index(
        "uq_licence_key_delivery_id",
        "licence_key",
        ["delivery_id"],
        unique=True,
        sqlite_where=sa.text("delivery_id IS NOT NULL"),
        postgresql_where=sa.text("delivery_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Takes it back."""
    op.drop_index("uq_licence_key_delivery_id", "licence_key")
    with op.batch_alter_table("licence_key", schema=None) as batch_op:
        batch_op.create_unique_constraint("uq_licence_key_delivery_id", ["delivery_id"])
