"""A head whose manifest is older than its files: nobody can judge what dbt has not read."""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any

import ci_pull_requests as ci
import pytest

import aftershock
from aftershock.artifacts.folders import source_files
from aftershock.changes.unparsed import unparsed

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.model.changes import Change


@pytest.fixture
def head(tmp_path: Path) -> Path:
    """The shop with the manifest that dbt made of these very files."""
    repository = ci.shop(tmp_path)
    (repository / "target").mkdir()
    (repository / "target" / "manifest.json").write_bytes(gzip.decompress((ci.ARTIFACTS / "manifest.json.gz").read_bytes()))
    return repository


def found(repository: Path, place: str = "target") -> tuple[Change, ...]:
    artifacts = aftershock.read_artifacts(repository / place)
    return unparsed(artifacts, aftershock.open_lineage(artifacts))


def said(repository: Path, *words: str) -> tuple[int, dict[str, Any]]:
    code, out, err = ci.asked(repository, "check", "--base", "prod", *words, "--format", "json")
    assert not err, err
    document: dict[str, Any] = json.loads(out)
    return code, document


def test_files_that_dbt_has_read_are_no_change(head: Path) -> None:
    assert found(head) == ()
    assert said(head)[0] == 0


def test_blanks_at_the_ends_and_line_ends_are_none_of_dbts_business(head: Path) -> None:
    for path in [*head.glob("models/**/*.sql"), *head.glob("snapshots/*.sql"), *head.glob("macros/*.sql"), *head.glob("seeds/*.csv")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n \n")
    assert found(head) == ()


@pytest.mark.parametrize(
    ("path", "unique_id"),
    [
        (ci.ORDERS, "model.shop.stg_orders"),
        ("models/marts/marketing/customer_segments.py", "model.shop.customer_segments"),
        ("snapshots/products_snapshot.sql", "snapshot.shop.products_snapshot"),
        ("tests/refunds_within_payments.sql", "test.shop.refunds_within_payments"),
        ("macros/cents.sql", "macro.shop."),
        ("seeds/", "seed.shop."),
    ],
)
@pytest.mark.parametrize("how", ["edited", "gone"])
def test_a_file_that_dbt_has_not_read_is_not_judged(path: str, unique_id: str, how: str, head: Path) -> None:
    file = head / path if (head / path).is_file() else min((head / path.partition("/")[0]).rglob("*.csv" if "seeds" in path else "*.sql"))
    if how == "gone":
        file.unlink()
    else:
        text = file.read_text("utf-8")
        file.write_text(
            text.replace("select", "select 1 as one,", 1) if "select" in text else text.replace("(", "(x, ", 1) if "(" in text else text + "9,9\n", "utf-8"
        )
    changes = found(head)
    assert changes
    assert all(change.unique_id.startswith(unique_id) for change in changes)
    assert {(change.kind, change.verdict) for change in changes} == {("sql-unread", "cannot-say")}
    code, document = said(head)
    assert (code, document["outcome"]) == (2, "not-judged")
    assert any(change["reason"].endswith(": run dbt parse and check again") for change in document["changes"])


def test_text_that_goes_on_behind_what_the_manifest_has_is_another_text(head: Path) -> None:
    for path in (ci.ORDERS, "snapshots/products_snapshot.sql"):
        text = (head / path).read_text("utf-8").rstrip()
        end = "{% endsnapshot %}" if text.endswith("{% endsnapshot %}") else ""
        (head / path).write_text(text.removesuffix(end).rstrip() + "\nwhere 1 = 0\n" + end, "utf-8")
    assert {change.unique_id for change in found(head)} == {"model.shop.stg_orders", "snapshot.shop.products_snapshot"}


def test_a_model_that_dbt_has_not_read_is_not_judged(head: Path) -> None:
    (head / "models" / "staging" / "stg_new.sql").write_text("select 1 as one", "utf-8")
    assert [change.path for change in found(head)] == ["models/staging/stg_new.sql"]
    (head / ".dbtignore").write_text("models/staging/stg_new.sql\n", "utf-8")
    assert found(head) == ()


def test_without_its_project_there_is_nothing_to_compare(head: Path, tmp_path: Path) -> None:
    (head / ci.ORDERS).write_text("select 1 as one", "utf-8")
    shutil.copytree(head / "target", tmp_path / "elsewhere")
    assert found(tmp_path, "elsewhere") == ()
    (head / "dbt_project.yml").write_text("name: other\n", "utf-8")
    assert found(head) == ()
    (head / "dbt_project.yml").write_text("name: shop\n", "utf-8")
    assert found(head)
    for name in ("models", "snapshots", "tests", "analyses", "macros", "functions"):
        shutil.rmtree(head / name, ignore_errors=True)
    assert found(head) == ()


def test_two_catalogs_ask_nothing_of_files(head: Path) -> None:
    (head / ci.ORDERS).write_text("select 1 as one", "utf-8")
    words = ("--base-catalog", "prod/catalog.json", "--head-catalog", "prod/catalog.json")
    code, out, _ = ci.asked(head, "check", *words, "--format", "json")
    assert (code, json.loads(out)["changes"]) == (0, [])


def test_links_that_go_round_end(head: Path) -> None:
    for name in ("one", "two"):
        (head / "models" / name).symlink_to(head / "models")
    assert found(head) == ()
    files = list(source_files(head))
    assert len(files) == len(set(files))
    assert ci.ORDERS in files


def test_a_target_that_lies_elsewhere_is_of_the_project_all_the_same(head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (head / "target").rename(tmp_path / "elsewhere")
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "elsewhere"))
    (head / "aftershock.yml").write_text("check: {fail_on: never}\n", "utf-8")
    code, document = said(head)
    assert (code, document["changes"], document["fail_on"]) == (0, [], "breaking")
    (head / ci.ORDERS).write_text("select 1 as one", "utf-8")
    code, document = said(head)
    assert (code, [change["unique_id"] for change in document["changes"]]) == (2, ["model.shop.stg_orders"])
