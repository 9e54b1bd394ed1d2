from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recovery_builder import (
    REPAIRS,
    WINDOW,
    commands,
    copied,
    exposure,
    incremental,
    lines,
    microbatch,
    model,
    other,
    planned,
    project,
    ran,
    repair_of,
    saved_query,
    source,
)

from aftershock.errors import ArtifactError
from aftershock.graph import LineageGraph
from aftershock.model import Build, Category, ExposureInfo, Node, Owner, OwnerRule, Policy, Project, RecoveryPlan, Window
from aftershock.recovery.shapes import shape_of

RAW = "source.shop.raw.orders"
STG = "model.shop.stg"


def shop(adapter: str = "duckdb", **build: object) -> Project:
    """source -> view -> incremental -> table, with a snapshot, a table beside and consumers."""
    return project(
        source(),
        model("stg", RAW, materialized="view"),
        model("side", STG),
        incremental("facts", STG, **build),
        model("mart", "model.shop.facts"),
        model("report", "model.shop.mart", materialized="view"),
        other("snapshot", "history", STG, path="snapshots/history.sql"),
        model("changes", "snapshot.shop.history"),
        exposure("board", "model.shop.mart"),
        saved_query("export", "model.shop.mart"),
        other("metric", "revenue", "model.shop.mart"),
        other("test", "unique_mart", "model.shop.mart"),
        adapter=adapter,
    )


def test_data_quality_rebuilds_what_is_stored_in_the_order_of_the_graph() -> None:
    found = planned(shop(), "data-quality", "stg", run=ran())
    assert lines(found) == [
        "backup backup: ",
        "gate gate: stg",
        "gate gate: facts",
        "pause pause: ",
        "pause pause: history",
        "backup backup: facts history",
        "plain run: stg side",
        "full-refresh full-refresh: facts",
        "plain run: mart",
        "manual sql: history",
        "plain snapshot: history",
        "plain run: changes",
        "manual confirm: export",
        "verify test: unique_mart",
        "verify confirm: board",
        "verify confirm: history",
    ]
    assert commands(found) == [
        "dbt run --select stg side --target prod",
        "dbt run --select facts --full-refresh --target prod",
        "dbt run --select mart --target prod",
        "dbt snapshot --select history --target prod",
        "dbt run --select changes --target prod",
        "dbt test --select mart --target prod",
    ]
    assert found.untouched == ("metric.shop.revenue", "model.shop.report")


def test_a_full_refresh_says_what_it_destroys_and_is_gated() -> None:
    found = planned(shop(), "duplicate-load", RAW, run=ran())
    steps = {step.kind: step for phase in found.phases for step in phase.steps if "model.shop.facts" in step.nodes}
    assert "grants" in steps["full-refresh"].destroys
    assert steps["full-refresh"].costs
    assert steps["full-refresh"].requires
    assert steps["full-refresh"].is_irreversible
    assert "at least as many rows" in steps["gate"].why


@pytest.mark.parametrize("strategy", ["", "append", "merge", "delete+insert"])
def test_without_a_key_every_strategy_appends(strategy: str) -> None:
    facts = shop(strategy=strategy, unique_key=()).nodes["model.shop.facts"]
    assert shape_of(facts) == "append"


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        ({"full_refresh": False}, "manual sql"),
        ({"full_refresh": True}, "plain run"),
        ({"strategy": "append", "unique_key": ()}, "full-refresh full-refresh"),
        ({"strategy": "insert_overwrite", "unique_key": ()}, "full-refresh full-refresh"),
        ({"strategy": "scd2_of_ours"}, "manual sql"),
        ({"strategy": "microbatch", "batch_size": "day"}, "manual window"),
    ],
)
def test_what_an_incremental_needs_when_its_rows_are_bad(build: dict[str, object], kind: str) -> None:
    found = planned(shop(**build), "data-quality", "stg", run=ran())
    assert repair_of(found, "facts") == kind


