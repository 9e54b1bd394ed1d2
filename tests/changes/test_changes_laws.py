"""Laws of a check, over small projects in which anything may come, go or change at once."""

from __future__ import annotations

from typing import Any

from change_projects import Raw, checked, data_test, edited, exposure, model, project, source, unit_test
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftershock.model import Owner, Policy
from aftershock.model.policy import Acknowledgement, CheckPolicy

NAMES = ("m0", "m1", "m2", "m3")
COLUMNS = ("id", "b", "c")
MATERIALIZED = ("table", "view", "incremental", "ephemeral")
ON_CHANGE = ("ignore", "fail", "append_new_columns", "sync_all_columns")
EXPRESSIONS = ("{}", "{} + 1 as {}", "cast({} as varchar) as {}", "cast({} as smallint) as {}", "{} as other")


@st.composite
def queries(draw: st.DrawFn, above: tuple[str, ...]) -> str:
    """A query of something above: some columns, a star, or a union by place, with a filter or without."""
    parent = draw(st.sampled_from(above))
    if len(above) > 1 and draw(st.integers(0, 9)) == 0:
        return f"select * from {parent} union all select * from {above[0]}"  # noqa: S608  # our own
    chosen = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True))
    written = [draw(st.sampled_from(EXPRESSIONS)).format(column, column) for column in chosen]
    listed = "*" if draw(st.booleans()) else ", ".join(written)
    return f"select {listed} from {parent}" + draw(st.sampled_from(("", "", " where id > 1")))  # noqa: S608  # our own


@st.composite
def models(draw: st.DrawFn, name: str, above: tuple[str, ...]) -> Raw:
    """A model, perhaps one with a contract, or one that keeps its rows."""
    config = {"materialized": draw(st.sampled_from(MATERIALIZED[:3])), "on_schema_change": draw(st.sampled_from(ON_CHANGE))}
    held = draw(st.integers(0, 5)) == 0
    columns = {"id": "integer", "b": "integer"} if held else {}
    return model(name, draw(queries(above)), columns=columns, config={**config, "contract": {"enforced": held}})


@st.composite
def projects(draw: st.DrawFn) -> Raw:
    """A chain of models with tests, a dashboard, and parents that no head need have."""
    raw = source("raw", *draw(st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True)))
    made, above = [model("same", "select 1 as one"), raw], ("raw",)
    for name in NAMES:
        if draw(st.integers(0, 5)):
            made.append(draw(models(name, above)))
            above = (*above, name)
    for name in above[1:]:
        column = draw(st.sampled_from(COLUMNS))
        if draw(st.integers(0, 2)) == 0:
            made.append(data_test("not_null", name, f"select * from {name} where {column} is null", column=column))  # noqa: S608  # our own
        if draw(st.integers(0, 5)) == 0:
            made.append(unit_test("u", name, [], [{column: 1}]))
    if len(above) > 1 and draw(st.booleans()):
        made.append(exposure("board", above[-1]))
    return project(*made)


@st.composite
def pulled(draw: st.DrawFn) -> tuple[Raw, Raw]:
    """A project, and another in which some nodes are those of a third, some are gone, and readers may go on reading them."""
    base, other = draw(projects()), draw(projects())
    ids = [unique_id for section in ("nodes", "sources", "exposures", "unit_tests") for unique_id in other.get(section, {})]
    known = {unique_id: node for section in ("nodes", "sources", "exposures", "unit_tests") for unique_id, node in other.get(section, {}).items()}
    taken = draw(st.lists(st.sampled_from(ids), unique=True, max_size=4))
    own = [unique_id for section in ("nodes", "sources", "exposures") for unique_id in base.get(section, {}) if unique_id != "model.p.same"]
    gone = tuple(draw(st.lists(st.sampled_from(own), unique=True, max_size=2)))
    head = edited(base, *(known[unique_id] for unique_id in taken), gone=gone)
    for unique_id, node in head["nodes"].items():
        before = base["nodes"].get(unique_id, {}).get("compiled_code", "")
        lost = [parent for parent in gone if f"from {parent.rpartition('.')[2]}" in before]
        if lost and unique_id.startswith("model.") and draw(st.booleans()):
            node["depends_on"] = {"nodes": lost}
    return base, head


def policies() -> st.SearchStrategy[Policy]:
    """Nothing accepted, or what changes of one node."""

    def of(names: list[str]) -> Policy:
        items = tuple(Acknowledgement("it is known", Owner("Eve"), "2027-01-01", node=name) for name in names)
        return Policy(check=CheckPolicy(acknowledge=items))

    return st.lists(st.sampled_from(NAMES), unique=True, max_size=2).map(of)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(pulled(), policies())
def test_what_fails_or_loses_columns_does_so_by_a_change_that_is_breaking(pull: tuple[Raw, Raw], policy: Policy) -> None:
    report = checked(*pull, policy=policy)
    open_ = {change.verdict for change in report.changes if not change.acknowledged}
    impact: Any = report.impact
    if impact.fails or impact.failing_tests or impact.loses_columns:
        assert "breaking" in open_
        assert report.outcome == "failed"
    for proof in impact.proofs:
        assert 0 <= proof.change < len(report.changes)
        assert not report.changes[proof.change].acknowledged


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(pulled())
def test_a_change_that_also_removes_every_dashboard_is_no_milder_and_reaches_the_same_ones(pull: tuple[Raw, Raw]) -> None:
    base, head = pull
    kept = {**head, "exposures": base.get("exposures", {})}
    whole, bare = checked(base, kept), checked(base, {**head, "exposures": {}})
    assert {board.unique_id for board in whole.impact.dashboards} <= {board.unique_id for board in bare.impact.dashboards}
    assert whole.impact.fails == bare.impact.fails
    if whole.severity is not None:
        assert bare.severity is not None
        assert bare.severity.level.at_least(whole.severity.level)
