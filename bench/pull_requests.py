"""Pull requests that drop one column each, against DuckDB's binder and dbt's own builds; and cosmetic ones, of which nothing may be said.

    python -m bench.pull_requests TARGET [TARGET …] [--form exclude|list] [--build] [--only NAME …]

TARGET is a directory with manifest.json and, where there is one, catalog.json (each may be .gz) of a project on DuckDB. For every model in SQL and
every column of it there is a head in which its SQL is wrapped so that this column is no more; `aftershock.changes.check` says what that does, and
DuckDB's binder (bench/binder_oracle.py) what it does to whatever reads the model. Where dbt refuses to write a result without the column (a contract,
an existing incremental table) binding is not the question: the model itself is then left out, and what reads it counts as losing the columns.

With --build the target is shop's, and the truth what `dbt build` did without tests onto the existing warehouse (fixtures/truth): who fails, the model
itself included, who is skipped, and who loses which columns. Snapshots and tables that keep a column, without values in new rows, are left out of the
last: their relations lose nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from aftershock.artifacts import artifacts_from_bytes
from aftershock.artifacts.definitions import definitions_from_bytes
from aftershock.artifacts.results import read_catalog_bytes
from aftershock.changes import check
from aftershock.columns.opening import open_lineage
from bench.binder_oracle import load, solve
from bench.build_oracle import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Artifacts, Catalog
    from aftershock.model.changes import CheckReport
    from aftershock.model.definition import Definitions
    from bench.binder_oracle import Truth

REFUSALS: Final = ("its table", "its contract", "its configuration")
BUILT: Final = frozenset({"model", "snapshot", "seed"})
TESTS: Final = frozenset({"test"})


class Side(NamedTuple):
    """A project in memory."""

    artifacts: Artifacts
    reader: ProjectLineage
    definitions: Definitions


class Readings(dict[bytes, bytes]):
    """What was read of code before, for the next pull request."""

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:  # type: ignore[override]  # the store's interface
        """What is there of these keys."""
        return {key: self[key] for key in keys if key in self}

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Keep these."""
        self.update(values)


