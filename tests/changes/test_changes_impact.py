"""What changes do to the nodes below: by the head's own SQL, on relations as the head's build leaves them."""

from __future__ import annotations

from typing import Any

import pytest
from change_projects import (
    checked,
    data_test,
    edited,
    exposure,
    hit,
    model,
    project,
    relation,
    seed,
    semantic,
    short,
    source,
    the,
    told,
    unit_test,
)

from aftershock.model import Catalog, CatalogTable

RAW = source("raw", "id", "b", "c")
STG = model("stg", "select id, b, c from raw")


def below(*nodes: Any, stg: Any = STG) -> Any:  # noqa: ANN401
    return project(RAW, stg, *nodes)


def test_the_same_project_twice_has_no_findings() -> None:
    base = below(model("mart", "select id, b from stg"), exposure("board", "mart"))
    report = checked(base, base)
    assert report.changes == ()
    assert report.impact.proofs == ()
    assert report.severity is None
    assert report.failed == ()
    assert report.outcome == "passed"


def test_a_column_that_is_gone_fails_who_names_it_and_is_lost_by_who_passes_it_on() -> None:
    base = below(
        model("named", "select id, b from stg"), model("star", "select * from stg"), model("other", "select id from stg"), model("end", "select b from star")
    )
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert told(report) == {"breaking column-removed stg.b"}
    assert hit(report) == {"named": "fails", "star": "loses b", "end": "fails"}
    assert report.failed


def test_a_proof_says_which_change_reaches_a_node_and_how() -> None:
    base = below(model("star", "select * from stg"), model("end", "select b from star"))
    report = checked(base, edited(base, model("stg", "select id, b + 1 as b2, 1 as c from raw")))
    proof = next(proof for proof in report.impact.proofs if short(proof.unique_id) == "end")
    change = report.changes[proof.change]
    assert (change.kind, change.column) == ("column-removed", "b")
    assert [(short(step.node), step.column) for step in proof.steps] == [("stg", "b"), ("star", "b"), ("end", "")]
    assert proof.certain
    assert "b" in proof.why


def test_a_rename_that_is_carried_through_breaks_nothing() -> None:
    base = below(model("mart", "select id, b from stg"))
    report = checked(base, edited(base, model("stg", "select id, b as b2, c from raw"), model("mart", "select id, b2 as b from stg")))
    assert told(report) == {"safe column-renamed stg.b"}
    assert hit(report) == {}
    assert report.outcome == "passed"


def test_a_rename_that_one_reader_misses_breaks_that_one() -> None:
    base = below(model("mart", "select id, b from stg"), model("late", "select b from stg"))
    report = checked(base, edited(base, model("stg", "select id, b as b2, c from raw"), model("mart", "select id, b2 as b from stg")))
    assert told(report) == {"breaking column-renamed stg.b"}
    assert (the(report, "column-renamed").was, the(report, "column-renamed").now) == ("b", "b2")
    assert hit(report) == {"late": "fails"}


def test_what_passes_a_rename_on_loses_the_old_name() -> None:
    base = below(model("star", "select * from stg"), model("end", "select b from star"))
    report = checked(base, edited(base, model("stg", "select id, b as b2, c from raw")))
    assert hit(report) == {"star": "loses b", "end": "fails"}


def test_a_lost_column_that_nothing_reads_is_safe_where_all_readers_are_known() -> None:
    base = below(model("mart", "select id, b from stg"))
    report = checked(base, edited(base, model("stg", "select id, b from raw")))
    assert told(report) == {"safe column-removed stg.c"}
    assert the(report, "column-removed").certainty == "likely"


def test_a_lost_column_of_an_end_table_is_breaking_for_whoever_is_outside() -> None:
    base = below(model("mart", "select id, b from stg"))
    report = checked(base, edited(base, model("mart", "select id from stg")))
    assert told(report) == {"breaking column-removed mart.b"}
    assert the(report, "column-removed").certainty == "likely"


