"""``aftershock detect``: exit codes, formats, later runs, an earlier catalog, and watching a directory that dbt writes to."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Outcome

    Run = Callable[..., Outcome]
    Scenario = Callable[[str], Path]

PATIENT_S = 60


def unpacked(source: Path, folder: Path, *names: str) -> Path:
    """The artifacts of a scenario as dbt writes them: not compressed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or ("manifest", "run_results", "sources", "catalog"):
        (folder / f"{name}.json").write_bytes(gzip.decompress((source / f"{name}.json.gz").read_bytes()))
    return folder


def test_nothing_found_is_0_and_something_1(run: Run, scenario: Scenario) -> None:
    green, red = (run("detect", "--target-dir", scenario(name)) for name in ("green", "dropped_column"))
    assert (green.code, red.code) == (0, 1)
    assert re.match(r"No incident in results that are \d+ days old: dbt build of ", green.out)
    assert red.out.splitlines()[2] == "P1 schema-break: raw.payments lost its column method: 2 results fail because of it"
    assert green.err == red.err == ""


@pytest.mark.parametrize(("level", "code"), [("P0", 0), ("P1", 1), ("p2", 1), ("P3", 1), ("never", 0)])
def test_the_gate_counts_the_severity(run: Run, scenario: Scenario, level: str, code: int) -> None:
    assert run("detect", "--target-dir", scenario("model_error"), "--fail-on", level).code == code


def test_the_gate_says_how_many(run: Run, scenario: Scenario) -> None:
    found = run("detect", "--target-dir", scenario("test_failures"), "--fail-on", "P1")
    assert (found.code, found.err) == (1, "--fail-on P1: 5 of 8 incidents reach it.\n")


