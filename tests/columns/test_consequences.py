"""What a dropped or wrong column does to the nodes below it: against dbt's own builds of shop, and in small projects, one rule each."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from column_projects import build, data_test, dropped, exposure, hit, model, seed, semantic, source, told, wronged

import aftershock
from aftershock.columns.consequences import consequences
from aftershock.columns.trace import upstream
from aftershock.model import Effect
from aftershock.model.code import MacroCode

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
BUILT = frozenset({"model", "snapshot"})
PYTHON = "model.shop.customer_segments"
RAW = source("raw", "id", "b", "c")
ROOT = "source.p.raw"


@cache
def shop() -> Any:  # noqa: ANN401
    found = aftershock.open_lineage(aftershock.read_artifacts(FIXTURES / "artifacts" / "green"), cached=False)
    found.read(found.graph.nodes)
    return found


def truth() -> dict[str, dict[str, dict[str, Any]]]:
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(gzip.decompress((FIXTURES / "truth" / "dropped_columns.json.gz").read_bytes()))
    return loaded


def drops(kind: str) -> list[tuple[str, str]]:
    return [(unique_id, column) for unique_id, columns in truth().items() for column in columns if unique_id.startswith(kind)]


def is_run(unique_id: str) -> bool:
    node = shop().graph.nodes[unique_id]
    return node.resource_type in BUILT and node.materialized != "ephemeral"


def certain(root: str, column: str) -> tuple[set[str], set[str], dict[str, set[str]]]:
    """What certainly fails, is skipped and loses columns, of what dbt runs, the root left out; a snapshot's table keeps them, only new versions do not."""
    found = consequences(shop(), {root: [column]}, gone=True, tests_block=False)
    below = {unique_id: its for unique_id, its in found.items() if is_run(unique_id) and unique_id != root and its.certain}
    skipped = {unique_id for unique_id, its in below.items() if Effect.SKIPPED in its.effects}
    fails = {unique_id for unique_id, its in below.items() if Effect.FAILS in its.effects} - skipped
    loses = {
        unique_id: {name.casefold() for name in its.columns}
        for unique_id, its in below.items()
        if Effect.LOSES_COLUMNS in its.effects and not unique_id.startswith("snapshot.")
    }
    return fails, skipped, {unique_id: columns for unique_id, columns in loses.items() if unique_id not in skipped}


def stated(root: str, column: str) -> tuple[set[str], set[str], dict[str, set[str]]]:
    """The same as dbt did it."""
    effects = truth()[root][column]
    loses = {unique_id: {name.casefold() for name in names} for unique_id, names in effects.get("loses", {}).items() if unique_id != root and is_run(unique_id)}
    return set(filter(is_run, effects.get("fails", []))) - {root}, set(filter(is_run, effects.get("skipped", []))), loses


def test_each_column_of_each_source_of_shop_does_what_dbt_build_did() -> None:
    differing = {root_column: (said, done) for root_column in drops("source.") if (said := certain(*root_column)) != (done := stated(*root_column))}
    assert differing == {}
    assert len(drops("source.")) > 50


def test_each_column_of_each_model_of_shop_does_what_dbt_build_did() -> None:
    """Of models that build without the column, and whose table then is without it; what reads a Python model only may be hit."""
    differing, tried = {}, 0
    for root, column in drops("model."):
        effects = truth()[root][column]
        if root in effects.get("fails", []) or shop().graph.nodes[root].materialized == "incremental":
            continue
        tried += 1
        said, done = certain(root, column), stated(root, column)
        behind = {PYTHON, *shop().graph.descendants((PYTHON,))}
        if any(set(one) - behind != set(other) - behind for one, other in zip(said[:2], done[:2], strict=True)) or said[2] != done[2]:
            differing[root, column] = said, done
        found = consequences(shop(), {root: [column]}, gone=True, tests_block=False)
        assert (done[0] | done[1] | set(done[2])) <= found.keys(), "nothing that dbt breaks is left out"
    assert differing == {}
    assert tried > 100


def test_wrong_values_reach_no_more_than_the_graph_and_at_least_what_the_drop_does() -> None:
    for root, column in drops("source."):
        below = shop().graph.descendants((root,)).keys()
        wrong = consequences(shop(), {root: [column]}, gone=False).keys()
        gone = consequences(shop(), {root: [column]}, gone=True, tests_block=False)
        assert wrong <= below
        assert gone.keys() <= below
        direct = set(filter(is_run, shop().graph.descendants((root,), depth=1)))
        assert direct & {unique_id for unique_id, its in gone.items() if Effect.LOSES_COLUMNS in its.effects} <= wrong


