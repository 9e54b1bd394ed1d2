"""Many write at once, some are killed: whatever was acknowledged is there, numbered without a gap."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from incidents_building import at, opened

from aftershock.incidents.store import Store, open_store
from aftershock.model.record import Noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WRITERS, EACH = 8, 500
KILLS = 30


class Writers:
    """Processes that append, and what they have said."""

    def __init__(self, url: str) -> None:
        command = [sys.executable, "-W", "error", str(Path(__file__).parent / "store_writer.py"), url]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        self.lines: list[list[str]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.split())

    def start(self, name: str, count: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name} {count}\n")

    def wait(self, condition: Callable[[], bool], seconds: float = 300) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until
            time.sleep(0.005)

    def kill(self, name: str) -> None:
        self.wait(lambda: any(line[:2] == [name, "started"] for line in self.lines))
        pid = next(int(line[2]) for line in self.lines if line[:2] == [name, "started"])
        os.kill(pid, signal.SIGKILL)

    def acknowledged(self, name: str = "") -> list[tuple[int, str]]:
        """Number and text of every note of one writer, or of all."""
        return [(int(line[1]), line[2]) for line in list(self.lines) if len(line) == 3 and line[1] != "started" and name in {"", line[0]}]

    def end(self) -> str:
        """Wait for everyone who is left; returns what went wrong."""
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        self._process.stdin.close()
        error = self._process.stderr.read()
        self._process.stderr.close()
        self._reader.join(timeout=300)
        self._process.wait(timeout=300)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return error


@pytest.fixture
def writers(url: str, store: Store) -> Iterator[Writers]:
    store.create(opened(), by="ada", at=at("06:10"))
    found = Writers(url)
    yield found
    assert found.end() == ""


def kept(url: str, tmp_path: Path) -> dict[int, str]:
    """The text of each note by the number of its event."""
    with open_store(url, project=tmp_path) as store:
        events = store.events("1")
        assert store.get("1").events >= len(events)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    return {event.number: event.change.text for event in events if isinstance(event.change, Noted)}


def test_eight_processes_at_once(url: str, writers: Writers, tmp_path: Path) -> None:
    for number in range(WRITERS):
        writers.start(f"w{number}", EACH)
    writers.wait(lambda: sum(line[1] == "done" for line in writers.lines) == WRITERS)
    found = kept(url, tmp_path)
    assert len(found) == WRITERS * EACH
    for number in range(WRITERS):
        said = writers.acknowledged(f"w{number}")
        assert [text for _, text in said] == [f"w{number}-{turn}" for turn in range(EACH)]
        assert [place for place, _ in said] == sorted(place for place, _ in said)
        assert all(found[place] == text for place, text in said)


def test_nothing_acknowledged_is_lost_when_writers_are_killed(url: str, writers: Writers, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  # when somebody is killed
    names = [f"k{number}" for number in range(KILLS + 2)]
    running: list[str] = []
    for number, name in enumerate(names):
        writers.start(name, 100_000)
        running.append(name)
        if len(running) < 3:
            continue
        before = len(writers.acknowledged())
        writers.wait(lambda before=before: len(writers.acknowledged()) > before)  # type: ignore[misc]  # somebody is at it
        time.sleep(chance.uniform(0, 0.08))
        writers.kill(running.pop(chance.randrange(len(running))))
        if number % 10 == 0:
            said, found = writers.acknowledged(), kept(url, tmp_path)
            assert all(found[place] == text for place, text in said)
    for name in running:
        writers.kill(name)
    time.sleep(0.2)
    said, found = writers.acknowledged(), kept(url, tmp_path)
    assert len(said) > KILLS
    assert all(found[place] == text for place, text in said)
    assert len(said) <= len(found) <= len(said) + len(names)  # one each may be there that nobody lived to acknowledge
    assert len(set(found.values())) == len(found)
    with open_store(url, project=tmp_path) as again:
        assert again.append("1", [Noted("after")], by="ada", at=at("06:10")).events == len(found) + 2


OPENING = """
import os, sys
from pathlib import Path
import aftershock.incidents.database, alembic.command, sqlalchemy.dialects.postgresql.psycopg, sqlalchemy.dialects.sqlite
from aftershock.incidents.store import open_store
from aftershock.model import Category
from aftershock.model.record import Opened
for _ in range(4):
    if os.fork() == 0:
        with open_store(sys.argv[1], project=Path()) as store:
            for _ in range(25):
                record = store.create(Opened("", "x", Category.DATA_LOSS, "2026-03-01T06:00:00Z"), by="a", at="2026-03-01T06:10:00Z")
                os.write(1, f"{record.id}\\n".encode())
        os._exit(0)
sys.exit(sum(os.wait()[1] for _ in range(4)))
"""


def test_incidents_opened_at_once_have_numbers_of_their_own(url: str, tmp_path: Path) -> None:
    """By processes that also make the store."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", OPENING, url], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.split()) == sorted(f"INC-{number}" for number in range(1, 101))
    with open_store(url, project=tmp_path) as store:
        assert [record.id for record in store.all()] == [f"INC-{number}" for number in range(1, 101)]
