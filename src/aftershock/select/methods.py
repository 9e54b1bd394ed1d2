"""The methods of dbt's selector grammar: each finds nodes by one property.

A method is a function of what can be known (:class:`Scope`), the criteria's arguments and its value; METHODS is the table of them.
Wildcards are those of fnmatch, in the case in which they are written.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from aftershock.errors import SelectionError
from aftershock.select.globs import path_matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aftershock.model import Freshness, Node, Project, Run

    Configs = Callable[[], Mapping[str, Mapping[str, Any]]]
    Patches = Callable[[], Mapping[str, str]]
    Method = Callable[["Scope", tuple[str, ...], object], Iterable[str]]

APART = frozenset({"source", "exposure", "metric", "semantic_model", "saved_query", "unit_test", "function"})
"""Resource types that a manifest keeps outside its ``nodes``."""

RESOURCE_TYPES = frozenset({*APART, "model", "seed", "snapshot", "test", "analysis", "operation", "rpc", "sql_operation", "doc", "macro", "group", "fixture"})
TEST_KINDS = {
    "generic": {"generic"},
    "schema": {"generic"},
    "singular": {"singular"},
    "data": {"generic", "singular"},
    "unit": {"unit"},
}
WILDCARDS = frozenset("*?[]")
MOST_SOURCE_PARTS = 3


class Scope(NamedTuple):
    """Everything that a method may ask.

    ``configs`` gives each node's whole config by unique_id, and ``patches`` the YAML file that describes it; both are called only by
    the methods that need them, since the decoded project does not hold these.
    """

    nodes: Mapping[str, Node]
    project: Project
    run: Run | None = None
    freshness: Freshness | None = None
    configs: Configs | None = None
    patches: Patches | None = None


def is_fqn_match(node: Node, selector: str) -> bool:
    """Whether dbt's bare names find this node: by its name, by dotted folders from its package on, or from its first folder on."""
    versioned = node.resource_type == "model" and bool(node.version)
    return _matches_fqn(node.fqn, selector, versioned=versioned) or _matches_fqn(node.fqn[1:], selector, versioned=versioned)


def _matches_fqn(fqn: tuple[str, ...], selector: str, *, versioned: bool) -> bool:
    if not fqn:
        return False
    parts = selector.split(".")
    leaf = fqn[-2] if versioned and len(fqn) > 1 else fqn[-1]
    if leaf == selector or (versioned and "_".join(fqn[-2:]) == "_".join(parts[-2:])):
        return True
    flat = ".".join(fqn).split(".")
    if len(flat) < len(parts):
        return False
    for place, part in enumerate(parts):
        if WILDCARDS.intersection(part):
            rest = fnmatchcase(".".join(flat[place:]), ".".join(parts[place:]))
            return rest or (len(parts) == 1 and fnmatchcase(leaf, selector))
        if flat[place] != part:
            return False
    return True