def test_microbatch_gets_whole_batches_and_never_a_full_refresh() -> None:
    timed = msgspec.structs.replace(source(), build=Build(event_time="at"))
    of = project(timed, microbatch("days", RAW), microbatch("months", "model.shop.days", batch_size="month"), microbatch("odd", RAW, batch_size="week"))
    found = planned(of, "data-quality", RAW, window=WINDOW)
    assert commands(found)[:2] == [
        "dbt run --select days --event-time-start 2026-03-02T00:00:00 --event-time-end 2026-03-05T00:00:00",
        "dbt run --select months --event-time-start 2026-03-01T00:00:00 --event-time-end 2026-04-01T00:00:00",
    ]
    assert "manual window: odd" in lines(found)
    assert any("event time in UTC" in note for note in found.notes)


@pytest.mark.parametrize(("adapter", "repair"), [("duckdb", "window window"), ("postgres", "manual sql")])
def test_a_microbatch_model_whose_batches_are_merged_is_no_repair_for_rows_that_must_go(adapter: str, repair: str) -> None:
    of = project(source(), microbatch("days", RAW), adapter=adapter)
    assert repair_of(planned(of, "duplicate-load", RAW, window=WINDOW), "days") == repair
    assert repair_of(planned(of, "stale-data", RAW, window=WINDOW), "days") == "window window"


def test_batches_that_may_read_more_than_their_own_time_are_rebuilt_until_it_was_noticed() -> None:
    found = planned(project(source(), microbatch("days", RAW)), "data-quality", RAW, window=WINDOW)
    assert commands(found)[0] == "dbt run --select days --event-time-start 2026-03-02T00:00:00 --event-time-end 2026-03-06T00:00:00"


@pytest.mark.parametrize("category", [item for item in Category if item is not Category.SCHEMA_BREAK])
def test_without_an_end_a_window_ends_when_it_was_detected(category: Category) -> None:
    of = project(source(), microbatch("days", RAW))
    found = planned(of, category, RAW, window=Window("2026-03-02T04:00:00Z"))
    assert commands(found)[0] == "dbt run --select days --event-time-start 2026-03-02T00:00:00 --event-time-end 2026-03-06T00:00:00"
    assert "The window ends at 2026-03-05T06:00:00Z, when it was detected: --until ends it later where bad or missing rows came after that." in found.notes


@pytest.mark.parametrize("category", ["stale-data", "pipeline-failure"])
@pytest.mark.parametrize("failing", [RAW, "days"])
def test_a_gap_of_unknown_length_is_asked_for_and_counted(category: str, failing: str) -> None:
    of = project(source(), microbatch("days", RAW))
    found = planned(of, category, failing)
    steps = {step.why.split(" ")[0]: step for phase in found.phases for step in phase.steps if step.nodes == ("model.shop.days",)}
    assert commands(found)[0] == "dbt run --select days"
    assert "longer than the last batch and the lookback" in steps["Is"].why
    assert steps["Count"].kind == "confirm"
    assert not any(step.startswith("Is") for step in _whys(planned(of, category, failing, window=WINDOW)))


def _whys(found: RecoveryPlan) -> list[str]:
    return [step.why for phase in found.phases for step in phase.steps]


@pytest.mark.parametrize("category", ["data-loss", "data-quality"])
def test_without_a_start_no_window_is_made_up(category: str) -> None:
    found = planned(project(source(), microbatch("days", RAW)), category, RAW)
    assert "manual window: days" in lines(found)


@pytest.mark.parametrize("category", list(Category))
def test_a_window_that_could_drop_the_last_copy_says_so_and_is_copied(category: Category) -> None:
    found = planned(project(source(), microbatch("days", RAW), model("mart", "model.shop.days")), category, RAW, window=WINDOW)
    steps = {step.nodes[0].rpartition(".")[2]: step for phase in found.phases for step in phase.steps if step.argv and phase.kind != "verify"}
    lossy = {"days", "mart"} if category in {Category.DATA_LOSS, Category.SCHEMA_BREAK} else {"days"}
    assert {name for name, step in steps.items() if step.destroys} == lossy
    assert copied(found) == lossy
    counted = [step.nodes for step in found.phases[1].steps if "at least as many rows" in step.why]
    assert counted == [tuple(f"model.shop.{name}" for name in sorted(lossy))]


BACKFILL = {"vars": ("backfill_start", "currency"), "starts": ("backfill_start",), "strategy": "delete+insert"}


