"""Selections -> unique_ids, as dbt's own NodeSelector answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.errors import SelectionError
from aftershock.model import TEST_TYPES
from aftershock.select.grammar import Criteria, SetOperation, parse, parse_definition
from aftershock.select.methods import METHODS, Scope
from aftershock.select.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from collections.abc import Set as AbstractSet

    from aftershock.graph import LineageGraph
    from aftershock.model import Freshness, Node, Project, Run
    from aftershock.select.grammar import Indirect, Selection
    from aftershock.select.methods import Configs, Patches

LISTED_TYPES = frozenset({"model", "snapshot", "seed", "test", "source", "exposure", "metric", "saved_query", "semantic_model", "unit_test", "function"})
"""What ``dbt ls`` lists unless told otherwise: everything but analyses and operations."""

MOST_REFERENCES = 20


def select(  # noqa: PLR0913  # everything that a selector may ask for
    include: Sequence[str],
    exclude: Sequence[str],
    graph: LineageGraph,
    *,
    project: Project,
    run: Run | None = None,
    freshness: Freshness | None = None,
    configs: Configs | None = None,
    patches: Patches | None = None,
    indirect: Indirect = "eager",
    resource_types: Collection[str] | None = None,
) -> frozenset[str]:
    """The nodes that dbt's ``--select`` and ``--exclude`` mean; empty where nothing matches.

    Args:
        include: selectors, each of which may hold several with spaces between; none is everything.
        exclude: selectors of what is taken away.
        graph: the enabled nodes.
        project: the project of the graph: its name, its YAML selectors.
        run: for ``result:``.
        freshness: for ``source_status:``.
        configs: gives every node's whole config by unique_id, for ``config.…:``.
        patches: gives the YAML file that describes each node by unique_id, for ``path:`` of such files.
        indirect: which tests are taken along.
        resource_types: keep only these (``LISTED_TYPES`` is what ``dbt ls`` keeps); None keeps all.

    Raises:
        SelectionError: not a selector, or it needs what is not there.
    """
    selector = _Selector(graph, Scope(graph.nodes, project, run, freshness, configs, patches), indirect)
    chosen = selector.evaluate(parse(include, exclude)).direct
    return frozenset(unique_id for unique_id in chosen if resource_types is None or graph.nodes[unique_id].resource_type in resource_types)


class _Chosen(NamedTuple):
    """What a selection chooses, and tests that join it if a larger selection holds all their parents."""

    direct: AbstractSet[str]
    waiting: AbstractSet[str]


class _Selector:
    """Evaluates selections over one graph."""

    def __init__(self, graph: LineageGraph, scope: Scope, indirect: Indirect) -> None:
        self.graph = graph
        self.scope = scope
        self.indirect: Indirect = indirect

    def evaluate(self, selection: Selection, references: int = 0) -> _Chosen:
        """What a selection chooses; ``references`` counts the YAML selectors on the way to it."""
        if isinstance(selection, Criteria):
            return self._criteria(selection, references)
        parts = [self.evaluate(part, references) for part in selection.parts]
        direct = _combined(selection, [part.direct for part in parts])
        waiting = _combined(selection, [part.direct | part.waiting for part in parts])
        return _Chosen(self._joined(direct, waiting, selection.indirect or self.indirect), waiting)

    def _criteria(self, criteria: Criteria, references: int) -> _Chosen:
        if criteria.method != "selector":
            found = set(METHODS[criteria.method](self.scope, criteria.arguments, criteria.value))
        else:
            named = self._named(str(criteria.value), references)
            if not (criteria.childrens_parents or criteria.parents or criteria.children):
                return named
            found = set(named.direct)
        return self._with_tests(found | self._neighbours(criteria, found), criteria.indirect or self.indirect)

    def _named(self, name: str, references: int) -> _Chosen:
        """What a YAML selector of the project chooses, with the tests that it takes along itself."""
        selectors = self.scope.project.selectors
        if name not in selectors:
            close = nearest(name, selectors)
            raise SelectionError(f"selector:{name}", "the project has no YAML selector of this name", f"Did you mean {', '.join(close)}" if close else "")
        if references > MOST_REFERENCES:
            raise SelectionError(f"selector:{name}", "its definition refers to itself", "Correct it in selectors.yml and run dbt parse")
        entry = selectors[name]
        definition = entry.get("definition", entry) if isinstance(entry, dict) else entry
        return self.evaluate(parse_definition(definition, f"selector:{name}"), references + 1)

    def _neighbours(self, criteria: Criteria, found: AbstractSet[str]) -> AbstractSet[str]:
        added: set[str] = set()
        if criteria.childrens_parents:
            added |= self.graph.ancestors(self.graph.descendants(found)).keys()
        if criteria.parents:
            added |= self.graph.ancestors(found, depth=criteria.parents_depth).keys()
        if criteria.children:
            added |= self.graph.descendants(found, depth=criteria.children_depth).keys()
        return added

    def _with_tests(self, selected: AbstractSet[str], indirect: Indirect) -> _Chosen:
        """The selected nodes with the tests that they take along, and the tests that wait for their other parents."""
        if indirect == "empty":
            return _Chosen(selected, set())
        covered = self.graph.ancestors(selected).keys() | self._sources() if indirect == "buildable" else selected
        direct, waiting = set(selected), set[str]()
        for test in self._tests_below(selected):
            (direct if indirect == "eager" or covered >= set(test.parents) else waiting).add(test.unique_id)
        return _Chosen(direct, waiting)

    def _joined(self, direct: AbstractSet[str], waiting: AbstractSet[str], indirect: Indirect) -> AbstractSet[str]:
        """The nodes with the waiting data tests that find all their parents among them. Unit tests do not wait."""
        if indirect not in {"cautious", "buildable"} or direct == waiting:
            return direct
        covered = direct if indirect == "cautious" else self.graph.ancestors(direct).keys()
        tests = (self.graph.nodes[unique_id] for unique_id in waiting)
        return direct | {test.unique_id for test in tests if test.resource_type == "test" and covered >= set(test.parents)}

    def _tests_below(self, selected: AbstractSet[str]) -> list[Node]:
        below = {child for unique_id in selected for child in self.graph.children(unique_id)}
        return [node for node in map(self.graph.nodes.__getitem__, below) if node.resource_type in TEST_TYPES]

    def _sources(self) -> AbstractSet[str]:
        return {unique_id for unique_id, node in self.graph.nodes.items() if node.resource_type == "source"}


def _combined(operation: SetOperation, sets: Sequence[AbstractSet[str]]) -> AbstractSet[str]:
    if not sets:
        return set()
    first, *others = sets
    if operation.kind == "union":
        return set(first).union(*others)
    return set(first).intersection(*others) if operation.kind == "intersection" else set(first).difference(*others)
