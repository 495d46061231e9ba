"""FHIR resources in the inbox: the versions of one are found by a keyed hash."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("resource_hash", sa.LargeBinary(), nullable=True))
    op.create_index("inbox_resource", "inbox", ["resource_hash"])