def test_a_dashboard_and_its_people_are_reached() -> None:
    base = below(model("mart", "select id, b from stg"), exposure("board", "mart"))
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert [(board.name, [effect.value for effect in board.effects]) for board in report.impact.dashboards] == [("board", ["stale"])]
    assert [person.owner.name for person in report.impact.consumers] == ["Ana"]
    assert report.severity is not None


def test_a_test_that_reads_the_column_fails_and_holds_back_what_is_below() -> None:
    base = below(data_test("not_null", "stg", "select * from stg where b is null", column="b"), model("mart", "select id from stg"))
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert [short(test) for test in report.impact.failing_tests] == ["not_null_stg_b"]
    assert hit(report) == {"mart": "skipped"}


def test_what_a_failing_node_holds_back_is_skipped() -> None:
    base = below(model("mart", "select id, b from stg"), model("end", "select id from mart"))
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert hit(report) == {"mart": "fails", "end": "skipped"}


def test_a_node_may_be_skipped_and_would_fail_all_the_same() -> None:
    base = below(model("mart", "select id, b from stg"), model("both", "select m.id from mart m join stg s on m.id = s.b"))
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert hit(report) == {"mart": "fails", "both": "fails, skipped"}


def test_changed_values_reach_what_is_computed_from_them() -> None:
    base = below(model("mart", "select id, b + 1 as d, c from stg"), model("end", "select d from mart"), model("other", "select c from mart"))
    report = checked(base, edited(base, model("stg", "select id, b * 2 as b, c from raw")))
    assert told(report) == {"risky values-changed stg.b"}
    assert hit(report) == {"mart": "wrong", "end": "wrong"}
    assert report.outcome == "passed"
    assert checked(base, edited(base, model("stg", "select id, b * 2 as b, c from raw")), fail_on="risky").failed


def test_changed_rows_reach_everything() -> None:
    base = below(model("mart", "select id from stg"), model("end", "select count(*) as n from mart"))
    report = checked(base, edited(base, model("stg", "select id, b, c from raw where b > 0")))
    assert "risky rows-changed stg" in told(report)
    assert hit(report) == {"mart": "wrong", "end": "wrong"}


@pytest.mark.parametrize("sql", ["select id, b, c from raw -- a word", "SELECT  id, b,\n c FROM raw", "with x as (select * from raw) select id, b, c from x"])
def test_what_is_only_written_otherwise_is_no_change(sql: str) -> None:
    base = below(model("mart", "select id, b from stg"), unit_test("u", "stg", [], [{"id": 1}]))
    report = checked(base, edited(base, model("stg", sql)))
    assert report.changes == ()
    assert report.impact.proofs == ()
    assert report.coverage.changed == 1


def test_a_new_column_breaks_who_unites_by_place() -> None:
    base = below(model("old", "select id, b, c from raw"), model("all_of_it", "select * from stg union all select * from old"))
    report = checked(base, edited(base, model("stg", "select id, b, c, 1 as d from raw")))
    assert told(report) == {"breaking column-added stg.d"}
    assert hit(report) == {"all_of_it": "fails"}


def test_a_new_column_makes_a_name_ambiguous() -> None:
    base = below(model("names", "select id, c as label from raw"), model("mart", "select b, label from stg join names on stg.id = names.id"))
    report = checked(base, edited(base, model("names", "select id, c as label, b from raw")))
    assert told(report) == {"breaking column-added names.b"}
    assert hit(report) == {"mart": "fails"}


def test_another_order_matters_where_columns_are_read_by_place() -> None:
    base = below(
        model("old", "select id, b, c from raw"), model("all_of_it", "select * from stg union all select * from old"), model("mart", "select id, c from stg")
    )
    report = checked(base, edited(base, model("stg", "select id, c, b from raw")))
    assert told(report) == {"risky column-reordered stg"}
    assert hit(report) == {"all_of_it": "wrong"}


def test_another_order_is_safe_elsewhere() -> None:
    base = below(model("mart", "select id, c from stg"))
    assert told(checked(base, edited(base, model("stg", "select id, c, b from raw")))) == {"safe column-reordered stg"}


