"""A job knows since when the suspension lasted that it was made after: its alert may have begun later."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("since", sa.Double))
