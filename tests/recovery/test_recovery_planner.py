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
from aftershock.model import Category, ExposureInfo, Owner, Project, RecoveryPlan, Window
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
        "gate gate: stg",
        "gate gate: facts",
        "pause pause: history",
        "backup backup: facts history",
        "plain run: stg side",
        "full-refresh full-refresh: facts",
        "plain run: mart",
        "manual sql: history",
        "plain run: changes",
        "manual confirm: export",
        "verify test: unique_mart",
        "verify confirm: board",
    ]
    assert commands(found) == [
        "dbt run --select stg side --target prod",
        "dbt run --select facts --full-refresh --target prod",
        "dbt run --select mart --target prod",
        "dbt run --select changes --target prod",
        "dbt test --select mart --target prod",
    ]
    assert found.untouched == ("metric.shop.revenue", "model.shop.report")


def test_a_full_refresh_says_what_it_destroys_and_is_gated() -> None:
    found = planned(shop(), "duplicate-load", RAW, run=ran())
    steps = {step.kind: step for phase in found.phases for step in phase.steps if step.nodes == ("model.shop.facts",)}
    assert "lost for ever" in steps["full-refresh"].destroys
    assert "whole history" in steps["gate"].why


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
    of = project(source(), microbatch("days", RAW), microbatch("months", "model.shop.days", batch_size="month"), microbatch("odd", RAW, batch_size="week"))
    found = planned(of, "data-quality", RAW, window=WINDOW)
    assert commands(found)[:2] == [
        "dbt run --select days --event-time-start 2026-03-02T00:00:00 --event-time-end 2026-03-05T00:00:00",
        "dbt run --select months --event-time-start 2026-03-01T00:00:00 --event-time-end 2026-04-01T00:00:00",
    ]
    assert "manual window: odd" in lines(found)
    assert any("event time in UTC" in note for note in found.notes)


@pytest.mark.parametrize(
    ("category", "first"), [("stale-data", "plain run: days"), ("pipeline-failure", "manual window: days"), ("data-loss", "manual window: days")]
)
def test_microbatch_without_both_ends(category: str, first: str) -> None:
    of = project(source(), microbatch("days", RAW))
    found = planned(of, category, RAW, window=Window("2026-03-02T04:00:00Z"))
    assert lines(found)[1] == first
    assert not any("event-time" in line for line in commands(found))


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
    assert [step.why for step in found.phases[0].steps][1].startswith("Count the rows")
    assert any("doubled" in step.destroys for phase in found.phases for step in phase.steps if step.kind == "run")


def test_a_view_that_errored_below_is_created_again() -> None:
    run = ran(stg="error", report="error")
    assert any(" report " in f"{line} " for line in commands(planned(shop(), "pipeline-failure", "stg", run=run)))


def test_stale_data_waits_for_the_loader_and_takes_the_snapshot() -> None:
    found = planned(shop(), "stale-data", "stg", run=ran())
    assert lines(found)[0] == "gate gate: orders"
    assert commands(found) == [
        "dbt snapshot --select history --target prod",
        "dbt run --select facts side changes mart --target prod",
        "dbt source freshness --select source:raw.orders --target prod",
        "dbt test --select mart --target prod",
    ]
    assert not any(line.startswith(("pause", "backup")) for line in lines(found))


def test_stale_data_without_a_source_asks_what_the_node_waits_for() -> None:
    found = planned(project(model("clock")), "stale-data", "clock")
    assert found.phases[0].steps[0].why.startswith("Find what it waits for")


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
    assert lines(found)[:5] == ["gate gate: facts", "backup backup: facts mart", "restore restore: facts", "plain run: mart", "manual confirm: export"]
    assert "only ones" in found.phases[3].steps[0].destroys
    assert "full-refresh" not in " ".join(commands(found))


@pytest.mark.parametrize("build", [{"full_refresh": True}, {"strategy": "microbatch", "batch_size": "day"}, {"full_refresh": False}])
def test_a_failing_incremental_that_lost_rows_is_restored_not_rebuilt(build: dict[str, object]) -> None:
    found = planned(shop(**build), "data-loss", "facts")
    assert "restore restore: facts" in lines(found)