@pytest.mark.parametrize(
    ("sql", "effect"),
    [
        ("select id from db.main.raw", None),
        ("select id, b from db.main.raw", "fails"),
        ("select id from db.main.raw where b > 1", "fails"),
        ("select r.id from db.main.raw r join db.main.raw s on r.b = s.id", "fails"),
        ("select id from db.main.raw group by id, b", "fails"),
        ("select id from db.main.raw order by b", "fails"),
        ("select id from db.main.raw qualify row_number() over (partition by b) = 1", "fails"),
        ("select count(*) as n from db.main.raw", None),
        ("select * from db.main.raw", "loses_columns"),
        ("select * exclude (b) from db.main.raw", "fails"),
        ("select * replace (b + 1 as b) from db.main.raw", "fails"),
        ("with q as (select * from db.main.raw) select id from q", None),
        ("with q as (select * from db.main.raw) select b from q", "fails"),
        ("with q as (select b from db.main.raw) select 1 as one", None),
        ("select id as b from db.main.raw where b > 1", "wrong"),
        ("select id from db.main.other where b in (select b from db.main.raw)", "wrong"),
        ("select columns('^(id|b)$') from db.main.raw", "loses_columns"),
        ("select * from db.main.raw union all select * from db.main.raw", "loses_columns"),
        ("select * from db.main.raw union all select id, id as b, id as c from db.main.other", "fails"),
        ("select * from db.main.raw union all by name select id from db.main.other", "loses_columns"),
        ("select * from db.main.raw union by name select b from db.main.other", "wrong"),
        ("select raw.id from db.main.raw natural join db.main.other", "wrong"),
        ("select db.main.raw.b from db.main.raw", "fails"),
        ("select main.raw.b from db.main.raw", "fails"),
        ("select raw.b from db.main.raw", "fails"),
    ],
)
def test_what_a_drop_does_to_a_reader(sql: str, effect: str | None) -> None:
    project = build(RAW, source("other", "id", "b"), model("m", sql, ROOT, "source.p.other"))
    assert hit(project, ROOT, "b") == ({} if effect is None else {"m": effect})


@pytest.mark.parametrize(
    ("materialized", "build_config", "effect"),
    [
        ("view", {}, "loses_columns"),
        ("table", {}, "loses_columns"),
        ("incremental", {}, "fails"),
        ("incremental", {"on_schema_change": "ignore"}, "fails"),
        ("incremental", {"on_schema_change": "fail"}, "fails"),
        ("incremental", {"on_schema_change": "append_new_columns"}, "wrong, loses_columns"),
        ("incremental", {"on_schema_change": "sync_all_columns"}, "loses_columns"),
        ("table", {"contract": True}, "fails"),
        ("view", {"contract": True}, "fails"),
    ],
)
def test_what_it_means_that_a_star_lost_a_column(materialized: str, build_config: dict[str, Any], effect: str) -> None:
    project = build(RAW, model("m", "select * from db.main.raw", ROOT, materialized=materialized, **build_config))
    assert hit(project, ROOT, "b") == {"m": effect}


def test_what_reads_a_table_that_kept_the_column_binds_and_is_wrong() -> None:
    kept = model("m", "select * from db.main.raw", ROOT, materialized="incremental", on_schema_change="append_new_columns")
    project = build(RAW, kept, model("k", "select b from db.main.m", "m"), model("j", "select id from db.main.m", "m"))
    found = hit(project, ROOT, "b")
    assert found["k"] == "wrong"
    assert "j" not in found


def test_what_reads_a_table_that_lost_the_column_fails_and_all_below_is_skipped() -> None:
    project = build(
        RAW,
        model("m", "select * from db.main.raw", ROOT),
        model("k", "select b from db.main.m", "m"),
        model("l", "select b from db.main.k", "k"),
        model("j", "select id from db.main.m", "m"),
        exposure("e", "l"),
    )
    found = dropped(project, ROOT, "b")
    assert told(found) == {"m": "loses_columns", "k": "fails", "l": "skipped", "e": "stale"}
    assert [step.node for step in found["model.p.k"].steps] == [ROOT, "model.p.m", "model.p.k"]
    assert found["model.p.k"].steps[0].column == "b"
    assert "b" in found["model.p.k"].why