def test_without_results_it_cannot_judge(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    unpacked(scenario("green"), tmp_path, "manifest", "catalog")
    found = run("detect", "--target-dir", tmp_path, "--format", "json")
    assert (found.code, found.err.count("\n")) == (2, 1)
    assert json.loads(found.out)["error"]["problem"] == "there are neither run results nor source freshness beside it"
    assert run("detect", "--manifest", "-", stdin=(tmp_path / "manifest.json").read_bytes()).code == 2


@pytest.mark.parametrize(("since", "code"), [("2026-11-23T05:35:53Z", 0), ("2026-11-23T06:35:54+01:00", 2), ("2026-11-23", 0), ("noon", 2)])
def test_a_run_of_before_since_is_not_judged(run: Run, scenario: Scenario, since: str, code: int) -> None:
    found = run("detect", "--target-dir", scenario("green"), "--since", since)
    assert (found.code, found.err.count("\n")) == (code, code // 2)
    if code and since != "noon":
        assert "run_results.json.gz: it is of 2026-11-23T05:35:53Z, before --since 2026-11-23T05:35:54Z. " in found.err


def test_since_asks_for_a_run_that_builds(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    unpacked(scenario("green"), tmp_path, "manifest", "sources")
    assert "run_results.json: it is not there, and --since" in run("detect", "--target-dir", tmp_path, "--since", "2026-11-23").err
    document = json.loads(gzip.decompress((scenario("green") / "run_results.json.gz").read_bytes()))
    document["args"]["which"] = "generate"
    (tmp_path / "run_results.json").write_text(json.dumps(document), "utf-8")
    found = run("detect", "--target-dir", tmp_path, "--since", "2026-11-23")
    assert (found.code, "it is of 'dbt generate', which builds and tests nothing" in found.err) == (2, True)
    assert "; no file is of a run that builds or tests." in " ".join(run("detect", "--target-dir", tmp_path).out.split())


def test_older_freshness_is_named_and_not_judged(run: Run, scenario: Scenario) -> None:
    found = run("detect", "--target-dir", scenario("green"), "--since", "2026-11-23T05:35:50Z", "--format", "json")
    document = json.loads(found.out)
    assert any(line.startswith("sources.json is of 2026-11-23T05:35:44Z, before --since 2026-11-23T05:35:50Z") for line in document["warnings"])
    assert "source freshness" not in document["summary"]


def test_source_freshness_alone_is_enough(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    unpacked(scenario("stale_error"), tmp_path, "manifest", "sources")
    found = run("detect", "--target-dir", tmp_path)
    assert found.code == 1
    assert "raw.orders and raw.payments are late" in found.out
    assert run("detect", "--manifest", tmp_path / "manifest.json").code == 1


def test_json(run: Run, scenario: Scenario) -> None:
    document = json.loads(run("detect", "--target-dir", scenario("test_failures"), "--format", "json").out)
    assert len(document["incidents"]) == 8
    assert document["incidents"][-1]["severity"] == "P2"


def test_github_and_an_output_file(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    found = run("detect", "--target-dir", scenario("model_error"), "--format", "github", "-o", tmp_path / "marks.txt")
    assert (found.code, found.out) == (1, "")
    assert (tmp_path / "marks.txt").read_text("utf-8").startswith("::error file=models/staging/stg_orders.sql,title=P1 schema-break")


def test_all(run: Run, scenario: Scenario) -> None:
    short, whole = (run("detect", "--target-dir", scenario("test_failures"), *more).out for more in ((), ("--all",)))
    assert len(whole) > len(short)
    assert "[raise-p0-critical-exposure]" in whole


@pytest.mark.parametrize("name", ["stale_error", "model_error", "test_failures"])
def test_the_commands_that_come_next_run(run: Run, scenario: Scenario, name: str) -> None:
    text = run("detect", "--target-dir", scenario(name), "--all").out
    commands = [shlex.split(command) for command in re.findall(r"^  next +aftershock (.*)$", text, re.MULTILINE)]
    assert commands
    for words in commands:
        found = run(*words, "--target-dir", scenario(name), "--format", "json")
        assert (found.code, found.err) == (0, "")


def test_rules_of_one_s_own(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    config = tmp_path / "aftershock.yml"
    config.write_text("detect:\n  rules:\n    - {name: known, node: stg_*, category: ignore}\n", "utf-8")
    found = run("detect", "--target-dir", scenario("model_error"), "--config", config)
    assert found.code == 0
    assert "the rule 'known' of aftershock.yml says so" in found.out
    config.write_text("detect:\n  rules:\n    - {name: known, node: '*', category: ignore}\n", "utf-8")
    assert run("detect", "--target-dir", scenario("model_error"), "--config", config).code == 2


def test_a_later_run(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    target = unpacked(scenario("model_error"), tmp_path / "target")
    later = json.loads((target / "run_results.json").read_text("utf-8"))
    later["metadata"] |= {"generated_at": "2026-11-24T05:00:00Z", "invocation_id": "later"}
    for item in later["results"]:
        item["status"] = "success"
    (tmp_path / "run_results.json").write_text(json.dumps(later), "utf-8")
    (incident,) = json.loads(run("detect", "--target-dir", target, "--run-results", tmp_path, "--format", "json").out)["incidents"]
    assert incident["doubts"][0] == "A later run, dbt build of 2026-11-24T05:00:00Z, went well for all of it."
    assert run("detect", "--target-dir", target, "--run-results", tmp_path / "none.json").code == 2


def test_a_catalog_of_before(run: Run, scenario: Scenario) -> None:
    found = run("detect", "--target-dir", scenario("dropped_column"), "--before", scenario("green") / "catalog.json.gz", "--format", "json")
    (incident,) = json.loads(found.out)["incidents"]
    assert incident["origins"] == ["source.shop.raw.payments"]
    assert sorted(incident["nodes"]) == ["model.shop.int_payment_methods", "model.shop.stg_payments"]
    assert {clue["file"] for clue in incident["evidence"]} == {"catalog", "run_results"}
    assert run("detect", "--target-dir", scenario("green"), "--before", scenario("green") / "manifest.json.gz").code == 2


def test_options_that_do_not_go_together(run: Run, scenario: Scenario) -> None:
    assert run("detect", "--watch", "--manifest", "-").code == 2
    assert run("detect", "--watch", "--manifest", "x", "--target-dir", "y").code == 2
    assert run("detect", "--target-dir", scenario("green"), "--interval", "0").code == 2


# watching


INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts the tests in the background has it ignored
from aftershock.cli import run
run()
"""


class Watch:
    """A process that watches a directory, its answers one JSON document a line."""

    def __init__(self, target: Path, *words: str) -> None:
        words = ("detect", "--watch", "--interval", "0.05", "--no-cache", "--target-dir", str(target), *words)
        command = [sys.executable, "-c", INTERRUPTIBLE, *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def answer(self) -> dict[str, object]:
        """The next answer; waits for it."""
        assert self.process.stdout is not None
        found: dict[str, object] = json.loads(self.process.stdout.readline())
        return found

    def end(self) -> tuple[int, str]:
        """Interrupt it: the exit code, and what it still said."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=PATIENT_S)
        return self.process.returncode, (out + err).strip()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Callable[..., Watch]]:
    started: list[Watch] = []

    def start(*words: str) -> Watch:
        started.append(Watch(tmp_path / "target", *(words or ("--format", "json"))))
        return started[-1]

    yield start
    for watch in started:
        if watch.process.poll() is None:
            watch.process.kill()
        watch.process.communicate(timeout=PATIENT_S)


def touched(target: Path, name: str, at: str) -> str:
    """A run's results as of another run."""
    document = json.loads((target / f"{name}.json").read_text("utf-8"))
    document["metadata"] |= {"generated_at": at, "invocation_id": at}
    return json.dumps(document)


def test_each_run_is_answered_once_its_files_are_whole(watched: Callable[..., Watch], scenario: Scenario, tmp_path: Path) -> None:
    target = unpacked(scenario("green"), tmp_path / "target")
    watch = watched()
    assert watch.answer()["incidents"] == []

    unpacked(scenario("dropped_column"), target, "manifest")  # dbt writes the manifest first
    results = gzip.decompress((scenario("dropped_column") / "run_results.json.gz").read_bytes())
    (target / "run_results.json").write_bytes(results[:5000])
    time.sleep(0.4)
    (target / "run_results.json").write_bytes(results)
    first = watch.answer()
    assert [incident["category"] for incident in first["incidents"]] == ["schema-break"]  # type: ignore[attr-defined]

    (target / "run_results.json").write_bytes(results)  # the same run again: nothing new
    time.sleep(0.4)
    (target / "run_results.json").write_text(touched(target, "run_results", "2026-12-01T00:00:00Z"), "utf-8")
    second = watch.answer()
    assert next(file["generated_at"] for file in second["files"] if file["kind"] == "run_results") == "2026-12-01T00:00:00Z"  # type: ignore[attr-defined]
    assert watch.end() == (130, "")


def test_a_directory_may_go_and_come_back(watched: Callable[..., Watch], scenario: Scenario, tmp_path: Path) -> None:
    watch = watched()
    time.sleep(0.4)
    target = unpacked(scenario("green"), tmp_path / "target")
    assert watch.answer()["incidents"] == []
    shutil.rmtree(target)
    time.sleep(0.4)
    unpacked(scenario("model_error"), target)
    assert len(watch.answer()["incidents"]) == 1  # type: ignore[arg-type]
    assert watch.end()[0] == 130


def test_watching_prints_text_too_and_ends_after_so_many_answers(run: Run, scenario: Scenario) -> None:
    found = run("detect", "--watch", "--times", "1", "--interval", "0.05", "--target-dir", scenario("model_error"))
    assert found.code == 0
    assert "P1 schema-break: stg_orders reads a column order_state that is not there" in found.out


def test_settings_that_cannot_be_followed_are_not_waited_for(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    config = tmp_path / "aftershock.yml"
    config.write_text("detect: {rules: 3}\n", "utf-8")
    found = run("detect", "--watch", "--times", "1", "--target-dir", scenario("green"), "--config", config)
    assert found.code == 2
    assert "detect.rules must be a list" in found.err


def test_what_stays_unreadable_is_said_once(run: Run, scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from aftershock.cli.commands import detect

    target = unpacked(scenario("model_error"), tmp_path / "target")
    whole = (target / "run_results.json").read_bytes()
    (target / "run_results.json").write_bytes(whole[:100])
    monkeypatch.setattr(detect, "PATIENCE_S", 0.0)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 5:
            (target / "run_results.json").write_bytes(whole)

    monkeypatch.setattr(time, "sleep", sleep)
    found = run("detect", "--watch", "--times", "1", "--target-dir", target)
    assert found.code == 0
    assert found.err.count("waiting: ") == 1
    assert "it is not complete JSON" in found.err
