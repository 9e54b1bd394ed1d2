"""The last merges of a branch, each checked by a policy, so that people see what it would have stopped before it stops anything."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from aftershock import times
from aftershock.artifacts import read_artifacts
from aftershock.changes import check
from aftershock.columns.opening import open_lineage
from aftershock.errors import AftershockError, UsageError
from aftershock.execute.base import merges, target_at
from aftershock.model.backtest import Backtest, Tried
from aftershock.model.changes import JUDGEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from aftershock.execute.base import Merge, Repository
    from aftershock.model import Policy
    from aftershock.model.changes import CheckReport

MOST_NAMED = 20


def backtest(  # noqa: PLR0913  # the public question
    repository: Repository,
    number: int,
    command: str,
    policy: Policy,
    *,
    fail_on: str = "",
    variables: Mapping[str, object] | None = None,
    dialect: str = "",
    cached: bool = False,
    told: Callable[[str], None] | None = None,
) -> Backtest:
    """Check the last merges of the branch that is checked out.

    Args:
        repository: the checkout.
        number: how many steps of its main line, at most.
        command: has dbt write a manifest, as for :func:`target_at`; run once for each commit.
        policy: what rules; acknowledgements count as of the day of each merge.
        fail_on: instead of the policy's own.
        variables: as for :func:`aftershock.open_lineage`, and so the other arguments.
        dialect: as above.
        cached: as above.
        told: told what is being done, as a text for each merge.

    Raises:
        UsageError: there is no history, or none of the merges could be checked.
    """
    found: list[Tried] = []
    with _Targets(repository, command) as targets:

        def ask(merge: Merge) -> CheckReport:
            base, head = (read_artifacts(targets.of(commit), environ={}) for commit in (merge.parent, merge.commit))
            readers = [open_lineage(side, variables=variables, dialect=dialect, cached=cached) for side in (base, head)]
            return check(base, head, base_reader=readers[0], head_reader=readers[1], policy=policy, fail_on=fail_on, now=merge.at)

        for merge in reversed(merges(repository, number)):  # the oldest first, whose head is the base of the next one
            targets.keep(merge.parent, merge.commit)
            if told is not None:
                told(f"{merge.commit[:12]} {merge.subject}")
            found.append(_tried(merge, ask))
    if found and all(item.outcome == "error" for item in found):
        raise UsageError(
            "--backtest", f"none of {len(found)} merges could be checked; the last one: {found[-1].why.rstrip('.')}", "Run the command by hand in one of them"
        )
    return Backtest(tuple(reversed(found)), fail_on or policy.check.fail_on, times.iso(times.now()))


class _Targets:
    """Target directories of commits, each made once and kept as long as it is needed."""

    def __init__(self, repository: Repository, command: str) -> None:
        self._repository = repository
        self._command = command
        self._made: dict[str, tuple[ExitStack, Path | AftershockError]] = {}

    def __enter__(self) -> _Targets:  # noqa: PYI034  # typing.Self needs Python 3.11
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what is left."""
        self.keep()

    def of(self, commit: str) -> Path:
        """The target directory of a commit.

        Raises:
            AftershockError: it cannot be made, or could not be.
        """
        if commit not in self._made:
            stack = ExitStack()
            try:
                self._made[commit] = stack, stack.enter_context(target_at(self._repository, commit, self._command))
            except AftershockError as error:
                self._made[commit] = stack, error
        made = self._made[commit][1]
        if isinstance(made, AftershockError):
            raise made
        return made

    def keep(self, *commits: str) -> None:
        """Remove those of other commits."""
        for commit in [commit for commit in self._made if commit not in commits]:
            self._made.pop(commit)[0].close()


def _tried(merge: Merge, ask: Callable[[Merge], CheckReport]) -> Tried:
    at = times.iso(times.parse(merge.at, "git"))
    try:
        report = ask(merge)
    except AftershockError as error:
        return Tried(merge.commit, at, merge.subject, "error", str(error))
    own = [change for change in report.changes if not change.acknowledged]
    return Tried(
        merge.commit,
        at,
        merge.subject,
        report.outcome,
        " ".join(report.failed),
        report.severity.level.value if report.severity is not None else "",
        {judgement: sum(change.verdict == judgement for change in own) for judgement in JUDGEMENTS},
        tuple(
            f"{report.labels.get(change.unique_id, change.unique_id)}{f'.{change.column}' if change.column else ''}: {change.kind}"
            for change in own
            if change.fails
        )[:MOST_NAMED],
    )