@pytest.mark.parametrize(
    "sql",
    [
        "select b from db.main.raw",
        "select id from db.main.raw where b = 1",
        "select * exclude (b) from db.main.raw",
        "select * replace (b as c) from db.main.raw",
    ],
)
def test_the_proof_starts_at_the_column(sql: str) -> None:
    found = dropped(build(RAW, model("m", sql, ROOT)), ROOT, "b")["model.p.m"]
    assert [(step.node, step.column) for step in found.steps[:1]] == [(ROOT, "b")]
    assert found.steps[-1].node == "model.p.m"


def test_a_snapshot_keeps_the_column_and_new_versions_lack_its_value() -> None:
    snapshot = model("s", "select * from db.main.raw", ROOT, kind="snapshot", unique_key=("id",))
    project = build(RAW, snapshot, model("k", "select b, dbt_valid_to from db.main.s", "snapshot.p.s"))
    found = hit(project, ROOT, "b")
    assert found == {"s": "wrong, loses_columns", "k": "wrong"}


@pytest.mark.parametrize(
    ("config", "effect"),
    [({"unique_key": "b"}, "fails"), ({"check_cols": ["id", "b"]}, "fails"), ({"updated_at": "b"}, "fails"), ({"unique_key": "id"}, "wrong, loses_columns")],
)
def test_a_snapshot_whose_configuration_names_the_column_fails(config: dict[str, Any], effect: str) -> None:
    project = build(RAW, model("s", "select * from db.main.raw", ROOT, kind="snapshot", config=config))
    assert hit(project, ROOT, "b") == {"s": effect}


def test_an_ephemeral_parent_is_attributed_to_itself_and_to_its_own_parents() -> None:
    inner = model("eph", "select id, b as z from db.main.raw", ROOT, materialized="ephemeral")
    sql = "with __dbt__cte__eph as (select id, b as z from db.main.raw) select z from __dbt__cte__eph"
    project = build(RAW, inner, model("m", sql, "eph"), model("n", sql.replace("select z", "select id"), "eph"))
    assert hit(project, ROOT, "b") == {"eph": "fails", "m": "fails", "n": "fails"}
    assert hit(project, "model.p.eph", "z") == {"m": "fails"}
    assert told(wronged(project, ROOT, "b")) == {"eph": "wrong", "m": "wrong"}


def test_an_ephemeral_parent_that_was_not_compiled_is_followed_through_its_template() -> None:
    inner = model("eph", "", ROOT, materialized="ephemeral", raw="select id, b as z from db.main.raw")
    outer = model("m", "", "eph", raw="select z from {{ ref('eph') }}")
    untouched = model("n", "", "eph", raw="select id from {{ ref('eph') }}")
    found = hit(build(RAW, inner, outer, untouched), ROOT, "b")
    assert found["m"] in {"fails", "skipped"}
    assert set(found) >= {"eph", "m", "n"}, "dbt puts its SQL into both, and it does not bind in either"


def test_below_what_was_not_read_everything_only_may_be() -> None:
    project = build(
        RAW,
        model("py", "def model(dbt, session): ...", ROOT, language="python"),
        model("k", "select x from db.main.py", "py"),
        model("side", "select id from db.main.raw", ROOT),
        exposure("e", "k"),
    )
    found = dropped(project, ROOT, "b")
    assert found["model.p.py"].certain is False
    assert set(told(found)) == {"py", "k", "e"}
    assert all(not its.certain for its in found.values())
    assert all(not its.certain for its in wronged(project, ROOT, "b").values())
    assert set(told(wronged(project, ROOT, "b"))) == {"py", "k", "e"}


def test_what_cannot_be_parsed_may_be_concerned() -> None:
    project = build(RAW, model("m", "select ((( from", ROOT), model("k", "select x from db.main.m", "m"))
    assert {name: text.startswith("may ") for name, text in hit(project, ROOT, "b").items()} == {"m": True, "k": True}


def test_a_name_that_two_relations_may_own_may_be_the_column() -> None:
    unknown = source("x", known=False), source("y", known=False)
    project = build(*unknown, model("m", "select k from db.main.x join db.main.y on x.i = y.i", "source.p.x", "source.p.y"))
    for root in ("source.p.x", "source.p.y"):
        found = dropped(project, root, "k")
        assert found["model.p.m"].certain is False
        assert Effect.FAILS in found["model.p.m"].effects
        assert dropped(project, root, "i")["model.p.m"].certain is True
        assert dropped(project, root, "other") == {}


