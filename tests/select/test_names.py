from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest
from small import graph, node, project

from aftershock.errors import AmbiguousName, NothingListed, SelectionError, UnknownName
from aftershock.model import Build, DataTest, Seed
from aftershock.select import Resolution, complete, resolve, resolve_all, spelling

if TYPE_CHECKING:
    from aftershock.graph import LineageGraph
    from aftershock.model import Project

ORDERS = node("model.shop.orders", "source.shop.raw.orders")
RAW = node("source.shop.raw.orders")
RAW_ITEMS = node("source.shop.raw.items")
DIM = (node("model.shop.dim.v1"), node("model.shop.dim.v2"))
RENAMED = node("model.shop.fct_sales", identifier="sales")
NOTE_OF_ITEMS = "it is taken as the source raw.items"
SMALL = graph(ORDERS, RAW, RAW_ITEMS, *DIM, RENAMED)


def ids(text: str, over: LineageGraph = SMALL) -> list[str]:
    return [seed.unique_id for seed in resolve(text, over)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model.shop.orders", "model.shop.orders"),
        ("orders", "model.shop.orders"),
        ("  orders\n", "model.shop.orders"),
        ("shop.orders", "model.shop.orders"),
        ("model:orders", "model.shop.orders"),
        ("model:shop.orders", "model.shop.orders"),
        ("ORDERS", "model.shop.orders"),
        ("Shop.Orders", "model.shop.orders"),
        ("raw.orders", "source.shop.raw.orders"),
        ("RAW.Orders", "source.shop.raw.orders"),
        ("shop.raw.orders", "source.shop.raw.orders"),
        ("source:raw.orders", "source.shop.raw.orders"),
        ("source:shop.raw.orders", "source.shop.raw.orders"),
        ("source:items", "source.shop.raw.items"),
        ("items", "source.shop.raw.items"),
        ("dim.v2", "model.shop.dim.v2"),
        ("shop.dim.v2", "model.shop.dim.v2"),
        ("dim_v1", "model.shop.dim.v1"),
        ("sales", "model.shop.fct_sales"),
        ("main.sales", "model.shop.fct_sales"),
        ("db.main.sales", "model.shop.fct_sales"),
        ("DB.MAIN.SALES", "model.shop.fct_sales"),
        ('"db"."main"."sales"', "model.shop.fct_sales"),
        ("`db`.`main`.`sales`", "model.shop.fct_sales"),
        ("`db.main.sales`", "model.shop.fct_sales"),
        ("[db].[main].[sales]", "model.shop.fct_sales"),
        ('db."Main".sales', "model.shop.fct_sales"),
    ],
)
def test_every_way_to_write_a_name(text: str, expected: str) -> None:
    assert ids(text) == [expected]


def test_a_versioned_name_is_all_of_its_versions_and_says_so() -> None:
    seeds = resolve("dim", SMALL)
    assert [seed.unique_id for seed in seeds] == ["model.shop.dim.v1", "model.shop.dim.v2"]
    assert {seed.note for seed in seeds} == {"dim has two versions, both taken"}


def test_more_than_two_versions_are_counted() -> None:
    (first, *_) = resolve("dim", graph(*DIM, node("model.shop.dim.v3")))
    assert first.note == "dim has 3 versions, all taken"


def test_a_source_is_all_of_its_tables_and_says_so() -> None:
    seeds = resolve("source:raw", SMALL)
    assert [(seed.unique_id, seed.note) for seed in seeds] == [
        ("source.shop.raw.orders", "2 tables of the source raw"),
        ("source.shop.raw.items", "2 tables of the source raw"),
    ]


