# ruff: noqa: S608 - it writes SQL, and nothing else
"""Queries of two projects compared: which text is compared with which, what is known of what they read, and what is a node's own difference."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from column_projects import build, model, source

import aftershock
from aftershock.columns.comparing import compare
from aftershock.columns.opening import open_lineage
from aftershock.model import Catalog, CatalogTable
from aftershock.model.changes import QueryDiff
from aftershock.model.code import MacroCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aftershock.columns.project import ProjectLineage

GREEN = Path(__file__).resolve().parent.parent.parent / "fixtures" / "artifacts" / "green"
RAW = source("raw", "id", "b", "c")
SAME = QueryDiff(same=True)
TABLE = '"db"."main"."raw"'


def between(base: ProjectLineage, head: ProjectLineage, *names: str) -> dict[str, QueryDiff]:
    found = compare(base, head, [(f"model.p.{name}", f"model.p.{name}") for name in names])
    return {unique_id.rpartition(".")[2]: diff for unique_id, diff in found.items()}


def edited(base: str, head: str, **settings: Any) -> QueryDiff:  # noqa: ANN401  # a node's settings
    one, two = (build(RAW, model("m", sql, "source.p.raw", **settings)) for sql in (base, head))
    return between(one, two, "m")["m"]


def templated(base: tuple[str, str], head: tuple[str, str], **settings: Any) -> QueryDiff:  # noqa: ANN401  # as above
    one, two = (build(RAW, model("m", sql, "source.p.raw", raw=raw, **settings)) for raw, sql in (base, head))
    return between(one, two, "m")["m"]


class Counting:
    """A store that counts what is put."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.puts = 0

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, values: Mapping[bytes, bytes]) -> None:
        self.puts += len(values)
        self.kept.update(values)


# which texts


def test_the_same_project_twice_has_no_difference() -> None:
    assert edited(f"select id from {TABLE}", f"select id from {TABLE}") == SAME


def test_comments_and_names_within_are_no_difference_and_a_filter_is_one() -> None:
    assert edited(f"select id, b from {TABLE}", f"with x as (select * from {TABLE} /* all */)\nselect x.id, b from x") == SAME
    assert edited(f"select id, b from {TABLE}", f"select id, b from {TABLE} where b > 1").rows == ("a filter was added: b > 1",)


def test_relations_are_the_nodes_that_they_hold_wherever_these_lie() -> None:
    elsewhere = RAW._replace(node=aftershock.Node(**{**_fields(RAW.node), "relation_name": '"ci"."pr_7"."raw"'}))
    base = build(RAW, model("m", f"select id from {TABLE}", "source.p.raw"))
    head = build(elsewhere, model("m", 'select id from "ci"."pr_7"."raw"', "source.p.raw"))
    assert between(base, head, "m") == {"m": SAME}


def _fields(node: aftershock.Node) -> dict[str, Any]:
    return {name: getattr(node, name) for name in node.__struct_fields__}


def test_a_model_under_another_name_is_compared_with_what_it_was() -> None:
    old = model("old", f"select id from {TABLE}", "source.p.raw", materialized="incremental")
    new = model("new", f"select id from {TABLE} -- renamed", "source.p.raw", materialized="incremental")
    base = build(RAW, old, model("m", 'select id from "db"."main"."old"', "old"))
    head = build(RAW, new, model("m", 'select id from "db"."main"."new"', "new"))
    pairs = [("model.p.old", "model.p.new"), ("model.p.m", "model.p.m")]
    assert compare(base, head, pairs) == {"model.p.new": SAME, "model.p.m": SAME}
    assert not compare(base, head, pairs[1:])["model.p.m"].same, "unless nobody says that it is the same"


INCREMENTAL = "select id, b from {{ source('raw', 'raw') }} {% if is_incremental() %} where id > 1 {% endif %}"


def test_a_change_of_the_incremental_branch_alone_counts() -> None:
    head = INCREMENTAL.replace("id > 1", "id > 2")
    sql = f"select id, b from {TABLE}"
    assert templated((INCREMENTAL, sql), (head, sql), materialized="incremental").rows == ("a filter changed: id > 1 became id > 2",)


