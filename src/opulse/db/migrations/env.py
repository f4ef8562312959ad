"""Alembic's entry: it runs on the connection that ``bootstrap.schema`` hands over, in its transaction."""

from alembic import context

from opulse.db.types import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=False,
)
context.run_migrations()
