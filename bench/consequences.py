"""What aftershock says of every dropped column, against DuckDB's binder: recall, precision, and every miss.

    python -m bench.consequences TARGET [TARGET …]

TARGET is a directory with manifest.json and, where there is one, catalog.json (each may be .gz) of a project on DuckDB. Only what reads the
column's relation itself is compared: DuckDB says of each whether it still binds, and which output columns it has lost. That dbt refuses to
write a result (a contract, an existing incremental table) is no matter of binding, so such a node counts as one that loses the columns.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import aftershock
from aftershock.columns.consequences import consequences
from aftershock.model import Effect
from bench.binder_oracle import Truth, load, solve

if TYPE_CHECKING:
    from aftershock.model.lineage import Consequence

REFUSALS: Final = ("its table has", "its contract has", "its configuration names")


class Finding(NamedTuple):
    """Where a column of a relation is dropped, what a node there is said to do and what it does."""

    relation: str
    column: str
    node: str
    said: str
    truth: str


class Score(NamedTuple):
    """Counts of (effect, right, wrong, missed), and what was not right."""

    counts: Counter[tuple[str, str]]
    findings: list[Finding]
    truth: Truth

    def line(self, effect: str) -> str:
        """Recall and precision of one effect."""
        hit, false, missed = (self.counts[effect, kind] for kind in ("hit", "false", "missed"))
        recall = 100 * hit / (hit + missed) if hit + missed else 100.0
        precision = 100 * hit / (hit + false) if hit + false else 100.0
        return f"{effect:6} {hit + missed:5} in truth, recall {recall:6.2f} %, precision {precision:6.2f} % ({missed} missed, {false} false)"


def score(target: Path) -> Score:
    """Compare every column of every relation of a project."""
    manifest = load(target / "manifest.json")
    catalog = load(target / "catalog.json") if any(target.glob("catalog.json*")) else {}
    truth = solve(manifest, catalog)
    artifacts = aftershock.read_artifacts(target)
    reader = aftershock.open_lineage(artifacts, cached=False)
    counts: Counter[tuple[str, str]] = Counter()
    findings: list[Finding] = []
    for relation, columns in truth.columns.items():
        if relation not in reader.graph.nodes:
            continue
        for column in columns:
            found = consequences(reader, {relation: [column]}, gone=True, tests_block=False)
            effects = truth.effects.get(relation, {}).get(column)
            below = reader.graph.descendants((relation,))  # a source of the same relation has readers that dbt does not see: they are told apart
            fails = {node for node in effects.fails if node in below} if effects is not None else set()
            loses = {node: {name.lower() for name in names} for node, names in effects.loses.items() if node in below} if effects is not None else {}
            _count("fails", _fails(found, truth, relation), fails, relation, column, counts, findings)
            _count("loses", _pairs(_loses(found, truth, relation)), _pairs(loses), relation, column, counts, findings)
    return Score(counts, findings, truth)


def _fails(found: dict[str, Consequence], truth: Truth, relation: str) -> set[str]:
    return {
        node
        for node, its in found.items()
        if _reads(node, truth, relation) and Effect.FAILS in its.effects and its.certain and not its.why.startswith(REFUSALS)
    }


def _loses(found: dict[str, Consequence], truth: Truth, relation: str) -> dict[str, set[str]]:
    return {
        node: {name.lower() for name in its.columns}
        for node, its in found.items()
        if node != relation and _reads(node, truth, relation) and (Effect.LOSES_COLUMNS in its.effects or its.why.startswith(REFUSALS))
    }


def _reads(node: str, truth: Truth, relation: str) -> bool:
    """Whether DuckDB bound the node before the drop, and to this relation."""
    return node not in truth.excluded and (
        relation in truth.reads.get(node, {}) or any(node in (*its.fails, *its.loses) for its in truth.effects.get(relation, {}).values())
    )


def _pairs(found: dict[str, set[str]]) -> set[str]:
    return {f"{node}:{name}" for node, names in found.items() for name in names}


def _count(  # noqa: PLR0913, PLR0917  # one row of the comparison
    effect: str, said: set[str], true: set[str], relation: str, column: str, counts: Counter[tuple[str, str]], findings: list[Finding]
) -> None:
    counts[effect, "hit"] += len(said & true)
    counts[effect, "false"] += len(said - true)
    counts[effect, "missed"] += len(true - said)
    findings += [Finding(relation, column, node, effect, "not so") for node in sorted(said - true)]
    findings += [Finding(relation, column, node, "nothing", effect) for node in sorted(true - said)]


def main() -> int:
    """Print the score of every target; 1 where anything was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", type=Path, metavar="TARGET")
    missed = 0
    for target in parser.parse_args().targets:
        found = score(target)
        print(f"{target.name}: {sum(map(len, found.truth.columns.values()))} columns, {len(found.truth.excluded)} nodes excluded")
        for effect in ("fails", "loses"):
            print(f"  {found.line(effect)}")
        for finding in found.findings:
            print(f"    {finding.relation}.{finding.column}: {finding.node} said {finding.said}, truth {finding.truth}")
        missed += found.counts["fails", "missed"] + found.counts["loses", "missed"]
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
