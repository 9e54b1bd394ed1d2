from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from recovery_builder import commands, incremental, microbatch, model, other, planned, project, source

import aftershock
from aftershock.artifacts.manifest import read_manifest
from aftershock.errors import UsageError
from aftershock.model import Category, Node, Phase, RecoveryPlan, Step, Window
from aftershock.recovery.carried import NO_TARGET
from aftershock.recovery.commands import MOST_BYTES
from aftershock.recovery.dagster import FULL_BATCHES, NO_ASSET, NO_COUNTERPART, NO_FULL_REFRESH, NO_PARTITION, NO_WORD, REBUILDS, CodeLocation, as_dagster
from aftershock.recovery.dagster_keys import asset_key, asset_words, is_asset
from aftershock.recovery.dagster_partitions import partitions

ROOT = Path(__file__).parents[2]
MODULE = CodeLocation(module="shop")
RUN = ("dbt", "run", "--select")
DAYS = ("--event-time-start", "2026-03-02T00:00:00", "--event-time-end", "2026-03-05T00:00:00")
PROD = ("--target", "prod")


def changed(node: Node, **fields: object) -> Node:
    return msgspec.structs.replace(node, **fields)


def plan_of(*steps: Step, notes: tuple[str, ...] = ()) -> RecoveryPlan:
    return RecoveryPlan((Phase("plain", steps),), notes=notes)


def step(*nodes: Node, kind: str = "run", argv: tuple[str, ...] = RUN, flags: tuple[str, ...] = PROD, **fields: str) -> Step:
    names = [] if kind == "retry" else [node.name for node in nodes]
    return Step(kind, tuple(node.unique_id for node in nodes), "It is needed.", argv=(*argv, *names, *flags), **fields)


def turned(*steps: Step, of: tuple[Node, ...], location: CodeLocation = MODULE) -> RecoveryPlan:
    return as_dagster(plan_of(*steps), project(*of).nodes, location)


def steps_of(plan: RecoveryPlan) -> list[Step]:
    return [item for phase in plan.phases for item in phase.steps]


A, B, TABLE = microbatch("a"), microbatch("b", "model.shop.a", batch_size="hour"), model("t")


@pytest.mark.parametrize(
    ("node", "key"),
    [
        (model("orders"), ("orders",)),
        (changed(model("orders"), custom_schema="marts"), ("marts", "orders")),
        (changed(other("seed", "codes"), custom_schema="ref"), ("ref", "codes")),
        (other("snapshot", "history"), ("history",)),
        (source("orders"), ("raw", "orders")),
        (changed(model("dim"), version="2", identifier="dim_v2", custom_schema="marts"), ("dim_v2",)),
        (changed(model("dim"), version="0", identifier="dim_v0"), ("dim",)),
        (changed(model("orders"), custom_schema="marts", meta={"dagster": {"asset_key": ["x", "y"]}}), ("x", "y")),
        (changed(model("orders"), meta={"dagster": {"asset_key": "x"}}), ("x",)),
        (changed(source("orders"), meta={"dagster": {"asset_key": ["lake", "o"]}}), ("lake", "o")),
        (changed(model("orders"), meta={"dagster": {"asset_key": []}}), ("orders",)),
        (changed(model("orders"), meta={"dagster": "yes"}), ("orders",)),
    ],
)
def test_keys(node: Node, key: tuple[str, ...]) -> None:
    assert asset_key(node) == key


@pytest.mark.parametrize("schema", ["marts", None])
def test_the_schema_of_a_config_is_read(schema: str | None) -> None:
    node = {"resource_type": "model", "name": "orders", "schema": "main_marts", "config": {"schema": schema}}
    manifest = {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}, "nodes": {"model.shop.orders": node}}
    read = read_manifest(json.dumps(manifest).encode(), "manifest.json").nodes["model.shop.orders"]
    assert asset_key(read) == (("marts", "orders") if schema else ("orders",))


def test_words_name_one_asset_each() -> None:
    named = {"asset_key": ["crm", "people"]}
    nodes = [
        changed(model("orders"), custom_schema="marts"),
        changed(model("one"), meta={"dagster": named}),
        changed(model("two"), meta={"dagster": named}),
        changed(model("big"), meta={"dagster": {"asset_key": ["big orders"]}}),
        changed(model("cut"), meta={"dagster": {"asset_key": ["a,b"]}}),
        changed(model("slash"), meta={"dagster": {"asset_key": "a/b"}}),
        changed(model("every"), meta={"dagster": {"asset_key": "*"}}),
        changed(model("below"), meta={"dagster": {"asset_key": "+orders"}}),
        model("brief", materialized="ephemeral"),
        other("function", "area"),
        source("orders"),
        model("überblick-2.x"),
    ]
    assert asset_words(project(*nodes).nodes) == {"model.shop.orders": "marts/orders", "model.shop.überblick-2.x": "überblick-2.x"}