def test_a_keyed_model_starts_from_its_variable_where_the_bad_time_is_known() -> None:
    run = msgspec.structs.replace(ran(), args={"target": "prod", "vars": {"currency": "EUR"}})
    found = planned(shop(**BACKFILL), "duplicate-load", RAW, run=run, window=WINDOW)
    variables = '--vars {"backfill_start": "2026-03-01", "currency": "EUR"}'
    assert f"dbt run --select facts {variables} --target prod" in commands(found)
    assert sum("backfill_start" in line for line in commands(found)) == 1
    assert all(line.count("--vars") == 1 for line in commands(found))
    assert "model.shop.facts" in next(step.nodes for phase in found.phases for step in phase.steps if step.why.startswith("Count rows"))
    assert "full-refresh" not in " ".join(commands(found))


def test_the_variable_is_named_where_the_bad_time_is_not_known() -> None:
    found = planned(shop(**BACKFILL), "data-quality", RAW, run=ran())
    (step,) = (step for phase in found.phases for step in phase.steps if step.kind == "full-refresh")
    assert "facts reads the variable backfill_start" in step.why


def test_merge_leaves_duplicates_so_that_a_variable_is_no_way_out() -> None:
    found = planned(shop(vars=("since",), starts=("since",)), "duplicate-load", RAW, run=ran(), window=WINDOW)
    assert repair_of(found, "facts") == "full-refresh full-refresh"
    assert repair_of(planned(shop(vars=("since",), starts=("since",)), "data-quality", RAW, run=ran(), window=WINDOW), "facts") == "window window"


@pytest.mark.parametrize("strategy", ["append", "merge", "insert_overwrite"])
def test_after_a_loss_an_incremental_below_is_a_copy_not_refreshed(strategy: str) -> None:
    found = planned(shop(strategy=strategy), "data-loss", RAW, run=ran())
    assert repair_of(found, "facts") == "manual sql"
    assert "facts" in copied(found)


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        ({}, "manual sql"),
        ({"strategy": "append", "unique_key": ()}, "manual sql"),
        ({"full_refresh": False}, "manual sql"),
        ({"full_refresh": True}, "plain run"),
        ({"strategy": "microbatch", "batch_size": "day"}, "manual sql"),
        ({"strategy": "microbatch", "batch_size": "day", "unique_key": ()}, "manual window"),
    ],
)
def test_a_loss_that_is_not_confirmed_is_counted_and_built_again(build: dict[str, object], kind: str) -> None:
    found = planned(shop(**build), "data-loss", "facts", run=ran(), confirmed=False)
    assert repair_of(found, "facts") == kind
    assert any("only if upstream holds all that was lost" in why for why in _whys(found))
    assert not any(why.startswith("Stop the schedule, then count") for why in _whys(planned(shop(**build), "data-loss", "facts", run=ran())))


def test_confirmed_is_a_matter_of_losses_only() -> None:
    assert planned(shop(), "data-quality", "stg", confirmed=False) == planned(shop(), "data-quality", "stg")


def _closing(of: Project) -> Project:
    history = msgspec.structs.replace(of.nodes["snapshot.shop.history"], build=Build("snapshot", hard_deletes="invalidate"))
    return msgspec.structs.replace(of, nodes={**of.nodes, history.unique_id: history})


def test_a_snapshot_that_lost_rows_itself_has_nothing_to_reopen() -> None:
    lost = planned(_closing(shop()), "data-loss", "snapshot.shop.history")
    below = planned(_closing(shop()), "data-loss", RAW)
    assert [why for why in _whys(lost) if "time travel" in why]
    assert [why for why in _whys(below) if "opened again" in why]
    assert not [why for why in _whys(lost) if "opened again" in why]


def test_versions_are_opened_again_before_the_snapshot_runs_again_and_a_loss_closes_none_without_hard_deletes() -> None:
    steps = lines(planned(_closing(shop()), "data-loss", RAW, run=ran()))
    assert steps.index("restore restore: history") + 1 == steps.index("plain snapshot: history")
    assert "restore restore: history" not in lines(planned(shop(), "data-loss", RAW, run=ran()))


