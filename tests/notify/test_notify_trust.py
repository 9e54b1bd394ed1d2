"""In CI on a pull request nothing is sent to where its author says."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from notify_stage import SECRETS, message, sent

from aftershock.errors import UsageError
from aftershock.model import NotifyTarget, Policy
from aftershock.notify import prepared, untrusted
from aftershock.notify.trust import REQUEST_VARIABLES, WORKSPACES

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = {"GITHUB_ACTIONS": "true", "CI": "true"}
GITLAB = {"GITLAB_CI": "true", "CI": "true", "CI_DEFAULT_BRANCH": "main"}
REQUESTS = {
    "github pull_request": {**GITHUB, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_HEAD_REF": "evil"},
    "github pull_request_target": {**GITHUB, "GITHUB_EVENT_NAME": "pull_request_target"},
    "github pull_request_review": {**GITHUB, "GITHUB_EVENT_NAME": "pull_request_review"},
    "github pull_request_review_comment": {**GITHUB, "GITHUB_EVENT_NAME": "pull_request_review_comment"},
    "github merge_group": {**GITHUB, "GITHUB_EVENT_NAME": "merge_group"},
    "github ref": {**GITHUB, "GITHUB_EVENT_NAME": "workflow_call", "GITHUB_REF": "refs/pull/12/merge"},
    "github workflow_run without its payload": {**GITHUB, "GITHUB_EVENT_NAME": "workflow_run"},
    "github issue_comment without its payload": {**GITHUB, "GITHUB_EVENT_NAME": "issue_comment", "GITHUB_EVENT_PATH": "/nowhere"},
    "gitlab": {**GITLAB, "CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "3"},
    "gitlab child pipeline": {**GITLAB, "CI_PIPELINE_SOURCE": "parent_pipeline", "CI_MERGE_REQUEST_IID": "3"},
    "gitlab external": {**GITLAB, "CI_PIPELINE_SOURCE": "external_pull_request_event"},
    "gitlab branch of an open request": {**GITLAB, "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "evil", "CI_OPEN_MERGE_REQUESTS": "g/p!3"},
    "circleci": {"CIRCLECI": "true", "CIRCLE_PULL_REQUEST": "https://github.com/o/r/pull/1"},
    "circleci fork": {"CIRCLECI": "true", "CIRCLE_PR_NUMBER": "1"},
    "buildkite": {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "12"},
    "azure": {"TF_BUILD": "True", "BUILD_REASON": "PullRequest"},
    "azure id": {"TF_BUILD": "True", "SYSTEM_PULLREQUEST_PULLREQUESTID": "12"},
    "azure ref": {"TF_BUILD": "True", "BUILD_REASON": "Manual", "BUILD_SOURCEBRANCH": "refs/pull/12/merge"},
    "bitbucket": {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_PR_ID": "7"},
    "jenkins multibranch": {"JENKINS_URL": "https://j", "CHANGE_ID": "12"},
    "jenkins request builder": {"JENKINS_URL": "https://j", "ghprbPullId": "12"},
    "jenkins gitlab": {"JENKINS_URL": "https://j", "gitlabMergeRequestIid": "12"},
    "jenkins gerrit": {"JENKINS_URL": "https://j", "GERRIT_CHANGE_NUMBER": "12", "GERRIT_EVENT_TYPE": "patchset-created"},
    "travis": {"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "12"},
    "travis event": {"TRAVIS": "true", "TRAVIS_EVENT_TYPE": "pull_request"},
    "drone": {"DRONE": "true", "DRONE_BUILD_EVENT": "pull_request", "DRONE_PULL_REQUEST": "1"},
    "woodpecker": {"CI": "woodpecker", "CI_PIPELINE_EVENT": "pull_request_closed"},
    "appveyor": {"APPVEYOR": "True", "APPVEYOR_PULL_REQUEST_NUMBER": "1"},
    "dbt cloud": {"DBT_CLOUD_RUN_ID": "9", "DBT_CLOUD_PR_ID": "1"},
    "codebuild": {"CODEBUILD_BUILD_ID": "x", "CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_UPDATED"},
    "codebuild source": {"CODEBUILD_BUILD_ID": "x", "CODEBUILD_SOURCE_VERSION": "pr/12"},
    "semaphore": {"SEMAPHORE": "true", "SEMAPHORE_GIT_REF_TYPE": "pull-request"},
    "gocd": {"GO_PIPELINE_LABEL": "1", "GO_SCM_MATERIAL_PR_ID": "4"},
    "netlify": {"NETLIFY": "true", "PULL_REQUEST": "true"},
    "render": {"RENDER": "true", "IS_PULL_REQUEST": "true"},
    **{f"variable {name}": {name: "12"} for name in REQUEST_VARIABLES},
}
NONE = {
    "no CI": {},
    "github push": {**GITHUB, "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main", "GITHUB_HEAD_REF": ""},
    "github schedule": {**GITHUB, "GITHUB_EVENT_NAME": "schedule"},
    "github dispatch": {**GITHUB, "GITHUB_EVENT_NAME": "workflow_dispatch"},
    "gitlab schedule": {**GITLAB, "CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"},
    "gitlab default branch with a request to another": {**GITLAB, "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_OPEN_MERGE_REQUESTS": "g/p!3"},
    "gitlab protected branch": {**GITLAB, "CI_COMMIT_BRANCH": "release", "CI_COMMIT_REF_PROTECTED": "true", "CI_OPEN_MERGE_REQUESTS": "g/p!3"},
    "circleci": {"CIRCLECI": "true", "CIRCLE_PULL_REQUEST": "", "CIRCLE_BRANCH": "main"},
    "buildkite": {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "false"},
    "azure": {"TF_BUILD": "True", "BUILD_REASON": "Schedule", "BUILD_SOURCEBRANCH": "refs/heads/main"},
    "travis": {"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "false", "TRAVIS_EVENT_TYPE": "cron"},
    "drone": {"DRONE": "true", "DRONE_BUILD_EVENT": "cron"},
    "netlify": {"NETLIFY": "true", "PULL_REQUEST": "false"},
    "codebuild": {"CODEBUILD_SOURCE_VERSION": "refs/heads/main", "CODEBUILD_WEBHOOK_EVENT": "PUSH"},
    "jenkins gerrit merged": {"GERRIT_CHANGE_NUMBER": "12", "GERRIT_EVENT_TYPE": "change-merged", "GERRIT_REFSPEC": "refs/changes/12/12/1"},
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    found = tmp_path / "checkout"
    (found / ".git").mkdir(parents=True)
    (found / "shop").mkdir()
    (found / "shop" / "aftershock.yml").write_text("notify: []\n")
    return found


@pytest.mark.parametrize("environ", REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_refused_and_a_file_from_elsewhere_is_not(
    checkout: Path, tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    said = untrusted(checkout / "shop" / "aftershock.yml", environ)
    assert said.startswith("this is CI on a pull or merge request (")
    assert said.endswith("), and whoever opened it may have written aftershock.yml")
    assert untrusted(tmp_path / "elsewhere" / "aftershock.yml", environ) == ""
    assert untrusted(None, environ) == ""


@pytest.mark.parametrize("environ", NONE.values(), ids=NONE)
def test_other_builds_are_trusted(checkout: Path, environ: dict[str, str]) -> None:
    assert untrusted(checkout / "shop" / "aftershock.yml", environ) == ""


PAYLOADS = [
    ("workflow_run", {"repository": {"full_name": "o/r"}, "workflow_run": {"event": "pull_request", "head_repository": {"full_name": "o/r"}}}, True),
    ("workflow_run", {"repository": {"full_name": "o/r"}, "workflow_run": {"event": "push", "head_repository": {"full_name": "evil/r"}}}, True),
    (
        "workflow_run",
        {"repository": {"full_name": "o/r"}, "workflow_run": {"event": "push", "head_repository": {"full_name": "o/r"}, "pull_requests": [1]}},
        True,
    ),
    ("workflow_run", {"repository": {"full_name": "o/r"}, "workflow_run": {"event": "push", "head_repository": None}}, True),
    ("workflow_run", {"workflow_run": {"event": "push"}}, True),
    ("workflow_run", {"repository": {"full_name": "o/r"}, "workflow_run": {"head_repository": {"full_name": "o/r"}}}, True),
    (
        "workflow_run",
        {"repository": {"full_name": "o/r"}, "workflow_run": {"event": "schedule", "head_repository": {"full_name": "o/r"}, "pull_requests": []}},
        False,
    ),
    ("workflow_run", [], True),
    ("issue_comment", {"issue": {"pull_request": {"url": "x"}}}, True),
    ("issue_comment", {"issue": {"number": 1}}, False),
    ("check_run", {"check_run": {"pull_requests": [{}]}}, True),
    ("check_suite", {"check_suite": {"pull_requests": []}}, False),
]


@pytest.mark.parametrize(("event", "payload", "refused"), PAYLOADS)
def test_events_that_may_stem_from_a_request(checkout: Path, tmp_path: Path, event: str, payload: object, refused: bool) -> None:  # noqa: FBT001  # expected
    (tmp_path / "event.json").write_text(json.dumps(payload))
    environ = {**GITHUB, "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    assert bool(untrusted(checkout / "shop" / "aftershock.yml", environ)) is refused


@pytest.mark.parametrize(
    ("build", "settings", "refused"),
    [
        ("", "teamcity.pullRequest.number=12\n", True),
        ("", "teamcity.build.branch=pull/12\n", True),
        ("", "teamcity.build.branch=refs/merge-requests/12/head\n", True),
        ("teamcity.pullRequest.number=12\n", "", True),
        ("", "teamcity.pullRequest.number=\nteamcity.build.branch=main\n", False),
        ("", "", False),
    ],
)
def test_teamcity_says_it_in_files(checkout: Path, tmp_path: Path, build: str, settings: str, refused: bool) -> None:  # noqa: FBT001  # expected
    (tmp_path / "config").write_text(settings)
    named = str(tmp_path / "config").replace(":", "\\:")
    (tmp_path / "build").write_text(f"#TeamCity\n{build}teamcity.configuration.properties.file={named}\n")
    environ = {"TEAMCITY_VERSION": "2026.1", "TEAMCITY_BUILD_PROPERTIES_FILE": str(tmp_path / "build")}
    assert bool(untrusted(checkout / "shop" / "aftershock.yml", environ)) is refused
    assert untrusted(checkout / "shop" / "aftershock.yml", {"TEAMCITY_VERSION": "2026.1"}) == ""


REQUEST = REQUESTS["github pull_request"]


@pytest.mark.parametrize("variable", WORKSPACES)
def test_the_workspace_is_the_checkout_also_without_git(tmp_path: Path, variable: str) -> None:
    inside, outside = tmp_path / "work" / "shop" / "aftershock.yml", tmp_path / "elsewhere" / "aftershock.yml"
    environ = {**REQUEST, variable: str(tmp_path / "work")}
    assert untrusted(inside, environ)
    assert untrusted(outside, environ) == ""


def test_without_either_the_current_directory_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert untrusted(tmp_path / "work" / "aftershock.yml", REQUEST)
    assert untrusted(tmp_path / "aftershock.yml", REQUEST) == ""


def test_links_and_ways_around_do_not_help(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "aftershock.yml").symlink_to(checkout / "shop" / "aftershock.yml")
    assert untrusted(outside / "aftershock.yml", REQUEST), "a link into the checkout"
    (outside / "real.yml").write_text("")
    (checkout / "linked.yml").symlink_to(outside / "real.yml")
    assert untrusted(checkout / "linked.yml", REQUEST), "a link of the checkout, which its author may have made"
    assert untrusted(outside / ".." / "checkout" / "shop" / "aftershock.yml", REQUEST)
    monkeypatch.chdir(checkout)
    assert untrusted(type(checkout)("shop/aftershock.yml"), REQUEST)
    (tmp_path / "second").symlink_to(checkout)
    assert untrusted(checkout / "shop" / "aftershock.yml", {**REQUEST, "GITHUB_WORKSPACE": str(tmp_path / "second")})


def test_a_worktree_is_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text("gitdir: elsewhere")
    assert untrusted(tmp_path / "tree" / "aftershock.yml", {**REQUEST, "GITHUB_WORKSPACE": "/nowhere"})


class Watched(dict[str, str]):
    """An environment in which our own variables may not be looked up."""

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]  # as Mapping has it
        assert not key.startswith("AFTERSHOCK_"), key
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        assert not key.startswith("AFTERSHOCK_"), key
        return super().__getitem__(key)


def test_sending_is_refused_before_a_variable_is_looked_up(checkout: Path) -> None:
    target = NotifyTarget("data", "slack://${AFTERSHOCK_SLACK_TOKEN}@data")
    policy = Policy(notify=(target,), path=str(checkout / "shop" / "aftershock.yml"))
    with pytest.raises(UsageError) as caught:
        sent(message(), target, policy=policy, environ=Watched({**SECRETS, **REQUEST}))
    assert str(caught.value) == (
        "--send: nothing is sent: this is CI on a pull or merge request (GitHub Actions: GITHUB_HEAD_REF), and whoever opened it may have written aftershock.yml. "
        "Name a configuration from outside of the checkout with --config, or send from another job."
    )
    assert prepared([], policy, Watched(REQUEST)) == ()


def test_this_very_run_is_judged_without_an_error(checkout: Path) -> None:
    assert isinstance(untrusted(checkout / "shop" / "aftershock.yml", os.environ), str)
