"""A raw message is sealed for the circles it concerns once they are known: then it has no month."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("inbox", "month", nullable=True)
    op.create_index("inbox_month", "inbox", ["month"])
