# ruff: noqa: S608 - it writes SQL, and nothing else
"""A whole project: what is read, what is known of each node's columns, and what is not read again."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from column_projects import OneChild, build, dropped, model, seed, source

import aftershock
from aftershock.columns.opening import MOST_WORKERS
from aftershock.columns.trace import coverage
from aftershock.model.code import MacroCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.columns.project import ProjectLineage

GREEN = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts" / "green"
PYTHON = "model.shop.customer_segments"
RAW = source("raw", "id", "b", "c")
ROOT = "source.p.raw"
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
DECLARED = source("raw", known=False)


@cache
def shop() -> ProjectLineage:
    found = aftershock.open_lineage(aftershock.read_artifacts(GREEN), cached=False)
    found.read(found.graph.nodes)
    return found


def inputs(lineage: ProjectLineage, unique_id: str) -> dict[str, set[str]]:
    lineage.read((unique_id,), whole=True)
    resolved = lineage.lineages[unique_id].resolved
    assert resolved is not None, lineage.lineages[unique_id].unread
    return {name: {f"{relation.rpartition('.')[2]}.{column}" for relation, column in its} for name, _, its in resolved.columns}


def names(lineage: ProjectLineage, unique_id: str) -> list[str]:
    lineage.read((unique_id,), whole=True)
    return list(lineage.names(unique_id).values())


def why(lineage: ProjectLineage, unique_id: str) -> str:
    lineage.read((unique_id,))
    return lineage.lineages[unique_id].unread


def test_all_of_shop_is_read_but_its_python_model() -> None:
    unread = {unique_id: its.unread for unique_id, its in shop().lineages.items() if its.resolved is None}
    assert unread == {PYTHON: "it is a Python model"}
    kinds = {shop().graph.nodes[unique_id].resource_type for unique_id in shop().lineages}
    assert kinds >= {"model", "snapshot", "test"}


def test_every_name_in_shop_is_attributed_and_every_column_list_known() -> None:
    found = coverage(shop())
    assert found.references == found.attributed > 300
    assert [item.unique_id for item in found.unread] == [PYTHON]
    assert found.known == found.read == found.nodes - 1


def test_no_name_in_shop_fails_to_bind() -> None:
    problems = {unique_id: its.resolved.problems for unique_id, its in shop().lineages.items() if its.resolved is not None and its.resolved.problems}
    assert problems == {}


def test_the_columns_of_shop_are_those_of_its_catalog() -> None:
    catalog = aftershock.read_catalog(GREEN)
    assert catalog is not None
    for unique_id, table in catalog.tables.items():
        its = shop().lineages.get(unique_id)
        if its is not None and its.resolved is not None and shop().graph.nodes[unique_id].resource_type == "model":
            assert [name.casefold() for name, _, _ in its.resolved.columns] == [name.casefold() for name in table.columns], unique_id


def test_every_input_of_shop_is_a_column_that_there_is() -> None:
    for unique_id, its in shop().lineages.items():
        if its.resolved is None:
            continue
        for _, _, found in its.resolved.columns:
            for relation, column in found:
                assert relation in shop().graph.nodes, (unique_id, relation)
                assert relation == PYTHON or column in shop().names(relation), (unique_id, relation, column)


def test_columns_pass_stars_from_node_to_node_without_a_catalog() -> None:
    project = build(
        DECLARED,
        model("stg", "select id, b + 1 as k from db.main.raw", ROOT),
        model("mid", "select * from db.main.stg", "stg"),
        model("top", 'select m.*, k * 2 as twice from "db"."main"."mid" as m', "mid"),
    )
    assert inputs(project, "model.p.top") == {"id": {"mid.id"}, "k": {"mid.k"}, "twice": {"mid.k"}}
    assert names(project, "model.p.top") == ["id", "k", "twice"]
    assert all(project.info(unique_id).complete for unique_id in ("model.p.stg", "model.p.mid", "model.p.top"))
    assert not project.info(ROOT).complete


def test_a_star_over_an_unknown_relation_stays_open_all_the_way_down() -> None:
    project = build(DECLARED, model("stg", "select * from db.main.raw", ROOT), model("top", "select *, b as k from db.main.stg", "stg"))
    assert inputs(project, "model.p.top") == {"k": {"stg.b"}}
    assert not project.info("model.p.top").complete
    assert dropped(project, ROOT, "zzz").keys() == {"model.p.stg", "model.p.top"}


def test_a_catalog_that_is_older_than_the_sql_hides_no_input() -> None:
    project = build(
        RAW, model("stg", "select id, b as newer from db.main.raw", ROOT, columns=("id", "older")), model("top", "select id, newer from db.main.stg", "stg")
    )
    assert inputs(project, "model.p.stg") == {"id": {"raw.id"}, "newer": {"raw.b"}}
    assert inputs(project, "model.p.top") == {"id": {"stg.id"}, "newer": {"stg.newer"}}


@pytest.mark.parametrize("written", ["db.main.raw", '"db"."main"."raw"', "main.raw", "raw", "DB.MAIN.RAW"])
def test_a_relation_is_found_by_as_many_names_as_the_sql_gives(written: str) -> None:
    project = build(RAW, model("m", f"select id from {written}", ROOT))
    assert inputs(project, "model.p.m") == {"id": {"raw.id"}}


def test_a_relation_that_is_no_node_is_outside_and_no_parent() -> None:
    project = build(RAW, model("m", "select x.id as a, y.id as b from db.main.raw x join other.main.raw2 y using (id)", ROOT))
    project.read(("model.p.m",))
    resolved = project.lineages["model.p.m"].resolved
    assert resolved is not None
    assert {relation for relation in resolved.relations if relation not in project.graph.nodes} == {"outside:other.main.raw2"}


def test_a_parent_that_is_named_by_a_cte_is_not_the_parent() -> None:
    project = build(RAW, model("m", "with raw as (select 1 as id) select id from raw", ROOT))
    assert inputs(project, "model.p.m") == {"id": set()}


def test_seeds_and_snapshots_have_columns() -> None:
    project = build(
        seed("countries", "code", "name"),
        model("snap", "select * from db.main.countries", "seed.p.countries", kind="snapshot"),
        model("m", "select code, dbt_valid_from from db.main.snap", "snapshot.p.snap"),
    )
    assert inputs(project, "model.p.m") == {"code": {"snap.code"}, "dbt_valid_from": {"snap.dbt_valid_from"}}
    assert "dbt_scd_id" in names(project, "snapshot.p.snap")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (model("m", "def model(dbt, session): ...", ROOT, language="python"), "Python model"),
        (model("m", "", ROOT), "not compiled"),
        (model("m", "select from where", ROOT), "cannot be parsed"),
        (model("m", "select 1; select 2", ROOT), "2 statements"),
        (model("m", "   ", ROOT), "not compiled"),
        (model("m", "", ROOT, raw="select * from {{ run_query('select 1').columns[0] }}"), "cannot be rendered"),
        (model("m", "", ROOT, raw="{% if %}"), "cannot be rendered"),
        (model("m", "", ROOT, raw="{{ nobody_knows_this_macro() }}"), "cannot be rendered"),
    ],
)
def test_what_is_not_read_has_a_reason(code: Any, reason: str) -> None:  # noqa: ANN401  # a Part
    assert reason in why(build(RAW, code), "model.p.m")


def test_one_model_that_cannot_be_read_does_not_stop_the_others() -> None:
    bad = ["select (((", "select '\udcff' as k", "\0", "select " + "(" * 20_000, "def f(): pass"]
    parts = [model(f"bad{place}", sql, ROOT) for place, sql in enumerate(bad)]
    project = build(RAW, *parts, model("good", "select id from db.main.raw", ROOT))
    project.read(project.graph.nodes)
    assert inputs(project, "model.p.good") == {"id": {"raw.id"}}
    found = coverage(project)
    assert (found.nodes, found.read + len(found.unread)) == (6, 6)


def test_the_two_ways_of_is_incremental_are_one_lineage() -> None:
    raw = "select id {% if is_incremental() %}, b as k from db.main.raw where c > 1{% else %}, c as k from db.main.raw{% endif %}"
    project = build(RAW, model("m", "", ROOT, raw=raw, materialized="incremental"))
    assert inputs(project, "model.p.m") == {"id": {"raw.id"}, "k": {"raw.b", "raw.c"}}
    assert len(project.statements("model.p.m")) == 2


def test_templates_are_rendered_with_the_projects_macros_refs_and_sources() -> None:
    macros = {"macro.p.money": MacroCode("money", "p", "{% macro money(c) %}cast({{ c }} as decimal){% endmacro %}")}
    project = build(
        RAW,
        model("stg", "", ROOT, raw="select id, {{ money('b') }} as m from db.main.raw"),
        model("m", "", "stg", raw="select * from {{ ref('stg') }}"),
        macros=macros,
    )
    assert inputs(project, "model.p.m") == {"id": {"stg.id"}, "m": {"stg.m"}}


class Kept:
    """A store in memory that counts."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.put_keys: list[bytes] = []

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        return {key: self.values[key] for key in keys if key in self.values}

    def put(self, values: dict[bytes, bytes]) -> None:
        self.put_keys.extend(values)
        self.values.update(values)