def test_the_branch_that_a_run_happened_to_compile_is_no_difference() -> None:
    compiled = f"select id, b from {TABLE}", f"select id, b from {TABLE} where id > 1"
    assert templated((INCREMENTAL, compiled[0]), (INCREMENTAL, compiled[1]), materialized="incremental") == SAME
    commented = INCREMENTAL + " -- as it was"
    assert templated((INCREMENTAL, compiled[0]), (commented, compiled[1]), materialized="incremental") == SAME


def test_a_branch_that_cannot_be_rendered_is_said_and_not_taken_as_the_same() -> None:
    head = INCREMENTAL.replace("id > 1", "id > {{ run_query('select 1').columns[0].values()[0] }}")
    sql = f"select id, b from {TABLE}"
    found = templated((INCREMENTAL, sql), (head, sql), materialized="incremental")
    assert found.unread.startswith("its other branch of is_incremental()")
    assert not found.same


def test_where_one_side_was_not_compiled_both_are_rendered() -> None:
    raw = "select id, b from {{ source('raw', 'raw') }}"
    assert templated((raw, f"select id, b from {TABLE}"), (f"{raw} -- parsed only", "")) == SAME
    assert templated((raw, f"select id, b from {TABLE}"), (raw.replace("id, b", "id"), "")).removed == ("b",)


def test_the_same_template_is_the_same_unless_a_macro_changed() -> None:
    raw = "select id, {{ twice('b') }} as b from {{ source('raw', 'raw') }}"

    def project(factor: int) -> ProjectLineage:
        macro = MacroCode("twice", "p", f"{{% macro twice(x) %}}{{{{ x }}}} * {factor}{{% endmacro %}}")
        return build(RAW, model("m", "", "source.p.raw", raw=raw), macros={"macro.p.twice": macro})

    assert between(project(2), project(2), "m") == {"m": SAME}
    assert between(project(2), project(3), "m")["m"].values == (("b", "the expression changed: b * 2 became b * 3"),)


def test_what_is_no_query_is_unread_unless_it_is_the_same_text() -> None:
    assert edited("def model(dbt, session): ...", "def model(dbt, session): return 1", language="python").unread == "it is a Python model"
    assert templated(("def model(): ...", "x"), ("def model(): ...", "x"), language="python") == SAME
    assert edited("selects a fro m", "selects  a fro m -- same words") == SAME
    assert edited("select id from", f"select id from {TABLE}").unread.startswith("it cannot be parsed")
    assert edited("", f"select id from {TABLE}").unread
    assert between(build(RAW), build(RAW), "gone")["gone"].unread == "the manifest does not have its code"


# what is known of what they read


def test_what_a_parent_lost_is_not_its_readers_own_difference() -> None:
    reader = model("m", 'select * from "db"."main"."p"', "p")
    base = build(RAW, model("p", f"select id, b from {TABLE}", "source.p.raw"), reader)
    head = build(RAW, model("p", f"select id from {TABLE}", "source.p.raw"), reader)
    found = between(base, head, "p", "m")
    assert found["p"].removed == ("b",)
    assert found["m"] == SAME


def test_a_rename_that_is_carried_through_is_no_difference_of_the_reader() -> None:
    base = build(RAW, model("p", f"select id, b from {TABLE}", "source.p.raw"), model("m", 'select b as x from "db"."main"."p"', "p"))
    head = build(RAW, model("p", f"select id, b as b2 from {TABLE}", "source.p.raw"), model("m", 'select b2 as x from "db"."main"."p"', "p"))
    found = between(base, head, "m", "p")
    assert found["p"].renamed == (("b", "b2"),)
    assert found["m"] == SAME
    other = build(RAW, model("p", f"select id, b as b2 from {TABLE}", "source.p.raw"), model("m", 'select id as x from "db"."main"."p"', "p"))
    assert [name for name, _ in between(base, other, "m", "p")["m"].values] == ["x"]


