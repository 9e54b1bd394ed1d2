"""Lineage from raw code alone, against lineage from what dbt compiled: how much is read, and how many edges agree.

    python -m bench.rendered_lineage TARGET [TARGET …]

The compiled SQL is taken from the manifest's code before anything is read, so that every model is rendered offline. Compared are the models that
both ways read: the DIRECT and INDIRECT edges of each output column and of the rows, by (column, parent's column).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

import aftershock
from aftershock.artifacts.code import read_code
from aftershock.columns.opening import open_lineage

if TYPE_CHECKING:
    from aftershock.columns.project import ProjectLineage
    from aftershock.columns.resolve import Resolved

Edges = set[tuple[str, str, str]]


class Score(NamedTuple):
    """Models with SQL, those read from compiled SQL and from raw code, and edges: in both, only in one of them; equal of the models in both."""

    models: int
    compiled: int
    raw: int
    partly: int
    both: int
    only_compiled: int
    only_raw: int
    equal: int
    reasons: Counter[str]


def score(target: Path) -> Score:
    """Read one project both ways."""
    artifacts = aftershock.read_artifacts(target)
    manifest = next(Path(file.path) for file in artifacts.files if file.kind == "manifest")
    models = [key for key, node in artifacts.project.nodes.items() if node.resource_type in {"model", "snapshot"} and node.language == "sql"]
    compiled, raw = open_lineage(artifacts), open_lineage(artifacts)
    code = read_code(manifest)
    bare = {key: msgspec.structs.replace(node, compiled="") for key, node in code.nodes.items()}
    raw.readings._code = msgspec.structs.replace(code, nodes=bare)  # noqa: SLF001  # no user has this wish
    raw.readings._compiled = None  # noqa: SLF001  # as above
    for reader in (compiled, raw):
        reader.read(models)
    both, left, right, equal = 0, 0, 0, 0
    for key in models:
        one, two = compiled.lineages[key].resolved, raw.lineages[key].resolved
        if one is not None and two is not None and code.nodes[key].compiled:
            ours, theirs = _edges(one), _edges(two)
            both, left, right = both + len(ours & theirs), left + len(ours - theirs), right + len(theirs - ours)
            equal += ours == theirs
    with_sql = [key for key in models if key in code.nodes and code.nodes[key].compiled.strip()]
    reasons = Counter(_short(raw.lineages[key].unread) for key in models if raw.lineages[key].resolved is None)
    return Score(
        len(models), _read(compiled, with_sql), _read(raw, models), sum(bool(raw.lineages[key].partly) for key in models), both, left, right, equal, reasons
    )


def _read(reader: ProjectLineage, keys: list[str]) -> int:
    return sum(reader.lineages[key].resolved is not None for key in keys)


def _edges(found: Resolved) -> Edges:
    """Edges of one model; a parent that is inlined counts as itself, which raw code names."""
    columns = {(key, relation, column) for _, key, inputs in found.columns for relation, column in inputs}
    return columns | {("", relation, column) for relation, column in found.rows}


def _short(reason: str) -> str:
    return reason.replace("it cannot be rendered without dbt: ", "")[:60]


def main() -> int:
    """Print the score of every target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", type=Path, metavar="TARGET")
    for target in parser.parse_args().targets:
        found = score(target)
        edges = found.both + found.only_compiled + found.only_raw
        print(f"{target.name}: {found.models} SQL models and snapshots, {found.compiled} read from compiled SQL")
        print(f"  from raw code alone: {found.raw} read ({100 * found.raw / found.models:.1f} %), {found.partly} of them with a setting taken as not set")
        print(
            f"  edges: {found.both} of {edges} in both ({100 * found.both / max(edges, 1):.2f} %), {found.only_compiled} only compiled, {found.only_raw} only raw"
        )
        print(f"  {found.equal} models with exactly equal edges; not read: {dict(found.reasons.most_common(5))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
