"""Stores to test: one of SQLite's in a project of its own, one on a PostgreSQL server that is started for these tests."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fixtures.postgres import Connection

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "postgres")]  # fixtures/ is a package of the repository

from aftershock.incidents.store import Store, open_store  # noqa: E402  # the path first


@pytest.fixture(scope="session")
def postgres() -> Iterator[Connection]:
    from postgres_server import server

    with server() as connection:
        yield connection


@pytest.fixture(scope="session")
def new_database(postgres: Connection) -> Callable[[], str]:
    """Makes a database; returns its URL."""
    count = itertools.count()

    def made() -> str:
        name = f"store_{next(count)}"
        session = postgres.open()
        try:
            session.cursor().execute(f"create database {name}")
        finally:
            session.close()
        return f"postgresql://{postgres.user}:{postgres.password}@{postgres.host}:{postgres.port}/{name}"

    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a store, where nothing is yet."""
    return str(tmp_path / "team.db") if request.param == "sqlite" else request.getfixturevalue("new_database")()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(url, project=tmp_path) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Store]:
    """The store of a project, where no URL is given."""
    with open_store(project=tmp_path) as opened:
        yield opened