def test_a_new_model_that_reads_what_is_not_there_fails() -> None:
    base = below()
    report = checked(base, edited(base, model("mart", "select id, nothing from stg")))
    assert told(report) == {"breaking node-added mart"}
    assert hit(report) == {"mart": "fails"}


def test_a_name_that_was_not_understood_before_is_no_news() -> None:
    base = below(model("mart", "select id, nothing from stg"))
    report = checked(base, edited(base, model("mart", "select id, nothing from stg where id > 0")))
    assert hit(report) == {}
    assert told(report) >= {"risky rows-changed mart"}


def test_a_changed_model_that_reads_a_column_which_the_same_change_removes_fails() -> None:
    base = below(model("mart", "select id, b from stg"))
    report = checked(base, edited(base, model("stg", "select id, c from raw"), model("mart", "select id, b + 1 as b from stg")))
    assert hit(report) == {"mart": "fails"}


def test_a_python_model_may_use_whatever_changed() -> None:
    python = model("py", "", language="python", raw_code="def model(dbt, session): return dbt.ref('stg')", depends_on={"nodes": ["model.p.stg"]})
    base = below(python, model("end", "select * from py"))
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert hit(report) == {"py": "may wrong", "end": "may wrong"}
    proof = next(proof for proof in report.impact.proofs if short(proof.unique_id) == "py")
    assert "Python" in proof.why


def test_a_change_that_cannot_be_read_reaches_everything_and_never_passes() -> None:
    base = below(model("mart", "select id, b from stg"), exposure("board", "mart"))
    report = checked(base, edited(base, model("stg", "select id, b from raw where where")))
    assert told(report) == {"cannot-say sql-unread stg"}
    assert hit(report) == {"mart": "may wrong"}
    assert [board.name for board in report.impact.dashboards] == ["board"]
    assert report.outcome == "not-judged"
    assert report.coverage.unread


def test_an_ephemeral_models_readers_are_those_that_fail() -> None:
    eph = model("eph", "select id, b from stg", config={"materialized": "ephemeral"})
    reader = model("mart", f"with __dbt__cte__eph as (select id, b from {relation('stg')}) select id, b from __dbt__cte__eph")  # noqa: S608  # our own
    reader["depends_on"] = {"nodes": ["model.p.eph"]}
    base = below(eph, reader)
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert hit(report) == {"mart": "fails"}


# existing tables


def incremental(name: str, sql: str, on_schema_change: str = "ignore", **config: Any) -> Any:  # noqa: ANN401
    return model(name, sql, config={"materialized": "incremental", "on_schema_change": on_schema_change, **config})


@pytest.mark.parametrize(
    ("mode", "node", "reader"),
    [
        ("ignore", "fails", "skipped"),
        ("fail", "fails", "skipped"),
        ("append_new_columns", "loses b, wrong", "wrong"),
        ("sync_all_columns", "loses b", "fails"),
    ],
)
def test_an_incremental_model_that_loses_a_column_through_a_star(mode: str, node: str, reader: str) -> None:
    base = below(incremental("inc", "select * from stg", mode), model("mart", "select id, b from inc"))
    found = hit(checked(base, edited(base, model("stg", "select id, c from raw"))))
    assert found == {"inc": node, "mart": reader}


@pytest.mark.parametrize(
    ("mode", "verdict", "found"),
    [
        ("ignore", "breaking", {"mart": "fails"}),
        ("fail", "breaking", {"inc": "fails", "mart": "skipped"}),
        ("append_new_columns", "safe", {}),
        ("sync_all_columns", "safe", {}),
    ],
)
def test_a_column_that_an_incremental_model_gains_is_there_only_where_dbt_adds_it(mode: str, verdict: str, found: dict[str, str]) -> None:
    base = below(incremental("inc", "select id, b from stg", mode), model("mart", "select id from inc"))
    report = checked(base, edited(base, incremental("inc", "select id, b, c from stg", mode), model("mart", "select id, c from inc")))
    assert f"{verdict} column-added inc.c" in told(report)
    assert hit(report) == found


