"""What git says was changed, where nobody names the files: a commit that is being made, a push, or a branch."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from aftershock.artifacts.folders import SUFFIXES
from aftershock.errors import UsageError
from aftershock.execute.base import commit_of, has_commit, run_git

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.execute.base import Repository

FROM, TO, HOOK = "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT"
"""What pre-commit tells its hooks: the ends of a push, and that they are some."""
MAIN, MAIN_NAME = "refs/remotes/origin/HEAD", "origin/HEAD"
"""The branch into which everything is merged; by its full name, which no tag can have."""
_SHORT = 12
_STATUS = 3


class GitChanges(NamedTuple):
    """Files that differ between two states of a repository.

    Attributes:
        paths: those that dbt may read, relative to the repository's top.
        gone: those of them that are no more.
        since: the commit that they are compared with.
        until: the commit that has them as they now are; empty where that is the working tree.
        rules: the name of the commit whose settings rule.
        told: what was compared with what, one sentence.
    """

    paths: tuple[str, ...]
    gone: frozenset[str]
    since: str
    until: str
    rules: str
    told: str


def git_changes(found: Repository, environ: Mapping[str, str], ref: str = "") -> GitChanges | None:
    """What is to be committed, pushed or merged.

    With ``ref``, what the working tree has since it left that branch. In a hook before a push, or where pre-commit was told the ends, what is between them.
    Else what is staged or changed since the last commit; and where nothing is, or in CI, which commits nothing, what the branch has since it left
    ``origin/HEAD``.

    Args:
        found: the checkout.
        environ: the process's environment.
        ref: the branch that the change goes onto, where a person says so.

    Returns:
        None where git knows no commit to compare with.

    Raises:
        UsageError: a commit that somebody names is not there, or has nothing to do with the other one.
    """
    since, until = environ.get(FROM, ""), environ.get(TO, "")
    if ref:
        fork = _fork(found, ref, "HEAD", "--base-ref")
        return _between(found, fork, "", ref, f"Compared: the working tree with {fork[:_SHORT]}, where it left {ref}.")
    if since and until:
        fork, end = _fork(found, since, until, FROM), commit_of(found, until, TO)
        return _between(found, fork, end, since, f"Compared: {_name(until, end)} with {fork[:_SHORT]}, where it left {_name(since, since)}.")
    if not environ.get("CI") and (changed := _uncommitted(found, untracked=not environ.get(HOOK))):
        told = "Compared: what is staged or changed with the last commit."
        return _changes(changed, "HEAD", "", "HEAD", told) if has_commit(found, "HEAD") else None
    fork = _merge_base(found, MAIN, "HEAD")
    if not fork:
        return None
    told = f"Compared: HEAD with {fork[:_SHORT]}, where it left {MAIN_NAME}."
    branch = _between(found, fork, "", MAIN, told)
    nothing = f"Nothing was compared: nothing that dbt reads has changed since {fork[:_SHORT]}, where HEAD left {MAIN_NAME}."
    return branch if branch.paths else branch._replace(told=nothing)


def _name(ref: str, commit: str) -> str:
    return commit[:_SHORT] if ref.startswith(commit[:_SHORT]) and len(ref) > _SHORT else ref


def _fork(found: Repository, ref: str, other: str, option: str) -> str:
    commit_of(found, ref, option)
    fork = _merge_base(found, ref, other)
    if not fork:
        raise UsageError(option, f"git knows no commit that {ref!r} and {other!r} have in common", "Fetch more of the history: git fetch --unshallow")
    return fork


def _merge_base(found: Repository, one: str, other: str) -> str:
    """The commit at which two branches parted; empty where git knows none."""
    done = run_git(found.top, "merge-base", "--end-of-options", one, other)
    return done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else ""


def _between(found: Repository, since: str, until: str, rules: str, told: str) -> GitChanges:
    """The differences of two commits, or of a commit and the files of the working tree that git has."""
    done = run_git(
        found.top, "diff", "--name-status", "--no-renames", "--no-ext-diff", "-z", "--end-of-options", since, *([until] if until else []), "--", hook=True
    )
    if done.returncode:
        raise UsageError("git diff", done.stderr.decode("utf-8", "replace").strip() or "it failed", "Check that the repository has this commit")
    words = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    changed = dict(zip(words[1::2], words[0::2], strict=False))
    return _changes(changed, since, until, rules, told)


def _uncommitted(found: Repository, *, untracked: bool) -> dict[str, str]:
    """What differs from the last commit, by path: the index, the working tree and, with ``untracked``, files that git does not have yet."""
    which = "all" if untracked else "no"
    done = run_git(found.top, "status", "--porcelain", "-z", "--no-renames", f"--untracked-files={which}", hook=True)
    entries = [entry for entry in done.stdout.decode("utf-8", "surrogateescape").split("\0") if len(entry) > _STATUS]
    return {entry[_STATUS:]: "D" if "D" in entry[:2] else "M" for entry in entries}


def _changes(changed: Mapping[str, str], since: str, until: str, rules: str, told: str) -> GitChanges:
    paths = tuple(path for path in changed if PurePosixPath(path).suffix in SUFFIXES)
    return GitChanges(paths, frozenset(path for path in paths if changed[path] == "D"), since, until, rules, told)
