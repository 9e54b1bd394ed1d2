"""What the check says of whole pull requests on shop, in a real git repository."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import ci_pull_requests as ci
import pytest

if TYPE_CHECKING:
    from pathlib import Path

CHANGED = ("check", "--base", "prod", "--changed")


def document(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize("name", ci.PULL_REQUESTS)
def test_what_is_said_of_a_pull_request(name: str, tmp_path: Path) -> None:
    code, out = ci.told(name, tmp_path)
    assert code == ci.PULL_REQUESTS[name].code
    assert out == (ci.GOLDEN / f"{name}.txt").read_text("utf-8"), "python tests/ci/ci_pull_requests.py writes it anew"


def test_nothing_edited_is_nothing_changed(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path)
    files = [path.relative_to(repository).as_posix() for path in repository.rglob("*") if path.suffix in {".sql", ".yml"} and ".git" not in path.parts]
    code, out, _ = ci.asked(repository, *CHANGED, *files)
    assert (code, out.splitlines()[0]) == (0, "Nothing changed for anybody downstream.")


def test_a_file_that_is_gone_counts_without_being_passed(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path)
    ci.git(repository, "rm", "--quiet", "models/marts/marketing/churn_features.sql")
    code, out, _ = ci.asked(repository, *CHANGED, "--format", "json")
    found = document(out)
    assert code == 1
    assert [(change["unique_id"], change["kind"]) for change in found["changes"]] == [("model.shop.churn_features", "node-removed")]


def test_a_file_that_does_not_end_is_not_read(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path)
    model = repository / "models" / "marts" / "marketing" / "churn_features.sql"
    for target, problem in (("/dev/zero", "this is a device or a pipe"), (str(tmp_path / "large.sql"), "it is larger than 16 MB")):
        with (tmp_path / "large.sql").open("wb") as large:
            large.truncate(16 * 2**20 + 1)
        model.unlink()
        model.symlink_to(target)
        code, _, err = ci.asked(repository, *CHANGED, str(model.relative_to(repository)))
        assert code == 2
        assert problem in err


def test_an_acknowledgement_of_the_base_counts(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path, accepted=ci.ACCEPT)
    files = ci.edit(repository, ci.PullRequest(0, (ci.DROP,)))
    code, out, _ = ci.asked(repository, *CHANGED, *files, "--format", "json")
    found = document(out)
    assert code == 0
    assert [item["reason"] for item in found["acknowledged"]] == ["The readers are changed tomorrow."]
    assert found["impact"]["fails"] == []
    assert found["policy_changes"] == []


def test_an_acknowledgement_that_is_taken_away_is_told(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path, accepted=ci.ACCEPT)
    files = ci.edit(repository, ci.PullRequest(0, (ci.DROP,)))
    (repository / "aftershock.yml").write_text("check: {fail_on: never}\n", "utf-8")
    code, out, _ = ci.asked(repository, *CHANGED, *files, "--format", "json")
    assert code == 0
    assert [line.partition(" ")[0] for line in document(out)["policy_changes"]] == ["check.fail_on", "check.acknowledge"]


def test_a_comment_counts_where_the_base_allows_it(tmp_path: Path) -> None:
    comment = "-- aftershock: accept column-removed status until 2099-01-01 because nobody needs it\nselect\n"
    for allowed in (True, False):
        folder = tmp_path / str(allowed)
        repository = ci.shop(folder, accepted=f"check: {{sql_comments: {str(allowed).lower()}}}\n")
        files = ci.edit(repository, ci.PullRequest(0, (ci.DROP, ci.Edit(ci.ORDERS, "select\n", comment))))
        code, out, _ = ci.asked(repository, *CHANGED, *files, "--format", "json")
        found = document(out)
        assert code == (0 if allowed else 1)
        assert [item["by"] for item in found["acknowledged"]] == ([f"a comment in {ci.ORDERS}:1"] if allowed else [])
        assert any("does not allow it" in line for line in found["warnings"]) != allowed


def test_a_base_in_the_heads_checkout_does_not_rule_by_the_heads_file(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path, accepted="default_owner: '@us'\n")
    head = repository / "target"
    head.mkdir()
    for kind in ("manifest", "catalog"):
        data = gzip.decompress((ci.ARTIFACTS.parent / "dropped_column" / f"{kind}.json.gz").read_bytes())
        (head / f"{kind}.json").write_bytes(data)
    (repository / "aftershock.yml").write_text("default_owner: '@us'\ncheck: {fail_on: never}\n", "utf-8")
    code, out, _ = ci.asked(repository, "check", "--base", "prod", "--format", "json")
    found = document(out)
    assert (code, found["fail_on"]) == (1, "breaking")
    assert any("only their owners, exposures and links rule here" in line for line in found["warnings"])
    code, out, _ = ci.asked(repository, "check", "--base", "prod", "--base-ref", "main", "--format", "json")
    assert (code, document(out)["policy_changes"]) == (1, ["check.fail_on was breaking and becomes never."])
    ci.git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    ci.git(repository, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    code, out, _ = ci.asked(repository, "check", "--base", "prod", "--format", "json")
    assert (code, document(out)["policy_changes"]) == (1, ["check.fail_on was breaking and becomes never."])


def test_a_column_that_a_source_lost(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path)
    catalog = json.loads((repository / "prod" / "catalog.json").read_text("utf-8"))
    del catalog["sources"]["source.shop.raw.orders"]["columns"]["status"]
    (repository / "now.json").write_text(json.dumps(catalog), "utf-8")
    words = ("check", "--head", "prod", "--base-catalog", "prod", "--head-catalog", "now.json", "--format", "json")
    code, out, _ = ci.asked(repository, *words)
    found = document(out)
    assert code == 1
    assert ("source.shop.raw.orders", "status", "breaking") in [(item["unique_id"], item["column"], item["verdict"]) for item in found["changes"]]
    assert "model.shop.stg_orders" in found["impact"]["fails"]


def test_the_same_base_twice_is_nothing(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path)
    code, out, _ = ci.asked(repository, "check", "--base", "prod", "--head", "prod", "--format", "json")
    assert (code, document(out)["changes"]) == (0, [])