def test_an_incremental_model_that_a_run_builds_anew_has_what_its_sql_yields() -> None:
    base = below(incremental("inc", "select id, b from stg", full_refresh=True), model("mart", "select b from inc"))
    report = checked(base, edited(base, incremental("inc", "select id from stg", full_refresh=True)))
    assert hit(report) == {"mart": "fails"}


def test_a_view_that_becomes_incremental_is_built_whole_once() -> None:
    base = below(model("inc", "select id, b from stg", config={"materialized": "view"}), model("mart", "select id from inc"))
    report = checked(base, edited(base, incremental("inc", "select id, b, c from stg"), model("mart", "select id, c from inc")))
    assert "risky materialization-changed inc" in told(report)
    assert "mart" not in {name for name, what in hit(report).items() if "fails" in what}


def test_an_incremental_model_reads_its_own_table_as_the_last_run_left_it() -> None:
    sql = "select id, b from stg where b > (select max(b) from inc)"
    base = below(incremental("inc", sql))
    report = checked(base, edited(base, incremental("inc", "select id, b, c from stg where c > (select max(c) from inc)")))
    assert hit(report)["inc"] == "fails"


def test_a_snapshot_keeps_the_column_and_its_new_versions_lack_it() -> None:
    snapshot = model(
        "snap", "select * from stg", kind="snapshot", config={"materialized": "snapshot", "unique_key": "id", "strategy": "timestamp", "updated_at": "c"}
    )
    base = below(snapshot, model("mart", "select id, b from snap"))
    assert hit(checked(base, edited(base, model("stg", "select id, c from raw")))) == {"snap": "loses b, wrong", "mart": "wrong"}


# contracts, unit tests, consumers


def test_a_contract_that_the_sql_no_longer_meets_fails_the_node() -> None:
    base = below(
        model("mart", "select id, b from stg", columns={"id": "int", "b": "int"}, config={"contract": {"enforced": True}}), model("end", "select id from mart")
    )
    head = edited(base, model("mart", "select id from stg", columns={"id": "int", "b": "int"}, config={"contract": {"enforced": True}}))
    report = checked(base, head)
    assert hit(report) == {"mart": "fails", "end": "skipped"}
    assert [short(item) for item in report.impact.failing_tests] == ["mart"]
    assert the(report, "column-removed").verdict == "breaking"


def test_a_contract_that_loses_the_column_too_is_broken_and_still_met() -> None:
    base = below(model("mart", "select id, b from stg", columns={"id": "int", "b": "int"}, config={"contract": {"enforced": True}}))
    report = checked(base, edited(base, model("mart", "select id from stg", columns={"id": "int"}, config={"contract": {"enforced": True}})))
    assert told(report) == {"breaking column-removed mart.b", "breaking contract-changed mart.b"}
    assert hit(report) == {}


def test_a_contract_refuses_a_column_that_a_star_brings() -> None:
    base = below(model("mart", "select * from stg", columns={"id": "", "b": "", "c": ""}, config={"contract": {"enforced": True}}))
    report = checked(base, edited(base, model("stg", "select id, b, c, 1 as d from raw")))
    assert hit(report) == {"mart": "fails"}
    assert told(report) == {"breaking column-added stg.d"}


def test_a_unit_test_that_expects_a_lost_column_cannot_run_and_holds_its_model_back() -> None:
    base = below(model("mart", "select id, b from stg"), model("end", "select id from mart"), unit_test("u", "mart", [], [{"id": 1, "b": 2}]))
    report = checked(base, edited(base, model("mart", "select id from stg")))
    assert [short(item) for item in report.impact.failing_tests] == ["mart.u"]
    assert hit(report) == {"mart": "skipped", "end": "skipped"}


