"""Restore points of runs that ended: the newest checkpoint that was seen of each run."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("instances") as instances:
        instances.add_column(sa.Column("checkpoint", sa.JSON(none_as_null=True), nullable=True))
