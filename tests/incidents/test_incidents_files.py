"""The store as a file: who may read it, and what happens where it cannot be read or written."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from incidents_building import at, opened

from aftershock.errors import AftershockError, NothingThere, StoreError
from aftershock.incidents.store import Store, open_store
from aftershock.model.record import Noted

if TYPE_CHECKING:
    from collections.abc import Iterator

BY = {"by": "ada", "at": at("06:10")}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def filled(path: Path, notes: int = 200) -> Path:
    """A store with one incident in it, closed."""
    with open_store(str(path), project=path.parent) as store:
        store.create(opened(), **BY)
        store.append("1", [Noted(f"note {number} " + "x" * 200) for number in range(notes)], **BY)
    return path


def use(store: Store) -> None:
    """What people do: look, then add."""
    store.all()
    store.append("1", [Noted("more")], **BY)


def refused(path: Path) -> str:
    """What is said of a file that cannot be used, which stays as it is."""
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught, open_store(str(path), project=path.parent) as store:
        use(store)
    assert path.read_bytes() == before
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_only_its_owner_reads_it_and_git_ignores_it(tmp_path: Path) -> None:
    with open_store(project=tmp_path) as store:
        store.create(opened(), **BY)
        folder = tmp_path / ".aftershock"
        assert mode(folder) == 0o700
        files = {path.name: mode(path) for path in folder.iterdir()}
        assert files.pop(".gitignore")
        assert files == dict.fromkeys(("incidents.db", "incidents.db-wal", "incidents.db-shm"), 0o600)
    assert [path.name for path in sorted(folder.iterdir())] == [".gitignore", "incidents.db"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert subprocess.run(["git", "-C", str(tmp_path), "status", "--porcelain"], check=True, capture_output=True).stdout == b""


@pytest.mark.usefixtures("umask")
def test_a_file_elsewhere_is_private_and_its_folder_is_not_touched(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    filled(tmp_path / "team.db")
    assert (mode(tmp_path), mode(tmp_path / "team.db")) == (0o755, 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["team.db"]


def test_what_the_folder_holds_already_stays(tmp_path: Path) -> None:
    (tmp_path / ".aftershock").mkdir()
    (tmp_path / ".aftershock" / ".gitignore").write_text("incidents.db\n", encoding="utf-8")
    open_store(project=tmp_path).close()
    assert (tmp_path / ".aftershock" / ".gitignore").read_text(encoding="utf-8") == "incidents.db\n"


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("name", [".", "incidents.db", "incidents.db-wal", "incidents.db-shm", "incidents.db-journal"])
def test_a_project_of_somebody_else_cannot_lead_us_out_of_it(tmp_path: Path, name: str, there: bool) -> None:  # noqa: FBT001  # a case
    """Whoever writes the repository may have put links there."""
    project, victim = tmp_path / "project", tmp_path / "victim"
    project.mkdir()
    if name == ".":
        (project / ".aftershock").symlink_to(victim)
    else:
        (project / ".aftershock").mkdir()
        (project / ".aftershock" / name).symlink_to(victim)
    if there and name == ".":
        victim.mkdir()
    elif there:
        victim.write_bytes(b"theirs")
    for create in (True, False):
        with pytest.raises(StoreError) as caught:
            open_store(project=project, create=create)
        assert str(caught.value).endswith(": it is a link. Remove it, or say with --store where incidents are kept.")
    assert victim.exists() is there
    if there:
        assert list(victim.iterdir()) == [] if name == "." else victim.read_bytes() == b"theirs"


def test_a_linked_gitignore_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / ".aftershock").mkdir()
    (tmp_path / ".aftershock" / ".gitignore").symlink_to(tmp_path / "victim")
    open_store(project=tmp_path).close()
    assert not (tmp_path / "victim").exists()


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    for content in (b"x", b"not a database at all\n" * 500, b"SQLite format 3", b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 5000):
        path.write_bytes(content)
        said = refused(path)
        assert said.startswith(("it is no database. Name another file", "it is damaged. Put back a copy"))
        assert said.endswith("it was left as it is.")
    assert [found.name for found in tmp_path.iterdir()] == ["x.db"]


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table theirs (x)")
    assert refused(path) == "it is a database of something else. Name another file; it was left as it is."


@pytest.mark.parametrize("junk", [b"\xa5", b"\0", b"x"])
def test_a_damaged_file_is_one_clear_error_and_left_as_it_is(tmp_path: Path, junk: bytes) -> None:
    """Whichever of its pages is overwritten."""
    path = filled(tmp_path / "x.db")
    whole = path.read_bytes()
    size = int.from_bytes(whole[16:18], "big")
    for page in range(len(whole) // size):
        content = bytearray(whole)
        content[page * size + (100 if page == 0 else 0) : (page + 1) * size] = junk * (size - (100 if page == 0 else 0))
        path.write_bytes(content)
        said = refused(path)
        assert "damaged" in said, (page, said)
        assert said.count(". ") == 1


@pytest.mark.parametrize("part", range(1, 12))
def test_a_file_that_was_cut_is_one_clear_error_and_left_as_it_is(tmp_path: Path, part: int) -> None:
    path = filled(tmp_path / "x.db")
    os.truncate(path, path.stat().st_size * part // 12)
    assert "it is damaged. Put back a copy from a backup, or import an export into a new one" in refused(path)


def test_folders_and_paths_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for url, said in (
        (str(tmp_path), "it is a folder. Name a file."),
        (str(tmp_path / "none" / "x.db"), "it cannot be used (No such file or directory)."),
        (str(tmp_path / "file" / "x.db"), "it cannot be used (Not a directory)."),
        ("/dev/null", "it is no file. Name a file."),
        (str(tmp_path / ("x" * 300)), "it cannot be used (File name too long)."),
    ):
        with pytest.raises(StoreError) as caught:
            open_store(url, project=tmp_path)
        assert str(caught.value).startswith(f"{url}: {said}")
    with pytest.raises(StoreError, match="cannot be used"):
        open_store(project=tmp_path / "nowhere")


def test_an_empty_file_is_a_store_that_is_not_made_yet(tmp_path: Path) -> None:
    (tmp_path / "x.db").touch(0o600)
    with pytest.raises(NothingThere):
        open_store(str(tmp_path / "x.db"), project=tmp_path, create=False)
    assert (tmp_path / "x.db").stat().st_size == 0
    filled(tmp_path / "x.db")


def test_a_full_disk_is_one_clear_error_and_nothing_is_recorded(tmp_path: Path) -> None:
    path = filled(tmp_path / "x.db", 5)
    with open_store(str(path), project=tmp_path) as store:
        with store._database.reading() as connection:
            pages = connection.exec_driver_sql("pragma page_count").scalar()
            connection.exec_driver_sql(f"pragma max_page_count = {pages}")
        before = path.read_bytes()
        with pytest.raises(StoreError) as caught:
            store.append("1", [Noted("x" * 100_000)], **BY)
        assert str(caught.value) == f"{path}: the disk is full: nothing was recorded. Make room, then try again."
        assert path.read_bytes() == before
        assert store.get("1").events == 6
        store._ledger.forget()
        assert store.get("1").events == 6


LIMITED = """
import json, resource, sys
from pathlib import Path
from aftershock.errors import AftershockError
from aftershock.incidents.store import open_store
from aftershock.model.record import Noted
store = open_store(sys.argv[1], project=Path(sys.argv[2]))
store.get("1")
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
said = []
for turn in range(3):
    try:
        store.append("1", [Noted("x" * 100_000)], by="ada", at="2026-03-01T06:10:00Z")
        said.append("recorded")
    except AftershockError as error:
        said.append(str(error))
