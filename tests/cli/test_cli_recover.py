"""``aftershock recover``: what it refuses, what it asks, and a shop that it repairs through dbt itself."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from fixtures.build import build_shop
from tests.once import green_shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "fixtures" / "artifacts"
WORDS = ("recover", "stg_orders", "--category", "pipeline-failure")
BROKEN, RIGHT = "    order_state as status,", "    status,"
NEW = 999
MODEL = Path("models", "staging", "stg_orders.sql")


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Typed(io.TextIOWrapper):
    """A terminal at which somebody types these lines."""

    def __init__(self, *lines: str) -> None:
        super().__init__(io.BytesIO("".join(f"{line}\n" for line in lines).encode()), encoding="utf-8")

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of which only the artifacts are there: what does not run dbt needs no more."""
    target = tmp_path / "shop" / "target"
    target.mkdir(parents=True)
    (target.parent / "dbt_project.yml").write_text("name: shop\n", "utf-8")
    for path in (ARTIFACTS / "model_error").iterdir():
        shutil.copy(path, target)
    monkeypatch.chdir(target.parent)
    return target.parent


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    from aftershock.cli import main

    def call(*words: object, answers: tuple[str, ...]) -> Ended:
        monkeypatch.setattr(sys, "stdin", Typed(*answers))
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Ended(code, *capsys.readouterr())

    return call


def test_without_a_terminal_it_runs_nothing_unless_told(run: Callable[..., Outcome], shop: Path) -> None:
    code, out, err = run(*WORDS)
    assert (code, out) == (2, "")
    assert err == "--yes: there is no terminal to ask at. Give --yes once you have read the plan that --dry-run prints.\n"
    assert run(*WORDS, "--yes-irreversible").code == 2
    assert not (shop / "target" / "aftershock").exists()


def test_a_dry_run_prints_the_plan_and_the_commands_and_writes_nothing(run: Callable[..., Outcome], shop: Path) -> None:
    before = sorted(shop.rglob("*"))
    code, out, err = run(*WORDS, "--dry-run")
    assert (code, err) == (0, "")
    assert run("plan", *WORDS[1:]).out.partition("\n")[0] == out.partition("\n")[0]
    commands = out.partition("Would be run:\n")[2].splitlines()
    assert any(f" dbt retry --state {shop}/target/aftershock/recovery/ID/artifacts --target prod --project-dir {shop} " in line for line in commands)
    assert all("--target prod" in line and "/steps/" in line for line in commands)
    assert sorted(shop.rglob("*")) == before


def test_a_person_who_does_not_want_the_plan_has_begun_nothing(at_terminal: Callable[..., Ended], shop: Path) -> None:
    code, out, err = at_terminal(*WORDS, answers=("n",))
    assert code == 3
    assert "Phase 1:" in out
    assert " steps for target prod, one after another? [y/N]" in err
    assert not (shop / "target" / "aftershock").exists()


def test_a_step_by_hand_that_is_not_done_is_where_it_waits(at_terminal: Callable[..., Ended], run: Callable[..., Outcome], shop: Path) -> None:
    code, out, err = at_terminal(*WORDS, answers=("y", "n"))
    assert code == 3
    assert "gate stg_orders\n        who acts: orders-team@shop.example\n        what: Correct the error that dbt reported" in out
    assert out.endswith("\nStopped before step 2. Once it is done, run the same command with --resume.\n")
    assert "Done? [y/N]" in err
    assert "is not over. Go on with it with --resume, or begin again with --from 1." in run(*WORDS, "--yes").err
    code, out, _ = at_terminal(*WORDS, "--resume", answers=("y", "y", "n"))
    assert code == 3
    assert "Stopped before step 3." in out
    assert len(list((shop / "target" / "aftershock" / "recovery").iterdir())) == 1


def test_the_same_words_are_the_same_question(at_terminal: Callable[..., Ended], run: Callable[..., Outcome], shop: Path) -> None:
    at_terminal(*WORDS, answers=("y", "n"))
    missing = "--resume: there is no recovery of this question to go on with. Leave it out, or give the same words as then.\n"
    assert run("recover", "stg_payments", *WORDS[2:], "--yes", "--resume").err == missing
    assert run(*WORDS, "--target", "dev", "--yes", "--resume").err == missing
    assert "Stopped before step 2." in at_terminal(*WORDS, "--target-dir", shop / "target", "--resume", answers=("y", "n")).out


