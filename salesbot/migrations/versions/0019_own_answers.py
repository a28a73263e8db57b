"""quick answers, lines of the menu, forms of a sentence, and one nudge a chat.

Revision 0019, after 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    op.create_table(
        "quick_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("leads_to", sa.String(length=200), server_default="", nullable=False),
        sa.Column("button", sa.String(length=24), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quick_answer")),
    )
    op.create_table(
        "menu_line",
        sa.Column("choice", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("choice", name=op.f("pk_menu_line")),
    )
    op.create_table(
        "not_needed",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_not_needed")),
    )
    op.add_column("wording", sa.Column("form", sa.Integer(), server_default="0", nullable=False))
    op.add_column("conversation", sa.Column("nudged_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Takes the tables back to the version before."""
    op.drop_column("conversation", "nudged_at")
    op.execute(sa.text("DELETE FROM wording WHERE form > 0"))
    op.drop_column("wording", "form")
    for name in ("not_needed", "menu_line", "quick_answer"):
        op.drop_table(name)
