"""One node's judgement, from its own results, those of its tests, and the judgements on what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock import times
from aftershock.model import Category
from aftershock.phrases import counted, listing
from aftershock.recovery.names import listed
from aftershock.recovery.proof.facts import Checked, Facts, Tested, is_built
from aftershock.recovery.proof.record import moment
from aftershock.recovery.shapes import INCREMENTAL_SHAPES, shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from aftershock.model import Node
    from aftershock.model.proof import Evidence, ProofState
    from aftershock.recovery.proof.record import Mark

BUILD_IT = "it has to be built"
NEEDS_OWN_BUILD = frozenset({Category.PIPELINE_FAILURE, Category.SCHEMA_BREAK})
"""Where the failing node's own code could not be built: that its old relation passes its tests proves nothing."""

FRESH_IS_ENOUGH = frozenset({None, Category.STALE_DATA, Category.PIPELINE_FAILURE})
"""Where a failing source is repaired once new rows arrive; otherwise what was wrong is in its rows, and fresh rows may be wrong too."""

_TESTS = 3


class Finding(NamedTuple):
    """A judgement.

    ``firm`` where a bad result of the node's own or its tests' stands behind it, which nobody's word outweighs; ``derived`` where it only follows from the
    judgement on what it reads.
    """

    state: ProofState
    why: str
    evidence: tuple[Evidence, ...] = ()
    firm: bool = False
    derived: bool = False


def judged(node: Node, facts: Facts, found: Mapping[str, Finding]) -> Finding:
    """The judgement on one node.

    Args:
        node: a node of the scope.
        facts: what is known.
        found: the judgements on everything of the scope that it reads.
    """
    shape = shape_of(node)
    if shape == "source":
        return _source(node, facts)
    if shape == "foreign":
        return _tested(node, facts, "", Finding("not_judged", "another project builds it: its owner has to say that it is repaired"))
    if (own := _own_failure(node, facts)) is not None:
        return own
    if node.is_stored:
        return _there(node, facts, _stored(node, facts, found))
    finding = _follower(node, facts, found)
    if shape == "export" and finding.state == "repaired":
        return Finding("not_judged", "its export lies outside dbt's graph: it has to be written again")
    return _there(node, facts, finding)


def _own_failure(node: Node, facts: Facts) -> Finding | None:
    """What the newest result of the node itself says, where that is bad."""
    last = facts.record.last(node.unique_id)
    if last is None:
        return None
    if last.is_bad:
        return Finding("still_bad", f"dbt could not build it at {times.iso(last.ended)}{_colon(last.message)}", (last.seen,), firm=True)
    keeps_rows = shape_of(node) in INCREMENTAL_SHAPES and last.run.args.get("full_refresh") is not True
    if last.hollow and last.status == "success" and not keeps_rows:
        return Finding("still_bad", f"dbt built it at {times.iso(last.ended)} with --empty or --sample: it does not hold its rows", (last.seen,), firm=True)
    return None


def _stored(node: Node, facts: Facts, found: Mapping[str, Finding]) -> Finding:
    """A node with rows of its own: built since, after what it reads, and tested."""
    mark, lacks = facts.rebuilt[node.unique_id]
    if mark is None and node.unique_id in facts.untouched:
        return _tested(node, facts, "the plan leaves it as it is", None)
    if mark is None:
        return Finding("not_run", f"{lacks}; {BUILD_IT}")
    if bad := _in_state(node, facts, found, "still_bad", "not_run"):
        return Finding("still_bad", f"it was built at {times.iso(mark.ended)} from {_names(bad, facts)}, not repaired", (mark.seen,), derived=True)
    if late := _later(node, facts, mark):
        what = "was loaded" if all(facts.graph.nodes[parent].resource_type == "source" for parent in late) else "was in order"
        return Finding(
            "still_bad",
            f"it was built at {times.iso(mark.ended)}, before {_names(late, facts)} {what} ({_latest(late, facts)}); {BUILD_IT} again",
            (mark.seen,),
        )
    return _tested(node, facts, f"built at {times.iso(mark.ended)}", None, mark.seen)


