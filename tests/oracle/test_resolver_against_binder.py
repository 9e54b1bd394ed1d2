"""What the resolver says of a dropped column is what DuckDB's binder does; and it reads all that the binder reads.

Where they differ is listed with a reason. A difference may make the answer larger. It must never call a query untouched that DuckDB refuses, or
that loses a column, unless it is listed as such.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest
from binder_cases import CASES, Case
from duckdb_binder import BINDS, FAILS, LOSES, split
from generate import Generated, generate

from aftershock.columns.masks import SURE
from aftershock.columns.relations import TableInfo
from aftershock.columns.resolve import Resolved, resolve
from aftershock.sql.dialects import dialect_of
from aftershock.sql.reading import read_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aftershock.sql.query import Statement

SEED = 1
STATEMENTS = 160
"""Statements that DuckDB binds, made up for the laws below. Some 30 a second; 1,000 and more find what is rare."""
AGREEMENT = 0.985
"""Of a few statements; of thousands it is 0.99."""
KEPT = 0.001
DUCKDB = dialect_of("duckdb")

LARGER = {
    "outer_09": "an aggregate that mixes inner and outer columns is the inner query's; any outer column under an aggregate is refused here",
    "star_09": "REPLACE of a column that two tables have: the second one's number falls away where the first is dropped",
    "star_24": "NOT LIKE after a star is not followed: its columns count as passed on",
}
"""Cases where the answer says more than DuckDB does, and why."""
OTHER = {
    "star_16": "a lambda in COLUMNS is not evaluated: all columns pass, so the loss is seen and that nothing is left is not",
    "star_22": "COLUMNS with an alias pattern names the column anew",
}
"""Cases where both say that the query is hit, but not how."""
SMALLER = {
    "pseudo_05": "current_date is a function to the parser, and not the column of that name that DuckDB prefers",
    "outer_16": "the name binds to the outer query's column, in a row comparison of which DuckDB does not accept that; it counts as wrong",
}
"""Cases where the resolver still binds and DuckDB does not, and why that is bearable."""


class Verdict(NamedTuple):
    """What the resolver says of one drop. ``hit``: whether anything is said at all, be it only that the answer is another, or may be."""

    outcome: str
    lost: tuple[str, ...]
    hit: bool


def finder(tables: Mapping[str, Sequence[str]], table: str = "", column: str = "") -> Callable[[tuple[str, ...]], TableInfo]:
    """Tables by their last name, one of them without one column."""
    infos = {}
    for name, columns in tables.items():
        named = tuple((written, DUCKDB.key(written)) for written, _ in map(split, columns))
        infos[name] = TableInfo(name, named, complete=True, removed=frozenset({DUCKDB.key(column)}) if name == table else frozenset())
    return lambda parts: infos.get(parts[-1]) or TableInfo(".".join(parts))


def judge(statement: Statement, tables: Mapping[str, Sequence[str]], before: Resolved, table: str, column: str) -> Verdict:
    after = resolve(statement, finder(tables, table, column), DUCKDB)
    gone = (table, DUCKDB.key(column))
    others = {key: inputs.keys() for _, key, inputs in after.columns}
    lost = tuple(dict.fromkeys(key for _, key, _ in before.columns if key not in others))
    moved = any(inputs.keys() != others.get(key, inputs.keys()) for _, key, inputs in before.columns) or before.rows.keys() != after.rows.keys()
    unsure = not before.reads.get(gone, SURE) & SURE or any(table in unknown.candidates or not unknown.candidates for unknown in before.unknown)
    if set(after.problems) - set(before.problems):
        return Verdict(FAILS, (), hit=True)
    return Verdict(LOSES, lost, hit=True) if lost else Verdict(BINDS, (), hit=moved or unsure)


@cache
def made() -> tuple[tuple[Generated, Statement, Resolved], ...]:
    found = []
    for one in generate(SEED, STATEMENTS):
        statement = read_sql(one.sql, "duckdb")
        found.append((one, statement, resolve(statement, finder(one.tables), DUCKDB)))
    return tuple(found)


def same(verdict: Verdict, outcome: str, lost: Iterable[str]) -> bool:
    return verdict.outcome == outcome and (outcome != LOSES or sorted(verdict.lost) == sorted(name.lower() for name in lost))


def verdict_of(case: Case) -> Verdict:
    statement = read_sql(case.sql, "duckdb")
    return judge(statement, case.tables, resolve(statement, finder(case.tables), DUCKDB), case.table, case.column)


@pytest.mark.parametrize("case", [case for case in CASES if case.id not in LARGER | OTHER | SMALLER], ids=lambda case: case.id)
def test_a_dropped_column_does_what_duckdb_says(case: Case) -> None:
    found = verdict_of(case)
    assert same(found, case.outcome, case.lost), (found, case.note)
    assert found.hit or not case.wrong, "its answer is another, and nothing is said"


@pytest.mark.parametrize("case", [case for case in CASES if case.id in LARGER | OTHER | SMALLER], ids=lambda case: case.id)
def test_where_they_differ_the_list_says_so(case: Case) -> None:
    found = verdict_of(case)
    assert not same(found, case.outcome, case.lost) or (case.wrong and not found.hit), "they agree now: take it from the list"
    order = (BINDS, LOSES, FAILS)
    if case.id in LARGER:
        assert order.index(found.outcome) > order.index(case.outcome)
    elif case.id in OTHER:
        assert found.outcome != BINDS
    else:
        assert order.index(found.outcome) <= order.index(case.outcome)


def test_the_lists_name_cases_that_there_are() -> None:
    assert set(LARGER | OTHER | SMALLER) <= {case.id for case in CASES}


def test_made_up_statements_are_judged_as_duckdb_judges_them() -> None:
    kinds: Counter[tuple[str, str, bool]] = Counter()
    differing = []
    for one, statement, before in made():
        for (table, column), drop in one.drops.items():
            found = judge(statement, one.tables, before, table, column)
            agreed = same(found, drop.outcome, drop.lost)
            kinds[drop.outcome, found.outcome, agreed] += 1
            if not agreed:
                differing.append(f"{drop.outcome} -> {found.outcome}: {one.sql} | without {table}.{column} | {drop.error}")
    share = 1 - len(differing) / kinds.total()
    listed = "\n".join(sorted(differing, key=len))
    assert share >= AGREEMENT, f"{share:.2%} of {kinds.total()}; {dict(kinds)}\n{listed}"


def test_no_made_up_statement_is_called_untouched_where_duckdb_refuses_it_or_drops_a_column() -> None:
    silent = [
        f"{drop.outcome}: {one.sql} | without {table}.{column} | {drop.error}"
        for one, statement, before in made()
        for (table, column), drop in one.drops.items()
        if drop.outcome != BINDS and not judge(statement, one.tables, before, table, column).hit and not is_of_types(drop.error)
    ]
    assert not silent, "\n".join(sorted(silent, key=len))


def test_no_made_up_statement_is_called_untouched_where_its_answer_is_another() -> None:
    silent = [
        f"{one.sql} | without {table}.{column}"
        for one, statement, before in made()
        for (table, column), drop in one.drops.items()
        if drop.wrong and is_pruned(one.sql) and not judge(statement, one.tables, before, table, column).hit
    ]
    assert len(silent) <= few(), "\n".join(sorted(silent, key=len))


def test_every_column_that_duckdb_needs_is_among_what_the_resolver_reads() -> None:
    """A column that a star alone binds, and nobody reads further on, is no more than bound: its drop changes nothing."""
    missed = [
        f"{one.sql} | reads {table}.{column}"
        for one, statement, before in made()
        for (table, column), drop in one.drops.items()
        if drop.bound and drop.outcome == FAILS and not touches(before, table, column) and not judge(statement, one.tables, before, table, column).hit
    ]
    assert not missed, "\n".join(sorted(missed, key=len))


def test_every_column_that_the_answer_depends_on_leads_to_an_output_column_or_to_the_rows() -> None:
    missed = [
        f"{one.sql} | depends on {table}.{column}"
        for one, _, before in made()
        for (table, column), drop in one.drops.items()
        if drop.wrong and is_pruned(one.sql) and not leads(before, table, column)
    ]
    assert len(missed) <= few(), "\n".join(sorted(missed, key=len))


def few() -> float:
    """How many columns DuckDB's plans may hold without need: its optimizer does not see through DISTINCT ON, SEMI JOIN and some aggregates."""
    return KEPT * sum(len(one.drops) for one, _, _ in made())


def leads(found: Resolved, table: str, column: str) -> bool:
    """Whether a column leads into an output column or the rows of a query."""
    key = (table, DUCKDB.key(column))
    passed = any(relation == table and key[1] not in without for relation, without, _ in found.opens)
    return passed or key in found.rows or key in (found.further or {}) or any(key in inputs for _, _, inputs in found.columns)


def touches(found: Resolved, table: str, column: str) -> bool:
    """Whether anything of a resolved query has the column."""
    return (table, DUCKDB.key(column)) in found.reads or leads(found, table, column)


def is_pruned(sql: str) -> bool:
    """Whether DuckDB's plan shows what is needed: a materialized CTE keeps all of its columns in it."""
    return " as materialized " not in sql


def is_of_types(error: str) -> bool:
    """Whether a query failed because a name is bound to a column of another type, of which the resolver knows nothing."""
    return any(text in error for text in ("because it is not a struct", "Cannot mix values of type", "No function matches"))
