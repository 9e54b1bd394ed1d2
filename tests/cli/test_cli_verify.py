"""`aftershock verify` over what dbt really wrote, and over small files that say one thing."""

from __future__ import annotations

import gzip
import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import manifests
import pytest
from tests.once import green_shop

import aftershock
from aftershock import times

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

    Run = Callable[..., Outcome]
    Scenario = Callable[[str], Path]

ROOT = Path(__file__).resolve().parents[2]
NOW = "2026-03-01T08:00:00Z"
SINCE = "2026-03-01T06:00"
PIPELINE = ("--category", "pipeline-failure")


def at(minute: int) -> str:
    return f"2026-03-01T06:{minute:02}:00.000000Z"


def results(*done: tuple[str, str, int], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Run results of (name, status, minute after six)."""
    found = [
        {
            "unique_id": f"model.small.{name}",
            "status": status,
            "execution_time": 1.0,
            "timing": [{"name": "execute", "started_at": at(minute), "completed_at": at(minute)}],
        }
        for name, status, minute in done
    ]
    written = max((at(minute) for _, _, minute in done), default=at(1))
    head = {**manifests.metadata("run-results", 6), "generated_at": written, "invocation_id": f"{written} {len(done)}"}
    return {"metadata": head, "args": {"which": "run", "target": "prod", **more}, "results": found}


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A target directory: the tables ``a``, ``b`` which reads it, and ``twin``; a dashboard on ``b``."""
    monkeypatch.setattr(times, "now", lambda: times.parse(NOW, "now"))
    manifests.write(tmp_path / "target", "manifest.json", manifests.MANIFEST)
    return tmp_path / "target"


def document(found: Outcome) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(found.out)
    return value


def states(found: Outcome) -> dict[str, str]:
    return {node["unique_id"].rpartition(".")[2]: node["state"] for node in document(found)["nodes"] if ".other." not in node["unique_id"]}


def test_all_is_repaired(target: Path, run: Run) -> None:
    manifests.write(target, "run_results.json", results(("a", "success", 1), ("b", "Success", 2), ("twin", "SUCCESS", 3)))
    found = run("verify", "b", "--since", SINCE, "--target-dir", target)
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("All 2 nodes are repaired: 1 of them has no test.\n")
    assert "Eve <eve@example.com>: board." in found.out
    assert states(run("verify", "b", "--since", SINCE, "--target-dir", target, "--format", "json")) == {"b": "untested", "board": "repaired"}


def test_one_is_not(target: Path, run: Run) -> None:
    manifests.write(target, "run_results.json", results(("a", "success", 1), ("b", "error", 2)))
    found = run("verify", "a", "--since", SINCE, "--target-dir", target)
    assert found.code == 1
    assert "still bad (b" in found.out
    assert run("verify", "a", "--since", SINCE, "--target-dir", target, "--format", "markdown").code == 1


def test_without_a_name_the_whole_project_is_judged(target: Path, run: Run) -> None:
    manifests.write(target, "run_results.json", results(("a", "success", 1), ("b", "success", 2), ("twin", "success", 3)))
    shown = document(run("verify", "--since", SINCE, "--target-dir", target, "--format", "json"))
    assert [(node["label"], node["state"]) for node in shown["nodes"]] == [
        ("other.twin", "not_run"), ("a", "untested"), ("b", "untested"), ("small.twin", "untested"), ("board", "repaired"),
    ]  # fmt: skip


def test_the_results_of_every_step_count_and_the_newest_of_each_node_decides(target: Path, run: Run, tmp_path: Path) -> None:
    manifests.write(target, "run_results.json", results(("b", "success", 20)))
    kept = tmp_path / "target-recovery"
    manifests.write(kept, "01.run_results.json", results(("a", "error", 1)))
    manifests.write(kept / "deeper", "02.run_results.json.gz", gzip.compress(json.dumps(results(("a", "success", 10))).encode()))
    words = ("verify", "a", "--since", SINCE, "--target-dir", target, "--format", "json")
    assert states(run(*words)) == {"a": "not_run", "b": "still_bad", "twin": "not_run", "board": "still_bad"}
    assert states(run(*words, "--run-results", kept)) == {"a": "untested", "b": "untested", "twin": "not_run", "board": "repaired"}
    single = run(*words, "--run-results", kept / "01.run_results.json")
    assert states(single)["a"] == "still_bad"
    assert document(single)["nodes"][0]["evidence"][0]["file"] == str(kept / "01.run_results.json")
    assert [item["path"] for item in document(single)["artifacts"] if item["kind"] == "run_results"] == [
        str(target / "run_results.json"), str(kept / "01.run_results.json"),
    ]  # fmt: skip


def test_what_recover_kept_counts_without_being_named(target: Path, run: Run) -> None:
    manifests.write(target / "aftershock" / "recovery" / "x1" / "steps" / "03", "run_results.json", results(("a", "success", 1), ("b", "success", 2)))
    found = run("verify", "b", "--since", SINCE, "--target-dir", target)
    assert (found.code, found.err) == (0, "")


def test_sources_json_is_known_by_what_it_holds(target: Path, run: Run, tmp_path: Path) -> None:
    manifest = json.loads((target / "manifest.json").read_text())
    manifest["sources"] = {
        "source.small.raw.t": {
            "unique_id": "source.small.raw.t", "resource_type": "source", "name": "t", "source_name": "raw", "package_name": "small",
            "fqn": ["small", "raw", "t"], "freshness": {"warn_after": {"count": 1, "period": "day"}}, "loaded_at_field": "at",
        }
    }  # fmt: skip
    manifests.write(target, "manifest.json", manifest)
    listed = {"unique_id": "source.small.raw.t", "status": "pass", "max_loaded_at": at(1)}
    kept = {"metadata": {**manifests.metadata("sources", 3), "generated_at": at(5)}, "results": [listed]}
    words = ("verify", "raw.t", "--category", "stale-data", "--since", SINCE, "--target-dir", target, "--format", "json")
    found = run(*words, "--run-results", manifests.write(tmp_path / "step", "anything", kept))
    assert (found.code, states(found)) == (0, {"t": "repaired"})
    assert states(run(*words, "--run-results", manifests.write(tmp_path / "s", "4.sources.json", {**kept, "results": []}).parent)) == {"t": "not_run"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("b", "--since", "2026-03-01T09:00"), "--since: 2026-03-01T09:00 is in the future. Give when the cause was corrected"),
        (("b", "--since", "yesterday"), "--since: 'yesterday' is not a time."),
        (("b", "--since", "2026-03-01T07:00"), "the newest results are of 2026-03-01T06:02:00Z, and --since is 2026-03-01T07:00:00Z. Run the repair"),
        (("c", "--since", SINCE), "c: no node has this name."),
        (("twin", "--since", SINCE), "twin: names 2 nodes."),
        (("b", "--since", SINCE, "--confirmed", "c"), "c: no node has this name."),
        (("b", "--since", SINCE, "--confirmed", "a"), "--confirmed: model.small.a is not among the nodes that are judged."),
        (("--since", SINCE, "--category", "data-loss"), "--category: it is about failing nodes."),
        (("--since", SINCE, "--column", "x"), "--column: it is about failing nodes."),
        (("b", "--since", SINCE, "--exclude", "a"), "--exclude: it takes away from --select."),
        (("b", "--since", SINCE, "--run-results", "nowhere.json"), "nowhere.json: there is no such file."),
        (("b", "--since", SINCE, "--plan", "nowhere.json"), "nowhere.json: there is no such file."),
        (("b",), "--since: it must be given."),
    ],
)
def test_what_cannot_be_judged_is_an_error(words: tuple[str, ...], said: str, target: Path, run: Run) -> None:
    manifests.write(target, "run_results.json", results(("a", "success", 1), ("b", "success", 2)))
    found = run("verify", *words, "--target-dir", target)
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    as_json = run("verify", *words, "--target-dir", target, "--format", "json")
    assert (as_json.code, list(document(as_json))) == (2, ["schema_version", "error"])


