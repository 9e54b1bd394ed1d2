"""What is one incident and what are several, and at which node it begins."""

from __future__ import annotations

import pytest
from detect_builder import (
    bare_test,
    catalog_of,
    columns,
    data_test,
    exposure,
    found,
    freshness_of,
    late,
    model,
    result,
    shapes,
    short,
    singular,
    source,
)

REFUSED = 'Database Error in model {0} (models/{0}.sql)\n  connection to server at "10.0.0.1", port 5432 failed: Connection refused'
NO_COLUMN = 'Database Error in model {0} (models/{0}.sql)\n  column "{1}" does not exist\n  LINE 4: {1},'
NO_TABLE = 'Database Error in model {0} (models/{0}.sql)\n  relation "{1}" does not exist'
BROKEN = "Database Error in model {0} (models/{0}.sql)\n  {1}"
FAILS = "Got 3 results, configured to fail if != 0"


def error(name: str, text: str, *words: str, status: str = "error") -> object:
    return result(name, status, text.format(name, *words))


def test_what_was_skipped_is_no_failure_and_named_with_its_cause() -> None:
    nodes = (model("a"), model("b", "a"), model("c", "b"), model("x"), exposure("board", "c"))
    detection = found(
        *nodes,
        results=[
            error("a", BROKEN, "division by zero"),
            *(result(name, "skipped") for name in ("b", "c")),
            result("x", "success"),
            result("exposure.shop.board", "skipped"),
        ],
    )
    (item,) = detection.incidents
    assert [short(node) for node in item.skipped] == ["b", "c"]
    assert shapes(detection) == [("data-quality", ("a",), 1)]
    assert detection.notes == ()


def test_a_failing_test_skips_what_is_below_the_node_that_it_tests() -> None:
    unique = data_test("unique", "a", "id")
    detection = found(model("a"), model("b", "a"), unique, results=[result("a", "success"), result(unique, "fail", FAILS), result("b", "skipped")])
    assert [short(node) for node in detection.incidents[0].skipped] == ["b"]


def test_a_warning_skips_nothing() -> None:
    unique = data_test("unique", "a", "id")
    detection = found(model("a"), model("b", "a"), unique, results=[result(unique, "warn", FAILS), result("b", "skipped")])
    assert detection.incidents[0].skipped == ()
    assert detection.notes == ("1 node was skipped, and nothing that failed is above them: b.",)


def test_tests_of_one_node_and_category_are_one_incident_and_other_categories_are_others() -> None:
    tests = [data_test("unique", "a", "id"), data_test("not_null", "a", "id"), data_test("accepted_values", "a", "state"), data_test("dbt_utils.recency", "a")]
    detection = found(model("a"), *tests, results=[result(test, "fail", FAILS) for test in tests])
    assert shapes(detection) == [("data-quality", ("a",), 2), ("duplicate-load", ("a",), 1), ("stale-data", ("a",), 1)]


def test_a_null_is_found_again_in_the_same_column_below() -> None:
    upper, lower, other = data_test("not_null", "a", "id"), data_test("not_null", "c", "ID"), data_test("not_null", "c", "amount")
    nodes = (model("a"), model("b", "a"), model("c", "b"))
    detection = found(*nodes, upper, lower, other, results=[result(test, "fail", FAILS) for test in (lower, other, upper)])
    assert shapes(detection) == [("data-quality", ("a",), 2), ("data-quality", ("c",), 1)]
    assert next(item for item in detection.incidents if len(item.evidence) == 2).columns == ("id",)


def test_a_singular_test_below_is_evidence_where_its_name_has_the_column() -> None:
    upper, lower = data_test("accepted_values", "a", "status"), singular("assert_status_is_final", "b")
    detection = found(model("a"), model("b", "a"), upper, lower, results=[result(upper, "warn"), result(lower, "fail")])
    assert shapes(detection) == [("data-quality", ("a",), 2)]


def test_duplicates_are_found_again_below_whatever_the_key_is_called() -> None:
    upper, lower, apart = data_test("unique", "a", "id"), data_test("unique", "b", "order_key"), data_test("unique", "x", "id")
    detection = found(model("a"), model("b", "a"), model("x"), upper, lower, apart, results=[result(test, "fail", FAILS) for test in (upper, lower, apart)])
    assert shapes(detection) == [("duplicate-load", ("a",), 2), ("duplicate-load", ("x",), 1)]


def test_the_nearest_root_above_gets_the_evidence_and_a_failure_before_a_warning() -> None:
    one, two, low = data_test("unique", "a", "id"), data_test("unique", "b", "id"), data_test("unique", "c", "id")
    nodes = (model("a"), model("b"), model("x", "a"), model("c", "x", "b"))
    near = found(*nodes, one, two, low, results=[result(test, "fail") for test in (one, two, low)])
    assert shapes(near) == [("duplicate-load", ("a",), 1), ("duplicate-load", ("b",), 2)]
    failing = found(*nodes, one, two, low, results=[result(one, "fail"), result(two, "warn"), result(low, "fail")])
    assert shapes(failing) == [("duplicate-load", ("a",), 2), ("duplicate-load", ("b",), 1)]


