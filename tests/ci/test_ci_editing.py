"""Files put into a manifest: what becomes of it is what dbt itself makes of the edited project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ci_dbt
import ci_pull_requests as ci
import pytest
from ci_edits import EDITS, REST, STAGING, UNKNOWN
from ci_pull_requests import Edit
from msgspec.structs import replace

import aftershock
from aftershock.artifacts.definitions import read_definitions
from aftershock.changes.editing import Edited, edited, project_files
from aftershock.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.model import Node


def put(folder: Path, repository: Path, edits: tuple[Edit, ...], *, known: bool = True) -> Edited:
    """Edit files, and put them into the manifest in ``folder``."""
    before = {path: (repository / path).read_text("utf-8") for path, *_ in edits if (repository / path).exists()}
    for one in edits:
        ci.edit(repository, ci.PullRequest(0, (one,)))
    files = {path: (repository / path).read_text("utf-8") if (repository / path).exists() else None for path, *_ in edits}
    return edited(aftershock.read_artifacts(folder), files, before={path: before.get(path, "") for path in files} if known else None)


def shown(node: Node) -> dict[str, Any]:
    """What is compared of a node: everything but the order of what has none."""
    fields = {name: getattr(node, name) for name in node.__struct_fields__ if name not in {"fqn", "primary_key"}}
    columns = [replace(column, tags=tuple(sorted(column.tags))) for column in node.columns]
    return fields | {"parents": sorted(node.parents), "tags": sorted(node.tags), "columns": columns}


def generic_tests(nodes: dict[str, Node]) -> list[tuple[object, ...]]:
    found = [
        (node.test.name, node.test.column, node.test.attached_node, node.test.severity) for node in nodes.values() if node.test is not None and node.test.name
    ]
    return sorted(found)


@pytest.mark.dbt
@pytest.mark.parametrize("known", [True, False])
def test_an_edited_manifest_is_the_one_that_dbt_writes(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, *, known: bool) -> None:
    made = ci_dbt.made(tmp_path_factory)
    repository, base = ci.shop(tmp_path), tmp_path / "base"
    for folder, name in ((base, "main"), (repository / "target", "edited" if known else "edited-unknown")):
        folder.mkdir()
        (folder / "manifest.json").write_bytes(made.manifest(name))
    found = put(base, repository, EDITS + REST if known else UNKNOWN + REST, known=known)
    assert found.unread == ()
    true = aftershock.read_artifacts(repository / "target")
    base_nodes = aftershock.read_artifacts(base).project.nodes
    head, wanted = found.head.project.nodes, true.project.nodes
    assert generic_tests(head) == generic_tests(wanted)
    assert {key for key in head if not key.startswith("test.")} == {key for key in wanted if not key.startswith("test.")}
    for unique_id, node in wanted.items():
        if not unique_id.startswith(("test.", "unit_test.")):
            differs = {key: (value, shown(node)[key]) for key, value in shown(head[unique_id]).items() if value != shown(node)[key]}
            if unique_id not in base_nodes:
                differs.pop("meta", None)  # what dbt_project.yml adds to every model
                differs.pop("tags", None)  # and to those of a folder
            assert not differs, unique_id
    assert set(found.head.project.disabled) >= {"model.shop.inventory_ledger", "exposure.shop.churn_model"}
    hooks = [(unique_id, key) for unique_id in ("model.shop.stg_events", "model.shop.dim_dates") for key in ("pre-hook", "post-hook")]
    true_definitions = read_definitions(repository / "target" / "manifest.json").nodes
    for unique_id, key in hooks:
        assert found.head_definitions.nodes[unique_id].config[key] == true_definitions[unique_id].config[key]
    code, true_code = found.head_reader.code, aftershock.open_lineage(true).code
    for unique_id, its in true_code.nodes.items():
        if not unique_id.startswith("test."):
            assert code.nodes[unique_id].raw == its.raw, unique_id
    assert ("model.shop.order_status_history" in code.nodes) == ("model.shop.order_status_history" in true_code.nodes)
    assert {key: macro.sql for key, macro in code.macros.items()} == {key: macro.sql for key, macro in true_code.macros.items()}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return ci.shop(tmp_path)


def test_nothing_edited_is_the_same_manifest(repository: Path) -> None:
    base = aftershock.read_artifacts(repository / "prod")
    paths = [path for path in repository.rglob("*") if path.suffix in {".sql", ".yml", ".py", ".csv"} and ".git" not in path.parts]
    files = {key: path.read_text("utf-8") for key, path in project_files(paths, "shop").items()}
    assert any(key.startswith("shop_extras://") for key in files)
    for before in (files, {}):
        found = edited(base, files, before=before)
        assert found.head.project.nodes == base.project.nodes
        assert found.head_definitions == found.base_definitions
        assert found.head_reader.code == found.base.code


@pytest.mark.parametrize("known", [True, False])
def test_what_yaml_and_templates_say_is_put_in(repository: Path, *, known: bool) -> None:
    found = put(repository / "prod", repository, EDITS + REST if known else UNKNOWN + REST, known=known)
    nodes = found.head.project.nodes
    assert found.unread == ()
    tests = {(name, column, severity) for name, column, node, severity in generic_tests(nodes) if node == "model.shop.stg_orders"}
    assert ("accepted_values", "status", "error") not in tests
    assert ("row_count_at_least", "", "warn") in tests
    assert [column.name for column in nodes["model.shop.stg_orders"].columns] == [
        "order_id",
        "customer_id",
        "ordered_at",
        "ordered_on",
        "updated_at",
        "discount",
    ]
    assert ("not_null", "product_id", "model.shop.stg_order_items", "error") in generic_tests(nodes)
    assert nodes["model.shop.stg_customers"].meta["owner"] == "Bob Roy"
    assert nodes["exposure.shop.executive_dashboard"].exposure.maturity == "low"
    assert "model.shop.sales_by_category" not in nodes["exposure.shop.sales_dashboard"].parents
    assert nodes["snapshot.shop.customers_snapshot"].parents == ("model.shop.stg_products",)
    assert nodes["model.shop.fct_payments"].build.on_schema_change == "ignore"
    assert nodes["model.shop.order_days"].build.unique_key == ("a", "b")
    assert nodes["model.shop.daily_sales"].path == "models/marts/reporting/totals/daily_sales.sql"
    assert "model.shop.inventory_ledger" in found.head.project.disabled
    assert "test.shop.refunds_within_payments" not in nodes
    if known:
        assert not nodes["model.shop.dim_products"].build.contract
        assert nodes["model.shop.dim_products"].tags == ("published", "shared")
        assert nodes["source.shop.raw.refunds"].relation_name == '"shop"."raw"."refunds_v2"'
        assert nodes["source.shop.raw.coupons"].relation_name == '"shop"."raw"."coupons"'
        assert "error_after" not in (found.head_definitions.nodes["source.shop.raw.orders"].freshness or {})


def test_an_edited_node_is_rendered_on_both_sides(repository: Path) -> None:
    found = put(repository / "prod", repository, (Edit("models/marts/core/dim_dates.sql", "60 day", "61 day"),))
    for reader in (found.base, found.head_reader):
        assert not reader.readings.compiled("model.shop.dim_dates")
        assert reader.readings.of("model.shop.dim_dates").statements
        assert reader.readings.compiled("model.shop.stg_orders")


def test_a_new_model_can_be_read_by_an_edited_one(repository: Path) -> None:
    new = Edit("models/staging/stg_coupons.sql", "", "select customer_id, 1 as coupon from {{ source('raw', 'customers') }}")
    reader = Edit(
        "models/marts/ops/stock_levels.sql",
        "select\n    product_id,",
        "select\n    (select max(coupon) from {{ ref('stg_coupons') }}) as coupon,\n    product_id,",
    )
    found = put(repository / "prod", repository, (new, reader))
    assert found.head.project.nodes["model.shop.stg_coupons"].relation_name == '"shop"."analytics"."stg_coupons"'
    assert "model.shop.stg_coupons" in found.head.project.nodes["model.shop.stock_levels"].parents
    found.head_reader.read(["model.shop.stock_levels"], whole=True)
    lineage = found.head_reader.lineages["model.shop.stock_levels"].resolved
    assert lineage is not None
    assert ("model.shop.stg_coupons", "coupon") in lineage.reads


MACRO = "{% macro cents(column) %}{{ column }} / 100{% endmacro %}\n{% test positive(model, column_name) %}select 1{% endtest %}\n"


def test_macros_are_put_in_by_name(repository: Path) -> None:
    found = put(repository / "prod", repository, (Edit("macros/money.sql", "", MACRO), Edit("tests/generic/row_count_at_least.sql")))
    macros = found.head_reader.code.macros
    assert macros["macro.shop.cents"].sql.endswith("/ 100{% endmacro %}")
    assert "macro.shop.test_positive" in macros
    assert "macro.shop.test_row_count_at_least" not in macros
    assert "macro.shop.test_row_count_at_least" in found.base.code.macros


@pytest.mark.parametrize(
    ("edits", "said", "concerned"),
    [
        ((Edit("dbt_project.yml", "  shop:\n    staging:", "  shop:\n    +enabled: true\n    staging:"),), "what it configures is not read", {"dbt_project.yml"}),
        ((Edit(STAGING, "version: 2\n", "version: 2\n  broken: [\n"),), "it is not YAML", {"model.shop.stg_orders", "model.shop.stg_payments"}),
        ((Edit("models/finance/_finance.yml", "model: fct_revenue_daily", "model: fct_revenue_monthly"),), "its unit_tests cannot be read", {"unit_test.shop.fct_revenue_daily.revenue_is_added_per_day"}),
        ((Edit("models/marts/core/fct_payments.sql", "unique_key='payment_id'", "unique_key=var('key')"),), "its config() cannot be read", {"model.shop.fct_payments"}),
        ((Edit("models/marts/core/fct_payments.sql", "    materialized='incremental',\n", ""),), "no longer says materialized", {"model.shop.fct_payments"}),
        ((Edit(STAGING, "    meta:\n      owner: orders-team@shop.example\n", "    config:\n      event_time: \"{{ var('time') }}\"\n"),), "event_time is a template", {"model.shop.stg_orders"}),
        ((Edit("models/marts/core/stg_orders.sql", "", "select 1 as a"),), "there is a model stg_orders already", {"model.shop.stg_orders"}),
    ],
    ids=["project", "yaml", "unit test", "config", "materialized", "template", "twice"],
)  # fmt: skip
def test_what_cannot_be_read_is_said(repository: Path, edits: tuple[Edit, ...], said: str, concerned: set[str]) -> None:
    found = put(repository / "prod", repository, edits)
    assert concerned <= {change.unique_id for change in found.unread}
    assert all(change.verdict == "cannot-say" and said in change.reason for change in found.unread), found.unread


def test_files_that_are_none_of_dbts_are_passed_over(repository: Path) -> None:
    found = put(repository / "prod", repository, (Edit(".github/workflows/ci.yml", "", "on: push\n"),))
    assert found.unread == ()
    assert found.warnings == ("1 file passed over, as dbt reads nothing from it: .github/workflows/ci.yml.",)


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 100_000, "a: &x [1, 2]\nb: *x\nversion: 2\n<<: 3", "- 1", "models: {a: b}", "models: [1, {name: }, {name: [x]}]", "sources: [{name: raw, tables: 3}]",
     "exposures: [{name: e, depends_on: 3, owner: 4}]", "models: [{name: stg_orders, columns: [3, {name: a, data_tests: 5, config: 3}], config: 7, data_tests: [[], {}, 3]}]"],
)  # fmt: skip
def test_no_yaml_breaks_it(repository: Path, text: str) -> None:
    for known in (True, False):
        ci.git(repository, "checkout", "--quiet", ".")
        (repository / STAGING).unlink()
        found = put(repository / "prod", repository, (Edit(STAGING, "", text),), known=known)
        json.dumps([change.reason for change in found.unread])


def test_aliases_that_multiply_are_refused(repository: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 12))]
    (repository / STAGING).unlink()
    found = put(repository / "prod", repository, (Edit(STAGING, "", "\n".join(lines)),), known=False)
    assert "more than 500,000 values" in found.unread[0].reason


def test_a_base_that_is_no_file_is_an_error(repository: Path) -> None:
    data = (repository / "prod" / "manifest.json").read_bytes()
    with pytest.raises(ArtifactError, match="a manifest that is a file"):
        edited(aftershock.artifacts_from_bytes(data), {})
