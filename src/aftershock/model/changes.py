"""What a pull request changes, and what that does: two projects compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from aftershock.model.columns import ColumnStep
from aftershock.model.incident import Consumer, Dashboard, HiddenConsumer, NodeOwner, Verdict
from aftershock.model.project import ArtifactFile, ProjectInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

Judgement: TypeAlias = Literal["breaking", "risky", "safe", "cannot-say"]
"""For those who read what changed: they fail or lose something; their values or rows may become others; nothing changes for them; the SQL was not read."""

JUDGEMENTS: tuple[Judgement, ...] = ("breaking", "cannot-say", "risky", "safe")
"""In the order in which they need somebody."""

Certainty: TypeAlias = Literal["certain", "likely", "unknown"]

ChangeKind: TypeAlias = Literal[
    "node-added",
    "node-removed",
    "node-renamed",
    "node-disabled",
    "relation-moved",
    "column-removed",
    "column-renamed",
    "column-retyped",
    "column-reordered",
    "column-added",
    "values-changed",
    "rows-changed",
    "rows-sorted",
    "sql-unread",
    "materialization-changed",
    "incremental-changed",
    "contract-changed",
    "access-changed",
    "version-changed",
    "deprecation-changed",
    "owner-changed",
    "group-changed",
    "freshness-changed",
    "source-added",
    "source-removed",
    "source-changed",
    "test-added",
    "test-removed",
    "test-changed",
    "macro-changed",
    "seed-changed",
    "consumer-changed",
]
"""``incremental-changed`` is unique_key, strategy, partitions or on_schema_change; ``consumer-changed`` an exposure, metric, semantic model or saved query."""


class QueryDiff(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one node's query differs from another, by what it gives its readers. Column names are as the query writes them.

    Attributes:
        same: nothing differs but how it is written.
        removed: output columns that are no more and have no successor.
        added: output columns that were not there.
        renamed: (old, new) pairs, told from the SQL that feeds both, for certain.
        values: columns of the same name whose values may be others, each with a short reason (``the expression changed``, ``the filter inside cte changed``).
        retyped: (column, old type, new type) where both are known; types in the dialect's words.
        narrowed: those of ``retyped`` whose new type does not hold every value of the old one; a type that is not known counts here.
        rows: what decides about the rows and changed, one phrase each (``a filter was added``, ``LEFT JOIN became INNER JOIN``); every column's values follow.
        reordered: whether columns stand in another order.
        opaque: whether its columns are not all known (a star over something unread), so that removed and added may be incomplete.
        unread: why it could not be compared, as a part of a sentence; nothing else is said then.
        resorted: what changed in the ORDER BY of the whole query, one phrase: the rows are the same, in another order for whoever does not sort them.
        recased: (old, new) spellings of columns whose names differ in case alone, where the warehouse keeps case and does not mind it: SQL reads them as
            before, and it is the same all the same; other readers may mind.
    """

    same: bool = False
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()
    narrowed: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    reordered: bool = False
    opaque: bool = False
    unread: str = ""
    resorted: str = ""
    recased: tuple[tuple[str, str], ...] = ()


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One difference between two projects.

    ``unique_id`` is the node (of the head, of the base where it is gone; a macro's or a test's own id); ``reason`` is one sentence without a full stop.
    ``was`` and ``now`` are the old and new value where there is one. ``path`` is the file in the head (base where gone), with forward slashes, relative
    to the project, and ``line`` the first changed line of it that is known, 1 where none is. ``acknowledged`` is the reason of whoever accepted it, with
    ``by`` and ``until`` (a date); empty where nobody did. An acknowledged change is shown, and fails nothing.
    ``fails`` is whether it keeps the check from passing, by the policy.
    """

    unique_id: str
    kind: ChangeKind
    verdict: Judgement
    certainty: Certainty
    reason: str
    column: str = ""
    was: str = ""
    now: str = ""
    path: str = ""
    line: int = 1
    acknowledged: str = ""
    by: str = ""
    until: str = ""
    fails: bool = False


class Reached(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a node is concerned: the change that reaches it, the way of the column to it, what no longer binds, and whether that is sure."""

    unique_id: str
    change: int
    steps: tuple[ColumnStep, ...] = ()
    why: str = ""
    certain: bool = True


