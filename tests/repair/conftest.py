"""dbt once a process, and each world's truth once for all processes of a session."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest

from repair.warm import Dbt, warm_dbt
from repair.worlds import LEDGER, SHOP, Truth

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


class Truths(dict[str, Truth]):
    """Each world's truth by its name, built when it is first asked for."""

    def __init__(self, dbt: Dbt, folder: Path) -> None:
        super().__init__()
        self._dbt, self._folder = dbt, folder

    def __missing__(self, name: str) -> Truth:
        (world,) = (world for world in (LEDGER, SHOP) if world.name == name)
        with (self._folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self[name] = Truth(world, self._dbt, self._folder)
        return self[name]


@pytest.fixture(scope="session")
def truths(dbt: Dbt, folder: Path) -> Truths:
    return Truths(dbt, folder)
