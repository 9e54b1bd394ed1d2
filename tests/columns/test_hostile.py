# ruff: noqa: S608 - it writes SQL, and nothing else
"""SQL and templates that were written to hang, crash or fill the process that reads them: bounded, told, and the next one is read all the same."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aftershock import column_lineage
from aftershock.columns.guard import Guard, shared
from aftershock.columns.jobs import Job, Limits
from aftershock.jinja import Context
from aftershock.model import Build, Node, Project, ProjectInfo
from aftershock.model.code import Code, NodeCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMITS = Limits(seconds=4.0, megabytes=700, characters=3_000_000)
MOST_SECONDS = 10.0
"""What any answer may take here: the limit, a new child's start, and a busy machine."""
GOOD = "select a from t"
NODE = Node("model.p.m", "model", "m", "p", build=Build("table"))


@pytest.fixture(scope="module", autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    shared(LIMITS).close()


def within(seconds: float, work: Callable[[], object]) -> object:
    start = time.perf_counter()
    found = work()
    taken = time.perf_counter() - start
    assert taken < seconds, f"{taken:.1f} s"
    return found


def wide(count: int) -> str:
    return "select " + ", ".join(f"c{place}" for place in range(count)) + " from t"


def chained(count: int) -> str:
    return "with q0 as (select a from t)" + "".join(f", q{place} as (select a from q{place - 1})" for place in range(1, count)) + f" select a from q{count - 1}"


def doubled(count: int) -> str:
    return (
        "with q0 as (select a from t)"
        + "".join(f", q{n} as (select x.a + y.a as a from q{n - 1} x, q{n - 1} y)" for n in range(1, count))
        + f" select a from q{count - 1}"
    )


def aliased(count: int) -> str:
    return "select a as a0" + "".join(f", a{place - 1} + a{place - 1} as a{place}" for place in range(1, count)) + " from t"


def exploded(count: int) -> str:
    return "select * from " + " cross join ".join(f"t as t{place}" for place in range(count))


def multiplied(levels: int) -> str:
    ctes = "".join(f", q{n} as (select x.*, y.* from q{n - 1} x cross join q{n - 1} y)" for n in range(1, levels))
    return f"with q0 as (select * from t){ctes} select * from q{levels - 1}"


MUST_BE_READ = {
    "5,000 columns": (wide(5_000), "duckdb"),
    "500 chained CTEs": (chained(500), "snowflake"),
    "3,000 branches": (" union all ".join(["select a from t"] * 3_000), "duckdb"),
    "60 aliases, each twice the one before": (aliased(60), "snowflake"),
    "60 CTEs, each twice the one before": (doubled(60), "duckdb"),
    "a sum of 2,000 columns": ("select " + " + ".join(f"c{place}" for place in range(2_000)) + " as s from t", "duckdb"),
    "a hundred tables of one": (exploded(100), "duckdb"),
    "a list of 20,000 values": ("select a from t where b in (" + ", ".join(map(str, range(20_000))) + ")", "bigquery"),
    "a string of 2 MB": ("select a, '" + "x" * 2_000_000 + "' as s from t", "duckdb"),
    "2 MB of comment": ("select a /*" + "x" * 2_000_000 + "*/ from t", "duckdb"),
    "500 joins": ("select t0.a from t as t0" + "".join(f" join t as t{n} on t{n}.b = t{n - 1}.b" for n in range(1, 500)), "postgres"),
    "a CASE of 1,000 branches": ("select case " + "".join(f"when b = {n} then c{n} " for n in range(1_000)) + "end as k, a from t", "snowflake"),
    "1,000 subqueries side by side": ("select " + ", ".join(f"(select max(b) from u where u.c = {n}) as k{n}" for n in range(1_000)) + ", a from t", "duckdb"),
}

MAY_BE_REFUSED = {
    "parentheses": ("select " + "(" * 50_000 + "a" + ")" * 50_000 + " from t", "duckdb"),
    "parentheses that never close": ("select " + "(" * 200_000, "duckdb"),
    "functions": ("select " + "f(" * 5_000 + "a" + ")" * 5_000 + " from t", "snowflake"),
    "CASE": ("select " + "case when a = 1 then " * 3_000 + "a" + " end" * 3_000 + " from t", "duckdb"),
    "subqueries": ("select a from " + "(select a from " * 2_000 + "t" + ") x" * 2_000, "postgres"),
    "scalar subqueries": ("select " + "(select " * 1_500 + "a" + ")" * 1_500 + " from t", "bigquery"),
    "NOT": ("select a from t where " + "not " * 50_000 + "b", "duckdb"),
    "minus": ("select " + "- " * 50_000 + "a from t", "duckdb"),
    "brackets": ("select " + "[" * 3_000 + "a" + "]" * 3_000 + " from t", "duckdb"),
    "types": ("select cast(a as " + "array<" * 3_000 + "int" + ">" * 3_000 + ") from t", "bigquery"),
    "dots": ("select " + "a." * 30_000 + "a from t", "duckdb"),
    "casts": ("select a" + "::int" * 30_000 + " from t", "postgres"),
    "commas": ("select a from t where b in (" + "," * 500_000 + ")", "duckdb"),
    "statements": ("select a from t;" * 30_000, "duckdb"),
    "CTEs in each other": ("with x as (" * 800 + "select a from t" + ") select * from x" * 800, "duckdb"),
    "stars that multiply": (multiplied(60), "duckdb"),
    "too many characters": ("select a from t --" + "x" * 3_000_000, "duckdb"),
    "an unclosed quote": ("select '" + "x" * 1_000_000, "snowflake"),
    "an unclosed comment": ("select a /* " + "x" * 1_000_000, "snowflake"),
    "an unclosed dollar quote": ("select $$ " + "x" * 1_000_000, "postgres"),
    "quotes": ("select " + "'" * 300_001 + " from t", "duckdb"),
    "only words": ("select " + "a " * 300_000, "mysql"),
}


@pytest.mark.parametrize("name", MUST_BE_READ)
def test_what_is_only_large_is_read(name: str) -> None:
    sql, dialect = MUST_BE_READ[name]
    schema = {"t": {"a": None, "b": None, **({f"c{place}": None for place in range(5_000)} if "c1" in sql else {})}}
    found = within(MOST_SECONDS, lambda: column_lineage(sql, dialect=dialect, schema=schema, limits=LIMITS))
    assert found.unread == ""
    assert "t.a" in {edge.source.label.casefold() for edge in found.edges} | {name.casefold() for name in found.reads} or "c1" in sql
    assert column_lineage(GOOD, limits=LIMITS).direct() == {"a": {"t.a"}}


@pytest.mark.parametrize("name", MAY_BE_REFUSED)
def test_what_is_meant_to_hang_or_crash_is_bounded_and_told(name: str) -> None:
    sql, dialect = MAY_BE_REFUSED[name]
    found = within(MOST_SECONDS, lambda: column_lineage(sql, dialect=dialect, schema={"t": {"a": None, "b": None}}, limits=LIMITS))
    assert found.unread or found.columns
    assert "\n" not in found.unread
    assert len(found.unread) < 300
    assert column_lineage(GOOD, limits=LIMITS).direct() == {"a": {"t.a"}}


@pytest.mark.parametrize(
    "text",
    [
        "select a\0 from t",
        "\0",
        "select '\0' as k, a from t",
        "select '\ud800' as k, a from t",
        "select \udfff from t",
        "\ufeffselect a from t",
        "select\u00a0a from t",
        "select a from \u202et",
    ],
)
def test_odd_characters_are_read_or_told(text: str) -> None:
    found = within(MOST_SECONDS, lambda: column_lineage(text, dialect="duckdb", limits=LIMITS))
    assert found.unread or "a" in {column.casefold() for column in found.columns} or found.columns
    assert column_lineage(GOOD, limits=LIMITS).unread == ""


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "((a{1,9}){1,9}){1,9}", "a" * 5_000, "(" * 300, "[a-", "(?P<x>a)(?P=x)*", ".*.*.*.*.*.*.*.*x"]
)
def test_a_pattern_of_columns_is_tried_only_where_it_is_quick(pattern: str) -> None:
    schema = {"t": {"a" * 60 + str(place): None for place in range(200)}}
    found = within(3.0, lambda: column_lineage(f"select columns('{pattern}') from t", dialect="duckdb", schema=schema, limits=LIMITS))
    assert found.unread == ""
    assert found.columns, "all of them, where it was not tried"