class Repair(msgspec.Struct, frozen=True, omit_defaults=True):
    """What nodes need that their next run by itself does not do.

    Attributes:
        kind: ``table``: they fail, since the table that is there has other columns than their SQL yields; ``column``: their table does not get a new column;
            ``seed``: the table that is there was made for the file's old columns; ``rows``: rows that are there stay as the old SQL, or the old settings,
            made them; ``contract``: what YAML promises is no longer what their SQL yields; ``setting``: their own settings name a column that is gone.
        nodes: their unique_ids.
        argv: the command that does it once the change is merged; empty where none is known, or where dbt would pass it over.
        instead: the ``on_schema_change`` with which the next run does it by itself; empty where none does.
        path: the YAML file that says it, relative to the project; empty where it is not known.
    """

    kind: Literal["table", "column", "seed", "rows", "contract", "setting"]
    nodes: tuple[str, ...]
    argv: tuple[str, ...] = ()
    instead: str = ""
    path: str = ""


class ChangeImpact(msgspec.Struct, frozen=True):
    """What the changes that are not acknowledged do downstream.

    ``fails`` are nodes whose head cannot be built on what the head makes of their parents, ``skipped`` those that ``dbt build`` skips because of a node or
    test that fails (a node may be in both: it is skipped, and would fail), ``loses_columns`` those that lose columns without a word, by unique_id, and
    ``wrong`` those whose values or rows change, or of which nobody can say what the change does: their proof is not certain. ``failing_tests`` are data
    tests, unit tests and contracts that fail or no longer run. ``proofs`` say of each how it is reached; ``change`` there counts in the report's changes
    from 0.
    """

    fails: tuple[str, ...]
    skipped: tuple[str, ...]
    loses_columns: dict[str, tuple[str, ...]]
    wrong: tuple[str, ...]
    failing_tests: tuple[str, ...]
    dashboards: tuple[Dashboard, ...]
    metrics: tuple[str, ...]
    consumers: tuple[Consumer, ...]
    owners: tuple[NodeOwner, ...]
    hidden: tuple[HiddenConsumer, ...]
    proofs: tuple[Reached, ...]


class CheckCoverage(msgspec.Struct, frozen=True):
    """How much could be compared: changed nodes with SQL, those of them that were read in both, and why the others were not, by unique_id."""

    changed: int
    compared: int
    unread: dict[str, str]


class CheckReport(msgspec.Struct, frozen=True):
    """The whole answer about a change.

    ``changes`` are the worst first; ``severity`` is what the policy says of the breaking and risky ones together, None where there are none; ``failed`` says
    why the check fails by its policy, one sentence each, empty where it passes. ``policy_changes`` are differences of aftershock.yml that rule only
    after the merge. ``labels`` gives the name that people use for every unique_id that is mentioned; ``read_at`` is ISO 8601 in UTC. ``repairs`` are what
    nodes need beyond their next run.
    """

    changes: tuple[Change, ...]
    impact: ChangeImpact
    severity: Verdict | None
    failed: tuple[str, ...]
    fail_on: str
    coverage: CheckCoverage
    policy_changes: tuple[str, ...]
    base: ProjectInfo
    head: ProjectInfo
    files: tuple[ArtifactFile, ...]
    warnings: tuple[str, ...]
    labels: dict[str, str]
    read_at: str
    docs_url: str = ""
    repairs: tuple[Repair, ...] = ()

    def noted(self, notes: Sequence[str]) -> CheckReport:
        """The same report with more to be said of what limits it, one sentence each."""
        return msgspec.structs.replace(self, warnings=tuple(dict.fromkeys((*notes, *self.warnings))))

    @property
    def outcome(self) -> Literal["failed", "not-judged", "passed"]:
        """Whether the policy fails it, or nobody can say whether it would, or it passes."""
        if self.failed:
            return "failed"
        return "not-judged" if any(change.fails for change in self.changes) else "passed"
