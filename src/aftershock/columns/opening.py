"""A target directory -> column lineage that reads itself as far as it is asked for."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.artifacts.code import code_of, compiled_file
from aftershock.artifacts.definitions import definitions_of
from aftershock.artifacts.files import read_bytes
from aftershock.artifacts.pieces import Pieces, cut
from aftershock.artifacts.target import find_project_root, project_settings, read_catalog
from aftershock.cache import cache_dir
from aftershock.cache.shelf import Shelf
from aftershock.columns.jobs import Limits
from aftershock.columns.project import ProjectLineage
from aftershock.columns.readings import GRAPH, Readings, digest
from aftershock.graph import LineageGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from concurrent.futures import Executor

    from aftershock.columns.readings import Store
    from aftershock.jinja import Context
    from aftershock.model import Artifacts, Catalog, Project
    from aftershock.model.code import Code
    from aftershock.model.definition import Definitions

MOST_WORKERS = 8


def open_lineage(  # noqa: PLR0913  # what a project is read with
    artifacts: Artifacts,
    *,
    data: bytes | None = None,
    code: Code | None = None,
    uncompiled: Collection[str] = (),
    like: ProjectLineage | None = None,
    catalog: Catalog | None = None,
    dialect: str = "",
    variables: Mapping[str, Any] | None = None,
    store: Store | None = None,
    cached: bool = False,
    executor: Executor | None = None,
    limits: Limits = Limits(),  # noqa: B008  # frozen
    progress: Callable[[int, int], None] | None = None,
) -> ProjectLineage:
    """The column lineage of a project. Nothing is read before something is asked.

    Args:
        artifacts: what dbt left, from :func:`aftershock.read_artifacts`.
        data: the manifest's bytes, where ``artifacts`` come from bytes and not from a file.
        code: the project's code, where it is not as the manifest has it.
        uncompiled: nodes whose template is another one than dbt compiled: they are rendered.
        like: another reading whose templates are rendered with the same relations, macros and settings, which are then prepared once.
        catalog: what the warehouse says of its relations; the one beside the manifest where None.
        dialect: an adapter or dialect to read the SQL as, instead of the manifest's own.
        variables: values for ``var()`` where code must be rendered; they come before those of the last run and of dbt_project.yml.
        store: keeps what was read for the next question.
        cached: whether the user's cache folder does so, where no store is given.
        executor: runs the parsing in batches, such as a ``concurrent.futures`` or Dask executor; child processes of this one where None.
        limits: what one node's code may take.
        progress: told how many of how many nodes are parsed.
    """
    path = next((Path(file.path) for file in artifacts.files if file.kind == "manifest" and file.path), None)
    file = path if path is not None and data is None and path.is_file() else None
    target = file.parent if file is not None else None
    project = artifacts.project
    its = _Manifest(file, data, code)
    catalog = catalog if catalog is not None or target is None else read_catalog(target)
    readings = Readings(
        project.nodes,
        its.code,
        dialect or project.info.adapter,
        definitions=its.definitions,
        compiled=_compiled(target, project, its, uncompiled),
        templates=like.readings.templates if like is not None else _Templates(artifacts, its.code, target, catalog, variables or {}),
        store=store if store is not None or not cached else Shelf(cache_dir()),
        executor=executor if executor is not None else _pool(os.getpid()),
        limits=limits,
        progress=progress,
    )
    return ProjectLineage(LineageGraph.of(project), readings, catalog)


def _compiled(target: Path | None, project: Project, its: _Manifest, uncompiled: Collection[str]) -> Callable[[str], str] | None:
    """Gives the SQL that dbt wrote into ``target/compiled`` for a node."""
    if target is None:
        return None
    return lambda unique_id: "" if unique_id in uncompiled else compiled_file(target, project.nodes[unique_id], its.code().nodes[unique_id])


class _Manifest:
    """What a manifest has beyond its nodes, read once, when the first of it is asked for."""

    def __init__(self, file: Path | None, data: bytes | None, code: Code | None = None) -> None:
        self.file = file
        self.data = data
        self.given = code

    def code(self) -> Code:
        """Its code."""
        return self.given if self.given is not None else self._code

    @cached_property
    def _code(self) -> Code:
        return code_of(self._pieces, self._place)

    def definitions(self) -> Definitions:
        """What it says beyond nodes and code."""
        return self._definitions

    @cached_property
    def _definitions(self) -> Definitions:
        return definitions_of(self._pieces, self._place)

    @cached_property
    def _pieces(self) -> Pieces:
        if self.file is not None:
            return cut(read_bytes(self.file), self._place)
        return cut(self.data, self._place) if self.data is not None else Pieces()

    @property
    def _place(self) -> str:
        return str(self.file) if self.file is not None else "standard input"


class _Templates:
    """What templates are rendered with: the project's own settings, the last run's arguments, and what was given, the last first."""

    def __init__(self, artifacts: Artifacts, code: Callable[[], Code], target: Path | None, catalog: Catalog | None, variables: Mapping[str, Any]) -> None:
        self.project = artifacts.project
        self.code = code
        self.catalog = catalog
        root = find_project_root(target) if target is not None else None
        settings = project_settings(root) if root is not None else {}
        args = artifacts.run.args if artifacts.run is not None else {}
        declared, ran, dispatch = settings.get("vars"), args.get("vars"), settings.get("dispatch")
        self.vars = {**(declared if isinstance(declared, dict) else {}), **(ran if isinstance(ran, dict) else {}), **variables}
        self.target = {"name": args["target"]} if isinstance(args.get("target"), str) else {}
        self.dispatch = _dispatch(dispatch if isinstance(dispatch, list) else [])

    @cached_property
    def key(self) -> bytes:
        """Changes with whatever the rendering of any template depends on but its own node."""
        code, nodes = self.code(), self.project.nodes
        relations = [(unique_id, node.relation_name, node.materialized, node.version, node.is_latest) for unique_id, node in nodes.items()]
        asks_graph = any(GRAPH in macro.sql for macro in code.macros.values())
        settings = repr((sorted(self.vars.items(), key=str), self.target, self.dispatch, code.env, code.started_at if asks_graph else ""))
        macros = msgspec.msgpack.encode(sorted((macro.package, macro.name, macro.sql) for macro in code.macros.values()))
        return digest(settings.encode("utf-8", "backslashreplace"), macros, msgspec.msgpack.encode(relations), msgspec.msgpack.encode(self._columns()))

    def __call__(self) -> Context:
        """The context of the whole project."""
        return self._context

    @cached_property
    def _context(self) -> Context:
        from aftershock.jinja import Context

        return Context.of(self.project, self.code(), vars=self.vars, target=self.target, dispatch=self.dispatch, columns=self._columns())

    def _columns(self) -> dict[str, tuple[str, ...]]:
        """The columns of relations that the warehouse listed."""
        tables = self.catalog.tables if self.catalog is not None else {}
        return {unique_id: tuple(table.columns) for unique_id, table in tables.items() if unique_id in self.project.nodes}


def _dispatch(entries: list[Any]) -> dict[str, tuple[str, ...]]:
    """dbt_project.yml's ``dispatch`` by macro namespace."""
    pairs = [(item.get("macro_namespace"), item.get("search_order")) for item in entries if isinstance(item, dict)]
    return {str(namespace): tuple(map(str, order)) for namespace, order in pairs if namespace and isinstance(order, list)}


@cache
def _pool(_process: int) -> Executor:
    """The threads of this process that each keep one child for reading code, however many projects are opened. A forked process makes its own."""
    return ThreadPoolExecutor(_workers(), "aftershock-read")


def _workers() -> int:
    try:
        available = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        available = os.cpu_count() or 1
    return max(1, min(available, MOST_WORKERS))