class Counting(OneChild):
    """Counts the jobs that are parsed."""

    def __init__(self) -> None:
        self.jobs: list[str] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the interface's own types
        self.jobs.extend(job.name for job in args[0])
        return super().submit(fn, *args, **kwargs)


def chain(changed: str = "b") -> list[Any]:
    return [
        RAW,
        model("a", f"select id, {changed} as k from db.main.raw", ROOT),
        model("b", "select * from db.main.a", "a"),
        model("c", "select id from db.main.b", "b"),
        model("side", "select id from db.main.raw", ROOT),
    ]


def test_only_what_changed_is_parsed_again() -> None:
    store, first, second, third = Kept(), Counting(), Counting(), Counting()
    before = build(*chain(), store=store, executor=first)
    before.read(before.graph.nodes)
    assert len(first.jobs) == 4
    same = build(*chain(), store=store, executor=second)
    same.read(same.graph.nodes)
    assert second.jobs == []
    assert same.lineages == before.lineages
    changed = build(*chain("c"), store=store, executor=third)
    changed.read(changed.graph.nodes)
    assert third.jobs == ["model.p.a"]
    assert inputs(changed, "model.p.a")["k"] == {"raw.c"}


def test_what_is_kept_is_not_taken_where_a_parents_columns_changed() -> None:
    store = Kept()
    star = model("m", "select * from db.main.raw", ROOT)
    for columns in (("id",), ("id", "b"), ("b", "id")):
        assert names(build(source("raw", *columns), star, store=store), "model.p.m") == list(columns)