def test_without_results_nothing_is_judged(target: Path, run: Run, tmp_path: Path) -> None:
    found = run("verify", "b", "--since", SINCE, "--target-dir", target)
    assert found.code == 2
    assert "there are no results" in found.err
    assert "no file in this directory" in run("verify", "b", "--since", SINCE, "--target-dir", target, "--run-results", tmp_path / "target").err


def test_several_targets_are_an_error_until_one_is_named(target: Path, run: Run, tmp_path: Path) -> None:
    manifests.write(target, "run_results.json", results(("b", "success", 2), target="dev"))
    prod = manifests.write(tmp_path, "run_results.json", results(("b", "success", 1)))
    words = ("verify", "b", "--since", SINCE, "--target-dir", target, "--run-results", prod)
    assert "--target: the runs since then are of several targets (dev and prod)" in run(*words).err
    found = run(*words, "--target", "prod")
    assert found.code == 0
    assert "its target is dev, the incident's is prod" in " ".join(found.out.split())


def test_a_person_vouches(target: Path, run: Run) -> None:
    manifests.write(target, "run_results.json", results(("b", "success", 2)))
    words = ("verify", "a", "--since", SINCE, "--target-dir", target, "--format", "json")
    assert run(*words).code == 1
    found = run(*words, "--confirmed", "a", "--confirmed", "twin", "--confirmed", "small.twin")
    assert found.code == 2, "two nodes are called twin"
    found = run(*words, "--confirmed", "a", "--confirmed", "small.twin", "--confirmed", "other.twin")
    assert found.code == 0
    assert {node["label"]: node["confirmed"] for node in document(found)["nodes"]} == {
        "a": True, "small.twin": True, "other.twin": True, "b": False, "board": False,
    }  # fmt: skip


