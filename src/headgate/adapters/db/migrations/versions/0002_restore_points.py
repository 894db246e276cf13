"""Restore points of runs that ended, recovery, and which cluster it was that answered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("instances") as instances:
        instances.add_column(sa.Column("checkpoint", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("job_states") as states:
        states.add_column(sa.Column("recovery", sa.JSON(none_as_null=True), nullable=True))
        states.add_column(sa.Column("recovery_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("cluster_states") as clusters:
        clusters.add_column(sa.Column("identity", sa.String(), nullable=True))