def _fqn(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    return (node.unique_id for node in scope.nodes.values() if node.resource_type != "source" and is_fqn_match(node, str(value)))


def _tag(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    return (node.unique_id for node in scope.nodes.values() if any(fnmatchcase(tag, str(value)) for tag in node.tags))


def _group(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    for node in scope.nodes.values():
        groupable = node.resource_type == "metric" or node.resource_type not in APART
        if node.group and groupable and not _is_inherited(node, scope) and fnmatchcase(node.group, str(value)):
            yield node.unique_id


def _is_inherited(node: Node, scope: Scope) -> bool:
    """Whether a test is in a group only since the node that it tests is; dbt does not find it by that group."""
    attached = scope.nodes.get(node.test.attached_node) if node.test else None
    return attached is not None and attached.group == node.group


def _access(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    return (node.unique_id for node in scope.nodes.values() if node.resource_type == "model" and (node.access or "protected") == value)


def _source(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    parts = str(value).split(".")
    if len(parts) > MOST_SOURCE_PARTS:
        raise SelectionError(f"source:{value}", "it has too many parts", "Write source:name, source:name.table or source:package.name.table")
    package = parts.pop(0) if len(parts) == MOST_SOURCE_PARTS else "*"
    name, table = parts if len(parts) > 1 else (parts[0], "*")
    for node in scope.nodes.values():
        info = node.source
        if info and fnmatchcase(node.package, package) and fnmatchcase(info.source_name, name) and fnmatchcase(node.name, table):
            yield node.unique_id


def _named(kind: str) -> Method:
    """The method that finds one resource type by ``name`` or ``package.name``."""

    def search(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
        *package, name = str(value).split(".")
        if len(package) > 1:
            raise SelectionError(f"{kind}:{value}", "it has too many parts", f"Write {kind}:name or {kind}:package.name")
        for node in scope.nodes.values():
            if node.resource_type == kind and fnmatchcase(node.package, package[0] if package else "*") and fnmatchcase(node.name, name):
                yield node.unique_id

    return search


def _path(scope: Scope, _: tuple[str, ...], value: object) -> Iterable[str]:
    return path_matches(str(value), scope.project, scope.nodes, scope.patches)


def _file(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    for node in scope.nodes.values():
        name = node.path.rpartition("/")[2]
        stem = name.rpartition(".")[0] or name
        if name and (fnmatchcase(name, str(value)) or fnmatchcase(stem, str(value))):
            yield node.unique_id


def _package(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    name = (value == "this" and scope.project.info.name) or str(value)
    return (node.unique_id for node in scope.nodes.values() if fnmatchcase(node.package, name))


def _config(scope: Scope, arguments: tuple[str, ...], value: object) -> Iterator[str]:
    if scope.configs is None:
        raise SelectionError(f"config:{value}", "it needs every node's config, which was not read", "Use another method")
    loose = arguments == ("severity",)
    for unique_id, config in scope.configs().items():
        node = scope.nodes.get(unique_id)
        if node is not None and (node.resource_type == "source" or node.resource_type not in APART):
            found = _descend(config, arguments)
            if _equals(found, value) or (loose and isinstance(found, str) and found.upper() == str(value).upper()):
                yield unique_id


def _descend(config: object, keys: tuple[str, ...]) -> object:
    """The value under a path of keys; None, which equals nothing that can be asked for, where there is none."""
    for key in keys:
        if not isinstance(config, dict):
            return None
        config = config.get(key)
    return config


def _equals(found: object, value: object) -> bool:
    """Whether a config value is what is asked for; a list, whether it holds that. A text can ask for a boolean."""
    wanted: list[object] = [value]
    if str(value).lower() in {"true", "false"}:
        wanted.append(str(value).lower() == "true")
    if isinstance(found, list):
        return any(item in found for item in wanted)
    return found == value or (isinstance(found, bool) and found in wanted)


def _test_name(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    for node in scope.nodes.values():
        name = node.test.name if node.test else node.name if node.resource_type == "unit_test" else ""
        if name and fnmatchcase(name, str(value)):
            yield node.unique_id


def _test_type(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    kinds = TEST_KINDS.get(str(value))  # YAML may hold what is not a text
    if kinds is None:
        raise SelectionError(f"test_type:{value}", "it is not a type of test", "Use generic, singular, unit or data")
    for node in scope.nodes.values():
        if _test_kind(node) in kinds:
            yield node.unique_id


def _test_kind(node: Node) -> str:
    if node.resource_type == "test":
        return "generic" if node.test and node.test.name else "singular"
    return "unit" if node.resource_type == "unit_test" else ""


def _resource_type(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    if str(value) not in RESOURCE_TYPES:
        raise SelectionError(f"resource_type:{value}", "it is not a resource type", f"Use one of {', '.join(sorted(RESOURCE_TYPES))}")
    return (node.unique_id for node in scope.nodes.values() if node.resource_type == value)


def _version(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    if str(value) not in {"latest", "prerelease", "old", "none"}:
        raise SelectionError(f"version:{value}", "it is not a kind of version", "Use latest, prerelease, old or none")
    everything = [*scope.project.nodes.values(), *scope.project.disabled.values()]
    latest = {(node.package, node.name): node.version for node in everything if node.is_latest}
    for node in scope.nodes.values():
        if node.resource_type == "model" and value in _version_kinds(node, latest.get((node.package, node.name), "")):
            yield node.unique_id


def _version_kinds(node: Node, latest: str) -> set[str]:
    if not node.version:
        return {"none"}
    if node.is_latest:
        return {"latest"}
    orders = {"prerelease": (latest, node.version), "old": (node.version, latest)}
    return {kind for kind, (lower, higher) in orders.items() if latest and _is_older(lower, higher)}


def _is_older(one: str, other: str) -> bool:
    try:
        return float(one) < float(other)
    except ValueError:
        return one < other


def _result(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    if scope.run is None:
        raise SelectionError(f"result:{value}", "it needs run_results.json beside the manifest", "Run dbt build, or name the nodes")
    return (unique_id for unique_id, result in scope.run.results.items() if result.status == value and unique_id in scope.nodes)


def _source_status(scope: Scope, _: tuple[str, ...], value: object) -> Iterator[str]:
    if value == "fresher":
        raise SelectionError("source_status:fresher", "it compares two sources.json", "Use source_status:pass, warn, error or runtime_error")
    if scope.freshness is None:
        raise SelectionError(f"source_status:{value}", "it needs sources.json beside the manifest", "Run dbt source freshness, or name the sources")
    wanted = str(value).replace("_", " ")
    return (unique_id for unique_id, source in scope.freshness.sources.items() if source.status == wanted and unique_id in scope.nodes)


def _state(_: Scope, __: tuple[str, ...], value: object) -> Iterator[str]:
    raise SelectionError(f"state:{value}", "it compares two manifests, and there is one", "Use dbt ls --state, and name what it lists")


METHODS: Mapping[str, Method] = {
    "fqn": _fqn,
    "tag": _tag,
    "group": _group,
    "access": _access,
    "source": _source,
    "path": _path,
    "file": _file,
    "package": _package,
    "config": _config,
    "test_name": _test_name,
    "test_type": _test_type,
    "resource_type": _resource_type,
    "state": _state,
    "exposure": _named("exposure"),
    "metric": _named("metric"),
    "result": _result,
    "source_status": _source_status,
    "version": _version,
    "semantic_model": _named("semantic_model"),
    "saved_query": _named("saved_query"),
    "unit_test": _named("unit_test"),
}