def _in_state(node: Node, facts: Facts, found: Mapping[str, Finding], *states: ProofState) -> list[str]:
    """What it reads that is in one of these states. A source that nobody checked is not bad for that."""
    wrong = [parent for parent in facts.parents(node) if found[parent].state in states]
    return [parent for parent in wrong if found[parent].state != "not_run" or facts.graph.nodes[parent].resource_type != "source"]


def _later(node: Node, facts: Facts, mark: Mark) -> list[str]:
    """What it reads that was not in order before its build began."""
    return [parent for parent in facts.parents(node) if (ready := _ready(parent, facts)) is not None and ready > mark.began]


def _ready(unique_id: str, facts: Facts) -> datetime | None:
    return facts.shaken.get(unique_id) or facts.settled.get(unique_id)


def _latest(unique_ids: Sequence[str], facts: Facts) -> str:
    ready = max(at for unique_id in unique_ids if (at := _ready(unique_id, facts)) is not None)
    return _exact(ready)


def _exact(at: datetime) -> str:
    """To the millisecond: a child may begin in the second in which its parent ends."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _follower(node: Node, facts: Facts, found: Mapping[str, Finding]) -> Finding:
    """What holds no rows of its own, as a view or an exposure: as good as what it reads."""
    if bad := _in_state(node, facts, found, "still_bad"):
        return Finding("still_bad", f"it reads {_names(bad, facts)}, still bad", derived=True)
    if undone := _in_state(node, facts, found, "not_run"):
        return Finding("not_run", f"it reads {_names(undone, facts)}, not run", derived=True)
    mark = facts.rebuilt[node.unique_id].mark
    seen = (mark.seen,) if mark is not None else ()
    if mark is None and (lacks := _lacks_build(node, facts)):
        return Finding("not_run", f"{lacks}; {BUILD_IT}")
    if mark is None and node.unique_id in facts.scope.failing and not is_built(node) and node.materialized != "ephemeral" and not facts.parents(node):
        return Finding("not_judged", "dbt's results say nothing of it: whoever uses it has to look")
    parents = facts.parents(node)
    untested = _in_state(node, facts, found, "not_tested")
    sure = parents and all(found[parent].state in {"repaired", "untested"} for parent in parents)
    built = f"built at {times.iso(mark.ended)}" if mark is not None else ""
    how = "what it reads is repaired" if sure else built or "nothing says that it is bad"
    finding = _tested(node, facts, how, Finding("repaired", ""), *seen)
    if untested and finding.state == "repaired":
        return Finding("not_tested", f"it reads {_names(untested, facts)}, not tested", derived=True)
    return finding


def _lacks_build(node: Node, facts: Facts) -> str:
    """Why a view needs a build of its own although it keeps no rows; empty where it does not."""
    if not is_built(node):
        return ""
    before = facts.record.before(node.unique_id)
    if before is not None and before.is_bad:
        return f"it failed at {times.iso(before.ended)}, and was not built since"
    if node.unique_id not in facts.scope.failing:
        return ""
    tests = facts.tests[node.unique_id]
    proved = facts.scope.category not in NEEDS_OWN_BUILD and tests and all(test.outcome in {"passed", "warned"} for test in tests)
    return "" if proved else facts.rebuilt[node.unique_id].lacks


def _source(node: Node, facts: Facts) -> Finding:
    """A source, which somebody else loads: its freshness where that is declared, and its tests."""
    declared = node.source is not None and node.source.freshness
    checked = facts.checked.get(node.unique_id)
    tested = _tested(node, facts, "", None)
    if tested.state == "still_bad":
        return tested
    if declared and (late := _not_fresh(checked, facts.scope.category)) is not None:
        return late
    fresh = f"fresh at {_second(checked.seen.at)}" if declared and checked is not None else ""
    seen = (checked.seen,) if declared and checked is not None else ()
    if tested.state == "not_tested":
        return tested
    failing, category = node.unique_id in facts.scope.failing, facts.scope.category
    has_tests = bool(facts.tests[node.unique_id])
    if (fresh and (not failing or category in FRESH_IS_ENOUGH)) or (has_tests and not (failing and category is Category.STALE_DATA and not declared)):
        return Finding("repaired", "; ".join(part for part in (fresh, tested.why if has_tests else "") if part), (*seen, *tested.evidence))
    if fresh:
        return Finding("not_judged", f"{fresh}, but it has no test of its values: its owner has to say that they are repaired", seen)
    what = "no freshness" if has_tests else "neither freshness nor a test"
    return Finding("not_judged", f"it has {what} that could prove it: its owner has to say that it is repaired")


def _not_fresh(checked: Checked | None, category: Category | None) -> Finding | None:
    """Why a source's freshness does not prove it; a warning does where the incident is about something else than late data."""
    if checked is None:
        return Finding("not_run", "its freshness was not checked since then; dbt source freshness has to be run")
    if checked.status is None:
        why = f"{checked.seen.file} of {_second(checked.seen.at)} does not list it: its freshness query failed, or it was not selected"
        return Finding("not_run", why, (checked.seen,))
    if checked.status.status == "pass" or (checked.status.status == "warn" and category not in {None, Category.STALE_DATA}):
        return None
    newest = f", its newest row is of {checked.status.max_loaded_at}" if checked.status.max_loaded_at else _colon(checked.status.error)
    return Finding("still_bad", f"its freshness is {checked.status.status!r} at {_second(checked.seen.at)}{newest}", (checked.seen,), firm=True)


