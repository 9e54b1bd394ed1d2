"""Run cases of node selection, stated by dbt's own unit tests, through aftershock's selector or dbt's.

    python -m bench.selection_cases CASES.jsonl [--engine aftershock|dbt]

A case is one of four forms, told apart by its keys:

- `graph`: nodes and edges; `expected` are unique_ids.
- `manifest`: a manifest file beside the cases; `expected` are names as one method finds them, before dbt adds the
  tests of what it found. What a selection gives is that and those tests, so that is what is asked for here.
- `expected_parse`: how one argument is to be understood. It is tried on a chain of 300 models above and below the
  node that the value names, where every reading selects something else.
- `expected_error`: an argument that has to be refused.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bench import tiny_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Engine: TypeAlias = Callable[[Path], Callable[[Sequence[str], Sequence[str]], frozenset[str]]]
    """Takes the path of a manifest; returns a function from --select and --exclude to the unique_ids selected."""

_CHAIN: Final = 300
_METHOD_SECTIONS: Final = ["nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions"]


@dataclass(frozen=True, slots=True)
class Case:
    """One question: a manifest, the arguments, and the unique_ids that are right, or None for an error."""

    name: str
    form: str
    content: dict[str, Any]
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    expected: frozenset[str] | None


def read_cases(path: Path) -> Iterator[Case]:
    """Yield the usable cases of a file of one JSON object a line."""
    for line in path.read_text().splitlines():
        raw = json.loads(line)
        if raw["usable"]:
            yield _case(raw, path.parent)


def _case(raw: dict[str, Any], folder: Path) -> Case:
    """Return a case of any form as a manifest and what it selects."""
    select, exclude = tuple(raw["select"]), tuple(raw.get("exclude", ()))
    if "graph" in raw:
        content, renamed = _from_graph(raw["graph"])
        return Case(raw["id"], "graph", content, select, exclude, frozenset(renamed[found] for found in raw["expected"]))
    if "manifest" in raw:
        content = _completed(json.loads((folder / raw["manifest"]).read_bytes()))
        return Case(raw["id"], "manifest", content, select, exclude, _with_tests(content, set(raw["expected"])))
    if raw.get("expected_error"):
        content, _ = _chain({"method": "fqn", "value": "a"})
        return Case(raw["id"], "refusal", content, select, exclude, None)
    content, expected = _chain(raw["expected_parse"])
    return Case(raw["id"], "parse", content, select, exclude, expected)


def _from_graph(graph: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a graph as a manifest, and what each node's unique_id became (dbt's tests leave out the resource type)."""
    renamed = {unique_id: f"model.{unique_id}" for unique_id in graph["nodes"]}
    nodes = [
        tiny_manifest.model(
            renamed[unique_id],
            node["fqn"],
            tags=node["tags"],
            parents=[renamed[parent] for parent, child in graph["edges"] if child == unique_id],
        )
        for unique_id, node in graph["nodes"].items()
    ]
    return tiny_manifest.manifest(nodes), renamed


def _completed(content: dict[str, Any]) -> dict[str, Any]:
    """Put back two keys that the cases' manifests lack for being null, without which dbt misreads or refuses them."""
    for node in content["nodes"].values():
        if "test_metadata" in node:
            node["test_metadata"].setdefault("namespace", None)
    for saved_query in content["saved_queries"].values():
        saved_query["query_params"].setdefault("where", None)
    return content


def _with_tests(content: dict[str, Any], names: set[str]) -> frozenset[str]:
    """Return the nodes with these names, and the tests and unit tests that read one of them."""
    entries = {key: entry for section in _METHOD_SECTIONS for key, entry in content.get(section, {}).items()}
    found = {unique_id for unique_id, entry in entries.items() if _search_name(entry) in names}
    tests = {unique_id for unique_id, entry in entries.items() if entry["resource_type"] in {"test", "unit_test"} and found & set(entry["depends_on"]["nodes"])}
    return frozenset(found | tests)


def _search_name(entry: dict[str, Any]) -> str:
    """Return the name that dbt's tests know a node by."""
    if entry["resource_type"] == "source":
        return f"{entry['source_name']}.{entry['name']}"
    return entry["name"] if entry.get("version") is None else f"{entry['name']}.v{entry['version']}"