@pytest.mark.parametrize(("category", "last"), [("data-quality", "let dbt snapshot"), ("pipeline-failure", "let dbt snapshot"), ("data-loss", "the schedule")])
def test_what_was_held_is_released_at_the_end(category: str, last: str) -> None:
    step = planned(shop(), category, RAW, run=ran()).phases[-1].steps[-1]
    assert (step.kind, step.nodes, step.who) == ("confirm", ("snapshot.shop.history",), "whoever schedules dbt")
    assert last in step.why


def test_a_stopped_schedule_is_started_again_without_any_snapshot() -> None:
    step = planned(project(source(), model("mart", RAW)), "data-loss", RAW).phases[-1].steps[-1]
    assert (step.nodes, step.who) == ((RAW,), "whoever schedules dbt")


def test_old_input_holds_nothing() -> None:
    assert not [why for why in _whys(planned(shop(), "stale-data", RAW, run=ran())) if "run again" in why and "snapshot" in why]


def test_dbts_files_are_copied_before_anything_where_dbt_will_run() -> None:
    assert "cp -r target target-incident" in planned(shop(), "data-quality", RAW).phases[0].steps[0].why
    assert not [why for why in _whys(planned(project(source()), "data-quality", RAW)) if "cp -r" in why]


def test_a_source_without_freshness_is_compared_by_hand() -> None:
    of = project(source(), source("bare", freshness=False), model("mart", RAW, "source.shop.raw.bare"))
    gates = {step.nodes: step.why for step in planned(of, "stale-data", "mart").phases[1].steps}
    assert "wait until its freshness passes" in gates[RAW,]
    assert "no freshness is declared" in gates["source.shop.raw.bare",]


def test_pipeline_failure_runs_what_failed_and_was_skipped() -> None:
    run = ran(stg="error", facts="skipped", mart="skipped", report="skipped", side="skipped")
    found = planned(shop(strategy="append", unique_key=()), "pipeline-failure", "stg", run=run)
    assert commands(found) == [
        "dbt run --select stg facts side mart report --target prod",
        "dbt snapshot --select history --target prod",
        "dbt run --select changes --target prod",
        "dbt test --select mart --target prod",
    ]
    assert "pause pause: history" in lines(found)


def test_an_append_model_that_failed_is_counted_before_it_runs_again() -> None:
    run = ran(facts="error")
    found = planned(shop(strategy="append", unique_key=()), "pipeline-failure", "facts", run=run)
    assert [step.why for step in found.phases[1].steps][1].startswith("Count the rows")
    assert any("doubled" in step.destroys for phase in found.phases for step in phase.steps if step.kind == "run")


def test_a_view_that_errored_below_is_created_again() -> None:
    run = ran(stg="error", report="error")
    assert any(" report " in f"{line} " for line in commands(planned(shop(), "pipeline-failure", "stg", run=run)))


def test_stale_data_waits_for_the_loader_and_takes_the_snapshot() -> None:
    found = planned(shop(), "stale-data", "stg", run=ran())
    assert lines(found)[1] == "gate gate: orders"
    assert commands(found) == [
        "dbt snapshot --select history --target prod",
        "dbt run --select facts side changes mart --target prod",
        "dbt test --select mart --target prod",
        "dbt source freshness --select source:raw.orders --target prod",
    ]
    assert [line for line in lines(found) if line.startswith("pause")] == ["pause pause: "]
    assert "dbt build --target prod on a schedule" in found.phases[2].steps[0].why


def test_stale_data_without_a_source_asks_what_the_node_waits_for() -> None:
    found = planned(project(model("clock")), "stale-data", "clock")
    assert found.phases[1].steps[0].why.startswith("Find what it waits for")


def test_schema_break_recreates_views_and_backs_up_what_would_lose_the_column() -> None:
    found = planned(shop(on_schema_change="sync_all_columns"), "schema-break", RAW, run=ran())
    assert commands(found)[0] == "dbt run --select stg facts side mart report --target prod"
    assert copied(found) == {"facts", "side", "history", "mart", "changes"}
    assert any("while it is missing" in step.why for phase in found.phases for step in phase.steps)


