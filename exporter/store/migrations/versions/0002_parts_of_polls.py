"""Which parts of a source its newest poll could read, and how many in a row have failed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Polls of before name no parts and count no failures."""
    op.add_column("polls", sa.Column("parts", sa.Text))
    op.add_column("polls", sa.Column("failures", sa.Integer))
