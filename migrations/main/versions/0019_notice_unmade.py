"""Notices that no message could be made of are found without reading all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "notice_unmade",
        "notice",
        ["reason"],
        postgresql_where=sa.text("reason IN ('failing', 'unreadable', 'words_missing')"),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_index("notice_unmade", "notice")
