"""The files that nobody names: what git says is committed, pushed or merged, and what is compared where it does not say."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import ci_pull_requests as ci
import pytest

from aftershock.errors import UsageError
from aftershock.execute.base import repository as repository_of
from aftershock.execute.changed import git_changes

if TYPE_CHECKING:
    from pathlib import Path

    from aftershock.execute.changed import GitChanges

HOOK = ("check", "--base", "prod", "--changed", "--format", "json")
NEVER = "check: {fail_on: never}\n"


@pytest.fixture(autouse=True)
def _at_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "PRE_COMMIT", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"):
        monkeypatch.delenv(name, raising=False)


def said(repository: Path, *more: str, folder: str = "") -> tuple[int, dict[str, Any]]:
    code, out, err = ci.asked(repository / folder, *HOOK, *more)
    assert not err, err
    found: dict[str, Any] = json.loads(out)
    return code, found


def kinds(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(change["unique_id"].rpartition(".")[2], change["kind"]) for change in found["changes"]]


def drop(repository: Path, folder: str = "") -> None:
    path = repository / folder / ci.ORDERS
    path.write_text(path.read_text("utf-8").replace("    status,\n", ""), "utf-8")


def committed(repository: Path, message: str = "it") -> str:
    ci.git(repository, "add", "--all")
    ci.git(repository, "commit", "--quiet", f"--message={message}")
    return ci.git(repository, "rev-parse", "HEAD").strip()


def clone(folder: Path) -> Path:
    """A clone of the shop on a branch of its own, with what production left."""
    origin = ci.shop(folder / "origin")
    repository = folder / "clone"
    ci.git(folder, "clone", "--quiet", str(origin), str(repository))
    shutil.copytree(origin / "prod", repository / "prod")
    ci.git(repository, "checkout", "--quiet", "-b", "feature")
    return repository


@pytest.mark.parametrize("name", ci.PULL_REQUESTS)
def test_without_names_it_says_what_it_says_with_them(name: str, tmp_path: Path) -> None:
    repository = ci.shop(tmp_path)
    named = ci.edit(repository, ci.PULL_REQUESTS[name])
    expected = said(repository, *named)
    ci.git(repository, "add", "--all")
    code, found = said(repository)
    assert code == ci.PULL_REQUESTS[name].code
    told = "Compared: what is staged or changed with the last commit."
    assert found.pop("warnings") == [told, *expected[1].pop("warnings")]
    found.pop("read_at"), expected[1].pop("read_at")
    assert found == expected[1]


class TestCommit:
    def test_a_file_that_git_no_longer_has_is_gone_though_it_lies_there(self, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path)
        ci.git(repository, "rm", "--quiet", "--cached", "models/marts/marketing/churn_features.sql")
        for name in ("", "PRE_COMMIT"):
            with pytest.MonkeyPatch.context() as monkeypatch:
                monkeypatch.setenv(name or "OTHER", "1")
                code, found = said(repository)
            assert (code, kinds(found)) == ((1, [("churn_features", "node-removed")]) if name else (0, [])), "outside of a hook the file counts as it is"

    def test_a_new_file_counts_before_it_is_added_but_not_in_a_hook(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repository = ci.shop(tmp_path)
        ci.git(repository, "mv", ci.CAMPAIGNS, "models/staging/stg_actions.sql")
        ci.git(repository, "reset", "--quiet")
        assert "models/staging/stg_actions.sql" in _changes(repository).paths
        monkeypatch.setenv("PRE_COMMIT", "1")
        assert _changes(repository).paths == (ci.CAMPAIGNS,)
        assert _changes(repository).gone == {ci.CAMPAIGNS}

    def test_names_of_any_kind(self, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path)
        names = ("a b.sql", "\u00e9t\u00e9.yml", "-x.sql", "new\nline.csv", "tab\t.py")
        for name in names:
            (repository / name).write_text("x", "utf-8")
        (repository / "README").write_text("x", "utf-8")
        assert set(_changes(repository).paths) == set(names)
        ci.git(repository, "add", "--all")
        assert set(_changes(repository).paths) == set(names)
        ci.git(repository, "commit", "--quiet", "--message=names")
        for name in names:
            (repository / name).unlink()
        assert _changes(repository).gone == set(names)

    def test_what_is_none_of_dbts_is_nothing(self, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path)
        (repository / "README.md").write_text("more", "utf-8")
        code, found = said(repository)
        assert (code, found["changes"]) == (0, [])


def _changes(repository: Path, ref: str = "") -> GitChanges:
    import os

    checkout = repository_of(repository)
    assert checkout is not None
    found = git_changes(checkout, os.environ, ref)
    assert found is not None
    return found


class TestBranch:
    def test_in_a_clean_tree_the_branch_is_judged_by_the_settings_of_the_main_line(self, tmp_path: Path) -> None:
        repository = clone(tmp_path)
        drop(repository)
        (repository / "aftershock.yml").write_text(NEVER, "utf-8")
        committed(repository)
        code, found = said(repository)
        assert (code, found["policy_changes"]) == (1, ["check.fail_on was breaking and becomes never."])
        assert found["warnings"][0].startswith("Compared: HEAD with ")
        assert found["warnings"][0].endswith(", where it left origin/HEAD.")

    @pytest.mark.parametrize("edit", ["deleted", "source"])
    def test_what_a_branch_took_away_is_seen(self, edit: str, tmp_path: Path) -> None:
        repository = clone(tmp_path)
        if edit == "deleted":
            ci.git(repository, "rm", "--quiet", ci.CAMPAIGNS)
        else:
            path = repository / "models" / "staging" / "_sources.yml"
            path.write_text(path.read_text("utf-8").replace("      - name: refunds\n", "      - name: refunds_v2\n"), "utf-8")
        committed(repository)
        code, found = said(repository)
        assert code != 0
        assert found["impact"]["fails"]

    def test_a_branch_of_long_ago_has_no_settings_of_its_own(self, tmp_path: Path) -> None:
        repository = clone(tmp_path)
        origin = tmp_path / "origin" / "repository"
        (origin / "aftershock.yml").write_text("check: {fail_on: risky}\n", "utf-8")
        committed(origin)
        ci.git(repository, "fetch", "--quiet")
        drop(repository)
        committed(repository)
        assert said(repository)[1]["fail_on"] == "risky"

    def test_ci_that_changed_a_file_does_not_hide_the_branch(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repository = clone(tmp_path)
        drop(repository)
        committed(repository)
        (repository / "packages.yml").write_text((repository / "packages.yml").read_text("utf-8") + "# fetched\n", "utf-8")
        monkeypatch.setenv("CI", "true")
        code, found = said(repository)
        assert code == 1
        assert found["impact"]["fails"]

    def test_nothing_since_the_main_line_is_said(self, tmp_path: Path) -> None:
        code, found = said(clone(tmp_path))
        assert (code, found["changes"]) == (0, [])
        assert found["warnings"][0].startswith("Nothing was compared: nothing that dbt reads has changed since ")

    def test_the_branch_that_it_goes_onto_may_be_named(self, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path)
        ci.git(repository, "checkout", "--quiet", "-b", "feature")
        drop(repository)
        committed(repository)
        ci.git(repository, "rm", "--quiet", ci.CAMPAIGNS)
        code, found = said(repository, "--base-ref", "main")
        assert code == 1
        assert {("stg_orders"), ("stg_campaigns")} <= {change["unique_id"].rpartition(".")[2] for change in found["changes"]}
        for ref, problem in (("nowhere", "git knows no commit"), ("other", "in common")):
            if ref == "other":
                ci.git(repository, "commit-tree", "HEAD^{tree}", "-m", "an island")
                island = ci.git(repository, "commit-tree", "HEAD^{tree}", "-m", "an island").strip()
                ci.git(repository, "branch", "other", island)
            code, _, err = ci.asked(repository, *HOOK, "--base-ref", ref)
            assert code == 2
            assert problem in err


class TestPush:
    def test_what_is_between_the_ends_is_judged_as_it_is_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repository = ci.shop(tmp_path)
        drop(repository)
        end = committed(repository)
        ci.git(repository, "checkout", "--quiet", "main~1")
        monkeypatch.setenv("PRE_COMMIT_FROM_REF", "main~1")
        monkeypatch.setenv("PRE_COMMIT_TO_REF", end)
        code, found = said(repository)
        assert code == 1
        assert ("stg_orders", "column-removed") in kinds(found)
        assert found["warnings"][0].startswith(f"Compared: {end[:12]} with ")

    def test_ends_that_are_not_there_are_an_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        repository = ci.shop(tmp_path)
        monkeypatch.setenv("PRE_COMMIT_FROM_REF", "nowhere")
        monkeypatch.setenv("PRE_COMMIT_TO_REF", "HEAD")
        code, _, err = ci.asked(repository, *HOOK)
        assert (code, "PRE_COMMIT_FROM_REF: git knows no commit" in err) == (2, True)
        with pytest.raises(UsageError):
            _changes(repository)


class TestUnknown:
    @pytest.mark.parametrize("git", [True, False])
    def test_nothing_to_compare_with_is_never_green(self, git: bool, tmp_path: Path) -> None:  # noqa: FBT001
        repository = ci.shop(tmp_path)
        if not git:
            shutil.rmtree(repository / ".git")
        code, found = said(repository)
        assert (code, found["outcome"]) == (2, "not-judged")
        assert found["warnings"][0].startswith("Git does not say what was changed, so every file of the project was compared")
        assert not [change for change in found["changes"] if change["verdict"] == "breaking"], "the files are as the base has them"

    def test_what_differs_from_the_base_is_found_all_the_same(self, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path)
        drop(repository)
        (repository / ci.CAMPAIGNS).unlink()
        committed(repository)
        code, found = said(repository)
        assert code == 1
        assert {("stg_orders", "column-removed"), ("stg_campaigns", "node-removed")} <= set(kinds(found))

    def test_settings_of_its_own_do_not_rule(self, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path, accepted=NEVER)
        shutil.rmtree(repository / ".git")
        code, found = said(repository)
        assert (code, found["fail_on"]) == (2, "breaking")

    def test_a_folder_without_the_project_is_an_error(self, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path)
        (tmp_path / "elsewhere").mkdir()
        shutil.move(repository / "prod", tmp_path / "prod")
        code, _, err = ci.asked(tmp_path / "elsewhere", "check", "--base", str(tmp_path / "prod"), "--changed")
        assert code == 2
        assert "--changed: no dbt_project.yml here is of the project shop" in err


class TestProjects:
    def monorepo(self, folder: Path, settings: str = "") -> Path:
        """The shop in a folder of its repository, beside another project."""
        repository = ci.shop(folder)
        shutil.rmtree(repository / ".git")
        (folder / "top").mkdir()
        repository.rename(folder / "top" / "transform")
        (folder / "top" / "other" / "models").mkdir(parents=True)
        (folder / "top" / "other" / "dbt_project.yml").write_text("name: other\n", "utf-8")
        (folder / "top" / "other" / "models" / "a.sql").write_text("select 1 as a\n", "utf-8")
        if settings:
            (folder / "top" / "transform" / "aftershock.yml").write_text(settings, "utf-8")
        ci.git(folder / "top", "init", "--quiet", "--initial-branch=main")
        committed(folder / "top")
        (folder / "top" / "transform" / "prod").rename(folder / "prod")
        return folder / "top"

    def test_settings_of_a_project_in_a_folder_rule(self, tmp_path: Path) -> None:
        top = self.monorepo(tmp_path, NEVER)
        drop(top, "transform")
        for names in ((), (f"transform/{ci.ORDERS}",)):
            code, out, _ = ci.asked(top, "check", "--base", str(tmp_path / "prod"), "--changed", *names, "--format", "json")
            found = json.loads(out)
            assert (code, found["fail_on"]) == (0, "never")
            assert found["impact"]["fails"]
        _, out, _ = ci.asked(top, "check", "--base", str(tmp_path / "prod"), "--changed", "--format", "github")
        assert f"file=transform/{ci.ORDERS}," in out

    def test_files_of_another_project_are_passed_over_with_a_word(self, tmp_path: Path) -> None:
        top = self.monorepo(tmp_path)
        (top / "other" / "models" / "a.sql").write_text("select 2 as b\n", "utf-8")
        code, out, _ = ci.asked(top, "check", "--base", str(tmp_path / "prod"), "--changed", "--format", "json")
        found = json.loads(out)
        assert (code, found["changes"]) == (0, [])
        assert found["warnings"][1].startswith("Passed over, as another dbt project has it: ")
        assert found["warnings"][1].endswith("other/models/a.sql.")

    @pytest.mark.parametrize("name", ["foo", "shop_extras", "shop", "- broken"])
    def test_a_project_within_the_project_hides_nothing(self, name: str, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path)
        (repository / "models" / "staging" / "dbt_project.yml").write_text(f"name: {name}\n", "utf-8")
        committed(repository)
        drop(repository)
        for names in ((), (ci.ORDERS,)):
            code, found = said(repository, *names)
            assert (code, ("stg_orders", "column-removed") in kinds(found)) == (1, True)

    @pytest.mark.parametrize("edit", ["renamed", "gone"])
    def test_a_project_that_is_no_longer_this_one_is_not_green(self, edit: str, tmp_path: Path) -> None:
        repository = ci.shop(tmp_path)
        file = repository / "dbt_project.yml"
        if edit == "gone":
            file.unlink()
        else:
            file.write_text(file.read_text("utf-8").replace("name: shop\n", "name: shop2\n"), "utf-8")
        drop(repository)
        (repository / "decoy").mkdir()
        (repository / "decoy" / "dbt_project.yml").write_text("name: shop\n", "utf-8")
        ci.git(repository, "add", "--all")
        assert said(repository)[0] != 0


def test_a_circle_names_the_files_that_make_it(tmp_path: Path) -> None:
    repository = ci.shop(tmp_path)
    path = repository / ci.CAMPAIGNS
    path.write_text("select * from {{ ref('campaign_performance') }}\n", "utf-8")
    code, _, err = ci.asked(repository, *HOOK)
    assert code == 2
    assert err.startswith(f"{ci.CAMPAIGNS}: its nodes depend on each other in a circle (")