def test_a_single_table_of_a_source_needs_no_word() -> None:
    assert resolve("source:raw", graph(RAW)) == (Seed("source.shop.raw.orders"),)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("orders", "it is taken as the model, not as the source raw.orders"),
        ("items", "it is taken as the source raw.items"),
        ("sales", "sales is the alias of fct_sales"),
        ("fct_sales", ""),
        ("raw.orders", ""),
        ('"fct_sales"', ""),
    ],
)
def test_what_was_understood_is_said_where_it_could_be_otherwise(text: str, note: str) -> None:
    over = graph(ORDERS, RAW, RAW_ITEMS, node("model.shop.fct_sales", identifier="fct_sales" if "fct" in text else "sales"))
    assert [seed.note for seed in resolve(text, over)] == [note]


def test_exact_beats_other_case_beats_alias_beats_relation() -> None:
    lower, upper = node("model.shop.a"), node("model.shop.A", identifier="x")
    aliased = node("model.shop.b", identifier="a")
    other = node("model.shop.c", schema="shop", identifier="a")
    assert ids("a", graph(aliased, upper, lower)) == ["model.shop.a"]
    assert ids("a", graph(aliased, upper)) == ["model.shop.A"]
    assert ids("a", graph(aliased)) == ["model.shop.b"]
    assert ids("shop.a", graph(other, lower)) == ["model.shop.a"]
    assert ids("shop.a", graph(other)) == ["model.shop.c"]


def test_a_dot_within_a_name_is_no_obstacle() -> None:
    assert ids("a.b.c", graph(node("model.shop.x", name="a.b.c"))) == ["model.shop.x"]
    assert ids("shop.a.b", graph(node("model.shop.x", name="a.b"))) == ["model.shop.x"]
    many = ".".join("abcdefghijklmnop")
    assert ids(many, graph(node("model.shop.x", name=many))) == ["model.shop.x"]


def test_the_dotted_path_that_dbt_ls_prints_is_a_name() -> None:
    assert ids("shop.marts.core.orders", graph(node("model.shop.orders", fqn=("shop", "marts", "core", "orders")))) == ["model.shop.orders"]


def test_names_that_clash_across_packages_are_listed() -> None:
    over = graph(node("model.a.orders"), node("model.b.orders", schema="other"))
    with pytest.raises(AmbiguousName) as caught:
        resolve("orders", over)
    assert caught.value.candidates == ("a.orders", "b.orders")
    assert [ids(candidate, over) for candidate in caught.value.candidates] == [["model.a.orders"], ["model.b.orders"]]


def test_an_exposure_and_a_model_of_one_name_are_listed() -> None:
    over = graph(node("model.shop.kpis"), node("exposure.shop.kpis", "model.shop.kpis"))
    with pytest.raises(AmbiguousName) as caught:
        resolve("kpis", over)
    assert caught.value.candidates == ("model:kpis", "exposure:kpis")
    assert str(caught.value) == "kpis: names 2 nodes. Use one of: model:kpis, exposure:kpis."


def test_a_question_about_columns_is_about_the_table_of_a_name() -> None:
    over = graph(node("metric.shop.orders"), node("source.shop.raw.orders"), node("metric.shop.refunds"))
    assert ids("orders", over) == ["metric.shop.orders"]
    assert [seed.unique_id for seed in resolve("orders", over, tables=True)] == ["source.shop.raw.orders"]
    assert [seed.unique_id for seed in resolve("refunds", over, tables=True)] == ["metric.shop.refunds"]


def test_a_node_with_its_column_is_told_how_to_say_it() -> None:
    with pytest.raises(UnknownName, match="Did you mean fct_sales --column amount"):
        resolve("fct_sales.amount", SMALL)


def test_a_semantic_model_gives_way_to_the_model_of_its_name() -> None:
    over = graph(node("semantic_model.shop.orders", "model.shop.orders"), node("model.shop.orders"))
    assert ids("orders", over) == ["model.shop.orders"]
    assert ids("semantic_model:orders", over) == ["semantic_model.shop.orders"]


