"""languages that customers chose, and products and categories in several languages.

Revision 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    op.add_column(
        "customer", sa.Column("language_chosen", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    for table in ("product", "category"):
        op.add_column(table, sa.Column("texts", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Takes the tables back to the version before."""
    for table in ("category", "product"):
        op.drop_column(table, "texts")
    op.drop_column("customer", "language_chosen")
