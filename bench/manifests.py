"""Write a dbt manifest (schema v12) of any size: the same seed and size give the same bytes.

Run as `python -m bench.manifests 10000 target/manifest.json`. Nodes are written one by one, so that memory
holds the edges only. About 4 kB per resource, near to large public manifests.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import resources, shapes
from bench.warehouse import (
    DOMAIN_SIZE,
    PACKAGE,
    RESOURCES_PER_MODEL,
    SOURCES_PER_DOMAIN,
    Model,
    models,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.shapes import Resource

TESTS_PER_MODEL: Final = 1.7
_EMPTY_SECTIONS: Final = ("docs", "groups", "selectors", "disabled", "group_map", "unit_tests", "functions")


@dataclass
class _Edges:
    """What was written so far, and what each of it reads."""

    parents: dict[str, list[str]] = field(default_factory=dict)

    def keep(self, written: Iterable[Resource]) -> Iterator[Resource]:
        """Pass resources through, remembering their edges."""
        for resource in written:
            depends_on = resource.get("depends_on", {})
            self.parents[str(resource["unique_id"])] = list(depends_on.get("nodes", ()))
            yield resource

    def children(self) -> dict[str, list[str]]:
        """Return the edges the other way round."""
        children: dict[str, list[str]] = {unique_id: [] for unique_id in self.parents}
        for unique_id, parents in self.parents.items():
            for parent in parents:
                children[parent].append(unique_id)
        return children


def write_manifest(path: Path, resource_count: int, *, seed: int = 1) -> int:
    """Write a manifest of about `resource_count` resources to `path` and return how many there are.

    Resources are everything that has an entry in `child_map`: models, tests, sources, exposures and the like.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    edges = _Edges()
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_chunks(resource_count, seed, edges))
    return len(edges.parents)


def _chunks(resource_count: int, seed: int, edges: _Edges) -> Iterator[str]:
    """Yield the manifest's text, section by section."""
    rng = random.Random(seed)
    made = list(models(max(1, round(resource_count / RESOURCES_PER_MODEL)), rng))
    domains = -(-len(made) // DOMAIN_SIZE)
    marts = [model for model in made if model.layer in {"fct", "rpt"}] or made
    semantic = marts[:: max(1, len(marts) // max(1, len(made) // 100))]
    sections: dict[str, Iterable[Resource]] = {
        "nodes": _nodes(made, rng),
        "sources": (resources.source(domain, table) for domain in range(domains) for table in range(SOURCES_PER_DOMAIN)),
        "exposures": (resources.exposure(number, rng.sample(marts, min(len(marts), rng.randint(1, 4)))) for number in range(max(1, len(made) // 80))),
        "semantic_models": map(resources.semantic_model, semantic),
        "metrics": map(resources.metric, semantic),
        "saved_queries": (resources.saved_query(number, semantic[number]) for number in range(0, len(semantic), 5)),
    }
    yield '{"metadata": ' + json.dumps(shapes.METADATA)
    for name, entries in sections.items():
        yield from _section(name, edges.keep(entries))
    yield from _section("macros", (resources.macro(number) for number in range(200 + len(made) // 10)))
    yield from (f', "{name}": {{}}' for name in _EMPTY_SECTIONS)
    yield ', "parent_map": ' + json.dumps(edges.parents)
    yield ', "child_map": ' + json.dumps(edges.children()) + "}"


def _section(name: str, entries: Iterable[Resource]) -> Iterator[str]:
    """Yield one top-level section, keyed by unique_id."""
    yield f', "{name}": {{'
    separator = ""
    for entry in entries:
        yield f"{separator}{json.dumps(entry['unique_id'])}: {json.dumps(entry)}"
        separator = ", "
    yield "}"


def _nodes(made: list[Model], rng: random.Random) -> Iterator[Resource]:
    """Yield every model with its tests, and a snapshot of each hundredth staging model."""
    by_id = {model.unique_id: model for model in made}
    owed = 0.0
    for number, model in enumerate(made):
        yield resources.model(model, by_id, rng)
        if model.layer == "stg" and number % 100 == 1:
            yield resources.snapshot(model)
        owed += TESTS_PER_MODEL
        kinds = ["unique", "not_null", "relationships", "accepted_values"][: int(owed)]
        owed -= len(kinds)
        for kind in kinds:
            yield resources.data_test(kind, model, by_id)


def main() -> None:
    """Write one manifest from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("resources", type=int, help="about how many resources")
    parser.add_argument("path", type=Path, help="where to write the manifest")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    count = write_manifest(options.path, options.resources, seed=options.seed)
    print(f"{options.path}: {count} resources of package {PACKAGE}, {options.path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