def test_versions_in_two_packages_are_listed_one_by_one() -> None:
    over = graph(*DIM, node("model.other.dim.v1", schema="x"))
    with pytest.raises(AmbiguousName) as caught:
        resolve("dim", over)
    assert caught.value.candidates == ("shop.dim.v1", "dim.v2", "other.dim.v1")


def test_several_nodes_of_one_relation_are_one_thing() -> None:
    over = graph(node("seed.shop.raw_orders", schema="raw", identifier="orders"), RAW)
    seeds = resolve("DB.RAW.ORDERS", over)
    assert [seed.unique_id for seed in seeds] == ["seed.shop.raw_orders", "source.shop.raw.orders"]
    assert seeds[0].note == "2 nodes are the relation db.raw.orders: raw_orders, raw.orders"


def test_one_table_name_in_two_schemas_is_ambiguous() -> None:
    over = graph(node("model.shop.a", identifier="t"), node("model.shop.b", identifier="t", schema="dev"))
    with pytest.raises(AmbiguousName):
        resolve("t", over)
    assert ids("dev.t", over) == ["model.shop.b"]


def test_an_ephemeral_model_is_no_relation() -> None:
    over = graph(node("model.shop.eph", build=Build(materialized="ephemeral")))
    assert ids("eph", over) == ["model.shop.eph"]
    with pytest.raises(UnknownName):
        resolve("main.eph", over)


def test_relation_names_that_only_dbt_wrote_are_found() -> None:
    unquoted = node("model.shop.a", schema="", identifier="", relation_name='"p"."q"."r"')
    reader = node("source.shop.files.b", schema="", identifier="", relation_name="read_csv('./b.csv')")
    quoted = node("source.shop.sf.g", identifier='"GROUP"')
    differing = node("model.shop.d", identifier="d", schema="dev", relation_name="prod.d")
    over = graph(unquoted, reader, quoted, differing)
    assert ids("q.r", over) == ["model.shop.a"]
    assert ids("read_csv('./b.csv')", over) == ["source.shop.files.b"]
    assert ids('db.sf."GROUP"', over) == ["source.shop.sf.g"]
    assert ids("prod.d", over) == ids("dev.d", over) == ["model.shop.d"]


@pytest.mark.parametrize("text", ['"db', '"db"x', "a..b", "a.", ".a", '""', "a.b.c.d.e"])
def test_broken_quotes_and_dots_name_nothing(text: str) -> None:
    with pytest.raises(UnknownName):
        resolve(text, SMALL)


def test_unknown_names_come_with_close_ones() -> None:
    with pytest.raises(UnknownName) as caught:
        resolve("fct_sale", SMALL)
    assert caught.value.nearest == ("fct_sales",)
    assert str(caught.value) == "fct_sale: no node has this name. Did you mean fct_sales?"
    with pytest.raises(UnknownName) as caught:
        resolve("source:raw.order", SMALL)
    assert caught.value.nearest == ("raw.orders",)


def test_no_name_at_all() -> None:
    with pytest.raises(UnknownName, match=r"^name: it is empty\. dbt ls lists the names that there are\.$"):
        resolve(" ", SMALL)


@pytest.mark.parametrize("text", ["old", "shop.old", "model.shop.old", "OLD", "models/old.sql", "repo/models/old.sql"])
def test_a_disabled_node_is_said_to_be_disabled(text: str) -> None:
    off = project(ORDERS, disabled=(node("model.shop.old", path="models/old.sql"),)).disabled
    with pytest.raises(SelectionError, match="is disabled, so dbt neither builds nor reads it"):
        resolve(text, SMALL, off)


def test_an_enabled_node_in_the_file_of_a_disabled_one_is_named() -> None:
    over = graph(node("snapshot.shop.new", path="snapshots/s.sql"))
    off = project(ORDERS, disabled=(node("snapshot.shop.old", path="snapshots/s.sql"),)).disabled
    assert [seed.unique_id for seed in resolve("snapshots/s.sql", over, off)] == ["snapshot.shop.new"]


