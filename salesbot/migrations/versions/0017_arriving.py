"""arriving: tentative orders of who came by a link, and advertisements with what each is for.

Revision 0017, after 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    op.create_table(
        "advertisement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("headline", sa.String(length=500), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("came", sa.Integer(), nullable=False),
        sa.Column("last_came_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advertisement")),
        sa.UniqueConstraint("key", name=op.f("uq_advertisement_key")),
    )
    op.add_column("order", sa.Column("tentative", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Takes the tables back to the version before."""
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_column("tentative")
    op.drop_table("advertisement")
