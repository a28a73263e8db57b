"""the language and the time zone of each member of staff.

Revision 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Brings the tables to this version."""
    op.add_column(
        "staff_user", sa.Column("language", sa.String(length=16), nullable=False, server_default="")
    )
    op.add_column("staff_user", sa.Column("zone", sa.String(length=64), nullable=False, server_default=""))


def downgrade() -> None:
    """Takes the tables back to the version before."""
    op.drop_column("staff_user", "zone")
    op.drop_column("staff_user", "language")