def test_a_lost_batch_is_rebuilt_only_with_a_copy_beside() -> None:
    found = planned(project(source(), microbatch("days", RAW)), "data-loss", "days", window=WINDOW)
    assert lines(found) == ["gate gate: days", "backup backup: days", "window window: days"]


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
    assert lines(found) == ["gate gate: theirs", "plain run: mart", "manual confirm: below"]


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
    assert "No test would show whether facts, side, history, changes are repaired: compare row counts by hand." in notes
    many = planned(project(*(model(f"m{n}") for n in range(7))), "data-quality", *(f"m{n}" for n in range(7))).notes
    assert any("m4 and 2 more are repaired" in note for note in many)
    assert any(note == "Nothing is run for 1 metric or semantic node (each is computed when it is asked for), 1 view (each is right as soon as what it reads is)." for note in notes)  # fmt: skip


def test_what_only_the_warehouse_connects_is_said_to_be_left_out() -> None:
    twin = msgspec.structs.replace(source("copy", freshness=False), relation_name='"db"."main"."mart"')
    of = project(model("mart"), twin, model("hidden", twin.unique_id))
    assert any("not in this plan" in note for note in planned(of, "data-quality", "mart").notes)


def test_many_names_are_several_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aftershock.recovery.commands.MOST_WORDS", 2)
    of = project(*(model(f"m{n}", *([f"model.shop.m{n - 1}"] if n else [])) for n in range(5)))
    found = planned(of, "data-quality", "m0")
    assert commands(found) == ["dbt run --select m0 m1", "dbt run --select m2 m3", "dbt run --select m4"]
    assert len(found.phases) == 4


def test_independent_steps_of_one_kind_share_a_phase() -> None:
    of = project(other("seed", "codes", path="seeds/codes.csv"), model("mart"))
    found = planned(of, "data-quality", "seed.shop.codes", "mart")
    assert [len(phase.steps) for phase in found.phases if phase.kind == "plain"] == [2]


def test_a_circle_is_an_error() -> None:
    with pytest.raises(ArtifactError, match="circle"):
        planned(project(model("a", "model.shop.b"), model("b", "model.shop.a")), "data-quality", "a")


def test_who_acts_is_named_as_far_as_it_is_declared() -> None:
    loaded = source(loader="Fivetran")
    owned = msgspec.structs.replace(source("owned"), meta={"owner": "Ada <ada@shop.example>"})
    of = project(loaded, owned, source("nobodys"), other("exposure", "board", loaded.unique_id, exposure=ExposureInfo(owners=(Owner("Bo"), Owner("Cy")))))
    found = planned(of, "data-quality", loaded.unique_id, owned.unique_id, "source.shop.raw.nobodys")
    who = {step.nodes[0].rpartition(".")[2]: step.who for phase in found.phases for step in phase.steps if step.who}
    assert who["orders"] == "whoever runs its loader, Fivetran"
    assert "ada@shop.example" in who["owned"]
    assert who["nobodys"] == "its owner, who is not declared"
    assert set(who["board"].split(", ")) == {"Bo", "Cy"}


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
    found = planned(of, category, *failing, run=run, window=data.draw(st.sampled_from([Window(), WINDOW])))
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
    assert all(repaired.count(unique_id) == 1 for unique_id in stored)
    assert len(set(repaired)) == len(repaired)
    assert all(not of.nodes[unique_id].is_stored for unique_id in found.untouched)


def _no_step_before_what_it_reads(found: RecoveryPlan, graph: LineageGraph, affected: set[str]) -> None:
    repair = [phase for phase in found.phases if phase.kind in {"restore", "plain", "full-refresh", "window", "manual"}]
    done: set[str] = set()
    for place, phase in enumerate(repair):
        for step in phase.steps:
            later = {unique_id for other_phase in repair[place + 1 :] for other_step in other_phase.steps for unique_id in other_step.nodes}
            beside = {unique_id for other_step in phase.steps if other_step is not step for unique_id in other_step.nodes}
            above = graph.ancestors(step.nodes).keys() & affected
            assert not above & later
            assert not above & beside - set(step.nodes)
            done |= set(step.nodes)
    kinds = [phase.kind for phase in found.phases]
    assert [kind for kind in kinds if kind in {"gate", "pause", "backup"}] == kinds[: sum(kind in {"gate", "pause", "backup"} for kind in kinds)]
    assert "verify" not in kinds[:-1]


def _no_command_that_destroys(found: RecoveryPlan, of: Project) -> None:
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
            if "--full-refresh" in text:
                assert step.destroys
                assert all(node.build.strategy != "microbatch" and node.build.full_refresh is not False for node in nodes)
                assert all(node.resource_type != "snapshot" for node in nodes)
            if step.kind != "test":
                assert all(node.materialized != "ephemeral" and node.path for node in nodes)