def test_late_rows_below_a_late_source_are_the_source_s() -> None:
    recent = data_test("dbt_utils.recency", "b")
    nodes = (source("raw.a", freshness=True), model("b", "raw.a"), recent)
    detection = found(*nodes, results=[result(recent, "fail", FAILS)], freshness=freshness_of(late("raw.a")))
    assert shapes(detection) == [("stale-data", ("raw.a",), 2)]


def test_sources_of_one_loader_are_late_together() -> None:
    nodes = [source(name, freshness=True, loader=loader) for name, loader in (("raw.a", ""), ("raw.b", ""), ("crm.c", ""), ("raw.d", "fivetran"))]
    detection = found(*nodes, freshness=freshness_of(*(late(short(node.unique_id)) for node in nodes)))
    assert shapes(detection) == [("stale-data", ("crm.c",), 1), ("stale-data", ("raw.a", "raw.b"), 2), ("stale-data", ("raw.d",), 1)]


@pytest.mark.parametrize(
    "text",
    [
        REFUSED,
        BROKEN.replace("{1}", "permission denied for schema raw"),
        BROKEN.replace("{1}", "canceling statement due to statement timeout"),
        BROKEN.replace("{1}", "090073 (22000): Warehouse 'ETL' cannot be resumed because resource monitor 'D' has exceeded its quota."),
        BROKEN.replace("{1}", "Quota exceeded: Your project exceeded quota"),
    ],
)
def test_what_befalls_the_warehouse_is_one_incident_wherever_it_shows(text: str) -> None:
    test = data_test("unique", "c", "id")
    detection = found(model("a"), model("b"), model("c"), test, results=[error("a", text), error("b", text), result(test, "error", text.format("unique_c_id"))])
    assert shapes(detection) == [("pipeline-failure", ("a", "b", "c"), 3)]


def test_statements_that_take_too_much_memory_are_each_their_own() -> None:
    text = BROKEN.replace("{1}", "Out of Memory Error: could not allocate block")
    assert len(found(model("a"), model("b"), results=[error("a", text), error("b", text)]).incidents) == 2


def test_errors_of_one_text_are_one_incident_and_others_others() -> None:
    same, other = "Compilation Error in model {0} (m.sql)\n  'm' is undefined", "Compilation Error in model {0} (m.sql)\n  'n' is undefined"
    detection = found(model("a"), model("b"), model("c"), results=[error("a", same), error("b", same), error("c", other)])
    assert shapes(detection) == [("pipeline-failure", ("a", "b"), 2), ("pipeline-failure", ("c",), 1)]


def test_a_retyped_column_breaks_what_has_a_parent_in_common_and_no_more() -> None:
    text = BROKEN.replace("{1}", "No function matches the given name and argument types 'sum(VARCHAR)'")
    nodes = (source("raw.a"), model("b", "raw.a"), model("c", "raw.a"), model("d"))
    detection = found(*nodes, results=[error("b", text), error("c", text), error("d", text)])
    assert shapes(detection) == [("schema-break", ("b", "c"), 2), ("schema-break", ("d",), 1)]


# columns and tables that are gone


def shop_nodes(*declared: str) -> tuple[object, ...]:
    return (source("raw.a", columns=columns(*declared)), source("raw.z"), model("b", "raw.a"), model("copy", "raw.a"), model("c", "copy"), model("z", "raw.z"))


def test_what_misses_one_column_of_one_parent_is_one_incident() -> None:
    detection = found(*shop_nodes(), results=[error("b", NO_COLUMN, "method"), error("c", NO_COLUMN, "METHOD"), error("z", NO_COLUMN, "method")])
    assert shapes(detection) == [("schema-break", ("b", "c"), 2), ("schema-break", ("z",), 1)]
    assert all(item.columns == () for item in detection.incidents)


def test_the_parent_is_the_root_where_its_yaml_declares_the_column_and_the_catalog_lacks_it() -> None:
    catalog = catalog_of(raw__a={"id": "int"}, copy={"id": "int", "method": "text"})
    detection = found(*shop_nodes("id", "Method"), results=[error("b", NO_COLUMN, "method"), error("c", NO_COLUMN, "METHOD")], catalog=catalog)
    (item,) = detection.incidents
    assert shapes(detection) == [("schema-break", ("raw.a",), 2)]
    assert (item.columns, item.confidence) == (("method",), "high")
    assert item.title == "raw.a lost its column method: 2 results fail because of it"
    assert "its YAML declares it, and the catalog does not list it" in item.evidence[0].says


def test_the_parent_is_the_root_where_two_catalogs_show_that_it_lost_the_column() -> None:
    before, now = catalog_of(raw__a={"id": "int", "method": "text"}), catalog_of(raw__a={"id": "int"})
    detection = found(*shop_nodes(), results=[error("b", NO_COLUMN, "method")], catalog=now, before=before)
    assert shapes(detection) == [("schema-break", ("raw.a",), 2)]


