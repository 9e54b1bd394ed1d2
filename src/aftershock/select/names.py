"""What a person types -> nodes.

An exact name beats one in another case, which beats a source's bare table name, which beats an alias, which beats a relation;
a file path comes last. Each of them must name one node, or nodes that are one thing: all versions of a model, all nodes of one
relation, all tables of a source. Everything else that has several candidates is an error which lists them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.errors import AmbiguousName, NothingListed, SelectionError, UnknownName
from aftershock.model import TABLE_TYPES, TEST_TYPES, Seed
from aftershock.phrases import listing
from aftershock.select.forms import KINDS, relation, relation_parts, spellings
from aftershock.select.index import Index, index_of
from aftershock.select.nearest import nearest
from aftershock.select.paths import files_at, in_file, is_path, is_properties
from aftershock.select.tested import merged, no_data, seeds_for, with_origins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aftershock.graph import LineageGraph
    from aftershock.model import Node

    Patches = Callable[[], Mapping[str, str]]


LISTED = 5


class Resolution(msgspec.Struct, frozen=True):
    """What several texts name: the seeds, and which texts were left out as (text, why)."""

    seeds: tuple[Seed, ...]
    skipped: tuple[tuple[str, str], ...] = ()


class _Found(NamedTuple):
    """Nodes that one text names, whether together or as rivals, and what was understood where that needs saying."""

    nodes: tuple[Node, ...] = ()
    note: str = ""
    rivals: bool = False


def resolve(
    text: str, graph: LineageGraph, disabled: Mapping[str, Node] | None = None, *, patches: Patches | None = None, tables: bool = False
) -> tuple[Seed, ...]:
    """The failing nodes that a text means.

    Args:
        text: a unique_id, a name, ``package.name``, a version (``dim.v2``), an alias, a relation in any case and quoting, a source
            (``raw.orders``), any of these after dbt's prefix (``source:``, ``exposure:`` …), or a file path. A test stands for what it tests,
            a YAML file for all that it defines or describes.
        graph: the nodes that there are.
        disabled: nodes that the project has switched off, so that an error can say so.
        patches: gives the YAML file that describes each node, relative to its project; only asked where a YAML file is named.
        tables: whether it is about columns: then a name that a table and something else share is the table's.

    Raises:
        AmbiguousName: it names several nodes; the error lists a spelling for each that names it alone.
        UnknownName: it names none; the error lists close names.
        SelectionError: it names a disabled node, a node that holds no data, a file that holds no node, or it is a selector.
    """
    return with_origins(_Resolver(graph, disabled, patches, tables=tables).seeds(text.strip()), graph)


def resolve_all(  # noqa: PLR0913  # the nodes and what is known about them
    texts: Iterable[str],
    graph: LineageGraph,
    disabled: Mapping[str, Node] | None = None,
    *,
    selected: Iterable[str] = (),
    skip_files: bool = False,
    patches: Patches | None = None,
    tables: bool = False,
) -> Resolution:
    """The failing nodes that several texts mean, each once, in order of first mention. Empty texts are passed over.

    Args:
        texts: as :func:`resolve` takes them.
        graph: the nodes that there are.
        disabled: nodes that the project has switched off.
        selected: unique_ids that a selector gave; analyses and hooks among them are left out instead of refused.
        skip_files: for lists that a program wrote, as ``git diff --name-only``: leave out file paths that hold no node instead of refusing
            them, and take every node that an ambiguous path may mean.
        patches: as for :func:`resolve`.
        tables: as for :func:`resolve`.

    Raises:
        NothingListed: every text of such a list is left out.
        SelectionError: as :func:`resolve`, or nothing at all was named.
    """
    resolver = _Resolver(graph, disabled, patches, listed=skip_files, tables=tables)
    seeds: list[Seed] = []
    skipped: list[tuple[str, str]] = []
    for text in filter(None, dict.fromkeys(text.strip() for text in texts)):
        why = resolver.add(text, seeds)
        if why:
            skipped.append((text, why))
    without = [node for unique_id in selected if no_data(node := graph.nodes[unique_id])]
    seeds += [seed for unique_id in selected if not no_data(node := graph.nodes[unique_id]) for seed in seeds_for(node, graph)]
    if not seeds and without:
        raise SelectionError("--select", f"all that it selects is no data: {listing([node.label for node in without], LISTED)}", "Select what they read")
    if not seeds and skipped:
        raise NothingListed(tuple(skipped))
    if not seeds:
        raise SelectionError("nodes", "no node is named", "Name a node, a relation or a model's file")
    return Resolution(with_origins(merged(seeds), graph), (*skipped, *((node.label, no_data(node)) for node in without)))


def spelling(node: Node, graph: LineageGraph) -> str:
    """The shortest text that names this node of the graph and no other; :func:`resolve` takes it."""
    return _spelling(node, index_of(graph))


def complete(prefix: str, graph: LineageGraph, limit: int = 50) -> tuple[str, ...]:
    """Unambiguous spellings of what can fail that begin with ``prefix`` in any case, sorted, at most ``limit``; tests only where nothing else does."""
    index = index_of(graph)
    failing = {unique_id for unique_id, node in graph.nodes.items() if not no_data(node)}
    tests = {unique_id for unique_id in failing if graph.nodes[unique_id].resource_type in TEST_TYPES}
    for unique_ids in (failing - tests, tests):
        found = {_completion(prefix.lower(), graph.nodes[unique_id], index) for unique_id in unique_ids} - {""}
        if found:
            return tuple(sorted(found)[:limit])
    return ()


def _completion(prefix: str, node: Node, index: Index) -> str:
    """The most readable unambiguous spelling that begins so, if there is one."""
    fitting = (text for text in spellings(node) if text.lower().startswith(prefix) and _is_only(text, node, index))
    return next(fitting, "")


class _Resolver:
    """Resolves texts over one graph. ``listed`` is whether a program wrote the file paths among them, which may then name several nodes or none."""

    def __init__(
        self, graph: LineageGraph, disabled: Mapping[str, Node] | None, patches: Patches | None = None, *, listed: bool = False, tables: bool = False
    ) -> None:
        self.graph = graph
        self.index = index_of(graph)
        self.disabled = Index(disabled or {})
        self.patches = patches
        self.listed = listed
        self.first = Index({key: node for key, node in graph.nodes.items() if node.resource_type in TABLE_TYPES}) if tables else None

    def seeds(self, text: str) -> tuple[Seed, ...]:
        """As :func:`resolve`."""
        if node := self.graph.nodes.get(text):
            return seeds_for(node, self.graph)
        found = _by_name(text, self.first) if self.first is not None else _Found()
        found = found if found.nodes else _by_name(text, self.index)
        if found.rivals:
            raise AmbiguousName(text, tuple(_spelling(node, self.index) for node in found.nodes))
        if not found.nodes:
            self._refuse_disabled(text)
            _refuse_selector(text)
            found = self._in_file(text)
        return merged(seed for node in found.nodes for seed in seeds_for(node, self.graph, found.note))

    def add(self, text: str, seeds: list[Seed]) -> str:
        """Add to ``seeds`` what a text means, or return why it is left out."""
        try:
            seeds += self.seeds(text)
        except SelectionError as error:
            if isinstance(error, AmbiguousName) or not (self.listed and is_path(text)):
                raise
            return error.problem
        return ""

    def _in_file(self, text: str) -> _Found:
        if not is_path(text):
            kind, _, name = _split(text)
            known = {node.label for node in self.graph.nodes.values() if node.resource_type == kind} if kind else self.index.labels
            problem = "no node has this name" if text else "it is empty"
            raise UnknownName(text or "name", problem, self._as_column(text) or nearest(name, known), "dbt ls lists the names that there are")
        index = self._files(text)
        found = in_file(text, index, self._spelling, listed=self.listed)
        nodes = tuple(self.graph.nodes[node.unique_id] for node in found)
        if len({(node.package, node.path) for node in files_at(text, index)}) > 1:
            return _Found(nodes, f"{text} may be any of {len(nodes)} nodes: {', '.join(map(self._spelling, nodes))}")
        how = "defined or described" if is_properties(text) else "defined"
        return _Found(nodes, f"{len(nodes)} nodes are {how} in {text}" if len(nodes) > 1 else "")

    def _as_column(self, text: str) -> tuple[str, ...]:
        """How to say it where the text is a node and its column."""
        head, _, column = text.rpartition(".")
        return (f"{head} --column {column}",) if head and column and ":" not in head and _by_name(head, self.index).nodes else ()

    def _files(self, text: str) -> Index:
        """Where to look for a file: a node that a YAML file describes counts as in it."""
        return self._described if is_properties(text) else self.index

    @cached_property
    def _described(self) -> Index:
        paths = self.patches() if self.patches is not None else {}
        there = {
            unique_id: msgspec.structs.replace(node, path=path.replace("\\", "/"))
            for unique_id, path in paths.items()
            if (node := self.graph.nodes.get(unique_id)) and not is_properties(node.path)
        }
        return Index({**self.graph.nodes, **there}) if there else self.index

    def _spelling(self, node: Node) -> str:
        return _spelling(self.graph.nodes[node.unique_id], self.index)

    def _refuse_disabled(self, text: str) -> None:
        is_file = is_path(text) and not files_at(text, self._files(text)) and files_at(text, self.disabled)
        if text in self.disabled.nodes or is_file or _by_name(text, self.disabled).nodes:
            raise SelectionError(text, "it is disabled, so dbt neither builds nor reads it", "Enable it and run dbt parse, or name a node that is enabled")


def _by_name(text: str, index: Index) -> _Found:
    """What a text names in every way but as a file."""
    kind, prefix, name = _split(text)
    if prefix == "source" and (tables := [node for node in index.nodes.values() if node.source and node.source.source_name == name]):
        return _Found(tuple(tables), f"{len(tables)} tables of the source {name}" if len(tables) > 1 else "")
    if found := index.named(name, kind) or index.named_alike(name, kind):
        return _one(text, found, index)
    if not kind or kind == "source":
        found = index.source_tables(name)
        if found:
            return _one(text, found, index)
    found = index.related(relation_parts(name), kind) or index.written_as(name, kind)
    return _one(text, found, index, by_relation=True) if found else _Found()


def _one(text: str, candidates: list[Node], index: Index, *, by_relation: bool = False) -> _Found:
    """The candidates as one thing where they are, else as rivals."""
    ids = {node.unique_id for node in candidates}
    nodes = [node for node in candidates if not (node.resource_type == "semantic_model" and ids.intersection(node.parents))]
    first = nodes[0]
    if len(nodes) == 1:
        return _Found((first,), _aside(text, first, index, alias=by_relation))
    if all(node.version and (node.package, node.name) == (first.package, first.name) for node in nodes):
        return _Found(tuple(nodes), f"{text} has {f'{len(nodes)} versions, all' if len(nodes) > 2 else 'two versions, both'} taken")  # noqa: PLR2004  # both
    if by_relation and len({relation(node) for node in nodes}) == 1:
        return _Found(tuple(nodes), f"{len(nodes)} nodes are the relation {'.'.join(relation(first))}: {', '.join(node.label for node in nodes)}")
    return _Found(tuple(nodes), rivals=True)


def _aside(text: str, node: Node, index: Index, *, alias: bool) -> str:
    """What to say of a text that names ``node`` where a person might have meant something else."""
    if alias and len(relation_parts(text)) == 1 and node.identifier.lower() != node.name.lower():
        return f"{text} is the alias of {node.label}"
    if node.source is None:
        sources = [other.label for other in index.by_name.get(text, ()) if other.source]
        return f"it is taken as the {node.resource_type}, not as the source {', '.join(sources)}" if sources else ""
    return f"it is taken as the source {node.label}" if text.lower() == node.name.lower() else ""


def _split(text: str) -> tuple[str, str, str]:
    """Resource type, prefix and name: ``("source", "source", "raw.orders")``; without a known prefix the first two are empty."""
    prefix, colon, name = text.partition(":")
    return (KINDS[prefix], prefix, name.strip()) if colon and prefix in KINDS else ("", "", text)


def _spelling(node: Node, index: Index) -> str:
    fitting = [text for text in spellings(node) if _is_only(text, node, index)]
    return min(fitting, key=len)


def _is_only(text: str, node: Node, index: Index) -> bool:
    """Whether a text names this node and no other."""
    if text in index.nodes:
        return text == node.unique_id
    if text != text.strip():
        return False
    return _by_name(text, index).nodes == (node,)


def _refuse_selector(text: str) -> None:
    """Say what to do with a text in dbt's selector grammar, which names sets of nodes."""
    from aftershock.select.grammar import METHOD_NAMES

    method = text.lstrip("@+0123456789").partition(":")[0].partition(".")[0]
    graph_operator = text[:1] in {"@", "+"} or text.rstrip("0123456789").endswith("+") or text.lstrip("0123456789")[:1] == "+"
    if graph_operator or "*" in text or "," in text or (":" in text and method in METHOD_NAMES and method not in KINDS):
        import shlex

        raise SelectionError(text, "it is a selector, which names a set of nodes", f"Use --select {shlex.quote(text)}")
