"""dbt itself as the truth of dropped columns: what a real build of shop does without one column.

    python -m bench.build_oracle [--only raw.payments.method …] [--output fixtures/truth/dropped_columns.json.gz]

Shop is built once, green. Then, on a copy of the warehouse file, one column is gone and `dbt build` runs again without
tests, as production runs it: incremental models are there, views too.

- A source: the column is dropped from the raw table, and everything is built.
- A model in SQL: its own query no longer yields the column (`select * exclude`), and it and all below it is built. It may
  be the one that fails: by its contract, or as an incremental model whose table still has the column.

Of each node it is kept whether it `fails`, is `skipped`, or passes and `loses` columns of its relation. What is in none
of these passes as before. The file has {unique_id: {column: {"fails": [unique_id], "skipped": [unique_id],
"loses": {unique_id: [column]}}}}, sorted; an effect that does not occur is left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HERE: Final = Path(__file__).resolve().parent
FIXTURE: Final = _HERE.parent / "fixtures" / "truth" / "dropped_columns.json.gz"
_WORKERS: Final = 2
_BUILD: Final = (
    "build",
    "--target",
    "prod",
    "--exclude-resource-type",
    "test",
    "unit_test",
    "--threads",
    "1",
    "--quiet",
    "--log-level",
    "none",
    "--log-level-file",
    "none",
)
_GREEN: Final = frozenset({"success", "no-op", "pass"})

Effects: TypeAlias = "dict[str, Any]"
"""{"fails": [unique_id], "skipped": [unique_id], "loses": {unique_id: [column]}}, without what does not occur."""


@dataclass(frozen=True, slots=True)
class Drop:
    """One column that is gone; `relation` is the quoted name of a source's table, `path` the file of a model."""

    unique_id: str
    column: str
    name: str
    """What `--only` takes: schema.table.column, or model.column with the model's name as dbt prints it."""
    relation: str = ""
    path: str = ""
    select: str = ""


_NO_DROP: Final = Drop("", "", "")


@dataclass
class Shop:
    """A green build of shop that belongs to one process: its directory, its relations by unique_id, and their columns."""

    project: Path
    relations: dict[str, str] = field(default_factory=dict)
    before: dict[str, set[str]] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        """The warehouse file that dbt works on."""
        return self.project / "target" / "shop.duckdb"

    @property
    def green(self) -> Path:
        """The warehouse file as the green build left it."""
        return self.project / "green.duckdb"


_shop = Shop(Path())
"""This worker process's own."""


def solve(only: Sequence[str] = ()) -> dict[str, dict[str, Effects]]:
    """Return the truth of all columns, or of those with these names; raise ValueError where green is not green."""
    from fixtures import build

    with tempfile.TemporaryDirectory(prefix="shop-truth-") as folder:
        base = Path(folder, "base")
        build.build_shop(base, full_artifacts=False)
        drops = [drop for drop in (*source_columns(base), *model_columns(base)) if not only or drop.name in only]
        context = multiprocessing.get_context("spawn")
        with context.Pool(_WORKERS, initializer=_start, initargs=(base, Path(folder))) as pool:
            untouched, *effects = pool.map(_effects, [_NO_DROP, *drops], chunksize=1)
            pool.close()  # the workers end by themselves, dbt's own processes with them
            pool.join()
    if untouched:
        message = f"shop: without any drop the build has {untouched}. Mend the project first."
        raise ValueError(message)
    truth: dict[str, dict[str, Effects]] = {}
    for drop, effect in zip(drops, effects, strict=True):
        truth.setdefault(drop.unique_id, {})[drop.column] = effect
    return truth


def source_columns(project: Path) -> list[Drop]:
    """Return every column of every source table in the warehouse of a build."""
    known = _columns(project / "target" / "shop.duckdb")
    return [
        Drop(unique_id, column, f"{source['schema']}.{source['name']}.{column}", relation=source["relation_name"])
        for unique_id, source in sorted(_manifest(project)["sources"].items())
        for column in sorted(known[_plain(source["relation_name"])])
    ]


def model_columns(project: Path) -> list[Drop]:
    """Return every column that the SQL of a model yields, ephemeral models included."""
    import duckdb

    drops: list[Drop] = []
    with duckdb.connect(str(project / "target" / "shop.duckdb"), read_only=True) as connection:
        for unique_id, node in sorted(_manifest(project)["nodes"].items()):
            if node["resource_type"] == "model" and node["language"] == "sql":
                own = node["package_name"] == "shop"
                path = node["original_file_path"] if own else f"dbt_packages/{node['package_name']}/{node['original_file_path']}"
                columns = [row[0] for row in connection.execute(f"describe {node.get('compiled_code') or 'from ' + node['relation_name']}").fetchall()]
                name = unique_id.split(".", 2)[2]
                drops.extend(Drop(unique_id, column, f"{name}.{column}", path=path, select=".".join(node["fqn"]).replace(" ", "?") + "+") for column in columns)
    return drops


def _manifest(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / "target" / "manifest.json").read_bytes()))


