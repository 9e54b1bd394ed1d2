"""Who is measured: for each tool its command for a subject, its set-up, and how to read its answer."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from bench import process
from bench.competitors import DLIN, IMPACTGRAPH, OURS, PATHFINDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bench.subjects import Subject

Answer: TypeAlias = frozenset[str]
_BIN: Final = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to answer the question.

    `command` and `ask` take the subject and a scratch folder; `ask` is the same question in the form whose
    output `read` turns into unique_ids (tests left out), or None where the tool gives no answer to compare.
    """

    name: str
    command: Callable[[Subject, Path], list[str]]
    ask: Callable[[Subject, Path], list[str]] | None = None
    read: Callable[[str, Subject], Answer] | None = None
    set_up: Callable[[Subject, Path], None] = lambda _subject, _scratch: None
    before_each: Callable[[Path], None] = lambda _scratch: None
    applies: Callable[[Subject], bool] = lambda _subject: True
    tty: bool = False


def environment(scratch: Path) -> dict[str, str]:
    """Return the variables that keep every tool's cache inside the scratch folder."""
    cache = str(scratch / "cache")
    return {
        "AFTERSHOCK_CACHE_DIR": cache,
        "XDG_CACHE_HOME": cache,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "COLUMNS": "120",
        "TERM": "xterm-256color",
    }


def _assess(*options: str) -> Callable[[Subject, Path], list[str]]:
    """Return the command builder of `aftershock assess` with more options."""

    def command(subject: Subject, _scratch: Path) -> list[str]:
        target = ["--target-dir", str(subject.manifest.parent)]
        return [str(OURS.executable), "assess", subject.node, "--category", "data-quality", *target, *options]

    return command


def _json_load(subject: Subject, _scratch: Path) -> list[str]:
    return [sys.executable, "-c", f"import json; json.load(open({str(subject.manifest)!r}))"]


def _dlin(*options: str) -> Callable[[Subject, Path], list[str]]:
    """Return the command builder of `dlin impact` with more options."""

    def command(subject: Subject, scratch: Path) -> list[str]:
        place = ["--source", "manifest", "--manifest-path", str(subject.manifest)]
        cache = [] if "--no-cache" in options else ["--cache-dir", str(scratch / "cache" / "dlin")]
        return [str(DLIN.executable), "impact", subject.node_name, *place, *cache, *options]

    return command


def _pathfinder(*options: str) -> Callable[[Subject, Path], list[str]]:
    """Return the command builder of `dbt-pathfinder impact` with more options."""

    def command(subject: Subject, _scratch: Path) -> list[str]:
        place = ["--manifest", str(subject.manifest), "--model", subject.node]
        return [str(PATHFINDER.executable), "impact", *place, *options]

    return command


def _impactgraph_build(subject: Subject, scratch: Path) -> list[str]:
    graph = str(scratch / "impactgraph.json")
    return [str(IMPACTGRAPH.executable), "build", "--dbt-manifest", str(subject.manifest), "-o", graph]


def _impactgraph_saved(*options: str) -> Callable[[Subject, Path], list[str]]:
    """Return the command builder of `impactgraph impact` on a graph that was built before."""

    def command(subject: Subject, scratch: Path) -> list[str]:
        graph = ["--graph", str(scratch / "impactgraph.json")]
        return [str(IMPACTGRAPH.executable), "impact", f"dbt:{subject.node_name}", *graph, *options]

    return command


def _impactgraph_both(subject: Subject, scratch: Path) -> list[str]:
    steps = (_impactgraph_build(subject, scratch), _impactgraph_saved()(subject, scratch))
    return ["/bin/sh", "-c", " && ".join(map(shlex.join, steps))]


def _dbt(scratch: Path, *command: str) -> list[str]:
    """Return a dbt command in the scratch copy of a project."""
    project = str(scratch / "project")
    return [str(_BIN / "dbt"), "--quiet", *command, "--project-dir", project, "--profiles-dir", project]


def _dbt_ls(*options: str) -> Callable[[Subject, Path], list[str]]:
    """Return the command builder of `dbt ls --select X+` with more options."""

    def command(subject: Subject, scratch: Path) -> list[str]:
        return _dbt(scratch, "ls", "--select", f"{subject.node_name}+", *options)

    return command


