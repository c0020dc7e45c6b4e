"""Runs the migrations on the connection that the caller hands in; there is no alembic.ini and no offline mode."""

from alembic import context

from services.notify.store.engine import VERSION_TABLE
from services.notify.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
