"""What ``check`` compares: both sides as its options say, the policy that rules, and the report."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aftershock
from aftershock.cli import inputs
from aftershock.cli.ruling import of_edits, of_targets
from aftershock.cli.terminal import reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock import Artifacts, Backtest, CheckReport, Edited, ProjectLineage, Repository


SETTINGS = frozenset({"aftershock.yml", "aftershock.yaml"})
"""Files that are compared as settings, and hold nothing of dbt's."""


class Question(NamedTuple):
    """The options, as click hands them over."""

    files: tuple[str, ...]
    base: str | None
    head: str | None
    base_ref: str | None
    base_manifest_cmd: str | None
    base_catalog: str | None
    head_catalog: str | None
    changed: bool
    backtest: int | None
    fail_on: str | None
    config: str | None
    dialect: str
    given_vars: str
    no_cache: bool
    format_: str
    output: str | None
    also: tuple[str, ...]
    show_all: bool

    def validated(self) -> Question:
        """Itself.

        Raises:
            UsageError: options contradict each other, or something that they need is not given.
        """
        if self.files and not self.changed:
            raise aftershock.UsageError(self.files[0], "files are compared only with --changed", "Give --changed, or a target directory with --head")
        if self.backtest is not None:
            return self._for_backtest()
        if (self.base_catalog is None) != (self.head_catalog is None):
            given = "--base-catalog" if self.head_catalog is None else "--head-catalog"
            raise aftershock.UsageError(given, "one catalog says nothing of a change", "Give both --base-catalog and --head-catalog")
        if self.base is not None and self.base_manifest_cmd is not None:
            raise aftershock.UsageError("--base-manifest-cmd", "it makes what --base has already", "Give one of them")
        if self.base_manifest_cmd is not None and self.base_ref is None:
            raise aftershock.UsageError("--base-manifest-cmd", "it is run in a commit", "Give that with --base-ref")
        if self.base is None and self.base_manifest_cmd is None and (self.base_catalog is None or self.changed):
            remedy = "Give the target directory of production, or --base-ref with --base-manifest-cmd"
            raise aftershock.UsageError("--base", "there is nothing to compare with", remedy)
        if self.changed and (self.head is not None or self.base_catalog is not None):
            raise aftershock.UsageError("--changed", "the head is the base with the files put into it", "Leave out --head and the catalogs")
        return self

    def _for_backtest(self) -> Question:
        if self.base_manifest_cmd is None:
            raise aftershock.UsageError("--base-manifest-cmd", "it must be given", "Give the command that has dbt write a manifest, such as 'dbt parse'")
        sides = {"--base": self.base, "--base-ref": self.base_ref, "--base-catalog": self.base_catalog, "--head-catalog": self.head_catalog}
        for option, value in {**sides, "--changed": self.changed, "--also": self.also}.items():
            if value:
                raise aftershock.UsageError(option, "a backtest compares what was merged", "Leave it out")
        return self

    @property
    def variables(self) -> dict[str, object] | None:
        """Values for ``var()``.

        Raises:
            UsageError: they are no mapping.
        """
        return aftershock.variables(self.given_vars) if self.given_vars else None


class Answer(NamedTuple):
    """The report, and the folder of the dbt project in its repository."""

    report: CheckReport
    prefix: str


def answer(question: Question) -> Answer:
    """The report on what a question compares.

    Raises:
        AftershockError: there is no answer: files, names or options are not what they should be.
    """
    if question.changed:
        return _edited(question)
    with ExitStack() as stack:
        head = _artifacts(question.head or ".", question)
        checkout = _checkout(_folder(head))
        base_place = _base(question, head, checkout, stack)
        base = head if base_place is None else _artifacts(base_place, question, temporary=question.base_manifest_cmd is not None)
        ruling = of_targets(_folder(base), _folder(head), checkout, config=question.config, ref=question.base_ref)
        catalogs = [aftershock.read_catalog_file(place) if place is not None else None for place in (question.base_catalog, question.head_catalog)]
        with reading() as progress:
            readers = [_lineage(side, question, progress) for side in (base, head)]
            report = aftershock.check(
                base,
                head,
                base_catalog=catalogs[0],
                head_catalog=catalogs[1],
                base_reader=readers[0],
                head_reader=readers[1],
                policy=ruling.policy,
                fail_on=question.fail_on or "",
                policy_changes=ruling.changes,
            )
    return Answer(report.noted(ruling.notes), checkout.folder if checkout is not None else "")


