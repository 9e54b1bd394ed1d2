"""Who acts where dbt cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.impact.people import owners_of
from aftershock.recovery.names import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aftershock.graph import LineageGraph
    from aftershock.model import Assessment, Group, Policy


class People:
    """Who is responsible for any node of the graph: as the assessment found it for affected ones, by the same order for others."""

    def __init__(self, assessment: Assessment, graph: LineageGraph, groups: Mapping[str, Group], policy: Policy) -> None:
        self._graph, self._groups, self._policy = graph, groups, policy
        self._labels: dict[str, list[str]] = {}
        for owned in assessment.owners:
            for unique_id in owned.nodes:
                self._labels.setdefault(unique_id, []).append(owned.owner.label)
        for consumer in assessment.consumers:  # those of other nodes only read them
            for unique_id in consumer.exposures:
                if graph.nodes[unique_id].exposure is not None:
                    self._labels.setdefault(unique_id, []).append(consumer.owner.label)

    def of(self, *unique_ids: str) -> str:
        """Names for a step's ``who``, each once; says it where nobody is declared."""
        found = {unique_id: tuple(self._of(unique_id)) for unique_id in unique_ids}
        named = dict.fromkeys(label for labels in found.values() for label in labels)
        nobodys = [unique_id for unique_id, labels in found.items() if not labels]
        if not nobodys:
            return ", ".join(named)
        owner, verb = ("owner", "is") if len(nobodys) == 1 else ("owners", "are")
        if named:
            return f"{', '.join(named)}, and the {owner} of {listed(nobodys, self._graph)}, who {verb} not declared"
        return f"{'its' if len(nobodys) == 1 else 'their'} {owner}, who {verb} not declared"

    def _of(self, unique_id: str) -> Iterator[str]:
        node = self._graph.nodes[unique_id]
        labels = self._labels.get(unique_id) or [owner.label for owner in owners_of(node, self._groups, self._policy)]
        yield from labels
        if not labels and node.source is not None and node.source.loader:
            yield f"whoever runs its loader, {node.source.loader}"
