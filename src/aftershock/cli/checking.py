"""What ``check`` compares: both sides as its options say, the policy that rules, and the report."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aftershock
from aftershock.cli import inputs
from aftershock.cli.edits import check_edits
from aftershock.cli.ruling import MAIN, of_targets
from aftershock.cli.terminal import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aftershock import Artifacts, Backtest, CheckReport, ProjectLineage, Repository

SIGNALLED = 128
"""What a shell adds to a signal's number for the exit code of what it ended."""


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
        """Itself; a base that is given as nothing is none.

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
        if self.changed and self.base_manifest_cmd is not None:
            raise aftershock.UsageError("--base-manifest-cmd", "dbt does not run for --changed", "Give the target directory of production with --base")
        if not self.base and self.base_manifest_cmd is None and (self.base_catalog is None or self.changed):
            remedy = "Give the target directory of production" + (" or set AFTERSHOCK_BASE" if self.changed else ", or --base-ref with --base-manifest-cmd")
            raise aftershock.UsageError("--base", "there is nothing to compare with", remedy)
        if self.changed and (self.head is not None or self.base_catalog is not None):
            raise aftershock.UsageError("--changed", "the head is the base with the files put into it", "Leave out --head and the catalogs")
        return self._replace(base=self.base or None)

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
        return Answer(*check_edits(question, _artifacts(question.base or ".", question, "--base")))
    with _ended_in_order(), ExitStack() as stack:
        head = _artifacts(question.head or ".", question, "--head")
        root = aftershock.find_project_root(Path(question.head or ".")) or aftershock.find_project_root(_folder(head))
        checkout = aftershock.repository(root) if root is not None else None
        base_place = _base(question, head, checkout, stack)
        base = head if base_place is None else _artifacts(base_place, question, "--base", temporary=question.base_manifest_cmd is not None)
        _refuse_one_file(question, base, head)
        inside = root is None or _folder(head).absolute().is_relative_to(root)  # DBT_TARGET_PATH may lead out of it
        ruling = of_targets(_folder(base), _folder(head) if inside or root is None else root, checkout, config=question.config, ref=question.base_ref)
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
                also=aftershock.unparsed(head, readers[1], root) if base is not head else (),
                policy_changes=ruling.changes,
            )
    return Answer(report.noted((*ruling.notes, *_behind(question, report, checkout))), checkout.folder if checkout is not None else "")


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
    with _ended_in_order():
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


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """A termination is an exit meanwhile, so that what was made for the base is removed."""

    def leave(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise SystemExit(SIGNALLED + number)

    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _refuse_one_file(question: Question, base: Artifacts, head: Artifacts) -> None:
    """Refuse a head that is the base by accident: a link, or a target-path of the change's own, would make every change pass.

    Raises:
        UsageError: both are one manifest, and the command line does not say so.
    """
    if base is head or question.base_catalog is not None or not _manifest(base).samefile(_manifest(head)):
        return
    if question.base is None or question.head is None or Path(question.base).absolute() != Path(question.head).absolute():
        problem = f"it is the head too, {_manifest(head)}, so nothing could differ"
        raise aftershock.UsageError("--base", problem, "Keep the base's target directory apart from the one that dbt writes to")


def _behind(question: Question, report: CheckReport, checkout: Repository | None) -> Iterator[str]:
    """A hint where the base may have what the branch does not have yet."""
    if checkout is None or not report.changes or (question.base is None and question.base_manifest_cmd is None):
        return
    number = aftershock.commits_behind(checkout, question.base_ref or MAIN)
    if number:
        commits = f"{number:,} {'commit' if number == 1 else 'commits'}"
        yield (
            f"The branch lacks {commits} of {question.base_ref or 'origin/HEAD'}. What the base has of them reads as taken away here: merge that first, "
            "or compare with a base from where the branch began."
        )


def _base(question: Question, head: Artifacts, checkout: Repository | None, stack: ExitStack) -> str | None:
    """Where the base's artifacts are; None where the head's are compared with themselves, by two catalogs."""
    if question.base_manifest_cmd is None or question.base_ref is None:
        return question.base
    if checkout is None:
        raise aftershock.UsageError("--base-ref", f"{_folder(head)} is in no git checkout", "Give the base's target directory with --base")
    commit = aftershock.commit_of(checkout, question.base_ref)
    return str(stack.enter_context(aftershock.target_at(checkout, commit, question.base_manifest_cmd)))


def _artifacts(place: str, question: Question, option: str, *, temporary: bool = False) -> Artifacts:
    store = aftershock.Cache(aftershock.cache_dir()) if not question.no_cache and not temporary else None
    return aftershock.read_artifacts(place, store=store, environ={} if temporary else None, option=option)


def _lineage(side: Artifacts, question: Question, progress: Callable[[int, int], None] | None) -> ProjectLineage:
    found = inputs.Inputs(side, None, aftershock.Policy())
    return found.lineage(question.dialect, variables=question.variables, cached=not question.no_cache, progress=progress)


def _folder(side: Artifacts) -> Path:
    """The folder of a side's manifest."""
    return _manifest(side).parent


def _manifest(side: Artifacts) -> Path:
    return Path(next(file.path for file in side.files if file.kind == "manifest"))
