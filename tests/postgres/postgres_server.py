"""A PostgreSQL server of the tests' own: started on a free loopback port, in a directory that goes with it."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fixtures.postgres import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = 15
"""The first version that has MERGE, which shop's incremental models need."""

ATTEMPTS = 3
"""How many ports are tried: another program may take a free one before the server does."""

FREE_PORT = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "TimeZone": "UTC",
}


@contextmanager
def server() -> Iterator[Connection]:
    """A running server: the connection to its database `postgres`, as its superuser. Skips where PostgreSQL is absent."""
    programs, account = _programs(), _account()
    directory = Path(tempfile.mkdtemp(prefix="aftershock-postgres-"))
    try:
        password = secrets.token_hex()
        (directory / "password").write_text(password)
        if account:
            for path in (directory, directory / "password"):
                os.chown(path, account["user"], account["group"])
        data = str(directory / "data")
        initdb = ["initdb", "-D", data, "-U", "postgres", "--auth=scram-sha-256", "--pwfile", str(directory / "password")]
        _run(programs, [*initdb, "--encoding=UTF8", "--locale=C", "--no-sync"], account)
        port = _start(programs, directory, account)
        try:
            yield Connection("127.0.0.1", port, "postgres", password, "postgres")
        finally:
            _run(programs, ["pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], account)
    finally:
        shutil.rmtree(directory)


def _start(programs: Path, directory: Path, account: dict[str, Any]) -> int:
    """Start it; return its port."""
    log = directory / "log"
    for _ in range(ATTEMPTS):
        port = int(subprocess.run([sys.executable, "-c", FREE_PORT], check=True, capture_output=True, text=True).stdout)
        options = " ".join(f"-c {name}={value}" for name, value in {**SETTINGS, "port": port}.items())
        if _call(programs, ["pg_ctl", "-D", str(directory / "data"), "-l", str(log), "-o", options, "-w", "start"], account).returncode == 0:
            return port
        if not log.exists() or "Address already in use" not in log.read_text():
            break
    raise AssertionError(log.read_text() if log.exists() else "the server did not start and left no log")


def _run(programs: Path, command: list[str], account: dict[str, Any]) -> None:
    """Run one of PostgreSQL's programs, which has to pass."""
    done = _call(programs, command, account)
    assert done.returncode == 0, done.stdout


def _call(programs: Path, command: list[str], account: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the account that may."""
    return subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **account,
    )


def _programs() -> Path:
    """The directory of PostgreSQL's server programs, the newest where Debian has several."""
    found = [Path(path).parent for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")]
    found.sort(key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)
    if not found and (on_path := shutil.which("pg_ctl")):
        found = [Path(on_path).resolve().parent]
    if not found:
        pytest.skip("PostgreSQL is not installed: there is no pg_ctl in /usr/lib/postgresql or on the PATH")
    version = subprocess.run([str(found[-1] / "pg_ctl"), "--version"], check=True, capture_output=True, text=True).stdout
    number = re.search(r"\d+", version)
    if number is None or int(number[0]) < OLDEST:
        pytest.skip(f"PostgreSQL {OLDEST} or later is needed, here is {version.strip()}")
    return found[-1]


def _account() -> dict[str, Any]:
    """Whose process the server is, in subprocess' words: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