@pytest.mark.parametrize(
    ("size", "start", "end", "flags"),
    [
        ("day", "2026-03-02T00:00:00", "2026-03-05T00:00:00", ("--partition-range", "2026-03-02...2026-03-04")),
        ("day", "2026-02-28T00:00:00", "2026-03-01T00:00:00", ("--partition", "2026-02-28")),
        ("day", "2026-03-02T06:00:00", "2026-03-02T06:00:01", ("--partition", "2026-03-02")),
        ("hour", "2026-12-31T23:00:00", "2027-01-01T00:00:00", ("--partition", "2026-12-31-23:00")),
        ("hour", "2026-03-02T22:00:00", "2026-03-03T01:00:00", ("--partition-range", "2026-03-02-22:00...2026-03-03-00:00")),
        ("month", "2025-12-01T00:00:00", "2026-03-01T00:00:00", ("--partition-range", "2025-12-01...2026-02-01")),
        ("month", "2026-02-01T00:00:00", "2026-03-01T00:00:00", ("--partition", "2026-02-01")),
        ("day", "0999-03-01T00:00:00", "0999-03-02T00:00:00", ("--partition", "0999-03-01")),
    ],
)
def test_exclusive_ends_become_inclusive_partitions(size: str, start: str, end: str, flags: tuple[str, str]) -> None:
    found = partitions({"--event-time-start": start, "--event-time-end": end}, size)
    assert found is not None
    assert found.flags == flags


@pytest.mark.parametrize("size", ["year", ""])
def test_no_partitions_of_other_sizes(size: str) -> None:
    assert partitions({"--event-time-start": "2026-01-01T00:00:00", "--event-time-end": "2027-01-01T00:00:00"}, size) is None


def test_no_partitions_without_a_window() -> None:
    assert partitions({"--event-time-start": "2026-01-01T00:00:00"}, "day") is None


@pytest.mark.parametrize(
    ("location", "command"),
    [
        (CodeLocation(), "dg launch --assets t"),
        (MODULE, "dagster asset materialize --select t -m shop"),
        (CodeLocation(file="defs.py", directory="jobs"), "dagster asset materialize --select t -f defs.py -d jobs"),
        (CodeLocation(module="shop", launcher="dg"), "dg launch --assets t -m shop"),
        (CodeLocation(module="shop", workspace="w.yaml"), "dagster asset materialize --select t -m shop"),
    ],
)
def test_code_locations(location: CodeLocation, command: str) -> None:
    assert commands(turned(step(TABLE), of=(TABLE,), location=location)) == [command]


@pytest.mark.parametrize("location", [CodeLocation(module="a", file="b.py"), CodeLocation(launcher="dagster"), CodeLocation(launcher="dagster", workspace="w")])
def test_locations_that_cannot_be(location: CodeLocation) -> None:
    with pytest.raises(UsageError, match="code location"):
        turned(step(TABLE), of=(TABLE,), location=location)


def test_a_range_says_what_it_needs() -> None:
    found = turned(step(A, kind="window", flags=(*DAYS, *PROD), requires="Upstream is whole."), of=(A,))
    (only,) = steps_of(found)
    assert only.argv == ("dagster", "asset", "materialize", "--select", "a", "--partition-range", "2026-03-02...2026-03-04", "-m", "shop")
    assert only.requires == ("Upstream is whole. Its asset has a partition for each day in UTC, 2026-03-04 among them, and BackfillPolicy.single_run().")
    assert found.engine == "dagster"
    assert any("single_run" in note for note in found.notes)


def test_one_partition_needs_no_policy() -> None:
    found = turned(step(A, kind="window", flags=("--event-time-start", "2026-03-02T00:00:00", "--event-time-end", "2026-03-03T00:00:00")), of=(A,))
    assert commands(found) == ["dagster asset materialize --select a --partition 2026-03-02 -m shop"]
    assert not any("single_run" in text for text in (*found.notes, steps_of(found)[0].requires))


def test_a_job_takes_a_range_but_not_one_partition() -> None:
    location = CodeLocation(file="defs.py", job="orders_job")
    found = turned(step(A, kind="window", flags=DAYS), of=(A,), location=location)
    assert commands(found) == ["dagster job backfill --job orders_job --from 2026-03-02 --to 2026-03-04 --noprompt -f defs.py"]
    assert "orders_job holds exactly these assets" in steps_of(found)[0].requires
    one = step(A, kind="window", flags=("--event-time-start", "2026-03-02T00:00:00", "--event-time-end", "2026-03-03T00:00:00"))
    assert commands(turned(one, of=(A,), location=location)) == ["dagster asset materialize --select a --partition 2026-03-02 -f defs.py"]


