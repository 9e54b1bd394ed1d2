"""What dbt's files say, once read: nodes, owners, columns, runs.

All values are frozen msgspec structs: cheap to build, to compare, and to keep in the cache as MessagePack.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

TABLE_TYPES = frozenset({"model", "seed", "snapshot", "source"})
"""Resource types that can be a relation in the warehouse."""

TEST_TYPES = frozenset({"test", "unit_test"})

UNAFFECTED_TYPES = TEST_TYPES | {"analysis", "operation", "rpc", "sql_operation"}
"""Resource types that depend on data but are not data, nor a consumer of it: they are never 'affected'."""

BAD_STATUSES = frozenset({"error", "fail", "runtime error", "partial success"})
"""Statuses of a result that are worse than a warning."""

STALE_AFTER_HOURS = 24
"""Artifacts older than this are worth a word: the nightly run has been since, or should have."""


class Owner(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """A person or team. Any part may be empty, not all of them."""

    name: str = ""
    email: str = ""
    slack: str = ""

    @property
    def label(self) -> str:
        """How a person would address this owner, e.g. ``Growth team <growth@example.com> @growth``."""
        parts = [self.name, f"<{self.email}>" if self.name and self.email else self.email, self.slack]
        return " ".join(part for part in parts if part)


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column as the manifest declares it; ``meta`` is ``{**meta, **config.meta}``."""

    name: str
    data_type: str = ""
    meta: dict[str, Any] = {}
    tags: tuple[str, ...] = ()


class Build(msgspec.Struct, frozen=True, omit_defaults=True):
    """How dbt builds a node: the part of its config that decides what a re-run does.

    ``hard_deletes`` is ignore, invalidate or new_record (the older ``invalidate_hard_deletes: true`` reads as invalidate).
    ``vars`` are the project variables that an incremental model's own code reads; ``reads_this`` whether it reads ``{{ this }}``;
    ``takes_all`` whether each of its runs selects everything that it reads; ``watermark`` its own column whose newest value a run starts from, and
    ``back_seconds`` how long before that (``strict``: right after it), ``grain`` the coarsest period to which it cuts a time, and ``starts`` are project variables from which a run selects instead, where they are given: all only where
    its code says so in a form that is certain.
    """

    materialized: str = ""
    strategy: str = ""
    unique_key: tuple[str, ...] = ()
    full_refresh: bool | None = None
    on_schema_change: str = ""
    event_time: str = ""
    begin: str = ""
    batch_size: str = ""
    lookback: int = 1
    contract: bool = False
    hard_deletes: str = ""
    vars: tuple[str, ...] = ()
    reads_this: bool = False
    takes_all: bool = False
    watermark: str = ""
    back_seconds: int = 0
    strict: bool = False
    grain: str = ""
    starts: tuple[str, ...] = ()


class DataTest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a data test tests: generic test name and namespace (``not_null``, ``dbt_utils``), column, attached node, severity in lower case."""

    name: str = ""
    namespace: str = ""
    column: str = ""
    attached_node: str = ""
    severity: str = "error"


class ExposureInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """An exposure's own fields. ``type`` and ``maturity`` are open sets, in lower case."""

    type: str = ""
    maturity: str = ""
    url: str = ""
    label: str = ""
    owners: tuple[Owner, ...] = ()


class SourceInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source's own fields; ``freshness`` is whether a warn_after or error_after threshold is declared."""

    source_name: str = ""
    loader: str = ""
    freshness: bool = False
    loaded_at: bool = False
    meta: dict[str, Any] = {}


class Export(msgspec.Struct, frozen=True, omit_defaults=True):
    """A table or view that a saved query writes outside dbt's DAG."""

    name: str
    relation: str = ""


