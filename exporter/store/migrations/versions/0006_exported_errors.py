"""Sync errors as they were exported from HubSpot's page, by integration and category."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("integration", sa.String(100), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("stamp", sa.String(100), nullable=False),
        sa.Column("as_of", sa.Double, nullable=False),
        sa.Column("touched_at", sa.Double, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("errors", sa.Integer, nullable=False, server_default="0"),
        sa.Column("odd", sa.Integer, nullable=False, server_default="0"),
        sa.Column("counts", sa.Text, nullable=False, server_default=sa.text("'{}'")),
    )
    op.create_index("exports_by_integration", "exports", ["integration", "state"])
    op.create_table(
        "exported_errors",
        sa.Column("export_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("error_type", sa.String(100), nullable=False),
        sa.Column("stated_type", sa.String(100)),
        sa.Column("error_id", sa.String(500), nullable=False),
        sa.Column("record", sa.String(500), nullable=False),
        sa.Column("object_type", sa.String(100)),
        sa.Column("hubspot_id", sa.String(100)),
        sa.Column("salesforce_id", sa.String(100)),
        sa.Column("affected_records", sa.Integer),
        sa.Column("last_seen", sa.String(64)),
        sa.Column("details", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("exported_errors_by_type", "exported_errors", ["export_id", "error_type", "number"])