def test_schema_break_of_a_seed_needs_its_full_refresh() -> None:
    of = project(other("seed", "codes", path="seeds/codes.csv"), model("mart", "seed.shop.codes"))
    assert commands(planned(of, "schema-break", "seed.shop.codes")) == ["dbt seed --select codes --full-refresh", "dbt run --select mart"]
    assert commands(planned(of, "data-quality", "seed.shop.codes")) == ["dbt seed --select codes", "dbt run --select mart"]


def test_data_loss_copies_survivors_and_restores_before_it_rebuilds() -> None:
    found = planned(shop(), "data-loss", "facts", run=ran())
    assert lines(found)[:8] == [
        "backup backup: ",
        "gate gate: facts",
        "gate gate: mart",
        "pause pause: ",
        "backup backup: facts mart",
        "restore restore: facts",
        "manual sql: facts",
        "plain run: mart",
    ]
    assert "only ones" in found.phases[6].steps[0].destroys
    assert "full-refresh" not in " ".join(commands(found))


@pytest.mark.parametrize("build", [{"full_refresh": True}, {"strategy": "microbatch", "batch_size": "day"}, {"full_refresh": False}])
def test_a_failing_incremental_that_lost_rows_is_restored_not_rebuilt(build: dict[str, object]) -> None:
    found = planned(shop(**build), "data-loss", "facts")
    assert "restore restore: facts" in lines(found)


def test_a_lost_batch_is_rebuilt_only_with_a_copy_beside() -> None:
    found = planned(project(source(), microbatch("days", RAW)), "data-loss", "days", window=WINDOW)
    assert lines(found) == [
        "backup backup: ",
        "gate gate: days",
        "gate gate: days",
        "backup backup: days",
        "restore restore: days",
        "window window: days",
        "verify confirm: days",
    ]


@pytest.mark.parametrize("adapter", ["postgres", "redshift"])
def test_views_that_fall_with_a_table_are_named_after_it(adapter: str) -> None:
    of = project(model("base"), model("via", "model.shop.base", materialized="ephemeral"), model("v1", "model.shop.via", materialized="view"), model("v2", "model.shop.v1", materialized="view"), adapter=adapter)  # fmt: skip
    found = planned(of, "data-quality", "base")
    assert commands(found) == ["dbt run --select base v1 v2"]
    assert any("outside dbt" in note for note in found.notes)


def test_other_projects_models_are_their_owners() -> None:
    theirs = msgspec.structs.replace(model("theirs"), path="")
    below = msgspec.structs.replace(model("below", "model.shop.mart"), path="")
    of = project(theirs, model("mart", "model.shop.theirs"), below)
    found = planned(of, "data-quality", "theirs")
    assert lines(found) == [
        "backup backup: ",
        "gate gate: theirs",
        "plain run: mart",
        "manual confirm: below",
    ]


def test_functions_are_built_where_they_failed() -> None:
    of = project(other("function", "net", path="functions/net.sql"), model("mart", "function.shop.net"))
    assert commands(planned(of, "data-quality", "function.shop.net"))[0] == "dbt build --resource-type function --select net"
    below = project(source(), other("function", "net", RAW, path="functions/net.sql"))
    assert commands(planned(below, "schema-break", RAW))[0] == "dbt build --resource-type function --select net"
    assert planned(below, "data-quality", RAW).untouched == ("function.shop.net",)


def test_a_failing_exposure_or_metric_has_nothing_to_rebuild() -> None:
    of = project(exposure("board"), other("metric", "revenue"))
    assert lines(planned(of, "data-quality", "exposure.shop.board", "metric.shop.revenue")) == ["verify confirm: board"]


def test_a_node_that_no_selector_chooses_alone_is_a_manual_step() -> None:
    twin = msgspec.structs.replace(model("x y"), unique_id="model.shop.one", fqn=("shop", "a", "x y"), path="models/a/x y.sql")
    same = msgspec.structs.replace(twin, unique_id="model.shop.two", fqn=("shop", "a", "x,y"), name="x,y", path="models/a/x,y.sql")
    of = project(twin, same, other("test", "t", "model.shop.one"))
    found = planned(of, "data-quality", "model.shop.one")
    assert lines(found) == ["gate gate: one", "manual confirm: one"]
    assert commands(found) == []


