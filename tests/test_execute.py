"""A recovery's steps, with a runner that writes what dbt would write: nothing here needs dbt."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from aftershock.artifacts import read_artifacts
from aftershock.errors import AftershockError, ArtifactError, OutputError, UsageError
from aftershock.execute import RunPlace, begin_recovery, newest_recovery, recover, recovery_commands, resume_recovery, run_place
from aftershock.execute.dbt import DbtRunner, Ran
from aftershock.execute.record import JOURNAL, RecoveryEntry, append, read_journal
from aftershock.model import Phase, RecoveryPlan, Step
from aftershock.triage import assess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aftershock.execute import Recovery
    from aftershock.model import Report

ARTIFACTS = Path(__file__).resolve().parents[1] / "fixtures" / "artifacts"
TARGET = ("--target", "prod")
COPY = Step("backup", (), "Copy dbt's files first.", who="you")
GATE = Step("gate", ("model.shop.stg_orders",), "Correct the error.", who="Ana")
RUN = Step("run", ("model.shop.a", "model.shop.b"), "Build them.", argv=("dbt", "run", "--select", "a", "b", *TARGET))
REFRESH = Step("full-refresh", ("model.shop.c",), "Build it anew.", "Old rows.", ("dbt", "run", "--full-refresh", "--select", "c", *TARGET))
SQL = Step("sql", ("model.shop.d",), "Replace rows.", argv=("dbt", "run-operation", "run_query", "--args", "sql: |\n  begin;", *TARGET), sql="begin;")
FRESH = Step("freshness", ("source.shop.raw.orders",), "It must be fresh.", argv=("dbt", "source", "freshness", "--select", "source:raw.orders", *TARGET))
TEST = Step("test", ("test.shop.t",), "It must pass.", argv=("dbt", "test", "--select", "a", *TARGET))
RETRY = Step("retry", ("model.shop.a",), "Again.", argv=("dbt", "retry", "--state", "target-incident", *TARGET))
CONFIRM = Step("confirm", ("exposure.shop.e",), "Look at it.", who="Bo")
ALL = (COPY, GATE, RUN, REFRESH, SQL, FRESH, TEST, CONFIRM)


class Dbt:
    """Writes what dbt writes: a success for each node of the step that names these words, unless told otherwise."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = {step.argv[1:]: step for step in steps if step.argv}
        self.calls: list[tuple[str, ...]] = []
        self.results: dict[str, dict[str, str]] = {}
        self.answers: dict[str, Ran | BaseException] = {}
        self.before: Callable[[], object] = lambda: None

    def __call__(self, words: Sequence[str], /) -> Ran:
        self.calls.append(tuple(words))
        self.before()
        step = next(step for argv, step in self.steps.items() if _same(argv, words))
        folder = Path(words[words.index("--target-path") + 1])
        given = self.results.get(step.kind, dict.fromkeys(step.nodes, "pass" if step.kind in {"test", "freshness"} else "success"))
        if step.kind == "freshness":
            write_freshness(folder, given)
        elif "run-operation" not in words:
            write_results(folder, {**given, "operation.shop.shop-on-run-end-0": "success"}, "step")
        answer = self.answers.get(step.kind, Ran(success=not {"error", "fail"} & set(given.values())))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def commands(self) -> list[str]:
        return [" ".join(word for word in words[:2] if not word.startswith("-")) for words in self.calls]


def _same(argv: Sequence[str], words: Sequence[str]) -> bool:
    return all(word in {given, "target-incident"} or Path(given).name == "artifacts" for word, given in zip(argv, words, strict=False))


def write_results(folder: Path, results: dict[str, str], invocation: str, which: str = "run", at: str = "2026-11-25T10:00:00Z") -> None:
    head = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "generated_at": at, "invocation_id": invocation}
    found = [{"unique_id": unique_id, "status": status, "message": f"{unique_id} says {status}"} for unique_id, status in results.items()]
    (folder / "run_results.json").write_text(json.dumps({"metadata": head, "results": found, "args": {"which": which}}), "utf-8")


