"""Laws: nothing that is bad is left out or counted twice, whatever a run holds; the same input gives the same answer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from detect_builder import (
    AT,
    CORE,
    FUSION,
    artifacts_of,
    data_test,
    exposure,
    found,
    freshness_of,
    hook,
    late,
    model,
    run_of,
    singular,
    source,
    unit_test,
)
from hypothesis import given
from hypothesis import strategies as st

from aftershock.detect import detect
from aftershock.detect.globs import matches, occurs
from aftershock.detect.looking import GOOD, is_bad
from aftershock.model import Policy, Result, Severity
from aftershock.model.policy import DetectPolicy, DetectRule

if TYPE_CHECKING:
    from aftershock.model.detection import Detection

SOURCES = ("raw.a", "raw.b", "crm.c")
NODES = (
    *(source(name, freshness=True) for name in SOURCES),
    model("a", "raw.a"),
    model("b", "raw.b", "a"),
    model("c", "b", materialized="incremental"),
    model("d", "raw.a", "crm.c", materialized="view"),
    model("e", "d", "c"),
    data_test("unique", "a", "id"),
    data_test("not_null", "a", "id"),
    data_test("not_null", "c", "id"),
    data_test("unique", "e", "id"),
    data_test("relationships", "b", "a_id", against=["a"]),
    data_test("row_count_at_least", "raw.a"),
    data_test("dbt_utils.recency", "d"),
    singular("assert_all", "a", "e"),
    unit_test("adds", "b"),
    exposure("board", "e"),
    hook("shop-on-run-start-0"),
    hook("shop-on-run-end-0"),
)
STATUSES = st.sampled_from(["success", "pass", "error", "fail", "warn", "skipped", "no-op", "runtime error", "partial success", "unheard of", "cancelled"])
MESSAGES = st.sampled_from(
    [
        "",
        "Got 3 results, configured to fail if != 0",
        'Database Error in model x (x.sql)\n  column "id" does not exist',
        'Database Error in model x (x.sql)\n  relation "raw.a" does not exist',
        "Database Error in model x (x.sql)\n  connection refused",
        "Runtime Error in model x\n  No function matches the given name and argument types 'sum(VARCHAR)'",
        "odd",
        "Skipped due to upstream failure",
    ]
)
UNKNOWN = ("model.old.x", "test.old.unique_x.1", "exposure.old.y")
IDS = st.sampled_from([*(node.unique_id for node in NODES if node.resource_type != "source"), *UNKNOWN])
RESULTS = st.dictionaries(IDS, st.tuples(STATUSES, MESSAGES), max_size=14)
LATE = st.dictionaries(st.sampled_from([*SOURCES, "raw.gone"]), st.sampled_from(["pass", "warn", "error", "runtime error"]), max_size=4)
RULE = DetectRule("mine", "ignore", test="not_null")


def looked_at(results: dict[str, tuple[str, str]], ages: dict[str, str], version: str, policy: Policy | None = None, **args: object) -> Detection:
    run = run_of(*(Result(unique_id, status, message, completed_at=AT) for unique_id, (status, message) in results.items()), version=version, **args)  # type: ignore[arg-type]
    return found(*NODES, run=run, freshness=freshness_of(*(late(name, status) for name, status in ages.items())), policy=policy)


@given(RESULTS, LATE, st.sampled_from([CORE, FUSION]), st.booleans(), st.sampled_from(["build", "test", "compile"]))
def test_every_bad_result_is_in_one_incident_a_fault_in_code_or_named(
    results: dict[str, tuple[str, str]],
    ages: dict[str, str],
    version: str,
    ruled: bool,  # noqa: FBT001
    which: str,
) -> None:
    policy = Policy(detect=DetectPolicy(rules=(RULE,))) if ruled else None
    detection = looked_at(results, ages, version, policy, which=which)
    evidence = Counter((clue.file, clue.unique_id) for item in detection.incidents for clue in item.evidence if clue.status != "absent")
    faults = {clue.unique_id for clue in detection.code_faults}
    said = " ".join(detection.notes)
    for unique_id, (status, _) in results.items():
        if is_bad(status) or status not in GOOD or status == "warn":
            named = unique_id in said or (unique_id in detection.labels and detection.labels[unique_id] in said) or unique_id.split(".")[2] in said
            assert evidence[("run_results", unique_id)] == 1 or (unique_id in faults and not evidence[("run_results", unique_id)]) or named, unique_id
        else:
            assert not evidence[("run_results", unique_id)]
    for name, status in ages.items():
        if status != "pass":
            unique_id = f"source.shop.{name}"
            assert evidence[("sources", unique_id)] == 1 or unique_id in said
    assert max(evidence.values(), default=1) == 1


@given(RESULTS, LATE, st.sampled_from([CORE, FUSION]))
def test_an_incident_holds_together(results: dict[str, tuple[str, str]], ages: dict[str, str], version: str) -> None:
    detection = looked_at(results, ages, version)
    known = {node.unique_id: node for node in NODES}
    levels = [item.severity.level.rank for item in detection.incidents]
    assert levels == sorted(levels)
    for item in detection.incidents:
        assert len(set(item.nodes)) == len(item.nodes)
        assert all(known[node].resource_type in {"model", "source", "exposure"} for node in item.nodes)
        assert set(item.nodes).isdisjoint(item.skipped)
        assert all(results[node][0] == "skipped" for node in item.skipped)
        assert item.category not in {other.category for other in item.alternatives}
        assert len({other.category for other in item.alternatives}) == len(item.alternatives)
        assert not item.title.endswith(".")
        assert all(doubt.endswith(".") for doubt in item.doubts)
        assert item.evidence
        assert item.severity.level in Severity
    mentioned = {unique_id for item in detection.incidents for unique_id in (*item.nodes, *item.skipped, *(clue.unique_id for clue in item.evidence))}
    assert mentioned & known.keys() <= detection.labels.keys()


@given(RESULTS, LATE, st.randoms(use_true_random=False))
def test_the_order_of_results_makes_no_difference(results: dict[str, tuple[str, str]], ages: dict[str, str], random: object) -> None:
    shuffled = list(results.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def told(detection: Detection) -> list[object]:
        return sorted(
            (item.category.value, sorted(item.nodes), sorted(clue.unique_id for clue in item.evidence), sorted(item.skipped)) for item in detection.incidents
        )

    assert told(looked_at(results, ages, CORE)) == told(looked_at(dict(shuffled), ages, CORE))


@given(st.dictionaries(IDS, st.sampled_from(["success", "pass", "no-op", "skipped", "reused"]), max_size=14))
def test_a_green_run_holds_nothing(statuses: dict[str, str]) -> None:
    run = run_of(*(Result(unique_id, status) for unique_id, status in statuses.items()))
    assert detect(artifacts_of(*NODES, run=run)).incidents == ()


@given(st.text(alphabet="ab*c", max_size=9), st.text(alphabet="abc", max_size=12))
def test_a_glob_is_what_it_says(glob: str, text: str) -> None:
    import re

    expression = ".*".join(map(re.escape, glob.split("*")))
    assert matches(glob, text.upper()) == bool(re.fullmatch(expression, text))
    assert occurs(glob, text.upper()) == bool(re.search(expression, text))