def test_a_rename_is_carried_through_several_models() -> None:
    def project(name: str) -> ProjectLineage:
        first = model("p", f"select id, b as {name} from {TABLE}", "source.p.raw")
        second = model("q", f'select id, {name} from "db"."main"."p"', "p")
        return build(RAW, first, second, model("r", f'select {name} + 1 as n from "db"."main"."q"', "q"))

    found = between(project("old"), project("new"), "p", "q", "r")
    assert [found[name].renamed for name in "pq"] == [(("old", "new"),)] * 2
    assert found["r"] == SAME


def test_an_ephemeral_models_own_sql_is_its_own_affair() -> None:
    def project(sql: str, more: str = "") -> ProjectLineage:
        inlined = f"with __dbt__cte__e as ({sql}) select id, b from __dbt__cte__e {more}"
        return build(RAW, model("e", sql, "source.p.raw", materialized="ephemeral"), model("m", inlined, "e"))

    base, head = project(f"select id, b from {TABLE}"), project(f"select id, b + 1 as b from {TABLE}")
    found = between(base, head, "e", "m")
    assert [name for name, _ in found["e"].values] == ["b"]
    assert found["m"] == SAME
    assert between(base, project(f"select id, b from {TABLE}", "where b > 1"), "m")["m"].rows


# what is read through


PARENT = '"db"."main"."p"'
SUMMED = f"select id, sum(b) as b from {TABLE} group by id"


def moved(base: Sequence[Any], head: Sequence[Any], *names: str) -> dict[str, QueryDiff]:
    return between(build(RAW, *base), build(RAW, *head), *names)


@pytest.mark.parametrize("kind", ["view", "table"])
def test_a_query_that_moved_into_a_new_model_is_the_same(kind: str) -> None:
    whole = model("m", f"with p as ({SUMMED}) select id, b + 1 as n from p where b > 2", "source.p.raw")
    parent = model("p", SUMMED, "source.p.raw", materialized=kind)
    reader = model("m", f"select id, b + 1 as n from {PARENT} where b > 2", "p")
    assert moved([whole], [parent, reader], "m") == moved([parent, reader], [whole], "m") == {"m": SAME}
    other = model("m", f"select id, b + 1 as n from {PARENT} where b > 3", "p")
    assert moved([whole], [parent, other], "m")["m"].rows == ("a filter changed: b > 2 became b > 3",)


@pytest.mark.parametrize(
    "settings",
    [
        {"materialized": "incremental"},
        {"materialized": "view", "config": {"contract": {"enforced": True}}},
        {"materialized": "view", "config": {"post-hook": [{"sql": "delete from {{ this }}"}]}},
        {"language": "python"},
    ],
)
def test_a_relation_that_may_hold_something_else_than_its_query_is_not_read_through(settings: dict[str, Any]) -> None:
    base, reader = model("m", SUMMED, "source.p.raw"), model("m", f"select * from {PARENT}", "p")
    assert not moved([base], [model("p", SUMMED, "source.p.raw", **settings), reader], "m")["m"].same


def test_a_chain_of_new_models_is_read_through() -> None:
    first, second = model("p", f"select * from {TABLE}", "source.p.raw"), model("q", f"select id, b from {PARENT} where b > 1", "p")
    head = [first, second, model("m", 'select id from "db"."main"."q"', "q")]
    assert moved([model("m", f"select id from {TABLE} where b > 1", "source.p.raw")], head, "m") == {"m": SAME}


def test_a_query_that_moved_into_an_ephemeral_model_is_the_same() -> None:
    whole = model("m", f"with s as ({SUMMED}) select id, b from s where b > 2", "source.p.raw")
    reader = model("m", f"with __dbt__cte__e as ({SUMMED}) select id, b from __dbt__cte__e where b > 2", "e")
    ephemeral = model("e", SUMMED, "source.p.raw", materialized="ephemeral")
    assert moved([whole], [ephemeral, reader], "m") == moved([ephemeral, reader], [whole], "m") == {"m": SAME}
    assert moved([ephemeral, reader], [ephemeral, whole], "m") == {"m": SAME}, "also where the model stays"
    less = model("e", SUMMED.replace("group", "where b > 0 group"), "source.p.raw", materialized="ephemeral")
    short = model("m", reader.code.compiled.replace("group", "where b > 0 group"), "e")
    told = moved([whole], [less, short], "m")["m"]
    assert told.rows
    assert "__dbt__cte__" not in str(told)


