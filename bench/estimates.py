"""Measure how good the recovery estimates are: `python -m bench.estimates`.

Builds the fixture project shop with dbt on DuckDB, with many times its rows, and keeps the run results of a few builds as the history. Then it runs
the commands of real recovery plans, each on the warehouse as it was after the last build, and compares the wall time of all commands of a
plan with the estimate that was made from the history alone. The constants in `aftershock.recovery` were set on plans of `--set tune`;
`--set test` has other plans, and is what to report. The machine should do nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from aftershock import assess, read_artifacts
from aftershock.artifacts.results import read_run
from aftershock.graph import LineageGraph
from aftershock.model import Category, Phase, Step
from aftershock.recovery.estimate import estimate
from aftershock.recovery.timings import idle
from aftershock.times import iso, now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from aftershock.model import Artifacts, Estimate, Run

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fixtures"))
from build import HISTORY, RUN_DBT, build_shop  # a folder of scripts

HISTORY_COMMANDS: Final = (("build", "--full-refresh"), ("build",), ("build",))
"""What ran before the incident, the newest last."""

NUMBER: Final = {"tune": 28, "test": 20}
SEED: Final = 41
AIM: Final = 0.9
SHIFT: Final = 1_000_000
COPIES: Final = (
    ("raw.orders", ("order_id",)),
    ("raw.order_items", ("order_item_id", "order_id")),
    ("raw.payments", ("payment_id", "order_id")),
    ("raw.refunds", ("refund_id", "payment_id")),
    ("raw.events", ("event_id",)),
    ("logistics.shipments", ("shipment_id", "order_id")),
)
"""Tables to multiply, with the keys that must stay unique and go together."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A plan's commands for one incident."""

    name: str
    phases: tuple[Phase, ...]

    @property
    def commands(self) -> list[tuple[str, ...]]:
        """Their words, in order."""
        return [step.argv for phase in self.phases for step in phase.steps if step.argv]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a repair took, in seconds, beside what was expected; `exit_code` is the worst of its commands'.

    `load` is the machine's over the last minute: beyond the number of its processors, something else ran too.
    """

    repair: Repair
    expected: Estimate
    seconds: float
    exit_code: int
    load: float

    @property
    def inside(self) -> bool:
        """Whether it took as long as expected."""
        low, high = self.expected.low, self.expected.high
        return low is not None and high is not None and low <= self.seconds <= high


def main() -> int:
    """Measure; 1 where fewer than the aim are inside or a command failed."""
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        shop = Path(scratch, "shop")
        build_shop(shop, full_artifacts=False)
        _multiply(shop, options.copies)
        history = [_recorded(shop, command) for command in HISTORY_COMMANDS]
        _say("history: " + ", ".join(f"{run.which} {run.elapsed or 0:.1f} s, idle {idle(run) or 0:.1f} s" for run in history))
        shutil.copytree(shop, shop.with_name("kept"))
        artifacts = read_artifacts(shop / "target")
        outcomes = [_measured(repair, shop, artifacts, history) for repair in _chosen(artifacts, options.set)]
    print(_table(outcomes))
    share = sum(outcome.inside for outcome in outcomes) / len(outcomes)
    print(f"{share:.0%} of {len(outcomes)} inside (aim {AIM:.0%}), set {options.set}, {options.copies} times the rows")
    return int(share < AIM or any(outcome.exit_code for outcome in outcomes))


def _multiply(shop: Path, copies: int) -> None:
    """Give the raw tables so many times their rows."""
    with duckdb.connect(str(shop / "target" / "shop.duckdb")) as connection:
        for table, keys in COPIES:
            shifted = ", ".join(f"{key} + copy * {SHIFT} as {key}" for key in keys)
            connection.execute(f"insert into {table} select t.* replace ({shifted}) from {table} as t, range(1, {copies}) as copies(copy)")  # noqa: S608  # our own names


def _recorded(shop: Path, command: Sequence[str]) -> Run:
    _, code = _run(shop, ("dbt", *command, "--target", "prod"))
    if code:
        message = f"dbt {' '.join(command)} exits {code} on shop with more rows. Run it there and read what it says."
        raise RuntimeError(message)
    path = shop / "target" / "run_results.json"
    return read_run(path.read_bytes(), str(path))


def _run(shop: Path, argv: Sequence[str]) -> tuple[float, int]:
    """The wall time of one dbt command in its own process, and its exit code."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", RUN_DBT, *argv[1:]], cwd=shop, capture_output=True, text=True, check=False)
    if done.returncode:
        _say("\n".join(done.stdout.splitlines()[-12:]))
    return time.perf_counter() - started, done.returncode