def test_a_plan_that_has_changed_is_not_gone_on_with(at_terminal: Callable[..., Ended], run: Callable[..., Outcome], shop: Path) -> None:
    at_terminal(*WORDS, answers=("y", "n"))
    record = next((shop / "target" / "aftershock").rglob("record.json"))
    record.write_text(json.dumps({**json.loads(record.read_text("utf-8")), "digest": "another"}), "utf-8")
    assert "Begin again with --from 1." in run(*WORDS, "--yes", "--resume").err
    assert at_terminal(*WORDS, "--from", "1", answers=("y", "n")).code == 3
    assert len(list((shop / "target" / "aftershock" / "recovery").iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((*WORDS, "--resume", "--from", "2"), "--from: --resume says itself where to begin. Give one of them."),
        ((*WORDS, "-"), "-: standard input is where it asks. Name the nodes, or select them with --select."),
        ((*WORDS, "--from", "0"), "--from: "),
        ((*WORDS, "--from", "99"), "--from: there is no step 99. The plan has the steps 1 to "),
        ((*WORDS, "--project-dir", "/"), "--project-dir: there is no dbt_project.yml in /. Name the folder of the dbt project."),
        ((*WORDS, "--threads", "0"), "--threads: "),
    ],
)
def test_what_it_refuses(run: Callable[..., Outcome], shop: Path, words: tuple[str, ...], error: str) -> None:
    code, _, err = run(*words, "--yes", "--yes-irreversible")
    assert code == 2
    assert err.startswith(error)
    assert not list((shop / "target").rglob("steps.jsonl"))


def test_artifacts_that_do_not_say_which_target_failed_need_it_named(run: Callable[..., Outcome], shop: Path) -> None:
    (shop / "target" / "run_results.json.gz").unlink()
    assert "--target: the artifacts do not say which target failed. Name it with --target" in run(*WORDS, "--yes").err
    assert run(*WORDS, "--target", "prod", "--dry-run").code == 0