def tried(question: Question, told: Callable[[str], None]) -> Backtest:
    """The last merges, each checked.

    Raises:
        AftershockError: there is no history, or none of them could be checked.
    """
    root = aftershock.find_project_root(Path(question.head or "."))
    checkout = aftershock.repository(root) if root is not None else None
    if root is None or checkout is None or question.backtest is None or question.base_manifest_cmd is None:
        raise aftershock.UsageError("--backtest", "this is no dbt project in a git checkout", "Run it in one")
    policy = inputs.policy(root, question.config)
    return aftershock.backtest(
        checkout,
        question.backtest,
        question.base_manifest_cmd,
        policy,
        fail_on=question.fail_on or "",
        variables=question.variables,
        dialect=question.dialect,
        cached=not question.no_cache,
        told=told,
    )


def _base(question: Question, head: Artifacts, checkout: Repository | None, stack: ExitStack) -> str | None:
    """Where the base's artifacts are; None where the head's are compared with themselves, by two catalogs."""
    if question.base_manifest_cmd is None or question.base_ref is None:
        return question.base
    if checkout is None:
        raise aftershock.UsageError("--base-ref", f"{_folder(head)} is in no git checkout", "Give the base's target directory with --base")
    commit = aftershock.commit_of(checkout, question.base_ref)
    return str(stack.enter_context(aftershock.target_at(checkout, commit, question.base_manifest_cmd)))


def _artifacts(place: str, question: Question, *, temporary: bool = False) -> Artifacts:
    store = aftershock.Cache(aftershock.cache_dir()) if not question.no_cache and not temporary else None
    return aftershock.read_artifacts(place, store=store, environ={} if temporary else None)


def _lineage(side: Artifacts, question: Question, progress: Callable[[int, int], None] | None) -> ProjectLineage:
    found = inputs.Inputs(side, None, aftershock.Policy())
    return found.lineage(question.dialect, variables=question.variables, cached=not question.no_cache, progress=progress)


def _folder(side: Artifacts) -> Path:
    """The folder of a side's manifest."""
    return Path(next(file.path for file in side.files if file.kind == "manifest")).parent


def _checkout(folder: Path) -> Repository | None:
    root = aftershock.find_project_root(folder)
    return aftershock.repository(root) if root is not None else None


def _edited(question: Question) -> Answer:
    """The report on files that were edited, put into the base."""
    base = _artifacts(question.base or ".", question)
    name = base.project.info.name
    root = aftershock.find_project_root(Path())
    checkout = aftershock.repository(root if root is not None else Path())
    since = os.environ.get("PRE_COMMIT_FROM_REF") or "HEAD"
    until = os.environ.get("PRE_COMMIT_TO_REF") or ""
    paths = [Path(file) for file in question.files if Path(file).name not in SETTINGS]
    if checkout is not None and aftershock.has_commit(checkout, since):
        paths += [checkout.top / path for path in aftershock.gone_since(checkout, since, until)]
    files = aftershock.project_files(paths, name)
    before = _before(checkout, since, files)
    with reading() as progress:
        found = aftershock.edited(
            base,
            {key: _text(path) for key, path in files.items()},
            before=before,
            variables=question.variables,
            dialect=question.dialect,
            cached=not question.no_cache,
            progress=progress,
        )
        report = _check_edited(question, base, found, checkout, since)
    return Answer(report, checkout.folder if checkout is not None else "")


def _check_edited(question: Question, base: Artifacts, found: Edited, checkout: Repository | None, since: str) -> CheckReport:
    ruling = of_edits(_folder(base), checkout, config=question.config, ref=question.base_ref, since=since)
    report = aftershock.check(
        base,
        found.head,
        base_reader=found.base,
        head_reader=found.head_reader,
        base_definitions=found.base_definitions,
        head_definitions=found.head_definitions,
        policy=ruling.policy,
        fail_on=question.fail_on or "",
        also=found.unread,
        policy_changes=ruling.changes,
    )
    return report.noted((*ruling.notes, *found.warnings))


def _before(checkout: Repository | None, since: str, files: dict[str, Path]) -> dict[str, str]:
    """What the files held before, as far as git knows."""
    if checkout is None or not aftershock.has_commit(checkout, since):
        return {}
    inside = {key: path.absolute().resolve().relative_to(checkout.top.resolve()).as_posix() for key, path in files.items() if _is_in(path, checkout)}
    texts = aftershock.files_at(checkout, since, list(inside.values()))
    return {key: texts.get(path, "") for key, path in inside.items()}


def _is_in(path: Path, checkout: Repository) -> bool:
    return path.absolute().resolve().is_relative_to(checkout.top.resolve())


def _text(path: Path) -> str | None:
    """What a file holds; None where it is gone.

    Raises:
        UsageError: it is no text.
    """
    try:
        return path.read_bytes().decode()
    except IsADirectoryError:
        raise aftershock.UsageError(str(path), "this is a directory", "Name the files in it") from None
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise aftershock.UsageError(str(path), "it is not UTF-8", "Save it as UTF-8") from None