def test_a_unit_test_that_gives_a_lost_column_cannot_run() -> None:
    given = [{"input": "ref('stg')", "rows": [{"id": 1, "b": 2}]}]
    base = below(model("mart", "select id from stg"), unit_test("u", "mart", given, [{"id": 1}]))
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert [short(item) for item in report.impact.failing_tests] == ["mart.u"]
    assert hit(report) == {"mart": "skipped"}


def test_a_metric_is_reached_by_the_columns_of_its_measure() -> None:
    measures = [{"name": "total", "agg": "sum", "expr": "b"}, {"name": "other", "agg": "sum", "expr": "c"}]
    layer = semantic("semantic_model", "things", "mart", entities=[{"name": "thing", "expr": "id"}], dimensions=[], measures=measures)
    metrics = [
        semantic("metric", name, "semantic_model.p.things", type="simple", type_params={"measure": {"name": measure}, "input_measures": [{"name": measure}]})
        for name, measure in (("sum_b", "total"), ("sum_c", "other"))
    ]
    base = below(model("mart", "select id, b, c from stg"), layer, *metrics, exposure("board", "metric.p.sum_c"), exposure("other_board", "metric.p.sum_b"))
    report = checked(base, edited(base, model("stg", "select id, b * 2 as b, c from raw")))
    assert [short(item) for item in report.impact.metrics] == ["sum_b"]
    assert [board.name for board in report.impact.dashboards] == ["other_board"]


def test_an_exposure_that_lists_its_columns_is_reached_by_those_alone() -> None:
    listed = {"meta": {"referenced_columns": [{"node": "mart", "column_name": "c"}]}}
    base = below(model("mart", "select id, b, c from stg"), exposure("board", "mart", **listed))
    assert checked(base, edited(base, model("stg", "select id, b * 2 as b, c from raw"))).impact.dashboards == ()
    assert checked(base, edited(base, model("stg", "select id, b, c * 2 as c from raw"))).impact.dashboards != ()


def test_a_node_that_reads_what_is_gone_is_refused_by_dbt() -> None:
    base = below(model("mart", "select id from stg"), exposure("board", "mart"))
    head = edited(base, exposure("board", "mart"), gone=("model.p.mart",))
    report = checked(base, head)
    assert told(report) == {"breaking node-removed mart"}
    assert [board.name for board in report.impact.dashboards] == ["board"]


def test_the_warehouse_lost_a_column_of_a_source_and_of_a_seed() -> None:
    base = project(RAW, STG, seed("codes", "k", "v"), model("coded", "select v from codes"))
    head = edited(base, source("raw", "id", "c"), seed("codes", "k"))
    report = checked(base, head)
    assert told(report) == {"breaking column-removed raw.raw.b", "breaking column-removed codes.v"}
    assert hit(report) == {"stg": "fails", "coded": "fails"}


def test_a_seed_with_another_file_has_other_rows() -> None:
    base = project(seed("codes", "k", "v"), model("coded", "select v from codes"))
    report = checked(base, edited(base, seed("codes", "k", "v", checksum="two")))
    assert told(report) == {"risky seed-changed codes"}
    assert hit(report) == {"coded": "wrong"}


def test_columns_that_were_unknown_and_now_are_listed_are_gone_for_who_names_another() -> None:
    raw = source("raw", listed=False)
    base = project(raw, model("stg", "select * from raw"), model("mart", "select id, b from stg"))
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert hit(report) == {"mart": "fails"}
    assert any(change.verdict == "breaking" for change in report.changes)


def test_a_catalog_that_is_older_than_the_change_does_not_hide_it() -> None:
    base = below(model("star", "select * from stg"), model("end", "select b from star"))
    for item in base["nodes"].values():
        item["_columns"] = ["id", "b", "c"]
    report = checked(base, edited(base, {**model("stg", "select id, c from raw"), "_columns": ["id", "b", "c"]}))
    assert hit(report) == {"star": "loses b", "end": "fails"}


def test_rows_in_another_order_are_shown_and_change_nothing_below() -> None:
    base = below(model("mart", "select id, b from stg"))
    report = checked(base, edited(base, model("stg", "select id, b, c from raw order by id")))
    assert told(report) == {"risky rows-sorted stg"}
    assert report.impact.proofs == ()