def test_a_catalog_that_is_older_than_the_column_hides_no_reader() -> None:
    project = build(
        source("raw", "id"),
        model("m", "select id, b from db.main.raw", ROOT),
        model("s", "select * from db.main.raw", ROOT),
        model("n", "select id from db.main.raw", ROOT),
    )
    found = hit(project, ROOT, "b")
    assert "m" in found
    assert "fails" in found["m"]
    assert "n" not in found


def test_a_source_without_a_catalog_is_known_by_its_uses() -> None:
    project = build(
        source("raw", known=False),
        model("m", "select * from db.main.raw", ROOT),
        model("k", "select b from db.main.m", "m"),
        model("j", "select id from db.main.m", "m"),
    )
    found = hit(project, ROOT, "b")
    assert found["m"].endswith("loses_columns")
    assert found["k"].endswith("fails")
    assert "j" not in found


def test_columns_that_only_yaml_declares_do_not_hide_others() -> None:
    project = build(source("raw", known=False, declared=["id"]), model("m", "select b from db.main.raw", ROOT))
    assert "fails" in hit(project, ROOT, "b")["m"]


def test_a_test_that_reads_the_column_by_its_own_sql_fails() -> None:
    project = build(
        RAW,
        data_test("t", "select b from db.main.raw where b is null", ROOT, column="b"),
        data_test("u", "select id from db.main.raw where id is null", ROOT, column="id"),
    )
    found = dropped(project, ROOT, "b")
    assert told(found) == {"t": "fails"}
    assert told(wronged(project, ROOT, "b")) == {"t": "wrong"}


def test_a_failing_test_blocks_what_is_below_in_a_build_and_not_in_a_run() -> None:
    parts = (
        RAW,
        model("m", "select * from db.main.raw", ROOT),
        data_test("t", "select b from db.main.m where b is null", "m", column="b"),
        model("k", "select id from db.main.m", "m"),
        model("l", "select id from db.main.k", "k"),
    )
    assert hit(build(*parts), ROOT, "b") == {"m": "loses_columns", "t": "fails", "k": "skipped", "l": "skipped"}
    assert hit(build(*parts), ROOT, "b", tests_block=False) == {"m": "loses_columns", "t": "fails"}


def test_a_test_over_two_models_blocks_only_what_is_below_both() -> None:
    parts = (
        RAW,
        model("m", "select * from db.main.raw", ROOT),
        model("n", "select id from db.main.raw", ROOT),
        data_test("t", "select m.b from db.main.m join db.main.n using (id)", "m", "n"),
        model("k", "select id from db.main.m", "m"),
        model("both", "select m.id from db.main.m join db.main.n using (id)", "m", "n"),
    )
    assert hit(build(*parts), ROOT, "b") == {"m": "loses_columns", "t": "fails", "both": "skipped"}


@pytest.mark.parametrize(
    ("referenced", "found"),
    [
        (None, "may fails"),
        ([{"column_name": "b", "node": "m"}], "fails"),
        ([{"column_name": "B", "node": "ref('m')"}], "fails"),
        ([{"column_name": "b"}], "fails"),
        ([{"column_name": "id", "node": "m"}], None),
        ([], "may fails"),
    ],
)
def test_an_exposure_is_concerned_by_the_columns_that_it_says_it_uses(referenced: list[dict[str, str]] | None, found: str | None) -> None:
    project = build(RAW, model("m", "select * from db.main.raw", ROOT), exposure("e", "m", referenced=referenced))
    assert hit(project, ROOT, "b").get("e") == found


def test_an_exposure_of_wrong_values_is_concerned_by_its_columns_too() -> None:
    project = build(
        RAW,
        model("m", "select id, b + 1 as k from db.main.raw", ROOT),
        exposure("e", "m", referenced=[{"column_name": "k"}]),
        exposure("f", "m", referenced=[{"column_name": "id"}]),
    )
    assert told(wronged(project, ROOT, "b")) == {"m": "wrong", "e": "wrong"}


def test_wrong_values_in_a_filter_make_every_column_wrong() -> None:
    project = build(
        RAW,
        model("m", "select id from db.main.raw where b > 1", ROOT),
        model("k", "select id from db.main.m", "m"),
        exposure("e", "k", referenced=[{"column_name": "id"}]),
    )
    assert told(wronged(project, ROOT, "b")) == {"m": "wrong", "k": "wrong", "e": "wrong"}