@pytest.mark.parametrize(
    "text", ["orders+", "+orders", "2+orders", "orders+3", "@orders", "stg_*", "tag:nightly", "a,b", "config.materialized:table", "path:x"]
)
def test_a_selector_is_sent_to_the_option_for_selectors(text: str) -> None:
    with pytest.raises(SelectionError, match=r"is a selector, which names a set of nodes\. Use --select"):
        resolve(text, SMALL)


def test_what_the_remedy_says_can_be_pasted() -> None:
    with pytest.raises(SelectionError) as caught:
        resolve("stg_*;rm", SMALL)
    assert caught.value.remedy == "Use --select 'stg_*;rm'"


TESTED = graph(
    ORDERS,
    RAW,
    node("model.shop.customers"),
    node("test.shop.not_null_orders_id", "model.shop.orders"),
    node("test.shop.relationships", "model.shop.orders", "model.shop.customers"),
    node("test.shop.singular", "model.shop.orders", "model.shop.customers", test=DataTest()),
    node("test.shop.of_source", "source.shop.raw.orders", test=DataTest("not_null")),
    node("test.shop.lost"),
    node("test.shop.off", "model.shop.gone"),
    node("unit_test.shop.orders.sums", "model.shop.customers", "model.shop.orders", name="sums"),
    node("unit_test.shop.strange", "model.shop.customers"),
)


def test_a_test_stands_for_what_it_tests() -> None:
    assert resolve("not_null_orders_id", TESTED) == (Seed("model.shop.orders", "test.shop.not_null_orders_id"),)
    assert resolve("test.shop.of_source", TESTED) == (Seed("source.shop.raw.orders", "test.shop.of_source"),)


def test_a_relationships_test_tells_of_the_other_side() -> None:
    note = "it is tested against customers, which may be the damaged side"
    assert resolve("relationships", TESTED) == (Seed("model.shop.orders", "test.shop.relationships", note),)


def test_a_singular_test_stands_for_all_that_it_reads() -> None:
    seeds = resolve("test:singular", TESTED)
    assert [seed.unique_id for seed in seeds] == ["model.shop.orders", "model.shop.customers"]
    assert {(seed.via, seed.note) for seed in seeds} == {("test.shop.singular", "it tests 2 nodes together")}


def test_a_unit_test_stands_for_its_model_as_a_fault_of_the_code() -> None:
    note = "is a unit test: its failure is a fault in code, not damaged data; nothing needs to be rebuilt unless the model ran"
    assert resolve("sums", TESTED) == (Seed("model.shop.orders", "unit_test.shop.orders.sums", f"sums {note}"),)
    assert resolve("unit_test:strange", TESTED) == (Seed("model.shop.customers", "unit_test.shop.strange", f"strange {note}"),)


SHOWN = graph(
    ORDERS,
    node("model.shop.lines"),
    node("exposure.shop.board", "model.shop.orders", "model.shop.lines"),
    node("metric.shop.orphan"),
    node("analysis.shop.check", "model.shop.orders", path="analyses/check.sql"),
    node("operation.shop.hook"),
)


def test_what_shows_data_points_at_what_it_reads() -> None:
    note = "what it shows comes from orders and lines: assess the one that is wrong"
    assert resolve("board", SHOWN) == (Seed("exposure.shop.board", note=note),)
    assert resolve("orphan", SHOWN) == (Seed("metric.shop.orphan"),)
    assert resolve_all(["board"], SHOWN).seeds == (Seed("exposure.shop.board", note=note),)
    assert resolve_all(["board", "lines"], SHOWN).seeds == (Seed("exposure.shop.board"), Seed("model.shop.lines")), "it is known what is wrong"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("check", "check: it is an analysis, which is not data: nothing in it can be damaged. Name what it reads: orders."),
        ("analyses/check.sql", "check: it is an analysis, which is not data: nothing in it can be damaged. Name what it reads: orders."),
        ("operation.shop.hook", "hook: it is an operation, which is not data: nothing in it can be damaged. Name the damaged node."),
    ],
)
def test_what_is_no_data_cannot_fail(text: str, message: str) -> None:
    with pytest.raises(SelectionError) as caught:
        resolve(text, SHOWN)
    assert str(caught.value) == message


