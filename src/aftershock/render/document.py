"""The shape of the JSON output: its keys in the order in which they are printed; their JSON Schema is published.

``schema_version`` is MAJOR.MINOR: keys are added within a major version, never renamed or removed.
"""

from __future__ import annotations

import inspect
from typing import Literal

import msgspec

from aftershock.model import Category, Effect, Severity

SCHEMA_VERSION: Literal["1.2"] = "1.2"

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


class Window(msgspec.Struct, frozen=True):
    """When data was bad: ISO 8601 in UTC, an end empty where unknown."""

    since: str
    until: str


class UnreadNode(msgspec.Struct, frozen=True):
    """A node whose code was not read, and why, as a part of a sentence."""

    unique_id: str
    reason: str


class ReadCoverage(msgspec.Struct, frozen=True):
    """How much code was read to follow columns: `read` of `nodes` (those in `partly` not whole), `attributed` of `references`; `known` have a known column list."""

    nodes: int
    read: int
    unread: tuple[UnreadNode, ...]
    references: int
    attributed: int
    known: int
    partly: tuple[UnreadNode, ...]


class FailingNode(msgspec.Struct, frozen=True):
    """A failing node: `via` is the test that stood for it, `note` how it was understood; both may be empty."""

    unique_id: str
    name: str
    via: str
    note: str


class Incident(msgspec.Struct, frozen=True):
    """What was asked: `nodes` are the unique_ids of the failing nodes, `failing` the same with their names, `columns` those it was narrowed to."""

    category: Category
    nodes: tuple[str, ...]
    failing: tuple[FailingNode, ...]
    detected_at: str
    window: Window
    columns: tuple[str, ...]


class SeverityReason(msgspec.Struct, frozen=True):
    """One rule of the severity policy that applied; `node` is a unique_id or empty."""

    rule: str
    change: Literal["start", "raise", "lower", "cap", "keep", "override"]
    evidence: str
    node: str


class SeverityVerdict(msgspec.Struct, frozen=True):
    """How bad it is: `level` is in force, `computed` what the policy says, `typical` the category's range."""

    level: Severity
    computed: Severity
    typical: str
    reasons: tuple[SeverityReason, ...]
    confidence: Literal["high", "medium", "low"]
    missing: tuple[str, ...]


class ImpactAnswer(msgspec.Struct, frozen=True):
    """An answer with its evidence."""

    answer: Literal["yes", "no", "unknown"]
    evidence: tuple[str, ...]


class Impacts(msgspec.Struct, frozen=True):
    """The three tri-state questions."""

    financial: ImpactAnswer
    regulatory: ImpactAnswer
    customer_facing: ImpactAnswer


class Step(msgspec.Struct, frozen=True):
    """A step of a column's way: `column` of `node` (empty for its rows) is used by the next step's node as `kind` and `subtype` say, in OpenLineage's words."""

    node: str
    column: str
    kind: str
    subtype: str


class AffectedNode(msgspec.Struct, frozen=True):
    """An affected node: `path` leads from a failing node to it, both included, by unique_id; `certainty` is column where SQL was read.

    Where columns were followed, `columns` are those of the node that are concerned, `steps` the way of the failing column to it, and `why` what no
    longer binds.
    """

    unique_id: str
    resource_type: str
    name: str
    relation_name: str
    depth: int
    path: tuple[str, ...]
    effects: tuple[Effect, ...]
    certainty: Literal["node", "column"]
    columns: tuple[str, ...]
    steps: tuple[Step, ...]
    why: str


class Table(msgspec.Struct, frozen=True):
    """An affected relation: `name` as people say it, `relation_name` as dbt quotes it."""

    unique_id: str
    name: str
    relation_name: str
    effects: tuple[Effect, ...]


class Person(msgspec.Struct, frozen=True):
    """A person or team; any part may be empty."""

    name: str
    email: str
    slack: str


class AffectedExposure(msgspec.Struct, frozen=True):
    """An affected exposure: `automation` is true where it acts on the data by itself; `url` is as declared, so check it before use."""

    unique_id: str
    name: str
    type: str
    automation: bool
    maturity: str
    url: str
    owners: tuple[Person, ...]
    effects: tuple[Effect, ...]
    path: tuple[str, ...]
    certainty: Literal["node", "column"]


class Metric(msgspec.Struct, frozen=True):
    """An affected metric."""

    unique_id: str
    name: str


class OutsideConsumer(msgspec.Struct, frozen=True):
    """Somebody who reads affected data outside dbt's graph, through the node `unique_id`."""

    kind: Literal["public_model", "export", "same_relation", "declared"]
    unique_id: str
    what: str
    nodes: tuple[str, ...]


class DataConsumer(msgspec.Struct, frozen=True):
    """Who uses affected data: `exposures` are the unique_ids of their affected exposures, and of the affected nodes to which they subscribe."""

    owner: Person
    exposures: tuple[str, ...]


