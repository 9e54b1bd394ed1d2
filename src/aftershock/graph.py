"""The lineage graph: questions about who depends on whom.

A walk over adjacency answers what an assessment asks, in milliseconds. networkx is behind :attr:`LineageGraph.digraph` for every
other algorithm, and is loaded there only, because importing it costs as much as a whole assessment.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING

from aftershock.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    import networkx as nx

    from aftershock.model import Node, Project


class LineageGraph:
    """Every enabled resource of a project, with an edge from each node to those that depend on it.

    An edge whose other end is not an enabled node of the manifest is kept apart in ``dangling``.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes
        children: dict[str, list[str]] = {unique_id: [] for unique_id in nodes}
        dangling: list[tuple[str, str]] = []
        for unique_id, node in nodes.items():
            for parent in node.parents:
                siblings = children.get(parent)
                if siblings is None:
                    dangling.append((parent, unique_id))
                else:
                    siblings.append(unique_id)
        self._children = children
        self.dangling = tuple(dangling)

    @classmethod
    def of(cls, project: Project) -> LineageGraph:
        """The graph of a project's enabled nodes."""
        return cls(project.nodes)

    def __contains__(self, unique_id: object) -> bool:
        """Whether this is an enabled node."""
        return unique_id in self.nodes

    def children(self, unique_id: str) -> tuple[str, ...]:
        """Nodes that read ``unique_id`` directly, tests included."""
        return tuple(self._children[unique_id])

    def parents(self, unique_id: str) -> tuple[str, ...]:
        """Nodes that ``unique_id`` reads directly."""
        return tuple(parent for parent in self.nodes[unique_id].parents if parent in self.nodes)

    def descendants(self, seeds: Iterable[str], *, depth: int | None = None) -> dict[str, int]:
        """Everything downstream of the seeds, at most ``depth`` edges away, as {unique_id: fewest edges}; the seeds are there with 0."""
        return self._walk(seeds, self._children, depth)

    def ancestors(self, seeds: Iterable[str], *, depth: int | None = None) -> dict[str, int]:
        """Everything upstream of the seeds, as :meth:`descendants`."""
        return self._walk(seeds, {unique_id: self.parents(unique_id) for unique_id in self.nodes}, depth)

    def routes(self, seeds: Iterable[str], within: Container[str] | None = None) -> dict[str, tuple[str, ...]]:
        """One shortest path from a seed to each descendant, both ends included, in the order of a breadth-first walk.

        Only nodes in ``within`` are walked through, where it is given. Among equally short paths the one whose nodes come first in the alphabet wins, so that the same graph gives the same proof.
        """
        routes: dict[str, tuple[str, ...]] = {seed: (seed,) for seed in sorted(set(seeds))}
        frontier = list(routes)
        while frontier:
            reached: list[str] = []
            for unique_id in frontier:
                route = routes[unique_id]
                for child in sorted(self._children[unique_id]):
                    if child not in routes and (within is None or child in within):
                        routes[child] = (*route, child)
                        reached.append(child)
            frontier = reached
        return routes

    def in_order(self, unique_ids: Iterable[str]) -> tuple[str, ...]:
        """These nodes so that none comes before one that it depends on (through any path), ties by unique_id."""
        return tuple(unique_id for level in self.levels(unique_ids) for unique_id in level)

    def levels(self, unique_ids: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """These nodes in groups, each sorted, so that whatever a node depends on (through any path) is in a group before its own."""
        found: dict[int, list[str]] = {}
        for unique_id, rank in self.ranks(unique_ids).items():
            found.setdefault(rank, []).append(unique_id)
        return tuple(tuple(sorted(found[rank])) for rank in sorted(found))

    def ranks(self, unique_ids: Iterable[str]) -> dict[str, int]:
        """For each of these nodes the most edges of any path that leads to it from one of them: 0 depends on none of the others.

        Raises:
            ArtifactError: the manifest's edges form a cycle.
        """
        wanted = set(unique_ids)
        below = self.descendants(wanted)
        waiting = {unique_id: sum(parent in below for parent in self.nodes[unique_id].parents) for unique_id in below}
        ready = [unique_id for unique_id, parents in waiting.items() if not parents]
        ranks = dict.fromkeys(below, 0)
        for unique_id in ready:
            rank = ranks[unique_id] + 1
            for child in self._children[unique_id]:
                ranks[child] = max(ranks[child], rank)
                waiting[child] -= 1
                if not waiting[child]:
                    ready.append(child)  # a list may grow while it is walked: this is the queue
        if len(ready) < len(below):
            raise ArtifactError("manifest", f"its nodes depend on each other in a circle ({self._circle(below)})", "Run dbt parse and read its error")
        return {unique_id: ranks[unique_id] for unique_id in wanted}

    def _circle(self, unique_ids: Iterable[str]) -> str:
        import networkx as nx

        edges = nx.find_cycle(self.digraph.subgraph(unique_ids), sorted(unique_ids))
        return " -> ".join([edges[0][0], *(edge[1] for edge in edges)])

    @cached_property
    def digraph(self) -> nx.DiGraph[str]:
        """The same graph for networkx's own algorithms. Nodes are unique_ids; edges point downstream."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from((parent, child) for parent, children in self._children.items() for child in children)
        return graph

    @staticmethod
    def _walk(seeds: Iterable[str], adjacency: Mapping[str, Iterable[str]], limit: int | None) -> dict[str, int]:
        depths = dict.fromkeys(seeds, 0)
        queue = deque(depths)
        while queue:
            unique_id = queue.popleft()
            depth = depths[unique_id]
            if limit is not None and depth >= limit:
                continue
            for neighbour in adjacency[unique_id]:
                if neighbour not in depths:
                    depths[neighbour] = depth + 1
                    queue.append(neighbour)
        return depths
