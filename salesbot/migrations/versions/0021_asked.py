"""asked: whether a job of a plugin follows from what its customer wrote.

Revision 0021, after 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    op.add_column("job", sa.Column("asked", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Takes it back."""
    with op.batch_alter_table("job") as batch_op:
        batch_op.drop_column("asked")