class Node(msgspec.Struct, frozen=True, omit_defaults=True):
    """One resource of a dbt project, of any type, sources, exposures, metrics and tests included.

    ``parents`` are unique_ids (dbt's ``depends_on.nodes``); ``path`` is ``original_file_path`` with forward slashes;
    ``meta`` is ``{**meta, **config.meta}``; ``relation_name`` is quoted as dbt quotes it and empty where there is none;
    ``custom_schema`` is the ``schema`` of its config, which dbt's macro makes a whole name of.
    """

    unique_id: str
    resource_type: str
    name: str
    package: str = ""
    path: str = ""
    fqn: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    meta: dict[str, Any] = {}
    relation_name: str = ""
    database: str = ""
    schema: str = ""
    identifier: str = ""
    language: str = "sql"
    group: str = ""
    access: str = ""
    version: str = ""
    is_latest: bool = False
    primary_key: tuple[str, ...] = ()
    build: Build = Build()
    columns: tuple[Column, ...] = ()
    test: DataTest | None = None
    exposure: ExposureInfo | None = None
    source: SourceInfo | None = None
    exports: tuple[Export, ...] = ()
    custom_schema: str = ""

    @property
    def materialized(self) -> str:
        """``view``, ``table``, ``incremental``, ``ephemeral`` …; a seed is ``seed``, a snapshot ``snapshot``, otherwise empty."""
        return self.build.materialized

    @property
    def is_stored(self) -> bool:
        """Whether the node keeps rows of its own in the warehouse: it holds what it was built from until it is rebuilt.

        Unknown materializations count as stored, which can only make the answer larger.
        """
        return self.resource_type in TABLE_TYPES and self.materialized not in {"view", "ephemeral"}

    @property
    def is_relation(self) -> bool:
        """Whether the node is a table or view that a person can query."""
        return self.resource_type in TABLE_TYPES and self.materialized != "ephemeral"

    @property
    def label(self) -> str:
        """The name that people use: ``raw.orders`` for a source, ``dim.v2`` for a version, else the name."""
        if self.source is not None and self.source.source_name:
            return f"{self.source.source_name}.{self.name}"
        return f"{self.name}.v{self.version}" if self.version else self.name


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dbt group and its declared owners. Its ``config.meta`` is never read: a ``models: +meta`` default leaks into it."""

    name: str
    package: str = ""
    owners: tuple[Owner, ...] = ()


class ProjectInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a manifest comes from. Times are ISO 8601 as dbt wrote them; ``schema_version`` is e.g. 12."""

    name: str = ""
    dbt_version: str = ""
    adapter: str = ""
    schema_version: int = 0
    generated_at: str = ""
    invocation_id: str = ""
    has_compiled_sql: bool = False

    @property
    def engine(self) -> Literal["core", "fusion"]:
        """Dbt 2.x is Fusion; it writes the same schema versions as core."""
        major = self.dbt_version.split(".", 1)[0]
        return "fusion" if major.isdecimal() and int(major[:9]) >= 2 else "core"  # noqa: PLR2004  # dbt 2; a version comes from a file, so of any length


class Project(msgspec.Struct, frozen=True):
    """A manifest: every enabled node by unique_id, the disabled ones apart, groups by name, YAML selectors by name.

    ``selectors`` values are the definitions as dbt writes them (dict or string).
    """

    info: ProjectInfo
    nodes: dict[str, Node]
    disabled: dict[str, Node] = {}
    groups: dict[str, Group] = {}
    selectors: dict[str, Any] = {}


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one node did in one run.

    ``status`` is in lower case and an open set; ``seconds`` is dbt's execution_time; ``thread`` names who did it; ``batches`` is how many a microbatch
    model went through, 0 for anything else; ``rows`` is how many rows its statement wrote, None where the adapter does not say.
    """

    unique_id: str
    status: str
    message: str = ""
    seconds: float = 0.0
    failures: int | None = None
    started_at: str = ""
    completed_at: str = ""
    thread: str = ""
    batches: int = 0
    rows: int | None = None


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """run_results.json: which command (``which``: build, run, test, generate …), with what arguments, and each node's result.

    ``started_at`` is when dbt was called (ISO 8601), empty where the version does not say; ``elapsed`` is dbt's elapsed_time in seconds, which core counts
    from when the project is parsed and Fusion adds up over the nodes.
    """

    which: str = ""
    dbt_version: str = ""
    generated_at: str = ""
    invocation_id: str = ""
    args: dict[str, Any] = {}
    results: dict[str, Result] = {}
    started_at: str = ""
    elapsed: float | None = None


class SourceStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """Freshness of one source: ``status`` pass, warn, error or ``runtime error`` (the query failed); age in seconds where known."""

    unique_id: str
    status: str
    max_loaded_at: str = ""
    age_seconds: float | None = None
    error: str = ""


class Freshness(msgspec.Struct, frozen=True, omit_defaults=True):
    """sources.json. A source that is absent here was not found fresh: its query may have failed."""

    dbt_version: str = ""
    generated_at: str = ""
    invocation_id: str = ""
    sources: dict[str, SourceStatus] = {}


class CatalogTable(msgspec.Struct, frozen=True, omit_defaults=True):
    """One relation as the warehouse described it: its type in lower case, its columns in order with their types, row count where known."""

    unique_id: str
    type: str = ""
    columns: dict[str, str] = {}
    rows: int | None = None


class Catalog(msgspec.Struct, frozen=True, omit_defaults=True):
    """catalog.json by unique_id."""

    generated_at: str = ""
    invocation_id: str = ""
    tables: dict[str, CatalogTable] = {}


class ArtifactFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file that was read, or found missing (``path`` empty)."""

    kind: Literal["manifest", "run_results", "sources", "catalog"]
    path: str = ""
    generated_at: str = ""
    invocation_id: str = ""
    dbt_version: str = ""
    which: str = ""


class Artifacts(msgspec.Struct, frozen=True):
    """Everything that one target directory says.

    ``warnings`` name what does not belong together or is old, each a full sentence.
    """

    project: Project
    run: Run | None = None
    freshness: Freshness | None = None
    files: tuple[ArtifactFile, ...] = ()
    warnings: tuple[str, ...] = ()