class DataOwner(msgspec.Struct, frozen=True):
    """Who is responsible for affected nodes; `failing` where a failing node is among them, `evidence` says where that is declared."""

    owner: Person
    nodes: tuple[str, ...]
    failing: bool
    evidence: str


class ChecklistAnswer(msgspec.Struct, frozen=True):
    """One item of the impact checklist: done only where the artifacts prove the answer, else `ask` says what to find out from whom."""

    item: str
    status: Literal["done", "open"]
    answer: str
    evidence: tuple[str, ...]
    ask: str


class RecoveryStep(msgspec.Struct, frozen=True):
    """One thing to do: `argv` as words and `commands` as lines for a POSIX shell, both empty where a person (`who`) acts.

    `requires` must be true before it; `destroys` says what it could destroy, which makes a command `irreversible`; `costs` what it costs. `sql` are the
    statements that the command runs; without a command, statements for whoever acts to check and run.
    """

    number: int
    kind: str
    nodes: tuple[str, ...]
    why: str
    destroys: str
    commands: tuple[str, ...]
    argv: tuple[str, ...]
    who: str
    requires: str
    costs: str
    irreversible: bool
    sql: str


class RecoveryPhase(msgspec.Struct, frozen=True):
    """Steps that may be done once all earlier phases are."""

    kind: str
    steps: tuple[RecoveryStep, ...]


class Recovery(msgspec.Struct, frozen=True):
    """The way back; `untouched` affected nodes need no command, `notes` say what the plan does not know."""

    phases: tuple[RecoveryPhase, ...]
    untouched: tuple[str, ...]
    notes: tuple[str, ...]


class Due(msgspec.Struct, frozen=True):
    """Something due `at` a time, ISO 8601 in UTC."""

    what: str
    at: str


class Artifact(msgspec.Struct, frozen=True):
    """A file that was read; `path` is empty where it is missing."""

    kind: Literal["manifest", "run_results", "sources", "catalog"]
    path: str
    generated_at: str
    invocation_id: str
    dbt_version: str
    which: str


class DbtProject(msgspec.Struct, frozen=True):
    """The dbt project that was assessed."""

    name: str
    dbt_version: str
    adapter: str
    engine: Literal["core", "fusion"]


class Link(msgspec.Struct, frozen=True):
    """A page about a node: in dbt docs, or the exposure itself. Only http and https, percent-encoded."""

    unique_id: str
    kind: Literal["docs", "exposure"]
    url: str


class AssessmentDocument(msgspec.Struct, frozen=True):
    """An impact assessment by aftershock. Nodes are named by dbt's unique_id; lists are sorted, so equal inputs give equal bytes."""

    schema_version: Literal["1.2"]
    summary: str
    incident: Incident
    severity: SeverityVerdict
    impacts: Impacts
    affected: tuple[AffectedNode, ...]
    tables: tuple[Table, ...]
    dashboards: tuple[AffectedExposure, ...]
    metrics: tuple[Metric, ...]
    hidden_consumers: tuple[OutsideConsumer, ...]
    consumers: tuple[DataConsumer, ...]
    owners: tuple[DataOwner, ...]
    unowned: tuple[str, ...]
    tests: tuple[str, ...]
    checklist: tuple[ChecklistAnswer, ...]
    recovery: Recovery
    deadlines: tuple[Due, ...]
    project: DbtProject
    artifacts: tuple[Artifact, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    links: tuple[Link, ...]
    coverage: ReadCoverage | None


class ErrorBody(msgspec.Struct, frozen=True):
    """What is wrong, where, and what to do; `suggestions` are names that could be typed instead."""

    kind: str
    place: str
    problem: str
    remedy: str
    suggestions: tuple[str, ...]


class ErrorDocument(msgspec.Struct, frozen=True):
    """What is printed instead of an assessment where there is none."""

    schema_version: Literal["1.2"]
    error: ErrorBody


def published(title: str, *documents: type[msgspec.Struct]) -> str:
    """The JSON Schema (draft 2020-12) of what a command prints, as text.

    Args:
        title: what it is called, with its version.
        documents: what it prints, one of them at a time.
    """
    shapes, definitions = msgspec.json.schema_components(documents, ref_template="#/$defs/{name}")
    for definition in definitions.values():
        definition["description"] = inspect.cleandoc(definition["description"])
    whole = {"$schema": SCHEMA_ID, "title": title, "oneOf": shapes, "$defs": definitions}
    return msgspec.json.format(msgspec.json.encode(whole, order="sorted"), indent=2).decode() + "\n"


def schema() -> str:
    """The JSON Schema (draft 2020-12) of `AssessmentDocument` and `ErrorDocument`, as it is published in the documentation."""
    return published(f"aftershock assessment {SCHEMA_VERSION}", AssessmentDocument, ErrorDocument)