# types


def test_a_type_that_holds_less_is_breaking_where_the_column_is_used_and_follows_the_column() -> None:
    base = below(model("mart", "select id, b from stg"), model("end", "select sum(b) as n from mart"))
    report = checked(base, edited(base, model("stg", "select id, cast(b as varchar) as b, c from raw")))
    change = the(report, "column-retyped")
    assert (change.verdict, change.certainty) == ("breaking", "certain")
    found = hit(report)
    assert "wrong" in found["mart"]
    assert found["end"] == "fails"


def test_a_type_that_holds_more_is_safe() -> None:
    base = below(model("mart", "select id, b from stg"))
    report = checked(base, edited(base, model("stg", "select id, cast(b as bigint) as b, c from raw")))
    assert the(report, "column-retyped").verdict == "safe"


def test_another_type_stops_an_incremental_model_that_is_to_fail() -> None:
    base = below(incremental("inc", "select id, b from raw", "fail"), model("mart", "select id from inc"))
    report = checked(base, edited(base, incremental("inc", "select id, cast(b as varchar) as b from raw", "fail")))
    assert hit(report) == {"inc": "fails", "mart": "skipped"}
    assert the(report, "column-retyped").verdict == "breaking"


def test_a_type_of_the_same_family_that_holds_less_breaks_nothing_and_may_change_values() -> None:
    base = below(model("mart", "select id, b + 1 as b from stg"), model("end", "select b from mart"))
    report = checked(base, edited(base, model("stg", "select id, cast(b as smallint) as b, c from raw")))
    assert the(report, "column-retyped").verdict == "risky"
    assert report.impact.fails == ()
    assert set(report.impact.wrong) == {"model.p.mart", "model.p.end"}


@pytest.mark.parametrize("kind", ["smallint", "bigint"])
def test_any_other_type_above_an_incremental_model_that_is_to_fail_is_breaking(kind: str) -> None:
    base = below(incremental("inc", "select id, b from stg", "fail"), model("mart", "select id from inc"))
    types = {"id": "INTEGER", "b": "INTEGER", "c": "INTEGER"}
    built = Catalog(tables={name: CatalogTable(name, columns=types) for name in ("source.p.raw.raw", "model.p.stg")})
    retyped = "select id, cast(b as {}) as b, c from raw".format(kind)  # noqa: S608, UP032  # our own
    report = checked(base, edited(base, model("stg", retyped)), base_catalog=built)
    assert (report.impact.fails, report.impact.skipped) == (("model.p.inc",), ("model.p.mart",))
    change = the(report, "column-retyped")
    assert change.verdict == "breaking"
    assert "inc" in change.reason


def test_another_type_may_break_a_contract() -> None:
    def mart(sql: str) -> Any:  # noqa: ANN401
        return model("mart", sql, columns={"id": "integer", "b": "integer"}, config={"contract": {"enforced": True}})

    base = below(mart("select id, b from stg"))
    report = checked(base, edited(base, mart("select id, cast(b as varchar) as b from stg")))
    assert next(proof.why for proof in report.impact.proofs if short(proof.unique_id) == "mart").startswith("its contract has b as integer")


def test_a_source_whose_columns_changed_their_types_came_or_went_in_the_warehouse() -> None:
    def listed(*pairs: str) -> Catalog:
        columns = dict(pair.split() for pair in pairs)
        return Catalog(tables={"source.p.raw.raw": CatalogTable("source.p.raw.raw", columns=columns)})

    def drifted(*pairs: str) -> set[str]:
        return told(checked(project(RAW, STG), project(RAW, STG), base_catalog=listed("id INTEGER", "b INTEGER", "c DATE"), head_catalog=listed(*pairs)))

    assert drifted("id BIGINT", "b INTEGER", "c DATE") == {"safe column-retyped raw.raw.id"}
    assert drifted("id INTEGER", "b VARCHAR", "c DATE") == {"breaking column-retyped raw.raw.b"}
    assert drifted("id INTEGER", "b INTEGER", "c DATE", "d DATE") == {"safe column-added raw.raw.d"}
    assert drifted("id INTEGER", "b INTEGER") == {"breaking column-removed raw.raw.c"}


