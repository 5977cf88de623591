"""The steps by which the tables grew, carried out by alembic."""