def test_materializations_that_are_not_known_are_not_touched_for_bad_rows() -> None:
    of = project(model("x", materialized="insert_by_period"), model("y", materialized="materialized_view"))
    assert "manual sql: x" in lines(planned(of, "data-quality", "x"))
    assert "plain run: x" in lines(planned(of, "pipeline-failure", "x"))
    assert "plain run: y" in lines(planned(of, "data-quality", "y"))


def test_notes_name_the_unknown_target_and_what_no_test_covers() -> None:
    notes = planned(shop(), "data-quality", "stg").notes
    assert any("--target" in note for note in notes)
    assert "No test would show whether facts, side, history and changes are repaired: compare row counts by hand." in notes
    many = planned(project(*(model(f"m{n}") for n in range(7))), "data-quality", *(f"m{n}" for n in range(7))).notes
    assert any("m4 and 2 more are repaired" in note for note in many)
    assert any(note == "Nothing is run for 1 metric or semantic node (each is computed when it is asked for) and 1 view (each is right as soon as what it reads is)." for note in notes)  # fmt: skip


def test_what_only_the_warehouse_connects_is_said_to_be_left_out() -> None:
    twin = msgspec.structs.replace(source("copy", freshness=False), relation_name='"db"."main"."mart"')
    of = project(model("mart"), twin, model("hidden", twin.unique_id))
    assert any("not in this plan" in note for note in planned(of, "data-quality", "mart").notes)


def test_many_names_are_several_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aftershock.recovery.commands.MOST_WORDS", 2)
    of = project(*(model(f"m{n}", *([f"model.shop.m{n - 1}"] if n else [])) for n in range(5)))
    found = planned(of, "data-quality", "m0")
    assert commands(found) == ["dbt run --select m0 m1", "dbt run --select m2 m3", "dbt run --select m4"]
    assert [phase.kind for phase in found.phases] == ["backup", "gate", *["plain"] * 3]


def test_independent_steps_of_one_kind_share_a_phase() -> None:
    of = project(other("seed", "codes", path="seeds/codes.csv"), model("mart"))
    found = planned(of, "data-quality", "seed.shop.codes", "mart")
    assert [len(phase.steps) for phase in found.phases if phase.kind == "plain"] == [2]


def test_a_circle_is_an_error() -> None:
    with pytest.raises(ArtifactError, match="circle"):
        planned(project(model("a", "model.shop.b"), model("b", "model.shop.a")), "data-quality", "a")


def _who(found: RecoveryPlan, kind: str = "gate") -> dict[tuple[str, ...], str]:
    """Who acts by the names of a step's nodes; of several steps on the same nodes the first."""
    steps = [step for phase in reversed(found.phases) for step in reversed(phase.steps) if step.kind == kind and step.nodes]
    return {tuple(unique_id.rpartition(".")[2] for unique_id in step.nodes): step.who for step in steps}


def _owned(node: Node, owner: str) -> Node:
    return msgspec.structs.replace(node, meta={"owner": owner})


def test_who_acts_is_named_as_far_as_it_is_declared() -> None:
    of = project(source(loader="Fivetran"), _owned(source("owned"), "Ada <ada@shop.example>"), source("nobodys"), source("nobodys_too"))
    sources = [unique_id for unique_id in of.nodes if unique_id != RAW]
    assert _who(planned(of, "data-quality", RAW)) == {("orders",): "whoever runs its loader, Fivetran"}
    assert _who(planned(of, "data-quality", sources[0])) == {("owned",): "Ada <ada@shop.example>"}
    assert _who(planned(of, "data-quality", sources[1])) == {("nobodys",): "its owner, who is not declared"}
    assert list(_who(planned(of, "data-quality", *sources[1:])).values()) == ["their owners, who are not declared"]
    assert list(_who(planned(of, "data-quality", *sources[:2])).values()) == ["Ada <ada@shop.example>, and the owner of raw.nobodys, who is not declared"]
    assert list(_who(planned(of, "data-quality", *sources)).values()) == [
        "Ada <ada@shop.example>, and the owners of raw.nobodys and raw.nobodys_too, who are not declared"
    ]