def test_an_expression_that_moved_into_the_parent_is_the_same() -> None:
    def project(in_parent: str, in_reader: str, **settings: Any) -> list[Any]:  # noqa: ANN401  # a node's settings
        return [model("p", f"select id, b{in_parent} from {TABLE}", "source.p.raw", **settings), model("m", f"select id, b{in_reader} from {PARENT}", "p")]

    base, head = project("", ", b * 2 as n"), project(", b * 2 as n", ", n")
    found = moved(base, head, "p", "m")
    assert (found["p"].added, found["m"]) == (("n",), SAME)
    assert [name for name, _ in moved(base, project(", b * 3 as n", ", n"), "p", "m")["m"].values] == ["n"]
    kept = project("", ", b * 2 as n", materialized="incremental"), project(", b * 2 as n", ", n", materialized="incremental")
    assert [name for name, _ in moved(*kept, "p", "m")["m"].values] == ["n"], "old rows of the parent have nothing there"
    both = project(", b * 2 as n", ", n"), project(" + 1 as b, b * 2 as n", ", n + 1 as n")
    assert [name for name, _ in moved(*both, "p", "m")["m"].values] == ["n"], "what the parent changed stays the parent's"


def test_a_source_under_another_name_for_the_same_table_is_the_same() -> None:
    other = source("stock", "id", "b", "c")
    same = other._replace(
        node=aftershock.Node(
            **{**_fields(other.node), **{name: getattr(RAW.node, name) for name in ("database", "schema", "identifier", "relation_name")}, "identifier": "raw"}
        )
    )
    base = build(RAW, model("m", f"select id from {TABLE}", "source.p.raw"))
    for found, is_same in ((same, True), (other, False)):
        table = TABLE if is_same else '"db"."main"."stock"'
        assert between(base, build(found, model("m", f"select id from {table} -- renamed", found.node.unique_id)), "m")["m"].same is is_same


def test_relations_of_one_name_are_told_by_their_whole_names() -> None:
    old, new = source("raw", "id"), source("raw", "id")
    elsewhere = new._replace(
        node=aftershock.Node(**{**_fields(new.node), "unique_id": "source.p.other.raw", "schema": "other", "relation_name": '"db"."other"."raw"'})
    )
    base = build(old, model("m", f"select id from {TABLE}", old.node.unique_id))
    head = build(elsewhere, model("m", 'select id from "db"."other"."raw"', "source.p.other.raw"))
    told = between(base, head, "m")["m"].rows
    assert told in {("it reads db.other.raw instead of db.main.raw",), (f"it reads {elsewhere.node.label} instead of {old.node.label}",)}
    assert "raw instead of raw" not in told[0]


def test_a_cast_to_the_type_of_a_column_that_nothing_moves_is_none() -> None:
    def project(sql: str, kind: str = "INTEGER") -> ProjectLineage:
        found = build(RAW, model("p", f"select id, b from {TABLE}", "source.p.raw"), model("m", sql, "p"))
        found.catalog = Catalog(tables={"model.p.p": CatalogTable("model.p.p", columns={"id": kind, "b": "VARCHAR"})})
        return found

    base, head = f"select id from {PARENT}", f"select cast(id as integer) as id from {PARENT}"
    assert between(project(base), project(head), "m") == {"m": SAME}
    assert not between(project(base), project(head, "BIGINT"), "m")["m"].same
    assert not between(project(base), project(head), "p", "m")["m"].same, "where what it reads is compared too, its type may be another"


def test_columns_of_parents_are_read_where_they_tell_more() -> None:
    def project(sql: str) -> ProjectLineage:
        parts = [model(name, f"select {columns} from {TABLE}", "source.p.raw") for name, columns in (("p", "id, b"), ("q", "id, c"))]
        return build(RAW, *parts, model("m", sql, "p", "q"))

    joined = 'from "db"."main"."p" as p join "db"."main"."q" as q on p.id = q.id'
    assert between(project(f"select b, c {joined}"), project(f"select p.b, q.c {joined}"), "m") == {"m": SAME}
    assert between(project(f"select * {joined}"), project(f"select p.*, q.* {joined}"), "m") == {"m": SAME}
    assert between(project('select * from "db"."main"."p"'), project('select id from "db"."main"."p"'), "m")["m"].removed == ("b",)