def test_a_source_that_the_warehouse_no_longer_lists_beside_others_may_be_gone() -> None:
    more = source("more", "x")
    base = project(RAW, more, STG)
    tables = {key: CatalogTable(key, columns={"id": "INTEGER", "b": "INTEGER", "c": "INTEGER"}) for key in ("source.p.raw.raw", "source.p.raw.more")}
    left = {key: table for key, table in tables.items() if key.endswith("more")}
    report = checked(base, base, base_catalog=Catalog(tables=tables), head_catalog=Catalog(tables=left))
    assert told(report) == {"breaking source-removed raw.raw"}
    assert hit(report) == {"raw.raw": "may wrong", "stg": "may wrong"}


# what is not read


def test_what_cannot_be_read_is_passed_on_by_stars_and_may_fail_who_names_a_column() -> None:
    base = below(
        model("star", "select * from stg"), model("end", "select b from star"), data_test("t", "star", "select * from star where b is null", column="b")
    )
    report = checked(base, edited(base, model("stg", "select id, b from raw where where")))
    assert hit(report) == {"star": "may wrong", "end": "may wrong"}
    assert report.impact.failing_tests == ()


def test_a_microbatch_model_needs_the_event_time_of_what_it_reads() -> None:
    stg = model("stg", "select id, b, c from raw", config={"event_time": "c"})
    batch = incremental("batch", "select id, b from stg", incremental_strategy="microbatch", event_time="b", begin="2026-01-01", batch_size="day")
    base = below(batch, stg=stg)
    report = checked(base, edited(base, model("stg", "select id, b from raw", config={"event_time": "c"})))
    assert hit(report) == {"batch": "fails"}
    assert "event_time" in report.impact.proofs[0].why


def test_a_public_model_that_loses_a_column_and_one_behind_a_contract() -> None:
    base = below(model("mart", "select id, b from stg", access="public"), model("end", "select id from mart"))
    report = checked(base, edited(base, model("mart", "select id from stg", access="public")))
    assert the(report, "column-removed").verdict == "breaking"
    assert "public" in the(report, "column-removed").reason
    assert [item.kind for item in report.impact.hidden] == ["public_model"]


def test_a_column_of_an_ephemeral_model_that_nothing_reads_is_nobodys_loss() -> None:
    base = below(model("eph", "select id, b from stg", config={"materialized": "ephemeral"}))
    report = checked(base, edited(base, model("eph", "select id from stg", config={"materialized": "ephemeral"})))
    assert told(report) == {"safe column-removed eph.b"}
    assert the(report, "column-removed").certainty == "certain"


def test_a_unit_test_fails_before_its_model_would_and_dbt_then_skips_that() -> None:
    given = [{"input": "ref('stg')", "rows": [{"id": 1, "b": 2}]}]
    base = below(model("mart", "select id, b from stg"), model("end", "select id from mart"), unit_test("u", "mart", given, [{"id": 1}]))
    report = checked(base, edited(base, model("stg", "select id, c from raw")))
    assert hit(report) == {"mart": "fails, skipped", "end": "skipped"}


def test_another_type_follows_the_column_into_contracts_and_tables_that_are_there() -> None:
    contract = {"columns": {"id": "integer", "b": "integer"}, "config": {"contract": {"enforced": True}}}
    base = project(
        RAW,
        model("stg", "select id, b, c from raw"),
        model("con", "select id, b from stg", **contract),
        incremental("strict", "select id, b from stg", "fail"),
        incremental("loose", "select id, b from stg"),
        model("sums", "select sum(b) as n from stg"),
    )
    found = hit(checked(base, edited(base, model("stg", "select id, cast(b as varchar) as b, c from raw"))))
    assert found == {"con": "fails", "strict": "fails", "loose": "wrong", "sums": "fails"}
