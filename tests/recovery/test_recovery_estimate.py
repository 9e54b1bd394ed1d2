"""How long a plan's commands take: from what earlier runs say, as a range, or unknown."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recovery_builder import incremental, microbatch, model, other, project
from recovery_oracle import ARTIFACTS

from aftershock.artifacts.results import read_run
from aftershock.graph import LineageGraph
from aftershock.model import Estimate, Node, Phase, Result, Run, Step
from aftershock.recovery.estimate import KNOWN, LOAD, WIDEST, batches_between, estimate, makespan
from aftershock.recovery.timings import FULL, KIN, RECENT, STRANGER, Timings, idle, idle_once_read, middle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.model import StepKind
    from aftershock.recovery.timings import Way

START = datetime(2026, 3, 1, 6, tzinfo=timezone.utc)
OWN = 2.7
"""What a command takes beside its nodes where a run was idle for one second."""

NODES = (model("a"), model("b", "model.shop.a"), model("c", "model.shop.a"), model("d", "model.shop.b", "model.shop.c"))
SECONDS = {"a": 10.0, "b": 20.0, "c": 30.0, "d": 5.0}


def graph_of(*nodes: Node) -> LineageGraph:
    return LineageGraph.of(project(*nodes))


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def ran(seconds: Mapping[str, float], *, which: str = "build", idle_seconds: float = 1.0, threads: int = 1, version: str = "1.11.0", **fields: Any) -> Run:  # noqa: ANN401
    """A run of models by name, one after another after a second of preparation."""
    results: dict[str, Result] = {}
    begun = idle_seconds
    for number, (name, taken) in enumerate(seconds.items()):
        unique_id = name if "." in name else f"model.shop.{name}"
        results[unique_id] = Result(
            unique_id, "success", seconds=taken, started_at=at(begun), completed_at=at(begun + taken), thread=f"Thread-{number % threads} (worker)"
        )
        begun += taken
    args = {"target": "prod", "which": which, **fields.pop("args", {})}
    return Run(which, version, at(begun), fields.pop("invocation_id", ""), args, results, at(0), **fields)


def step(*names: str, kind: StepKind = "run", words: Sequence[str] = (), **fields: Any) -> Step:  # noqa: ANN401
    nodes = tuple(name if "." in name else f"model.shop.{name}" for name in names)
    return Step(kind, nodes, "why", argv=("dbt", "run", "--select", *names, *words), **fields)


def estimated(graph: LineageGraph, runs: Sequence[Run], *steps: Step, threads: int | None = None) -> Estimate:
    return estimate([Phase("plain", steps)], graph, runs, threads=threads)


def ends(found: Estimate) -> tuple[float, float]:
    assert found.low is not None, found.basis
    assert found.high is not None
    return found.low, found.high


def around(seconds: float) -> tuple[Any, Any]:
    """The ends of a range where what is known is exact."""
    return pytest.approx(seconds * LOAD[0], abs=0.11), pytest.approx(seconds * LOAD[1], abs=0.11)


@pytest.mark.parametrize(("threads", "expected"), [(1, 65.0), (2, 45.0), (9, 45.0)])
def test_nodes_wait_for_what_they_read_and_for_a_thread(threads: int, expected: float) -> None:
    graph = graph_of(*NODES)
    assert makespan({f"model.shop.{name}": seconds for name, seconds in SECONDS.items()}, graph, threads) == expected
    assert ends(estimated(graph, [ran(SECONDS)], step("a", "b", "c", "d"), threads=threads)) == around(expected + OWN)


def test_commands_go_one_after_another_and_each_starts_anew() -> None:
    graph = graph_of(*NODES)
    found = estimated(graph, [ran(SECONDS)], step("b"), step("c"), threads=2)
    assert ends(found) == around(20 + 30 + 2 * OWN)
    assert "2 commands one after another: each takes 2.7 s to start, as in 1 earlier run." in found.basis
    assert "2 of 2 nodes timed in 1 earlier run." in found.basis


def test_a_node_waits_for_another_that_it_depends_on_through_what_the_command_leaves_out() -> None:
    assert makespan({"model.shop.a": 10.0, "model.shop.d": 5.0}, graph_of(*NODES), 2) == 15.0


def test_a_test_holds_up_what_reads_the_tested_model() -> None:
    check = other("test", "check", "model.shop.a")
    late = other("test", "late", "model.shop.a", "model.shop.d")
    graph = graph_of(*NODES[:2], NODES[2], NODES[3], check, late)
    seconds = {"model.shop.a": 1.0, "model.shop.b": 1.0, check.unique_id: 7.0, late.unique_id: 2.0, "model.shop.d": 1.0}
    assert makespan(seconds, graph, 4) == 1 + 7 + 1 + 1 + 2
    assert makespan({check.unique_id: 7.0, late.unique_id: 2.0}, graph, 4) == 7


@st.composite
def commands(draw: st.DrawFn) -> tuple[LineageGraph, dict[str, float]]:
    """A random graph, and how long some of its nodes take."""
    size = draw(st.integers(1, 9))
    kinds = st.sampled_from(["table", "view", "incremental"])
    nodes = [model(f"m{i}", *(f"model.shop.m{j}" for j in range(i) if draw(st.booleans())), materialized=draw(kinds)) for i in range(size)]
    chosen = draw(st.sets(st.sampled_from([node.unique_id for node in nodes]), min_size=1))
    return graph_of(*nodes), {unique_id: float(draw(st.integers(1, 60))) for unique_id in sorted(chosen)}


@given(commands(), st.integers(1, 4))
def test_a_schedule_is_between_its_bounds(command: tuple[LineageGraph, dict[str, float]], threads: int) -> None:
    graph, seconds = command
    found = makespan(seconds, graph, threads)
    longest: dict[str, float] = {}
    for unique_id in graph.in_order(graph.nodes):
        longest[unique_id] = seconds.get(unique_id, 0) + max((longest[parent] for parent in graph.parents(unique_id)), default=0)
    critical, work = max(longest.values()), sum(seconds.values())
    assert max(critical, work / threads) <= found <= critical + work / threads + 1e-9
    assert makespan(seconds, graph, len(seconds)) == critical
    assert makespan(seconds, graph, 1) == work


@given(
    commands(),
    st.sampled_from(["run", "full-refresh", "window", "test", "sql", "freshness"]),
    st.lists(st.floats(0.1, 30), max_size=4),
    st.none() | st.integers(1, 8),
    st.floats(0.1, 500),
)
def test_a_range_is_never_wider_than_it_may_be(
    command: tuple[LineageGraph, dict[str, float]], kind: StepKind, idles: list[float], threads: int | None, first: float
) -> None:
    graph, seconds = command
    runs = [ran({unique_id: taken * (first if number else 1) for unique_id, taken in seconds.items()}, idle_seconds=gap) for number, gap in enumerate(idles)]
    words = ("--full-refresh",) if kind == "full-refresh" else ()
    found = estimated(graph, runs, step(*graph.nodes, kind=kind, words=words), threads=threads)
    assert found.basis
    assert (found.low is None) == (found.high is None)
    if found.low is not None and found.high is not None:
        assert 0 < found.low < found.high <= WIDEST * found.low + 1e-9


def test_a_node_timed_several_times_takes_the_middle_of_the_newest() -> None:
    graph = graph_of(*NODES)
    runs = [ran({"a": seconds}, invocation_id=str(number)) for number, seconds in enumerate([900.0, 10.0, 10.0, 10.0, 10.0, 12.0])]
    assert ends(estimated(graph, runs, step("a"))) == around(10 + OWN), "the oldest is no longer among the newest, and one outlier moves nothing"
    assert len(runs) == RECENT + 1
    spread = ends(estimated(graph, [ran({"a": 90.0}), ran({"a": 110.0})], step("a")))
    assert spread == (pytest.approx((95 + OWN) * LOAD[0], abs=0.11), pytest.approx((105 + OWN) * LOAD[1], abs=0.11))


def test_a_wide_range_is_cut_alike_at_both_ends() -> None:
    low, high = ends(estimated(graph_of(*NODES), [ran({"a": 60.0}), ran({"a": 140.0})], step("a")))
    whole = (80 + OWN) * LOAD[0], (120 + OWN) * LOAD[1]
    assert high == pytest.approx(WIDEST * low, rel=0.01)
    assert low / whole[0] == pytest.approx(whole[1] / high, rel=0.01)


def test_past_runs_that_differ_too_much_tell_nothing() -> None:
    found = estimated(graph_of(*NODES), [ran({"a": 10.0}), ran({"a": 1000.0})], step("a"))
    assert (found.low, found.high) == (None, None)
    assert found.basis[0].startswith("It takes at least ")


def test_middle_is_the_middle_half() -> None:
    assert (middle([4.0]).low, middle([4.0]).high) == (4.0, 4.0)
    assert (middle([1, 2, 3, 4, 1000]).low, middle([1, 2, 3, 4, 1000]).high) == (2, 4)


def test_without_any_timing_nothing_is_known() -> None:
    graph = graph_of(*NODES)
    for runs in (
        [],
        [ran(SECONDS, which="compile")],
        [ran(SECONDS, which="generate")],
        [ran(SECONDS, args={"empty": True})],
        [ran(SECONDS, args={"sample": "1 day"})],
    ):
        found = estimated(graph, runs, step("a", "b"))
        assert (found.low, found.high) == (None, None)
        assert "Nothing tells how long these take: a and b." in found.basis
        assert any("an assumption, since no earlier run tells" in line for line in found.basis)


def test_what_did_not_run_to_its_end_is_not_timed() -> None:
    run = ran({"a": 10.0})
    for status in ("error", "skipped", "no-op", "reused"):
        result = Result("model.shop.a", status, seconds=10.0)
        found = estimated(graph_of(*NODES), [Run("run", args=run.args, results={"model.shop.a": result})], step("a"))
        assert found.low is None, status


def test_runs_of_another_target_or_engine_and_copies_of_a_run_do_not_count() -> None:
    graph = graph_of(*NODES)
    dev = ran({"a": 1000.0}, args={"target": "dev"})
    fusion = ran({"a": 1000.0}, version="2.0.0-preview.196")
    once = ran({"a": 10.0}, invocation_id="x")
    found = estimated(graph, [dev, fusion, once, once], step("a"))
    assert ends(found) == around(10 + OWN)
    assert "1 of 1 node timed in 1 earlier run." in found.basis


def test_what_was_not_timed_is_taken_as_its_kin_only_in_a_wider_range() -> None:
    graph = graph_of(*NODES)
    found = estimated(graph, [ran({"a": 10.0, "b": 10.0, "c": 10.0})], step("a", "b", "c", "d"), threads=1)
    known = ends(estimated(graph, [ran(dict.fromkeys("abcd", 10.0))], step("a", "b", "c", "d"), threads=1))
    low, high = ends(found)
    assert (low < known[0], high > known[1]) == (True, True)
    assert "3 of 4 nodes timed in 1 earlier run." in found.basis
    assert "Taken as other nodes were, in a wider range, since no earlier run timed them: d." in found.basis
    mostly = estimated(graph, [ran({"a": 1000.0})], step("a", "b", "c", "d"), threads=1)
    assert mostly.low is None, "three of four are guessed"


def test_a_materialization_that_was_never_timed_is_unknown_unless_most_nodes_are_known() -> None:
    graph = graph_of(*NODES, model("v", materialized="view"))
    rare = estimated(graph, [ran(SECONDS)], step("a", "b", "c", "d", "v"), threads=1)
    assert rare.low is not None
    assert estimated(graph, [ran(SECONDS)], step("v"), threads=1).low is None
    check = other("test", "check", "model.shop.a")
    only_tests = estimated(graph_of(*NODES, check), [ran({check.unique_id: 2.0})], step(check.unique_id, kind="test"), step("a"), threads=1)
    assert only_tests.low is None, "tests say nothing of models"


def test_a_full_refresh_takes_what_full_refreshes_took() -> None:
    graph = graph_of(incremental("i"), model("t"))
    daily, whole = ran({"i": 10.0}), ran({"i": 300.0}, args={"full_refresh": True})
    refresh = step("i", kind="full-refresh", words=("--full-refresh",))
    assert ends(estimated(graph, [daily, whole], refresh)) == around(300 + OWN)
    assert ends(estimated(graph, [whole, daily], step("i"))) == around(10 + OWN)
    table = step("t", kind="full-refresh", words=("--full-refresh",))
    assert ends(estimated(graph, [ran({"t": 10.0})], table)) == around(10 + OWN), "a table is always built whole"


def test_a_full_refresh_that_was_never_timed_is_unknown_unless_it_is_a_small_part() -> None:
    graph = graph_of(incremental("i"), model("t"))
    refresh = step("i", kind="full-refresh", words=("--full-refresh",))
    found = estimated(graph, [ran({"i": 10.0})], refresh)
    assert found.low is None
    assert "No earlier run built these in the way that this plan does, so they are a guess from how they were built: i." in found.basis
    small = estimated(graph, [ran({"i": 1.0, "t": 100.0})], refresh, step("t"))
    sure = ends(estimated(graph, [ran({"i": 1.0, "t": 100.0})], step("i"), step("t")))
    assert ends(small)[1] == pytest.approx(sure[1] + LOAD[1] * (FULL - 1), abs=0.3)


def test_a_models_own_config_decides_what_the_flag_does() -> None:
    refresh = step("i", kind="full-refresh", words=("--full-refresh",))
    for build in ({"full_refresh": False}, {"takes_all": True}):
        graph = graph_of(incremental("i", **build))
        assert ends(estimated(graph, [ran({"i": 10.0})], refresh)) == around(10 + OWN), build
    forced = graph_of(incremental("i", full_refresh=True))
    assert ends(estimated(forced, [ran({"i": 10.0})], refresh)) == around(10 + OWN)


WINDOW = ("--event-time-start", "2026-02-01T00:00:00", "--event-time-end", "2026-03-03T00:00:00")


def batched(seconds: float, batches: int, **fields: Any) -> Run:  # noqa: ANN401
    run = ran({"m": seconds}, **fields)
    result = run.results["model.shop.m"]
    timed = Result(result.unique_id, result.status, "", seconds, None, result.started_at, result.completed_at, result.thread, batches)
    return Run(run.which, run.dbt_version, run.generated_at, run.invocation_id, run.args, {result.unique_id: timed}, run.started_at)


def test_a_window_takes_as_long_as_its_batches() -> None:
    graph = graph_of(microbatch("m"))
    window = step("m", kind="window", words=WINDOW)
    assert ends(estimated(graph, [batched(6.0, 2)], window)) == around(30 * 3.0 + OWN)
    long = batched(90.0, 30, args={"event_time_start": "2026-01-01"})
    assert ends(estimated(graph, [batched(6.0, 2), long], step("m"))) == around(6 + OWN), "a past window says nothing of a day"
    assert estimated(graph, [ran({"m": 6.0})], window).low is None, "the run does not say how many batches it went through"


def test_a_backfill_takes_from_a_daily_run_to_a_full_refresh() -> None:
    graph = graph_of(incremental("i", vars=("start",)))
    backfill = step("i", kind="window", words=("--vars", '{"start": "2026-01-01"}'))
    runs = [ran({"i": 90.0}, args={"full_refresh": True}), ran({"i": 5000.0}, args={"vars": {"start": "2020-01-01"}}), ran({"i": 80.0})]
    low, high = ends(estimated(graph, runs, backfill))
    assert low < 80
    assert 90 < high < 200


@pytest.mark.parametrize(
    ("since", "until", "size", "batches"),
    [
        ("2026-01-01T00", "2026-01-02T00", "hour", 24),
        ("2026-01-01T00", "2026-03-01T00", "day", 59),
        ("2025-11-01T00", "2026-02-01T00", "month", 3),
        ("2024-01-01T00", "2026-01-01T00", "year", 2),
        ("2024-01-01T00", "2026-01-01T00", "", 0),
    ],
)
def test_batches_of_a_window(since: str, until: str, size: str, batches: int) -> None:
    assert batches_between(datetime.fromisoformat(f"{since}:00:00"), datetime.fromisoformat(f"{until}:00:00"), size) == batches


PAIR = {"b": 10.0, "c": 10.0}


@pytest.mark.parametrize(
    ("run", "threads"),
    [
        (ran(PAIR, args={"threads": 4}), (4, 4)),
        (ran(PAIR, args={"invocation_command": "dbt build --threads 3 --target prod"}), (3, 3)),
        (ran(PAIR, args={"invocation_command": "dbt build --threads=1", "threads": 8}), (1, 1)),
        (ran(dict.fromkeys("abcd", 1.0), threads=2), (2, 2)),
        (ran(PAIR, threads=2), (2, 8)),
        (Run("build"), (1, 8)),
    ],
)
def test_threads_are_those_of_earlier_runs(run: Run, threads: tuple[int, int]) -> None:
    assert Timings([run], graph_of(*NODES)).threads() == threads


def test_hooks_and_skipped_nodes_are_no_thread() -> None:
    run = ran(dict.fromkeys("abcd", 1.0), threads=2)
    results = {**run.results, "operation.shop.hook": Result("operation.shop.hook", "success", seconds=1.0, thread="MainThread")}
    assert Timings([Run("build", args=run.args, results=results)], graph_of(*NODES)).threads() == (2, 2)


def test_unknown_threads_widen_the_range_and_are_said() -> None:
    graph = graph_of(*(model(name) for name in "abc"))
    runs = [ran({"a": 2.0, "b": 2.0}, idle_seconds=10, threads=2), ran({"c": 2.0}, idle_seconds=10)]
    found, two, three = (estimated(graph, runs, step("a", "b", "c"), threads=threads) for threads in (None, 2, 3))
    assert ends(found) == (ends(three)[0], ends(two)[1]), "two were seen and there may be more"
    assert ends(two)[0] > ends(three)[0]
    assert "Between 2 and 8 threads: no earlier run tells." in found.basis
    assert "2 threads, as given." in two.basis
    assert not any("thread" in line for line in estimated(graph, runs, step("a")).basis), "they do not matter to one node"


def test_other_variables_make_dbt_read_the_project_again() -> None:
    graph = graph_of(*NODES)
    runs = [ran(SECONDS, args={"vars": {"x": 1}})]
    same = estimated(graph, runs, step("a", words=("--vars", '{"x": 1}')))
    twice = estimated(graph, runs, step("a", words=("--vars", '{"x": 2}')), step("a", words=("--vars", '{"x": 1}')))
    assert not any("again" in line for line in same.basis)
    assert any(line.startswith("In 2 commands dbt reads the whole project again") for line in twice.basis)
    assert ends(twice)[1] > 2 * ends(same)[1]


def test_sql_and_freshness_count_with_their_start_only_and_people_not_at_all() -> None:
    copy = Step("backup", ("model.shop.a",), "why", argv=("dbt", "run-operation", "run_query"), sql="create table x as select 1")
    fresh = Step("freshness", ("model.shop.a",), "why", argv=("dbt", "source", "freshness"))
    gate = Step("gate", ("model.shop.a",), "why", who="Ann")
    found = estimated(graph_of(*NODES), [ran(SECONDS)], copy, fresh, gate, step("a"))
    assert ends(found) == around(10 + 3 * OWN)
    assert "Of 1 SQL step only the start is counted: no artifact tells how long the statements take." in found.basis
    assert any(line.startswith("Of 1 other command only the start is counted") for line in found.basis)
    assert "What people have to do is not counted, nor the time until they do it." in found.basis


def test_tests_take_what_tests_took() -> None:
    check = other("test", "check", "model.shop.a")
    graph = graph_of(*NODES, check)
    found = estimated(graph, [ran({check.unique_id: 40.0}, which="test")], step(check.unique_id, kind="test"))
    assert ends(found) == around(40 + OWN)


def test_a_plan_without_commands_takes_no_time_of_a_machine() -> None:
    found = estimated(graph_of(*NODES), [ran(SECONDS)], Step("sql", ("model.shop.a",), "why", who="Ann"))
    assert found == Estimate(basis=("No command repairs this by itself, so there is nothing to time.",))


def test_another_programs_start_is_an_assumption() -> None:
    dagster = Step("run", ("model.shop.a",), "why", argv=("dagster", "asset", "materialize"))
    assert estimated(graph_of(*NODES), [ran({"a": 10.0})], dagster).low is None
    long = estimated(graph_of(*NODES), [ran({"a": 1000.0})], dagster)
    assert long.low is not None
    assert "How long a program other than dbt takes to start is an assumption." in long.basis


def test_an_engine_that_does_not_say_when_it_started_has_an_assumed_start() -> None:
    graph = graph_of(*NODES)
    fusion = Run("build", "2.0.0-preview.196", at(9), "", {"target": "prod"}, ran(SECONDS).results)
    core = Run("build", "1.5.0", at(9), "", {"target": "prod"}, ran(SECONDS).results)
    quick, slow = (ends(estimated(graph, [run], step("a"), threads=1)) for run in (fusion, core))
    assert quick[0] < slow[0]
    for start in (Timings([run], graph).start() for run in (fusion, core)):
        assert start.high <= KNOWN * start.low
    told = Run("build", "1.5.0", at(9), "", {"target": "prod"}, ran(SECONDS).results, elapsed=sum(SECONDS.values()) + 3.0)
    assert Timings([told], graph).start().low == pytest.approx(Timings([core], graph).start().low + 3.0)


def test_idle_time_is_when_no_node_was_worked_on() -> None:
    assert idle(ran(SECONDS, idle_seconds=2.5)) == pytest.approx(2.5)
    overlapping = {name: Result(name, "success", started_at=at(begin), completed_at=at(end)) for name, begin, end in (("a", 1, 5), ("b", 2, 3), ("c", 7, 8.25))}
    assert idle(Run("run", generated_at=at(9), results=overlapping, started_at=at(0))) == pytest.approx(1 + 2 + 0.75)


@pytest.mark.parametrize(
    "fields", [{"generated_at": at(9)}, {"started_at": at(0)}, {"generated_at": "soon", "started_at": at(0)}, {"generated_at": at(2), "started_at": at(0)}]
)
def test_a_run_that_does_not_say_when_tells_nothing_of_idle_time(fields: Mapping[str, str]) -> None:
    assert idle(Run("run", results={"a": Result("a", "success", started_at=at(1), completed_at=at(5))}, **fields)) is None


def test_in_shop_idle_time_and_threads_are_what_dbt_did() -> None:
    data = gzip.decompress((ARTIFACTS / "green" / "run_results.json.gz").read_bytes())
    run, written = read_run(data, "run_results.json"), json.loads(data)
    parsed = {key: datetime.fromisoformat(written["metadata"][key].replace("Z", "+00:00")) for key in ("invocation_started_at", "generated_at")}
    whole = (parsed["generated_at"] - parsed["invocation_started_at"]).total_seconds()
    found = idle(run)
    assert found is not None
    assert whole - written["elapsed_time"] < found < whole
    graph = graph_of(*NODES)
    assert Timings([run], graph).threads() == (2, 2), "profiles.yml says so"


@pytest.mark.parametrize(("idles", "start"), [(0.1, 1.3), (1.0, 2.7), (100.0, 106.0)])
def test_pythons_own_start_has_a_least_and_a_most(idles: float, start: float) -> None:
    assert Timings([ran(SECONDS, idle_seconds=idles)], graph_of(*NODES)).start().low == pytest.approx(start)


def test_fusions_elapsed_time_is_a_sum_and_tells_nothing_of_idle_time() -> None:
    run = ran(SECONDS)
    told = {version: Run("build", version, results=run.results, elapsed=70.0) for version in ("1.7.0", "2.0.0-beta.2")}
    assert idle_once_read(told["1.7.0"]) == pytest.approx(5.0)
    assert idle_once_read(told["2.0.0-beta.2"]) is None


def test_a_node_that_ran_before_its_run_began_tells_nothing() -> None:
    run = ran(SECONDS)
    assert idle(Run("run", generated_at=run.generated_at, results=run.results, started_at=at(2))) is None


def test_a_window_that_sql_repairs_counts_with_its_start_only() -> None:
    copied = step("a", kind="window", sql="delete from a; insert into a select 1")
    assert ends(estimated(graph_of(*NODES), [ran(SECONDS)], copied)) == around(OWN)


def took(runs: Sequence[Run], name: str, way: Way, *nodes: Node) -> tuple[float, float]:
    found = Timings(runs, graph_of(*nodes)).took(f"model.shop.{name}", way)
    assert found is not None
    return found.span.low, found.span.high


def test_a_guess_spans_all_that_may_be() -> None:
    whole, daily = ran({"i": 300.0}, args={"full_refresh": True}), ran({"i": 10.0})
    node, kin = incremental("i"), incremental("k")
    assert took([whole, daily], "i", "window", node) == (10.0, 300.0)
    assert took([whole], "i", "window", node) == (300.0 / FULL, 300.0)
    assert took([whole], "i", "plain", node) == (300.0 / FULL, 300.0)
    assert took([daily], "i", "full", node) == (10.0, 10.0 * FULL)
    assert took([whole, daily], "k", "plain", node, kin) == (10.0 * KIN[0], 10.0 * KIN[1]), "a full refresh says nothing of kin on a day"
    assert took([whole, daily], "k", "full", node, kin) == (10.0 * KIN[0], 10.0 * KIN[1] * FULL)


def test_a_stranger_is_less_certain_than_kin() -> None:
    view = model("v", materialized="view")
    timings = Timings([ran({"a": 10.0})], graph_of(*NODES, view))
    assert timings.took(view.unique_id, "plain") is None
    found = timings.stranger(view.unique_id)
    assert found is not None
    assert (found.span.low, found.span.high) == (10.0 * STRANGER[0], 10.0 * STRANGER[1])
