"""How Alembic runs the steps: on the connection and in the transaction that `migrate.py` gives it."""

from alembic import context

from headgate.adapters.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # a step that fails leaves nothing behind
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
