"""Receipts of notices, which message told of a notice, and the funnel's counts."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_UNCOUNTED = (
    "counted = 0 OR (counted = 1 AND told_with IS NOT NULL)"
    " OR (counted < 3 AND read_at IS NOT NULL)"
)


def upgrade() -> None:
    op.add_column("notice", sa.Column("told_with", sa.LargeBinary(), nullable=True))
    for name in ("delivered_at", "acted_at"):
        op.add_column("notice", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "notice", sa.Column("counted", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.create_index(
        "notice_uncounted",
        "notice",
        ["person_id", "notice_id"],
        postgresql_where=sa.text(_UNCOUNTED),
        if_not_exists=True,
    )
    op.create_table(
        "funnel_count",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("emirate", sa.String(), nullable=False),
        sa.Column("stage", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "emirate", "stage"),
    )


def downgrade() -> None:
    op.drop_table("funnel_count")
    op.drop_index("notice_uncounted", "notice")
    for name in ("counted", "acted_at", "delivered_at", "told_with"):
        op.drop_column("notice", name)