def test_several_failing_nodes_of_one_reason_are_one_gate() -> None:
    of = project(_owned(model("a"), "Ada"), _owned(model("b"), "Bo"), _owned(model("c"), "Ada"))
    assert _who(planned(of, "data-quality", "a", "b", "c"))["a", "b", "c"] == "Ada, Bo"


def test_owners_upstream_of_what_is_affected_are_found_in_the_same_order() -> None:
    of = project(_owned(source(), "@web-analytics"), source("refunds"), model("stg", RAW, "source.shop.raw.refunds", materialized="view"))
    policy = Policy(owners=(OwnerRule(Owner("Payments Crew"), node="raw.refunds"),))
    assert _who(planned(of, "stale-data", "stg", policy=policy)) == {("orders", "refunds"): "@web-analytics, Payments Crew"}


def test_those_who_only_read_a_node_are_not_asked_to_repair_it() -> None:
    facts = msgspec.structs.replace(incremental("facts"), meta={"owner": "Ada", "subscribers": ["bi@shop.example"]})
    board = other("exposure", "board", "model.shop.facts", exposure=ExposureInfo(owners=(Owner("Bo"), Owner("Cy"))))
    found = planned(project(facts, board), "data-loss", "facts")
    assert _who(found, "restore") == {("facts",): "Ada"}
    assert _who(found, "confirm")["board",] == "Bo, Cy"


def test_two_nodes_of_one_name_have_their_package_with_it() -> None:
    of = project(model("a"), model("a", package="extras"), model("b"))
    notes = planned(of, "data-quality", *of.nodes).notes
    assert "No test would show whether extras.a, shop.a and b are repaired: compare row counts by hand." in notes


SHAPES = st.sampled_from(
    [
        {"materialized": "table"},
        {"materialized": "view"},
        {"materialized": "ephemeral"},
        {"materialized": "materialized_view"},
        {"materialized": "insert_by_period"},
        *({"materialized": "incremental", "strategy": name} for name in ("", "append", "merge", "insert_overwrite", "odd")),
        {"materialized": "incremental", "strategy": "merge", "unique_key": ("id",), "full_refresh": False},
        {"materialized": "incremental", "strategy": "merge", "unique_key": ("id",), "full_refresh": True},
        {"materialized": "incremental", "strategy": "delete+insert", "unique_key": ("id",), "on_schema_change": "sync_all_columns"},
        {"materialized": "incremental", "strategy": "delete+insert", "unique_key": ("id",), "vars": ("start_date", "currency")},
        *({"materialized": "incremental", "strategy": "microbatch", "batch_size": size} for size in ("hour", "day", "month", "week")),
        {"materialized": "incremental", "strategy": "microbatch", "batch_size": "day", "full_refresh": True},
    ]
)


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """A random DAG: a source, models of all shapes, snapshots, a function and consumers."""
    nodes = [source()]
    for number in range(draw(st.integers(1, 9))):
        parents = [node.unique_id for node in nodes if draw(st.booleans())]
        kind = draw(st.sampled_from(["model"] * 6 + ["snapshot", "function", "foreign"]))
        if kind in {"model", "foreign"}:
            made = model(f"m{number}", *parents, **draw(SHAPES))
            nodes.append(made if kind == "model" else msgspec.structs.replace(made, path=""))
        else:
            nodes.append(other(kind, f"m{number}", *parents, path=f"{kind}s/m{number}.sql"))
    nodes += [exposure("board", nodes[-1].unique_id), saved_query("out", nodes[-1].unique_id), other("test", "t", nodes[-1].unique_id)]
    return project(*nodes, adapter=draw(st.sampled_from(["duckdb", "postgres"])))


