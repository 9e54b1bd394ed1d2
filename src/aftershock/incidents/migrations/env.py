"""Run by Alembic: migrates over the connection that it is handed, inside the transaction that is open there."""

from __future__ import annotations

from alembic import context

from aftershock.incidents.schema import METADATA, VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
