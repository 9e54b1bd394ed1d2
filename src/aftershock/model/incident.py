"""What aftershock concludes: what is affected and how, how bad that is, who is told."""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

from aftershock.model.category import Category, Severity
from aftershock.model.columns import ColumnStep, Coverage
from aftershock.model.plan import RecoveryPlan
from aftershock.model.project import ArtifactFile, Owner, ProjectInfo


class Effect(enum.Enum):
    """What an incident does to an affected node."""

    WRONG = "wrong"
    STALE = "stale"
    FAILS = "fails"
    SKIPPED = "skipped"
    LOSES_COLUMNS = "loses_columns"
    MISSING_ROWS = "missing_rows"
    DUPLICATED_ROWS = "duplicated_rows"


class Seed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A failing node that a person named. ``via`` is the test that stood for it; ``note`` says what was understood, where that needs saying."""

    unique_id: str
    via: str = ""
    note: str = ""


class Affected(msgspec.Struct, frozen=True):
    """One affected node, with its proof.

    ``depth`` is 0 for a failing node; ``path`` goes from a failing node to this one, both included, along dbt's edges;
    ``certainty`` is ``node`` where only the graph says so and ``column`` where SQL was read. ``columns`` are those of the node that are concerned,
    ``steps`` the way of the failing column to it, and ``why`` what no longer binds; all three are empty where columns were not followed.
    """

    unique_id: str
    resource_type: str
    name: str
    relation_name: str
    depth: int
    path: tuple[str, ...]
    effects: tuple[Effect, ...]
    certainty: Literal["node", "column"] = "node"
    columns: tuple[str, ...] = ()
    steps: tuple[ColumnStep, ...] = ()
    why: str = ""


class HiddenConsumer(msgspec.Struct, frozen=True):
    """Somebody who reads affected data outside dbt's graph.

    ``kind``: ``public_model`` (other projects may read it), ``export`` (a saved query writes a table), ``same_relation`` (a source that reads
    the relation which an affected node writes), ``declared`` (aftershock.yml says so). ``unique_id`` is the node through which they are reached.
    """

    kind: Literal["public_model", "export", "same_relation", "declared"]
    unique_id: str
    what: str
    nodes: tuple[str, ...] = ()


class BlastRadius(msgspec.Struct, frozen=True):
    """Everything that a failing node reaches, in order of depth, then of unique_id; failing nodes first.

    ``columns`` are those of the failing nodes to which it was narrowed, and ``coverage`` how much of the code was read for that; empty and None
    where it holds everything downstream.
    """

    category: Category
    seeds: tuple[Seed, ...]
    affected: tuple[Affected, ...]
    hidden: tuple[HiddenConsumer, ...] = ()
    tests: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    coverage: Coverage | None = None

    @property
    def below(self) -> tuple[Affected, ...]:
        """The affected nodes without the failing ones."""
        return tuple(item for item in self.affected if item.depth)


class Dashboard(msgspec.Struct, frozen=True):
    """An affected exposure. ``automation`` is true for one that acts on the data by itself (application, ml)."""

    unique_id: str
    name: str
    type: str
    automation: bool
    maturity: str
    url: str
    owners: tuple[Owner, ...]
    effects: tuple[Effect, ...]
    path: tuple[str, ...]
    certainty: Literal["node", "column"] = "node"


class Consumer(msgspec.Struct, frozen=True):
    """A person or team that uses affected data: the unique_ids of their affected exposures, and of the nodes to which they subscribe."""

    owner: Owner
    exposures: tuple[str, ...]


class NodeOwner(msgspec.Struct, frozen=True):
    """A person or team that is responsible for affected nodes. ``evidence`` says where that is declared; ``failing`` whether a failing node is theirs."""

    owner: Owner
    nodes: tuple[str, ...]
    evidence: str
    failing: bool


class Reason(msgspec.Struct, frozen=True):
    """One rule of the severity policy that applied: ``change`` is start, raise, lower, cap, keep or override."""

    rule: str
    change: Literal["start", "raise", "lower", "cap", "keep", "override"]
    evidence: str
    node: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """How bad it is, and why.

    ``level`` is what is in force; ``computed`` what the policy says (they differ only where a person overrode it);
    ``missing`` names metadata whose absence limited the judgement.
    """

    level: Severity
    computed: Severity
    typical: str
    reasons: tuple[Reason, ...]
    confidence: Literal["high", "medium", "low"]
    missing: tuple[str, ...] = ()


class Impact(msgspec.Struct, frozen=True):
    """A tri-state answer (financial, regulatory, customer-facing) with its evidence."""

    answer: Literal["yes", "no", "unknown"]
    evidence: tuple[str, ...] = ()


class ChecklistItem(msgspec.Struct, frozen=True):
    """One line of the impact checklist; ``done`` only where the artifacts prove the answer, else ``ask`` says what to find out and from whom."""

    item: str
    status: Literal["done", "open"]
    answer: str
    evidence: tuple[str, ...] = ()
    ask: str = ""


class Deadline(msgspec.Struct, frozen=True):
    """Something due: ``at`` is ISO 8601 in UTC."""

    what: str
    at: str


class Window(msgspec.Struct, frozen=True, omit_defaults=True):
    """When data was bad: ISO 8601 in UTC, either end empty where unknown."""

    since: str = ""
    until: str = ""


class Assessment(msgspec.Struct, frozen=True):
    """What is affected, who must know and how bad it is. ``tables`` are the unique_ids of affected relations, failing ones included.

    ``unowned`` are affected nodes for which nobody is named. Times are ISO 8601 in UTC. ``confirmed`` is false for a data loss that is only
    inferred, or whose rows an intact upstream still has.
    """

    radius: BlastRadius
    severity: Verdict
    tables: tuple[str, ...]
    dashboards: tuple[Dashboard, ...]
    metrics: tuple[str, ...]
    consumers: tuple[Consumer, ...]
    owners: tuple[NodeOwner, ...]
    unowned: tuple[str, ...]
    financial: Impact
    regulatory: Impact
    customer_facing: Impact
    window: Window
    detected_at: str
    deadlines: tuple[Deadline, ...]
    notes: tuple[str, ...] = ()
    confirmed: bool = True


class Report(msgspec.Struct, frozen=True):
    """The whole answer to one question: the assessment, the way back, the checklist, and which files it was read from.

    ``labels`` gives the name that people use for every unique_id that the report mentions; ``read_at`` is when the question was
    asked (ISO 8601, UTC), from which the age of the files follows.
    """

    assessment: Assessment
    recovery: RecoveryPlan
    checklist: tuple[ChecklistItem, ...]
    project: ProjectInfo
    files: tuple[ArtifactFile, ...]
    warnings: tuple[str, ...]
    labels: dict[str, str]
    read_at: str
    docs_url: str = ""
