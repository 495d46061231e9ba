"""What an agency may report, when its keys may sign, and what operators did.

Agencies that were known before may report nothing until they are given rights.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agency", sa.Column("rights", sa.Text(), server_default="{}", nullable=False))
    instant = sa.DateTime(timezone=True)
    op.add_column("agency_key", sa.Column("valid_from", instant, nullable=True))
    op.add_column("agency_key", sa.Column("valid_until", instant, nullable=True))
    op.create_table(
        "operation",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("done_at", instant, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id"),
    )
    op.create_index("operation_done", "operation", ["done_at"])
