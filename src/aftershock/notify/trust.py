"""Whether the configuration may say where messages go: not where whoever opens a pull request wrote it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REQUEST_VARIABLES = {
    "GITHUB_HEAD_REF": "GitHub Actions",
    "CI_MERGE_REQUEST_IID": "GitLab CI",
    "CI_MERGE_REQUEST_ID": "GitLab CI",
    "CI_EXTERNAL_PULL_REQUEST_IID": "GitLab CI",
    "CIRCLE_PULL_REQUEST": "CircleCI",
    "CIRCLE_PULL_REQUESTS": "CircleCI",
    "CIRCLE_PR_NUMBER": "CircleCI",
    "BUILDKITE_PULL_REQUEST": "Buildkite",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "Azure Pipelines",
    "BITBUCKET_PR_ID": "Bitbucket Pipelines",
    "CHANGE_ID": "Jenkins",
    "ghprbPullId": "Jenkins",
    "gitlabMergeRequestIid": "Jenkins",
    "TRAVIS_PULL_REQUEST": "Travis CI",
    "DRONE_PULL_REQUEST": "Drone",
    "CI_COMMIT_PULL_REQUEST": "Woodpecker",
    "APPVEYOR_PULL_REQUEST_NUMBER": "AppVeyor",
    "DBT_CLOUD_PR_ID": "dbt Cloud",
    "CIRRUS_PR": "Cirrus CI",
    "SEMAPHORE_GIT_PR_NUMBER": "Semaphore",
    "BITRISE_PULL_REQUEST": "Bitrise",
    "CF_PULL_REQUEST_NUMBER": "Codefresh",
    "BUDDY_EXECUTION_PULL_REQUEST_ID": "Buddy",
    "BUDDY_RUN_PR_ID": "Buddy",
    "SD_PULL_REQUEST": "Screwdriver",
    "NEVERCODE_PULL_REQUEST": "Nevercode",
    "VERCEL_GIT_PULL_REQUEST_ID": "Vercel",
    "PULL_NUMBER": "Prow",
    "_PR_NUMBER": "Google Cloud Build",
    "ZUUL_CHANGE": "Zuul",
}
"""Variables that CI sets, each with its service, where a build is of a pull or merge request; most are absent elsewhere, others say that it is none."""

WORKSPACES = (
    "GITHUB_WORKSPACE",
    "CI_PROJECT_DIR",
    "CIRCLE_WORKING_DIRECTORY",
    "BUILDKITE_BUILD_CHECKOUT_PATH",
    "BUILD_SOURCESDIRECTORY",
    "SYSTEM_DEFAULTWORKINGDIRECTORY",
    "BITBUCKET_CLONE_DIR",
    "WORKSPACE",
    "TRAVIS_BUILD_DIR",
    "DRONE_WORKSPACE",
    "CI_WORKSPACE",
    "APPVEYOR_BUILD_FOLDER",
    "CODEBUILD_SRC_DIR",
    "CIRRUS_WORKING_DIR",
    "BITRISE_SOURCE_DIR",
)
"""Variables in which CI says where the checkout is."""

_NO = frozenset({"", "false", "0", "no", "null", "none", "undefined"})
_GITHUB_EVENTS = re.compile(r"pull_request|merge_group")
_REQUEST_REF = re.compile(r"refs/(?:pull|pull-requests|merge-requests|changes)/")
_FROM_REQUEST = {
    "BUILD_REASON": ("Azure Pipelines", "PullRequest"),
    "TRAVIS_EVENT_TYPE": ("Travis CI", "pull_request"),
    "DRONE_BUILD_EVENT": ("Drone", "pull_request"),
    "CI_BUILD_EVENT": ("Woodpecker", "pull_request"),
    "CI_PIPELINE_EVENT": ("Woodpecker", "pull_request"),
    "SEMAPHORE_GIT_REF_TYPE": ("Semaphore", "pull-request"),
    "CI_PIPELINE_SOURCE": ("GitLab CI", "merge_request_event"),
    "CODEBUILD_WEBHOOK_EVENT": ("AWS CodeBuild", "PULL_REQUEST"),
    "CODEBUILD_WEBHOOK_TRIGGER": ("AWS CodeBuild", "pr/"),
    "CODEBUILD_SOURCE_VERSION": ("AWS CodeBuild", "pr/"),
}
"""Variables that every build has, each with its service and the beginning of the value that means a request."""

_REFS = ("GITHUB_REF", "BUILD_SOURCEBRANCH", "CI_MERGE_REQUEST_REF_PATH", "CI_COMMIT_REF", "DRONE_COMMIT_REF", "GERRIT_REFSPEC")
_MOST = 5_000_000


def untrusted(config_path: Path | None, environ: Mapping[str, str]) -> str:
    """Why nothing may be sent to the targets of a configuration file: one sentence without a full stop; empty where it may.

    In CI on a pull or merge request, a file of the checkout is whatever the request's author made of it. Sending is refused there, and for a request that
    CI only says to be likely (a workflow that another workflow's request started). A file from elsewhere is trusted.

    Args:
        config_path: the aftershock.yml; None where there is none, and thus no target.
        environ: the environment variables.
    """
    request = _request(environ)
    if not request or config_path is None or not _is_inside(config_path, environ):
        return ""
    return f"this is CI on a pull or merge request ({request}), and whoever opened it may have written {config_path.name}"


def _request(environ: Mapping[str, str]) -> str:
    """What says that this is CI on a request: service and variable; empty where nothing does."""
    for signs in (_by_variable, _by_event, _by_github, _by_gitlab, _by_gerrit, _by_teamcity):
        for service, sign in signs(environ):
            return f"{service}: {sign}"
    return ""


def _by_variable(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from ((service, name) for name, service in REQUEST_VARIABLES.items() if environ.get(name, "").strip().lower() not in _NO)
    yield from (("GoCD", name) for name, value in environ.items() if re.match(r"GO_SCM_\w+_PR_ID$", name) and value)
    if environ.get("PULL_REQUEST", "").lower() == "true" or environ.get("IS_PULL_REQUEST", "").lower() == "true":
        yield "CI", "PULL_REQUEST"


def _by_event(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from ((service, name) for name, (service, start) in _FROM_REQUEST.items() if environ.get(name, "").lower().startswith(start.lower()))
    yield from (("CI", name) for name in _REFS if _REQUEST_REF.match(environ.get(name, "")) and "GERRIT_EVENT_TYPE" not in environ)


def _by_github(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """GitHub Actions, and Gitea's and Forgejo's, which set the same variables."""
    event = environ.get("GITHUB_EVENT_NAME", "")
    if _GITHUB_EVENTS.search(event):
        yield "GitHub Actions", "GITHUB_EVENT_NAME"
    elif event in {"workflow_run", "issue_comment", "check_run", "check_suite"} and _started_by_request(event, environ):
        yield "GitHub Actions", f"GITHUB_EVENT_NAME {event}"


def _started_by_request(event: str, environ: Mapping[str, str]) -> bool:
    """Whether an event that may stem from a pull request does; where its payload cannot be read, it is taken for one."""
    import json

    try:
        payload = json.loads(_text(environ.get("GITHUB_EVENT_PATH", "")))
    except ValueError:
        return True
    if not isinstance(payload, dict):
        return True
    if event == "issue_comment":
        return bool(_at(payload, "issue", "pull_request"))
    if event == "workflow_run":
        run = _at(payload, "workflow_run")
        ours, theirs = _at(payload, "repository", "full_name"), _at(run, "head_repository", "full_name")
        return not ours or ours != theirs or bool(_at(run, "pull_requests")) or bool(_GITHUB_EVENTS.search(str(_at(run, "event") or "pull_request")))
    return bool(_at(payload, event, "pull_requests"))


def _at(value: Any, *keys: str) -> Any:  # noqa: ANN401  # JSON
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _by_gitlab(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A branch's pipeline that belongs to an open request: the branch is as little reviewed as the request."""
    if environ.get("CI_PIPELINE_SOURCE") == "external_pull_request_event":
        yield "GitLab CI", "CI_PIPELINE_SOURCE"
    reviewed = environ.get("CI_COMMIT_REF_PROTECTED") == "true" or environ.get("CI_COMMIT_BRANCH") == environ.get("CI_DEFAULT_BRANCH")
    if environ.get("CI_OPEN_MERGE_REQUESTS") and not reviewed:
        yield "GitLab CI", "CI_OPEN_MERGE_REQUESTS"


def _by_gerrit(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if environ.get("GERRIT_CHANGE_NUMBER") and environ.get("GERRIT_EVENT_TYPE") not in {"change-merged", "ref-updated"}:
        yield "Gerrit", "GERRIT_CHANGE_NUMBER"


def _by_teamcity(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """TeamCity says it in no variable, but in a file that another file names."""
    if not environ.get("TEAMCITY_VERSION"):
        return
    build = _text(environ.get("TEAMCITY_BUILD_PROPERTIES_FILE", ""))
    named = re.search(r"^teamcity\.configuration\.properties\.file=(.+)$", build, re.MULTILINE)
    settings = _text(re.sub(r"\\(.)", r"\1", named[1].strip())) if named else ""
    if re.search(
        r"^teamcity\.pullRequest\.number=[ \t]*\S|^teamcity\.build\.branch=(?:refs/)?(?:pull|pull-requests|merge-requests)/",
        build + "\n" + settings,
        re.MULTILINE,
    ):
        yield "TeamCity", "teamcity.pullRequest.number"


def _text(path: str) -> str:
    """A file of CI's, empty where it cannot be read."""
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_MOST)
    except (OSError, ValueError):
        return ""


def _is_inside(config_path: Path, environ: Mapping[str, str]) -> bool:
    """Whether a file belongs to what CI checked out, by its own name or by where a link leads."""
    places = {config_path.absolute(), config_path.resolve()}
    named = [Path(environ[name]).expanduser() for name in WORKSPACES if environ.get(name)]
    roots = {form for root in (named or [Path.cwd()]) for form in (root.absolute(), root.resolve())}
    return any(place.is_relative_to(root) for place in places for root in roots) or any(
        (folder / ".git").exists() for place in places for folder in place.parents
    )
