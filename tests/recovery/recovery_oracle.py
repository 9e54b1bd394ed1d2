"""dbt-core's own selection over a manifest: what would this command really touch?"""

from __future__ import annotations

import gzip
import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ARTIFACTS = Path(__file__).parents[2] / "fixtures" / "artifacts"

TOUCHED = {
    ("dbt", "run"): {"model"},
    ("dbt", "seed"): {"seed"},
    ("dbt", "snapshot"): {"snapshot"},
    ("dbt", "test"): {"test", "unit_test"},
    ("dbt", "source"): {"source"},
    ("dbt", "build"): {"function"},
}
"""What each command runs of its selection; every ``dbt build`` that is printed names functions only."""


def content(scenario: str = "green") -> dict[str, Any]:
    """The manifest.json that dbt wrote for our shop."""
    return json.loads(gzip.decompress((ARTIFACTS / scenario / "manifest.json.gz").read_bytes()))


class DbtSelection:
    """One manifest, linked once."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        from dbt.artifacts.schemas.manifest import WritableManifest
        from dbt.compilation import Linker
        from dbt.contracts.graph.manifest import Manifest
        from dbt.flags import set_from_args
        from dbt.graph import Graph, NodeSelector

        set_from_args(Namespace(indirect_selection="eager"), {})
        loaded = Manifest.from_writable_manifest(WritableManifest.upgrade_schema_version(dict(manifest)))
        linker = Linker()
        linker.link_graph(loaded)
        self._selector = NodeSelector(Graph(linker.graph), loaded, include_empty_nodes=True)

    def select(self, words: Sequence[str]) -> frozenset[str]:
        """Everything that ``--select`` with these words takes, tests included."""
        from dbt.graph import parse_difference

        return frozenset(self._selector.get_selected(parse_difference(tuple(words), ()), warn_on_no_nodes=False))

    def touched(self, argv: Sequence[str]) -> frozenset[str]:
        """What a printed command runs: its selection, less the types that it does not run."""
        types = TOUCHED[argv[0], argv[1]]
        return frozenset(unique_id for unique_id in self.select(words_of(argv)) if unique_id.split(".", 1)[0] in types)


def words_of(argv: Sequence[str]) -> list[str]:
    """The words after ``--select``, up to the next option."""
    rest = list(argv[list(argv).index("--select") + 1 :])
    end = next((place for place, word in enumerate(rest) if word.startswith("--")), len(rest))
    return rest[:end]