def _chosen(artifacts: Artifacts, name: str) -> list[Repair]:
    """Repairs with different commands, drawn by a fixed seed; the two sets share none."""
    repairs = list(_repairs(artifacts))
    random.Random(SEED).shuffle(repairs)
    tuning, testing = repairs[: NUMBER["tune"]], repairs[NUMBER["tune"] :]
    return tuning if name == "tune" else testing[: NUMBER["test"]]


def _repairs(artifacts: Artifacts) -> Iterator[Repair]:
    """The plan for every node that dbt builds or reads and every category, each list of commands once."""
    graph = LineageGraph.of(artifacts.project)
    moment, seen = now(), set[tuple[tuple[str, ...], ...]]()
    for unique_id, node in sorted(graph.nodes.items()):
        if not node.is_stored:
            continue
        for category in Category:
            repair = Repair(f"{node.label}, {category.value}", _with_backup(_phases(artifacts, unique_id, category, moment), unique_id, graph))
            commands = tuple(repair.commands)
            if commands and commands not in seen:
                seen.add(commands)
                yield repair


def _phases(artifacts: Artifacts, unique_id: str, category: Category, moment: datetime) -> tuple[Phase, ...]:
    return assess(artifacts, unique_id, category, since=iso(moment - HISTORY / 2), now=iso(moment)).recovery.phases


def _with_backup(phases: tuple[Phase, ...], unique_id: str, graph: LineageGraph) -> tuple[Phase, ...]:
    """For tables, a copy first, as a plan with written SQL has it."""
    relation = graph.nodes[unique_id].relation_name
    if not any(step.argv for phase in phases for step in phase.steps) or graph.nodes[unique_id].resource_type != "model":
        return phases
    sql = f"create or replace table analytics.aftershock_copy as select * from {relation}"  # noqa: S608  # from our own manifest
    argv = ("dbt", "run-operation", "run_query", "--args", f"sql: |\n  {sql}", "--target", "prod")
    return (Phase("backup", (Step("backup", (unique_id,), "bench", argv=argv, sql=sql),)), *phases)


def _measured(repair: Repair, shop: Path, artifacts: Artifacts, history: Sequence[Run]) -> Outcome:
    """Run a repair's commands on the warehouse as the history left it."""
    expected = estimate(repair.phases, LineageGraph.of(artifacts.project), history)
    shutil.rmtree(shop)
    shutil.copytree(shop.with_name("kept"), shop)
    done = [_run(shop, argv) for argv in repair.commands]
    outcome = Outcome(repair, expected, sum(seconds for seconds, _ in done), max(code for _, code in done), os.getloadavg()[0])
    _say(" ".join(_cells(outcome)))
    return outcome


def _table(outcomes: Sequence[Outcome]) -> str:
    lines = [("", "commands", "nodes", "low s", "high s", "took s", "inside", "exit", "load"), *(_cells(outcome) for outcome in outcomes)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(f"{line[0]:{widths[0]}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True)) for line in lines)


def _cells(outcome: Outcome) -> tuple[str, ...]:
    steps = [step for phase in outcome.repair.phases for step in phase.steps if step.argv]
    low, high = outcome.expected.low, outcome.expected.high
    return (
        outcome.repair.name,
        str(len(steps)),
        str(len({unique_id for step in steps for unique_id in step.nodes})),
        "unknown" if low is None else f"{low:.1f}",
        "unknown" if high is None else f"{high:.1f}",
        f"{outcome.seconds:.1f}",
        "yes" if outcome.inside else "no",
        str(outcome.exit_code),
        f"{outcome.load:.1f}",
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--set", choices=NUMBER, default="test", help="which plans to measure")
    parser.add_argument("--copies", type=int, default=1000, help="how many times shop's rows")
    return parser.parse_args()


def _say(line: str) -> None:
    """Show progress where a person waits, never in the table."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