def test_types_come_of_the_warehouse_the_declaration_and_the_sql() -> None:
    def project(sql: str, **columns: str) -> ProjectLineage:
        found = build(RAW, model("m", sql, "source.p.raw"))
        tables = {
            name: CatalogTable(name, columns=kinds)
            for name, kinds in (("source.p.raw", {"id": "INTEGER", "b": "BIGINT", "c": "VARCHAR"}), ("model.p.m", columns))
            if kinds
        }
        found.catalog = Catalog(tables=tables)
        return found

    def change(base: str, head: str, **columns: str) -> QueryDiff:
        return between(project(base, **columns), project(head, **columns), "m")["m"]

    widened = change(f"select id, b from {TABLE}", f"select cast(id as bigint) as id, b from {TABLE}")
    assert (widened.retyped, widened.narrowed, widened.values) == ((("id", "INTEGER", "BIGINT"),), (), ())
    narrowed = change(f"select b from {TABLE}", f"select b::integer as b from {TABLE}")
    assert (narrowed.retyped, narrowed.narrowed) == ((("b", "BIGINT", "INTEGER"),), ("b",))
    assert narrowed.values == (), "one change is told once"
    unknown = change(f"select f(b) as b from {TABLE}", f"select cast(f(b) as date) as b from {TABLE}")
    assert (unknown.retyped, [name for name, _ in unknown.values]) == ((), ["b"])
    known = change(f"select f(b) as b from {TABLE}", f"select cast(f(b) as date) as b from {TABLE}", b="TIMESTAMP")
    assert (known.retyped, known.narrowed) == ((("b", "TIMESTAMP", "DATE"),), ("b",))


# how


def test_answers_are_kept_by_content() -> None:
    store = Counting()

    def once(sql: str) -> QueryDiff:
        one, two = (build(RAW, model("m", text, "source.p.raw"), store=store) for text in (f"select id from {TABLE}", sql))
        return between(one, two, "m")["m"]

    first = once(f"select id from {TABLE} where b = 1")
    puts = store.puts
    assert puts == 1
    assert once(f"select id from {TABLE} where b = 1") == first
    assert store.puts == puts
    assert once(f"select id from {TABLE} where b = 2") != first
    assert store.puts > puts


def test_a_query_that_is_nested_beyond_measure_is_unread() -> None:
    deep = "".join(["("] * 4000) + "1" + "".join([")"] * 4000)
    found = edited(f"select id from {TABLE}", f"select {deep} as id from {TABLE}")
    assert found.unread
    assert not found.same


# shop

