"""Where a store may be, and that no password is ever shown."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from incidents_building import at, opened

from aftershock.errors import AftershockError, StoreError, UsageError
from aftershock.incidents.places import FilePlace, ServerPlace, place_of
from aftershock.incidents.store import Store, open_store
from aftershock.model.record import Noted

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path("/p")
CANARY = "canary p@ss/w?rd%1"
QUOTED = "canary%20p%40ss%2Fw%3Frd%251"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("", "/p/.aftershock/incidents.db"),
        ("  ", "/p/.aftershock/incidents.db"),
        ("/a/b.db", "/a/b.db"),
        ("b.db", "{cwd}/b.db"),
        ("~/b.db", "{home}/b.db"),
        ("sqlite:///b.db", "{cwd}/b.db"),
        ("sqlite:////a/b.db", "/a/b.db"),
        ("sqlite:////a/b%20c.db", "/a/b c.db"),
        ("SQLite:////a/b.db", "/a/b.db"),
        (":memory:", "{cwd}/:memory:"),
    ],
)
def test_files(url: str, path: str) -> None:
    found = place_of(url, PROJECT)
    assert isinstance(found, FilePlace)
    assert found.path == found.label == path.format(cwd=Path.cwd(), home=os.path.expanduser("~"))  # noqa: PTH111  # as the code
    assert found.is_ours is not url.strip()


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("postgresql://host/db", "postgresql://host/db"),
        ("postgres://ada:pw@host:5432/db", "postgresql://host:5432/db"),
        ("postgresql+psycopg://ada:p%40w@host/db?sslmode=require", "postgresql://host/db"),
        ("PostgreSQL://ada:pw@[::1]:5432/db", "postgresql://[::1]:5432/db"),
        ("postgresql:///db?host=/run/postgresql&password=pw", "postgresql:///db"),
        ("postgresql://", "postgresql://"),
    ],
)
def test_servers_are_named_without_user_and_password(url: str, label: str) -> None:
    found = place_of(url, PROJECT)
    assert isinstance(found, ServerPlace)
    assert found.label == label
    assert repr(found) == f"ServerPlace({label!r})"
    assert str(found) == repr(found)


@pytest.mark.parametrize("url", ["mysql://u:pw@h/d", "https://u:pw@h/d", "sqlite://", "sqlite:///", "sqlite:///x.db?mode=ro", "postgresql+asyncpg://u:pw@h/d"])
def test_other_places_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        place_of(url, PROJECT)
    assert str(caught.value).startswith("--store: ")
    assert "Give a file, sqlite:///FILE, or postgresql://USER@HOST/DATABASE." in str(caught.value)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("password", ["pw@", "pw/", "pw?", "pw#", "p@w", "/pw", "?pw", "pw?a=b&"])
def test_a_password_that_is_not_quoted_is_not_taken_for_a_host(password: str) -> None:
    with pytest.raises(UsageError) as caught:
        place_of(f"postgresql://ada:{password}@host/db", PROJECT)
    assert str(caught.value) == "--store: it is not clear where the password ends. Write @ / ? # and % of the password as %40 %2F %3F %23 and %25."


def shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """All that was logged, at every level."""
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "alembic", "psycopg"):
        caplog.set_level(logging.DEBUG, logger=name)
    return lambda: caplog.text


def assert_silent(text: str) -> None:
    for secret in (CANARY, QUOTED, "canary"):
        assert secret not in text


def test_a_server_that_is_not_there_is_one_clear_error(tmp_path: Path, everything: Callable[[], str]) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(f"postgresql://ada:{QUOTED}@127.0.0.1:1/db", project=tmp_path)
    assert str(caught.value).startswith("postgresql://127.0.0.1:1/db: it cannot be reached (")
    assert "refused" in str(caught.value)
    assert str(caught.value).endswith("Check the address, the user and the password of --store.")
    assert_silent(shown(caught.value) + everything())


def test_a_wrong_password_is_one_clear_error(new_database: Callable[[], str], tmp_path: Path, everything: Callable[[], str]) -> None:
    url = sa.make_url(new_database())
    for given in (
        f"postgresql://{url.username}:{QUOTED}@{url.host}:{url.port}/{url.database}",
        f"postgresql://{url.host}:{url.port}/{url.database}?user=postgres&password={QUOTED}",
    ):
        with pytest.raises(StoreError) as caught:
            open_store(given, project=tmp_path)
        assert "it cannot be reached (" in str(caught.value)
        assert "password authentication failed" in str(caught.value)
        assert_silent(shown(caught.value) + everything())


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ada:{QUOTED}@127.0.0.1:port/db",
        f"postgresql://ada:{CANARY}@127.0.0.1:1/db",
        f"postgresql://ada:{QUOTED}@127.0.0.1:1/db?nonsense=1",
        f"postgresql://ada:{QUOTED}@[::1/db",
        f"postgresql://ada:{QUOTED}@127.0.0.1:999999/db",
        f"postgresql://ada:{QUOTED}",
        f"mysql://ada:{QUOTED}@127.0.0.1/db",
    ],
)
def test_a_url_that_cannot_be_read_is_one_clear_error(url: str, tmp_path: Path, everything: Callable[[], str]) -> None:
    with pytest.raises(AftershockError) as caught:
        open_store(url, project=tmp_path)
    assert isinstance(caught.value, (StoreError, UsageError))
    if "@" in url:
        assert_silent(shown(caught.value) + everything())


def test_no_password_in_anything_that_a_store_says(new_database: Callable[[], str], tmp_path: Path, everything: Callable[[], str]) -> None:
    url = new_database()
    password = sa.make_url(url).password
    assert isinstance(password, str)
    private = "private" * 2  # a traceback shows this line
    with open_store(url, project=tmp_path) as store:
        store.create(opened(title="T" * 50), by="ada", at=at("06:10"))
        with store._database.writing() as connection:
            connection.execute(sa.text("drop table aftershock_event"))
        with pytest.raises(StoreError) as caught:
            store.append("1", [Noted(private)], by="ada", at=at("06:10"))
        said = shown(caught.value) + repr(store) + repr(store._database) + store.place
    assert "PostgreSQL refuses it" in said
    assert password not in said + everything()
    assert private not in said + everything()


def test_a_user_who_may_only_read_is_told(new_database: Callable[[], str], tmp_path: Path) -> None:
    url = sa.make_url(new_database())
    name = url.render_as_string(hide_password=False)
    reader = f"reader_{url.database}"
    with open_store(name, project=tmp_path) as store:
        store.create(opened(), by="ada", at=at("06:10"))
        with store._database.writing() as connection:
            connection.exec_driver_sql(f"create role {reader} login password 'reader-secret'")
            connection.exec_driver_sql(f"grant select on all tables in schema public to {reader}")
    reading = url.set(username=reader, password="reader-secret").render_as_string(hide_password=False)  # noqa: S106  # of a server that is gone in a moment
    with open_store(reading, project=tmp_path) as store:
        assert len(store.all()) == 1
        with pytest.raises(StoreError) as caught:
            store.append("1", [Noted("x")], by="ada", at=at("06:10"))
    assert "the user may not do that (permission denied for table aftershock_incident)" in str(caught.value)


def cut(store: Store, connection: sa.Connection) -> None:
    """End a session from outside."""
    pid = connection.exec_driver_sql("select pg_backend_pid()").scalar()
    with store._database.writing() as other:
        other.exec_driver_sql(f"select pg_terminate_backend({pid})")


def test_a_lost_connection_is_one_clear_error_and_the_next_one_works(new_database: Callable[[], str], tmp_path: Path) -> None:
    with open_store(new_database(), project=tmp_path) as store:
        store.create(opened(), by="ada", at=at("06:10"))
        with pytest.raises(StoreError) as caught, store._database.reading() as connection:  # noqa: PT012  # the second statement fails
            cut(store, connection)
            connection.exec_driver_sql("select 1")
        assert str(caught.value).startswith("postgresql://127.0.0.1:")
        assert store.append("1", [Noted("x")], by="ada", at=at("06:10")).events == 2


def test_a_connection_lost_before_the_last_word_is_said_to_be_unclear(new_database: Callable[[], str], tmp_path: Path) -> None:
    with open_store(new_database(), project=tmp_path) as store:
        with pytest.raises(StoreError) as caught, store._database.writing() as connection:
            cut(store, connection)
        assert ": it is not known whether this was recorded (" in str(caught.value)
        assert str(caught.value).endswith("Look at the incident before you try again.")


WITHOUT_DRIVER = """
import sys
from pathlib import Path
sys.modules["psycopg"] = None
from aftershock.errors import StoreError
from aftershock.incidents.store import open_store
try:
    open_store("postgresql://ada:pw@127.0.0.1:1/db", project=Path())
except StoreError as error:
    print(error)
"""


def test_a_missing_driver_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", WITHOUT_DRIVER], capture_output=True, text=True, check=True)
    assert done.stdout == "postgresql://127.0.0.1:1/db: the driver for PostgreSQL is not installed. pip install 'aftershock[postgres]'.\n"


def test_nothing_heavy_is_loaded_before_a_store_is_opened() -> None:
    script = "import aftershock.incidents.store, aftershock.incidents.clocks, aftershock.impact, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlalchemy", "alembic", "psycopg", "zoneinfo"} & set(loaded)


def test_alembic_is_loaded_only_to_change_a_schema(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from aftershock.incidents.store import open_store; open_store(sys.argv[1], project=Path()).close()"
    script += "; print('alembic' in sys.modules, 'sqlalchemy.orm' in sys.modules, 'psycopg' in sys.modules)"
    command = [sys.executable, "-c", script, str(tmp_path / "x.db")]
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(2)]
    assert said == [["True", said[0][1], "False"], ["False", "False", "False"]]
