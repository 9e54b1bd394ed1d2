"""Run one command and write what it cost: `python -S -E launch.py REPORT [--tty] -- COMMAND…`.

A process of its own, because a child's peak memory starts at that of the process which spawned it: this one
stays near 10 MB whatever the harness holds. Standard library only, no imports from the project.
"""

import json
import os
import pty
import sys
import time


def _spawn(command: list[str], stdout: int, stderr: int) -> int:
    """Start the command with the given output descriptors and return its process id."""
    actions = [(os.POSIX_SPAWN_DUP2, stdout, 1), (os.POSIX_SPAWN_DUP2, stderr, 2)]
    return os.posix_spawnp(command[0], command, os.environ, file_actions=actions)


def _drain(terminal: int, copy: int) -> None:
    """Copy all that the command prints to the terminal, until its last descriptor closes."""
    while True:
        try:
            text = os.read(terminal, 65536)
        except OSError:  # Linux says so, instead of end of file, once the other side is closed
            return
        if not text:
            return
        os.write(copy, text)


def main() -> None:
    """Run the command, wait for it, and write its cost as JSON."""
    split = sys.argv.index("--")
    report, tty = sys.argv[1], "--tty" in sys.argv[2:split]
    out = os.open(f"{report}.out", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    err = os.open(f"{report}.err", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    start = time.perf_counter()
    if tty:
        terminal, inner = pty.openpty()
        child = _spawn(sys.argv[split + 1 :], inner, err)
        os.close(inner)
        _drain(terminal, out)
    else:
        child = _spawn(sys.argv[split + 1 :], out, err)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cost = {
        "exit_code": os.waitstatus_to_exitcode(status),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "wall_s": wall,
        "peak_bytes": peak,
    }
    with open(f"{report}.json", "w") as file:  # noqa: PTH123 - pathlib costs memory here
        json.dump(cost, file)


if __name__ == "__main__":
    main()
