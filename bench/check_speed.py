"""What `aftershock check` costs on a large project with 20 changed models, beside the field's tools for the same, in one run.

    python -m bench.check_speed MANIFEST [--repetitions 5] [--limit 600] [--tools DIR] [--tool NAME=COMMAND]

MANIFEST is an uncompressed manifest.json with compiled SQL; bench/changed_models.py says how the head is made of it. Each tool has a virtual environment of its
own: DIR/NAME/bin, or bench/.envs, where what is missing is installed; `--tool` gives a command instead. Every repetition runs each of them once, in turn; the
figures are medians of whole processes and their children, user and system time together. What takes longer than `--limit` seconds is stopped, and what needs more
than 30 seconds of a processor is run once.

Of the 20 changes 8 take away a column that another model names, 8 change values or rows, and 4 are comments and blanks. The table says how many of each a tool
names at all. No project here has a catalog: parrant, which does not start without one, gets an empty one.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bench import changed_models, process
from bench.changed_models import BREAKING, COSMETIC, Subject
from bench.competitors import ENVIRONMENTS, OURS, Competitor, install, install_ours
from bench.lineage_tools import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bench.process import Run

GUARD: Final = Competitor("dbt-guard", ("dbt-guard==0.3.0",), "dbt-guard")
PLAN: Final = Competitor("dbt-plan", ("dbt-plan==0.18.3",), "dbt-plan")
PARRANT: Final = Competitor("parrant", ("parrant==0.21.1",), "parrant")
TOOLS: Final = (OURS, GUARD, PLAN, PARRANT)
EMPTY_CATALOG: Final = {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"}, "nodes": {}, "sources": {}, "errors": None}
BUDGET_S: Final = 30.0

Named: TypeAlias = "dict[str, bool]"
"""Names of models that an answer calls changed, and whether it calls that breaking."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to ask: whose, with what arguments, in which folder, with a cache that is kept or not, and how its answer is read."""

    name: str
    tool: Competitor
    arguments: Callable[[Subject], list[str]]
    read: Callable[[Any], Named]
    place: Callable[[Subject], Path] = lambda subject: subject.head
    cold: bool = False
    partial: bool = False
    """Whether it is asked about some of the changes only."""


def _check(subject: Subject) -> list[str]:
    return ["check", "--base", str(subject.base / "target"), "--head", str(subject.head / "target"), "--format", "json"]


def _changed(subject: Subject) -> list[str]:
    return ["check", "--base", str(subject.base / "target"), "--format", "json", "--changed", *subject.files]


def _ours(answer: Any) -> Named:  # noqa: ANN401 - JSON
    found: Named = {}
    for change in answer["changes"]:
        if change["verdict"] != "safe":
            name = change["unique_id"].rpartition(".")[2]
            found[name] = found.get(name, False) or change["verdict"] == "breaking"
    return found


def _guard(*more: str) -> Callable[[Subject], list[str]]:
    return lambda subject: ["diff", "--base", str(subject.base / "target"), "--current", "target", "--dialect", "snowflake", "--format", "json", *more]


def _guards(answer: Any) -> Named:  # noqa: ANN401 - JSON
    return {**{change["model"]: False for change in answer["non_breaking_changes"]}, **{change["model"]: True for change in answer["breaking_changes"]}}


def _plans(answer: Any) -> Named:  # noqa: ANN401 - JSON
    return {model["model_name"]: model["safety"] == "destructive" for model in answer["models"] if model["safety"] != "safe"}


def _parrant(subject: Subject) -> list[str]:
    sides = (("", subject.head), ("base-", subject.base))
    files = [part for prefix, side in sides for kind in ("manifest", "catalog") for part in (f"--{prefix}{kind}", str(_file(subject, side, kind)))]
    return ["impact", *files, "--format", "json"]


def _file(subject: Subject, side: Path, kind: str) -> Path:
    return side / "target" / "manifest.json" if kind == "manifest" else subject.checkout.parent / "catalog.json"


def _parrants(answer: Any) -> Named:  # noqa: ANN401 - JSON
    found = {change["model"]: change["kind"] in {"removed", "renamed"} for change in answer["changeset"]["changes"]}
    return {**found, **{item["model"]: True for item in answer.get("provable_breaks", ()) if "model" in item}}


CONTENDERS: Final = (
    Contender("aftershock, cold", OURS, _check, _ours, cold=True),
    Contender("aftershock, warm", OURS, _check, _ours),
    Contender("aftershock --changed 5 files, cold", OURS, _changed, _ours, lambda subject: subject.checkout, cold=True, partial=True),
    Contender("aftershock --changed 5 files, warm", OURS, _changed, _ours, lambda subject: subject.checkout, partial=True),
    Contender("dbt-guard 0.3.0", GUARD, _guard(), _guards),
    Contender("dbt-guard 0.3.0 --column-lineage", GUARD, _guard("--column-lineage"), _guards),
    Contender("dbt-plan 0.18.3", PLAN, lambda _: ["check", "--format", "json", "--no-color"], _plans),
    Contender("parrant 0.21.1", PARRANT, _parrant, _parrants),
)


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure and how: a command by tool, repetitions, and seconds that one command may take."""

    commands: Mapping[str, Sequence[str]]
    repetitions: int
    limit_s: float


def measure(subject: Subject, options: Options) -> dict[str, list[Run]]:
    """Run every contender in turn; the first run of each warms its cache and the file system's, and counts only where it is too long to be repeated."""
    runs: dict[str, list[Run]] = {}
    first = {who.name: _run(who, subject, options) for who in CONTENDERS if options.commands.get(who.tool.name)}
    for _ in range(options.repetitions):
        for who in CONTENDERS:
            known = first.get(who.name)
            if known is not None and known.cpu_s < BUDGET_S and _answer(who, known) is not None:
                runs.setdefault(who.name, []).append(_run(who, subject, options))
    return {name: runs.get(name) or [run] for name, run in first.items()}


