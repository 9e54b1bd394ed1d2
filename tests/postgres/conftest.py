"""Fixtures for tests that need a real PostgreSQL; they are skipped where there is none.

    def test_a_repair(shop_pg: Shop, green_tables: Tables) -> None:
        shop_pg.sql("delete from analytics.fct_payments where payment_id > 1190")
        shop_pg.dbt("run", "--full-refresh", "--select", "fct_payments", "--target", "prod")
        assert tables(shop_pg.connection) == green_tables

`shop_pg` is a green build of shop that a test may break: `.directory`, `.target`, `.connection`, `.run(*command)`,
`.dbt(*arguments)`, `.sql(statements)`. `reset_shop` makes it green again within a test, for a second story from the same
start. `tables(connection)` is what every table and view holds, `green_tables` that of green shop. `postgres` is the server itself. A
worker of xdist has a server and a build of its own: --dist loadgroup, which would give them all to one, groups nothing
under pytest 9.2.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fixtures.postgres import Connection
    from postgres_shop import Shop, Stage, Tables

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # fixtures/ is a package of the repository


@pytest.fixture(scope="session")
def postgres() -> Iterator[Connection]:
    from postgres_server import server

    with server() as connection:
        yield connection


@pytest.fixture(scope="session")
def stage(postgres: Connection, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    from postgres_shop import Stage

    made = Stage(postgres, tmp_path_factory.mktemp("postgres"))
    made.build()
    return made


@pytest.fixture(scope="session")
def green_tables(stage: Stage) -> Tables:
    """What every table and view of green shop holds."""
    from postgres_shop import tables

    return tables(stage.green)


@pytest.fixture
def reset_shop(stage: Stage) -> Callable[[], Shop]:
    return stage.reset


@pytest.fixture
def shop_pg(reset_shop: Callable[[], Shop]) -> Shop:
    return reset_shop()