def _plain(relation: str | None) -> str:
    return (relation or "").replace('"', "").lower()


def _columns(warehouse: Path) -> dict[str, set[str]]:
    """Return the columns of each relation of a warehouse file, by its plain name."""
    import duckdb

    columns: dict[str, set[str]] = {}
    with duckdb.connect(str(warehouse)) as connection:
        views = connection.execute("select database_name, schema_name, view_name from duckdb_views() where not internal").fetchall()
        for name in views:
            _refresh(connection, ".".join(f'"{part}"' for part in name))
        rows = connection.execute("select lower(concat_ws('.', database_name, schema_name, table_name)), column_name from duckdb_columns() where not internal")
        for relation, column in rows.fetchall():
            columns.setdefault(relation, set()).add(column)
    return columns


def _refresh(connection: Any, view: str) -> None:  # noqa: ANN401 - duckdb is imported late
    """Let DuckDB look at a view anew; one that no longer binds keeps its columns."""
    import duckdb

    try:
        connection.execute(f"describe {view}")
    except duckdb.Error:
        return


def _start(base: Path, scratch: Path) -> None:
    """Give this worker a copy of the green build."""
    for name in [name for name in os.environ if name.startswith("DBT_")]:
        del os.environ[name]
    os.environ.update(TZ="UTC", DBT_SEND_ANONYMOUS_USAGE_STATS="false", DBT_USE_COLORS="false")
    _shop.project = scratch / f"worker-{os.getpid()}"
    shutil.copytree(base, _shop.project)  # not its links: a package's models are edited too
    os.chdir(_shop.project)
    _shop.relations = {key: _plain(node.get("relation_name")) for key, node in _manifest(_shop.project)["nodes"].items()}
    _shop.before = _columns(_shop.warehouse)
    _shop.warehouse.rename(_shop.green)


def _effects(drop: Drop) -> Effects:
    """Drop one column of a copy of the warehouse, build, and return what came of it."""
    shutil.copy(_shop.green, _shop.warehouse)
    if drop.relation:
        _alter(drop)
    with _without(drop):
        statuses = _build(drop.select)
    effects = {
        "fails": sorted(unique_id for unique_id, status in statuses.items() if status in {"error", "fail"}),
        "skipped": sorted(unique_id for unique_id, status in statuses.items() if status == "skipped"),
        "loses": _lost(statuses, _columns(_shop.warehouse)),
    }
    return {kind: found for kind, found in effects.items() if found}


def _alter(drop: Drop) -> None:
    """Drop the column from a source's table."""
    import duckdb

    with duckdb.connect(str(_shop.warehouse)) as connection:
        connection.execute(f'alter table {drop.relation} drop column "{drop.column}"')


@contextmanager
def _without(drop: Drop) -> Iterator[None]:
    """Leave the column out of a model's query, until the build has ended."""
    path = _shop.project / drop.path
    text = path.read_text("utf-8") if drop.path else ""
    if text:
        path.write_text(f'select * exclude ("{drop.column}") from (\n{text}\n)\n', "utf-8")  # noqa: S608 - our own model
    yield
    if text:
        path.write_text(text, "utf-8")


def _build(select: str) -> dict[str, str]:
    """Run dbt on everything, or on what is selected; return every node's status."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    ended: Any = dbtRunner().invoke([*_BUILD, *(["--select", select] if select else [])])
    connections: Any = DuckDBConnectionManager
    connections.close_all_connections()  # the warehouse file is replaced before the next build
    if ended.exception or not ended.result.results:
        message = f"dbt build {select}: {ended.exception or 'nothing was selected'}. Mend the selection or the project."
        raise ValueError(message)
    return {result.node.unique_id: str(result.status) for result in ended.result.results}


def _lost(statuses: dict[str, str], after: dict[str, set[str]]) -> dict[str, list[str]]:
    """Return the columns that the relations of passed nodes no longer have."""
    lost = {}
    for unique_id, status in sorted(statuses.items()):
        relation = _shop.relations.get(unique_id, "") if status in _GREEN else ""
        gone = _shop.before.get(relation, set()) - after.get(relation, set())
        if gone:
            lost[unique_id] = sorted(gone)
    return lost


def write(truth: dict[str, dict[str, Effects]], path: Path) -> None:
    """Write a truth, compressed; the bytes depend on the content alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(truth, indent=0, sort_keys=True) + "\n"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def read(path: Path = FIXTURE) -> dict[str, dict[str, Effects]]:
    """Read a truth that was written."""
    return dict(json.loads(gzip.decompress(path.read_bytes())))


def main() -> int:
    """Solve and write, or with `--only` print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="solve these and print them")
    parser.add_argument("--output", type=Path, default=FIXTURE)
    options = parser.parse_args()
    start = time.perf_counter()
    truth = solve(options.only)
    if options.only:
        print(json.dumps(truth, indent=1, sort_keys=True))
        return 0
    write(truth, options.output)
    print(f"{sum(map(len, truth.values()))} columns in {time.perf_counter() - start:.0f} s, {options.output.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
