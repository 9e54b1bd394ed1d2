"""Whose settings rule: never a file that the pull request can write."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import ci_pull_requests as ci
import pytest

if TYPE_CHECKING:
    from pathlib import Path

NEVER, RISKY = "check: {fail_on: never}\ndocs_url: https://docs.example.com\n", "check: {fail_on: risky}\n"


def dropped(folder: Path, *, settings: str = "") -> Path:
    """The shop, its base in ``prod``, and in ``target`` a manifest that has lost a column, as its file has."""
    repository = ci.shop(folder, accepted=settings)
    ci.edit(repository, ci.PullRequest(0, (ci.DROP,)))
    manifest = json.loads((repository / "prod" / "manifest.json").read_bytes())
    node = manifest["nodes"]["model.shop.stg_orders"]
    node["raw_code"] = node["raw_code"].replace("    status,\n", "")
    node["compiled_code"] = node["compiled_code"].replace("    status,\n", "")
    (repository / "target").mkdir()
    (repository / "target" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return repository


def said(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    code, out, err = ci.asked(folder, "check", *words, "--format", "json")
    assert not err, err
    document: dict[str, Any] = json.loads(out)
    return code, document


@pytest.mark.parametrize("place", ["prod", ".", "target"])
def test_a_file_in_the_heads_checkout_never_rules(place: str, tmp_path: Path) -> None:
    repository = dropped(tmp_path)
    (repository / place / "aftershock.yml").write_text(NEVER, "utf-8")
    code, found = said(repository, "--base", "prod")
    assert (code, found["fail_on"]) == (1, "breaking")
    assert any(warning.startswith("The settings lie in the head's own checkout") for warning in found["warnings"])


def test_nor_do_two_of_them(tmp_path: Path) -> None:
    shop = dropped(tmp_path)
    top = tmp_path / "top"
    top.mkdir()
    shutil.rmtree(shop / ".git")
    shop.rename(top / "transform")
    (top / "transform" / "prod").rename(top / "prod")
    ci.git(top, "init", "--quiet")
    for folder in (top, top / "transform"):
        (folder / "aftershock.yml").write_text(NEVER, "utf-8")
    assert said(top / "transform", "--base", "../prod")[0] == 1


def test_a_link_to_a_file_in_the_checkout_is_one(tmp_path: Path) -> None:
    repository = dropped(tmp_path)
    (repository / "lax.yml").write_text(NEVER, "utf-8")
    (repository / "prod").rename(tmp_path / "prod")
    (tmp_path / "prod" / "aftershock.yml").symlink_to(repository / "lax.yml")
    assert said(repository, "--base", str(tmp_path / "prod"))[0] == 1


def test_a_file_outside_of_the_checkout_rules(tmp_path: Path) -> None:
    repository = dropped(tmp_path)
    (repository / "prod").rename(tmp_path / "prod")
    (tmp_path / "prod" / "aftershock.yml").write_text(NEVER, "utf-8")
    assert said(repository, "--base", str(tmp_path / "prod"))[0] == 0


def test_the_main_branch_rules_where_it_is_known_though_the_head_has_no_file(tmp_path: Path) -> None:
    repository = dropped(tmp_path, settings=NEVER)
    ci.git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    ci.git(repository, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    (repository / "aftershock.yml").unlink()
    code, found = said(repository, "--base", "prod")
    assert (code, found["policy_changes"][0]) == (0, "check.fail_on was never and becomes breaking.")
    (repository / "aftershock.yml").write_text(RISKY, "utf-8")
    assert said(repository, "--base", "prod")[0] == 0


def test_a_tag_is_not_the_main_branch(tmp_path: Path) -> None:
    repository = dropped(tmp_path, settings=NEVER)
    ci.git(repository, "tag", "origin/HEAD")
    assert said(repository, "--base", "prod")[0] == 1


def test_a_branch_that_lacks_commits_of_the_main_one_is_told_so(tmp_path: Path) -> None:
    repository = dropped(tmp_path)
    ci.git(repository, "checkout", "--quiet", "-b", "main2")
    ci.git(repository, "commit", "--quiet", "--allow-empty", "--message=newer")
    ci.git(repository, "update-ref", "refs/remotes/origin/main", "main2")
    ci.git(repository, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    hint = "The branch lacks 1 commit of origin/HEAD."
    assert not any(warning.startswith(hint) for warning in said(repository, "--base", "prod")[1]["warnings"])
    ci.git(repository, "checkout", "--quiet", "main")
    assert any(warning.startswith(hint) for warning in said(repository, "--base", "prod")[1]["warnings"])
    assert any("lacks 1 commit of main2." in warning for warning in said(repository, "--base", "prod", "--base-ref", "main2")[1]["warnings"])


@pytest.mark.parametrize("how", ["link", "target path", "link of the head"])
def test_a_head_that_is_the_base_is_refused(how: str, tmp_path: Path) -> None:
    repository = dropped(tmp_path)
    shutil.rmtree(repository / "target")
    words: tuple[str, ...] = ()
    if how == "target path":
        path = repository / "dbt_project.yml"
        path.write_text(path.read_text("utf-8") + "target-path: prod\n", "utf-8")
    else:
        (repository / "target").symlink_to("prod")
        words = ("--head", "target") if how == "link of the head" else ()
    code, out, err = ci.asked(repository, "check", "--base", "prod", *words)
    assert (code, out) == (2, "")
    assert err.startswith("--base: it is the head too, ")


def test_the_same_folder_given_twice_is_nothing_changed(tmp_path: Path) -> None:
    repository = dropped(tmp_path)
    ci.git(repository, "checkout", "--quiet", ".")
    code, found = said(repository, "--base", "prod", "--head", "./prod")
    assert (code, found["changes"]) == (0, [])