print(json.dumps([said, store.get("1").events]))
"""


def test_a_disk_that_takes_no_more_is_one_clear_error(tmp_path: Path) -> None:
    path = filled(tmp_path / "x.db", 5)
    done = subprocess.run([sys.executable, "-W", "error", "-c", LIMITED, str(path), str(tmp_path)], capture_output=True, text=True, check=True, timeout=60)
    said, events = json.loads(done.stdout)
    assert done.stderr == ""
    assert events == 6
    assert {text.removeprefix(f"{path}: ").partition(":")[0] for text in said} <= {"it cannot be written or read", "the disk is full"}
    with open_store(str(path), project=tmp_path) as store:
        use(store)
        assert store.get("1").events == 7


AS_NOBODY = """
import json, os, sys
from pathlib import Path
import alembic.command
from aftershock.errors import AftershockError
from aftershock.incidents.store import open_store
from aftershock.model.record import Noted
cases = json.loads(sys.argv[1])
open_store(sys.argv[2], project=Path()).close()  # imports whatever is imported late, while that may be read
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for url, project, create in cases:
    try:
        store = open_store(url, project=Path(project), create=create)
        store.append("1", [Noted("x")], by="ada", at="2026-03-01T06:10:00Z")
        print("recorded")
    except AftershockError as error:
        print(type(error).__name__, error)
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody reaches: pytest's own belong to one user."""
    folder = Path(tempfile.mkdtemp(prefix="aftershock-store-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_what_its_permissions_forbid_is_one_clear_error(shared: Path, tmp_path: Path) -> None:
    """As a user who is not root, who may do anything."""
    hidden, fixed = filled(shared / "hidden.db", 3), filled(shared / "fixed.db", 3)
    hidden.chmod(0o000)
    fixed.chmod(0o444)
    before = hidden.stat().st_mtime_ns, fixed.read_bytes()
    project, closed = shared / "project", shared / "closed"
    project.mkdir(0o755)
    closed.mkdir(0o700)
    denied = "it cannot be used (Permission denied). Check the path and its permissions, or say with --store where incidents are kept."
    expected = {
        (str(hidden), str(shared), True): f"StoreError {hidden}: {denied}",
        (str(hidden), str(shared), False): f"StoreError {hidden}: {denied}",
        (str(fixed), str(shared), True): f"StoreError {fixed}: it ",
        ("", str(project), True): f"StoreError {project}/.aftershock/incidents.db: {denied}",
        ("", str(project), False): f"NothingThere {project}/.aftershock/incidents.db: no incident was ever opened here",
        (str(closed / "x.db"), str(shared), True): f"StoreError {closed}/x.db: {denied}",
    }
    command = [sys.executable, "-W", "error", "-c", AS_NOBODY, json.dumps(list(expected)), str(tmp_path / "warm.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    for line, said in zip(done.stdout.splitlines(), expected.values(), strict=True):
        assert line.startswith(said)
    assert "Check the permissions of the file and of its folder" in done.stdout.splitlines()[2]
    assert (hidden.stat().st_mtime_ns, fixed.read_bytes()) == before
    assert list(project.iterdir()) == []


WAITING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("begin immediate")
print("held", flush=True)
sys.stdin.readline()
"""


def test_who_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aftershock.incidents import database

    path = filled(tmp_path / "x.db", 3)
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.2)
    with subprocess.Popen([sys.executable, "-c", WAITING, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with open_store(str(path), project=tmp_path) as store:
            assert store.get("1").events == 4  # who reads waits for nobody
            with pytest.raises(StoreError, match="somebody else has been writing to it for too long"):
                use(store)
        holder.communicate("go\n", timeout=30)
    with open_store(str(path), project=tmp_path) as store:
        use(store)


def test_every_error_is_one_of_ours(tmp_path: Path) -> None:
    assert issubclass(StoreError, AftershockError)
    assert issubclass(NothingThere, StoreError)
    assert repr(open_store(project=tmp_path)) == f"Store('{tmp_path}/.aftershock/incidents.db')"
