"""For every node of a manifest, what `dbt ls --select X+` lists, by dbt-core's own graph.

- `python -m bench.selection_oracle write OUT.json MANIFEST…` keeps dbt's answers.
- `python -m bench.selection_oracle compare MANIFEST…` compares them with aftershock's graph.
- `python -m bench.selection_oracle compare --subject child_map MANIFEST…` compares them with the manifest's own edges.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from bench import dbt_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Below: TypeAlias = Callable[[str], Collection[str]]


class Table(TypedDict):
    """Descendants without repeating a unique_id."""

    ids: list[str]
    below: list[list[int]]


_UNLISTED = frozenset({"analysis", "operation", "sql_operation"})
_SHOWN = 5


def all_descendants(path: Path) -> dict[str, frozenset[str]]:
    """Return the descendants of every node of a manifest, those without any included."""
    linked = dbt_graph.read(path)
    return {unique_id: linked.descendants(unique_id) for unique_id in linked.unique_ids()}


def compact(descendants: Mapping[str, Collection[str]]) -> Table:
    """Return descendants as a table of ids and, row by row, the positions of what is below each."""
    ids = sorted(descendants)
    position = {unique_id: place for place, unique_id in enumerate(ids)}
    return {"ids": ids, "below": [sorted(position[found] for found in descendants[unique_id]) for unique_id in ids]}


def expand(table: Table) -> dict[str, frozenset[str]]:
    """Return what `compact` was given."""
    ids = table["ids"]
    return {unique_id: frozenset(ids[place] for place in row) for unique_id, row in zip(ids, table["below"], strict=True)}


def by_child_map(path: Path) -> Below:
    """Answer from the manifest's own `child_map`, leaving out what dbt does not list."""
    content = json.loads(path.read_bytes())
    children: dict[str, list[str]] = content["child_map"]

    def below(unique_id: str) -> set[str]:
        found: set[str] = set()
        waiting = [unique_id]
        while waiting:
            fresh = [child for child in children.get(waiting.pop(), ()) if child not in found]
            found.update(fresh)
            waiting.extend(fresh)
        return {child for child in found if child.split(".")[0] not in _UNLISTED}

    return below


def by_aftershock(path: Path) -> Below:
    """Answer from aftershock's graph, leaving out what dbt does not list."""
    from aftershock.artifacts import read_project
    from aftershock.graph import LineageGraph

    graph = LineageGraph.of(read_project(path))

    def below(unique_id: str) -> set[str]:
        found = graph.descendants([unique_id])
        return {child for child in found if child != unique_id and child.split(".")[0] not in _UNLISTED}

    return below


def by_affected(path: Path) -> Below:
    """Answer with what an assessment calls affected, less the node itself, in every category: the set must not depend on it."""
    from aftershock.artifacts import read_project
    from aftershock.graph import LineageGraph
    from aftershock.impact import blast_radius
    from aftershock.model import Category, Seed

    project = read_project(path)
    graph = LineageGraph.of(project)

    def below(unique_id: str) -> set[str]:
        radii = [blast_radius([Seed(unique_id)], category, graph, info=project.info) for category in Category]
        found = {frozenset(item.unique_id for item in radius.affected if item.unique_id != unique_id) for radius in radii}
        return set(found.pop()) if len(found) == 1 else {"the categories disagree"}

    return below


_SUBJECTS = {"aftershock": by_aftershock, "affected": by_affected, "child_map": by_child_map}
_NEVER_AFFECTED = {"affected": frozenset({"test", "unit_test"})}
"""Resource types that dbt lists below a node, but that a subject leaves out on purpose."""


def compare(path: Path, below: Below, left_out: frozenset[str] = frozenset()) -> tuple[int, list[str]]:
    """Return how many nodes were compared, and one line for each whose descendants, less the types ``left_out``, differ from dbt's."""
    expected = all_descendants(path)
    differences = []
    for unique_id, everything in expected.items():
        right = {child for child in everything if child.split(".")[0] not in left_out}
        found = set(below(unique_id))
        if found != right:
            missing, extra = sorted(right - found), sorted(found - right)
            differences.append(f"{unique_id}: missing {missing[:_SHOWN]}, too many {extra[:_SHOWN]}")
    return len(expected), differences


def main() -> int:
    """Write or compare, as the command line says; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write")
    write.add_argument("out", type=Path)
    comparison = commands.add_parser("compare")
    comparison.add_argument("--subject", choices=_SUBJECTS, default="aftershock")
    for command in (write, comparison):
        command.add_argument("manifests", type=Path, nargs="+")
    options = parser.parse_args()
    if options.command == "write":
        tables = {str(path): compact(all_descendants(path)) for path in options.manifests}
        options.out.write_text(json.dumps(tables, separators=(",", ":")))
        return 0
    subject, left_out = _SUBJECTS[options.subject], _NEVER_AFFECTED.get(options.subject, frozenset())
    return max(_report(path, subject(path), left_out) for path in options.manifests)


def _report(path: Path, below: Below, left_out: frozenset[str]) -> int:
    """Compare one manifest and print the outcome; 1 where anything differs."""
    compared, differences = compare(path, below, left_out)
    print(f"{path}: {compared - len(differences)} of {compared} nodes have dbt's descendants")
    for line in differences[:_SHOWN]:
        print(f"  {line}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
