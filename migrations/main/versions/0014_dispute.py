"""A registry's answer leads back to the circle in which a fact was disputed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("dispute_hash", sa.LargeBinary(), nullable=False),
        sa.Column("circle_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("dispute_hash"),
    )
