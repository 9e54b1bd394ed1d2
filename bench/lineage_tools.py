"""What the column lineage of a whole project costs: aftershock, dbt-colibri, parrant and a loop over plain sqlglot, in one run.

    python -m bench.lineage_tools TARGET [--repetitions 5]

TARGET is a directory with an uncompressed manifest.json and catalog.json. Each tool has a virtual environment of its own,
as its users have it. Every repetition runs each of them once, in turn; the figures are medians of whole processes, user
and system time together. The loop is what one writes with sqlglot alone: the catalog as schema, then `lineage()` for
each model, once a column or once a model.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bench import process
from bench.competitors import OURS, Competitor, install, install_ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.process import Run

_REPOSITORY: Final = Path(__file__).resolve().parent.parent
COLIBRI: Final = Competitor("dbt-colibri", ("dbt-colibri==0.3.7",), "colibri")
PARRANT: Final = Competitor("parrant", ("parrant==0.21.1",), "parrant")
PLAIN: Final = Competitor("sqlglot", ("sqlglot[c]==30.30.0",), "python")

Command: TypeAlias = Callable[[Path, Path], "list[str]"]
"""Takes the target directory and a scratch folder; an empty command is left out."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to resolve a project: its command, and what its scratch folder and output say about how much it found."""

    name: str
    command: Command
    found: Callable[[Path, str], str] = lambda _scratch, _stdout: ""


def aftershock_resolves_the_project(target: Path, _scratch: Path) -> list[str]:
    """Return the command by which aftershock resolves every column of the project in `target`, without a cache, INDIRECT edges included."""
    return [str(OURS.executable.with_name("python")), "-c", _WHOLE_PROJECT, str(target)]


_WHOLE_PROJECT: Final = """
import sys, aftershock
artifacts = aftershock.read_artifacts(sys.argv[1])
reader = aftershock.open_lineage(artifacts)
reader.read(key for key, node in artifacts.project.nodes.items() if node.resource_type in {"model", "snapshot"})
read = [found.resolved for found in reader.lineages.values() if found.resolved is not None]
columns = sum(len(inputs) for found in read for _, _, inputs in found.columns)
print(len(reader.lineages), len(read), columns, sum(len(found.rows) for found in read))
"""


def _colibri(target: Path, scratch: Path) -> list[str]:
    files = ["--manifest", str(target / "manifest.json"), "--catalog", str(target / "catalog.json")]
    return [str(COLIBRI.executable), "generate", *files, "--output-dir", str(scratch / "out"), "--disable-telemetry"]


def _colibri_found(scratch: Path, _stdout: str) -> str:
    edges = json.loads((scratch / "out" / "colibri-manifest.json").read_bytes())["lineage"]["edges"]
    errors = json.loads((scratch / "out" / "colibri-parsing-errors.json").read_bytes())
    return f"{len(edges)} edges, {len(errors)} models with an error"


def _parrant(target: Path, _scratch: Path) -> list[str]:
    """It has no command for a whole project, but resolves all of it before it answers about one column."""
    files = ["--manifest", str(target / "manifest.json"), "--catalog", str(target / "catalog.json")]
    return [str(PARRANT.executable), *files, "--format", "json", "--select", f"{_some_column(target)}+"]


def _parrant_found(_scratch: Path, stdout: str) -> str:
    confidence = json.loads(stdout[stdout.index("{") :])["impact"]["confidence"]
    return f"{confidence['resolved_models']} of {confidence['reachable_models']} models below one column"


def _some_column(target: Path) -> str:
    """Return model.column of the model that most models read directly."""
    catalog = json.loads((target / "catalog.json").read_bytes())["nodes"]
    children = json.loads((target / "manifest.json").read_bytes())["child_map"]
    models = [key for key in catalog if key.startswith("model.")]
    busiest = max(sorted(models), key=lambda key: len(children.get(key, [])))
    return f"{busiest.split('.')[2]}.{next(iter(catalog[busiest]['columns']))}"


def _loop(way: str) -> Command:
    """Return the command of the loop over plain sqlglot."""
    return lambda target, _scratch: [str(PLAIN.executable), "-m", "bench.lineage_tools", str(target), "--loop", way]


TOOLS: Final = (
    Tool("aftershock", aftershock_resolves_the_project, lambda _scratch, stdout: stdout.strip().splitlines()[-1][:80]),
    Tool("dbt-colibri 0.3.7", _colibri, _colibri_found),
    Tool("parrant 0.21.1", _parrant, _parrant_found),
    Tool("sqlglot, once a column", _loop("columns"), lambda _scratch, stdout: stdout.strip()),
    Tool("sqlglot, once a model", _loop("models"), lambda _scratch, stdout: stdout.strip()),
)