def test_wrong_values_that_only_order_rows_are_followed_too() -> None:
    project = build(RAW, model("m", "select id from db.main.raw order by b limit 3", ROOT))
    assert told(wronged(project, ROOT, "b")) == {"m": "wrong"}


def test_wrong_values_stop_where_the_column_ends() -> None:
    project = build(
        RAW, model("m", "select id, b from db.main.raw", ROOT), model("k", "select id from db.main.m", "m"), model("j", "select b from db.main.m", "m")
    )
    assert told(wronged(project, ROOT, "b")) == {"m": "wrong", "j": "wrong"}


def test_a_seed_is_a_root_like_any_other() -> None:
    project = build(seed("countries", "code", "name"), model("m", "select name from db.main.countries", "seed.p.countries"))
    assert hit(project, "seed.p.countries", "name") == {"m": "fails"}
    assert hit(project, "seed.p.countries", "code") == {}


def test_both_ways_of_is_incremental_are_readers() -> None:
    raw = "select id from {{ source('raw', 'raw') }} {% if is_incremental() %} where b > (select max(id) from {{ this }}) {% endif %}"
    project = build(
        RAW,
        model("m", "", ROOT, raw=raw.replace("{{ source('raw', 'raw') }}", "db.main.raw"), materialized="incremental", on_schema_change="append_new_columns"),
    )
    assert hit(project, ROOT, "b") == {"m": "fails"}
    assert hit(project, ROOT, "c") == {}


def test_a_macro_of_the_project_is_rendered() -> None:
    macros = {"macro.p.pick": MacroCode("pick", "p", "{% macro pick(c) %}{{ c }} as k{% endmacro %}")}
    project = build(RAW, model("m", "", ROOT, raw="select {{ pick('b') }} from db.main.raw"), macros=macros)
    assert hit(project, ROOT, "b") == {"m": "fails"}
    assert hit(project, ROOT, "c") == {}


def test_a_node_that_reads_its_own_table_loses_it_with_the_column() -> None:
    sql = "select id, b from db.main.raw where id > (select max(id) from db.main.m)"
    project = build(RAW, model("m", sql, ROOT, materialized="incremental", columns=("id", "b")))
    assert hit(project, ROOT, "b") == {"m": "fails"}
    assert hit(project, ROOT, "id") == {"m": "fails"}


def test_several_columns_at_once_do_what_each_does_and_no_less() -> None:
    parts = (RAW, model("m", "select b from db.main.raw", ROOT), model("n", "select c from db.main.raw", ROOT), model("s", "select * from db.main.raw", ROOT))
    one, other = hit(build(*parts), ROOT, "b"), hit(build(*parts), ROOT, "c")
    assert hit(build(*parts), ROOT, "b", "c") == one | other
    assert dropped(build(*parts), ROOT, "b", "c")["model.p.s"].columns == ("b", "c")


@pytest.mark.parametrize("column", ["B", "b", '"b"'.strip('"')])
def test_a_column_is_found_in_any_case(column: str) -> None:
    project = build(source("RAW", "ID", "B"), model("m", "select b from db.main.RAW", "source.p.RAW"), adapter="snowflake")
    assert hit(project, "source.p.RAW", column) == {"m": "fails"}


def test_wrong_values_go_on_through_what_holds_no_data() -> None:
    """From a semantic model to its metrics, their saved queries and dashboards."""
    project = build(
        RAW,
        model("m", "select id, b from db.main.raw", ROOT),
        semantic("semantic_model", "s", "m"),
        semantic("metric", "t", "semantic_model.p.s"),
        semantic("saved_query", "q", "metric.p.t"),
        exposure("e", "metric.p.t"),
    )
    assert told(wronged(project, ROOT, "b")) == {"m": "wrong", "s": "may wrong", "t": "may wrong", "q": "may wrong", "e": "may wrong"}
    assert set(hit(project, "model.p.m", "b").values()) == {"may fails"}


def test_a_dashboard_that_may_fail_is_not_only_told_as_stale() -> None:
    project = build(
        RAW,
        model("m", "select * from db.main.raw", ROOT),
        model("n", "select b from db.main.m", "m"),
        exposure("e", "m", "n"),
    )
    assert hit(project, ROOT, "b") == {"m": "loses_columns", "n": "fails", "e": "may stale, fails"}


