"""Our action in a workflow on pull requests of shop: what each run leaves. ``python tests/ci/ci_action_cases.py`` writes it anew."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ci_dbt
import ci_pull_requests as ci
import ci_workflow as wf

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden" / "action"
PROD = {"base": "prod"}
DRIFT = {"head": "target", "base_catalog": "prod/catalog.json", "head_catalog": "now/catalog.json"}


class Case(NamedTuple):
    """A run of the action: the pull request, its inputs, its exit code, and what is different about the checkout."""

    request: str
    code: int
    inputs: dict[str, str] = PROD
    settings: str = ""
    folder: str = ""
    event: str = "pull_request"
    change: Callable[[Path], object] = lambda _: None


def _drifted(project: Path) -> None:
    """The catalog as it is after ``raw.payments`` lost its column ``method``."""
    (project / "now").mkdir()
    (project / "now" / "catalog.json").write_bytes(gzip.decompress((ci.ARTIFACTS.parent / "dropped_column" / "catalog.json.gz").read_bytes()))


def _emptied(project: Path) -> None:
    (project / "prod" / "manifest.json").write_text("{}", "utf-8")


def _shadowed(project: Path) -> None:
    """Modules of a pull request that would be taken for ours, if Python looked for them here."""
    for name in ("msgspec.py", "yaml.py", "aftershock.py"):
        (project / name).write_text("raise SystemExit(0)\n", "utf-8")


REQUESTS = {name: Case(name, request.code) for name, request in ci.PULL_REQUESTS.items() if name not in ci_dbt.NO_DBT}
CASES = {
    **REQUESTS,
    "drop-accepted": Case("drop", 0, settings=ci.ACCEPT),
    "drop-never-fails": Case("drop", 0, {**PROD, "fail_on": "never"}),
    "filter-in-a-subfolder": Case("filter", 1, {**PROD, "fail_on": "risky", "working_directory": "transform"}, folder="transform"),
    "own-modules": Case("rename", 1, change=_shadowed),
    "source-drift": Case("main", 1, DRIFT, event="schedule", change=_drifted),
    "no-base": Case("drop", 2, {}),
    "missing-base": Case("drop", 2, {"base": "nowhere"}),
    "empty-base": Case("drop", 2, change=_emptied),
    "no-such-folder": Case("drop", 2, {**PROD, "working_directory": "transform"}),
}  # fmt: skip


def checkout(made: ci_dbt.Made, folder: Path, case: Case) -> tuple[Path, dict[str, Any]]:
    """What actions/checkout leaves of a pull request: the commit that merges it into main, on no branch; and the event that GitHub sends of it."""
    repository = folder / "repository"
    ci.git(folder, "clone", "--quiet", "--no-checkout", str(made.origin), str(repository))
    ci.git(repository, "checkout", "--quiet", "--detach", "origin/main")
    if case.folder:
        (repository / case.folder).mkdir()
        ci.git(
            repository,
            "mv",
            "--",
            *(path for path in ci.git(repository, "ls-files", "--", ":!.*").splitlines() if "/" not in path),
            *_folders(repository),
            case.folder,
        )
    if case.settings:
        (repository / "aftershock.yml").write_text(case.settings, "utf-8")
        ci.git(repository, "add", "aftershock.yml")
    if case.folder or case.settings:
        ci.git(repository, "commit", "--quiet", "--message=The base")
    base = ci.git(repository, "rev-parse", "HEAD").strip()
    ci.git(repository, "update-ref", "refs/remotes/origin/main", base)
    if case.event != "pull_request":
        return repository, {"schedule": "0 5 * * *"}
    ci.git(repository, "-c", "merge.renames=true", "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{case.request}")
    return repository, {"number": 7, "pull_request": {"number": 7, "base": {"ref": "main", "sha": base}, "head": {"repo": {"fork": True}}}}


def _folders(repository: Path) -> list[str]:
    return [path.name for path in repository.iterdir() if path.is_dir() and path.name not in {".git", "transform"}]


def run(name: str, made: ci_dbt.Made, folder: Path) -> wf.Ran:
    """Check out, put both manifests where dbt leaves them, and run the action."""
    case = CASES[name]
    repository, event = checkout(made, folder, case)
    project = repository / case.folder
    for place, branch in (("prod", "main"), ("target", case.request)):
        (project / place).mkdir()
        (project / place / "manifest.json").write_bytes(made.manifest(branch))
    (project / "prod" / "catalog.json").write_bytes(gzip.decompress((ci.ARTIFACTS / "catalog.json.gz").read_bytes()))
    case.change(project)
    job = wf.job(folder, repository, event, base_ref="main" if case.event == "pull_request" else "")
    return wf.composite(job, **case.inputs)


def left(ran: wf.Ran, folder: Path) -> dict[str, str]:
    """What a run leaves, as files without what is of one run only."""
    outputs = "".join(f"{name}: {text}\n" for name, text in ran.outputs.items())
    shown = {"stdout.txt": ran.log + (f"--- standard error\n{ran.err}" if ran.err else ""), "summary.md": ran.summary, "outputs.txt": outputs}
    return {name: _lasting(text, folder) for name, text in shown.items()}


def _lasting(text: str, folder: Path) -> str:
    text = text.replace(str(folder / "temp"), "RUNNER_TEMP").replace(str(folder / "repository"), "WORKSPACE")
    text = re.sub(r"aftershock-\w{8}/", "aftershock/", text)
    return re.sub(r"\b[0-9a-f]{32}\b", "TOKEN", ci.VARYING.sub("…", text))


def main() -> None:
    """Write what every run leaves."""
    shutil.rmtree(GOLDEN, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = ci_dbt.Made(Path(scratch) / "dbt")
        made.folder.mkdir()
        ci_dbt.make(made.folder)
        os.environ["AFTERSHOCK_CACHE_DIR"] = str(made.cache)
        for name, case in CASES.items():
            folder = Path(scratch) / name
            folder.mkdir()
            ran = run(name, made, folder)
            (GOLDEN / name).mkdir(parents=True)
            for file, text in left(ran, folder).items():
                (GOLDEN / name / file).write_text(text, "utf-8")
            sys.stdout.write(f"{name}: {ran.code} {'' if ran.code == case.code else f'instead of {case.code}'}\n")


if __name__ == "__main__":
    main()
