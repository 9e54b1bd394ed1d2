"""A store of an older schema becomes one of the newest; one of a newer is left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from incidents_building import at, opened

import aftershock.incidents
from aftershock._version import __version__
from aftershock.errors import NothingThere, StoreError
from aftershock.incidents.schema import HEAD, METADATA, VERSION_TABLE
from aftershock.incidents.store import open_store
from aftershock.model.record import Noted, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
MIGRATIONS = Path(aftershock.incidents.__file__).parent / "migrations"


def run(url: str, script: str) -> None:
    """Run statements on the database of a URL."""
    if url.startswith("postgresql"):
        import psycopg

        with psycopg.connect(url, autocommit=True) as session:
            session.execute(script)  # type: ignore[call-overload]  # a text, not a literal
        return
    connection = sqlite3.connect(url)
    connection.executescript(script)
    connection.close()


@pytest.fixture
def old(url: str) -> str:
    """A store of version 1, with three incidents in it."""
    run(url, (HERE / "store_v1.sql").read_text(encoding="utf-8"))
    return url


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    found = sa.create_engine(f"sqlite:///{url}" if not url.startswith("postgresql") else sa.make_url(url).set(drivername="postgresql+psycopg"))
    yield found
    found.dispose()


def test_the_newest_version_is_the_last_revision() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert script.get_heads() == [HEAD]
    assert sorted(revision.revision for revision in script.walk_revisions()) == [str(number) for number in range(1, int(HEAD) + 1)]


def test_a_store_of_version_1_keeps_what_is_in_it(old: str, tmp_path: Path) -> None:
    with open_store(old, project=tmp_path) as store:
        closed, open_, merged = store.all()
        assert (closed.status, closed.code, closed.root_cause, closed.events, closed.actions[0].item) == (Status.CLOSED, "fixed", "a retry", 9, "add a key")
        assert 'It\'s the loader: \x00 ünïcode "kind":"moved"' in [entry.what for entry in closed.timeline]
        assert (open_.status, open_.absorbed, merged.merged_into) == (Status.MITIGATED, ("INC-3",), "INC-2")
        assert [record.id for record in store.all(open_only=True)] == ["INC-2"]
        assert store.append("2", [Noted("after")], by="ada", at=at("07:00")).events == 5
        assert store.create(opened(uid="new"), by="ada", at=at("07:00")).id == "INC-4"
    with open_store(old, project=tmp_path) as again:
        assert [record.events for record in again.all()] == [9, 5, 2, 1]


def test_it_is_migrated_for_whoever_only_reads_too(old: str, tmp_path: Path) -> None:
    with open_store(old, project=tmp_path, create=False) as store:
        assert [record.status for record in store.all()] == [Status.CLOSED, Status.MITIGATED, Status.MERGED]


def test_migrations_make_the_tables_that_the_statements_expect(old: str, engine: sa.Engine, tmp_path: Path) -> None:
    open_store(old, project=tmp_path).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


@pytest.mark.parametrize("version", ["3", "99", "a1b2c3d4e5f6"])
def test_a_store_of_a_later_aftershock_is_left_as_it_is(old: str, tmp_path: Path, version: str) -> None:
    run(old, f"update aftershock_version set version_num = '{version}'")  # noqa: S608  # ours
    before = Path(old).read_bytes() if not old.startswith("postgresql") else b""
    for create in (True, False):
        with pytest.raises(StoreError) as caught:
            open_store(old, project=tmp_path, create=create)
        assert f": its schema is version {version}; aftershock {__version__} knows versions up to {HEAD}. Upgrade aftershock;" in str(caught.value)
    if before:
        assert Path(old).read_bytes() == before


def test_a_migration_that_fails_changes_nothing(old: str, tmp_path: Path) -> None:
    """The second statement of version 2 cannot be done: its index is there already. Then the first is not done either."""
    run(old, "create index aftershock_incident_status on aftershock_incident (uid)")
    with pytest.raises(StoreError):
        open_store(old, project=tmp_path)
    run(old, "drop index aftershock_incident_status")
    with open_store(old, project=tmp_path) as store:
        assert len(store.all()) == 3


OPEN = """
import os, sys
from pathlib import Path
import aftershock.incidents.database, alembic.command, sqlalchemy.dialects.postgresql.psycopg, sqlalchemy.dialects.sqlite
from aftershock.incidents.store import open_store
reading, writing = os.pipe()
for _ in range(6):
    if os.fork() == 0:
        os.close(writing)
        os.read(reading, 1)  # until all of them are here
        with open_store(sys.argv[1], project=Path(sys.argv[2])) as store:
            os.write(1, f"{len(store.all())}\\n".encode())
        os._exit(0)
os.close(writing)
sys.exit(sum(os.wait()[1] for _ in range(6)))
"""


@pytest.mark.parametrize("kind", ["new", "old"])
def test_processes_that_open_it_at_once(url: str, tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    if kind == "old":
        request.getfixturevalue("old")
    done = subprocess.run([sys.executable, "-W", "error", "-c", OPEN, url, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("3\n" if kind == "old" else "0\n") * 6


def test_nothing_is_made_where_nothing_is_to_be_made(url: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(NothingThere) as caught:
        open_store(url, project=tmp_path, create=False)
    assert str(caught.value).endswith(": no incident was ever opened here. Open one: aftershock incident open.")
    assert sorted(tmp_path.rglob("*")) == before
