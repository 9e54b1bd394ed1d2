"""dbt once a process, and each world's truth once for all processes of a session."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest

from repair.warm import Dbt, warm_dbt
from repair.worlds import LEDGER, SHOP, Truth, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def dbt() -> Iterator[Dbt]:
    with warm_dbt() as program:
        yield program


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of this session share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "repair"
    shared.mkdir(exist_ok=True)
    return shared


def _truth(world: World, dbt: Dbt, folder: Path) -> Truth:
    with (folder / f"{world.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Truth(world, dbt, folder)


@pytest.fixture(scope="session")
def truths(dbt: Dbt, folder: Path) -> dict[str, Truth]:
    return {world.name: _truth(world, dbt, folder) for world in (LEDGER, SHOP)}