class Target:
    """A project as it is, and as pull requests make it."""

    def __init__(self, folder: Path, *, tests: bool = True) -> None:
        self.name = folder.name
        self.manifest = load(folder / "manifest.json")
        if not tests:
            self.manifest["nodes"] = {key: node for key, node in self.manifest["nodes"].items() if node["resource_type"] not in TESTS}
            self.manifest["unit_tests"] = {}
        raw = load(folder / "catalog.json") if any(folder.glob("catalog.json*")) else {}
        self.described = raw
        self.catalog: Catalog | None = read_catalog_bytes(json.dumps(raw).encode(), "catalog.json") if raw else None
        self.store = Readings()
        self.base = self.side(self.manifest)

    def side(self, manifest: Mapping[str, Any]) -> Side:
        """A manifest as a side of a comparison."""
        data = msgspec.json.encode(manifest)
        artifacts = artifacts_from_bytes(data)
        return Side(artifacts, open_lineage(artifacts, data=data, catalog=self.catalog, store=self.store), definitions_from_bytes(data, self.name))

    def check(self, edits: Mapping[str, Mapping[str, Any]]) -> CheckReport:
        """What aftershock says of a head in which some nodes have other fields."""
        nodes = {**self.manifest["nodes"], **{key: {**self.manifest["nodes"][key], **fields} for key, fields in edits.items()}}
        head = self.side({**self.manifest, "nodes": nodes})
        base = self.base
        return check(
            base.artifacts,
            head.artifacts,
            base_reader=base.reader,
            head_reader=head.reader,
            base_definitions=base.definitions,
            head_definitions=head.definitions,
        )

    def models(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every model in SQL that was compiled."""
        for unique_id, node in self.manifest["nodes"].items():
            if node["resource_type"] == "model" and node.get("language", "sql") == "sql" and node.get("compiled_code"):
                yield unique_id, node

    def readers(self, unique_id: str) -> set[str]:
        """What reads a node in its own SQL: its children, and those of ephemeral models between."""
        found: set[str] = set()
        todo = [unique_id]
        while todo:
            parent = todo.pop()
            for key, node in self.manifest["nodes"].items():
                if parent in node.get("depends_on", {}).get("nodes", []) and key not in found:
                    found.add(key)
                    todo.extend([key] if node["config"]["materialized"] == "ephemeral" else [])
        return found

    def without(self, unique_id: str, column: str, columns: Iterable[str], form: str) -> dict[str, dict[str, str]]:
        """A head in which a model no longer yields a column."""
        rest = ", ".join(f'"{name}"' for name in columns if name != column)
        start = f'select * exclude ("{column}")' if form == "exclude" else f"select {rest}"
        node = self.manifest["nodes"][unique_id]
        return {unique_id: {key: f"{start} from (\n{str(node[key]).rstrip().removesuffix(';')}\n)\n" for key in ("raw_code", "compiled_code") if node.get(key)}}


class Score(NamedTuple):
    """Counts of (effect, hit | false | missed), and a line for all that was not right."""

    counts: Counter[tuple[str, str]]
    wrong: list[str]

    def add(self, what: str, effect: str, said: set[str], true: set[str], may: set[str] = frozenset()) -> None:  # type: ignore[assignment]  # empty
        """Compare two sets; ``may`` is what was said not to be certain, which is neither right nor missed."""
        self.counts[effect, "unsure"] += len(true & may - said)
        true = true - (may - said)
        self.counts[effect, "hit"] += len(said & true)
        self.counts[effect, "false"] += len(said - true)
        self.counts[effect, "missed"] += len(true - said)
        self.wrong.extend(f"{what}: {item} is said to be hit ({effect}), and is not" for item in sorted(said - true))
        self.wrong.extend(f"{what}: {item} is hit ({effect}), and not said to be" for item in sorted(true - said))

    def line(self, effect: str) -> str:
        """Recall and precision of one effect."""
        hit, false, missed, unsure = (self.counts[effect, kind] for kind in ("hit", "false", "missed", "unsure"))
        recall, precision = (100 * hit / (hit + other) if hit + other else 100.0 for other in (missed, false))
        more = f", {unsure} more told as not certain" if unsure else ""
        return f"{effect:8} {hit + missed:5} in truth, recall {recall:6.2f} %, precision {precision:6.2f} % ({missed} missed, {false} false{more})"


def against_binder(target: Target, form: str, only: Iterable[str]) -> tuple[Score, int]:
    """Every column of every model, against DuckDB's binder; and how many columns dbt refuses to lose."""
    truth = solve(target.manifest, target.described)
    score, refused = Score(Counter(), []), 0
    wanted = set(only)
    for unique_id, node in target.models():
        columns = truth.columns.get(unique_id, [])
        if node["config"]["materialized"] == "ephemeral" or len(columns) < 2 or unique_id in truth.excluded:  # noqa: PLR2004  # DuckDB drops no last column
            continue
        for column in columns:
            name = f"{unique_id}.{column}"
            if wanted and name not in wanted:
                continue
            report = target.check(target.without(unique_id, column, columns, form))
            if unique_id in report.impact.fails or _keeps(node):
                refused += 1
                continue
            _score_binder(score, report, truth, name, target.readers(unique_id))
    return score, refused


def _keeps(node: Mapping[str, Any]) -> bool:
    """Whether the table keeps the column: binding is not the question."""
    config: Mapping[str, Any] = node["config"]
    return bool(config["materialized"] == "incremental" and config.get("on_schema_change") == "append_new_columns")


def _score_binder(score: Score, report: CheckReport, truth: Truth, name: str, readers: set[str]) -> None:
    unique_id, _, column = name.rpartition(".")
    effects = truth.effects.get(unique_id, {}).get(column)
    fails = set(effects.fails) if effects is not None else set()
    loses = {f"{node}:{lost.lower()}" for node, names in (effects.loses if effects is not None else {}).items() for lost in names}
    why = {proof.unique_id: proof.why for proof in report.impact.proofs}
    refused = {node for node in report.impact.fails if why.get(node, "").startswith(REFUSALS)}
    direct = readers & truth.reads.keys()  # what DuckDB could bind before the drop; a microbatch model has no compiled SQL
    said = {node for node in report.impact.fails if node in direct and node not in refused}
    lost = {f"{node}:{item.lower()}" for node, names in report.impact.loses_columns.items() if node in direct for item in names}
    lost |= {pair for pair in loses if pair.partition(":")[0] in refused}
    score.add(name, "fails", said, fails)
    score.add(name, "loses", lost, loses)


def against_build(target: Target, form: str, only: Iterable[str]) -> Score:
    """Every column of every model of shop, against what dbt did."""
    score = Score(Counter(), [])
    wanted = set(only)
    models = dict(target.models())
    for unique_id, columns in read().items():
        if unique_id not in models:
            continue
        for column, effects in columns.items():
            name = f"{unique_id}.{column}"
            if wanted and name not in wanted:
                continue
            impact = target.check(target.without(unique_id, column, columns, form)).impact
            may = {proof.unique_id for proof in impact.proofs if not proof.certain}
            loses = {node: names for node, names in effects.get("loses", {}).items() if node != unique_id}
            score.add(name, "fails", set(impact.fails) - set(impact.skipped), set(effects.get("fails", [])) & _built(target), may)
            score.add(name, "skipped", set(impact.skipped), set(effects.get("skipped", [])) & _built(target), may)
            said = {f"{node}:{item.lower()}" for node, names in impact.loses_columns.items() if _loses_for_good(target, node) for item in names}
            score.add(name, "loses", said, {f"{node}:{item.lower()}" for node, names in loses.items() for item in names})
    return score


def _built(target: Target) -> set[str]:
    return {key for key, node in target.manifest["nodes"].items() if node["resource_type"] in BUILT}


def _loses_for_good(target: Target, unique_id: str) -> bool:
    """Whether a relation itself loses what its query no longer yields."""
    node = target.manifest["nodes"][unique_id]
    return node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral" and not _keeps(node)


def cosmetic(target: Target) -> list[str]:
    """Every model written otherwise, one at a time; what is said of any of them, which should be nothing."""
    import sqlglot

    found: list[str] = []
    for unique_id, node in target.models():
        for name, sql in _rewrites(node["compiled_code"], sqlglot):
            report = target.check({unique_id: {"compiled_code": sql, "raw_code": f"-- a word\n\n{node['raw_code']}"}})
            found.extend(f"{unique_id}, {name}: {change.kind} {change.column} {change.reason}" for change in report.changes)
    return found


def _rewrites(sql: str, sqlglot: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  # imported late
    yield "a comment and a line", f"-- a word\n\n{sql.rstrip()}\n\n-- another\n"
    try:
        yield "printed", sqlglot.transpile(sql, read="duckdb", write="duckdb", pretty=True)[0]
    except sqlglot.errors.SqlglotError:
        return


def main() -> int:
    """Print the score of every target; 1 where anything was missed, or said of a cosmetic change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", type=Path, metavar="TARGET")
    parser.add_argument("--form", choices=("exclude", "list"), default="exclude")
    parser.add_argument("--build", action="store_true", help="against dbt's own builds of shop")
    parser.add_argument("--cosmetic", action="store_true", help="cosmetic changes of every model")
    parser.add_argument("--only", nargs="+", default=[], metavar="UNIQUE_ID.COLUMN")
    options = parser.parse_args()
    bad = 0
    for folder in options.targets:
        start = time.perf_counter()
        target = Target(folder, tests=not options.build)
        if options.cosmetic:
            said = cosmetic(target)
            print(f"{target.name}: cosmetic changes of {len(list(target.models()))} models, {len(said)} findings; {time.perf_counter() - start:.0f} s")
            print(*(f"    {line}" for line in said), sep="\n")
            bad += len(said)
            continue
        score, refused = (against_build(target, options.form, options.only), 0) if options.build else against_binder(target, options.form, options.only)
        print(f"{target.name}: {time.perf_counter() - start:.0f} s; {refused} columns that dbt refuses to lose, or keeps")
        for effect in ("fails", "skipped", "loses"):
            print(f"  {score.line(effect)}")
        print(*(f"    {line}" for line in score.wrong), sep="\n")
        bad += sum(number for (_, kind), number in score.counts.items() if kind == "missed")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
