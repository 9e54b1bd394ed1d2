"""The child process: reads one job after another from standard input and answers each on standard output."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import msgspec

from aftershock.columns.guard import read_frame, write_frame
from aftershock.columns.jobs import Job, Reading, Setup
from aftershock.phrases import listing

if TYPE_CHECKING:
    from aftershock.columns.jobs import Limits
    from aftershock.sql.comparing.facts import Comparison

MOST_NAMED = 3


def main() -> None:
    """Serve until standard input ends."""
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    sys.stdin, sys.stdout = open(os.devnull), open(os.devnull, "w")  # noqa: SIM115, PTH123  # for the life of the process
    first = read_frame(source)
    if first is None:
        return
    setup = msgspec.msgpack.decode(first, type=Setup)
    _limit(setup.limits)
    while (frame := read_frame(source)) is not None:
        answer = answer_to(msgspec.msgpack.decode(frame, type=Job), setup)
        write_frame(target, msgspec.msgpack.encode(answer))
        target.flush()


def answer_to(job: Job, setup: Setup) -> Reading:
    """What a job's code says."""
    try:
        if job.pair is not None:
            return _compared(job.pair)
        if job.plain or job.full:
            return _plain(job, setup) if job.plain else _full(job, setup)
        return _read(job, setup)
    except RecursionError:
        return Reading(reason="it is nested too deeply")
    except MemoryError:
        return Reading(reason=f"reading it took more than {setup.limits.megabytes:,} MB")
    except Exception as error:  # noqa: BLE001  # a parser's own bug is a reason not to have read this model, not an end of all
        return Reading(reason=f"the parser failed on it ({type(error).__name__})")


def _read(job: Job, setup: Setup) -> Reading:
    found = _parsed((job.text,), job.dialect) if job.text else Reading()
    if job.node is None or job.code is None or found.reason:
        return found
    return _with_branches(found, _rendered(job, setup))


def _with_branches(compiled: Reading, rendered: Reading) -> Reading:
    """What dbt compiled, which is one branch of ``is_incremental()``, with both as they render; the first of equal ones."""
    if not compiled.statements:
        return rendered
    reason = f"its other branch of is_incremental(): {rendered.reason}" if rendered.reason else ""
    return Reading(tuple(dict.fromkeys((*compiled.statements, *rendered.statements))), reason)


def _parsed(texts: tuple[str, ...], dialect: str) -> Reading:
    from aftershock.sql.reading import CannotRead, read_sql

    try:
        return Reading(tuple(dict.fromkeys(read_sql(text, dialect) for text in texts)))
    except CannotRead as error:
        return Reading(reason=str(error))


def _rendered(job: Job, setup: Setup) -> Reading:
    from aftershock.jinja import CannotRender, guesses

    if setup.context is None or job.node is None or job.code is None:
        return Reading(reason="it was not compiled")
    try:
        texts, guessed = guesses(job.code, job.node, setup.context)
    except CannotRender as error:
        return Reading(reason=f"it cannot be rendered without dbt: {error}")
    if sum(map(len, texts)) > setup.limits.characters:
        return Reading(reason=f"rendered, it has more than {setup.limits.characters:,} characters")
    found = _parsed(texts, job.dialect)
    taken = f"{listing(guessed, MOST_NAMED)} {'is' if len(guessed) == 1 else 'are'} not known and taken as not set" if guessed else ""
    return Reading(found.statements, found.reason or taken)


def _full(job: Job, setup: Setup) -> Reading:
    from aftershock.jinja import CannotRender, render

    if setup.context is None or job.node is None or job.code is None:
        return Reading(reason="it was not compiled")
    try:
        text = render(job.code, job.node, setup.context, incremental=False)
    except CannotRender as error:
        return Reading(reason=f"it cannot be rendered without dbt: {error}")
    return Reading(text=text) if len(text) <= setup.limits.characters else Reading(reason="rendered, it is too long")


def _plain(job: Job, setup: Setup) -> Reading:
    from aftershock.jinja import CannotRender, guesses

    if setup.context is None or job.node is None or job.code is None:
        return Reading(reason="it was not compiled")
    try:
        texts, _ = guesses(job.code, job.node, setup.context)
    except CannotRender as error:
        return Reading(reason=f"it cannot be rendered without dbt: {error}")
    return Reading(texts=texts) if sum(map(len, texts)) <= setup.limits.characters else Reading(reason="rendered, it is too long")


def _compared(pair: Comparison) -> Reading:
    from aftershock.sql.comparing.comparing import compare_sql

    return Reading(compared=compare_sql(pair))


def _limit(limits: Limits) -> None:
    try:
        import resource
    except ImportError:  # Windows: the time limit holds
        return
    size = limits.megabytes * 1024 * 1024
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
