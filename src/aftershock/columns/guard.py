"""Reading untrusted code in a child process that can be killed.

Limits within a process do not hold: one multiplication of a string overshoots any alarm, and a compiled parser can end the process. So code is
rendered and parsed in a child, one job after another, and a job that takes too long or too much memory takes only its child with it: the next
one goes on behind it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import struct
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING

import msgspec

from aftershock.columns.jobs import Job, Limits, Reading, Setup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.jinja import Context

HEADER = struct.Struct("<I")
MOST_CHILDREN = 2
"""Children of one thread: both sides of a comparison have templates to render, in turn, each with its own project's names."""
START_SECONDS = 60.0
"""What a child may take to import its parser on a busy machine."""
_START = "import sys; sys.path[:] = {path!r}; from aftershock.columns.child import main; main()"


def read_batch(jobs: Sequence[Job], limits: Limits, context: Context | None = None) -> list[Reading]:
    """What each job's code says, in the same order. The child stays for this thread's next batch of the same kind.

    Args:
        jobs: SQL to parse, or templates to render and parse.
        limits: what one job may take.
        context: what templates are rendered with; needed where there is one among the jobs.
    """
    guards: list[Guard] = _mine.__dict__.setdefault("guards", [])
    guard = next((item for item in guards if item.limits == limits and (context is None or item.context == context)), None)
    if guard is None:
        if len(guards) == MOST_CHILDREN:
            guards.pop(0).close()
        guard = Guard(limits, context)
        guards.append(guard)
        atexit.register(guard.close)
    return guard.read(jobs)


_mine = threading.local()


class Guard:
    """A child that reads code, started when it is first needed and again after every job that it did not survive."""

    def __init__(self, limits: Limits, context: Context | None = None) -> None:
        self.limits = limits
        self.context = context
        self._child: _Child | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Guard:  # noqa: PYI034  # typing.Self needs Python 3.11
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child."""
        self.close()

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def read(self, jobs: Sequence[Job]) -> list[Reading]:
        """What each job's code says, in the same order."""
        with self._lock:
            found: list[Reading] = []
            while len(found) < len(jobs):
                found.extend(self._some(jobs[len(found) :]))
            return found

    def _some(self, jobs: Sequence[Job]) -> Iterator[Reading]:
        """Readings until all are there, or one job is the child's last."""
        refused = self._refused(jobs[0])
        if refused:
            yield Reading(reason=refused)
            return
        fitting = next((place for place, job in enumerate(jobs) if self._refused(job)), len(jobs))
        if self._child is not None and not self._child.is_alive:  # it ended between two questions, which no job is to blame for
            self.close()
        if self._child is None:
            self._child = _Child(self.limits, self.context)
        done = 0
        for reading in self._child.read(jobs[:fitting]):
            done += 1
            yield reading
        if done < fitting:
            reason = self._child.why
            self.close()
            yield Reading(reason=reason)

    def _refused(self, job: Job) -> str:
        """Why a job is not even tried; empty where it is."""
        pair = (*job.pair.base.texts, *job.pair.head.texts) if job.pair is not None else ()
        texts = (job.text, job.code.raw if job.code is not None else "", *pair)
        size = sum(map(len, texts))
        if size > self.limits.characters:
            return f"it has {size:,} characters; at most {self.limits.characters:,} are read"
        try:
            for text in texts:
                text.encode()
        except UnicodeEncodeError:
            return "it is no valid Unicode text"
        return ""


class _Child:
    """One process, with a thread that feeds it and one that listens."""

    def __init__(self, limits: Limits, context: Context | None) -> None:
        self.limits = limits
        self.why = ""
        path = [entry for entry in sys.path if entry]
        self._process = subprocess.Popen(  # noqa: S603  # this very interpreter and our own module
            [sys.executable, "-I", "-c", _START.format(path=path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._send([msgspec.msgpack.encode(Setup(limits, context))])
        self._started = False

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def read(self, jobs: Sequence[Job]) -> Iterator[Reading]:
        """Readings in order, as long as the child lives."""
        frames = [msgspec.msgpack.encode(job) for job in jobs]
        threading.Thread(target=self._send, args=(frames,), daemon=True).start()
        for _ in jobs:
            answer = self._answer()
            if answer is None:
                return
            yield msgspec.msgpack.decode(answer, type=Reading)

    def _answer(self) -> bytes | None:
        seconds = self.limits.seconds + (0 if self._started else START_SECONDS)
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self.why = f"reading it took longer than {self.limits.seconds:g} seconds"
            return None
        if answer is None:
            self.why = f"reading it took more than {self.limits.megabytes:,} MB, or ended the process that read it"
        self._started = True
        return answer

    def kill(self) -> None:
        self._process.kill()
        with contextlib.suppress(OSError):
            self._process.wait(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()

    def _send(self, frames: list[bytes]) -> None:
        pipe = self._process.stdin
        with contextlib.suppress(OSError, ValueError):  # the child is gone: whoever waits for its answer learns it
            for frame in frames:
                write_frame(pipe, frame)
            if pipe is not None:
                pipe.flush()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while (frame := read_frame(self._process.stdout)) is not None:
                self._answers.put(frame)
        self._answers.put(None)


def write_frame(pipe: IO[bytes] | None, frame: bytes) -> None:
    """A length and as many bytes."""
    if pipe is not None:
        pipe.write(HEADER.pack(len(frame)))
        pipe.write(frame)


def read_frame(pipe: IO[bytes] | None) -> bytes | None:
    """The next frame; None at the end."""
    head = pipe.read(HEADER.size) if pipe is not None else b""
    if pipe is None or len(head) < HEADER.size:
        return None
    (length,) = HEADER.unpack(head)
    frame = pipe.read(length)
    return frame if len(frame) == length else None


_shared: dict[Limits, Guard] = {}


def shared(limits: Limits) -> Guard:
    """A guard that stays for the next question of this process."""
    guard = _shared.get(limits)
    if guard is None:
        guard = _shared[limits] = Guard(limits)
        atexit.register(guard.close)
    return guard