def measure(target: Path, repetitions: int) -> Iterator[tuple[str, ...]]:
    """Run every tool in turn and yield a line for each."""
    with tempfile.TemporaryDirectory(prefix="lineage-") as folder:
        homes = {tool.name: Path(folder, str(place)) for place, tool in enumerate(TOOLS)}
        runs: dict[str, list[Run]] = {tool.name: [] for tool in TOOLS}
        for home in homes.values():
            home.mkdir()
        for repetition in range(repetitions + 1):
            for tool in TOOLS:
                command = tool.command(target, homes[tool.name])
                if command:
                    ended = process.run(command, homes[tool.name], env=_environment(homes[tool.name]), cwd=homes[tool.name])
                    runs[tool.name].extend([ended] if repetition else [])  # the first one warms the file system's cache
        for tool in TOOLS:
            yield _line(tool, runs[tool.name], homes[tool.name])


def _environment(home: Path) -> dict[str, str]:
    """Return the variables that keep a tool's cache in its scratch folder and let it import this file."""
    cache = str(home / "cache")
    return {"PYTHONPATH": str(_REPOSITORY), "XDG_CACHE_HOME": cache, "AFTERSHOCK_CACHE_DIR": cache, "DO_NOT_TRACK": "1", "NO_COLOR": "1"}


def _line(tool: Tool, runs: list[Run], home: Path) -> tuple[str, ...]:
    """Return a tool's line of the table: its medians and what it found."""
    if not runs:
        return (tool.name, "-", "-", "-", "0", "no command yet")
    failed = next((run for run in runs if run.exit_code), None)
    if failed:
        return (tool.name, "-", "-", "-", str(len(runs)), failed.error)
    cpu, wall, peak = (median(getattr(run, part) for run in runs) for part in ("cpu_s", "wall_s", "peak_bytes"))
    return (tool.name, f"{cpu:.2f}", f"{wall:.2f}", f"{peak / 1e6:.0f}", str(len(runs)), tool.found(home, runs[-1].stdout))


def resolve_with_sqlglot(target: Path, way: str) -> str:
    """Resolve every column of every compiled model with sqlglot alone; return how many edges it found."""
    manifest = json.loads((target / "manifest.json").read_bytes())
    catalog = json.loads((target / "catalog.json").read_bytes())
    schema = _schema({**catalog["sources"], **catalog["nodes"]})
    edges, failed = 0, 0
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] in {"model", "snapshot"} and node.get("compiled_code") and node["language"] == "sql":
            columns = [column["name"] for column in catalog["nodes"].get(unique_id, {}).get("columns", {}).values()]
            counted = _edges(node["compiled_code"], columns if way == "columns" else None, schema, manifest["metadata"]["adapter_type"])
            edges += max(counted, 0)
            failed += counted < 0
    return f"{edges} edges, {failed} models with an error"


def _schema(entries: dict[str, Any]) -> Any:  # noqa: ANN401 - sqlglot is not where this file is checked
    """Return the catalog as sqlglot's schema."""
    from sqlglot.schema import MappingSchema

    nested: dict[str, Any] = {}
    for entry in entries.values():
        named = entry["metadata"]
        place = nested.setdefault(named["database"], {}).setdefault(named["schema"], {}).setdefault(named["name"], {})
        place.update({column["name"]: column["type"] for column in entry["columns"].values()})
    return MappingSchema(nested, dialect="duckdb")


def _edges(sql: str, columns: list[str] | None, schema: Any, dialect: str) -> int:  # noqa: ANN401 - as above
    """Return how many column edges one model has, -1 where sqlglot fails; all columns in one call for None."""
    from sqlglot import exp
    from sqlglot.lineage import lineage

    try:
        roots = list(lineage(None, sql, schema=schema, dialect=dialect).values()) if columns is None else []
        roots.extend(lineage(column, sql, schema=schema, dialect=dialect) for column in columns or ())
    except Exception:  # noqa: BLE001 - whatever it raises, it has no answer
        return -1
    return sum(len({node.name for node in root.walk() if not node.downstream and isinstance(node.expression, exp.Table)}) for root in roots)


def table(lines: list[tuple[str, ...]]) -> str:
    """Return lines of cells in columns."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def main() -> int:
    """Install what is missing, measure, and print the table; or run the loop, as one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--loop", choices=("columns", "models"), help="run the loop over sqlglot")
    options = parser.parse_args()
    if options.loop:
        print(resolve_with_sqlglot(options.target, options.loop))
        return 0
    problems = [install(tool) for tool in (COLIBRI, PARRANT, PLAIN)]
    if aftershock_resolves_the_project(options.target, Path()):
        problems.append(install_ours())
    for problem in filter(None, problems):
        print(problem, file=sys.stderr)
    print(f"{options.target.name}, {os.cpu_count()} processors; aftershock is {OURS.executable}")
    print(table([("", "cpu s", "wall s", "peak MB", "runs", "found"), *measure(options.target.resolve(), options.repetitions)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