@pytest.mark.parametrize(
    ("config", "column", "wrong"),
    [
        ({"strategy": "timestamp", "unique_key": "id", "updated_at": "b"}, "b", {"dbt_valid_from", "dbt_valid_to", "dbt_updated_at", "dbt_scd_id"}),
        ({"strategy": "timestamp", "unique_key": ["id"], "updated_at": "b"}, "id", {"dbt_scd_id"}),
        ({"strategy": "timestamp", "unique_key": "id", "updated_at": "b", "snapshot_meta_column_names": {"dbt_valid_from": "since"}}, "b", {"since"}),
        ({"strategy": "check", "unique_key": "id", "check_cols": ["c"]}, "c", set()),
        ({"strategy": "check", "unique_key": "id", "check_cols": "all"}, "c", set()),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_snapshots_versions_depend_on_its_keys_and_times(config: dict[str, Any], column: str, wrong: set[str], known: bool) -> None:  # noqa: FBT001
    """dbt_valid_from is the row's updated_at, and wrong keys or checked columns make wrong versions, which every reader of the rows sees."""
    root = source("raw", "id", "b", "c", known=known)
    project = build(
        root, model("h", "select * from db.main.raw", ROOT, kind="snapshot", config=config), model("n", "select count(*) as n from db.main.h", "snapshot.p.h")
    )
    found = wronged(project, ROOT, column)
    assert wrong <= set(found["snapshot.p.h"].columns)
    assert "model.p.n" in found
    if known and config["strategy"] == "timestamp":
        assert "model.p.n" not in wronged(project, ROOT, "c"), "what is not checked makes no version"


def test_a_snapshots_own_columns_are_no_columns_of_what_it_reads() -> None:
    project = build(
        source("raw", known=False), model("h", "select * from db.main.raw", ROOT, kind="snapshot", config={"strategy": "check", "check_cols": ["c"]})
    )
    assert {edge.source.column for edge in upstream(project, "snapshot.p.h", ["dbt_valid_to"]).edges} == {"c"}


def test_a_microbatch_model_reads_the_event_time_of_what_it_reads() -> None:
    """dbt wraps each such parent in a filter on it, which no compiled SQL shows."""
    project = build(
        RAW,
        model("m", "select id, b, c from db.main.raw", ROOT, event_time="b"),
        model("n", "select id from db.main.m", "m", materialized="incremental", strategy="microbatch", event_time="id"),
        model("o", "select id from db.main.m", "m", event_time="id"),
    )
    assert hit(project, "model.p.m", "b") == {"n": "fails"}
    assert told(wronged(project, "model.p.m", "b")) == {"n": "wrong"}
    assert "its event_time" in dropped(project, "model.p.m", "b")["model.p.n"].why


def test_a_name_in_a_subquery_may_be_of_a_table_around_it_where_neither_is_known() -> None:
    project = build(
        source("raw", known=False),
        source("other", known=False),
        model("m", "select r.id from db.main.raw r where exists (select 1 from db.main.other o where o.id = r.id and a = 1)", ROOT, "source.p.other"),
    )
    for root in (ROOT, "source.p.other"):
        assert hit(project, root, "a") == {"m": "may wrong, fails"}


@pytest.mark.parametrize(("known", "effect"), [(True, "fails"), (False, "may wrong, fails")])
def test_a_name_that_only_an_unknown_table_may_have_now_need_not_bind(known: bool, effect: str) -> None:  # noqa: FBT001
    """DuckDB lets a derived table see the tables before it."""
    project = build(
        RAW,
        source("other", "k", known=known),
        model("m", "select o.k, q.b from db.main.other o left join (select id, b from db.main.raw) q on q.id = o.k", ROOT, "source.p.other"),
    )
    assert hit(project, ROOT, "b") == {"m": effect}


@pytest.mark.parametrize(("adapter", "effect"), [("postgres", "fails"), ("duckdb", "fails"), ("snowflake", "loses_columns")])
def test_an_index_on_the_lost_column_cannot_be_made(adapter: str, effect: str) -> None:
    names = {"snowflake": str.upper}.get(adapter, str)
    root = source("raw", *map(names, ("id", "b")))
    project = build(root, model("m", "select * from db.main.raw", ROOT, config={"indexes": [{"columns": ["b"], "type": "btree"}]}), adapter=adapter)
    assert hit(project, ROOT, names("b")) == {"m": effect}
