"""how choices are shown, and templates at Twilio.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    op.create_table(
        "content_template",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account", sa.String(length=34), nullable=False),
        sa.Column("shape", sa.String(length=64), nullable=False),
        sa.Column("sid", sa.String(length=34), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_template")),
        sa.UniqueConstraint("account", "shape", name=op.f("uq_content_template_account_shape")),
    )
    op.add_column("message", sa.Column("style", sa.String(length=32), server_default="", nullable=False))


def downgrade() -> None:
    """Takes the tables back to the version before."""
    op.drop_column("message", "style")
    op.drop_table("content_template")
