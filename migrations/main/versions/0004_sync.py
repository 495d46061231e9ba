"""Phones: devices and their commands; and the floor below which tombstones are gone.

Every circle is woken once, so that the worker writes its rows anew in the coding that phones read.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "stream",
        sa.Column(
            "tombstone_floor",
            sa.BigInteger(),
            server_default="0",
            autoincrement=False,
            nullable=False,
        ),
    )
    op.create_index(
        "stream_record_removed",
        "stream_record",
        ["removed_on"],
        unique=False,
        postgresql_where=sa.text("removed_on IS NOT NULL"),
    )
    op.create_table(
        "device",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("signing_key", sa.LargeBinary(), nullable=False),
        sa.Column("agreement_key", sa.LargeBinary(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "device_id"),
    )
    op.create_table(
        "command_counter",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column(
            "last_sequence",
            sa.BigInteger(),
            server_default="0",
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("failing_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_kind", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("person_id", "device_id"),
    )
    op.create_table(
        "device_outcome",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("command_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "device_id", "sequence"),
    )
    circle = sa.table(
        "circle", sa.column("refreshed_on", sa.Date()), sa.column("next_change_on", sa.Date())
    )
    op.execute(
        circle.update()
        .where(circle.c.refreshed_on.is_not(None))
        .values(next_change_on=circle.c.refreshed_on)
    )
