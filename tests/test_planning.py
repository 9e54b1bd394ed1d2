from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

import aftershock
from aftershock.errors import ArtifactError, UsageError
from aftershock.model import Artifacts, Result, Run, Step

if TYPE_CHECKING:
    from aftershock.model import Report

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "artifacts"
SINCE = "2026-11-20"
NOW = "2026-11-24T06:00:00Z"
LEDGER = "model.shop.inventory_ledger"


def artifacts(scenario: str = "green") -> Artifacts:
    return aftershock.read_artifacts(FIXTURES / scenario)


def planned(node: str, category: str, scenario: str = "green", **asked: object) -> Report:
    return aftershock.plan(artifacts(scenario), node, category, **{"now": NOW, **asked})  # type: ignore[arg-type]


def steps(report: Report) -> list[Step]:
    return [step for phase in report.recovery.phases for step in phase.steps]


def of(report: Report, name: str, *kinds: str) -> list[Step]:
    return [step for step in steps(report) if step.kind in kinds and any(unique_id.endswith(f".{name}") for unique_id in step.nodes)]


def test_a_window_is_replaced_by_the_query_of_a_full_run() -> None:
    (step,) = of(planned("raw.inventory_moves", "data-quality", since=SINCE), "inventory_ledger", "sql")
    assert step.argv[:4] == ("dbt", "run-operation", "run_query", "--args")
    assert step.argv[-2:] == ("--target", "prod")
    assert "DELETE FROM" in step.sql
    assert "CAST('2026-11-20 00:00:00' AS TIMESTAMP)" in step.sql
    assert "select max(move_id)" not in step.sql
    assert step.is_irreversible
    assert "rows would be lost" in step.sql


def test_without_a_time_a_model_that_dbt_must_not_refresh_is_replaced_whole_and_guarded() -> None:
    (step,) = of(planned("raw.inventory_moves", "data-quality"), "inventory_ledger", "sql")
    assert "WHERE 1 = 1" in step.sql
    assert "rows would be lost" in step.sql


def test_what_is_replaced_is_copied_and_the_copies_have_a_command() -> None:
    (step,) = [step for step in steps(planned("raw.orders", "data-quality", since=SINCE)) if step.kind == "backup" and step.nodes]
    assert "CREATE TABLE IF NOT EXISTS" in step.sql
    assert "orders_snapshot__before_202611240600" in step.sql
    assert step.argv
    assert not step.who


def test_a_full_refresh_is_guarded_by_a_query_right_before_it() -> None:
    found = steps(planned("raw.orders", "data-quality"))
    place = next(at for at, step in enumerate(found) if step.kind == "full-refresh")
    assert found[place - 1].kind == "gate"
    assert found[place - 1].sql
    assert set(found[place - 1].nodes) <= set(found[place].nodes)


def test_the_sql_of_a_model_whose_own_code_may_be_wrong_is_left_to_dbt() -> None:
    found = planned("fct_orders", "data-quality", since=SINCE)
    deletion, run = of(found, "fct_orders", "sql", "run")
    assert "DELETE FROM" in deletion.sql
    assert "INSERT" not in deletion.sql
    assert run.argv[:4] == ("dbt", "run", "--select", "fct_orders")
    assert "INSERT" in of(found, "fct_payments", "sql")[0].sql


def test_a_deleted_mart_gets_its_missing_rows_and_no_other() -> None:
    (step,) = of(planned("fct_orders", "data-loss", since=SINCE, confirmed=False), "fct_orders", "sql")
    assert "INSERT INTO" in step.sql
    assert "DELETE" not in step.sql
    assert not step.destroys


def test_a_loss_that_is_confirmed_is_restored_first() -> None:
    found = steps(planned("fct_orders", "data-loss", since=SINCE))
    kinds = [step.kind for step in found if any(unique_id.endswith(".fct_orders") for unique_id in step.nodes)]
    assert kinds.index("restore") < kinds.index("sql")