def test_neither_its_help_nor_a_dry_run_loads_dbt(shop: Path) -> None:
    script = f"import sys; from aftershock.cli import main; main({[*WORDS, '--dry-run']!r}); print('LOADED', 'dbt.cli.main' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=shop, stdin=subprocess.DEVNULL)
    assert done.stdout.splitlines()[-1] == "LOADED False"
    loaded = subprocess.run([sys.executable, "-X", "importtime", "-m", "aftershock", "recover", "--help"], capture_output=True, text=True, check=True)
    modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in loaded.stderr.splitlines()}
    assert "aftershock" in modules
    assert modules & {"dbt", "sqlglot", "networkx", "rich", "jinja2", "yaml"} == set()


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop whose last build failed, as dbt left it."""
    return build_shop(tmp_path_factory.mktemp("recover") / "shop", scenario="model_error", green=green_shop(tmp_path_factory)).parent


@pytest.fixture
def broken(failed: Path, tmp_path: Path) -> Path:
    project = Path(shutil.copytree(failed, tmp_path / "shop"))
    query(project, f"insert into raw.orders select * replace ({NEW} as order_id) from raw.orders where order_id = 200")  # noqa: S608  # our own number
    assert not is_repaired(project)
    return project


def fix(project: Path) -> None:
    text = (project / MODEL).read_text("utf-8")
    assert BROKEN in text
    (project / MODEL).write_text(text.replace(BROKEN, RIGHT), "utf-8")


def recover(project: Path, *words: str, stdin: int = subprocess.DEVNULL) -> Ended:
    done = subprocess.run([sys.executable, "-m", "aftershock", *WORDS, *words], cwd=project, stdin=stdin, capture_output=True, text=True, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


def outcomes(project: Path) -> list[tuple[str, str]]:
    lines = [
        json.loads(line) for path in (project / "target" / "aftershock" / "recovery").glob("*/steps.jsonl") for line in path.read_text("utf-8").splitlines()
    ]
    return [(line["kind"], line["outcome"]) for line in lines if line.get("argv")]


def query(project: Path, statement: str) -> list[tuple[object, ...]]:
    import duckdb

    with duckdb.connect(str(project / "target" / "shop.duckdb")) as connection:
        return connection.execute(statement).fetchall()


def is_repaired(project: Path) -> bool:
    """Whether the order that came with the broken build is in a table and in a history below the model."""
    tables = ("analytics.fct_orders", "analytics_snapshots.orders_snapshot")
    return [query(project, f"select count(*) from {table} where order_id = {NEW}") for table in tables] == [[(1,)], [(1,)]]  # noqa: S608  # our own names


@pytest.mark.dbt
def test_a_shop_is_repaired_step_by_step_and_its_target_directory_stays_as_it_was(broken: Path) -> None:
    fix(broken)
    kept = {name: (broken / "target" / name).read_bytes() for name in ("manifest.json", "run_results.json", "sources.json", "partial_parse.msgpack")}
    code, out, err = recover(broken, "--yes")
    assert code == 3, out + err
    assert "taken as done, nobody was asked (--yes)" in out
    assert "run the same command with --resume, at a terminal or with --yes-irreversible." in out
    assert outcomes(broken) == [("backup", "started"), ("backup", "done")]
    code, out, err = recover(broken, "--yes", "--yes-irreversible", "--resume")
    assert (code, err) == (0, ""), out + err
    assert outcomes(broken)[2:] == [("retry", "started"), ("retry", "done"), ("test", "started"), ("test", "done")]
    assert {name: (broken / "target" / name).read_bytes() for name in kept} == kept
    assert is_repaired(broken)
    proof = out.splitlines()[-1].split()
    assert proof[:3] == ["aftershock", "verify", "--plan"]
    judged = subprocess.run([sys.executable, "-m", *proof], cwd=broken, capture_output=True, text=True, check=False)
    assert judged.stdout.startswith("41 of 42 nodes are repaired: "), judged.stdout + judged.stderr  # an export is for a person to confirm
    assert recover(broken, "--yes", "--resume").code == 0  # nothing is left to do


@pytest.mark.dbt
def test_a_step_that_fails_again_stops_it_and_is_gone_on_with_once_its_cause_is_gone(broken: Path) -> None:
    code, out, _ = recover(broken, "--yes", "--yes-irreversible")
    assert code == 1
    assert "FAILED" in out
    assert "model.shop.stg_orders: error (" in out
    assert "order_state" in out
    assert outcomes(broken)[-1] == ("retry", "failed")
    fix(broken)
    code, out, err = recover(broken, "--yes", "--yes-irreversible", "--resume")
    assert code == 0, out + err
    assert is_repaired(broken)


@pytest.mark.dbt
def test_a_run_of_the_schedule_stops_it(broken: Path) -> None:
    fix(broken)
    assert recover(broken, "--yes").code == 3
    path = broken / "target" / "run_results.json"
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**content, "metadata": {**content["metadata"], "invocation_id": "11111111-2222-3333-4444-555555555555"}}), "utf-8")
    before = outcomes(broken)
    code, out, _ = recover(broken, "--yes", "--yes-irreversible", "--resume")
    assert code == 1
    assert "Another dbt command has written run_results.json" in out
    assert "Pause the schedule and plan again" in out
    assert outcomes(broken) == before


@pytest.mark.dbt
def test_a_plan_for_a_target_that_there_is_not_fails_with_dbts_own_words(broken: Path) -> None:
    fix(broken)
    code, out, _ = recover(broken, "--yes", "--yes-irreversible", "--target", "nowhere")
    assert code == 1
    assert "does not have a target named 'nowhere'" in out


@pytest.mark.dbt
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_at_a_terminal_it_asks_before_the_plan_each_step_by_hand_and_what_cannot_be_undone(broken: Path) -> None:
    import pty

    fix(broken)
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"y\n" * 40)
        code, out, err = recover(broken, stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert code == 0, out + err
    assert err.count("one after another? [y/N]") == 1
    assert err.count("Run this step? [y/N]") == 1
    assert "It could destroy: " in err
    assert err.count("Done? [y/N]") == out.count("ok, done by hand") > 5
    assert is_repaired(broken)