def test_a_job_is_not_started_for_assets_of_several_steps() -> None:
    found = turned(step(A, B, kind="window", flags=DAYS), of=(A, B), location=CodeLocation(module="shop", job="j"))
    assert [item.argv[:3] for item in steps_of(found)] == [("dagster", "asset", "materialize")] * 2
    assert found.notes[-1] == "The job j is not used: more than one step would start it, each for other assets."


def test_a_job_is_found_by_the_workspace() -> None:
    found = turned(step(A, kind="window", flags=DAYS), of=(A,), location=CodeLocation(module="shop", workspace="w.yaml", job="j"))
    assert commands(found) == ["dagster job backfill --job j --from 2026-03-02 --to 2026-03-04 --noprompt -w w.yaml"]


def test_models_of_different_partitions_are_apart_and_in_order() -> None:
    c, d = microbatch("c", "model.shop.b", batch_size="hour"), microbatch("d", "model.shop.c")
    found = turned(step(A, B, c, d, kind="window", flags=DAYS), step(TABLE), of=(A, B, c, d, TABLE))
    assert [[item.nodes for item in phase.steps] for phase in found.phases] == [
        [(A.unique_id,), (TABLE.unique_id,)],
        [(B.unique_id, c.unique_id)],
        [(d.unique_id,)],
    ]
    assert "--select b,c --partition-range 2026-03-02-00:00...2026-03-04-23:00" in commands(found)[2]


def test_long_selections_are_cut_in_order() -> None:
    nodes = tuple(changed(model(f"m{number}"), custom_schema="s" * 90) for number in range(1500))
    found = turned(step(*nodes), of=nodes)
    selections = [item.argv[4] for item in steps_of(found)]
    assert len(selections) == 2
    assert all(len(selection) <= MOST_BYTES for selection in selections)
    assert [unique_id for item in steps_of(found) for unique_id in item.nodes] == [node.unique_id for node in nodes]
    assert ",".join(selections).split(",") == ["/".join(asset_key(node)) for node in nodes]
    assert [len(phase.steps) for phase in found.phases] == [1, 1]


def test_full_refresh_needs_an_op_that_takes_it() -> None:
    refreshed = step(TABLE, kind="full-refresh", flags=("--full-refresh", *PROD))
    assert commands(turned(refreshed, of=(TABLE,))) == ["dbt run --select t --full-refresh --target prod"]
    (only,) = steps_of(turned(refreshed, of=(TABLE,), location=CodeLocation(module="shop", op="shop_dbt")))
    assert only.argv[4:] == ("t", "--config-json", '{"ops": {"shop_dbt": {"config": {"full_refresh": true}}}}', "-m", "shop")
    assert "belong to the op shop_dbt" in only.requires


@pytest.mark.parametrize(
    ("why", "nodes", "kind", "flags"),
    [
        (NO_ASSET, (TABLE, model("brief", materialized="ephemeral")), "run", ()),
        (NO_ASSET, (other("function", "area"),), "run", ()),
        (NO_WORD, (changed(model("x"), meta={"dagster": {"asset_key": "big orders"}}),), "run", ()),
        (NO_COUNTERPART, (TABLE,), "run", ("--empty",)),
        (NO_COUNTERPART, (incremental("i"),), "window", ("--vars", '{"from_date": "2026-03-01"}')),
        (NO_FULL_REFRESH, (TABLE,), "full-refresh", ("--full-refresh",)),
        (FULL_BATCHES, (A,), "full-refresh", ("--full-refresh",)),
        (NO_PARTITION, (TABLE, A), "run", ()),
        (NO_PARTITION, (A,), "retry", ("--state", "before")),
        (NO_PARTITION, (microbatch("y", batch_size="year"),), "window", DAYS),
    ],
)
def test_what_dagster_cannot_do_stays_dbts(why: str, nodes: tuple[Node, ...], kind: str, flags: tuple[str, ...]) -> None:
    argv = ("dbt", "retry") if kind == "retry" else RUN
    before = step(*nodes, kind=kind, argv=argv, flags=flags)
    found = turned(before, of=nodes)
    assert steps_of(found) == [before]
    assert found.notes == (f"dbt rebuilds {nodes[-1].label}, and what is in the same command: {why}.",)


def test_a_microbatch_model_is_never_fully_refreshed_by_partition() -> None:
    found = turned(step(A, kind="full-refresh", flags=("--full-refresh",)), of=(A,), location=CodeLocation(module="shop", op="shop_dbt"))
    assert commands(found) == ["dbt run --select a --full-refresh"]