def test_what_is_kept_is_not_taken_where_the_dialect_changed() -> None:
    store = Kept()
    sql = 'select "B" as k, id from db.main.raw'
    part = source("raw", "id", "b", "B")
    one = inputs(build(part, model("m", sql, ROOT), adapter="postgres", store=store), "model.p.m")
    other = inputs(build(part, model("m", sql, ROOT), adapter="duckdb", store=store), "model.p.m")
    assert one["k"] == {"raw.B"}
    assert {column.casefold() for column in other["k"]} == {"raw.b"}


def test_a_value_in_the_store_that_is_garbage_is_read_anew() -> None:
    store = Kept()
    expected = inputs(build(*chain(), store=store), "model.p.b")
    for key in store.values:
        store.values[key] = b"\xc1garbage"
    assert inputs(build(*chain(), store=store), "model.p.b") == expected


def test_one_columns_question_reads_only_what_lies_below_and_decides_about_it() -> None:
    executor = Counting()
    project = build(*chain(), model("far", "select 1 as x"), model("further", "select x from db.main.far", "far"), executor=executor)
    dropped(project, "model.p.a", "k")
    assert set(executor.jobs) <= {"model.p.a", "model.p.b", "model.p.c"}


def test_a_project_of_cycles_of_names_is_read() -> None:
    project = build(RAW, model("m", "select m.id from db.main.raw join db.main.m on m.id = raw.id", ROOT, materialized="incremental"))
    assert inputs(project, "model.p.m")["id"] <= {"m.id", "raw.id"}


def test_however_many_projects_are_opened_the_threads_that_read_them_are_few() -> None:
    """Each thread of one pool keeps one child process for as long as this one lives."""
    artifacts = aftershock.read_artifacts(FIXTURES / "artifacts" / "green")
    for _ in range(2 * MOST_WORKERS):
        aftershock.lineage(artifacts, "fct_payments.amount")
    assert sum(thread.name.startswith("aftershock-read") for thread in threading.enumerate()) <= MOST_WORKERS