def test_a_like_with_many_signs_is_tried_only_where_it_is_quick() -> None:
    schema = {"t": {"a" * 60 + str(place): None for place in range(200)}}
    within(3.0, lambda: column_lineage(f"select * ilike '{'%a' * 40}%b' from t", dialect="snowflake", schema=schema, limits=LIMITS))


def template(raw: str) -> tuple[Job, Context]:
    code = NodeCode(raw)
    project = Project(ProjectInfo("p", "1.11.0", "duckdb"), {NODE.unique_id: NODE})
    return Job(NODE.unique_id, "", "duckdb", NODE, code), Context.of(project, Code({NODE.unique_id: code}))


LOOPS = {
    "a loop": "{% for i in range(10**9) %}x{% endfor %}",
    "loops in each other": "{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}{% endfor %}{% endfor %}{% endfor %}",
    "a string": "select '{{ 'a' * 10**9 }}'",
    "a string that doubles": "{% set x = ['a' * 1000] %}{% for i in range(60) %}{% set _ = x.append(x[-1] + x[-1]) %}{% endfor %}{{ x[-1] }}",
    "a list": "{{ [1] * 10**9 }}",
    "a power": "{{ 9 ** 9 ** 9 }}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a format": "{{ '%1000000000d' % 1 }}",
    "a format of its own": "{{ '{:1000000000}'.format(1) }}",
    "padding": "{{ 'a'.ljust(10**10) }}",
    "a filter": "{{ 'a'|center(10**10) }}",
    "a join": "{{ range(10**9)|join(',') }}",
    "a sort": "{{ range(10**9)|sort }}",
    "a replace": "{{ ('a' * 100000)|replace('a', 'b' * 100000) }}",
    "an escape": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "another escape": "{{ ref.__globals__ }}",
    "an import": "{% import 'os' as os %}{{ os.system('true') }}",
    "parentheses": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
}