def test_retry_names_what_it_runs() -> None:
    before = step(TABLE, kind="retry", argv=("dbt", "retry"), flags=("--state", "target-incident", *PROD), requires="The error is corrected.")
    (only,) = steps_of(turned(before, of=(TABLE,)))
    assert (only.kind, only.nodes, only.requires) == ("run", (TABLE.unique_id,), "The error is corrected.")
    assert only.argv == ("dagster", "asset", "materialize", "--select", "t", "-m", "shop")


def test_what_is_no_rebuild_stays() -> None:
    steps = (
        Step("gate", (TABLE.unique_id,), "First.", who="Ada"),
        Step("test", (), "Then.", argv=("dbt", "test", "--select", "t")),
        Step("sql", (TABLE.unique_id,), "By hand.", argv=("dbt", "run-operation", "run_query"), sql="select 1"),
        Step("window", (TABLE.unique_id,), "By hand.", who="Ada", sql="select 1"),
    )
    found = turned(*steps, of=(TABLE,))
    assert (tuple(steps_of(found)), found.notes) == (steps, ())


def test_the_rest_of_the_plan_is_kept() -> None:
    before = RecoveryPlan((Phase("plain", (step(TABLE),)),), ("model.shop.v",), ("Known.",), asks_target=True)
    found = as_dagster(before, project(TABLE).nodes)
    assert (found.untouched, found.notes[0], found.asks_target, found.estimate) == (before.untouched, "Known.", True, before.estimate)


def test_notes_name_the_options_that_are_lost() -> None:
    flags = ("--target", "prod", "--vars", '{"land": "se"}')
    found = turned(step(TABLE, flags=flags), of=(TABLE,))
    assert found.notes[0].startswith("""The failed run had --target prod and --vars '{"land": "se"}': Dagster takes no such option""")
    assert turned(step(TABLE, flags=()), of=(TABLE,)).notes[0].startswith("Dagster's commands take no --target")


def test_the_note_on_dbts_target_goes_with_the_last_dbt_command() -> None:
    alone = plan_of(step(TABLE, flags=()), notes=(NO_TARGET,))
    tested = plan_of(step(TABLE, flags=()), Step("test", (), "Then.", argv=("dbt", "test", "--select", "t")), notes=(NO_TARGET,))
    nodes = project(TABLE).nodes
    assert NO_TARGET not in as_dagster(alone, nodes).notes
    assert NO_TARGET in as_dagster(tested, nodes).notes


def test_notes_depend_on_what_is_run() -> None:
    seed = other("seed", "codes")
    plain = " ".join(turned(step(TABLE), of=(TABLE,)).notes)
    assert "Seeds" not in plain
    assert "partition's time window" not in plain
    assert "[tool.dg]" not in plain
    assert "Seeds and snapshots" in " ".join(turned(step(seed, kind="seed", argv=("dbt", "seed", "--select")), of=(seed,)).notes)
    assert "[tool.dg]" in " ".join(turned(step(TABLE), of=(TABLE,), location=CodeLocation()).notes)


def test_a_plan_of_the_planner() -> None:
    of = project(source(), TABLE, A, other("snapshot", "history", TABLE.unique_id), incremental("i", TABLE.unique_id))
    found = as_dagster(planned(of, "stale-data", "t", "a", window=Window("2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z")), of.nodes)
    assert "dg launch --assets a --partition-range 2026-03-02...2026-03-03" in commands(found)


@pytest.mark.parametrize("category", list(Category))
@pytest.mark.parametrize("since", ["", "2026-03-02"])
def test_every_plan_of_the_shop_keeps_its_nodes(category: Category, since: str) -> None:
    """Of each kind of step the same nodes, in the same order; only exact names, no partition with a full refresh, and no dbt option lost."""
    artifacts = aftershock.read_artifacts(ROOT / "fixtures" / "artifacts" / "green")
    nodes = artifacts.project.nodes
    location = CodeLocation(module="shop", op="shop_dbt")
    kinds = set()
    for failing in [node for node in nodes.values() if node.is_stored]:
        before = aftershock.assess(artifacts, failing.unique_id, category, since=since).recovery
        found = as_dagster(before, nodes, location)
        kinds |= {item.argv[0] for item in steps_of(found) if item.kind in REBUILDS and item.argv}
        assert nodes_by_kind(found) == nodes_by_kind(before)
        for item in steps_of(found):
            if item.argv[:1] == ("dagster",):
                assert item.argv[4].split(",") == ["/".join(asset_key(nodes[unique_id])) for unique_id in item.nodes]
                assert all(is_asset(nodes[unique_id]) for unique_id in item.nodes)
                assert not ("--config-json" in item.argv and item.kind == "window")
            else:
                assert item in steps_of(before)
    assert "dagster" in kinds


def nodes_by_kind(plan: RecoveryPlan) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in steps_of(plan):
        found.setdefault("run" if item.kind == "retry" else item.kind, []).extend(item.nodes)
    return found