def _run(who: Contender, subject: Subject, options: Options) -> Run:
    scratch = subject.checkout.parent
    cache = scratch / "cache" / ("cold" if who.cold else "warm")
    if who.cold:
        shutil.rmtree(cache, ignore_errors=True)
    env = {"AFTERSHOCK_CACHE_DIR": str(cache), "XDG_CACHE_HOME": str(cache), "DO_NOT_TRACK": "1", "NO_COLOR": "1"}
    command = [*options.commands[who.tool.name], *who.arguments(subject)]
    run = process.run(command, scratch, env=env, cwd=who.place(subject), limit_s=options.limit_s)
    print(f"{who.name}: {run.cpu_s:.2f} s, {run.wall_s:.2f} s wall, exit {run.exit_code} {run.error}", file=sys.stderr, flush=True)
    return run


def _answer(who: Contender, run: Run) -> Named | None:
    """What a run says; None where that is no answer."""
    try:
        return who.read(json.loads(run.stdout[run.stdout.index("{") :]))
    except (ValueError, KeyError, TypeError):
        return None


def lines(subject: Subject, measured: Mapping[str, list[Run]]) -> Iterator[tuple[str, ...]]:
    """The table's lines."""
    yield ("", "cpu s", "wall s", "peak MB", "x cold", "x warm", "runs", "exit", "breaks", "as breaking", "values, rows", "comments")
    cold, warm = (_median(measured.get(f"aftershock, {state}", []), "cpu_s") for state in ("cold", "warm"))
    for who in CONTENDERS:
        runs = measured.get(who.name)
        if runs is None:
            continue
        cpu, wall, peak = (_median(runs, part) for part in ("cpu_s", "wall_s", "peak_bytes"))
        costs = [f"{cpu:.2f}", f"{wall:.2f}", f"{peak / 1e6:.0f}", *(f"{cpu / own:.1f}" if own else "-" for own in (cold, warm))] if cpu else ["-"] * 5
        said = _answer(who, runs[-1])
        told = _told(who, subject, said) if said is not None else ("-",) * 4
        yield (who.name, *costs, str(len(runs)), str(runs[-1].exit_code), *told)


def _told(who: Contender, subject: Subject, said: Named) -> tuple[str, ...]:
    """How many of each kind of change an answer names, of how many it was asked about."""
    head = {path.stem for path in map(Path, subject.files)}
    edits = [edit for edit in subject.edits if not who.partial or edit.name in head]
    breaks, cosmetic = ([edit.name for edit in edits if edit.kind in kinds] for kinds in (BREAKING, COSMETIC))
    others = [edit.name for edit in edits if edit.kind not in BREAKING | COSMETIC]
    counts = [f"{sum(name in said for name in names)}/{len(names)}" for names in (breaks, others, cosmetic)]
    return (counts[0], f"{sum(said.get(name, False) for name in breaks)}/{len(breaks)}", counts[1], counts[2])


def _median(runs: Sequence[Run], part: str) -> float:
    return median(getattr(run, part) for run in runs) if runs else 0.0


def prepare(subject: Subject, plan: Sequence[str]) -> None:
    """What tools need beside the two projects: parrant a catalog, dbt-plan its snapshot of the base, in the head's folder."""
    (subject.checkout.parent / "catalog.json").write_text(json.dumps(EMPTY_CATALOG))
    if plan:
        ended = process.run([*plan, "snapshot"], subject.checkout.parent, cwd=subject.base)
        if ended.exit_code == 0:
            shutil.move(subject.base / ".dbt-plan", subject.head / ".dbt-plan")


def _commands(given: Mapping[str, str], folder: Path | None) -> dict[str, list[str]]:
    """The command of each tool; installed where it is neither given nor in the folder."""
    found: dict[str, list[str]] = {}
    for tool in TOOLS:
        program = (folder or ENVIRONMENTS) / tool.name / "bin" / tool.program
        problem = ""
        if tool.name not in given and folder is None:
            problem = install_ours() if tool is OURS else install(tool)
        if tool.name in given:
            found[tool.name] = shlex.split(given[tool.name])
        elif program.exists() and not problem:
            found[tool.name] = [str(program.absolute())]
        else:
            print(f"{tool.name}: {problem or f'{program} is not there'}", file=sys.stderr)
    return found


def main() -> int:
    """Make both sides, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds that one command may take")
    parser.add_argument("--tools", type=Path, help="a folder with a virtual environment for each tool")
    parser.add_argument("--tool", action="append", default=[], metavar="NAME=COMMAND", help="the command of a tool")
    asked = parser.parse_args()
    commands = _commands(dict(item.split("=", 1) for item in asked.tool), asked.tools)
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        subject = changed_models.make(asked.manifest, Path(folder))
        prepare(subject, commands.get("dbt-plan", ()))
        measured = measure(subject, Options(commands, asked.repetitions, asked.limit))
        print(
            f"{subject.size / 1e6:.0f} MB, {len(subject.edits)} changed models, {os.cpu_count()} processors; aftershock is {shlex.join(commands['aftershock'])}"
        )
        print(table(list(lines(subject, measured))))
        for who in CONTENDERS:
            last = measured.get(who.name, [])[-1:]
            if last and _answer(who, last[0]) is None:
                print(f"{who.name}: {last[0].error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