def _chain(parse: dict[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """Return a chain of models through the node that a value names, and what the parsed argument selects of it.

    The node is `pkg.a`, `pkg.a.b` or `pkg.a.b.c`, a source's table for the method source, tagged for the method
    tag. A model beside the chain reads nothing and is read by the model right below the node: only `@` finds it.
    """
    method, value = parse["method"], parse["value"]
    above = [] if method == "source" else [f"model.pkg.up_{place}" for place in range(_CHAIN, 0, -1)]
    below = [f"model.pkg.down_{place}" for place in range(1, _CHAIN + 1)]
    centre = "source.pkg.a.t" if method == "source" else "model.pkg.centre"
    fqn = ["pkg", "x"] if method == "tag" else ["pkg", *value.replace("*", "c").split(".")]
    path = [*above, centre, *below]
    nodes = [
        tiny_manifest.model(
            unique_id,
            fqn if unique_id == centre else ["pkg", unique_id.rpartition(".")[2]],
            tags=["a"] if unique_id == centre and method == "tag" else [],
            parents=[*path[max(place - 1, 0) : place], *(["model.pkg.beside"] if unique_id == below[0] else [])],
        )
        for place, unique_id in enumerate(path)
        if not unique_id.startswith("source.")
    ]
    nodes.append(tiny_manifest.model("model.pkg.beside", ["pkg", "beside"]))
    sources = [tiny_manifest.source(centre, "a", "t")] if method == "source" else []
    return tiny_manifest.manifest(nodes, sources), _selected(parse, above, centre, below)


def _selected(parse: dict[str, Any], above: list[str], centre: str, below: list[str]) -> frozenset[str]:
    """Return what an argument selects of the chain, by what it was to be parsed into."""
    found = {centre}
    if parse.get("parents"):
        depth = parse["parents_depth"]
        found.update(above if depth is None else above[-depth:])
    if parse.get("children"):
        found.update(below[: parse["children_depth"]])
    if parse.get("childrens_parents"):
        found.update(above, below, ["model.pkg.beside"])
    return frozenset(found)


def by_aftershock(path: Path) -> Callable[[Sequence[str], Sequence[str]], frozenset[str]]:
    """Select with aftershock."""
    from aftershock.artifacts import read_configs, read_project
    from aftershock.graph import LineageGraph
    from aftershock.select import LISTED_TYPES, select

    project = read_project(path)
    return partial(select, graph=LineageGraph.of(project), project=project, configs=lambda: read_configs(path), resource_types=LISTED_TYPES)


def by_dbt(path: Path) -> Callable[[Sequence[str], Sequence[str]], frozenset[str]]:
    """Select with dbt-core, to prove the cases and this runner."""
    from bench import dbt_graph

    return dbt_graph.read(path).select


_ENGINES: Final[dict[str, Engine]] = {"aftershock": by_aftershock, "dbt": by_dbt}


def check(case: Case, engine: Engine, scratch: Path) -> str:
    """Return what is wrong with an engine's answer, or an empty string."""
    path = scratch / "manifest.json"
    path.write_text(json.dumps(case.content))
    try:
        found = engine(path)(case.select, case.exclude)
    except Exception as error:  # noqa: BLE001 - whatever an engine raises is its answer
        return "" if case.expected is None else f"raised {type(error).__name__}: {error}"
    if case.expected is None:
        return f"not refused: selects {len(found)} nodes"
    missing, extra = sorted(case.expected - found), sorted(found - case.expected)
    return f"missing {missing[:5]}, too many {extra[:5]}" if missing or extra else ""


def main() -> int:
    """Run all cases and say how many of how many pass, form by form; 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--engine", choices=_ENGINES, default="aftershock")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="selection-") as folder:
        for case in read_cases(options.cases):
            problem = check(case, _ENGINES[options.engine], Path(folder))
            total[case.form] += 1
            passed[case.form] += not problem
            if problem:
                print(f"{case.name} {case.select} {case.exclude}: {problem}")
    for form in sorted(total):
        print(f"{form}: {passed[form]} of {total[form]}")
    print(f"in all: {passed.total()} of {total.total()}")
    return 0 if passed == total else 1


if __name__ == "__main__":
    sys.exit(main())
