"""The code of a project, parsed: each node's on its own, in child processes, and kept by content."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from aftershock._version import __version__
from aftershock.cache.source import code_of
from aftershock.columns.guard import read_batch
from aftershock.columns.jobs import Job, Limits, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from aftershock.jinja import Context
    from aftershock.model import Node
    from aftershock.model.code import Code
    from aftershock.model.definition import Definitions

FORMAT = 1
"""Raised when what is kept changes its meaning."""
BATCH = 120
"""Jobs for one child: enough to be worth its start, few enough to be spread."""
ASKED = 16
"""As many where each takes longer, and there are few."""
INCREMENTAL = "is_incremental"
GRAPH = "graph"
"""Whoever names this may see what no other template sees: all nodes as the last run left them."""


class Store(Protocol):
    """Where readings and resolutions are kept between processes, by content."""

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """What is there of these keys."""

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep these."""


class Templates(Protocol):
    """What templates are rendered with, made only where it is needed."""

    @property
    def key(self) -> bytes:
        """Changes with whatever the rendering of any template depends on but its own node."""

    def __call__(self) -> Context:
        """The context of the whole project."""


class Readings:
    """Reads nodes' code.

    Args:
        nodes: the project's nodes.
        code: their code; asked for when the first node is read.
        adapter: dbt's adapter, or another dialect to read as.
        definitions: what the manifest says beyond nodes and code, for whoever compares two; None where it is not at hand.
        compiled: gives the SQL that dbt wrote into ``target/compiled`` for a node, empty where there is none.
        templates: what code that was not compiled is rendered with; None where nothing is rendered.
        store: keeps what was read.
        executor: runs the batches of parsing; one after another where None.
        limits: what one node's code may take.
        progress: told how many of how many nodes are read.
    """

    def __init__(  # noqa: PLR0913  # what code is read with
        self,
        nodes: Mapping[str, Node],
        code: Callable[[], Code],
        adapter: str,
        *,
        definitions: Callable[[], Definitions] | None = None,
        compiled: Callable[[str], str] | None = None,
        templates: Templates | None = None,
        store: Store | None = None,
        executor: Executor | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.nodes = nodes
        self.adapter = adapter
        self.store = store
        self.definitions = definitions
        self._load = code
        self._code: Code | None = None
        self._compiled = compiled
        self._templates = templates
        self._executor = executor
        self._limits = limits
        self._progress = progress
        self._found: dict[str, bytes] = {}
        self._keys: dict[str, bytes] = {}

    @property
    def templates(self) -> Templates | None:
        """What templates are rendered with."""
        return self._templates

    @property
    def code(self) -> Code:
        """The project's code."""
        if self._code is None:
            self._code = self._load()
        return self._code

    def key(self, unique_id: str) -> bytes:
        """What tells whether a node's reading is the same as one that was kept; empty where it is not worth keeping."""
        found = self._keys.get(unique_id)
        if found is None:
            job = self._job(unique_id)
            if isinstance(job, Reading):
                self._found[unique_id] = msgspec.msgpack.encode(job)
            found = self._keys[unique_id] = b"" if isinstance(job, Reading) else self._key_of(job)
        return found

    def of(self, unique_id: str) -> Reading:
        """What was read of a node."""
        self.read((unique_id,))
        try:
            return msgspec.msgpack.decode(self._found[unique_id], type=Reading)
        except (msgspec.MsgspecError, UnicodeDecodeError):  # kept by something else than this: read again
            self._found.pop(unique_id)
            self._read({self._keys[unique_id]: [unique_id]}, {})
            return msgspec.msgpack.decode(self._found[unique_id], type=Reading)

    def full(self, unique_ids: Iterable[str]) -> dict[str, Reading]:
        """The SQL of a full run of these nodes, rendered from their templates with nothing guessed, as each reading's ``text``; or why there is none."""
        found: dict[str, Reading] = {}
        jobs: list[Job] = []
        for unique_id in unique_ids:
            code = self.code.nodes.get(unique_id)
            if code is None or not code.raw.strip() or code.language != "sql" or self._templates is None:
                found[unique_id] = Reading(reason="its template is not there")
            else:
                jobs.append(Job(unique_id, "", self.adapter, self.nodes[unique_id], code, full=True))
        if jobs and self._templates is not None:
            answers = read_batch(jobs, self._limits, self._templates())
            found.update((job.name, answer) for job, answer in zip(jobs, answers, strict=True))
        return found

    def rendered(self, unique_ids: Iterable[str]) -> dict[str, Reading]:
        """The SQL that these nodes' templates may be in any run, as each reading's ``texts``; or why there is none."""
        found: dict[str, Reading] = {}
        jobs: list[Job] = []
        for unique_id in unique_ids:
            code = self.code.nodes.get(unique_id)
            if code is None or not code.raw.strip() or self._templates is None:
                found[unique_id] = Reading(reason="its template is not there")
            else:
                jobs.append(Job(unique_id, "", self.adapter, self.nodes[unique_id], code, plain=True))
        found.update((job.name, reading) for job, reading in zip(jobs, self.ask(jobs), strict=True))
        return found

    def ask(self, jobs: Sequence[Job]) -> list[Reading]:
        """What these jobs' answers are, from the store where they were asked before."""
        keys = [self._key_of(job) for job in jobs]
        kept = self.store.get(keys) if self.store is not None else {}
        answers = {key: reading for key, answer in kept.items() if (reading := _reading(answer)) is not None}
        missing = {key: job for key, job in zip(keys, jobs, strict=True) if key not in answers}
        new = dict(zip(missing, self._run(list(missing.values()), ASKED), strict=True))
        if self.store is not None and new:
            self.store.put(new)
        answers.update((key, msgspec.msgpack.decode(answer, type=Reading)) for key, answer in new.items())
        return [answers[key] for key in keys]

    def settings(self) -> bytes:
        """Changes with the macros and variables of the project, but not with where its relations lie."""
        macros = sorted((macro.package, macro.name, macro.sql) for macro in self.code.macros.values())
        variables = repr(sorted(getattr(self._templates, "vars", {}).items(), key=str))
        return digest(msgspec.msgpack.encode(macros), variables.encode("utf-8", "backslashreplace"))

    def compiled(self, unique_id: str) -> str:
        """The SQL that dbt compiled a node to; empty where it did not."""
        code = self.code.nodes.get(unique_id)
        text = code.compiled if code is not None else ""
        return text or (self._compiled(unique_id) if code is not None and self._compiled is not None else "")

    def read(self, unique_ids: Iterable[str]) -> None:
        """Read the code of these nodes, from the store where it was read before."""
        by_key: dict[bytes, list[str]] = {}
        for unique_id in unique_ids:
            if unique_id not in self._found and (key := self.key(unique_id)):
                by_key.setdefault(key, []).append(unique_id)
        self._read(by_key, self.store.get(by_key) if self.store is not None and by_key else {})

    def _read(self, by_key: Mapping[bytes, Sequence[str]], kept: Mapping[bytes, bytes]) -> None:
        """Read the code of the nodes that have these keys, but for what is kept. That is decoded where it is asked for, since little of it is."""
        jobs = {key: job for key, ids in by_key.items() if key not in kept and isinstance(job := self._job(ids[0]), Job)}
        new = dict(zip(jobs, self._run(list(jobs.values())), strict=True))
        if self.store is not None and new:
            self.store.put(new)
        answers = {**kept, **new}
        self._found.update((unique_id, answers[key]) for key, ids in by_key.items() for unique_id in ids)

    def _job(self, unique_id: str) -> Job | Reading:
        """What is to be read of a node: its compiled SQL, the file that dbt compiled it to, or its template."""
        code = self.code.nodes.get(unique_id)
        if code is None:
            return Reading(reason="the manifest does not have its code")
        if code.language != "sql":
            return Reading(reason=f"it is a {code.language.capitalize()} model")
        node = self.nodes[unique_id]
        text = code.compiled or (self._compiled(unique_id) if self._compiled is not None else "")
        if text.strip():
            branches = self._templates is not None and node.materialized == "incremental" and INCREMENTAL in code.raw
            return Job(unique_id, text, self.adapter, node if branches else None, code if branches else None)
        if self._templates is None or not code.raw.strip():
            return Reading(reason="it was not compiled")
        return Job(unique_id, "", self.adapter, node, code)

    def _key_of(self, job: Job) -> bytes:
        parts = [self.adapter.encode(), job.text.encode("utf-8", "surrogatepass"), msgspec.msgpack.encode(self._limits)]
        if job.node is not None and self._templates is not None:
            parts += [self._templates.key, msgspec.msgpack.encode((job.node, job.code), order="sorted")]
            parts += [self.code.started_at.encode()] if job.code is not None and GRAPH in job.code.raw else []
        if job.plain or job.pair is not None:
            return digest(b"asked", *parts, msgspec.msgpack.encode((job.plain, job.pair)))
        return digest(b"read", *parts)

    def _run(self, jobs: Sequence[Job], size: int = BATCH) -> list[bytes]:
        """What each job's code says, encoded."""
        batches = [jobs[start : start + size] for start in range(0, len(jobs), size)]
        rendering = [any(job.node is not None for job in batch) for batch in batches]
        context = self._templates() if any(rendering) and self._templates is not None else None
        run = self._executor.map if self._executor is not None else map
        found: list[bytes] = []
        if jobs and self._progress is not None:
            self._progress(0, len(jobs))
        for answers in run(read_batch, batches, [self._limits] * len(batches), [context if renders else None for renders in rendering]):
            found.extend(msgspec.msgpack.encode(answer) for answer in answers)
            if self._progress is not None:
                self._progress(len(found), len(jobs))
        return found


def _reading(answer: bytes) -> Reading | None:
    """What was kept; None where it is of another kind, and is to be read again."""
    try:
        return msgspec.msgpack.decode(answer, type=Reading)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _versions() -> bytes:
    """What made what is kept: our version and code, and that of the parser, by the name of its package's folder: looking it up costs as little."""
    parser = find_spec("sqlglot")
    folder = Path(parser.origin).parent if parser is not None and parser.origin else None
    versions = sorted(path.name for path in folder.parent.glob("sqlglot*-*.dist-info")) if folder is not None else []
    return repr((FORMAT, __version__, versions, msgspec.__version__, code_of("sql", "columns", "jinja", "model"))).encode()


_VERSIONS = _versions()


def digest(*parts: bytes) -> bytes:
    """A digest of several texts, each with its length, and of the versions that made what is kept."""
    found = hashlib.blake2b(_VERSIONS, digest_size=20)
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.digest()
