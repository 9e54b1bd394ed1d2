"""Files put into a manifest and judged: nothing that dbt would read, and we do not, is passed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import ci_pull_requests as ci
import pytest
from ci_edits import CAMPAIGNS, SOURCES, STAGING, text_of
from ci_pull_requests import ORDERS, Edit

import aftershock
from aftershock.changes.editing import edited

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock import CheckReport

STOCK = "models/marts/ops/stock_levels.sql"
ANSWER = "select\n    {{ run_query('select 1').columns[0].values()[0] if execute else 0 }} as answer,\n    product_id,"
DATES = "models/marts/core/dim_dates.sql"
DAILY = "models/finance/fct_revenue_daily.sql"
MACRO = "macro.shop.started"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return ci.shop(tmp_path)


def judged(repository: Path, *edits: Edit) -> CheckReport:
    """What the check says of edited files."""
    before = {path: (repository / path).read_text("utf-8") if (repository / path).exists() else "" for path, *_ in edits}
    for one in edits:
        ci.edit(repository, ci.PullRequest(0, (one,)))
    files = {path: (repository / path).read_text("utf-8") if (repository / path).exists() else None for path in before}
    base = aftershock.read_artifacts(repository / "prod")
    found = edited(base, files, before=before)
    return aftershock.check(
        base, found.head, base_reader=found.base, head_reader=found.head_reader, base_definitions=found.base_definitions, head_definitions=found.head_definitions, also=found.unread
    )  # fmt: skip


def told(report: CheckReport) -> set[tuple[str, str, str]]:
    return {(change.unique_id.removeprefix("model.shop."), change.kind, change.verdict) for change in report.changes}


NEW = "models/marts/core/new.sql"
UNREAD: dict[str, tuple[Edit, str, str]] = {
    "no SQL": (Edit(NEW, "", "selec from (((\n"), "new", "its SQL could not be read: it cannot be parsed"),
    "no query": (Edit(NEW, "", "-- nothing yet\n"), "new", "its SQL could not be read"),
    "empty": (Edit(NEW, "", "\n"), "new", "its file is empty"),
    "no such model": (Edit(NEW, "", "select * from {{ ref('nowhere') }}\n"), "new", "ref 'nowhere' is not in the manifest"),
    "no such source": (Edit(NEW, "", "select * from {{ source('raw', 'nowhere') }}\n"), "new", "source raw.nowhere is not in the manifest"),
    "no such macro": (Edit(NEW, "", "select {{ cents('a') }} as a\n"), "new", "cents() is not in the manifest"),
    "no such variable": (Edit(NEW, "", "select '{{ var('nowhere') }}' as a\n"), "new", "var 'nowhere' is not known"),
    "Python": (Edit("models/marts/core/new.py", "", "def model(dbt, session):\n    return dbt.ref('stg_orders')\n"), "new", "it is a Python model"),
    "snapshot": (
        Edit("snapshots/new.sql", "", "{% snapshot new %}select * from {{ ref('stg_orders') }}{% endsnapshot %}\n"),
        "snapshots/new.sql",
        "a snapshot that is new is not read",
    ),
    "snapshot beside another": (
        Edit("snapshots/products_snapshot.sql", "{% endsnapshot %}", "{% endsnapshot %}\n{% snapshot new %}select 1{% endsnapshot %}"),
        "snapshots/products_snapshot.sql",
        "the snapshot new is new",
    ),
    "snapshot in YAML": (Edit("snapshots/_new.yml", "", "snapshots:\n  - name: new\n    relation: ref('stg_orders')\n"), "snapshot.shop.new", "the snapshot new is new"),
    "singular test": (Edit("tests/new.sql", "", "select 1 from {{ ref('stg_orders') }}\n"), "tests/new.sql", "a test that is new is not read"),
    "fixture": (Edit("tests/fixtures/new.csv", "", "a\n1\n"), "tests/fixtures/new.csv", "a fixture of a unit test is not read"),
    "seed": (Edit("seeds/new.csv", "", "a\n1\n"), "seeds/new.csv", "a seed that is new is not read"),
    "analysis": (Edit("analyses/new.sql", "", "select 1\n"), "analyses/new.sql", "an analysis that is new is not read"),
    "function": (Edit("functions/new.sql", "", "select 1\n"), "functions/new.sql", "a function that is new is not read"),
    "unfinished macro": (Edit("macros/new.sql", "", "{% macro a() %}1\n"), "macros/new.sql", "where its macros end cannot be told"),
    "macro of dbt": (Edit("macros/new.sql", "", "{% macro dateadd(a, b, c) %}1{% endmacro %}\n"), "macro.shop.dateadd", "dbt has a macro dateadd"),
    "settings of tests": (Edit("tests/_t.yml", "", "data_tests:\n  - name: refunds_within_payments\n    config: {severity: warn}\n"), "tests/_t.yml", "its data_tests cannot be read"),
    "unknown test": (Edit(STAGING, "            minimum: 100\n", "            minimum: 100\n      - nowhere\n"), "test.shop.nowhere_stg_orders.0", "which no macro defines"),
    "test that reads nothing": (
        Edit(STAGING, "            minimum: 100\n", "            minimum: 100\n      - relationships:\n          arguments: {to: ref('nowhere'), field: a}\n"),
        "test.shop.relationships_stg_orders.0",
        "reads nowhere, which is not in the project",
    ),
    "exposure of nothing": (
        Edit("models/exposures/_new.yml", "", "exposures:\n  - name: new\n    type: dashboard\n    owner: {email: a@shop.example}\n    depends_on: [ref('nowhere')]\n"),
        "exposure.shop.new",
        "reads nowhere, which is not in the project",
    ),
    "another schema": (Edit("models/marts/core/fct_payments.sql", "    on_schema_change='fail',\n", "    on_schema_change='fail',\n    schema='other',\n"), "fct_payments", "another schema"),
    "another schema in YAML": (Edit(STAGING, "  - name: stg_refunds\n", "  - name: stg_refunds\n    config: {schema: other}\n"), "stg_refunds", "another schema"),
    "enabled model": (Edit("models/marts/ops/legacy_orders.sql", "{{ config(enabled=false) }}\n", ""), "models/marts/ops/legacy_orders.sql", "its node was switched off"),
    "enabled by a template": (Edit(SOURCES, "      - name: refunds\n", "      - name: refunds\n        config: {enabled: \"{{ var('on') }}\"}\n"), "source.shop.raw.refunds", "enabled is a template"),
    "profiles": (Edit("profiles.yml", "shop:\n", "shop:\n  config: {}\n"), "profiles.yml", "what it configures is not read"),
    "docs block that is gone": (Edit("models/docs.md"), "models/docs.md", "which descriptions refer to what is gone"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_never_passed(repository: Path, name: str) -> None:
    edit, node, reason = UNREAD[name]
    if edit.path.endswith(".md"):
        (repository / edit.path).write_text("{% docs a %}A.{% enddocs %}", "utf-8")
    report = judged(repository, edit)
    assert report.outcome == "not-judged"
    found = {change.unique_id.removeprefix("model.shop."): change.reason for change in report.changes if change.verdict == "cannot-say"}
    assert reason in found[node]


def test_a_new_model_that_is_read_is_judged(repository: Path) -> None:
    report = judged(repository, Edit(NEW, "", "select order_id from {{ ref('stg_orders') }}\n"))
    assert (report.outcome, told(report)) == ("passed", {("new", "node-added", "safe")})


def test_a_file_of_nobody_is_said_to_be_passed_over(repository: Path) -> None:
    base = aftershock.read_artifacts(repository / "prod")
    assert edited(base, {"scripts/a.sql": "select 1"}).warnings == ("1 file passed over, as dbt reads nothing from it: scripts/a.sql.",)


def test_an_emptied_model_is_no_longer_built(repository: Path) -> None:
    report = judged(repository, Edit(ORDERS, text_of(ORDERS), "\n"))
    assert (report.outcome, told(report)) == ("not-judged", {("stg_orders", "sql-unread", "cannot-say")})
    assert "model.shop.fct_orders" in report.impact.wrong


@pytest.mark.parametrize(
    "edits",
    [
        (Edit(SOURCES, "      - name: refunds\n", "      - name: refunds\n        config: {enabled: false}\n"),),
        (Edit(SOURCES, "      - name: refunds\n", "      - name: refunds_v2\n"),),
        (Edit("models/intermediate/int_order_amounts.sql"),),
        (Edit(ORDERS), Edit("models/staging/Stg_orders.sql", "", text_of(ORDERS))),
    ],
    ids=["source switched off", "source renamed", "ephemeral model gone", "only the case differs"],
)
def test_what_is_still_read_and_gone_fails_its_readers(repository: Path, edits: tuple[Edit, ...]) -> None:
    report = judged(repository, *edits)
    assert report.impact.fails
    assert report.outcome == "failed"


@pytest.mark.parametrize(
    "edits",
    [
        (Edit(CAMPAIGNS), Edit("models/staging/stg_camp.sql", "", text_of(CAMPAIGNS)), Edit("models/marts/marketing/campaign_performance.sql", "ref('stg_campaigns')", "ref('stg_camp')")),
        (Edit(SOURCES, "      - name: refunds\n", "      - name: refunds_v2\n"), Edit("models/staging/stg_refunds.sql", "'refunds'", "'refunds_v2'")),
    ],
    ids=["model", "source"],
)  # fmt: skip
def test_a_rename_carried_through_fails_nothing(repository: Path, edits: tuple[Edit, ...]) -> None:
    report = judged(repository, *edits)
    assert not report.impact.fails
    assert not {change.unique_id for change in report.changes if change.verdict == "cannot-say"}


def test_a_source_that_was_off_stays_off(repository: Path) -> None:
    switch = Edit(SOURCES, "      - name: refunds\n", "      - name: refunds\n        config: {enabled: false}\n")
    ci.edit(repository, ci.PullRequest(0, (switch,)))
    path = repository / "prod" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    off = manifest["sources"].pop("source.shop.raw.refunds")
    off["config"]["enabled"] = False
    manifest["disabled"]["source.shop.raw.refunds"] = [off]
    path.write_text(json.dumps(manifest), "utf-8")
    report = judged(repository, Edit(SOURCES, "      - name: products\n", "      - name: products\n        loader: airbyte\n"))
    assert told(report) == set()


@pytest.mark.parametrize(
    "edit",
    [
        Edit(DATES, "select cast(day", "{{ config(post_hook='drop table x') }}\nselect cast(day"),
        Edit(DATES, "select cast(day", "{{ config({'post-hook': {'sql': 'drop table x'}}) }}\nselect cast(day"),
        Edit("models/marts/core/_dates.yml", "", 'models:\n  - name: dim_dates\n    config: {pre_hook: "drop table {{ this }}"}\n'),
    ],
)
def test_hooks_count_however_they_are_spelled(repository: Path, edit: Edit) -> None:
    assert told(judged(repository, edit)) == {("dim_dates", "materialization-changed", "risky")}


@pytest.mark.parametrize(
    "edit", [Edit(STOCK, ANSWER, ANSWER.replace("select\n", "select -- c\n\n")), Edit("dbt_project.yml", "name: shop\n", "# ours\nname: shop\n")]
)
def test_comments_alone_are_no_change(repository: Path, edit: Edit) -> None:
    path = repository / "prod" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    node = manifest["nodes"]["model.shop.stock_levels"]
    node["raw_code"] = node["raw_code"].replace("select\n    product_id,", ANSWER, 1)
    del node["compiled_code"]
    path.write_text(json.dumps(manifest), "utf-8")
    ci.edit(repository, ci.PullRequest(0, (Edit(STOCK, "select\n    product_id,", ANSWER),)))
    report = judged(repository, edit)
    assert (report.outcome, told(report)) == ("passed", set())


def test_a_setting_of_the_project_is_a_change(repository: Path) -> None:
    assert judged(repository, Edit("dbt_project.yml", "name: shop\n", "name: shops\n")).outcome == "not-judged"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("started_on + 1 as started_on", ("stg_campaigns", "values-changed", "risky")),
        ("spend_cents as other", ("stg_campaigns", "column-removed", "breaking")),
        ("{{ run_query('select 1') }}", ("stg_campaigns", "sql-unread", "cannot-say")),
    ],
)
def test_a_changed_macro_changes_those_that_call_it(repository: Path, sql: str, expected: tuple[str, str, str]) -> None:
    path = repository / "prod" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    node = manifest["nodes"]["model.shop.stg_campaigns"]
    node["raw_code"] = node["raw_code"].replace("started_on", "{{ started() }}")
    node["depends_on"]["macros"] = [MACRO]
    assert node["compiled_code"]
    old = "{% macro started() %}started_on{% endmacro %}"
    manifest["macros"][MACRO] = {"unique_id": MACRO, "name": "started", "package_name": "shop", "original_file_path": "macros/started.sql", "macro_sql": old}
    path.write_text(json.dumps(manifest), "utf-8")
    assert expected in told(judged(repository, Edit("macros/started.sql", "", old.replace("}started_on{", "}" + sql + "{"))))


def test_a_model_in_a_folder_that_is_built_otherwise_is_not_judged(repository: Path) -> None:
    new = DAILY.replace("finance/", "staging/")
    report = judged(repository, Edit(DAILY), Edit(new, "", text_of(DAILY)))
    assert report.outcome != "passed"
    assert any("of that folder have another" in change.reason for change in report.changes)


@pytest.mark.parametrize(
    "path", [STAGING, SOURCES, "models/marts/core/_core.yml", "models/exposures/_exposures.yml", "snapshots/_snapshots.yml", "models/finance/_finance.yml"]
)
@pytest.mark.parametrize("name", ["aaa.yml", "zzz.yml"])
def test_a_yaml_file_of_another_name_says_the_same(repository: Path, path: str, name: str) -> None:
    assert told(judged(repository, Edit(path), Edit(path.rpartition("/")[0] + "/" + name, "", text_of(path)))) == set()


def test_an_entry_in_another_file_is_an_edit_of_it(repository: Path) -> None:
    entry = "  - name: stg_products\n    columns:\n      - name: product_id\n        data_tests: [unique, not_null]\n"
    report = judged(repository, Edit(STAGING, entry, ""), Edit("models/staging/aaa.yml", "", "models:\n" + entry.replace("unique, ", "")))
    assert [(change.kind, change.was) for change in report.changes] == [("test-removed", "unique_stg_products_product_id")]