def plan_of(path: Path, **changes: Any) -> Path:  # noqa: ANN401
    argv = ["dbt", "run", "--select", "a", "--full-refresh", "--target", "prod"]
    step = {"number": 1, "kind": "full-refresh", "nodes": ["model.small.a"], "why": "x", "argv": argv, "commands": [" ".join(argv)]}
    plan = {
        "schema_version": "1.0",
        "incident": {"category": "data-quality", "nodes": ["model.small.a"]},
        "target": {"known": True, "name": "prod"},
        "phases": [{"kind": "full-refresh", "steps": [step]}],
        "untouched": ["model.small.b"],
        **changes,
    }
    return manifests.write(path, "plan.json", plan)


def test_a_plan_is_judged_by_what_it_says(target: Path, run: Run, tmp_path: Path) -> None:
    words = ("verify", "--plan", plan_of(tmp_path), "--since", SINCE, "--target-dir", target, "--format", "json")
    manifests.write(target, "run_results.json", results(("a", "success", 1)))
    found = run(*words)
    assert (found.code, states(found)) == (1, {"a": "not_run", "b": "untested"})
    assert "without --full-refresh as the plan has it" in document(found)["nodes"][0]["why"]
    manifests.write(target, "run_results.json", results(("a", "success", 1), full_refresh=True))
    assert (run(*words).code, states(run(*words))) == (0, {"a": "untested", "b": "untested"})
    manifests.write(target, "run_results.json", results(("a", "success", 1), full_refresh=True, target="dev"))
    assert run(*words).code == 1, "the plan is for prod"


def test_a_plan_in_an_assessment_is_one(target: Path, run: Run, tmp_path: Path) -> None:
    manifests.write(target, "run_results.json", results(("a", "success", 1), full_refresh=True))
    whole = json.loads(plan_of(tmp_path).read_text())
    inner = {key: whole.pop(key) for key in ("phases", "untouched")}
    path = manifests.write(tmp_path, "assessment.json", {**whole, "recovery": inner, "target": {}})
    record = aftershock.read_plan(path)
    assert (record.target, record.nodes, record.category) == ("prod", ("model.small.a",), "data-quality")
    assert run("verify", "--plan", path, "--since", SINCE, "--target-dir", target).code == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"untouched": ["model.small.gone"]}, "the manifest does not have model.small.gone"),
        ({"phases": [], "untouched": [], "incident": {}}, "it names no node"),
        ({"phases": None}, "it holds no plan"),
        ({"phases": [{"kind": "dance"}]}, "it is no plan (Invalid enum value 'dance'"),
    ],
)
def test_a_plan_that_is_none_of_this_project(changes: dict[str, Any], said: str, target: Path, run: Run, tmp_path: Path) -> None:
    manifests.write(target, "run_results.json", results(("a", "success", 1)))
    found = run("verify", "--plan", plan_of(tmp_path, **changes), "--since", SINCE, "--target-dir", target)
    assert found.code == 2
    assert f"plan.json: {said}" in found.err
    assert "Leave out NODE" in run("verify", "a", "--plan", plan_of(tmp_path), "--since", SINCE, "--target-dir", target).err