@pytest.mark.parametrize("node", ["fct_orders", "orders_snapshot"])
@pytest.mark.parametrize(("adapter", "words", "at"), [("duckdb", "only a copy of the database file", ""), ("snowflake", "DATA_RETENTION", "AT(TIMESTAMP")])
def test_what_is_lost_is_told_what_the_warehouse_can_give_back(node: str, adapter: str, words: str, at: str) -> None:
    green = artifacts()
    project = msgspec.structs.replace(green.project, info=msgspec.structs.replace(green.project.info, adapter=adapter))
    found = aftershock.plan(msgspec.structs.replace(green, project=project), node, "data-loss", since=SINCE, now=NOW)
    (step,) = [step for step in of(found, node, "restore") if step.who]
    assert words in step.why
    assert not step.argv
    assert node == "orders_snapshot" or (at in step.sql and step.sql.count("fct_orders__was_") == 2 * bool(at))


@pytest.mark.parametrize(("category", "word"), [("data-quality", "dbt_valid_from"), ("duplicate-load", "dbt_valid_from"), ("data-loss", "dbt_valid_to")])
def test_a_snapshot_is_mended_and_taken_again(category: str, word: str) -> None:
    found = of(planned("raw.orders", category, since=SINCE), "orders_snapshot", "sql", "restore", "snapshot")
    assert [bool(step.sql) for step in found] == [True, False]
    assert word in found[0].sql
    assert found[1].argv[:4] == ("dbt", "snapshot", "--select", "orders_snapshot")


def test_a_snapshot_by_check_needs_to_know_since_when() -> None:
    (step,) = of(planned("raw.customers", "data-quality"), "customers_snapshot", "sql")
    assert not step.argv
    assert step.who


def test_every_window_is_counted_in_the_end_by_one_question() -> None:
    (step,) = [step for step in steps(planned("raw.orders", "data-quality", since=SINCE)) if step.argv[:2] == ("dbt", "show")]
    query = step.sql.rstrip(";").replace("\n", " ")
    assert step.argv[2:4] == ("--inline", f"{{% raw %}}{query}{{% endraw %}}")
    assert "backfilled_rows" in step.sql


def test_the_owner_of_a_doubled_source_gets_statements_that_nobody_runs() -> None:
    (step,) = of(planned("raw.inventory_moves", "duplicate-load"), "inventory_moves", "gate")
    assert "DELETE FROM" in step.sql
    assert not step.argv


def test_a_failed_run_is_retried_where_that_is_all_that_is_to_be_done() -> None:
    found = planned("stg_orders", "pipeline-failure", "model_error")
    (step,) = [step for step in steps(found) if step.kind == "retry"]
    assert step.argv == ("dbt", "retry", "--state", "target-incident", "--target", "prod")
    assert "model.shop.fct_orders" in step.nodes
    assert not [step for step in steps(found) if step.kind in {"run", "snapshot"}]


@pytest.mark.parametrize("args", [{"full_refresh": True}, {"empty": True}, {"event_time_start": "2026-11-01"}, {"defer": True}])
def test_a_run_with_other_flags_is_not_retried(args: dict[str, object]) -> None:
    broken = artifacts("model_error")
    assert broken.run is not None
    run = msgspec.structs.replace(broken.run, args={**broken.run.args, **args})
    found = aftershock.plan(msgspec.structs.replace(broken, run=run), "stg_orders", "pipeline-failure", now=NOW)
    assert not [step for step in steps(found) if step.kind == "retry"]
    assert [step for step in steps(found) if step.kind == "run"]


def test_after_a_failed_test_nothing_is_retried() -> None:
    found = planned("stg_orders", "pipeline-failure", "test_failures")
    assert not [step for step in steps(found) if step.kind == "retry"]


def test_artifacts_from_before_the_failure_are_refused() -> None:
    with pytest.raises(ArtifactError, match="the run that failed is not in it"):
        planned("stg_orders", "pipeline-failure", since="2026-11-24T01:00")


