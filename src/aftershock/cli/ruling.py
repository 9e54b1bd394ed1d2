"""Whose settings rule a check: those of the base, never those that the head could have written for itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aftershock
from aftershock.cli import inputs

if TYPE_CHECKING:
    from aftershock import Policy, Repository

MAIN = "refs/remotes/origin/HEAD"
"""What a clone calls the branch into which everything is merged; by its full name, which no tag can have."""
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
    """The base's policy: what was given, what git has of it, or what lies beside its target, unless the head could have written that.

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
    return _unnamed(base, its, checkout, checkout.top if checkout is not None else aftershock.find_project_root(head))


def of_edits(base: Path, root: Path, checkout: Repository | None, *, config: str | None, ref: str | None) -> Ruling:
    """The policy for files that were edited: what was given, or what git has of it.

    Args:
        base: the folder of the base's manifest.
        root: that of the project whose files were edited.
        checkout: where the files are checked out; None outside of git.
        config: a file that was given.
        ref: the commit whose settings rule; None or one that git does not have where nobody can say.

    Raises:
        ConfigError: the policy cannot be followed.
    """
    its = aftershock.find_config(root)
    if config is not None:
        return _compared(inputs.policy(Path(), config), its)
    if ref is not None and checkout is not None and aftershock.has_commit(checkout, ref):
        return _compared(aftershock.policy_at(checkout, ref), its)
    return _unnamed(base, its, checkout, checkout.top if checkout is not None else root)


def _unnamed(base: Path, its: Path | None, checkout: Repository | None, top: Path | None) -> Ruling:
    """Nobody names the settings that rule: those beside the base, if they lie outside of the head's checkout, or those of the main branch."""
    own = aftershock.find_config(base)
    if own is not None and not _is_heads(own, its, top):
        return _compared(aftershock.load_policy(own), its)
    if checkout is not None and aftershock.has_commit(checkout, MAIN):
        return _compared(aftershock.policy_at(checkout, MAIN), its)
    found = its if its is not None else own
    return Ruling(aftershock.Policy()) if found is None else Ruling(aftershock.own_of_head(aftershock.load_policy(found)), notes=(SHARED,))


def _is_heads(own: Path, its: Path | None, top: Path | None) -> bool:
    """Whether a pull request can write this file."""
    return (its is not None and own.samefile(its)) or (top is not None and own.resolve().is_relative_to(top.resolve()))


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
