"""A database of SQLite's or PostgreSQL's, opened, of the newest schema, with one kind of transaction to read and one to write.

SQLite keeps a write-ahead log and forces it to the disk before a commit returns, so that what was acknowledged is there after a crash of the process
or of the machine. Imports SQLAlchemy: only what opens a store imports this.
"""

from __future__ import annotations

import sqlite3
import time
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from aftershock.errors import StoreError, UsageError
from aftershock.incidents import problems
from aftershock.incidents.places import FilePlace, ServerPlace
from aftershock.incidents.schema import HEAD, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

WAIT_SECONDS = 30
"""How long a transaction waits for another one."""

CHECKED_BYTES = 256 * 1024 * 1024
"""Up to this size a file is checked whole when it is opened, which takes about a millisecond for two megabytes."""

_CONNECT_SECONDS = 10
_RECYCLE_SECONDS = 60
_LOCK = 0x61667465
"""The advisory lock under which a PostgreSQL database is migrated: any number that nobody else uses."""
_PRAGMAS = ("synchronous=FULL", "fullfsync=ON", "foreign_keys=ON", "trusted_schema=OFF")
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """A database that is open.

    Args:
        place: where it is.
        engine: SQLAlchemy's.
    """

    def __init__(self, place: FilePlace | ServerPlace, engine: Engine) -> None:
        self.place = place
        self._engine = engine
        self._finalizer = weakref.finalize(self, engine.dispose)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises StoreError for whatever the database says, without the statement, its values and the password."""
        try:
            with self._engine.connect() as connection, connection.begin():
                yield connection
        except exc.SQLAlchemyError as error:
            raise _error(self.place, error) from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that waits for its turn to write; all of it is on the disk when it ends, or nothing. Raises StoreError as `reading`."""
        complete = False
        try:
            with self._engine.connect().execution_options(aftershock_writes=True) as connection, connection.begin():
                yield connection
                complete = True
        except exc.SQLAlchemyError as error:
            raise _error(self.place, error, complete=complete) from None

    def close(self) -> None:
        """Let go of the connections."""
        self._finalizer()

    def __repr__(self) -> str:
        return f"Database({self.place.label!r})"


def open_database(place: FilePlace | ServerPlace, *, create: bool) -> Database:
    """A database of the newest schema.

    Args:
        place: where it is.
        create: whether one that is not there is made.

    Raises:
        NothingThere: there is none, and none is to be made.
        StoreError: it cannot be opened, is damaged, of something else, or of a later aftershock.
    """
    if isinstance(place, FilePlace):
        place.prepare(create=create)
    database = Database(place, _engine(place))
    try:
        version = _version(database)
        if version != HEAD and (version is not None or create):
            _migrate(database)
    except BaseException:
        database.close()
        raise
    if version is None and not create:
        database.close()
        raise problems.nothing(place.label)
    return database


def _engine(place: FilePlace | ServerPlace) -> Engine:
    if isinstance(place, FilePlace):
        url = sa.URL.create("sqlite+pysqlite", database=place.path)
        given: dict[str, Any] = {"timeout": WAIT_SECONDS, "isolation_level": None, "check_same_thread": False}
        engine = sa.create_engine(url, connect_args=given, hide_parameters=True)
        event.listen(engine, "connect", _connected)
        event.listen(engine, "begin", _begun)
        return engine
    try:
        target = sa.make_url(place.url).set(drivername="postgresql+psycopg")
        given = {"prepare_threshold": None}
        defaults = {"connect_timeout": _CONNECT_SECONDS, "application_name": "aftershock"}
        given |= {name: value for name, value in defaults.items() if name not in target.query}
        engine = sa.create_engine(target, connect_args=given, hide_parameters=True, pool_recycle=_RECYCLE_SECONDS)
    except (ModuleNotFoundError, ImportError):
        raise StoreError(place.label, "the driver for PostgreSQL is not installed", "pip install 'aftershock[postgres]'") from None
    except (exc.ArgumentError, ValueError):
        remedy = "Write it as postgresql://USER:PASSWORD@HOST/DATABASE, with @ / ? # and % of the password as %40 %2F %3F %23 and %25"
        raise UsageError("--store", "it is not the URL of a PostgreSQL database", remedy) from None
    event.listen(engine, "connect", _impatient)
    return engine


def _connected(connection: Any, _record: object) -> None:  # noqa: ANN401  # sqlite3's
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _impatient(connection: Any, _record: object) -> None:  # noqa: ANN401  # psycopg's
    connection.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
    connection.commit()


def _begun(connection: Connection) -> None:
    writes = connection.get_execution_options().get("aftershock_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(database: Database) -> str | None:
    """The version of the schema; None where there is none yet.

    Raises:
        StoreError: the database is of something else, of a later aftershock, or damaged.
    """
    with database.reading() as connection:
        found = _version_of(connection)
        if isinstance(database.place, FilePlace):
            _check_file(connection, database.place, is_ours=found is not None)
    return _known(database.place, found)


def _known(place: FilePlace | ServerPlace, version: str | None) -> str | None:
    """The version, unless it is none of ours. Raises StoreError where it is not."""
    if version is not None and version not in {str(number) for number in range(1, int(HEAD) + 1)}:
        raise problems.newer(place.label, problems.shortened(version), HEAD)
    return version


def _version_of(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608  # our own name


def _check_file(connection: Connection, place: FilePlace, *, is_ours: bool) -> None:
    """Raise StoreError for a file that is damaged, or holds the tables of something else."""
    if not is_ours and sa.inspect(connection).get_table_names():
        raise StoreError(place.label, "it is a database of something else", "Name another file; it was left as it is")
    if Path(place.path).stat().st_size <= CHECKED_BYTES:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise problems.of_sqlite(place.label, "malformed")


def _migrate(database: Database) -> None:
    """Bring the schema to the newest version, in one transaction; who comes second finds it done."""
    if isinstance(database.place, FilePlace):
        _keep_log(database)
    with database.writing() as connection:
        if isinstance(database.place, ServerPlace):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        if _known(database.place, _version_of(connection)) != HEAD:
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    """Run Alembic's revisions; loaded here, since most commands find the newest version."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")


def _keep_log(database: Database) -> None:
    """Turn the write-ahead log on, for good. SQLite does not wait for its turn there, so that we do; where it cannot be had, a journal serves as well."""
    engine = database._engine  # noqa: SLF001  # outside of a transaction, which only this needs
    until = time.monotonic() + WAIT_SECONDS
    while True:
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode=WAL")
        except sqlite3.Error as error:  # which SQLAlchemy does not wrap here
            if "locked" not in str(error) or time.monotonic() > until:
                raise problems.of_sqlite(database.place.label, str(error)) from None
        else:
            return
        finally:
            connection.close()
        time.sleep(0.02)


def _error(place: FilePlace | ServerPlace, error: exc.SQLAlchemyError, *, complete: bool = False) -> StoreError:
    """The error for what a database says; ``complete`` where all statements were done, and only the end was not acknowledged."""
    message = str(getattr(error, "orig", None) or error)
    if isinstance(place, FilePlace):
        return problems.of_sqlite(place.label, message)
    if complete:
        return problems.unknown(place.label, place.scrubbed(message))
    lost = isinstance(error, exc.DBAPIError) and (error.connection_invalidated or error.statement is None)
    return problems.of_postgres(place.label, message, place.scrubbed(message), connected=not lost)
