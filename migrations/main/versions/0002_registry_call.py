"""Effects say which feature carries them out; calls to registries keep how they went."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "effect", sa.Column("kind", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.drop_index("effect_due", table_name="effect")
    op.create_index("effect_due", "effect", ["kind", "state", "not_before_on"])
    op.create_table(
        "registry_call",
        sa.Column("circle_id", sa.Uuid(), nullable=False),
        sa.Column("act_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("circle_id", "act_key"),
    )
    op.create_index("registry_call_state", "registry_call", ["state", "attempted_at"])
