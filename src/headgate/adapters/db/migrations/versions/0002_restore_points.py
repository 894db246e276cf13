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
        # Flink's default of 50 s until the next look at the cluster.
        clusters.add_column(sa.Column("heartbeat_timeout", sa.BigInteger(), nullable=False, server_default="50000000"))
        clusters.add_column(sa.Column("high_availability", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("cluster_states") as clusters:
        clusters.alter_column("heartbeat_timeout", server_default=None)
        clusters.alter_column("high_availability", server_default=None)
