"""What has ended a suspension is kept: it may be seen no more when the next process starts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "recoveries",
        sa.Column("integration", sa.String(100), primary_key=True),
        sa.Column("first", sa.Double, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