@settings(max_examples=150, deadline=None)
@given(projects(), st.sampled_from(Category), st.data())
def test_laws_of_every_plan(of: Project, category: Category, data: st.DataObject) -> None:
    built = [unique_id for unique_id, node in of.nodes.items() if node.resource_type not in {"exposure", "saved_query", "test"}]
    failing = data.draw(st.lists(st.sampled_from(built), min_size=1, max_size=2, unique=True))
    run = data.draw(st.sampled_from([None, ran(m1="error", m2="skipped", m3="success")]))
    windows = st.sampled_from([Window(), WINDOW, Window(WINDOW.since), Window("", WINDOW.until)])
    found = planned(of, category, *failing, run=run, window=data.draw(windows), confirmed=data.draw(st.booleans()))
    graph = LineageGraph.of(of)
    affected = {unique_id for unique_id in graph.descendants(failing) if of.nodes[unique_id].resource_type != "test"}
    _every_stored_node_once(found, of, affected)
    _no_step_before_what_it_reads(found, graph, affected)
    _no_command_that_destroys(found, of)
    assert planned(of, category, *failing, run=run) == planned(of, category, *failing, run=run)


def _every_stored_node_once(found: RecoveryPlan, of: Project, affected: set[str]) -> None:
    repaired = [
        unique_id
        for phase in found.phases
        if phase.kind not in {"backup", "pause", "verify"}
        for step in phase.steps
        if step.kind in REPAIRS
        or phase.kind == "manual"
        or (step.kind == "gate" and (unique := of.nodes[step.nodes[0]]) and (unique.source or not unique.path))
        for unique_id in step.nodes
    ]
    repaired += found.untouched
    stored = [unique_id for unique_id in affected if of.nodes[unique_id].is_stored]
    twice = {unique_id for unique_id in repaired if repaired.count(unique_id) > 1}
    restored = {unique_id for phase in found.phases if phase.kind == "restore" for step in phase.steps for unique_id in step.nodes}
    assert set(stored) <= set(repaired)
    filled = {unique_id for unique_id in twice if of.nodes[unique_id].build.on_schema_change == "sync_all_columns"}
    assert all(repaired.count(unique_id) == 2 and (unique_id in restored | filled or of.nodes[unique_id].resource_type == "snapshot") for unique_id in twice)
    assert all(not of.nodes[unique_id].is_stored for unique_id in found.untouched)


def _no_step_before_what_it_reads(found: RecoveryPlan, graph: LineageGraph, affected: set[str]) -> None:
    repair = [phase for phase in found.phases if phase.kind in {"plain", "full-refresh", "window", "manual"}]
    done: set[str] = set()
    for place, phase in enumerate(repair):
        for step in phase.steps:
            later = {unique_id for other_phase in repair[place + 1 :] for other_step in other_phase.steps for unique_id in other_step.nodes}
            beside = {unique_id for other_step in phase.steps if other_step is not step for unique_id in other_step.nodes}
            above = (graph.ancestors(step.nodes).keys() & affected) - set(step.nodes)
            assert not above & later
            assert not above & beside - set(step.nodes)
            done |= set(step.nodes)
    kinds = [phase.kind for phase in found.phases]
    assert [kind for kind in kinds if kind in {"gate", "pause", "backup"}] == kinds[: sum(kind in {"gate", "pause", "backup"} for kind in kinds)]
    assert "verify" not in kinds[:-1]


def _no_command_that_destroys(found: RecoveryPlan, of: Project) -> None:
    counted = {unique_id for phase in found.phases for step in phase.steps if "at least as many rows" in step.why for unique_id in step.nodes}
    for phase in found.phases:
        for step in phase.steps:
            if not step.argv:
                assert step.who
                continue
            text = " ".join(step.argv)
            nodes = [of.nodes[unique_id] for unique_id in step.nodes]
            assert not ("--full-refresh" in text and "--event-time" in text)
            assert text.count("--event-time-start") == text.count("--event-time-end")
            assert not step.argv[step.argv.index("--select") + 1].startswith("-")
            if "--event-time" in text:
                assert all(node.build.strategy == "microbatch" and node.build.full_refresh is not True for node in nodes)
            assert text.count("--vars") <= 1
            if step.destroys and step.kind != "seed" and "doubled" not in step.destroys:
                assert counted & set(step.nodes)
                assert copied(found) & {unique_id.rpartition(".")[2] for unique_id in step.nodes}
            if "--full-refresh" in text:
                assert step.destroys
                assert all(node.build.strategy != "microbatch" and node.build.full_refresh is not False for node in nodes)
                assert all(node.resource_type != "snapshot" for node in nodes)
            if step.kind != "test":
                assert all(node.materialized != "ephemeral" and node.path for node in nodes)
