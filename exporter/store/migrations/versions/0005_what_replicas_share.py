"""Of several replicas one polls at a time, and all of them keep the pace of one HubSpot account."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("polls", sa.Column("busy_until", sa.Double))
    op.create_table(
        "hubspot_paces",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("free_at", sa.Double, nullable=False),
    )
