"""The database's versions, made by Alembic."""