def test_what_is_no_data_is_left_out_of_a_selection() -> None:
    why = "it is an analysis, which is not data: nothing in it can be damaged"
    assert resolve_all([], SHOWN, selected=["analysis.shop.check", "model.shop.lines"]) == Resolution((Seed("model.shop.lines"),), (("check", why),))
    with pytest.raises(SelectionError, match=r"^--select: all that it selects is no data: check and hook\. Select what they read\.$"):
        resolve_all([], SHOWN, selected=["analysis.shop.check", "operation.shop.hook"])


def test_completion_offers_only_what_can_fail() -> None:
    assert complete("", SHOWN) == ("board", "lines", "orders", "orphan")


@pytest.mark.parametrize("text", ["lost", "off"])
def test_a_test_of_nothing_is_an_error(text: str) -> None:
    with pytest.raises(SelectionError, match="is a test of nothing that the manifest has"):
        resolve(text, TESTED)


def test_several_names_are_merged() -> None:
    found = resolve_all(["not_null_orders_id", "raw.orders", "", "orders", "relationships", "raw.orders"], TESTED)
    note = "it is taken as the model, not as the source raw.orders"
    other = "it is tested against customers, which may be the damaged side"
    assert found.seeds == (
        Seed("model.shop.orders", "test.shop.not_null_orders_id"),
        Seed("source.shop.raw.orders"),
        Seed("model.shop.orders", note=note),
        Seed("model.shop.orders", "test.shop.relationships", other),
    )


def test_notes_of_merged_seeds_are_joined_once() -> None:
    over = graph(ORDERS, RAW)
    (seed,) = resolve_all(["orders", "model.shop.orders", "db.main.orders", "orders "], over).seeds
    assert seed == Seed("model.shop.orders", note="it is taken as the model, not as the source raw.orders")
    two = graph(node("model.shop.a", identifier="x"), RAW_ITEMS)
    assert [seed.note for seed in resolve_all(["x", "items", "source:shop.raw.items", "ITEMS"], two).seeds] == ["x is the alias of a", NOTE_OF_ITEMS]


FILES = graph(node("model.shop.a", path="models/a.sql"), node("model.shop.b", path="models/b.sql"))


def test_files_that_hold_no_node_are_skipped_where_a_program_lists_them() -> None:
    found = resolve_all(["README.md", "models/a.sql", "macros/m.sql", "models/x.yml"], FILES, skip_files=True)
    assert [seed.unique_id for seed in found.seeds] == ["model.shop.a"]
    assert found.skipped == (
        ("README.md", "no node of the manifest is defined in this file"),
        ("macros/m.sql", "it is a file of macros, which names no node by itself"),
        ("models/x.yml", "it neither defines nor describes a node of the manifest"),
    )


def test_a_person_who_names_a_file_without_nodes_is_told() -> None:
    with pytest.raises(UnknownName):
        resolve_all(["models/a.sql", "README.md"], FILES)


def test_a_misspelt_name_among_files_is_not_skipped() -> None:
    with pytest.raises(UnknownName):
        resolve_all(["models/a.sql", "aa"], FILES, skip_files=True)


def test_an_ambiguous_file_in_a_list_is_all_that_it_may_be() -> None:
    over = graph(node("model.p.a", path="models/a.sql"), node("model.q.a", path="models/a.sql"))
    found = resolve_all(["repo/models/a.sql"], over, skip_files=True)
    assert [(seed.unique_id, seed.note) for seed in found.seeds] == [
        ("model.p.a", "repo/models/a.sql may be any of 2 nodes: p.a, q.a"),
        ("model.q.a", "repo/models/a.sql may be any of 2 nodes: p.a, q.a"),
    ]
    with pytest.raises(AmbiguousName):
        resolve_all(["repo/models/a.sql"], over)