def write_freshness(folder: Path, results: dict[str, str]) -> None:
    head = {"dbt_schema_version": "https://schemas.getdbt.com/dbt/sources/v3.json", "generated_at": "2026-11-25T10:00:00Z", "invocation_id": "fresh"}
    found = [{"unique_id": unique_id, "status": status} for unique_id, status in results.items()]
    (folder / "sources.json").write_text(json.dumps({"metadata": head, "results": found}), "utf-8")


class Person:
    """Answers what it was told to, yes to all else, and remembers what it saw."""

    def __init__(self, **answers: str) -> None:
        self.answers = {name.replace("_", "-"): answer for name, answer in answers.items()}
        self.asked: list[tuple[str, int]] = []
        self.entries: list[RecoveryEntry] = []

    def begins(self, number: int, step: Step) -> None:
        pass

    def may(self, asking: str, number: int, step: Step, why: str) -> str:  # noqa: ARG002  # the protocol's
        assert why
        self.asked.append((asking, number))
        return self.answers.get(asking, "yes")

    def ended(self, entry: RecoveryEntry) -> None:
        self.entries.append(entry)


class NoDbt:
    """A finder by which there is no dbt."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002  # the protocol's
        if name.partition(".")[0] == "dbt":
            raise ModuleNotFoundError(name)


class World(NamedTuple):
    project: Path
    target: Path
    place: RunPlace

    def report(self, *steps: Step, **changes: object) -> Report:
        report = assess(read_artifacts(self.target), "stg_orders", "pipeline-failure", detected_at="2026-11-25T09:00:00Z")
        plan = RecoveryPlan(tuple(Phase("plain", (step,)) for step in steps), **changes)
        return msgspec.structs.replace(report, recovery=plan)


@pytest.fixture
def world(tmp_path: Path) -> World:
    target = tmp_path / "project" / "target"
    (target / "compiled" / "shop").mkdir(parents=True)
    (target / "compiled" / "shop" / "a.sql").write_text("select 1", "utf-8")
    (target / "partial_parse.msgpack").write_bytes(b"parsed")
    (target.parent / "dbt_project.yml").write_text("name: shop\n", "utf-8")
    for path in (ARTIFACTS / "model_error").iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return World(target.parent, target, RunPlace(target.parent, target.parent))


def journal(recovery: Recovery) -> list[tuple[int, str]]:
    return [(entry.number, entry.outcome) for entry in read_journal(recovery.folder / JOURNAL)]


def test_every_step_is_run_asked_and_logged_in_order(world: World) -> None:
    report, dbt, person = world.report(*ALL), Dbt(ALL), Person(by_hand="assumed")
    recovery = begin_recovery(report, "q")
    ending = recover(recovery, report, person, place=world.place, runner=dbt)
    assert (ending.state, ending.skipped) == ("done", ())
    assert dbt.commands == ["run", "run", "run-operation run_query", "source freshness", "test"]
    assert person.asked == [("by-hand", 2), ("irreversible", 4), ("by-hand", 8)]
    commands = [(number, outcome) for number in range(3, 8) for outcome in ("started", "done")]
    assert journal(recovery) == [(1, "copied"), (2, "assumed"), *commands, (8, "assumed")]
    entry = recovery.opened().last[3]
    assert entry.argv == ("dbt", *dbt.calls[0])
    assert entry.nodes == RUN.nodes
    assert entry.started_at <= entry.finished_at
    assert entry.seconds is not None


def test_a_step_runs_beside_the_target_directory_and_starts_from_what_dbt_had_parsed(world: World) -> None:
    report, dbt = world.report(RUN, RETRY), Dbt((RUN, RETRY))
    before = {path.name: path.read_bytes() for path in world.target.iterdir() if path.is_file()}
    recovery = begin_recovery(report, "q")
    seen: list[bytes] = []
    dbt.before = lambda: seen.append((recovery.folder / "steps" / f"{len(dbt.calls):02d}" / "partial_parse.msgpack").read_bytes())
    assert recover(recovery, report, Person(), place=world.place, runner=dbt).state == "done"
    assert seen == [b"parsed", b"parsed"]
    assert {path.name: path.read_bytes() for path in world.target.iterdir() if path.is_file()} == before
    steps = recovery.folder / "steps"
    tail = ("--project-dir", str(world.project), "--target-path", str(steps / "01"), "--log-path", str(steps / "01"))
    assert dbt.calls[0][: len(RUN.argv) - 1] == RUN.argv[1:]
    assert dbt.calls[0][len(RUN.argv) - 1 :][: len(tail)] == tail
    assert dbt.calls[1][:3] == ("retry", "--state", str(recovery.artifacts))
    assert (recovery.artifacts / "compiled" / "shop" / "a.sql").read_text("utf-8") == "select 1"
    assert {path.name for path in recovery.artifacts.iterdir()} == {"manifest.json", "run_results.json", "sources.json", "catalog.json", "compiled"}


def test_its_folder_is_private_and_hidden_from_git(world: World) -> None:
    recovery = begin_recovery(world.report(RUN), "q")
    assert recovery.folder.parent == world.target / "aftershock" / "recovery"
    assert (world.target / "aftershock" / ".gitignore").read_text("utf-8") == "*\n"
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (recovery.folder, recovery.folder.parent, recovery.artifacts)} == {0o700}
    plan = json.loads((recovery.folder / "plan.json").read_text("utf-8"))
    assert [step["kind"] for phase in plan["phases"] for step in phase["steps"]] == ["run"]
    assert begin_recovery(world.report(RUN), "q").folder != recovery.folder


@pytest.mark.parametrize(
    ("step", "results", "message"),
    [
        (RUN, {}, "dbt ran nothing, not model.shop.a and model.shop.b"),
        (RUN, {"model.shop.a": "success"}, "dbt did not run model.shop.b"),
        (RUN, {"model.shop.a": "success", "model.shop.b": "success", "model.shop.x": "success"}, "dbt also ran model.shop.x"),
        (RUN, {"model.shop.a": "success", "model.shop.b": "skipped"}, "1 skipped"),
        (RUN, {"model.shop.a": "success", "model.shop.b": "partial success"}, "model.shop.b: partial success (model.shop.b says partial success)"),
        (RUN, {"model.shop.a": "error", "model.shop.b": "skipped"}, "model.shop.a: error (model.shop.a says error); 1 skipped"),
        (TEST, {"test.shop.other": "pass"}, "dbt did not run test.shop.t"),
        (TEST, {"test.shop.t": "fail"}, "test.shop.t: fail (test.shop.t says fail)"),
        (FRESH, {"source.shop.raw.orders": "error"}, "source.shop.raw.orders: error"),
        (FRESH, {}, "dbt ran nothing, not source.shop.raw.orders"),
        (RETRY, {"test.shop.t": "pass"}, "dbt did not run model.shop.a"),
    ],
)
def test_a_step_that_did_not_do_exactly_its_nodes_has_failed(world: World, step: Step, results: dict[str, str], message: str) -> None:
    report, dbt, person = world.report(step, CONFIRM), Dbt((step,)), Person()
    dbt.results[step.kind] = results
    recovery = begin_recovery(report, "q")
    ending = recover(recovery, report, person, place=world.place, runner=dbt)
    assert (ending.state, ending.number, ending.message) == ("failed", 1, message)
    assert journal(recovery) == [(1, "started"), (1, "failed")]
    assert person.entries[-1].message == message


@pytest.mark.parametrize(
    ("step", "results"),
    [
        (RETRY, {"model.shop.a": "success", "test.shop.t": "pass", "exposure.shop.e": "no-op"}),
        (TEST, {"test.shop.t": "warn", "test.shop.other": "pass"}),
        (FRESH, {"source.shop.raw.orders": "warn", "source.shop.raw.other": "pass"}),
    ],
)
def test_some_steps_may_list_more_and_a_warning_is_no_failure(world: World, step: Step, results: dict[str, str]) -> None:
    report, dbt = world.report(step), Dbt((step,))
    dbt.results[step.kind] = results
    assert recover(begin_recovery(report, "q"), report, Person(), place=world.place, runner=dbt).state == "done"


def test_results_that_dbt_did_not_write_are_a_failure(world: World) -> None:
    report = world.report(RUN)
    recovery = begin_recovery(report, "q")
    ending = recover(recovery, report, Person(), place=world.place, runner=lambda _: Ran(success=True))
    assert (ending.state, ending.message) == ("failed", "run_results.json: dbt wrote none")


def test_what_dbt_says_is_kept_where_it_recorded_nothing(world: World) -> None:
    report, dbt = world.report(SQL), Dbt((SQL,))
    dbt.answers["sql"] = Ran(success=False, message="Compilation Error")
    assert recover(begin_recovery(report, "q"), report, Person(), place=world.place, runner=dbt).message == "Compilation Error"


def test_it_stops_at_the_first_failure_and_resumes_there(world: World) -> None:
    report, dbt, person = world.report(*ALL), Dbt(ALL), Person()
    dbt.answers["sql"] = Ran(success=False, message="no")
    recovery = begin_recovery(report, "q")
    assert recover(recovery, report, person, place=world.place, runner=dbt).number == 5
    assert dbt.commands == ["run", "run", "run-operation run_query"]
    found = newest_recovery(world.target, "q")
    assert found is not None
    assert (found.folder, found.is_open) == (recovery.folder, True)
    again, person = Dbt(ALL), Person()
    assert recover(resume_recovery(found, report), report, person, place=world.place, runner=again).state == "done"
    assert again.commands == ["run-operation run_query", "source freshness", "test"]
    assert person.asked == [("by-hand", 8)]  # its transaction was rolled back: nothing can have landed
    assert {path.name for path in (recovery.folder / "steps").iterdir()} == {"03", "04", "05", "05-2", "06", "07"}
    assert not found.opened().is_open


def test_nodes_that_a_failed_step_has_built_are_only_built_again_after_asking(world: World) -> None:
    report, dbt = world.report(RUN), Dbt((RUN,))
    dbt.results["run"] = {"model.shop.a": "success", "model.shop.b": "error"}
    recovery = begin_recovery(report, "q")
    assert recover(recovery, report, Person(), place=world.place, runner=dbt).state == "failed"
    person = Person(again="no")
    ending = recover(recovery.opened(), report, person, place=world.place, runner=dbt)
    assert (ending.state, ending.asked, person.asked) == ("waiting", "again", [("again", 1)])
    assert "1 node of it had been built (model.shop.a)" in ending.message
    assert len(dbt.calls) == 1
    dbt.results.clear()
    assert recover(recovery.opened(), report, Person(), place=world.place, runner=dbt).state == "done"


def test_an_interrupted_step_is_logged_and_only_run_again_after_asking(world: World) -> None:
    report, dbt = world.report(RUN, TEST), Dbt((RUN, TEST))
    dbt.answers["run"] = KeyboardInterrupt()
    recovery = begin_recovery(report, "q")
    assert recover(recovery, report, Person(), place=world.place, runner=dbt).state == "interrupted"
    assert journal(recovery) == [(1, "started"), (1, "interrupted")]
    person = Person(again="no")
    assert recover(recovery.opened(), report, person, place=world.place, runner=dbt).asked == "again"
    assert person.asked == [("again", 1)]


def test_a_step_of_which_only_the_beginning_is_logged_counts_as_interrupted(world: World) -> None:
    report = world.report(RUN)
    recovery = begin_recovery(report, "q")
    append(recovery.folder / JOURNAL, RecoveryEntry(1, "run", "started", RUN.nodes, folder="steps/01"))
    with (recovery.folder / JOURNAL).open("ab") as file:
        file.write(b'{"number":1,"kind":"run","outc')  # the machine stopped here
    person = Person()
    assert recover(recovery.opened(), report, person, place=world.place, runner=Dbt((RUN,))).state == "done"
    assert person.asked == [("again", 1)]
    assert journal(recovery) == [(1, "started"), (1, "started"), (1, "done")]


def test_an_interrupted_test_may_simply_run_again(world: World) -> None:
    report, dbt, person = world.report(TEST), Dbt((TEST,)), Person()
    dbt.answers["test"] = Ran(success=False, interrupted=True)
    recovery = begin_recovery(report, "q")
    assert recover(recovery, report, person, place=world.place, runner=dbt).state == "interrupted"
    dbt.answers.clear()
    assert recover(recovery.opened(), report, person, place=world.place, runner=dbt).state == "done"
    assert person.asked == []


@pytest.mark.parametrize(("asking", "steps", "number"), [("by-hand", (GATE, RUN), 1), ("irreversible", (TEST, REFRESH), 2)])
def test_it_waits_where_a_person_says_no(world: World, asking: str, steps: tuple[Step, ...], number: int) -> None:
    report, dbt = world.report(*steps), Dbt(steps)
    recovery = begin_recovery(report, "q")
    ending = recover(recovery, report, Person(**{asking.replace("-", "_"): "no"}), place=world.place, runner=dbt)
    assert (ending.state, ending.number, ending.asked) == ("waiting", number, asking)
    assert journal(recovery)[-1] == (number, "declined")
    person = Person()
    assert recover(recovery.opened(), report, person, place=world.place, runner=dbt).state == "done"
    assert person.asked == [(asking, number)]


def test_it_stops_where_dbt_has_run_elsewhere_since(world: World) -> None:
    report, dbt, person = world.report(RUN, REFRESH), Dbt((RUN, REFRESH)), Person(overtaken="no")
    recovery = begin_recovery(report, "q")
    dbt.before = lambda: write_results(world.target, {}, "the schedule's")
    ending = recover(recovery, report, person, place=world.place, runner=dbt)
    assert (ending.state, ending.number) == ("overtaken", 2)
    assert "the schedule's" in ending.message
    assert dbt.commands == ["run"]
    assert not recovery.opened().is_open
    person = Person()
    assert recover(recovery.opened(), report, person, place=world.place, runner=dbt).state == "done"
    assert person.asked == [("irreversible", 2), ("overtaken", 2)]
    assert recovery.opened().newest == "the schedule's"


def test_a_run_that_a_person_lets_pass_at_a_step_by_hand_leaves_that_step_to_be_done(world: World) -> None:
    report, person = world.report(GATE, RUN), Person()
    recovery = begin_recovery(report, "q")
    write_results(world.target, {}, "a check", "compile")
    assert recover(recovery, report, person, place=world.place, runner=Dbt((RUN,))).state == "done"
    assert journal(recovery) == [(1, "overtaken"), (1, "confirmed"), (2, "started"), (2, "done")]


def test_to_begin_later_leaves_out_and_says_so(world: World) -> None:
    report, dbt = world.report(COPY, RUN, REFRESH, TEST), Dbt(ALL)
    recovery = begin_recovery(report, "q")
    ending = recover(recovery, report, Person(), place=world.place, first=3, runner=dbt)
    assert (ending.state, ending.skipped) == ("done", (2,))
    assert dbt.commands == ["run", "test"]
    assert "--full-refresh" in dbt.calls[0]
    assert journal(recovery)[:2] == [(1, "skipped"), (2, "skipped")]
    person = Person()
    assert recover(recovery.opened(), report, person, place=world.place, first=2, runner=dbt).skipped == ()
    assert ("again", 3) in person.asked  # it has succeeded before
    with pytest.raises(UsageError, match="there is no step 5"):
        recover(recovery, report, Person(), place=world.place, first=5, runner=dbt)


def test_another_plan_is_not_gone_on_with(world: World) -> None:
    recovery = begin_recovery(world.report(RUN, REFRESH), "q")
    assert resume_recovery(recovery, world.report(RUN, REFRESH)) is recovery
    said_otherwise = msgspec.structs.replace(RUN, why="Another reason.")
    assert resume_recovery(recovery, world.report(said_otherwise, REFRESH)) is recovery
    for other in ((RUN,), (RUN, msgspec.structs.replace(REFRESH, argv=(*REFRESH.argv, "--vars", "{}")))):
        with pytest.raises(UsageError, match="the plan is another"):
            resume_recovery(recovery, world.report(*other))


def test_the_newest_recovery_of_the_same_question_is_found(world: World) -> None:
    assert newest_recovery(world.target, "q") is None
    first, other, last = (begin_recovery(world.report(RUN), question) for question in ("q", "another", "q"))
    (world.target / "aftershock" / "recovery" / "99999999T000000Z-broken").mkdir()
    found = newest_recovery(world.target, "q")
    assert found is not None
    assert found.folder == last.folder
    assert first.folder != other.folder


def test_where_dbt_runs(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    carried = msgspec.structs.replace(RUN, argv=(*RUN.argv, "--project-dir", "project"))
    assert run_place(world.report(RUN), runs=False) == RunPlace(world.project, world.project)
    assert run_place(world.report(carried), runs=False) == RunPlace(world.project, tmp_path)
    assert run_place(world.report(RUN), "project", runs=False) == RunPlace(world.project, world.project)
    monkeypatch.chdir("/")
    assert run_place(world.report(carried), runs=False) == RunPlace(world.project, tmp_path)
    with pytest.raises(UsageError, match=r"--project-dir: there is no dbt_project\.yml in"):
        run_place(world.report(RUN), tmp_path, runs=False)
    (world.project / "dbt_project.yml").unlink()
    with pytest.raises(UsageError, match="at or above the target directory"):
        run_place(world.report(RUN), runs=False)


def test_what_is_not_run(world: World) -> None:
    untargeted = msgspec.structs.replace(RUN, argv=("dbt", "run", "--select", "a"))
    for report in (world.report(RUN, asks_target=True), world.report(untargeted)):
        with pytest.raises(UsageError, match="do not say which target failed"):
            run_place(report, runs=False)
    with pytest.raises(UsageError, match="--engine: the commands of dagster are not run here"):
        run_place(world.report(RUN, engine="dagster"), runs=False)


def test_a_plan_from_artifacts_that_a_later_run_left_behind_is_refused(world: World) -> None:
    (world.target / "run_results.json.gz").unlink()
    write_results(world.target, {}, "later", at="2099-01-01T00:00:00Z")
    with pytest.raises(ArtifactError, match=r"has written run_results\.json at 2099-01-01T00:00:00Z"):
        run_place(world.report(RUN), runs=False)
    write_results(world.target, {}, "earlier", at="2001-01-01T00:00:00Z")  # dbt parse came after it
    assert run_place(world.report(RUN), runs=False).project == world.project


def test_without_dbt_the_error_says_how_to_install_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [NoDbt(), *sys.meta_path])
    for name in [name for name in sys.modules if name.partition(".")[0] == "dbt"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(AftershockError, match=r"pip install 'aftershock\[dbt\]'"):
        run_place(world.report(RUN))
    assert run_place(world.report(GATE)).project == world.project


def test_the_commands_can_be_seen_before_anything_is_run(world: World) -> None:
    found = recovery_commands(world.report(COPY, RUN, RETRY), world.place)
    assert [number for number, _ in found] == [2, 3]
    assert found[1][1][:4] == ("dbt", "retry", "--state", str(world.target / "aftershock" / "recovery" / "ID" / "artifacts"))
    assert not (world.target / "aftershock").exists()


def test_a_journal_that_holds_something_else_is_an_error(world: World) -> None:
    recovery = begin_recovery(world.report(RUN), "q")
    (recovery.folder / JOURNAL).write_text('{"number":"one"}\n', "utf-8")
    with pytest.raises(ArtifactError, match="Begin again with --from 1"):
        recovery.opened()


FAKE_DBT = """
import os
from types import SimpleNamespace

