"""`aftershock assess` over what dbt really wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import aftershock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

    Run = Callable[..., Outcome]
    Scenario = Callable[[str], Path]


def document(found: Outcome) -> dict[str, object]:
    assert found.code in {0, 1}, found.err
    value: dict[str, object] = json.loads(found.out)
    return value


def nodes(found: Outcome) -> list[str]:
    return list(document(found)["incident"]["nodes"])  # type: ignore[index,call-overload]


SELECTED = (
    ("model_error", ("result:error",), "pipeline-failure", ["stg_orders"]),
    ("test_failures", ("result:fail",), "data-quality", ["stg_events", "stg_order_items", "stg_orders", "stg_payments"]),
    ("dropped_column", ("result:error",), "schema-break", ["int_payment_methods", "stg_payments"]),
    ("stale_warn", ("source_status:warn",), "stale-data", ["orders"]),
    ("stale_error", ("source_status:error",), "stale-data", ["orders"]),
    ("stale_error", ("source_status:error", "source_status:warn"), "stale-data", ["orders", "payments"]),
)


@pytest.mark.parametrize(("name", "selectors", "category", "expected"), SELECTED)
def test_what_dbt_saw_failing_is_selected_by_its_result(  # noqa: PLR0917
    name: str, selectors: tuple[str, ...], category: str, expected: list[str], run: Run, scenario: Scenario
) -> None:
    words = [word for selector in selectors for word in ("--select", selector)]
    found = run("assess", *words, "--category", category, "--target-dir", scenario(name), "--format", "json")
    assert sorted(unique_id.rpartition(".")[2] for unique_id in nodes(found)) == expected


@pytest.mark.parametrize(
    ("name", "node", "category", "level"),
    [
        ("green", "raw.customers", "data-loss", "P0"),
        ("model_error", "stg_orders", "pipeline-failure", "P1"),
        ("test_failures", "stg_orders", "data-quality", "P0"),
        ("stale_warn", "raw.orders", "stale-data", "P2"),
        ("stale_error", "raw.orders", "stale-data", "P1"),
        ("dropped_column", "raw.payments", "schema-break", "P1"),
    ],
)
def test_the_answer_comes_first(name: str, node: str, category: str, level: str, run: Run, scenario: Scenario) -> None:  # noqa: PLR0917
    found = run("assess", node, "--category", category, "--target-dir", scenario(name))
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith(f"{node} ({category}, {level}): ")
    assert len(found.out.splitlines()) <= 45


def test_every_category_and_format_answers_for_every_kind_of_node(run: Run, scenario: Scenario) -> None:
    for node in ("stg_orders", "raw.orders", "exposure:executive_dashboard", "metric:revenue", "dim_customers", "seed_that_is_not", "orders_snapshot"):
        for category in ("data-quality", "pipeline-failure", "schema-break", "stale-data", "data-loss", "duplicate-load"):
            for format_ in ("text", "markdown", "json", "mermaid", "dot"):
                found = run("assess", node, "--category", category, "--target-dir", scenario("green"), "--format", format_)
                assert found.code == (2 if node == "seed_that_is_not" else 0), found.err
                assert bool(found.out) is (found.code == 0 or format_ == "json")


def test_paths_from_git_are_read_and_others_passed_over(run: Run, scenario: Scenario) -> None:
    changed = b'README.md\nfixtures/shop/models/staging/stg_orders.sql\n"caf\\303\\251.sql"\n"odd"\n'
    found = run("assess", "-", "--category", "data-quality", "--target-dir", scenario("green"), "--format", "json", stdin=changed.replace(b'"odd"\n', b""))
    assert nodes(found) == ["model.shop.stg_orders"]
    warnings = document(found)["warnings"]
    assert any("README.md was left out" in warning for warning in warnings)  # type: ignore[attr-defined]
    assert any("café.sql was left out" in warning for warning in warnings)  # type: ignore[attr-defined]


def test_names_with_nul_between_them_and_names_of_both_kinds(run: Run, scenario: Scenario) -> None:
    words = ("assess", "raw.orders", "-", "--category", "data-quality", "--target-dir", scenario("green"), "--format", "json")
    assert nodes(run(*words, stdin=b"stg_orders\0stg_payments\0")) == ["source.shop.raw.orders", "model.shop.stg_orders", "model.shop.stg_payments"]


def test_nodes_and_selectors_add_up_and_exclude_takes_away(run: Run, scenario: Scenario) -> None:
    found = run(
        "assess", "raw.orders", "--select", "stg_orders stg_payments", "-s", "stg_refunds", "--exclude", "stg_refunds",
        "--category", "data-quality", "--target-dir", scenario("green"), "--format", "json",
    )  # fmt: skip
    assert nodes(found) == ["source.shop.raw.orders", "model.shop.stg_orders", "model.shop.stg_payments"]


def test_config_selectors_read_the_manifest_again(run: Run, scenario: Scenario) -> None:
    words = ("assess", "--select", "config.materialized:seed", "--category", "data-quality", "--format", "json")
    assert len(nodes(run(*words, "--target-dir", scenario("green")))) == 3
    assert run(*words, "--manifest", "-", stdin=plain(scenario("green"))).code == 2


def test_a_manifest_alone(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_bytes(plain(scenario("green")))
    words = ("assess", "stg_orders", "--category", "data-quality", "--format", "json", "--detected-at", "2026-03-01")
    piped = document(run(*words, "--manifest", "-", stdin=file.read_bytes()))
    read = document(run(*words, "--manifest", file))
    assert piped["affected"] == read["affected"]
    assert document(run(*words, "--manifest", file, "--no-cache"))["affected"] == read["affected"]


def plain(folder: Path) -> bytes:
    import gzip

    return gzip.decompress((folder / "manifest.json.gz").read_bytes())


@pytest.mark.parametrize(("gate", "code"), [("P0", 0), ("P1", 1), ("p2", 1), ("P3", 1)])
def test_the_gate_fails_at_its_level_or_worse(gate: str, code: int, run: Run, scenario: Scenario) -> None:
    found = run("assess", "stg_orders", "--category", "stale-data", "--target-dir", scenario("stale_error"), "--fail-on", gate)
    assert found.code == code
    assert found.err == (f"--fail-on {gate.upper()}: the severity is P1.\n" if code else "")
    assert found.out.startswith("stg_orders (stale-data, P1)")


def test_options_reach_the_answer(run: Run, scenario: Scenario) -> None:
    found = run(
        "assess", "stg_orders", "--category", "data-loss", "--target-dir", scenario("green"), "--format", "json", "--unconfirmed",
        "--since", "2026-03-01", "--until", "2026-03-02T06:00+01:00", "--detected-at", "2026-03-02 07:00", "--severity", "p2", "--reason", "a sandbox",
        "--column", "order_id",
    )  # fmt: skip
    answer = document(found)
    severity, incident = answer["severity"], answer["incident"]
    assert severity["level"] == "P2"  # type: ignore[index]
    assert [reason["rule"] for reason in severity["reasons"] if reason["rule"] == "unconfirmed-loss"] == ["unconfirmed-loss"]  # type: ignore[index]
    assert any("a sandbox" in reason["evidence"] for reason in severity["reasons"])  # type: ignore[index]
    assert incident["window"] == {"since": "2026-03-01T00:00:00Z", "until": "2026-03-02T05:00:00Z"}  # type: ignore[index]
    assert incident["detected_at"] == "2026-03-02T07:00:00Z"  # type: ignore[index]


def test_a_column_that_no_failing_node_has(run: Run, scenario: Scenario) -> None:
    words = ("assess", "stg_orders", "--column", "order_idd", "--target-dir", scenario("green"))
    found = run(*words, "--category", "data-quality")
    assert found.code == 2
    assert found.err.startswith("order_idd: stg_orders has no such column. Did you mean order_id")
    assert run(*words, "--category", "schema-break").code == 2  # nothing has it, and nothing reads it


def test_settings_are_found_beside_the_artifacts_or_named(run: Run, scenario: Scenario, tmp_path: Path) -> None:
    settings = tmp_path / "mine.yml"
    settings.write_text("severity: {production_targets: [live]}\n")
    words = ("assess", "stg_orders", "--category", "data-quality", "--target-dir", scenario("green"), "--format", "json")
    assert document(run(*words))["severity"]["level"] == "P0"  # type: ignore[index]
    assert document(run(*words, "--config", settings))["severity"]["level"] == "P3"  # type: ignore[index]


def test_all_shows_what_the_first_screen_leaves_out(run: Run, scenario: Scenario) -> None:
    words = ("assess", "stg_orders", "--category", "data-quality", "--target-dir", scenario("green"))
    short, everything = run(*words).out, run(*words, "--all").out
    assert "(--all" in short
    assert "(--all" not in everything
    assert len(everything) > len(short)


def test_the_same_question_twice_is_answered_from_the_cache(run: Run, scenario: Scenario, surroundings: Path) -> None:
    words = ("assess", "stg_orders", "--category", "data-quality", "--target-dir", scenario("green"), "--format", "json", "--detected-at", "2026-03-01")
    uncached = document(run(*words, "--no-cache"))
    assert list(surroundings.iterdir()) == []
    first, second = document(run(*words)), document(run(*words))
    assert list(surroundings.iterdir())
    assert first["affected"] == second["affected"] == uncached["affected"]


def test_path_selectors_know_the_yaml_of_a_node(run: Run, scenario: Scenario) -> None:
    found = run("assess", "--select", "path:models/staging", "--category", "data-quality", "--target-dir", scenario("green"), "--format", "json")
    assert "model.shop.stg_orders" in nodes(found)


def test_quotes_that_git_did_not_write(run: Run, scenario: Scenario) -> None:
    found = run("assess", "-", "--category", "data-quality", "--target-dir", scenario("green"), stdin=b'"stg\\x"\n')
    assert (found.code, found.err) == (0, "")
    assert found.out.splitlines()[1:] == ['  "stg\\x": no node of the manifest is defined in this file']


@pytest.mark.parametrize("format_", ["text", "markdown", "json", "mermaid", "dot"])
def test_a_list_without_a_node_is_an_answer_in_every_format(format_: str, run: Run, scenario: Scenario) -> None:
    words = ("assess", "-", "--category", "data-quality", "--target-dir", scenario("green"), "--format", format_, "--fail-on", "P3")
    found = run(*words, stdin=b"README.md\nmacros/cents.sql\n")
    assert (found.code, found.err) == (0, "")
    assert found.out.count("Nothing in the list is a node of this project") == 1
    if format_ == "json":
        assert json.loads(found.out) == {
            "schema_version": "1.2",
            "summary": "Nothing in the list is a node of this project.",
            "affected": [],
            "warnings": [
                "README.md was left out: no node of the manifest is defined in this file.",
                "macros/cents.sql was left out: it is a file of macros, which names no node by itself.",
            ],
        }
    elif format_ in {"text", "markdown"}:
        assert "it is a file of macros" in found.out


def test_a_format_that_there_is_not() -> None:
    with pytest.raises(aftershock.UsageError, match="there is no format runes"):
        aftershock.render_nothing((), "runes")


DESCRIBED = (
    ("models/staging/_sources.yml", {"source.shop.raw.orders", "source.shop.raw.customers"}),
    ("models/marts/core/_core.yml", {"model.shop.fct_orders"}),
    ("models/exposures/_exposures.yml", {"exposure.shop.executive_dashboard"}),
    ("models/semantic/_semantic.yml", {"metric.shop.revenue"}),
    ("snapshots/_snapshots.yml", {"snapshot.shop.orders_snapshot"}),
)


@pytest.mark.parametrize(("file", "expected"), DESCRIBED)
def test_a_yaml_file_stands_for_what_it_defines_or_describes(file: str, expected: set[str], run: Run, scenario: Scenario) -> None:
    words = ("--category", "data-quality", "--target-dir", scenario("green"), "--format", "json")
    path = f"fixtures/shop/{file}"  # from the project's folder it would be a package's file too
    piped = nodes(run("assess", "-", *words, stdin=f"{path}\n".encode()))
    assert expected <= set(piped)
    assert nodes(run("assess", path, *words)) == piped
    assert not [unique_id for unique_id in piped if unique_id.startswith(("test.", "unit_test.", "analysis."))]


def test_a_manifest_from_a_pipe_knows_what_yaml_files_define_and_test(run: Run, scenario: Scenario) -> None:
    words = ("--manifest", "-", "--category", "data-quality", "--format", "json")
    found = nodes(run("assess", "models/marts/core/_core.yml", *words, stdin=plain(scenario("green"))))
    assert "model.shop.fct_orders" in found, "its tests say so"


def test_what_is_no_data_is_refused_by_name_and_left_out_of_a_selection(run: Run, scenario: Scenario) -> None:
    words = ("--category", "data-quality", "--target-dir", scenario("green"), "--format", "json")
    for name in ("analysis.shop.revenue_check", "revenue_check", "analyses/revenue_check.sql"):
        found = run("assess", name, *words)
        assert found.code == 2
        assert found.err.startswith("revenue_check: it is an analysis, which is not data: nothing in it can be damaged. Name what it reads: ")
        assert found.err.count("\n") == 1
    selected = run("assess", "--select", "fct_orders revenue_check", *words)
    assert nodes(selected) == ["model.shop.fct_orders"]
    assert any("revenue_check was left out: it is an analysis" in warning for warning in document(selected)["warnings"])  # type: ignore[attr-defined]
    assert run("assess", "--select", "revenue_check", *words).err.startswith("--select: all that it selects is no data: revenue_check.")


def test_every_failing_test_of_a_node_is_kept_with_its_owner(run: Run, scenario: Scenario) -> None:
    words = ("assess", "--select", "result:fail", "--category", "data-quality", "--target-dir", scenario("test_failures"), "--format", "json")
    found = document(run(*words))
    via = [item["via"] for item in found["incident"]["failing"] if item["name"] == "stg_orders"]  # type: ignore[index]
    assert len(via) == len(set(via)) > 1
    assert any("unique_stg_orders_order_id" in test for test in via)
    assert any(item["owner"]["slack"] == "@orders-oncall" and "model.shop.stg_orders" in item["nodes"] for item in found["owners"])  # type: ignore[attr-defined]
    assert all(": " in note for note in found["notes"])  # type: ignore[attr-defined]


def test_without_a_node_what_detect_finds_is_assessed(run: Callable[..., Outcome], scenario: Callable[[str], Path]) -> None:
    target = ("--target-dir", scenario("test_failures"))
    found = json.loads(run("detect", *target, "--format", "json").out)["incidents"]
    done = run("assess", *target, "--format", "json")
    reports = json.loads(done.out)["reports"]
    assert done.code == 0
    assert len(found) > 3
    assert [report["incident"]["category"] for report in reports] == [item["category"] for item in found]
    assert [report["incident"]["nodes"] for report in reports] == [[*item["origins"], *item["nodes"]] for item in found]
    assert [report["severity"]["level"] for report in reports] == [item["severity"] for item in found]
    assert run("assess", *target).out.count("\nSeverity ") == len(found)
    assert run("assess", *target, "--format", "markdown").out.count("## Impact Assessment") == len(found)


@pytest.mark.parametrize("name", ["model_error", "stale_warn", "stale_error", "freshness_error", "dropped_column"])
def test_an_assessment_says_the_severity_that_detect_says(name: str, run: Callable[..., Outcome], scenario: Callable[[str], Path]) -> None:
    target = ("--target-dir", scenario(name))
    found = json.loads(run("detect", *target, "--format", "json").out)["incidents"]
    reports = json.loads(run("assess", *target, "--format", "json").out)["reports"]
    assert [report["severity"]["level"] for report in reports] == [item["severity"] for item in found]


def test_without_a_node_and_without_an_incident(run: Callable[..., Outcome], scenario: Callable[[str], Path]) -> None:
    target = ("--target-dir", scenario("green"))
    assert (run("assess", *target, "--fail-on", "P3").code, json.loads(run("assess", *target, "--format", "json").out)["reports"]) == (0, [])


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--category", "data-loss"), "--category: it is about failing nodes."),
        (("--severity", "P0", "--reason", "x"), "--severity: it is about failing nodes."),
        (("--unconfirmed",), "--unconfirmed: it is about failing nodes."),
        (("--column", "a"), "--column: it is about failing nodes."),
        (("--format", "dot"), "--format: dot draws one incident, and "),
    ],
)
def test_what_is_about_a_node_needs_one(words: tuple[str, ...], error: str, run: Callable[..., Outcome], scenario: Callable[[str], Path]) -> None:
    done = run("assess", *words, "--target-dir", scenario("test_failures"))
    assert (done.code, done.err.startswith(error)) == (2, True), done.err


def test_the_worst_of_what_is_found_is_the_gate(run: Callable[..., Outcome], scenario: Callable[[str], Path]) -> None:
    assert run("assess", "--target-dir", scenario("test_failures"), "--fail-on", "P0").code == 1
