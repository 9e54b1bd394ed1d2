# ruff: noqa: S608 - it writes SQL, and nothing else
"""Laws of column lineage: what may narrow an answer, what never may, and that an answer is the same wherever it is made."""

from __future__ import annotations

import re
import sys
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from column_projects import build, dropped, exposure, model, source
from hypothesis import given, settings
from hypothesis import strategies as st

import aftershock
from aftershock import column_lineage
from aftershock.columns import masks
from aftershock.columns.consequences import consequences
from aftershock.columns.project import NodeLineage, ProjectLineage
from aftershock.sql.query import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aftershock.columns.readings import Store

sys.path.append(str(Path(__file__).resolve().parents[1] / "oracle"))
from generate import TABLES, write  # the oracle's own writer of SQL

GREEN = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts" / "green"
EXAMPLES = 60
SCHEMA = {table: {re.split(r"\s", column)[0]: None for column in columns} for table, columns in TABLES.items()}
statements = st.integers(0, 10**6).map(write)
WORD = re.compile(r"[a-z_]\w*", re.IGNORECASE)


def tables_of(found: aftershock.ColumnLineage) -> set[str]:
    return (
        {edge.source.node for edge in found.edges}
        | {name.rpartition(".")[0] for name in found.reads}
        | {table for item in found.unknown for table in item.tables}
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(statements)
def test_knowing_the_columns_loses_no_table(sql: str) -> None:
    """Except of tables that only possibly own a name, or of which a star passes nothing that is read."""
    without, with_schema = column_lineage(sql, dialect="duckdb"), column_lineage(sql, dialect="duckdb", schema=SCHEMA)
    assert without.unread == with_schema.unread == ""
    sure = {edge.source.node for edge in without.edges if edge.certain and edge.named and edge.source.column in SCHEMA.get(edge.source.node, {})}
    assert sure <= tables_of(with_schema)


@settings(max_examples=EXAMPLES, deadline=None)
@given(statements)
def test_every_name_of_a_column_is_read_or_unknown(sql: str) -> None:
    """Where nobody knows any table's columns, each qualified name of a table is one that is read."""
    found = column_lineage(sql, dialect="duckdb")
    seen = {name.rpartition(".")[2] for name in found.reads} | {part for item in found.unknown for part in item.name.split(".")}
    seen |= {edge.source.column for edge in found.edges}
    if "with " in sql or " window " in sql:
        return  # what an unreferenced CTE or window names is read by nobody
    named = {column for table in TABLES for column in re.findall(rf"(?<![\w.\"]){table}\.([a-z]\w*)", sql) if column in SCHEMA[table]}
    hidden = set(re.findall(r"\bas (\w+)", sql)) | set(re.findall(r"(\w+)\(", sql))
    assert {column for column in named if not hidden & set(TABLES)} <= seen


@settings(max_examples=EXAMPLES, deadline=None)
@given(statements)
def test_a_direct_edge_is_of_an_output_column_and_every_column_is_in_direct(sql: str) -> None:
    found = column_lineage(sql, dialect="duckdb", schema=SCHEMA)
    assert set(found.direct()) == set(found.columns)
    assert {edge.target for edge in found.edges} - {""} <= set(found.columns)
    assert all(edge.target for edge in found.edges if edge.kind == "DIRECT" and edge.within)
    assert found.edges == tuple(sorted(set(found.edges)))
    assert {label for sources in found.direct().values() for label in sources} | found.indirect() == {edge.source.label for edge in found.edges}


@settings(max_examples=EXAMPLES, deadline=None)
@given(statements)
def test_what_a_query_reads_it_also_reads_within_another(sql: str) -> None:
    alone = column_lineage(sql, dialect="duckdb", schema=SCHEMA)
    around = column_lineage(f"with whole as ({sql}) select * from whole", dialect="duckdb", schema=SCHEMA)
    derived = column_lineage(f"select * from ({sql}) as whole", dialect="duckdb", schema=SCHEMA)
    assert alone.direct() == around.direct() == derived.direct()
    assert alone.indirect() == around.indirect() == derived.indirect()
    assert alone.reads == around.reads == derived.reads


role = st.sampled_from(list(Role))
mask = st.builds(
    lambda bits, flags: sum(1 << bit for bit in bits) | flags,
    st.sets(st.integers(0, 2 * masks.ROLES - 1), min_size=1),
    st.sampled_from([0, masks.NAMED, masks.SURE, masks.NAMED | masks.SURE]),
)


@given(role, st.booleans(), mask, mask)
def test_a_use_of_both_is_a_use_of_each(outer: Role, within: bool, one: int, other: int) -> None:  # noqa: FBT001  # drawn
    assert masks.composed(outer, within, one | other) == masks.composed(outer, within, one) | masks.composed(outer, within, other)


@given(mask)
def test_a_use_as_it_is_changes_nothing(one: int) -> None:
    assert masks.composed(Role.IDENTITY, within=True, inner=one) == one


@given(role, st.booleans(), role, st.booleans(), mask)
def test_it_does_not_matter_in_which_order_three_steps_are_taken_together(first: Role, one: bool, second: Role, other: bool, inner: int) -> None:  # noqa: FBT001  # drawn
    twice = masks.composed(second, other, masks.composed(first, one, inner))
    step = masks.composed(second, other, masks.bit(first, within=one))
    together = 0
    for place in range(2 * masks.ROLES):
        if step >> place & 1:
            together |= masks.composed(place % masks.ROLES, place < masks.AROUND, inner)
    assert twice == together


@given(role, st.booleans(), mask)
def test_indirect_stays_indirect_and_flags_stay(outer: Role, within: bool, inner: int) -> None:  # noqa: FBT001  # drawn
    found = masks.composed(outer, within, inner)
    assert found & (masks.NAMED | masks.SURE) == inner & (masks.NAMED | masks.SURE)
    if not masks.is_direct(inner) or outer > Role.AGGREGATION:
        assert not masks.is_direct(found)
    assert masks.roles(found), "no use gets lost"


@cache
def artifacts() -> aftershock.Artifacts:
    return aftershock.read_artifacts(GREEN)


def green(store: Store | None = None, executor: Executor | None = None) -> ProjectLineage:
    return aftershock.open_lineage(artifacts(), cached=False, store=store, executor=executor)


@cache
def read_green() -> ProjectLineage:
    found = green()
    found.read(found.graph.nodes)
    return found


def columns_of(kinds: Iterable[str]) -> list[tuple[str, str]]:
    lineage = read_green()
    return [(unique_id, name) for unique_id, node in lineage.graph.nodes.items() if node.resource_type in kinds for name in lineage.names(unique_id).values()]


@pytest.mark.parametrize("gone", [True, False])
def test_the_radius_by_column_is_within_the_radius_by_node(gone: bool) -> None:  # noqa: FBT001  # a parameter
    lineage = read_green()
    for unique_id, column in columns_of({"source", "seed", "model", "snapshot"}):
        found = consequences(lineage, {unique_id: [column]}, gone=gone).keys()
        assert found <= {unique_id, *lineage.graph.descendants((unique_id,))}, (unique_id, column)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_more_columns_make_no_smaller_radius(data: st.DataObject) -> None:
    lineage = read_green()
    roots = data.draw(st.lists(st.sampled_from(columns_of({"source", "model"})), min_size=2, max_size=4, unique=True))
    gone = data.draw(st.booleans())
    blocks = data.draw(st.booleans())

    def radius(chosen: Iterable[tuple[str, str]]) -> set[str]:
        grouped: dict[str, list[str]] = {}
        for unique_id, column in chosen:
            grouped.setdefault(unique_id, []).append(column)
        return set(consequences(lineage, grouped, gone=gone, tests_block=blocks))

    assert radius(roots[:-1]) <= radius(roots)


def unlisted(lineage: ProjectLineage) -> ProjectLineage:
    """The same project where no warehouse has said what columns there are."""
    return ProjectLineage(lineage.graph, lineage.readings)


@cache
def unlisted_green() -> ProjectLineage:
    found = unlisted(read_green())
    found.read(found.graph.nodes, whole=True)
    return found


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_what_is_read_only_as_far_as_it_is_asked_says_the_same(data: st.DataObject) -> None:
    """Or more, where no catalog lists what a star passes on."""
    unique_id, column = data.draw(st.sampled_from(columns_of({"source", "model"})))
    gone = data.draw(st.booleans())
    whole = consequences(unlisted_green(), {unique_id: [column]}, gone=gone)
    lazy = consequences(unlisted(read_green()), {unique_id: [column]}, gone=gone)
    assert whole.keys() <= lazy.keys()
    for affected, its in whole.items():
        assert set(its.effects) <= set(lazy[affected].effects) or not lazy[affected].certain, (affected, its, lazy[affected])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_without_a_catalog_nothing_is_left_out_that_it_shows(data: st.DataObject) -> None:
    unique_id, column = data.draw(st.sampled_from(columns_of({"source", "model"})))
    gone = data.draw(st.booleans())
    listed = consequences(read_green(), {unique_id: [column]}, gone=gone).keys()
    assert listed <= consequences(unlisted_green(), {unique_id: [column]}, gone=gone).keys()


class Blind(ProjectLineage):
    """A project of which some nodes are not read."""

    def __init__(self, seeing: ProjectLineage, unread: Iterable[str]) -> None:
        self.__dict__.update(seeing.__dict__)
        hidden = {unique_id: NodeLineage(None, "it is hidden") for unique_id in unread}
        self.lineages = {**seeing.lineages, **hidden}
        self._infos = {}
        self._names = {}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_node_that_is_not_read_never_makes_a_radius_smaller(data: st.DataObject) -> None:
    lineage = read_green()
    unique_id, column = data.draw(st.sampled_from(columns_of({"source", "model"})))
    coded = sorted(node for node, its in lineage.lineages.items() if its.resolved is not None)
    unread = data.draw(st.lists(st.sampled_from(coded), min_size=1, max_size=5, unique=True))
    gone = data.draw(st.booleans())
    seeing = consequences(lineage, {unique_id: [column]}, gone=gone).keys()
    blind = consequences(Blind(lineage, unread), {unique_id: [column]}, gone=gone).keys()
    assert seeing <= blind


@settings(max_examples=40, deadline=None)
@given(st.lists(statements, min_size=1, max_size=5), st.data())
def test_the_same_of_made_up_projects(made: list[str], data: st.DataObject) -> None:
    """Models in a row, each of which may read the one before by a star or by name."""
    tables = [source(table, *SCHEMA[table]) for table in TABLES]
    parents = [part.node.unique_id for part in tables]
    qualified = [re.sub(r"\b(from|join) ([tuvs])\b", r"\1 db.main.\2", sql) for sql in made]
    models = [model(f"m{place}", sql, *parents) for place, sql in enumerate(qualified)]
    stars = [model(f"s{place}", f"select * from db.main.m{place}", f"m{place}") for place in range(len(made))]
    project = build(*tables, *models, *stars, exposure("e", *(f"s{place}" for place in range(len(made)))))
    table = data.draw(st.sampled_from(sorted(TABLES)))
    column = data.draw(st.sampled_from(sorted(SCHEMA[table])))
    seeing = dropped(project, f"source.p.{table}", column).keys()
    unread = data.draw(st.lists(st.sampled_from([part.node.unique_id for part in (*models, *stars)]), min_size=1, unique=True))
    blind = dropped(Blind(project, unread), f"source.p.{table}", column).keys()
    assert seeing <= blind
    assert seeing <= set(project.graph.descendants((f"source.p.{table}",)))


def packed(lineage: ProjectLineage) -> bytes:
    ids = sorted(unique_id for unique_id, node in lineage.graph.nodes.items() if node.resource_type in {"model", "snapshot", "test"})
    lineage.read(ids)
    return msgspec.msgpack.encode([(unique_id, lineage.lineages[unique_id]) for unique_id in ids])


@cache
def expected() -> bytes:
    return packed(green(executor=Serial()))


class Serial(Executor):
    """Runs everything here and now."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the interface's own types
        from concurrent.futures import Future

        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_it_is_the_same_bytes_twice() -> None:
    assert packed(green()) == expected()


def test_it_is_the_same_bytes_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aftershock.columns.readings.BATCH", 10)
    with ThreadPoolExecutor(2) as executor:
        assert packed(green(executor=executor)) == expected()


def test_it_is_the_same_bytes_over_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aftershock.columns.readings.BATCH", 40)
    import multiprocessing

    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        assert packed(green(executor=executor)) == expected()


@pytest.mark.enable_socket
@pytest.mark.filterwarnings("default")  # distributed's own
def test_it_is_the_same_bytes_through_a_dask_client_of_two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("aftershock.columns.readings.BATCH", 40)
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None, "host": "127.0.0.1"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        executor = client.get_executor()
        try:
            assert packed(green(executor=executor)) == expected()
        finally:
            executor.shutdown()


class Kept:
    """A store in memory, which counts what it is asked for and what it does not have."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.misses = 0

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        wanted = list(keys)
        found = {key: self.values[key] for key in wanted if key in self.values}
        self.misses += len(wanted) - len(found)
        return found

    def put(self, values: dict[bytes, bytes]) -> None:
        self.values.update(values)


def test_it_is_the_same_bytes_from_the_cache_and_nothing_is_done_twice() -> None:
    store = Kept()
    assert packed(green(store)) == expected()
    store.misses = 0
    again = green(store)
    assert packed(again) == expected()
    assert store.misses == 0


def test_a_store_that_returns_nothing_changes_nothing() -> None:
    class Forgetful(Kept):
        def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
            del keys
            return {}

    assert packed(green(Forgetful())) == expected()
