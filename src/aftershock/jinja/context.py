"""What a project's templates are rendered with, as plain data: it is built once and sent to the process that renders."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.jinja.adapters import internal_packages
from aftershock.jinja.graph import packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aftershock.model import Node, Project
    from aftershock.model.code import Code, NodeCode

REFERABLE = frozenset({"model", "seed", "snapshot"})


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """What ``ref()`` or ``source()`` can lead to."""

    unique_id: str
    package: str
    name: str
    version: str = ""
    is_latest: bool = False
    ephemeral: bool = False
    relation_name: str = ""
    database: str = ""
    schema: str = ""
    identifier: str = ""


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything but the node itself.

    ``referable`` is by name, ``sources`` by ``source.table``, ``macros`` by package, then name; ``sample`` is the name of some relation of
    the project, which shows how it quotes. The rest is as in :meth:`of`.
    """

    project: str
    adapter: str
    dbt_version: str
    started_at: str
    invocation_id: str
    referable: dict[str, tuple[Target, ...]]
    sources: dict[str, tuple[Target, ...]]
    macros: dict[str, dict[str, str]]
    functions: dict[str, tuple[Target, ...]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    vars: dict[str, Any] = {}
    package_vars: dict[str, dict[str, Any]] = {}
    target: dict[str, Any] = {}
    env: dict[str, str] = {}
    dispatch: dict[str, tuple[str, ...]] = {}
    sample: str = ""
    graph: bytes = b""

    @classmethod
    def of(  # noqa: PLR0913  # each is one thing that dbt knows and a manifest does not
        cls,
        project: Project,
        code: Code,
        *,
        vars: Mapping[str, Any] | None = None,  # noqa: A002  # dbt's word for them
        package_vars: Mapping[str, Mapping[str, Any]] | None = None,
        target: Mapping[str, Any] | None = None,
        columns: Mapping[str, Sequence[str]] | None = None,
        env: Mapping[str, str] | None = None,
        dispatch: Mapping[str, Sequence[str]] | None = None,
    ) -> Context:
        """The context of a manifest and of what is known beside it.

        Args:
            project: the manifest's nodes.
            code: the manifest's code.
            vars: dbt_project.yml's ``vars`` with those of the command line put over them; one that is named like a package
                and is a mapping holds that package's own.
            package_vars: by package, the ``vars`` of its own dbt_project.yml, which the project's come before.
            target: the profile's fields as far as they are known; ``type`` and, where the manifest leaves no doubt, ``schema``
                and ``database`` are added.
            columns: all columns of relations, in order, by unique_id; only of those that are completely known.
            env: values for ``env_var()``, for those that somebody wants to be known; the process's own are never read.
            dispatch: dbt_project.yml's ``dispatch``: the packages to search, by macro namespace.
        """
        nodes = project.nodes.values()
        macros: dict[str, dict[str, str]] = defaultdict(dict)
        for macro in code.macros.values():
            macros[macro.package][macro.name] = macro.sql
        info = project.info
        adapter = info.adapter or _adapter(macros)
        recorded = {f"DBT_ENV_CUSTOM_ENV_{key}": value for key, value in code.env.items()}
        return cls(
            project=info.name or _root(nodes),
            adapter=adapter,
            dbt_version=info.dbt_version,
            started_at=code.started_at or info.generated_at,
            invocation_id=info.invocation_id,
            referable=_grouped((node.name, _target(node)) for node in nodes if node.resource_type in REFERABLE),
            sources=_grouped((node.label, _target(node)) for node in nodes if node.source is not None),
            macros=dict(macros),
            functions=_grouped((node.name, _target(node)) for node in nodes if node.resource_type == "function"),
            columns={unique_id: tuple(names) for unique_id, names in (columns or {}).items()},
            vars=dict(vars or {}),
            package_vars={package: dict(values) for package, values in (package_vars or {}).items()},
            target={**_guessed_target(project, code), **(target or {})},
            env={**recorded, **(env or {})},
            dispatch={namespace: tuple(packages) for namespace, packages in (dispatch or {}).items()},
            graph=packed(project.nodes, code.nodes) if _reads_graph(code, internal_packages(adapter)) else b"",
            sample=next((node.relation_name for node in nodes if node.resource_type == "model" and node.relation_name), ""),
        )


def _target(node: Node) -> Target:
    return Target(
        node.unique_id,
        node.package,
        node.name,
        node.version,
        node.is_latest,
        node.materialized == "ephemeral",
        node.relation_name,
        node.database,
        node.schema,
        node.identifier or node.name,
    )


def _grouped(found: Iterable[tuple[str, Target]]) -> dict[str, tuple[Target, ...]]:
    groups: dict[str, list[Target]] = defaultdict(list)
    for key, target in found:
        groups[key].append(target)
    return {key: tuple(targets) for key, targets in groups.items()}


def _root(nodes: Iterable[Node]) -> str:
    """The project's name where the manifest does not say it (before v10): the package of most models."""
    packages = Counter(node.package for node in nodes if node.resource_type == "model")
    return packages.most_common(1)[0][0] if packages else ""


def _adapter(macros: Mapping[str, Any]) -> str:
    """The adapter where the manifest does not say it: dbt's packages of macros are named after it."""
    return next((package[4:] for package in macros if package.startswith("dbt_") and package[4:] in _COMMON), "")


_COMMON = frozenset({"snowflake", "bigquery", "redshift", "databricks", "postgres", "duckdb", "spark", "trino", "athena", "clickhouse", "sqlserver"})


def _guessed_target(project: Project, code: Code) -> dict[str, Any]:
    """The target's fields that the manifest gives away: a model without a schema of its own is built in the target's."""
    found: dict[str, Any] = {"type": project.info.adapter} if project.info.adapter else {}
    pairs = [(node, code.nodes[node.unique_id]) for node in project.nodes.values() if node.resource_type == "model" and node.unique_id in code.nodes]
    for field, keys in (("schema", ("schema",)), ("database", ("database", "dbname"))):
        values = {getattr(node, field) for node, its in pairs if _is_plain(its, field)} - {""}
        if len(values) == 1:
            found.update(dict.fromkeys(keys, values.pop()))
    return found


def _reads_graph(code: Code, internal: Sequence[str]) -> bool:
    return any("graph" in macro.sql for macro in code.macros.values() if macro.package not in internal) or any(
        "graph." in node.raw and "{" in node.raw for node in code.nodes.values()
    )


def _is_plain(code: NodeCode, field: str) -> bool:
    return field in code.config and not code.config[field]