class dbtRunner:
    def invoke(self, args):
        if args == ["stopped"]:
            return SimpleNamespace(success=False, exception=KeyboardInterrupt())
        return SimpleNamespace(success=args == ["good"], exception=None if args == ["good"] else ValueError(f"{args} in {os.getcwd()}"))
"""
FAKE_FACTORY = """
from types import SimpleNamespace

closed = []
FACTORY = SimpleNamespace(adapters={
    "duckdb": SimpleNamespace(cleanup_connections=lambda: closed.append("own"), connections=SimpleNamespace(close_all_connections=lambda: closed.append("shared"))),
    "broken": SimpleNamespace(cleanup_connections=lambda: 1 / 0),
})
"""


@pytest.fixture
def other_dbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that is called dbt, instead of dbt."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "dbt"]:
        monkeypatch.delitem(sys.modules, name)
    folder = tmp_path / "packages" / "dbt"
    for part, content in (("cli/main", FAKE_DBT), ("adapters/factory", FAKE_FACTORY)):
        path = folder / f"{part}.py"
        path.parent.mkdir(parents=True)
        path.write_text(content, "utf-8")
        (path.parent / "__init__.py").write_text("", "utf-8")
    (folder / "__init__.py").write_text("", "utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.chdir(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "dbt"]:
        del sys.modules[name]


def test_dbt_is_run_where_its_words_start_from_and_lets_go_of_the_warehouse(other_dbt: Path, tmp_path: Path) -> None:
    runner = DbtRunner(other_dbt)
    assert runner(["good"]) == Ran(success=True)
    assert runner(["bad"]) == Ran(success=False, message=f"['bad'] in {other_dbt}")
    assert runner(["stopped"]).interrupted
    assert Path.cwd() == tmp_path
    assert sys.modules["dbt.adapters.factory"].closed == ["own", "shared"] * 3


def test_a_dbt_that_cannot_be_loaded_is_a_failed_step(world: World, other_dbt: Path) -> None:
    (other_dbt / "cli" / "main.py").write_text("import nothing_of_this_name", "utf-8")
    report = world.report(RUN)
    recovery = begin_recovery(report, "q")
    ending = recover(recovery, report, Person(), place=world.place)
    assert ending.state == "failed"
    assert ending.message.startswith("dbt: it cannot be loaded (No module named 'nothing_of_this_name')")
    assert journal(recovery) == [(1, "started"), (1, "failed")]


@pytest.mark.skipif(sys.platform == "win32", reason="a folder has no such permissions")
def test_a_folder_that_cannot_be_made_is_an_error(world: World) -> None:
    (world.target / "aftershock").write_text("a file", "utf-8")
    with pytest.raises(OutputError, match="it cannot be made"):
        begin_recovery(world.report(RUN), "q")
    (world.target / "aftershock").unlink()
    (world.target / "compiled" / "shop" / "a.sql").unlink()
    (world.target / "compiled" / "shop" / "a.sql").mkdir()
    os.mkfifo(world.target / "compiled" / "pipe")
    with pytest.raises(OutputError, match="it cannot be copied"):
        begin_recovery(world.report(RUN), "q")


def test_a_plan_without_a_manifest_on_disk_is_not_run(world: World) -> None:
    report = msgspec.structs.replace(world.report(RUN), files=())
    with pytest.raises(ArtifactError, match="Give dbt's target directory with --target-dir"):
        begin_recovery(report, "q")


def test_a_journal_that_cannot_be_written_stops_before_dbt_runs(world: World) -> None:
    report, dbt = world.report(RUN), Dbt((RUN,))
    recovery = begin_recovery(report, "q")
    (recovery.folder / JOURNAL).mkdir()
    with pytest.raises(OutputError):
        recover(recovery, report, Person(), place=world.place, runner=dbt)
    assert dbt.calls == []
