"""What a recovery leaves on disk: the results of its steps, and the plan that it followed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aftershock.artifacts.files import SUFFIXES, is_directory, is_file, read_bytes
from aftershock.artifacts.results import read_freshness, read_run
from aftershock.errors import ArtifactError
from aftershock.model import Phase, RecoveryPlan, Run, Step
from aftershock.model.plan import Engine, PhaseKind, StepKind
from aftershock.model.proof import PlanRecord, Recorded, RecordedFreshness, RecordedRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RUN_NAMES = tuple(f"run_results.json{suffix}" for suffix in SUFFIXES)
SOURCE_NAMES = tuple(f"sources.json{suffix}" for suffix in SUFFIXES)
KEPT = "aftershock/recovery/*/steps/*"
"""Where `aftershock recover` keeps what each step wrote, below the target directory."""

REPAIRED = "repaired"
"""The end of the name of the file that names what a step's SQL repaired, where its results end in run_results.json."""

REMEDY = "Write it with aftershock plan … --format json"
_HEAD = 4096


class _Step(msgspec.Struct):
    kind: StepKind
    nodes: tuple[str, ...] = ()
    why: str = ""
    argv: tuple[str, ...] = ()
    who: str = ""
    sql: str = ""


class _Phase(msgspec.Struct):
    kind: PhaseKind
    steps: tuple[_Step, ...] = ()


class _Incident(msgspec.Struct):
    nodes: tuple[str, ...] = ()
    category: str = ""


class _Target(msgspec.Struct):
    name: str = ""


class _Plan(msgspec.Struct):
    """What is read of `aftershock plan --format json`; an assessment has its plan under ``recovery``."""

    phases: tuple[_Phase, ...] | None = None
    recovery: _Plan | None = None
    untouched: tuple[str, ...] = ()
    incident: _Incident = msgspec.field(default_factory=_Incident)
    target: _Target = msgspec.field(default_factory=_Target)
    engine: Engine = "dbt"


def read_recorded(places: Iterable[str | Path] = (), *, target_dir: str | Path | None = None) -> Recorded:
    """The results that the steps of a recovery wrote.

    Args:
        places: run_results.json and sources.json files, or directories that hold such files at any depth, whose names end so; packed with gzip or
            zstandard too.
        target_dir: dbt's target directory, below which `aftershock recover` keeps those of its steps; they count without being named.

    Raises:
        ArtifactError: a file is missing or neither of the two, or a directory that was named holds none.
    """
    paths = [path for place in places for path in _named(Path(place))]
    if target_dir is not None:
        paths += [path for step in sorted(Path(target_dir).glob(KEPT)) for path in _below(step)]
    runs: list[RecordedRun] = []
    freshness: list[RecordedFreshness] = []
    for path in dict.fromkeys(paths):
        data = read_bytes(path)
        if b"/sources/v" in data[:_HEAD]:
            freshness.append(RecordedFreshness(str(path), read_freshness(data, str(path))))
        else:
            runs.append(RecordedRun(str(path), _with_repaired(read_run(data, str(path)), path)))
    return Recorded(tuple(runs), tuple(freshness))


def _with_repaired(run: Run, path: Path) -> Run:
    """The run with the nodes that its SQL repaired, which dbt's results do not name: a file beside them does, a unique_id a line."""
    beside = path.with_name(next(path.name.removesuffix(name) for name in RUN_NAMES if path.name.endswith(name)) + REPAIRED)
    done = next(iter(run.results.values()), None)
    if run.which != "run-operation" or done is None or not is_file(beside):
        return run
    nodes = read_bytes(beside).decode(errors="replace").split()
    return msgspec.structs.replace(run, results={**run.results, **{node: msgspec.structs.replace(done, unique_id=node) for node in nodes}})


def read_plan(path: str | Path) -> PlanRecord:
    """The plan that `aftershock plan --format json`, or `aftershock assess`, printed.

    Raises:
        ArtifactError: there is no such file, or it is no plan.
    """
    place = str(path)
    try:
        raw = msgspec.json.decode(read_bytes(Path(path)), type=_Plan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactError(place, f"it is no plan ({error})", REMEDY) from None
    held = raw if raw.phases is not None else raw.recovery
    if held is None or held.phases is None:
        raise ArtifactError(place, "it holds no plan", REMEDY)
    phases = tuple(Phase(phase.kind, tuple(_step(step) for step in phase.steps)) for phase in held.phases)
    target = raw.target.name or next((name for phase in phases for step in phase.steps if (name := _target(step.argv))), "")
    return PlanRecord(RecoveryPlan(phases, held.untouched, engine=raw.engine), raw.incident.nodes, raw.incident.category, target, place)


def _step(raw: _Step) -> Step:
    return Step(raw.kind, raw.nodes, raw.why, argv=raw.argv, who=raw.who, sql=raw.sql)


def _target(argv: tuple[str, ...]) -> str:
    place = argv.index("--target") + 1 if "--target" in argv else len(argv)
    return argv[place] if place < len(argv) else ""


def _named(place: Path) -> Iterator[Path]:
    if not is_directory(place):
        yield place
        return
    found = list(_below(place))
    if not found:
        raise ArtifactError(str(place), "no file in this directory is called run_results.json or sources.json", "Give the files themselves")
    yield from found


def _below(directory: Path) -> Iterator[Path]:
    yield from (path for path in sorted(directory.rglob("*.json*")) if path.name.endswith(RUN_NAMES + SOURCE_NAMES) and is_file(path))