COSMETIC: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("tax_report", (("select\n    c.country_name", "/* by country */\nSELECT\n    c.country_name"),)),
    ("fct_revenue_daily", (("cast(ordered_on as date)", "ordered_on::date"), ("group by 1", "group by cast(ordered_on as date)"))),
    ("unpaid_orders", (("where difference > 0", "where 0 < difference"),)),
    ("payment_method_mix", (("sum(amount) over ()", "(sum(amount) over ())"),)),
    ("int_orders_enriched", (("as o\n", "as orders_\n"), ("o.", "orders_."))),
    ("int_order_payments", (("p.payment_id = r.payment_id", "(r.payment_id = p.payment_id)"),)),
    (
        "int_customer_orders",
        (
            ("select\n", 'with source as (\nselect * from "shop"."analytics"."int_orders_enriched"\n)\nselect\n'),
            ('from "shop"."analytics"."int_orders_enriched"\ngroup', "from source\ngroup"),
        ),
    ),
    ("int_sessions", (("group by customer_id, cast(occurred_at as date)", "group by 2, 1"),)),
    ("sales_by_category", (("group by 1, 2", "group by category, sold_on"),)),
    ("exec_kpis", (("as r\n", "as kpi\n"), ("r.", "kpi."))),
    (
        "finance",
        (
            ("select cast(paid_at as date) as paid_on, sum(amount) as paid", "select sum(amount) as total, paid_at::date as day, count(*) as n"),
            ("group by 1", "group by 2"),
            ("p.paid_on", "p.day"),
            ("    p.paid\n", "    p.total as paid\n"),
        ),
    ),
    ("daily_sales", (("d.date_day = o.ordered_on", "o.ordered_on = d.date_day"), ("count(o.order_id)", "COUNT( o.order_id )"))),
    ("late_shipments", (("where s.hours_in_transit > 48", "where (s.hours_in_transit > 48) and 1 = 1"),)),
    ("stock_levels", (("product_id,\n", '"product_id",\n'), ("group by product_id", "group by all"))),
    ("churn_features", (("group by c.customer_id, c.order_amount, c.last_ordered_at", "group by 3, 1, 2"),)),
    ("campaign_performance", (("left join", "left outer join"), ("s.session_date >= c.started_on", "c.started_on <= s.session_date"))),
    ("customer_ltv", (("coalesce(sum(o.amount - o.refunded_amount), 0)", "ifnull(sum(o.amount - o.refunded_amount), 0)"),)),
    ("dim_products", (("select\n", "select -- typed\n"), ("cast(list_price as double)", "list_price::double"))),
    ("stg_customers", (("customer_id,\n", "customers.customer_id as customer_id,\n"), ("lower(email)", "LOWER(customers.email)"))),
    ("stg_orders", (("select\n", "select\n    /* keys */\n"), ("discount_cents / 100.0", "(discount_cents / 100.0)"))),
    ("shipment_weights", (("select", "with unused as (select 1 as one)\nselect"),)),
    ("stg_payments", (("select\n", "select\n\n\n"),)),
    ("dim_dates", ((" as ", " AS "),)),
    ("order_reconciliation", (("as o", "as ord"), ("o.", "ord."))),
    ("fct_shipments", (("select", "select -- shipments\n"),)),
    ("stg_events", (("select\n", "from (\nselect\n"), ("§", ")"))),
    ("ad_spend_review", (("sum(spend) as spend", "sum(p.spend) as spend"), ('"campaign_performance"', '"campaign_performance" as p'))),
    ("sales_by_country", (("select\n", "select * from (\nselect\n"), ("§", "\n) as inner_query"))),
    ("newsletter_audience", (("select\n", "with final as (\nselect\n"), ("§", "\n)\nselect * from final"))),
    ("order_status_history", (("select\n", "with a as (\nselect\n"), ("§", "\n), b as (select * from a)\nselect * from b order by 1"))),
    ("stg_refunds", (("select\n", "(select\n"), ("§", ")"))),
    ("int_payment_methods", (("§", ";\n"),)),
)
"""Model, and what is replaced in its compiled SQL; ``§`` is its end."""


@pytest.fixture(scope="module")
def green() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress((GREEN / "manifest.json.gz").read_bytes()))
    return found


def shop(manifest: dict[str, Any]) -> ProjectLineage:
    data = json.dumps(manifest).encode()
    return open_lineage(aftershock.artifacts_from_bytes(data), data=data, catalog=aftershock.read_catalog(GREEN))


def test_thirty_edits_of_shop_that_change_nothing(green: dict[str, Any]) -> None:
    head = json.loads(json.dumps(green))
    pairs = []
    for name, edits in COSMETIC:
        node = head["nodes"][f"model.shop.{name}"] if f"model.shop.{name}" in head["nodes"] else head["nodes"][f"model.shop_extras.{name}"]
        sql = f"{node['compiled_code'].rstrip()}§"
        for old, new in edits:
            assert old in sql, (name, old)
            sql = sql.replace(old, new)
        node["compiled_code"] = sql.rstrip("§")
        pairs.append((node["unique_id"], node["unique_id"]))
    assert len(pairs) >= 30
    found = compare(shop(green), shop(head), pairs)
    assert {unique_id: diff for unique_id, diff in found.items() if not diff.same and diff != QueryDiff(resorted=diff.resorted)} == {}
