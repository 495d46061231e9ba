"""Steps of roll-outs, as versions of the catalogue with two sides."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = (
    sa.Column("base", sa.Integer(), nullable=True),
    sa.Column("candidate", sa.Integer(), nullable=True),
    sa.Column("percent", sa.Integer(), nullable=True),
    sa.Column("scope", sa.String(), nullable=True),
    sa.Column("salt", sa.LargeBinary(), nullable=True),
)


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("catalogue_version", column)


def downgrade() -> None:
    for column in reversed(_COLUMNS):
        op.drop_column("catalogue_version", column.name)
