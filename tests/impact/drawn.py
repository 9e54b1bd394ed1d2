"""Random small projects with random metadata, for laws that hold for all of them."""

from __future__ import annotations

from typing import Any

import msgspec
from building import data_test, exposure, freshness_of, model, node, source
from hypothesis import strategies as st

from aftershock.model import Column, Export, Freshness, Node, Owner, Result, Run, Seed

OWNERS = st.sampled_from([(), (Owner("Ann"),), (Owner("Ann", "ann@shop.example"),), (Owner(slack="@bob"),)])
MARKING_META = frozenset({"tier", "gdpr", "pii", "customer_facing", "billing"})
MARKING_TAGS = frozenset({"sla", "external", "pci", "finance"})
PLAIN: list[dict[str, Any]] = [
    {},
    {"meta": {"owner": "@ann", "note": "finance matters here"}, "group": "core"},
    {"meta": {"tier": "gold", "owner": "bob@shop.example"}, "tags": ("nightly", "foo_finance")},
    {"meta": {"gdpr": False, "pii": False, "owner": ""}, "columns": (Column("id"),)},
]
MARKED: list[dict[str, Any]] = [
    {"meta": {"tier": 1, "owner": "@ann"}},
    {"meta": {"gdpr": True}, "tags": ("nightly",)},
    {"meta": {"pii": True}},
    {"meta": {"customer_facing": True, "billing": True}},
    {"tags": ("sla", "nightly")},
    {"tags": ("external", "finance")},
    {"columns": (Column("card", tags=("pci",)),)},
    {"columns": (Column("ssn", meta={"pii": True}),)},
]
BOARDS: list[dict[str, Any]] = [{}, {"meta": {"tier": 1}}, {"tags": ("pci",)}, {"meta": {"note": "x"}}]


class Drawn(msgspec.Struct, frozen=True):
    """A project, some failing nodes of it, and what dbt said."""

    nodes: dict[str, Node]
    seeds: tuple[Seed, ...]
    run: Run | None
    freshness: Freshness | None


def _consumer(draw: st.DrawFn, name: str, parents: list[str]) -> Node:
    info = {
        "type": draw(st.sampled_from(["dashboard", "notebook", "application", "ml"])),
        "maturity": draw(st.sampled_from(["", "low", "high"])),
        "url": draw(st.sampled_from(["", "https://bi.shop.example/1"])),
        "owners": draw(OWNERS),
    }
    return exposure(name, *parents, info=info, **draw(st.sampled_from(BOARDS)))


@st.composite
def drawn_projects(draw: st.DrawFn) -> Drawn:
    """At most 8 models over 2 sources, with tests, exposures and an export; edges only run forward.

    In half of them nothing is marked and nobody reads what the models lead to, so that the rules for lowering have their turn.
    """
    quiet = draw(st.booleans())
    marks = st.sampled_from(PLAIN if quiet else PLAIN + MARKED)
    nodes: list[Node] = [source("a"), source("b", **draw(marks))]
    for index in range(draw(st.integers(1, 8))):
        parents = draw(st.sets(st.sampled_from([item.unique_id for item in nodes]), max_size=2))
        kind = draw(st.sampled_from(["table", "view", "ephemeral", "incremental"]))
        public = not quiet and draw(st.booleans()) and draw(st.booleans())
        nodes.append(model(f"m{index}", *sorted(parents), materialized=kind, access="public" if public else "protected", **draw(marks)))
    data = [item.unique_id for item in nodes]
    aside = model("aside")
    read = [aside.unique_id] if quiet else data
    tests = [data_test(f"test_{index}", draw(st.sampled_from(data))) for index in range(draw(st.integers(0, 4)))]
    boards = [_consumer(draw, f"e{index}", sorted(draw(st.sets(st.sampled_from(read), min_size=1, max_size=2)))) for index in range(draw(st.integers(0, 3)))]
    exports = [node("q", draw(st.sampled_from(data)), kind="saved_query", exports=(Export("weekly"),))] if not quiet and draw(st.booleans()) else []
    found = {item.unique_id: item for item in (*nodes, aside, *tests, *boards, *exports)}
    roots = draw(st.sets(st.sampled_from(data), min_size=1, max_size=2))
    return Drawn(found, tuple(Seed(root) for root in sorted(roots)), draw(_runs(found)), draw(_freshness()))


@st.composite
def _runs(draw: st.DrawFn, nodes: dict[str, Node]) -> Run | None:
    mood = draw(st.sampled_from([None, ["warn"], ["pass", "warn"], ["pass", "warn", "fail"]]))
    if mood is None:
        return None
    results = {item: draw(st.sampled_from(mood)) for item in nodes if item.startswith("test")}
    results |= dict.fromkeys((item for item in nodes if item.startswith("model")), draw(st.sampled_from(["success", "success", "error"])))
    args = {"target": draw(st.sampled_from(["prod", "dev"]))} if draw(st.booleans()) else {}
    return Run("build", args=args, results={unique_id: Result(unique_id, status) for unique_id, status in results.items()})


@st.composite
def _freshness(draw: st.DrawFn) -> Freshness | None:
    statuses = st.sampled_from(["pass", "warn", "error", "runtime error"])
    return draw(st.one_of(st.none(), st.builds(lambda first, second: freshness_of(a=first, b=second), statuses, statuses)))
