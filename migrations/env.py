"""Alembic's environment: the models of every room, and the gateway's own engine."""

from alembic import context

import gateway.catalogue.models
import gateway.consent.models
import gateway.governance.meeting_models
import gateway.governance.models
import gateway.jobs.models
import gateway.notices.models
import gateway.people.models
import gateway.projects.models
import gateway.release.models
import gateway.screening.models
import gateway.trail.models
import gateway.transparency.models
import gateway.visas.models
import gateway.webhooks.models  # noqa: F401  # imported for their tables
from gateway.db import Base, engine

with engine().connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # an index of a large table takes its time
        context.run_migrations()
    connection.commit()