def _copy_project(subject: Subject, scratch: Path) -> None:
    """Copy the project into the scratch folder, because dbt rewrites its target folder, and install its packages."""
    if subject.project is None or (scratch / "project").exists():
        return
    ignored = shutil.ignore_patterns("target", "logs", "*.duckdb", "*.wal")
    shutil.copytree(subject.project, scratch / "project", ignore=ignored)
    process.run(_dbt(scratch, "deps"), scratch, env=environment(scratch))


def _build_impactgraph(subject: Subject, scratch: Path) -> None:
    """Build impactgraph's own graph file, once."""
    if not (scratch / "impactgraph.json").exists():
        process.run(_impactgraph_build(subject, scratch), scratch, env=environment(scratch))


def _drop_caches(scratch: Path) -> None:
    shutil.rmtree(scratch / "cache", ignore_errors=True)
    (scratch / "cache").mkdir()


def _read_assessment(text: str, subject: Subject) -> Answer:
    """Read `affected` of aftershock's JSON: no tests, X itself among them."""
    return frozenset(entry["unique_id"] for entry in json.loads(text)["affected"]) - {subject.node}


def _read_dlin(text: str, _subject: Subject) -> Answer:
    """Read `impacted_nodes` of dlin's JSON."""
    return _data(entry["unique_id"] for entry in json.loads(text)[0]["impacted_nodes"])


def _read_pathfinder(text: str, _subject: Subject) -> Answer:
    """Read dbt-pathfinder's JSON: unique_ids by depth."""
    return _data(unique_id for depth in json.loads(text).values() for unique_id in depth)


def _read_impactgraph(text: str, subject: Subject) -> Answer:
    """Read `affected` of impactgraph's JSON: bare names, matched to those of the truth where there is one."""
    by_name = {(unique_id.startswith("exposure."), unique_id.split(".", 2)[2]): unique_id for unique_id in subject.truth}
    named = [entry.split(":", 1) for entry in json.loads(text)["affected"] if re.match(r"(dbt|exposure):", entry)]
    return frozenset(by_name.get((kind == "exposure", name), f"{kind}:{name}") for kind, name in named) - {f"dbt:{subject.node_name}"}


def _read_dbt(text: str, subject: Subject) -> Answer:
    """Read `dbt ls --output json --output-keys unique_id`: one object a line, X itself among them."""
    ids = [json.loads(line)["unique_id"] for line in text.splitlines() if line.startswith("{")]
    return _data(ids) - {subject.node}


def _data(unique_ids: Iterable[str]) -> Answer:
    """Leave out what holds no data: tools differ in whether they count it."""
    return frozenset(found for found in unique_ids if not found.startswith(("test.", "unit_test.", "analysis.", "operation.")))


def _has_project(subject: Subject) -> bool:
    return subject.project is not None


_JSON: Final = _assess("--format", "json")
_KEYS: Final = ("--output", "json", "--output-keys", "unique_id")

CONTENDERS: Final = (
    Contender("json.load", _json_load),
    Contender("aftershock, no cache", _assess("--no-cache"), _assess("--no-cache", "--format", "json"), _read_assessment),
    Contender("aftershock, filling its cache", _assess(), before_each=_drop_caches),
    Contender("aftershock, cached", _assess(), _JSON, _read_assessment),
    Contender("aftershock, cached, at a terminal", _assess(), tty=True),
    Contender("aftershock, cached, json", _JSON),
    Contender("dlin, no cache", _dlin("--no-cache"), _dlin("--no-cache", "-o", "json"), _read_dlin),
    Contender("dlin, cached", _dlin(), _dlin("-o", "json"), _read_dlin),
    Contender("dbt-pathfinder", _pathfinder(), _pathfinder("--output", "json"), _read_pathfinder),
    Contender("impactgraph, build and impact", _impactgraph_both),
    Contender(
        "impactgraph, on its saved graph",
        _impactgraph_saved(),
        _impactgraph_saved("--json"),
        _read_impactgraph,
        set_up=_build_impactgraph,
    ),
    Contender(
        "dbt ls, parsing all",
        _dbt_ls("--no-partial-parse"),
        set_up=_copy_project,
        applies=_has_project,
    ),
    Contender("dbt ls", _dbt_ls(), _dbt_ls(*_KEYS), _read_dbt, set_up=_copy_project, applies=_has_project),
)
"""Every contender, in the order of the table. Each has a scratch folder, and so a cache, of its own."""
