"""Who acts where dbt cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aftershock.graph import LineageGraph
    from aftershock.model import Assessment


class People:
    """Owners by node, as the assessment found them."""

    def __init__(self, assessment: Assessment, graph: LineageGraph) -> None:
        self._nodes = graph.nodes
        self._labels: dict[str, list[str]] = {}
        for owned in assessment.owners:
            for unique_id in owned.nodes:
                self._labels.setdefault(unique_id, []).append(owned.owner.label)
        for consumer in assessment.consumers:
            for unique_id in consumer.exposures:
                self._labels.setdefault(unique_id, []).append(consumer.owner.label)

    def of(self, unique_id: str) -> str:
        """Names for a step's ``who``; says it where nobody is declared."""
        labels = self._labels.get(unique_id)
        if labels:
            return ", ".join(dict.fromkeys(labels))
        source = self._nodes[unique_id].source
        if source is not None and source.loader:
            return f"whoever runs its loader, {source.loader}"
        return "its owner, who is not declared"
