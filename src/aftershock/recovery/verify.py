"""The last phase: the commands and people that prove the repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.model import TEST_TYPES, Step
from aftershock.recovery.commands import batches
from aftershock.recovery.gates import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.recovery.carried import Carried
    from aftershock.recovery.people import People
    from aftershock.recovery.repair import Repair
    from aftershock.recovery.selectors import Selectors
    from aftershock.recovery.treatment import Treatment

FRESH = "These sources must be fresh again."
TESTED = "Every test on an affected node must pass."
COUNTED = "Count rows per batch or day against what these read: one that was left out fails no test."
SHOWN = "Compare with the same window of a day that was right: how many rows it holds now, from when to when."
NOT_TESTED = frozenset({"foreign", "exposure"})


def freshness_steps(sources: Sequence[str], graph: LineageGraph, selectors: Selectors, carried: Carried) -> Iterator[Step]:
    """``dbt source freshness`` for those of the sources that declare it."""
    declared = [unique_id for unique_id in sources if (info := graph.nodes[unique_id].source) is not None and info.freshness]
    for nodes, words in _selected(declared, selectors):
        yield Step("freshness", nodes, FRESH, argv=("dbt", "source", "freshness", "--select", *words, *carried.words))


def test_steps(treatments: Sequence[Treatment], graph: LineageGraph, selectors: Selectors, carried: Carried) -> Iterator[Step]:
    """``dbt test`` for the affected nodes that have tests; the steps' nodes are the tests."""
    tests = {item.unique_id: _tests(item.unique_id, graph) for item in treatments if item.shape not in NOT_TESTED}
    for nodes, words in _selected([unique_id for unique_id, found in tests.items() if found], selectors):
        chosen = tuple(sorted(set().union(*(tests[unique_id] for unique_id in nodes))))
        yield Step("test", chosen, TESTED, argv=("dbt", "test", "--select", *words, *carried.test_words, *carried.words))


def confirm_steps(treatments: Sequence[Treatment], people: People) -> Iterator[Step]:
    """One step for each owner of affected exposures."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for item in treatments:
        if item.rule.action == "confirm":
            grouped.setdefault((people.of(item.unique_id), item.rule.why), []).append(item.unique_id)
    for (_, why), nodes in sorted(grouped.items()):
        yield Step("confirm", tuple(sorted(nodes)), why, who=people.of(*nodes))


def count_steps(treatments: Sequence[Treatment], repair: Repair) -> Iterator[Step]:
    """What only a count proves: queries of the windows that were repaired, and one step for what has none."""
    windows = [item for item in treatments if item.span is not None or item.flags]
    found = repair.writer.counts([item for item in windows if item.rule.action != "leave"]) if repair.writer is not None else None
    if found is not None:
        query = found.text.rstrip().rstrip(";").replace("\n", " ")  # one line, as a command is
        inline = f"{{% raw %}}{query}{{% endraw %}}"
        argv = ("dbt", "show", "--inline", inline, "--limit", str(len(found.nodes)), *repair.kept.words) if "endraw" not in found.text else ()
        yield Step("confirm", found.nodes, SHOWN, argv=argv, who="" if argv else OPERATOR, sql=found.text)
    counted = tuple(item.unique_id for item in treatments if item.rule.count)
    if counted:
        yield Step("confirm", counted, COUNTED, who=OPERATOR)


def untested(treatments: Sequence[Treatment], graph: LineageGraph) -> tuple[str, ...]:
    """Affected relations that keep rows and have no test at all."""
    stored = (item.unique_id for item in treatments if item.is_built and graph.nodes[item.unique_id].is_stored)
    return tuple(unique_id for unique_id in stored if not _tests(unique_id, graph))


def _tests(unique_id: str, graph: LineageGraph) -> set[str]:
    return {child for child in graph.children(unique_id) if graph.nodes[child].resource_type in TEST_TYPES}


def _selected(unique_ids: Sequence[str], selectors: Selectors) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The nodes that can be selected, with their words, in runs that fit one command."""
    # a node without an exact selector has a step of its own that says so
    words = {unique_id: word for unique_id in unique_ids if (word := selectors.find(unique_id)) is not None}
    names, values = tuple(words), tuple(words.values())
    for batch in batches(values):
        yield names[batch], values[batch]