def test_a_catalog_that_still_has_the_column_proves_nothing() -> None:
    """The code may have lost it on the way."""
    detection = found(*shop_nodes("method"), results=[error("b", NO_COLUMN, "method")], catalog=catalog_of(raw__a={"method": "text"}))
    assert shapes(detection) == [("schema-break", ("b",), 1)]
    assert "raw.a is known to have had method" in detection.incidents[0].evidence[0].says


def test_a_column_that_never_was_is_a_doubt() -> None:
    detection = found(*shop_nodes("id"), results=[error("b", NO_COLUMN, "metod")], catalog=catalog_of(raw__a={"id": "int"}))
    (item,) = detection.incidents
    assert (item.category.value, item.confidence) == ("schema-break", "low")
    assert item.alternatives[0].category.value == "pipeline-failure"
    assert item.doubts == ("The code may be at fault, and no data changed: nothing that is read is known to ever have had metod.",)


def test_a_column_is_looked_for_through_ephemeral_models() -> None:
    nodes = (source("raw.a"), model("e", "raw.a", materialized="ephemeral"), model("b", "e"))
    before, now = catalog_of(raw__a={"id": "int", "method": "text"}), catalog_of(raw__a={"id": "int"})
    assert shapes(found(*nodes, results=[error("b", NO_COLUMN, "method")], catalog=now, before=before)) == [("schema-break", ("raw.a",), 2)]


def test_a_test_that_cannot_run_for_want_of_a_column_is_about_the_node_that_it_tests() -> None:
    test = data_test("not_null", "b", "method")
    detection = found(*shop_nodes(), test, results=[result(test, "error", 'Database Error in test x (s.yml)\n  column "method" does not exist')])
    assert shapes(detection) == [("schema-break", ("b",), 1)]
    assert detection.incidents[0].doubts == ("Only tests failed to run: they say nothing about the data that they would have looked at.",)


def test_a_missing_table_that_is_read_is_the_root() -> None:
    nodes = (source("raw.a"), model("b", "raw.a"), model("c", "raw.a"))
    detection = found(*nodes, results=[error("b", NO_TABLE, "raw.a"), error("c", NO_TABLE, "db.raw.a")])
    assert shapes(detection) == [("schema-break", ("raw.a",), 2)]
    assert detection.incidents[0].title == "raw.a is not there any more: 2 results fail because of it"


def test_a_missing_table_that_nothing_reads_leaves_the_failing_node_the_root() -> None:
    detection = found(source("raw.a"), model("b", "raw.a"), results=[error("b", NO_TABLE, "raw.other")])
    assert shapes(detection) == [("schema-break", ("b",), 1)]
    assert detection.incidents[0].title == "b reads a table raw.other that is not there"


def test_a_table_that_was_not_built_is_missing_because_of_what_kept_it_from_being_built() -> None:
    test = data_test("unique", "a", "id")
    text = 'Database Error in test unique_a_id (s.yml)\n  relation "analytics.a" does not exist'
    detection = found(model("a"), test, results=[error("a", BROKEN, "syntax error at or near x"), result(test, "error", text)])
    assert shapes(detection) == [("pipeline-failure", ("a",), 2)]


# tests of several nodes


def test_a_relationship_is_about_the_child() -> None:
    test = data_test("relationships", "orders", "customer_id", against=["customers"])
    detection = found(model("orders"), model("customers"), test, results=[result(test, "fail", FAILS)])
    assert shapes(detection) == [("data-quality", ("orders",), 1)]


def test_orphans_are_evidence_of_the_rows_that_their_parent_lost() -> None:
    orphans, volume = data_test("relationships", "orders", "customer_id", against=["customers"]), data_test("row_count_at_least", "raw.customers")
    nodes = (source("raw.customers"), model("customers", "raw.customers"), model("orders"))
    detection = found(*nodes, orphans, volume, results=[result(orphans, "fail", FAILS), result(volume, "fail", FAILS)])
    assert shapes(detection) == [("data-loss", ("raw.customers",), 2)]


def test_a_test_of_several_nodes_is_about_all_of_them_unless_one_has_such_an_incident() -> None:
    both = singular("assert_totals_agree", "a", "b")
    assert shapes(found(model("a"), model("b"), both, results=[result(both, "fail")])) == [("data-quality", ("a", "b"), 1)]
    null = data_test("not_null", "b", "id")
    assert shapes(found(model("a"), model("b"), both, null, results=[result(both, "fail"), result(null, "fail")])) == [("data-quality", ("b",), 2)]


def test_a_test_without_metadata_of_two_nodes_is_about_the_one_that_its_name_says_first() -> None:
    test = bare_test("relationships_orders_customer_id__id__ref_customers_", "customers", "orders")
    assert shapes(found(model("orders"), model("customers"), test, results=[result(test, "fail")])) == [("data-quality", ("orders",), 1)]
