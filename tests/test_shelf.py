# ruff: noqa: S608 - it writes SQL, and nothing else
"""Many small values on disk: whatever is wrong with the file or its folder is a miss, and never more than that."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftershock.cache.shelf import AT_ONCE, NAME, Shelf

if TYPE_CHECKING:
    from pathlib import Path

LARGE = 10**9
VALUES = {f"key {place}".encode(): f"value {place}".encode() * 20 for place in range(30)}


def keep(folder: Path, values: dict[bytes, bytes], limit: int = LARGE) -> None:
    shelf = Shelf(folder, limit)
    shelf.put(values)
    shelf.close()


def kept(folder: Path, keys: object = VALUES) -> dict[bytes, bytes]:
    shelf = Shelf(folder, LARGE)
    try:
        return shelf.get(keys)  # type: ignore[arg-type]  # any iterable of keys
    finally:
        shelf.close()


def test_what_was_put_is_there_in_this_process_and_the_next(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "cache", LARGE)
    shelf.put(VALUES)
    assert shelf.get(VALUES) == VALUES
    assert shelf.get([b"another"]) == {}
    shelf.close()
    assert kept(tmp_path / "cache") == VALUES


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(values=st.dictionaries(st.binary(min_size=1, max_size=20), st.binary(max_size=400), max_size=20))
def test_any_bytes_come_back_as_they_were(tmp_path: Path, values: dict[bytes, bytes]) -> None:
    keep(tmp_path, values)
    assert kept(tmp_path, values) == values


def test_the_last_value_of_a_key_counts(tmp_path: Path) -> None:
    keep(tmp_path, {b"k": b"one"})
    keep(tmp_path, {b"k": b"two"})
    assert kept(tmp_path, [b"k"]) == {b"k": b"two"}


@pytest.mark.parametrize("count", [AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE + 7, 40_000])
def test_many_keys_are_asked_for_in_parts(tmp_path: Path, count: int) -> None:
    values = {str(place).encode(): b"x" for place in range(count)}
    keep(tmp_path, values)
    assert kept(tmp_path, values) == values


def test_nothing_is_kept_without_a_folder() -> None:
    shelf = Shelf(None, LARGE)
    shelf.put(VALUES)
    assert shelf.get(VALUES) == {}
    assert shelf.clear() == 0
    shelf.close()


GARBAGE = {
    "empty": lambda _: b"",
    "garbage": lambda _: b"\x00\xff" * 5000,
    "text": lambda _: b"select 1\n" * 2000,
    "head only": lambda content: content[:16],
    "half": lambda content: content[: len(content) // 2],
    "all but a page": lambda content: content[:-4096],
    "garbage behind the head": lambda content: content[:100] + b"\xff" * (len(content) - 100),
    "garbage in the middle": lambda content: content[:5000] + b"\xaa" * 3000 + content[8000:],
    "zeros at the end": lambda content: content[: len(content) // 2] + b"\0" * (len(content) - len(content) // 2),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_file_that_was_damaged_is_a_miss_and_then_a_new_one(tmp_path: Path, name: str) -> None:
    keep(tmp_path, VALUES)
    file = tmp_path / NAME
    file.write_bytes(GARBAGE[name](file.read_bytes()))
    for suffix in ("-wal", "-shm"):
        file.with_name(NAME + suffix).unlink(missing_ok=True)
    found = kept(tmp_path)
    assert all(VALUES[key] == value for key, value in found.items()), "what is there is right"
    keep(tmp_path, VALUES)
    keep(tmp_path, VALUES)
    assert kept(tmp_path) == VALUES, "the second time at the latest it is as new"


def test_a_table_of_another_program_is_a_miss(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("create table kept (key, another)")
    keep(tmp_path, VALUES)
    assert kept(tmp_path) in ({}, VALUES)


@pytest.mark.parametrize(
    "change",
    [
        "update kept set value = x'00ff'",
        "update kept set crc = crc + 1",
        "update kept set value = substr(value, 1, 5)",
        "update kept set value = 7, crc = 7",
        "update kept set value = 'text', crc = 3",
    ],
)
def test_a_value_that_was_changed_is_a_miss_and_can_be_put_again(tmp_path: Path, change: str) -> None:
    keep(tmp_path, VALUES)
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute(f"{change} where key in (select key from kept limit 5)")
    found = kept(tmp_path)
    assert all(VALUES[key] == value for key, value in found.items())
    assert len(found) <= len(VALUES) - 5
    keep(tmp_path, VALUES)
    assert kept(tmp_path) == VALUES


def _write(folder: Path, first: int) -> None:
    shelf = Shelf(folder, LARGE)
    for place in range(first, first + 60):
        shelf.put({f"{place}-{part}".encode(): str(place).encode() * 50 for part in range(5)})
        shelf.get([f"{place}-0".encode()])
    shelf.close()


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(tmp_path, first)) for first in (0, 1000)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert [writer.exitcode for writer in writers] == [0, 0]
    keys = [f"{place}-{part}".encode() for first in (0, 1000) for place in range(first, first + 60) for part in range(5)]
    assert len(kept(tmp_path, keys)) == len(keys)


def test_a_file_that_another_process_has_locked_is_a_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aftershock.cache.shelf.WAIT_SECONDS", 0.05)
    keep(tmp_path, {b"k": b"one"})
    with closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as connection:
        connection.execute("begin exclusive")
        keep(tmp_path, {b"k": b"two"})
        connection.execute("rollback")
    assert kept(tmp_path, [b"k"]) == {b"k": b"one"}
    keep(tmp_path, {b"k": b"two"})
    assert kept(tmp_path, [b"k"]) == {b"k": b"two"}


def test_it_keeps_within_its_limit_and_what_was_used_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {place: {str(place).encode(): os.urandom(10_000)} for place in range(40)}
    for place, value in values.items():
        monkeypatch.setattr("aftershock.cache.shelf.time.time", lambda place=place: float(place))
        keep(tmp_path, value, 100_000)
    every = {key: value for one in values.values() for key, value in one.items()}
    found = kept(tmp_path, every)
    assert 4 <= len(found) <= 10
    assert str(39).encode() in found
    assert str(0).encode() not in found
    assert (tmp_path / NAME).stat().st_size < 200_000


def test_a_limit_of_nothing_keeps_nothing(tmp_path: Path) -> None:
    keep(tmp_path, VALUES, 0)
    assert kept(tmp_path) == {}


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_a_miss(tmp_path: Path) -> None:
    keep(tmp_path, VALUES)
    tmp_path.chmod(0o500)
    try:
        keep(tmp_path, {b"new": b"value"})
        assert set(kept(tmp_path)) <= set(VALUES)
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_that_is_a_file_is_a_miss(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    keep(tmp_path / "cache", VALUES)
    assert kept(tmp_path / "cache") == {}


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links")
def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    (folder / NAME).symlink_to(victim)
    keep(folder, VALUES)
    assert victim.read_bytes() == b"mine"
    nowhere = tmp_path / "nowhere"
    (folder / NAME).unlink(missing_ok=True)
    (folder / NAME).symlink_to(nowhere)
    keep(folder, VALUES)
    assert not nowhere.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    keep(tmp_path / "cache", VALUES)
    assert (tmp_path / "cache" / NAME).stat().st_mode & 0o077 == 0


def test_clearing_removes_it_all_and_says_how_much(tmp_path: Path) -> None:
    keep(tmp_path, VALUES)
    shelf = Shelf(tmp_path, LARGE)
    shelf.put({b"k": b"v"})
    assert shelf.clear() > 0
    assert list(tmp_path.glob(NAME + "*")) == []
    assert shelf.clear() == 0
    shelf.put(VALUES)
    assert shelf.get(VALUES) == VALUES
    shelf.close()


def test_closing_twice_is_no_error(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, LARGE)
    shelf.put(VALUES)
    shelf.close()
    shelf.close()
    assert shelf.get(VALUES) == VALUES
    shelf.close()