HARMLESS = {"a power"}
"""What the sandbox does not compute, and goes on behind."""


@pytest.fixture(scope="module")
def rendering() -> Iterator[Guard]:
    _, context = template("")
    with Guard(LIMITS, context) as guard:
        yield guard


@pytest.mark.parametrize("name", LOOPS)
def test_a_template_that_never_ends_is_ended(name: str, rendering: Guard) -> None:
    job, _ = template("select 1 as one -- " + LOOPS[name] if "select" not in LOOPS[name] else LOOPS[name])
    good, _ = template("select {{ 'a' }} from t")
    found = within(MOST_SECONDS, lambda: rendering.read([job, good]))
    assert isinstance(found, list)
    assert found[0].reason or name in HARMLESS
    assert "\n" not in found[0].reason
    assert len(found[1].statements) == 1


def test_a_child_that_is_killed_from_outside_is_one_reading_and_no_more() -> None:
    good, context = template("select 1 as one")
    with Guard(Limits(seconds=20, megabytes=700), context) as guard:
        assert guard.read([good])[0].reason == ""
        assert guard._child is not None
        victim = guard._child._process.pid
        timer = threading.Timer(0.3, os.kill, (victim, signal.SIGKILL))
        timer.start()
        found = within(MOST_SECONDS, lambda: guard.read([Job("a", "select 1 as x;" * 150_000, "duckdb"), good, good]))
        timer.join()
        assert isinstance(found, list)
        assert [len(reading.statements) for reading in found[1:]] == [1, 1]
        assert found[0].reason


def test_a_child_that_died_while_it_waited_is_replaced() -> None:
    with Guard(LIMITS) as guard:
        assert len(guard.read([Job("a", GOOD, "")])[0].statements) == 1
        assert guard._child is not None
        os.kill(guard._child._process.pid, signal.SIGKILL)
        guard._child._process.wait(5)
        found = guard.read([Job("a", GOOD, ""), Job("b", GOOD, "")])
        assert [len(reading.statements) for reading in found] == [1, 1], "nothing was wrong with either"


def test_memory_is_bounded_in_the_child() -> None:
    job, context = template("{% set x = [] %}{% for i in range(100000) %}{% set _ = x.append('a' * 100000 ~ i) %}{% endfor %}select 1")
    good, _ = template("select 1 as one")
    with Guard(Limits(seconds=20, megabytes=400), context) as guard:
        found = within(15, lambda: guard.read([job, good]))
        assert isinstance(found, list)
        assert found[0].reason
        assert len(found[1].statements) == 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads /proc")
def test_no_zombie_and_no_thread_is_left() -> None:
    threads = threading.active_count()
    for _ in range(3):
        with Guard(LIMITS) as guard:
            assert guard.read([Job("a", GOOD, "")])[0].reason == ""
            assert guard._child is not None
            pid = guard._child._process.pid
        assert not Path("/proc", str(pid)).exists()
    gc.collect()
    deadline = time.monotonic() + 3
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= threads


def test_two_threads_may_ask_one_guard() -> None:
    answers: list[int] = []
    with Guard(LIMITS) as guard:
        jobs = [Job(str(place), f"select a{place} from t", "") for place in range(50)]

        def ask() -> None:
            answers.append(sum(len(reading.statements) for reading in guard.read(jobs)))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [50] * 4


def test_a_batch_larger_than_any_pipe_is_answered_in_order() -> None:
    jobs = [Job(str(place), f"select a{place}, '{'x' * 20_000}' as s from t", "") for place in range(100)]
    with Guard(LIMITS) as guard:
        found = guard.read(jobs)
    assert [reading.statements[0].query.items[0].name for reading in found] == [f"a{place}" for place in range(100)]
