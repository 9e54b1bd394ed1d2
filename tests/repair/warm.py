"""dbt as a program on PATH that starts at once: each command is forked from a process that has imported dbt.

Whoever calls it cannot tell it from dbt: same arguments, folder, environment, output and exit code. It also writes down what each command ran, stops
dbt's clock where ``AS_OF`` says so, and leaves one command out where ``LEAVE_OUT`` says so.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_OF = "REPAIR_AS_OF"
"""The moment (ISO 8601, UTC) that dbt takes for now."""
LOG = "REPAIR_LOG"
"""The file to which every command adds a line."""
LEAVE_OUT = "REPAIR_LEAVE_OUT"
"""The position, from 0, of the command that reports success and does nothing."""

CLIENT = """#!{python} -SE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(asked).to_bytes(8, "big")], [0, 1, 2])
    server.sendall(asked)
    sys.exit(int(server.recv(16) or b"70"))
"""


class Command(NamedTuple):
    """One dbt command that was run: its words, its exit code, and the status of every node that it ran."""

    words: tuple[str, ...]
    code: int
    ran: dict[str, str]


class Dbt(NamedTuple):
    """The folder whose ``dbt`` is the warm one."""

    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Surroundings that name no user, with this dbt and this environment's programs first on PATH."""
        return {
            "PATH": os.pathsep.join((str(self.folder), str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
            "TZ": "UTC",
            "LANG": "C.UTF-8",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
            **more,
        }

    def run(self, project: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run one command in a project."""
        return subprocess.run(
            ["dbt", *words], cwd=project, env=self.environment(**more), executable=self.folder / "dbt", capture_output=True, text=True, check=False
        )


def read_log(path: Path) -> list[Command]:
    """The commands that were written down, in order."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [Command(tuple(words), code, ran) for words, code, ran in map(json.loads, lines)]


@contextmanager
def warm_dbt() -> Iterator[Dbt]:
    """Import dbt in another process, and put a ``dbt`` that asks it into a folder of its own, until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="dbt-") as name:  # a socket's path may have 107 bytes: pytest's folders are too deep
        folder = Path(name)
        address, program = folder / "socket", folder / "dbt"
        program.write_text(CLIENT.format(python=sys.executable, address=str(address)), "utf-8")
        program.chmod(0o755)
        process = subprocess.Popen([sys.executable, __file__, str(address)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise RuntimeError("dbt: it cannot be imported. Run `make setup`.")
            yield Dbt(folder)
        finally:
            process.communicate()  # closes its input, at which it ends


def _serve(address: str) -> None:
    """Answer one command after the other, each in a child of its own."""
    import dbt.adapters.duckdb
    import dbt.cli.main
    import dbt.task.build  # noqa: F401  # what the commands import

    resource_tracker.ensure_running()  # or every child starts one
    gc.freeze()
    gc.disable()  # no child lives long enough to need it
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while server in select.select([server, sys.stdin], [], [])[0]:  # the input ends with whoever started this, however that ends
            connection, _ = server.accept()
            with connection:
                head, descriptors, _, _ = socket.recv_fds(connection, 8, 3)
                words, folder, environment = json.loads(_exactly(connection, int.from_bytes(head, "big")))
                child = os.fork()
                if not child:
                    _become(words, folder, environment, descriptors)
                for descriptor in descriptors:
                    os.close(descriptor)
                connection.sendall(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        received += connection.recv(size - len(received))
    return bytes(received)


def _become(words: list[str], folder: str, environment: dict[str, str], descriptors: list[int]) -> NoReturn:
    """Be dbt, once, and end."""
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = ["dbt", *words]  # run results tell the command as it was typed
    code = 70
    try:
        code = _logged(words)
    finally:
        _end(code)


def _end(code: int) -> NoReturn:
    """End without the last words of DuckDB's bindings, which warn of what was made before a fork."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _logged(words: list[str]) -> int:
    """Run dbt, or leave the command out, and add a line to the log."""
    log = Path(os.environ[LOG]) if LOG in os.environ else None
    started = time.time()
    if LEAVE_OUT in os.environ and int(os.environ[LEAVE_OUT]) == len(read_log(log) if log else ()):
        code, ran = 0, {}
    else:
        code = _dbt(words)
        ran = _ran(started)
    if log:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([words, code, ran]) + "\n")
    return code


def _dbt(words: list[str]) -> int:
    import dbt.cli.main
    import dbt.task.run

    if AS_OF in os.environ:
        from datetime import datetime

        now = datetime.fromisoformat(os.environ[AS_OF])
        dbt.task.run.get_invocation_started_at = lambda: now  # type: ignore[attr-defined]
    try:
        dbt.cli.main.cli(words, prog_name="dbt")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _ran(since: float) -> dict[str, str]:
    """What the run results say, if this command wrote them."""
    path = Path(os.environ.get("DBT_TARGET_PATH", "target"), "run_results.json")
    if not path.exists() or path.stat().st_mtime < since:
        return {}
    results: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["results"]
    return {result["unique_id"]: result["status"] for result in results}


if __name__ == "__main__":
    _serve(sys.argv[1])
    _end(0)
