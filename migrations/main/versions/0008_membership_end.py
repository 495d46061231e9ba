"""A membership may end: the stream of whoever has no right any more is closed to them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("ended_on", sa.Date(), nullable=True))
