"""size: small indexes for what the first page counts in a big shop.

Revision 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LOOK = "what = 'look at this'"
TEMPLATE = "style = 'template'"


def upgrade() -> None:
    """Brings the tables to this version."""
    for name, table, columns, where in (
        ("ix_order_event_look", "order_event", ["order_id", "id"], LOOK),
        ("ix_message_template", "message", ["id"], TEMPLATE),
    ):
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    """Takes it back."""
    op.drop_index("ix_message_template", "message")
    op.drop_index("ix_order_event_look", "order_event")
