"""What is measured: a manifest, a node in it to ask about, and the true answer."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SAMPLE: Final = 64
_NOT_DATA: Final = frozenset({"test", "unit_test", "analysis", "operation"})


@dataclass(frozen=True, slots=True)
class Subject:
    """A question: what is downstream of `node` (a model's unique_id)? `truth` is the data that is."""

    name: str
    manifest: Path
    node: str
    truth: frozenset[str]
    resources: int
    """How many entries `child_map` has."""
    project: Path | None = None
    """The dbt project that the manifest belongs to, where it can be run."""

    @property
    def node_name(self) -> str:
        """The name to ask for: the model's own, without its package."""
        return self.node.split(".", 2)[2]

    @property
    def size(self) -> int:
        """The manifest's size in bytes."""
        return self.manifest.stat().st_size


def load(name: str, manifest: Path, *, node: str | None = None, project: Path | None = None) -> Subject:
    """Read a manifest and choose the node: the named one, else of 64 models the one with most below it.

    The models are spread evenly over the manifest and have a name that nothing else has, so that every tool
    understands it. Raises KeyError for a node that the manifest does not have.
    """
    content = json.loads(manifest.read_bytes())
    children: dict[str, list[str]] = content["child_map"]
    chosen = node or _busiest(children, _clear_names(content["nodes"]))
    truth = frozenset(found for found in _below(children, chosen) if found.split(".")[0] not in _NOT_DATA)
    return Subject(name, manifest, chosen, truth, len(children), project)


def _clear_names(nodes: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return the models whose name no other node has, versioned ones left out."""
    names = Counter(node["name"] for node in nodes.values())
    return sorted(
        unique_id for unique_id, node in nodes.items() if node["resource_type"] == "model" and names[node["name"]] == 1 and node.get("version") is None
    )


def _busiest(children: Mapping[str, Sequence[str]], candidates: Sequence[str]) -> str:
    """Return the candidate with most below it, out of an even sample."""
    step = max(1, len(candidates) // _SAMPLE)
    return max(candidates[::step], key=lambda unique_id: (len(_below(children, unique_id)), unique_id))


def _below(children: Mapping[str, Sequence[str]], start: str) -> set[str]:
    """Return everything that can be reached from a node, the node itself left out."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = [child for child in children[waiting.pop()] if child not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found
