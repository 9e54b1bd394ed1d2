"""The tables of a store, as its newest version has them; the migrations make them. Imports SQLAlchemy: only what opens a store imports this."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

HEAD = "2"
"""The newest version."""

VERSION_TABLE = "aftershock_version"

METADATA = MetaData()

COUNTER = Table("aftershock_counter", METADATA, Column("last", Integer, nullable=False))
"""One row: the highest number that an incident ever had."""

INCIDENTS = Table(
    "aftershock_incident",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("uid", String(64), nullable=False, unique=True),
    Column("events", Integer, nullable=False),
    Column("status", String(16), nullable=False, server_default="triage"),
    Index("aftershock_incident_status", "status"),
)
"""One row for each incident: how many events it has, and where it stands, so that the open ones are found without reading the others."""

EVENTS = Table(
    "aftershock_event",
    METADATA,
    Column("incident", Integer, ForeignKey("aftershock_incident.number"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)
"""One row for each event, as JSON; rows are added and never changed."""
