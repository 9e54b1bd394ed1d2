"""What is kept is asked for together, and what need not be read is not; a child stays for whoever asks again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from column_projects import build, model, source

from aftershock.columns import guard
from aftershock.columns.guard import read_batch
from aftershock.columns.jobs import Job, Limits
from aftershock.jinja import Context
from aftershock.model import Node, Project, ProjectInfo
from aftershock.model.code import Code, NodeCode

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = "source.p.raw"
WIDE = [
    source("raw", "id", "b"),
    *(model(f"stg_{place}", "select id, b from db.main.raw", ROOT) for place in range(20)),
    *(model(f"mart_{place}", f"select * from db.main.stg_{place}", f"stg_{place}") for place in range(20)),  # noqa: S608  # never run
]


class Kept:
    """A store in memory that tells what it was asked for, question by question."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.asked: list[list[bytes]] = []

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        self.asked.append(list(keys))
        return {key: self.values[key] for key in self.asked[-1] if key in self.values}

    def put(self, values: dict[bytes, bytes]) -> None:
        self.values.update(values)


def test_kept_lineages_are_asked_for_level_by_level_and_no_code_is() -> None:
    store = Kept()
    first = build(*WIDE, store=store)
    first.read(first.graph.nodes)
    store.asked.clear()
    again = build(*WIDE, store=store)
    again.read(again.graph.nodes)
    assert [len(keys) for keys in store.asked] == [20, 20]
    assert again.lineages == first.lineages
    assert again.statements("model.p.mart_3") == first.statements("model.p.mart_3")


def test_where_one_is_missing_the_others_are_still_taken_as_they_are_kept() -> None:
    store = Kept()
    first = build(*WIDE, store=store)
    first.read(first.graph.nodes)
    other = [part if part.node.name != "stg_7" else model("stg_7", "select b, id from db.main.raw", ROOT) for part in WIDE]
    changed = build(*other, store=store)
    changed.read(changed.graph.nodes)
    assert {key for key, lineage in changed.lineages.items() if lineage != first.lineages[key]} == {"model.p.stg_7", "model.p.mart_7"}


def context(schema: str) -> Context:
    node = Node("model.p.m", "model", "m", "p", relation_name=f'"db"."{schema}"."m"')
    return Context.of(Project(ProjectInfo("p", "1.11.0", "duckdb"), {node.unique_id: node}), Code({node.unique_id: NodeCode("select 1")}))


def test_two_projects_in_turn_keep_a_child_each_and_a_third_takes_the_oldest_place() -> None:
    limits = Limits(seconds=19)  # of this test alone
    node = Node("model.p.m", "model", "m", "p")
    job = Job(node.unique_id, "", "duckdb", node, NodeCode("select {{ target.name }} from {{ ref('m') }}"))

    def asked(found: Context | None) -> guard.Guard:
        (answer,) = read_batch([job if found is not None else Job("x", "select 1", "duckdb")], limits, found)
        assert answer.statements, answer.reason
        return next(item for item in reversed(guard._mine.guards) if item.limits == limits and (found is None or item.context == found))

    one, two = context("one"), context("two")
    first, second = asked(one), asked(two)
    assert first is not second
    assert asked(context("one")) is first
    assert asked(two) is second
    assert asked(None) in {first, second}
    asked(context("three"))
    assert len(guard._mine.guards) == guard.MOST_CHILDREN
    assert first not in guard._mine.guards
    assert first._child is None
