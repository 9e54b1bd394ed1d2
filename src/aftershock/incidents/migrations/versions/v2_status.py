"""Version 2: where an incident stands, beside it, so that the open ones are listed without reading every event."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add the status, and fill it from the last event of each incident that moved it."""
    op.add_column("aftershock_incident", sa.Column("status", sa.String(16), nullable=False, server_default="triage"))
    op.create_index("aftershock_incident_status", "aftershock_incident", ["status"])
    event = sa.table("aftershock_event", sa.column("incident", sa.Integer), sa.column("number", sa.Integer), sa.column("body", sa.Text))
    incident = sa.table("aftershock_incident", sa.column("number", sa.Integer), sa.column("status", sa.String))
    connection = op.get_bind()
    status: dict[int, str] = {}
    moves = sa.select(event.c.incident, event.c.body).where(event.c.body.like('%"kind":"moved"%')).order_by(event.c.incident, event.c.number)
    for row in connection.execute(moves):
        change = json.loads(row.body).get("change", {})
        if change.get("kind") == "moved":
            status[row.incident] = change["to"]
    for number, to in status.items():
        connection.execute(incident.update().where(incident.c.number == number).values(status=to))