def test_what_was_not_built_since_is_left_alone_and_that_is_said() -> None:
    found = planned("raw.orders", "data-quality", since="2026-11-24T01:00")
    assert not [step for step in steps(found) if step.kind in {"run", "sql", "full-refresh", "window"}]
    assert any("last built before the data became bad" in note for note in found.recovery.notes)


def test_earlier_runs_tell_of_what_the_last_one_skipped() -> None:
    skipped = artifacts()
    assert skipped.run is not None
    results = {**skipped.run.results, LEDGER: Result(LEDGER, "skipped")}
    skipped = msgspec.structs.replace(skipped, run=msgspec.structs.replace(skipped.run, results=results))
    earlier = Run("build", generated_at="2026-11-19T00:00:00Z", results={LEDGER: Result(LEDGER, "success", completed_at="2026-11-19T00:00:00Z")})
    alone = aftershock.plan(skipped, "raw.inventory_moves", "data-quality", since=SINCE, now=NOW)
    known = aftershock.plan(skipped, "raw.inventory_moves", "data-quality", since=SINCE, now=NOW, history=[earlier])
    assert of(alone, "inventory_ledger", "sql")
    assert not of(known, "inventory_ledger", "sql")
    assert of(known, "inventory_ledger", "run")


def test_another_target_is_taken_and_said() -> None:
    found = planned("raw.orders", "stale-data", target="dev")
    assert all("dev" in step.argv and "prod" not in step.argv for step in steps(found) if step.argv)
    assert any("another warehouse" in note for note in found.recovery.notes)
    assert not found.recovery.asks_target


def test_an_unknown_target_is_asked_for() -> None:
    unknown = artifacts()
    assert unknown.run is not None
    args = {key: value for key, value in unknown.run.args.items() if key not in {"target", "invocation_command"}}
    run = msgspec.structs.replace(unknown.run, args=args)
    found = aftershock.plan(msgspec.structs.replace(unknown, run=run), "raw.orders", "stale-data", now=NOW)
    assert found.recovery.asks_target
    assert not aftershock.plan(msgspec.structs.replace(unknown, run=run), "raw.orders", "stale-data", now=NOW, target="prod").recovery.asks_target


@pytest.mark.parametrize(("asked", "place"), [({"engine": "airflow"}, "--engine"), ({"target": "-x"}, "--target"), ({"target": " "}, "--target")])
def test_what_cannot_be_asked(asked: dict[str, object], place: str) -> None:
    with pytest.raises(UsageError, match=place):
        planned("raw.orders", "stale-data", **asked)


@pytest.mark.parametrize("engine", ["dbt", "sql", "dagster"])
def test_every_engine_repairs_the_same_nodes(engine: str) -> None:
    found = planned("raw.orders", "data-quality", since=SINCE, engine=engine)
    repaired = {unique_id for step in steps(found) if step.kind in {"run", "sql", "window", "snapshot", "full-refresh"} for unique_id in step.nodes}
    wanted = planned("raw.orders", "data-quality", since=SINCE)
    assert repaired == {unique_id for step in steps(wanted) if step.kind in {"run", "sql", "window", "snapshot", "full-refresh"} for unique_id in step.nodes}
    assert found.recovery.engine == engine


def test_sql_instead_of_dbt_ends_with_the_count_of_the_window() -> None:
    (step,) = of(planned("raw.order_items", "data-quality", since=SINCE, engine="sql"), "fct_order_items", "sql")
    assert step.sql.index("DELETE FROM") < step.sql.index("INSERT INTO") < step.sql.index("COMMIT") < step.sql.index("backfilled_rows")


def test_the_same_question_has_the_same_answer() -> None:
    assert planned("raw.orders", "data-quality", since=SINCE) == planned("raw.orders", "data-quality", since=SINCE)
