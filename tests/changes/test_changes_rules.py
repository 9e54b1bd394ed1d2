"""Each kind of change that is written and not computed: settings, contracts, names, places, sources, tests, macros, consumers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from change_projects import Raw, checked, data_test, edited, exposure, hit, model, project, relation, seed, semantic, source, the, told, unit_test

from aftershock.changes.building import MATERIALIZATIONS
from aftershock.changes.configs import RULES
from aftershock.changes.contracts import base_type
from aftershock.changes.options import EXPLAINS, LIES, OPTIONS, QUIET, RUNS
from aftershock.changes.stored import STORED
from aftershock.changes.types import widens

RAW = source("raw", "id", "b", "c")
STG = model("stg", "select id, b, c from raw")
MART = model("mart", "select id, b from stg")
BASE = project(RAW, STG, MART)


def of(before: Raw, after: Raw, **given: Any) -> set[str]:  # noqa: ANN401
    return told(checked(project(RAW, STG, before), project(RAW, STG, after), **given))


def mart(config: Raw | None = None, **fields: Any) -> Raw:  # noqa: ANN401
    return model("mart", "select id, b from stg", config=config or {}, **fields)


# names and places


def test_a_node_that_is_new_is_safe() -> None:
    assert told(checked(BASE, edited(BASE, model("more", "select id from mart")))) == {"safe node-added more"}


def test_a_node_that_is_gone_or_disabled_is_breaking() -> None:
    assert told(checked(BASE, edited(BASE, gone=("model.p.mart",)))) == {"breaking node-removed mart"}
    off = {**mart(), "config": {"enabled": False}}
    head = edited(BASE, gone=("model.p.mart",), disabled={"model.p.mart": [off]})
    assert told(checked(BASE, head)) == {"breaking node-disabled mart"}


def test_a_node_that_was_announced_to_go_is_only_risky() -> None:
    base = project(RAW, STG, mart(deprecation_date="2026-01-01T00:00:00Z"))
    report = checked(base, edited(base, gone=("model.p.mart",)))
    assert told(report) == {"risky node-removed mart"}
    assert told(checked(project(RAW, STG, mart(deprecation_date="2027-01-01T00:00:00Z")), edited(base, gone=("model.p.mart",)))) == {
        "breaking node-removed mart"
    }


def test_an_ephemeral_model_that_is_gone_is_nobodys_loss() -> None:
    base = project(RAW, STG, model("eph", "select id from stg", config={"materialized": "ephemeral"}))
    assert told(checked(base, edited(base, gone=("model.p.eph",)))) == {"safe node-removed eph"}


@pytest.mark.parametrize("sql", ["select id, b from stg", "SELECT id, b -- the same\nFROM stg"])
def test_a_renamed_node_is_told_by_its_sql(sql: str) -> None:
    report = checked(BASE, edited(BASE, model("market", sql), gone=("model.p.mart",)))
    assert told(report) == {"breaking node-renamed market"}
    assert (the(report, "node-renamed").was, the(report, "node-renamed").now) == ("mart", "market")


def test_a_renamed_node_that_writes_the_same_relation_is_safe() -> None:
    head = edited(BASE, model("market", "select id, b from stg", alias="mart", relation_name=relation("mart")), gone=("model.p.mart",))
    assert told(checked(BASE, head)) == {"safe node-renamed market"}


def test_a_rename_that_readers_follow_breaks_none_of_them() -> None:
    base = project(RAW, STG, MART, model("end", "select id, b from mart", raw="select id, b from {{ ref('mart') }}"))
    head = edited(
        base,
        model("market", "select id, b from stg"),
        model("end", "select id, b from market", raw="select id, b from {{ ref('market') }}"),
        gone=("model.p.mart",),
    )
    report = checked(base, head)
    assert told(report) == {"breaking node-renamed market"}
    assert hit(report) == {}


def test_a_reader_that_is_renamed_with_what_it_reads_is_told_as_well() -> None:
    base = project(RAW, STG, MART, model("end", "select id, b from mart", raw="select id, b from {{ ref('mart') }}"))
    more = model("market", "select id, b from stg"), model("finish", "select id, b from market", raw="select id, b from {{ ref('market') }}")
    report = checked(base, edited(base, *more, gone=("model.p.mart", "model.p.end")))
    assert told(report) == {"breaking node-renamed market", "breaking node-renamed finish"}


def test_two_nodes_with_the_same_sql_are_no_rename_of_one() -> None:
    head = edited(BASE, model("one", "select id, b from stg"), model("two", "select id, b from stg"), gone=("model.p.mart",))
    assert told(checked(BASE, head)) == {"breaking node-removed mart", "safe node-added one", "safe node-added two"}


def test_a_moved_relation_is_breaking_for_whoever_is_outside() -> None:
    moved = mart(schema="other", relation_name=relation("mart", "other"))
    report = checked(BASE, edited(BASE, moved))
    assert told(report) == {"breaking relation-moved mart"}
    assert hit(report) == {}


def test_another_target_moves_nothing() -> None:
    head = copy.deepcopy(BASE)
    for item in head["nodes"].values():
        item.update(schema="pr_7", database="ci", relation_name=f'"ci"."pr_7"."{item["alias"]}"')
    head["nodes"]["model.p.mart"]["compiled_code"] = 'select id, b from "ci"."pr_7"."stg"'
    assert checked(BASE, head).changes == ()


def test_what_is_moved_within_another_target_is_told() -> None:
    head = copy.deepcopy(BASE)
    for item in head["nodes"].values():
        item.update(schema="pr_7", database="ci", relation_name=f'"ci"."pr_7"."{item["alias"]}"')
    mart_node = head["nodes"]["model.p.mart"]
    mart_node.update(schema="pr_7_finance", config={**mart_node["config"], "schema": "finance"}, unrendered_config={"schema": "finance"})
    assert told(checked(BASE, head)) == {"breaking relation-moved mart"}


def test_the_same_template_that_another_target_compiles_otherwise_is_said_and_no_change() -> None:
    base = project(RAW, STG, mart(raw_code="select id, b from {{ ref('stg') }} {% if target.name == 'ci' %} limit 1 {% endif %}"))
    head = copy.deepcopy(base)
    for item in head["nodes"].values():
        item.update(schema="pr_7", database="ci", relation_name=f'"ci"."pr_7"."{item["alias"]}"')
    head["nodes"]["model.p.mart"]["compiled_code"] = 'select id, b from "ci"."pr_7"."stg" limit 1'
    report = checked(base, head)
    assert report.changes == ()
    assert any("compiled for different targets" in warning for warning in report.warnings)


def test_sql_that_defers_to_the_base_is_read_as_the_heads_own() -> None:
    base = project(RAW, STG, MART, model("end", "select id, b from mart"))
    head = copy.deepcopy(base)
    for item in head["nodes"].values():
        item.update(schema="pr_7", relation_name=f'"db"."pr_7"."{item["alias"]}"')
    changed = head["nodes"]["model.p.mart"]
    changed.update(
        raw_code="select id, b, 1 as one from stg", compiled_code='select id, b, 1 as one from "db"."main"."stg"', depends_on={"nodes": ["model.p.stg"]}
    )
    assert told(checked(base, head)) == {"safe column-added mart.one"}


# how a node is built


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("table", "view", "safe"),
        ("view", "table", "safe"),
        ("table", "ephemeral", "breaking"),
        ("ephemeral", "table", "safe"),
        ("table", "incremental", "risky"),
        ("incremental", "table", "risky"),
        ("view", "materialized_view", "risky"),
        ("table", "something_of_our_own", "cannot-say"),
    ],
)
def test_another_materialization(before: str, after: str, expected: str) -> None:
    assert f"{expected} materialization-changed mart" in of(mart({"materialized": before}), mart({"materialized": after}))


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("unique_key", "id", ["id", "b"]),
        ("incremental_strategy", "merge", "append"),
        ("on_schema_change", "ignore", "sync_all_columns"),
        ("full_refresh", None, False),
        ("partition_by", {"field": "b"}, {"field": "id"}),
        ("event_time", "b", "id"),
        ("merge_update_columns", ["b"], ["id"]),
    ],
)
def test_another_setting_of_an_incremental_model_is_risky_and_may_change_what_is_below(key: str, before: object, after: object) -> None:
    base = project(RAW, STG, mart({"materialized": "incremental", key: before}), model("end", "select id from mart"))
    report = checked(base, edited(base, mart({"materialized": "incremental", key: after})))
    assert told(report) == {"risky incremental-changed mart"}
    assert hit(report) == {"end": "may wrong"}


def test_a_key_that_the_sql_does_not_yield_fails_the_node() -> None:
    base = project(RAW, STG, mart({"materialized": "incremental", "unique_key": "id"}))
    report = checked(base, edited(base, mart({"materialized": "incremental", "unique_key": "other"})))
    assert told(report) == {"breaking incremental-changed mart"}
    assert hit(report) == {"mart": "fails"}


def test_on_schema_change_fail_is_the_safe_one() -> None:
    assert of(mart({"materialized": "incremental"}), mart({"materialized": "incremental", "on_schema_change": "fail"})) == {"safe incremental-changed mart"}


def test_a_setting_that_is_a_template_is_no_change_where_only_the_target_is_another() -> None:
    base = project(RAW, STG, mart({"materialized": "table"}, unrendered_config={"materialized": "{{ 'view' if target.name == 'ci' else 'table' }}"}))
    head = copy.deepcopy(base)
    for item in head["nodes"].values():
        item.update(schema="pr_7", relation_name=f'"db"."pr_7"."{item["alias"]}"')
    head["nodes"]["model.p.mart"]["config"]["materialized"] = "view"
    assert "materialization-changed" not in {change.kind for change in checked(base, head).changes}


# promises


def contract(columns: dict[str, str], **fields: Any) -> Raw:  # noqa: ANN401
    return model("mart", "select id, b from stg", columns=columns, config={"contract": {"enforced": True}, **fields.pop("config", {})}, **fields)


TYPED = {"id": "int", "b": "varchar(5)"}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (mart(columns=TYPED), {"breaking contract-changed mart"}),
        (contract({"id": "int", "b": "VARCHAR(20)"}), {"safe contract-changed mart"}),
        (contract({"id": "text", "b": "varchar(5)"}), {"breaking contract-changed mart.id"}),
        (contract({"id": "int"}), {"breaking contract-changed mart.b"}),
    ],
)
def test_a_contract_goes_by_dbts_own_rules(after: Raw, expected: set[str]) -> None:
    assert of(contract(TYPED), after) == expected


def test_a_new_contract_is_safe() -> None:
    assert of(mart(columns=TYPED), contract(TYPED)) == {"safe contract-changed mart"}


def test_an_enforced_constraint_that_is_gone_breaks_the_contract() -> None:
    with_key = contract(TYPED, constraints=[{"type": "primary_key", "columns": ["id"]}])
    assert of(with_key, contract(TYPED)) == {"breaking contract-changed mart"}
    assert "breaking contract-changed mart" in of(with_key, {**with_key, "config": {**with_key["config"], "materialized": "view"}})
    with_column = contract(TYPED)
    with_column["columns"]["id"]["constraints"] = [{"type": "not_null"}]
    assert of(with_column, contract(TYPED)) == {"breaking contract-changed mart.id"}


def test_a_constraint_that_no_warehouse_enforces_breaks_nothing() -> None:
    base, head = (project(RAW, STG, contract(TYPED, constraints=items), adapter="snowflake") for items in ([{"type": "unique", "columns": ["id"]}], []))
    assert told(checked(base, head)) == {"safe contract-changed mart"}


def keyed(column: str, *types: str, **fields: Any) -> Raw:  # noqa: ANN401
    found = contract(TYPED, **fields)
    found["columns"][column]["constraints"] = [{"type": kind, "expression": "b > 1" if kind == "check" else ""} for kind in types]
    return found


@pytest.mark.parametrize(
    ("adapter", "enforced"),
    [
        ("duckdb", {"not_null", "unique", "check", "primary_key", "foreign_key"}),
        ("postgres", {"not_null", "unique", "check", "primary_key", "foreign_key"}),
        ("snowflake", {"not_null"}),
        ("databricks", {"not_null", "check"}),
        ("clickhouse", {"check"}),
        ("athena", set()),
    ],
)
def test_a_new_constraint_is_risky_where_the_warehouse_enforces_it(adapter: str, enforced: set[str]) -> None:
    for kind in ("not_null", "unique", "check", "primary_key", "foreign_key"):
        for item, where in ((keyed("b", kind), "mart.b"), (contract(TYPED, constraints=[{"type": kind, "columns": ["id", "b"]}]), "mart")):
            base, head = (project(RAW, STG, node, adapter=adapter) for node in (contract(TYPED), item))
            expected = {f"risky contract-changed {where}"} if kind in enforced else {"safe contract-changed mart"}
            assert told(checked(base, head)) == expected, (adapter, kind)


def test_a_constraint_stops_the_run_that_makes_the_table() -> None:
    run = checked(project(RAW, STG, contract(TYPED)), project(RAW, STG, keyed("b", "not_null")))
    assert the(run, "contract-changed").reason == "the contract of mart has not_null on b now: the run stops where rows violate it"
    settings = {"materialized": "incremental"}
    later = checked(project(RAW, STG, contract(TYPED, config=settings)), project(RAW, STG, keyed("b", "not_null", config=settings)))
    assert the(later, "contract-changed").reason.endswith("a full refresh stops where rows violate it")
    assert (the(later, "contract-changed").certainty, hit(later)) == ("likely", {})
    checks = checked(project(RAW, STG, contract(TYPED)), project(RAW, STG, keyed("b", "check")))
    assert the(checks, "contract-changed").reason == "the contract of mart has check on b (b > 1) now: the run stops where rows violate it"


def test_constraints_of_a_contract_that_is_new_count_and_those_of_a_view_do_not() -> None:
    assert of(mart(columns=TYPED), keyed("b", "not_null")) == {"risky contract-changed mart.b"}
    view = {"materialized": "view"}
    assert of(contract(TYPED, config=view), keyed("b", "not_null", config=view)) == {"safe contract-changed mart"}
    assert "risky contract-changed mart.b" in of(keyed("b", "not_null", config=view), keyed("b", "not_null"))


def test_a_constraint_that_was_there_in_other_words_is_no_news() -> None:
    whole = contract(TYPED, constraints=[{"type": "not_null", "columns": ["b"], "name": "filled"}])
    assert not any(line.startswith("risky") for line in of(keyed("b", "not_null"), whole))
    assert not any(line.startswith("risky") for line in of(keyed("b", "primary_key"), keyed("b", "not_null", "unique")))
    assert "risky contract-changed mart.b" in of(keyed("b", "not_null"), keyed("b", "primary_key"))


def test_what_a_constraint_of_ones_own_does_is_not_known() -> None:
    report = checked(project(RAW, STG, contract(TYPED)), project(RAW, STG, keyed("b", "custom"), adapter="duckdb"))
    assert (the(report, "contract-changed").verdict, the(report, "contract-changed").certainty) == ("risky", "unknown")


def test_a_types_length_is_not_part_of_the_promise() -> None:
    assert base_type("VARCHAR (20)") == base_type("varchar(5)") == "varchar"
    assert base_type("numeric(10, 2)") != base_type("int")


@pytest.mark.parametrize(
    ("before", "after", "expected"), [("public", "protected", "breaking"), ("protected", "private", "risky"), ("private", "public", "safe")]
)
def test_who_may_read_it(before: str, after: str, expected: str) -> None:
    assert of(mart(access=before), mart(access=after)) == {f"{expected} access-changed mart"}


def test_a_grant_that_is_gone_is_breaking() -> None:
    assert of(mart({"grants": {"select": ["bi", "ops"]}}), mart({"grants": {"select": ["ops"]}})) == {"breaking access-changed mart"}
    assert of(mart({"grants": {"select": ["ops"]}}), mart({"grants": {"select": ["bi", "ops"]}})) == {"safe access-changed mart"}


def test_another_latest_version() -> None:
    def versions(latest: int) -> Raw:
        return project(RAW, STG, *(model("dim", "select id from stg", version=number, latest_version=latest) for number in (1, 2)))

    assert told(checked(versions(1), versions(2))) == {"risky version-changed dim.v1"}


def test_a_deprecation_owner_and_group() -> None:
    assert of(mart(), mart(deprecation_date="2027-05-01T00:00:00Z")) == {"risky deprecation-changed mart"}
    assert of(mart(deprecation_date="2027-05-01T00:00:00Z"), mart()) == {"safe deprecation-changed mart"}
    assert of(mart(meta={"owner": "Ana"}), mart(meta={"owner": "Bo"})) == {"safe owner-changed mart"}
    assert of(mart(group="a"), mart(group="b")) == {"safe group-changed mart"}
    assert of(mart(group="a", access="private"), mart(group="b", access="private")) == {"risky group-changed mart"}


def test_hooks_are_looked_at() -> None:
    assert of(mart({"post-hook": []}), mart({"post-hook": [{"sql": "delete from {{ this }}"}]})) == {"risky materialization-changed mart"}
    assert of(mart(), mart({"sql_header": "set x = 1"})) == {"risky materialization-changed mart"}
    assert of(mart({"sql_header": None}), mart()) == set()


@pytest.mark.parametrize(("before", "after"), [("c", None), (None, "c"), ("b", "c")])
def test_another_event_time_gives_each_batch_of_a_reader_other_rows(before: str | None, after: str | None) -> None:
    settings = {"materialized": "incremental", "incremental_strategy": "microbatch", "event_time": "b", "begin": "2026-01-01", "batch_size": "day"}
    batch = model("batch", "select id, b from stg", config=settings)
    base = project(RAW, {**STG, "config": {**STG["config"], "event_time": before}}, batch, model("end", "select id from batch"), MART)
    report = checked(base, edited(base, {**STG, "config": {**STG["config"], "event_time": after}}))
    assert told(report) == {"risky incremental-changed batch"}
    assert hit(report) == {"end": "may wrong"}
    assert (the(report, "incremental-changed").was, the(report, "incremental-changed").now) == (before or "", after or "")


def test_a_relation_whose_name_is_quoted_otherwise_is_another_one_where_the_warehouse_minds() -> None:
    def named(name: str, adapter: str) -> Raw:
        return project(RAW, STG, {**MART, "relation_name": name}, adapter=adapter)

    for adapter, names, expected in (
        ("snowflake", ('"db"."main"."mart"', "db.main.mart"), {"risky relation-moved mart"}),
        ("postgres", ('"db"."main"."mart"', '"db"."main"."Mart"'), {"risky relation-moved mart"}),
        ("snowflake", ("db.main.mart", "DB.MAIN.MART"), set()),
        ("duckdb", ('"db"."main"."mart"', "db.main.mart"), set()),
    ):
        assert told(checked(named(names[0], adapter), named(names[1], adapter))) == expected


# settings that no other rule looks at


def external(**config: Any) -> Raw:  # noqa: ANN401
    return mart({"materialized": "external", **config})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (external(location="a.parquet"), external(location="b.parquet"), {"breaking relation-moved mart"}),
        (external(location="a"), external(location="a", format="csv"), {"breaking relation-moved mart"}),
        (external(location="a"), external(location="a", format="parquet"), set()),
        (external(options={"partition_by": "b"}), external(options={"partition_by": "id"}), {"risky relation-moved mart"}),
        (mart({"secure": True}), mart(), {"risky access-changed mart"}),
        (mart({"copy_grants": True}), mart({"copy_grants": False}), {"risky access-changed mart"}),
        (mart({"target_lag": "1 hour"}), mart({"target_lag": "2 days"}), {"risky freshness-changed mart"}),
        (mart({"file_format": "delta"}), mart({"file_format": "parquet"}), {"risky relation-moved mart"}),
        (mart(), mart({"transient": False}), {"safe materialization-changed mart"}),
        (mart(), mart({"of_our_own": 1}), {"risky materialization-changed mart"}),
        (mart({"engine": "MergeTree()"}), mart({"engine": "ReplacingMergeTree()"}), {"risky incremental-changed mart"}),
        (mart(), mart({"matched_condition": "b > 1"}), set()),
        (mart({"materialized": "incremental"}), mart({"materialized": "incremental", "matched_condition": "b > 1"}), {"risky incremental-changed mart"}),
        (mart({"materialized": "by_period"}), mart({"materialized": "by_period", "unique_key": "id"}), {"risky materialization-changed mart"}),
    ],
)
def test_a_setting_that_no_other_rule_looks_at(before: Raw, after: Raw, expected: set[str]) -> None:
    report = checked(project(RAW, STG, before), project(RAW, STG, after))
    assert told(report) == expected
    assert {change.certainty for change in report.changes if change.kind != "incremental-changed"} <= {"likely"}


def test_a_setting_is_said_with_its_old_and_new_value() -> None:
    report = checked(project(RAW, STG, mart()), project(RAW, STG, mart({"ttl": "at + interval 1 month"})))
    reason = "ttl of mart was not set and is at + interval 1 month now: the warehouse drops it, or old rows of it, at another time"
    assert [change.reason for change in report.changes] == [reason]
    long = checked(project(RAW, STG, mart()), project(RAW, STG, mart({"of_our_own": "x" * 5000})))
    assert len(long.changes[0].reason) < 200  # a sentence


@pytest.mark.parametrize("key", sorted(EXPLAINS | RUNS | LIES))
def test_a_setting_that_is_nobodys_concern_is_no_change(key: str) -> None:
    assert of(mart(), mart({key: ["x"]})) == set()


@pytest.mark.parametrize("empty", [None, "", [], {}, False, {"enabled": None, "alias": None}])
def test_a_setting_that_is_empty_is_none(empty: object) -> None:
    assert of(mart(), mart({"of_our_own": empty, "latest_version_pointer": empty})) == set()
    assert of(mart({"of_our_own": empty}), mart()) == set()


@pytest.mark.parametrize(
    ("key", "expected"), [("cadence", {"risky materialization-changed mart"}), ("cadences", set()), ("cad-ence", {"risky materialization-changed mart"})]
)
def test_a_setting_that_no_macro_reads_changes_nothing_for_anybody(key: str, expected: set[str]) -> None:
    reads = macro("reads", "{% macro reads() %}{{ config.get('cadence') }}{% endmacro %}")
    base, head = (with_macros(project(RAW, STG, mart(config)), reads) for config in ({}, {key: "daily"}))
    assert told(checked(base, head)) == expected


def test_a_setting_that_another_version_of_dbt_writes_by_itself_is_no_change() -> None:
    base, newer = project(RAW, STG, mart()), project(RAW, STG, mart({"of_dbt": "default"}))
    newer["metadata"]["dbt_version"] = "1.12.0"
    assert checked(base, newer).changes == ()
    given = project(RAW, STG, mart({"of_dbt": "default"}, unrendered_config={"of_dbt": "default"}))
    given["metadata"]["dbt_version"] = "1.12.0"
    assert told(checked(base, given)) == {"risky materialization-changed mart"}


def test_a_folder_of_the_project_file_is_no_setting() -> None:
    assert of(mart({"internal_package": {"+materialized": "table"}}), mart()) == set()


def test_a_place_that_only_the_target_decides_is_no_change() -> None:
    raw = "{{ config(location = target.name ~ '.parquet') }} select id, b from {{ ref('stg') }}"
    base = project(RAW, STG, {**external(location="prod.parquet"), "raw_code": raw, "unrendered_config": {"location": "prod.parquet"}})
    head = copy.deepcopy(base)
    for item in head["nodes"].values():
        item.update(schema="pr_7", relation_name=f'"db"."pr_7"."{item["alias"]}"')
    own = head["nodes"]["model.p.mart"]
    own.update(config={**own["config"], "location": "ci.parquet"}, unrendered_config={"location": "ci.parquet"})
    assert checked(base, head).changes == ()
    own["raw_code"] = raw.replace("target.name", "'x' ~ target.name")
    assert "breaking relation-moved mart" in told(checked(base, head))


def test_each_setting_is_known_in_one_way() -> None:
    known = [(key, option.of) for option in OPTIONS for key in option.keys]
    assert len(known) == len(set(known))
    assert not {key for key, _ in known} & QUIET


# what a run writes of itself


OURS = {"invocation_id": "1bbed690-78ec-450f-b528-52472f0fc0a7", "run_started_at": "2026-11-29T23:30:00.123456+00:00"}
THEIRS = {"invocation_id": "7aa0a0a0-0000-450f-b528-52472f0fc0a7", "run_started_at": "2026-11-30T09:10:11+00:00"}


def run_by(run: dict[str, str], *nodes: Raw) -> Raw:
    found = project(RAW, STG, *nodes)
    return {**found, "metadata": {**found["metadata"], **run}}


def stamped(*words: str, raw: str = "select id, '{{ run_started_at }}' as at from {{ ref('stg') }}") -> Raw:
    return model("mart", f"select id, {', '.join(f'{word!r} as c{place}' for place, word in enumerate(words))} from stg", raw=raw)  # noqa: S608  # our own


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (OURS["invocation_id"], THEIRS["invocation_id"]),
        ("2026-11-29 23:30:00.123456+00:00", "2026-11-30 09:10:11+00:00"),
        ("2026-11-29", "2026-11-30"),
        ("20261129", "20261130"),
        ("2026-11-29 18:30:00", "2026-11-30 04:10:11"),
        ("20261129233001", "20261130091012"),
    ],
)
def test_the_id_and_the_time_of_a_run_are_no_change(ours: str, theirs: str) -> None:
    assert checked(run_by(OURS, stamped(ours, "x")), run_by(THEIRS, stamped(theirs, "x"))).changes == ()
    changed = checked(run_by(OURS, stamped(ours, "x")), run_by(THEIRS, stamped(theirs, "y")))
    assert "risky values-changed mart.c1" in told(changed)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("2026-11-29", "2025-11-30"), ("2026-11-29 12:07:00", "2026-11-30 09:10:11"), ("99999999", "20261130"), ("aaaa", "bbbb")]
)
def test_what_no_run_wrote_of_itself_is_a_change(ours: str, theirs: str) -> None:
    assert told(checked(run_by(OURS, stamped(ours)), run_by(THEIRS, stamped(theirs)))) == {"risky values-changed mart.c0"}


def test_the_id_of_a_run_in_sql_that_was_changed_elsewhere_is_no_change_of_its_column() -> None:
    head = run_by(THEIRS, stamped(THEIRS["invocation_id"], "y", raw="select 2"))
    assert told(checked(run_by(OURS, stamped(OURS["invocation_id"], "x")), head)) == {"risky values-changed mart.c1"}


# sources and seeds


def fresh(warn: int, field: str = "at") -> Raw:
    return source("raw", "id", "b", "c", freshness={"warn_after": {"count": warn, "period": "hour"}}, loaded_at_field=field)


def test_how_fresh_a_source_must_be() -> None:
    base = project(fresh(12), STG)
    assert told(checked(base, edited(base, fresh(24)))) == {"risky freshness-changed raw.raw"}
    assert told(checked(base, edited(base, fresh(6)))) == {"safe freshness-changed raw.raw"}
    assert told(checked(base, edited(base, fresh(12, "other")))) == {"risky freshness-changed raw.raw"}


def test_a_source_that_is_another_relation_may_have_other_rows() -> None:
    base = project(RAW, STG, MART)
    head = edited(base, source("raw", "id", "b", "c", identifier="raw_v2", relation_name=relation("raw_v2")), model("stg", "select id, b, c from raw_v2"))
    head["nodes"]["model.p.stg"]["raw_code"] = STG["raw_code"]
    report = checked(base, head)
    assert "risky source-changed raw.raw" in told(report)
    assert hit(report) == {"stg": "may wrong", "mart": "may wrong"}


def test_a_source_that_is_new_or_gone() -> None:
    base = project(RAW, STG)
    more = edited(base, source("more", "x"))
    assert told(checked(base, more)) == {"safe source-added raw.more"}
    assert told(checked(more, base)) == {"safe source-removed raw.more"}


def test_a_column_that_yaml_no_longer_declares_is_said_where_no_catalog_knows_better() -> None:
    base = project(source("raw", "id", "b", listed=False), model("stg", "select id, b from raw"))
    report = checked(base, edited(base, source("raw", "id", listed=False)))
    assert told(report) == {"risky source-changed raw.raw.b"}
    assert the(report, "source-changed").certainty == "unknown"
    typed = source("raw", "id", "b", listed=False)
    typed["columns"]["b"]["data_type"] = "int"
    assert told(checked(base, edited(base, typed))) == {"risky source-changed raw.raw.b"}


def test_the_types_of_a_seed() -> None:
    base = project(seed("codes", "k", config={"materialized": "seed", "column_types": {"k": "int"}}), model("coded", "select k from codes"))
    report = checked(base, edited(base, seed("codes", "k", config={"materialized": "seed", "column_types": {"k": "text"}})))
    assert told(report) == {"breaking column-retyped codes.k"}


def test_a_seed_into_which_dbt_did_not_look_is_named() -> None:
    large = seed("codes", "k")
    large["checksum"] = {"name": "path", "checksum": "seeds/codes.csv"}
    base = project(large, model("coded", "select k from codes"))
    assert any("codes" in warning for warning in checked(base, base).warnings)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("INTEGER", "BIGINT", True),
        ("bigint", "int", False),
        ("varchar(5)", "character varying(20)", True),
        ("varchar(20)", "varchar(5)", False),
        ("varchar", "varchar(5)", False),
        ("varchar(5)", "string", True),
        ("decimal(10,2)", "numeric(12,2)", True),
        ("decimal(10,2)", "numeric(12,4)", True),
        ("decimal(10,2)", "numeric(11,4)", False),
        ("real", "double precision", True),
        ("date", "timestamp", False),
        ("", "int", False),
        ("integer", "integer", True),
    ],
)
def test_a_type_that_holds_all_that_another_holds(before: str, after: str, expected: bool) -> None:  # noqa: FBT001  # a case
    assert widens(before, after) is expected


# tests, macros, consumers


TEST = data_test("not_null", "mart", "select * from mart where b is null", column="b")


def test_tests_that_come_go_and_weaken() -> None:
    base = project(RAW, STG, MART, TEST)
    assert told(checked(base, edited(base, gone=(TEST["unique_id"],)))) == {"risky test-removed not_null_mart_b"}
    assert told(checked(edited(base, gone=(TEST["unique_id"],)), base)) == {"safe test-added not_null_mart_b"}
    weaker = {**TEST, "config": {"severity": "warn"}}
    assert told(checked(base, edited(base, weaker))) == {"risky test-changed not_null_mart_b"}
    assert told(checked(edited(base, weaker), base)) == {"safe test-changed not_null_mart_b"}
    where = {**TEST, "config": {"severity": "error", "where": "id > 1"}}
    assert told(checked(base, edited(base, where))) == {"risky test-changed not_null_mart_b"}


def test_a_test_with_other_arguments_is_the_same_test_changed() -> None:
    old = data_test("accepted_values", "mart", "select 1", column="b")
    new = copy.deepcopy(old)
    old["test_metadata"]["kwargs"]["values"] = [1, 2]
    new["test_metadata"]["kwargs"]["values"] = [1]
    new["unique_id"] = old["unique_id"] + "_other_digest"
    base = project(RAW, STG, MART, old)
    report = checked(base, edited(base, new, gone=(old["unique_id"],)))
    assert told(report) == {"risky test-changed accepted_values_mart_b_other_digest"}


def test_the_tests_of_a_node_that_is_gone_are_no_news() -> None:
    base = project(RAW, STG, MART, TEST)
    assert told(checked(base, edited(base, gone=("model.p.mart", TEST["unique_id"])))) == {"breaking node-removed mart"}


def test_a_unit_test_that_expects_something_else() -> None:
    base = project(RAW, STG, MART, unit_test("u", "mart", [], [{"id": 1}]))
    assert told(checked(base, edited(base, unit_test("u", "mart", [], [{"id": 2}])))) == {"safe test-changed mart.u"}


def macro(name: str, sql: str, *calls: str, package: str = "p") -> Raw:
    own = {"name": name, "package_name": package, "macro_sql": sql, "depends_on": {"macros": list(calls)}, "original_file_path": f"macros/{name}.sql"}
    return {f"macro.{package}.{name}": own}


def with_macros(base: Raw, *macros: Raw) -> Raw:
    return {**copy.deepcopy(base), "macros": {key: value for item in macros for key, value in item.items()}}


def using(name: str, sql: str = "select id, b from stg") -> Raw:
    return project(
        RAW, STG, model("mart", sql, raw="select id, b from {{ ref('stg') }} {{ a_macro() }}", depends_on={"macros": [f"macro.p.{name}"], "nodes": []})
    )


def test_a_macro_is_judged_by_the_sql_of_those_who_use_it() -> None:
    inner, outer = macro("inner", "{% macro inner() %} 1 {% endmacro %}"), macro("outer", "{% macro outer() %}{{ inner() }}{% endmacro %}", "macro.p.inner")
    base = with_macros(using("outer"), inner, outer)
    changed = macro("inner", "{% macro inner() %} 2 {% endmacro %}")
    report = checked(base, with_macros(using("outer"), changed, outer))
    assert told(report) == {"safe macro-changed inner"}
    assert the(report, "macro-changed").path == "macros/inner.sql"
    report = checked(base, with_macros(using("outer", "select id, b from stg where b > 2"), changed, outer))
    assert {"safe macro-changed inner", "risky rows-changed mart"} <= told(report)


def test_a_macro_that_is_only_written_otherwise_is_no_change() -> None:
    base = with_macros(using("one"), macro("one", "{% macro one() %} 1 {% endmacro %}"))
    head = with_macros(using("one"), macro("one", "{# why #}\n{% macro one() %}   1\n{% endmacro %}"))
    assert checked(base, head).changes == ()


def test_a_macro_that_dbt_builds_with_cannot_be_judged() -> None:
    base = with_macros(BASE, macro("materialization_table_duckdb", "{% materialization table %} a {% endmaterialization %}"))
    head = with_macros(BASE, macro("materialization_table_duckdb", "{% materialization table %} b {% endmaterialization %}"))
    report = checked(base, head)
    assert told(report) == {"cannot-say macro-changed materialization_table_duckdb"}
    assert report.outcome == "not-judged"
    assert "mart" in hit(report)


def test_a_macro_in_a_hook_is_risky() -> None:
    hooked = mart({"post-hook": [{"sql": "{{ mask() }}"}]}, depends_on={"macros": ["macro.p.mask"], "nodes": []})
    base = with_macros(project(RAW, STG, hooked), macro("mask", "{% macro mask() %} 1 {% endmacro %}"))
    head = with_macros(project(RAW, STG, hooked), macro("mask", "{% macro mask() %} 2 {% endmacro %}"))
    assert told(checked(base, head)) == {"risky macro-changed mask"}


def test_what_runs_before_and_after_everything_is_looked_at() -> None:
    hook = {"unique_id": "operation.p.p-on-run-end-0", "resource_type": "operation", "name": "p-on-run-end-0", "package_name": "p", "raw_code": "select 1"}
    base = project(RAW, STG, hook)
    assert told(checked(base, edited(base, {**hook, "raw_code": "select 2"}))) == {"risky macro-changed p-on-run-end-0"}
    assert told(checked(base, edited(base, gone=(hook["unique_id"],)))) == {"risky macro-changed p-on-run-end-0"}
    compiled = {**hook, "compiled_code": "select 1"}
    assert told(checked(project(RAW, STG, compiled), project(RAW, STG, {**compiled, "raw_code": "drop schema x"}))) == {"risky macro-changed p-on-run-end-0"}


def test_macros_of_another_package_are_told_as_one() -> None:
    macros = [macro(f"default__m{number}", "{% macro m() %} 1 {% endmacro %}", package="dbt_duckdb") for number in range(9)]
    later = [macro(f"default__m{number}", "{% macro m() %} 2 {% endmacro %}", package="dbt_duckdb") for number in range(9)]
    report = checked(with_macros(BASE, *macros), with_macros(BASE, *later))
    assert len(report.changes) == 1
    assert "9 macros of dbt_duckdb differ" in report.changes[0].reason


def test_macros_of_another_version_of_dbt_are_not_news() -> None:
    base = with_macros(BASE, macro("statement", "{% macro statement() %} 1 {% endmacro %}", package="dbt"))
    head = with_macros(BASE, macro("statement", "{% macro statement() %} 2 {% endmacro %}", package="dbt"))
    head["metadata"] = {**head["metadata"], "dbt_version": "1.12.0"}
    report = checked(base, head)
    assert report.changes == ()
    assert any("1.12.0" in warning for warning in report.warnings)


def test_consumers_that_come_go_and_differ() -> None:
    base = project(RAW, STG, MART, exposure("board", "mart"), semantic("metric", "m", "mart", type="simple", filter="a"))
    assert told(checked(base, edited(base, gone=("exposure.p.board",)))) == {"risky consumer-changed board"}
    assert told(checked(base, edited(base, gone=("metric.p.m",)))) == {"breaking consumer-changed m"}
    assert told(checked(edited(base, gone=("metric.p.m",)), base)) == {"safe consumer-changed m"}
    assert told(checked(base, edited(base, exposure("board", "stg")))) == {"safe consumer-changed board"}
    report = checked(base, edited(base, semantic("metric", "m", "mart", type="simple", filter="b")))
    assert told(report) == {"risky consumer-changed m"}
    assert report.impact.metrics == ("metric.p.m",)
    assert told(checked(base, edited(base, exposure("board", "mart", owner={"name": "Bo"})))) == {"safe owner-changed board"}


def test_a_saved_query_that_no_longer_writes_a_table() -> None:
    query = semantic("saved_query", "q", "mart", exports=[{"name": "t", "config": {"alias": "t"}}], query_params={"metrics": ["m"]})
    base = project(RAW, STG, MART, query)
    assert told(checked(base, edited(base, {**query, "exports": []}))) == {"breaking consumer-changed q"}


def test_a_function_that_computes_something_else_may_change_what_calls_it() -> None:
    function = {"unique_id": "function.p.net", "resource_type": "function", "name": "net", "package_name": "p", "raw_code": "a - b", "language": "sql"}
    base = project(RAW, STG, {**MART, "depends_on": {"nodes": ["function.p.net"]}}, function)
    report = checked(base, edited(base, {**function, "raw_code": "a + b"}))
    assert told(report) == {"risky values-changed net"}
    assert hit(report) == {"mart": "may wrong"}


def test_a_function_whose_settings_differ_may_change_what_calls_it() -> None:
    config = {"materialized": "function", "type": "scalar"}
    function = {"unique_id": "function.p.net", "resource_type": "function", "name": "net", "package_name": "p", "raw_code": "a - b", "language": "sql"}
    base = project(RAW, STG, {**MART, "depends_on": {"nodes": ["function.p.net"]}}, {**function, "config": config})
    report = checked(base, edited(base, {**function, "config": {**config, "volatility": "non-deterministic"}}))
    assert told(report) == {"risky values-changed net"}
    assert hit(report) == {"mart": "may wrong"}


# the tables themselves


def test_every_rule_has_its_own_kind_and_every_table_its_last_row() -> None:
    assert len({rule.kind for rule in RULES}) == len(RULES)
    assert MATERIALIZATIONS[-1][:2] == ("*", "*")
    assert set(STORED) == {"replaced", "ignore", "fail", "append_new_columns", "sync_all_columns", "snapshot"}


def test_a_change_knows_its_file_and_line() -> None:
    sql = "select\n    id,\n    b\nfrom stg"
    base = project(RAW, STG, model("mart", sql))
    report = checked(base, edited(base, model("mart", sql.replace("    b", "    b + 1 as b"))))
    assert {(change.path, change.line) for change in report.changes} == {("models/mart.sql", 3)}
    yaml = checked(base, edited(base, model("mart", sql, access="private", patch_path="p://models/_m.yml")))
    assert {change.path for change in yaml.changes} <= {"models/_m.yml"}


# code that the compiled SQL does not show


def templated(raw: str, compiled: str = "select id, b, c from raw") -> Raw:
    return model("stg", compiled, raw=raw)


def hidden(old: str, new: str) -> set[str]:
    base = project(source("raw", "id", "b", "c"), templated(old), model("mart", "select b from stg"))
    return told(checked(base, edited(base, templated(new))))


def test_a_branch_that_this_target_does_not_take_cannot_be_judged() -> None:
    text = "select id, b, c from {{ source('raw', 'raw') }} {{% if target.name == 'prod' %}} where b = {} {{% endif %}}"
    assert hidden(text.format(1), text.format(2)) == {"cannot-say sql-unread stg"}
    assert hidden(text.format(1), text.format("1 -- as agreed")) == set()


def test_the_branch_that_it_takes_is_judged() -> None:
    base = project(source("raw", "id", "b", "c"), templated("{% if target.name == 'prod' %} select id, b, c {% endif %} from raw"))
    head = edited(base, templated("{% if target.name == 'prod' %} select id, b {% endif %} from raw", "select id, b from raw"))
    assert told(checked(base, head)) == {"breaking column-removed stg.c"}


def test_branches_whose_texts_changed_places() -> None:
    text = "select id, b, c from raw {{% if env_var('X', '') %}} where {} {{% else %}} where {} {{% endif %}}"
    assert hidden(text.format("b", "c"), text.format("c", "b")) == {"cannot-say sql-unread stg"}


def test_a_branch_for_a_variable_that_the_project_does_not_set_is_risky() -> None:
    text = "select id, b, c from raw {{% if var('x', none) is not none %}} where b > {} {{% endif %}}"
    assert hidden(text.format(1), text.format(2)) == {"risky rows-changed stg"}


def test_conditions_that_every_run_decides_alike_are_no_news() -> None:
    assert hidden("{% if execute %} a {% endif %} select", "{% if execute %} b {% endif %} select") == set()
