"""Makes processes that append notes to incident 1, one at a time, each printing a line once a note is acknowledged.

    python store_writer.py URL

Each line on standard input, ``NAME COUNT``, starts a process: it prints ``NAME started PID``, ``NAME NUMBER TEXT`` for each note, and ``NAME done``. They
are forked from one that has imported everything, so that they are at it within milliseconds.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path

import sqlalchemy.dialects.postgresql.psycopg  # before the fork
import sqlalchemy.dialects.sqlite  # noqa: F401  # as above

import aftershock.incidents.database  # noqa: F401  # as above
from aftershock.incidents.store import open_store
from aftershock.model.record import Noted


def say(*words: object) -> None:
    os.write(1, " ".join(map(str, words)).encode() + b"\n")  # in one piece, and whatever becomes of this process next


def write(url: str, name: str, count: int) -> None:
    say(name, "started", os.getpid())
    with open_store(url, project=Path()) as store:
        for turn in range(count):
            record = store.append("1", [Noted(f"{name}-{turn}")], by=name, at="2026-03-01T06:10:00Z")
            say(name, record.events, f"{name}-{turn}")
    say(name, "done")


def main(url: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        name, count = line.split()
        if os.fork() == 0:
            try:
                write(url, name, int(count))
            except BaseException:  # noqa: BLE001  # it is shown, and the test fails
                traceback.print_exc()
                sys.stderr.flush()
            os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