def test_columns_narrow_what_is_judged(run: Run, scenario: Scenario) -> None:
    words = ("verify", "int_payments_copy", "--category", "schema-break", "--since", "2020-01-01", "--target-dir", scenario("green"), "--format", "json")
    narrow = document(run(*words, "--column", "method"))
    assert 0 < len(narrow["nodes"]) <= len(document(run(*words))["nodes"])


@pytest.mark.parametrize(("name", "code"), [("green", 0), ("model_error", 1), ("test_failures", 1), ("stale_error", 1), ("freshness_error", 1)])
def test_what_dbt_wrote_of_each_scenario(name: str, code: int, run: Run, scenario: Scenario) -> None:
    found = run("verify", "--since", "2020-01-01", "--target-dir", scenario(name), "--format", "json")
    assert found.code == code, found.out
    bad = {node["label"] for node in document(found)["nodes"] if node["state"] in {"still_bad", "not_run"}}
    expected = {
        "green": set(),
        "model_error": {"stg_orders", "fct_orders"},
        "test_failures": {"stg_orders", "stg_payments"},
        "stale_error": {"raw.orders", "fct_orders"},
        "freshness_error": {"raw.events"},
    }
    assert expected[name] <= bad
    assert bool(expected[name]) == bool(bad)


@pytest.mark.dbt
def test_a_warehouse_that_dbt_repaired_is_repaired(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, run: Run) -> None:
    build = runpy.run_path(str(ROOT / "fixtures" / "build.py"))
    shop, dbt = tmp_path / "shop", build["_dbt"]
    target = build["build_shop"](shop, scenario="model_error", full_artifacts=False, green=green_shop(tmp_path_factory))
    failed = json.loads((target / "run_results.json").read_text())["metadata"]["generated_at"]
    moment = times.parse(failed, "metadata").timestamp() + 1
    since = times.iso(times.datetime.fromtimestamp(moment, times.timezone.utc))
    words = ("verify", "stg_orders", *PIPELINE, "--since", since, "--target-dir", shop)
    assert run(*words).code == 2

    build["_apply"](build["Edit"]("models/staging/stg_orders.sql", "    order_state as status,", "    status,"), shop)
    dbt(shop, "compile", "--target", "prod")
    compiled = run(*words, "--format", "json")
    assert (compiled.code, document(compiled)["counts"]["repaired"]) == (1, 0)
    assert any("'dbt compile' neither builds nor tests" in note for note in document(compiled)["notes"])

    dbt(shop, "run", "--select", "stg_orders", "--target", "prod")
    first = run(*words, "--format", "json")
    assert first.code == 1
    assert states(first)["stg_orders"] == "not_tested"
    assert states(first)["fct_orders"] == "not_run"

    kept = tmp_path / "steps"
    dbt(shop, "build", "--select", "stg_orders+", "--target", "prod")
    kept.mkdir()
    (kept / "02.run_results.json").write_bytes((target / "run_results.json").read_bytes())
    whole = run(*words, "--format", "json")
    assert whole.code == 0, whole.out
    assert set(states(whole).values()) == {"repaired", "untested", "not_judged"}
    assert {name for name, state in states(whole).items() if state == "not_judged"} == {"revenue_by_country"}

    dbt(shop, "run", "--select", "int_orders_enriched", "--empty", "--target", "prod")
    emptied = run(*words, "--run-results", kept, "--format", "json")
    assert emptied.code == 1
    assert states(emptied)["int_orders_enriched"] == "still_bad"
    assert "--empty" in document(emptied)["nodes"][0]["why"]

    dbt(shop, "run", "--select", "stg_orders", "int_orders_enriched", "--target", "prod")
    late = run(*words, "--run-results", kept, "--format", "json")
    assert late.code == 1
    assert states(late)["fct_orders"] == "still_bad", "it was built from what was emptied later, or before it was built again"
