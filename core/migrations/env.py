"""Run by alembic: connects to the app's database and limits autogenerate to one module's tables."""

from alembic import context
from flask import current_app

from core import loading, schema
from core.db import Base
from core.types import render_item

config = context.config
database = current_app.extensions["migrate"].db
only = config.attributes.get("only_module")


def run() -> None:
    with loading.foreign_keys_off(database.engine.connect()) as connection:  # batch mode rebuilds tables
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_item=render_item, render_as_batch=True,
            include_object=schema.only_tables_of(only), compare_type=True, transaction_per_migration=True,
            process_revision_directives=schema.drop_empty(config))
        with context.begin_transaction():
            context.run_migrations()


run()
