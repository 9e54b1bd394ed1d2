"""Projects of a few nodes in memory, with their SQL, so that a law of columns can be stated in a handful of lines.

project = build(source("raw", "id", "b"), model("stg", "select id, b from db.main.raw", "source.p.raw"))
hit(project, "source.p.raw", "b") == {"model.p.stg": "fails"}
"""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, NamedTuple

from aftershock.columns.consequences import consequences
from aftershock.columns.guard import read_batch, shared
from aftershock.columns.jobs import Limits
from aftershock.columns.project import ProjectLineage
from aftershock.columns.readings import Readings
from aftershock.graph import LineageGraph
from aftershock.jinja import Context
from aftershock.model import Build, Catalog, CatalogTable, Column, DataTest, ExposureInfo, Node, Project, ProjectInfo, SourceInfo
from aftershock.model.code import Code, MacroCode, NodeCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aftershock.columns.readings import Store
    from aftershock.model.lineage import Consequence


class Part(NamedTuple):
    """A node, its code, and its columns where the warehouse says them."""

    node: Node
    code: NodeCode | None = None
    columns: tuple[str, ...] | None = None


def _id(name: str) -> str:
    return name if "." in name else f"model.p.{name}"


def source(name: str, *columns: str, known: bool = True, declared: Iterable[str] = ()) -> Part:
    """A source, whose columns the catalog knows or not."""
    node = Node(
        f"source.p.{name}",
        "source",
        name,
        "p",
        relation_name=f'"db"."main"."{name}"',
        source=SourceInfo("raw"),
        columns=tuple(map(Column, declared)),
    )
    return Part(node, None, columns if known else None)


def model(  # every part of a node's config that decides what a lost column does
    name: str,
    sql: str,
    *parents: str,
    kind: str = "model",
    materialized: str = "table",
    raw: str = "",
    language: str = "sql",
    columns: tuple[str, ...] | None = None,
    declared: Iterable[str] = (),
    config: dict[str, Any] | None = None,
    **build: Any,  # noqa: ANN401
) -> Part:
    """A model, or a snapshot; ``sql`` is its compiled SQL."""
    relation = "" if materialized == "ephemeral" else f'"db"."main"."{name}"'
    node = Node(
        f"{kind}.p.{name}",
        kind,
        name,
        "p",
        parents=tuple(map(_id, parents)),
        relation_name=relation,
        database="db",
        schema="main",
        identifier=name,
        language=language,
        build=Build("snapshot" if kind == "snapshot" else materialized, **build),
        columns=tuple(map(Column, declared)),
    )
    return Part(node, NodeCode(raw, sql, language, config=config or {}), columns)


def seed(name: str, *columns: str) -> Part:
    """A seed, whose columns the catalog knows."""
    return Part(Node(f"seed.p.{name}", "seed", name, "p", relation_name=f'"db"."main"."{name}"', build=Build("seed")), None, columns)


def data_test(name: str, sql: str, *parents: str, column: str = "", severity: str = "error") -> Part:
    """A data test by its compiled SQL."""
    ids = tuple(map(_id, parents))
    node = Node(f"test.p.{name}", "test", name, "p", parents=ids, test=DataTest(name, column=column, attached_node=ids[0], severity=severity))
    return Part(node, NodeCode("", sql))


def exposure(name: str, *parents: str, referenced: list[dict[str, str]] | None = None) -> Part:
    """An exposure, with Elementary's ``referenced_columns`` where it has them."""
    meta = {} if referenced is None else {"referenced_columns": referenced}
    return Part(Node(f"exposure.p.{name}", "exposure", name, "p", parents=tuple(map(_id, parents)), meta=meta, exposure=ExposureInfo("dashboard")))


def semantic(kind: str, name: str, *parents: str) -> Part:
    """A semantic model, metric or saved query."""
    return Part(Node(f"{kind}.p.{name}", kind, name, "p", parents=tuple(map(_id, parents))))


def build(
    *parts: Part,
    adapter: str = "duckdb",
    macros: dict[str, MacroCode] | None = None,
    store: Store | None = None,
    executor: Executor | None = None,
    limits: Limits = Limits(),  # noqa: B008  # frozen
) -> ProjectLineage:
    """A project of these parts. Nothing of it is read yet."""
    project = Project(ProjectInfo("p", "1.11.0", adapter), {part.node.unique_id: part.node for part in parts})
    code = Code({part.node.unique_id: part.code for part in parts if part.code is not None}, macros or {})
    tables = {part.node.unique_id: CatalogTable(part.node.unique_id, columns=dict.fromkeys(part.columns, "")) for part in parts if part.columns is not None}
    readings = Readings(project.nodes, lambda: code, adapter, templates=Templates(project, code), store=store, executor=executor or OneChild(), limits=limits)
    return ProjectLineage(LineageGraph.of(project), readings, Catalog(tables=tables))


class OneChild(Executor):
    """Parses everything in the child that this process keeps, so that a hundred small projects need no hundred children."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401  # the interface's own types
        """The answer, which is there at once."""
        future: Future[Any] = Future()
        batch, limits, *context = args
        plain = fn is read_batch and not kwargs and not any(context)
        future.set_result(shared(limits).read(batch) if plain else fn(*args, **kwargs))
        return future


class Templates:
    """What this project's templates are rendered with."""

    key = b"as it is"

    def __init__(self, project: Project, code: Code) -> None:
        self.project = project
        self.code = code

    def __call__(self) -> Context:
        """The context."""
        return Context.of(self.project, self.code)


def dropped(lineage: ProjectLineage, root: str, *columns: str, tests_block: bool = True) -> dict[str, Consequence]:
    """What a drop of columns does below their node."""
    found = consequences(lineage, {root: columns}, gone=True, tests_block=tests_block)
    return {unique_id: its for unique_id, its in found.items() if unique_id != root}


def wronged(lineage: ProjectLineage, root: str, *columns: str) -> dict[str, Consequence]:
    """What wrong values do below their node."""
    found = consequences(lineage, {root: columns}, gone=False)
    return {unique_id: its for unique_id, its in found.items() if unique_id != root}


def told(found: dict[str, Consequence]) -> dict[str, str]:
    """Effects by short name, ``may`` before what is not certain: ``{"stg": "may fails, wrong"}``."""
    return {
        unique_id.rpartition(".")[2]: ("" if its.certain else "may ") + ", ".join(effect.value for effect in its.effects) for unique_id, its in found.items()
    }


def hit(lineage: ProjectLineage, root: str, *columns: str, tests_block: bool = True) -> dict[str, str]:
    """As :func:`told`, of a drop."""
    return told(dropped(lineage, root, *columns, tests_block=tests_block))