def test_an_ambiguous_name_in_a_list_is_an_error() -> None:
    with pytest.raises(AmbiguousName):
        resolve_all(["a"], graph(node("model.p.a"), node("model.q.a", schema="x")), skip_files=True)


def test_nothing_named_at_all_is_an_error() -> None:
    with pytest.raises(SelectionError, match="no node is named"):
        resolve_all([], FILES, skip_files=True)


def test_a_list_that_holds_no_node_says_why_for_each_entry() -> None:
    with pytest.raises(NothingListed, match="nothing in the list is a node of this project") as caught:
        resolve_all(["a.md", "macros/m.sql"], FILES, skip_files=True)
    assert caught.value.reasons == (
        ("a.md", "no node of the manifest is defined in this file"),
        ("macros/m.sql", "it is a file of macros, which names no node by itself"),
    )


def test_every_node_has_a_spelling_that_names_it_alone(shop: Project, shop_graph: LineageGraph) -> None:
    for unique_id, item in shop.nodes.items():
        if item.resource_type in {"analysis", "operation"}:
            continue
        seeds = resolve(spelling(item, shop_graph), shop_graph)
        if item.resource_type in {"test", "unit_test"}:
            assert seeds
            assert {seed.via for seed in seeds} == {unique_id}
        else:
            assert [seed.unique_id for seed in seeds] == [unique_id]


def test_spellings_are_short() -> None:
    over = graph(ORDERS, RAW, *DIM, node("model.a.dup"), node("model.b.dup", schema="x"), node("metric.shop.orders"), node("model.shop. odd"))
    written = {item.unique_id: spelling(item, over) for item in over.nodes.values()}
    assert written == {
        "model.shop.orders": "model:orders",
        "source.shop.raw.orders": "raw.orders",
        "model.shop.dim.v1": "dim.v1",
        "model.shop.dim.v2": "dim.v2",
        "model.a.dup": "a.dup",
        "model.b.dup": "b.dup",
        "metric.shop.orders": "metric:orders",
        "model.shop. odd": "shop. odd",
    }


def test_a_node_named_as_anothers_unique_id_keeps_apart() -> None:
    over = graph(node("model.shop.a"), node("model.shop.b", name="model.shop.a"))
    assert {item.unique_id: ids(spelling(item, over), over) for item in over.nodes.values()} == {name: [name] for name in over.nodes}


def test_every_relation_of_shop_names_its_nodes(shop: Project, shop_graph: LineageGraph) -> None:
    for item in shop.nodes.values():
        for text in (item.relation_name, item.relation_name.replace('"', "").upper()) if item.is_relation else ():
            assert item.unique_id in ids(text, shop_graph)


def test_completion_offers_unambiguous_spellings(shop_graph: LineageGraph) -> None:
    assert complete("stg_order", shop_graph) == ("stg_order_items", "stg_orders")
    assert complete("STG_ORDER", shop_graph, limit=1) == ("stg_order_items",)
    assert complete("raw.or", shop_graph) == ("raw.order_items", "raw.orders")
    assert complete("exposure:ex", shop_graph) == ("exposure:executive_dashboard",)
    assert complete("stg_prod", shop_graph) == ()
    assert complete("shop_extras.stg_prod", shop_graph) == ("shop_extras.stg_products",)
    assert complete("unique_stg_orders", shop_graph) == ("unique_stg_orders_order_id",)
    for text in complete("", shop_graph, limit=1000):
        assert len(resolve(text, shop_graph)) == 1


def test_the_room_knows_only_its_own_names() -> None:
    room = importlib.import_module("aftershock.select")
    assert all(getattr(room, name) is not None for name in room.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = room.nothing