def _tested(node: Node, facts: Facts, how: str, without: Finding | None, *seen: Evidence) -> Finding:
    """What the tests on a node say of it.

    Args:
        node: the node.
        facts: what is known.
        how: how it is repaired if the tests agree, as a part of a sentence.
        without: the judgement where it has no test, its reason ``how`` where it has none; ``untested`` where None.
        seen: what stands behind ``how``.
    """
    tests = facts.tests[node.unique_id]
    bad, due, warned = ([test for test in tests if test.outcome == outcome] for outcome in ("bad", "due", "warned"))
    evidence = (*seen, *(item for test in tests for item in test.seen))
    lead = f"{how}, but " if how else ""
    if bad:
        return Finding("still_bad", f"{lead}{_test_names(bad)} {'fails' if len(bad) == 1 else 'fail'}{_colon(bad[0].message)}", evidence, firm=True)
    if due:
        return Finding("not_tested", f"{lead}{_test_names(due)} {'has' if len(due) == 1 else 'have'} not run since", evidence)
    if not tests:
        state, why = (without.state, without.why) if without is not None else ("untested", "")
        return Finding(state, why or (f"{how}; no test would show whether it is wrong" if state == "untested" else how), seen)
    passed = f"{counted(len(tests), 'test')} passed" if not warned else f"{counted(len(tests) - len(warned), 'test')} passed, {_test_names(warned)} warned"
    return Finding("repaired", ", ".join(part for part in (how, passed) if part), evidence)


def _there(node: Node, facts: Facts, finding: Finding) -> Finding:
    """The finding, unless a catalog that is newer than the build does not list the relation: a rebuild of its parent may have dropped it."""
    catalog = facts.catalog
    if catalog is None or finding.state not in {"repaired", "untested"} or not is_built(node) or not node.is_relation or node.unique_id in catalog.tables:
        return finding
    written = moment(catalog.generated_at)
    if written is None or written < facts.settled.get(node.unique_id, facts.record.since):
        return finding
    why = f"the catalog of {_second(catalog.generated_at)} does not list it: it was dropped, or dbt docs generate did not select it"
    return Finding("still_bad", why, finding.evidence)


def _second(text: str) -> str:
    """A time of a file, which was read before, to the second."""
    at = times.read(text)
    return times.iso(at) if at is not None else text


def _names(unique_ids: Sequence[str], facts: Facts) -> str:
    return listed(unique_ids, facts.graph)


def _test_names(tests: Sequence[Tested]) -> str:
    return listing([test.name for test in tests], _TESTS)


def _colon(message: str) -> str:
    return f": {message}" if message else ""
