"""Whose settings rule a check: those of the base, never those that the head could have written for itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aftershock
from aftershock.cli import inputs

if TYPE_CHECKING:
    from aftershock import Policy, Repository

MAIN = "origin/HEAD"
"""What a clone calls the branch into which everything is merged."""
SHARED = (
    "The settings lie in the head's own checkout, so only their owners, exposures and links rule here, and their check, severity, markers and detect do not: "
    "give --base-ref, or --config with a file of the base."
)


class Ruling(NamedTuple):
    """The policy that rules, what the head changes in it, and what is to be said of where it comes from."""

    policy: Policy
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def of_targets(base: Path, head: Path, checkout: Repository | None, *, config: str | None, ref: str | None) -> Ruling:
    """The base's policy: what was given, what git has of it, or what lies beside its target, unless that is the head's own file.

    Args:
        base: the folder of the base's manifest.
        head: that of the head's.
        checkout: where the head is checked out; None outside of git.
        config: a file that was given.
        ref: the base's commit, where that was given.

    Raises:
        UsageError: git knows no such commit.
        ConfigError: the policy cannot be followed.
    """
    its = aftershock.find_config(head)
    if config is not None:
        return _compared(inputs.policy(Path(), config), its)
    if ref is not None:
        return _compared(_at(checkout, ref, head), its)
    own = aftershock.find_config(base)
    if own is not None and (its is None or not own.samefile(its)):
        return _compared(aftershock.load_policy(own), its)
    if its is None:
        return Ruling(aftershock.Policy())
    if checkout is not None and aftershock.has_commit(checkout, MAIN):
        return _compared(aftershock.policy_at(checkout, MAIN), its)
    return Ruling(aftershock.own_of_head(aftershock.load_policy(its)), notes=(SHARED,))


def of_edits(base: Path, checkout: Repository | None, *, config: str | None, ref: str | None, since: str) -> Ruling:
    """The policy for files that were edited: what was given, or what git has of it.

    Args:
        base: the folder of the base's manifest.
        checkout: where the files are checked out; None outside of git.
        config: a file that was given.
        ref: the base's commit, where that was given.
        since: the commit that the edits go onto.

    Raises:
        UsageError: git knows no such commit.
        ConfigError: the policy cannot be followed.
    """
    its = aftershock.find_config(Path())
    if config is not None:
        return _compared(inputs.policy(Path(), config), its)
    if ref is not None:
        return _compared(_at(checkout, ref, Path()), its)
    if checkout is not None and aftershock.has_commit(checkout, since):
        return _compared(aftershock.policy_at(checkout, since), its)
    return Ruling(inputs.policy(base, None))


def _at(checkout: Repository | None, ref: str, folder: Path) -> Policy:
    if checkout is None:
        raise aftershock.UsageError("--base-ref", f"{folder} is in no dbt project of a git checkout", "Give the base's settings with --config")
    return aftershock.policy_at(checkout, ref)


def _compared(policy: Policy, its: Path | None) -> Ruling:
    """A policy, and what the head's file changes in it; a file that cannot be followed is told, since it will be the base's."""
    if its is not None and policy.path and Path(policy.path).exists() and its.samefile(policy.path):
        return Ruling(policy)
    try:
        new = aftershock.load_policy(its)
    except aftershock.ConfigError as error:
        return Ruling(policy, (f"The head's settings cannot be followed: {error}",))
    return Ruling(policy, aftershock.policy_changes(policy, new))
