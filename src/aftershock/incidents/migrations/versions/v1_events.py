"""Version 1: incidents, their events, and the counter of their numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    counter = op.create_table("aftershock_counter", sa.Column("last", sa.Integer, nullable=False))
    op.bulk_insert(counter, [{"last": 0}])
    op.create_table(
        "aftershock_incident",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("uid", sa.String(64), nullable=False, unique=True),
        sa.Column("events", sa.Integer, nullable=False),
    )
    op.create_table(
        "aftershock_event",
        sa.Column("incident", sa.Integer, sa.ForeignKey("aftershock_incident.number"), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
    )
