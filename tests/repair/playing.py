"""One scenario, played to its end: broken, put right at its cause, repaired by the plan or by the naive command, and compared."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from repair.comparing import Comparison, Difference
from repair.warm import LEAVE_OUT, LOG, Command, read_log
from repair.worlds import DAYS, Edit, build, copy, edit, load_as, query

if TYPE_CHECKING:
    from repair.scenarios import Scenario
    from repair.worlds import Truth

AFTERSHOCK = Path(sys.executable).with_name("aftershock")
BUILT = ("model.", "seed.", "snapshot.", "function.")
CHANGING = frozenset({"run", "build", "seed", "snapshot", "retry"})
"""dbt commands that write what a project builds; ``run-operation`` too, where its SQL does."""


class Outcome(NamedTuple):
    """What a repair came to.

    Attributes:
        code: the exit code.
        said: its output.
        commands: the dbt commands that it ran.
        rebuilt: the unique_ids that it wrote.
        needless: those of them that were right before.
        different: the relations that differ from the truth afterwards.
        lost: rows of stored tables that were right before and are gone, by relation.
        added: relations that the truth does not have.
        seconds: how long it took.
    """

    code: int
    said: str
    commands: tuple[Command, ...]
    rebuilt: frozenset[str]
    needless: frozenset[str]
    different: dict[str, Difference]
    lost: dict[str, int]
    added: tuple[str, ...]
    seconds: float


class Plan(NamedTuple):
    """What ``aftershock plan`` answers: its script, and its data."""

    script: Path
    data: dict[str, Any]

    @property
    def steps(self) -> list[dict[str, Any]]:
        """All steps, in order."""
        return [step for phase in self.data["phases"] for step in phase["steps"]]

    def words(self, node: str) -> str:
        """What the plan says about a node: in the steps that act on it, and in its notes."""
        said = [step[field] for step in self.steps if node in step["nodes"] for field in ("why", "requires", "destroys", "costs")]
        return "\n".join((*said, *self.data["notes"]))


class Case:
    """A scenario whose cause is put right, and whose warehouse is not."""

    def __init__(self, truth: Truth, scenario: Scenario, folder: Path) -> None:
        """Play the incident and put its cause right, or take what an earlier process kept under ``folder``."""
        self.truth, self.scenario, self._folder = truth, scenario, folder
        self.project = folder / "broken"
        self.onset = truth.moment(scenario.days[0] - 1)
        done = folder / "broken.done"
        if not done.exists():
            shutil.rmtree(self.project, ignore_errors=True)
            self._break()
            self._put_right()
            done.touch()
        self.relations = _relations(self.project)
        comparison = self._compared("broken", self.project)
        self.broken = comparison.differences("truth", "broken")

    def plan(self) -> Plan:
        """Ask as a user does, in the project."""
        asked = [
            "plan",
            *self.scenario.nodes,
            "--category",
            self.scenario.category,
            "--since",
            self.onset.isoformat(timespec="minutes"),
            *self.scenario.options,
        ]
        script = self.project / "plan.sh"
        self._aftershock(*asked, "--format", "sh", "-o", script.name)
        return Plan(script, json.loads(self._aftershock(*asked, "--format", "json")))

    def repair(self, plan: Plan, *, without: int | None = None) -> Outcome:
        """Run the plan's script, less one of its dbt commands where ``without`` gives its position."""
        leave_out = {} if without is None else {LEAVE_OUT: str(without)}
        sql = [
            node
            for phase in plan.data["phases"]
            for step in phase["steps"]
            if step["sql"] and step["argv"] and step["kind"] in WRITING
            for node in step["nodes"]
        ]
        return self._outcome(["bash", plan.script.name, "--yes-irreversible"], frozenset(sql), leave_out)

    def naive(self) -> Outcome:
        """Run what people type first: everything below, with a full refresh."""
        words = [f"source:{node}+" if self._is_source(node) else f"{node}+" for node in self.scenario.nodes]
        return self._outcome(["dbt", "run", "--select", *words, "--full-refresh", "--target", "prod"], frozenset(), {})

    def data_changing(self, outcome: Outcome) -> list[int]:
        """The positions of an outcome's commands that write what the project builds."""
        return [place for place, command in enumerate(outcome.commands) if changes(command)]

    def _break(self) -> None:
        truth, scenario = self.truth, self.scenario
        copy(truth.state(scenario.days[0] - 1), self.project)
        edit(self.project, scenario.edits)
        for day in scenario.days:
            load_as(scenario.world, self.project, truth.state(day), but=scenario.stopped)
            query(scenario.world, self.project, [f"set variable onset = timestamp '{self.onset}'", *scenario.statements])
            build(truth.dbt, self.project, truth.moment(day), scenario.job, fails=scenario.fails)
        query(scenario.world, self.project, scenario.harm)
        for command in scenario.commands:
            build(truth.dbt, self.project, truth.moment(DAYS) + timedelta(minutes=5), command)

    def _put_right(self) -> None:
        edit(self.project, (Edit(each.path, each.new, each.old) for each in self.scenario.edits))
        load_as(self.scenario.world, self.project, self.truth.state(DAYS))
        for command in self.scenario.after_gate:
            build(self.truth.dbt, self.project, self.truth.moment(DAYS) + timedelta(minutes=10), command)

    def _aftershock(self, *words: str) -> str:
        run = subprocess.run([AFTERSHOCK, *words], cwd=self.project, env=self.truth.dbt.environment(), capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"aftershock {' '.join(words)}: exit code {run.returncode}\n{run.stderr}")
        return run.stdout

    def _outcome(self, command: list[str], sql: frozenset[str], more: dict[str, str]) -> Outcome:
        """Run a command in a copy of the broken project, and compare."""
        project = self._folder / "repaired"
        shutil.rmtree(project, ignore_errors=True)  # of a process that was stopped
        copy(self.project, project)
        log = project / "commands.jsonl"
        dbt = self.truth.dbt
        started = time.monotonic()
        run = subprocess.run(
            command,
            cwd=project,
            env=dbt.environment(**{LOG: str(log), **more}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        comparison = self._compared("after", project)
        commands = tuple(read_log(log))
        rebuilt = sql | {node for each in commands for node, status in each.ran.items() if node.startswith(BUILT) and status == "success"}
        outcome = Outcome(
            run.returncode,
            run.stdout,
            commands,
            rebuilt,
            frozenset(node for node in rebuilt if self.relations.get(node, node) not in self.broken),
            comparison.differences("truth", "after"),
            comparison.lost("truth", "broken", "after"),
            tuple(sorted(comparison.relations("after") - comparison.relations("truth"))),
            seconds,
        )
        shutil.rmtree(project)
        return outcome

    def _compared(self, label: str, project: Path) -> Comparison:
        comparison = Comparison(self.scenario.world)
        comparison.take("truth", self.truth.state(DAYS))
        if label != "broken":
            comparison.take("broken", self.project)
        comparison.take(label, project)
        return comparison

    def _is_source(self, node: str) -> bool:
        return node.partition(".")[0] in self.scenario.world.sources


WRITING = frozenset({"sql", "window", "restore", "full-refresh", "run"})


def changes(command: Command) -> bool:
    """Whether a command writes what the project builds: a copy and a check do not."""
    if command.words[0] != "run-operation":
        return command.words[0] in CHANGING
    text = " ".join(command.words).lower()
    return any(f"{word} " in text for word in ("delete from", "insert into", "update", "merge into", "create or replace"))


def unannounced(outcome: Outcome, scenario: Scenario, plan: Plan) -> dict[str, Difference]:
    """The differences that are not exactly what nobody can bring back, or about which the plan says nothing."""
    expected = {loss.relation: Difference(loss.missing, loss.extra) for loss in scenario.losses if re.search(loss.says, plan.words(loss.node))}
    return {relation: found for relation, found in outcome.different.items() if expected.get(relation) != found}


def _relations(project: Path) -> dict[str, str]:
    """The ``schema.table`` of every node that has one."""
    manifest = json.loads((project / "target" / "manifest.json").read_text("utf-8"))
    named = {**manifest["nodes"], **manifest["sources"]}
    return {unique_id: f"{node['schema']}.{node.get('alias') or node['identifier']}" for unique_id, node in named.items() if node.get("relation_name")}
