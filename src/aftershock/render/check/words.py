"""What every format says of a check: the verdict in a sentence, who is affected and how."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple

from aftershock.model.changes import JUDGEMENTS
from aftershock.phrases import counted, listing
from aftershock.render.check.audience import people
from aftershock.render.summary import HIDDEN, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aftershock.model import HiddenConsumer
    from aftershock.model.changes import Change, CheckReport, Judgement, Reached

HitKind = Literal["fails", "loses columns", "wrong values", "skipped"]

JUDGED: dict[Judgement, str] = {"breaking": "breaking", "cannot-say": "not judged", "risky": "risky", "safe": "safe"}
"""A judgement in words."""

HIT_TITLES: dict[HitKind, str] = {"fails": "Fail", "loses columns": "Lose columns", "wrong values": "Other values or rows", "skipped": "Skipped by dbt"}

_VERBS: dict[HitKind, tuple[str, str, str]] = {
    "fails": ("fails", "fail", "may fail"),
    "loses columns": ("loses columns", "lose columns", "may lose columns"),
    "wrong values": ("gets other values or rows", "get other values or rows", "may get other values or rows"),
    "skipped": ("is skipped", "are skipped", "may be skipped"),
}
"""What happens to one node, to several, and possibly."""

RESULTS = {"failed": "The check fails", "not-judged": "The check cannot say", "passed": "The check passes"}

NAMES = 3
ELLIPSIS = "…"
"""Stands for steps that are left out."""
_TESTS = ("test.", "unit_test.")


class Hit(NamedTuple):
    """What happens to one node downstream: the columns that it loses, why, and the proof, where there is one."""

    unique_id: str
    kind: HitKind
    columns: tuple[str, ...] = ()
    proof: Reached | None = None

    @property
    def certain(self) -> bool:
        """Whether the proof leaves no doubt."""
        return self.proof is None or self.proof.certain


def name(report: CheckReport, unique_id: str) -> str:
    """The name that people use for a node; its unique_id where none is known."""
    return report.labels.get(unique_id) or unique_id


def names(report: CheckReport, unique_ids: Iterable[str]) -> list[str]:
    """`name` of each, in the same order."""
    return [name(report, unique_id) for unique_id in unique_ids]


def subject(report: CheckReport, change: Change) -> str:
    """What changed: ``stg_orders.amount``, or the node alone."""
    label = name(report, change.unique_id)
    return f"{label}.{change.column}" if change.column else label


def kind(change: Change) -> str:
    """The kind of change in words, with the old and new value where there are some: ``column retyped (integer to text)``."""
    words = change.kind.replace("-", " ")
    if change.was and change.now:
        return f"{words} ({change.was} to {change.now})"
    return f"{words} ({change.was or change.now})" if change.was or change.now else words


def open_changes(report: CheckReport) -> list[Change]:
    """The changes that nobody accepted, worst first."""
    return [change for change in report.changes if not change.acknowledged]


def accepted(report: CheckReport) -> list[Change]:
    """The changes that somebody accepted."""
    return [change for change in report.changes if change.acknowledged]


def counts(report: CheckReport) -> dict[Judgement, int]:
    """How many changes that nobody accepted have each judgement, the worst first."""
    found = open_changes(report)
    return {judgement: sum(change.verdict == judgement for change in found) for judgement in JUDGEMENTS}


def verdict(report: CheckReport) -> str:
    """The answer in one sentence, without untrusted text."""
    found = counts(report)
    bad = [(number, judgement) for judgement, number in found.items() if number and judgement in {"breaking", "risky"}]
    more = f" ({counted(len(accepted(report)), 'more is', 'more are')} acknowledged)" if accepted(report) else ""
    if not bad and not found["cannot-say"]:
        if not report.changes:
            return "Nothing changed for anybody downstream."
        safe = [counted(found["safe"], "safe change")] if found["safe"] else []
        known = [counted(len(accepted(report)), "acknowledged change")] if accepted(report) else []
        return f"Nothing breaking or risky: {listing([*safe, *known])}."
    said = f"{listing([f'{number:,} {word}' for number, word in bad])} {'change' if bad[-1][0] == 1 else 'changes'}" if bad else ""
    unsure = found["cannot-say"]
    if unsure:
        said = f"{said}, and {unsure:,} that could not be judged" if said else f"{counted(unsure, 'change')} could not be judged"
    return f"{said}{more}: {_affected(report)}."


def _affected(report: CheckReport) -> str:
    parts = reach(report)
    if not parts:
        return "nothing else is affected"
    one = len(parts) == 1 and parts[0].startswith("1 ")
    sure = any(proof.certain for proof in report.impact.proofs) or not report.impact.proofs
    unsure = not all(proof.certain for proof in report.impact.proofs)
    verb = "is" if one else "are"
    return f"{listing(parts)} {f'{verb} or may be' if sure and unsure else verb if sure else 'may be'} affected"


def reach(report: CheckReport) -> list[str]:
    """Who is affected, counted: dashboards, other exposures, automations and people, or, where there are none of these, nodes."""
    impact = report.impact
    boards = [item for item in impact.dashboards if not item.automation]
    plain = sum(item.type == "dashboard" for item in boards)
    parts = [
        counted(plain, "dashboard"),
        counted(len(boards) - plain, "other exposure"),
        counted(len(impact.dashboards) - len(boards), "automation"),
        counted(len(people(report)), "person or team", "people or teams"),
    ]
    found = [part for part in parts if not part.startswith("0 ")]
    nodes = {hit.unique_id for hit in hits(report)}
    return found or ([counted(len(nodes), "node")] if nodes else [])


def result(report: CheckReport) -> str:
    """Whether the check passes, in one sentence without a full stop, without untrusted text; and why not, where `verdict` does not say it already."""
    said = RESULTS[report.outcome]
    if _is_told(report):
        return said
    if report.outcome == "failed":
        return f"{said}: {' '.join(report.failed).rstrip('.')}"
    if report.outcome == "not-judged":
        number = sum(change.fails for change in report.changes)
        return f"{said}: {counted(number, 'change')} could not be judged"
    return said


def _is_told(report: CheckReport) -> bool:
    """Whether each change that the verdict counts, and the level could fail, does fail the check."""
    levels: dict[str, set[Judgement]] = {"breaking": {"breaking", "cannot-say"}, "risky": {"breaking", "cannot-say", "risky"}}
    return all(change.fails == (change.verdict in levels.get(report.fail_on, ())) for change in open_changes(report))


def tests(report: CheckReport) -> list[str]:
    """The names of the tests that fail or no longer run."""
    return names(report, test_ids(report))


def test_ids(report: CheckReport) -> list[str]:
    """The tests that fail or no longer run; contracts apart."""
    return [unique_id for unique_id in report.impact.failing_tests if unique_id.startswith(_TESTS)]


def contracts(report: CheckReport) -> list[str]:
    """The names of the nodes whose contract no longer holds."""
    return names(report, (unique_id for unique_id in report.impact.failing_tests if not unique_id.startswith(_TESTS)))


def hidden_words(report: CheckReport, item: HiddenConsumer) -> str:
    """A consumer outside dbt's graph, of which kind, and through which node; unescaped."""
    through = name(report, item.unique_id)
    rest = "; ".join(part for part in (HIDDEN.get(item.kind, ""), "" if through in item.what else f"through {through}") if part)
    return f"{item.what} ({rest})" if rest else item.what


def outside(report: CheckReport, limit: int = 0) -> str:
    """The consumers outside dbt's graph, each in its own words; beyond ``limit`` (0 for none) a number. Unescaped."""
    found = [hidden_words(report, item) for item in report.impact.hidden]
    shown = found[:limit] if limit else found
    return "; ".join([*shown, *([f"{len(found) - len(shown):,} more"] if len(found) > len(shown) else [])])


def hits(report: CheckReport) -> list[Hit]:
    """What happens downstream, node by node: what fails, then what loses columns, gets other values, and is skipped for another's failure."""
    impact = report.impact
    failing = set(impact.fails)
    proofs: dict[str, Reached] = {}
    for proof in sorted(impact.proofs, key=lambda proof: not proof.certain):
        proofs.setdefault(proof.unique_id, proof)
    return [
        *(Hit(unique_id, "fails", (), proofs.get(unique_id)) for unique_id in impact.fails),
        *(Hit(unique_id, "loses columns", columns, proofs.get(unique_id)) for unique_id, columns in impact.loses_columns.items()),
        *(Hit(unique_id, "wrong values", (), proofs.get(unique_id)) for unique_id in impact.wrong),
        *(Hit(unique_id, "skipped", (), proofs.get(unique_id)) for unique_id in impact.skipped if unique_id not in failing),
    ]


def why(hit: Hit) -> str:
    """Why a node is hit, where that is known: what no longer binds, which columns it loses; unescaped."""
    text = ", ".join(hit.columns) if hit.columns else hit.proof.why if hit.proof is not None and hit.kind != "skipped" else ""
    return text if hit.certain else f"may be: {text}" if text else "may be"


def happens(kind: HitKind, number: int = 1, *, certain: bool = True) -> str:
    """What happens to one node, or to several: ``fails``, ``lose columns``, ``may fail``."""
    one, several, may = _VERBS[kind]
    return may if not certain else one if number == 1 else several


def cause(report: CheckReport, hit: Hit) -> Change | None:
    """The change that reaches a node; None where that is not said."""
    if hit.proof is None or not 0 <= hit.proof.change < len(report.changes):
        return None
    return report.changes[hit.proof.change]


def way(report: CheckReport, hit: Hit) -> list[str]:
    """The way of a column to a node, one name for each step, tests on it left out; unescaped."""
    steps = [step for step in hit.proof.steps if not step.node.startswith(_TESTS)] if hit.proof is not None else []
    found = [f"{name(report, step.node)}.{step.column}" if step.column else name(report, step.node) for step in steps]
    return list(dict.fromkeys(found))


def shortened(way: Sequence[str], most: int) -> list[str]:
    """A way of so many steps at most, its end always among them: ``first``, `ELLIPSIS`, ``last``."""
    return list(way) if len(way) <= most else [way[0], ELLIPSIS, way[-1]]


def consequences(report: CheckReport) -> list[str]:
    """What each change does downstream, in the order of the changes: sentences without a full stop, empty where nothing is known. Unescaped."""
    found: list[list[Hit]] = [[] for _ in report.changes]
    for hit in hits(report):
        if hit.proof is not None and 0 <= hit.proof.change < len(found):
            found[hit.proof.change].append(hit)
    return [_consequence(report, mine) for mine in found]


def _consequence(report: CheckReport, mine: Sequence[Hit]) -> str:
    parts = []
    for title in _VERBS:
        some = [hit for hit in mine if hit.kind == title]
        found = names(report, dict.fromkeys(hit.unique_id for hit in some))
        if found:
            parts.append(f"{listing(found, NAMES)} {happens(title, len(found), certain=any(hit.certain for hit in some))}")
    return "; ".join(parts)


def told(report: CheckReport, change: Change, consequence: str) -> str:
    """One change in a sentence: what, why, and what comes of it; unescaped."""
    return f"{headed(report, change)}: {reasoned(change, consequence)}"


def headed(report: CheckReport, change: Change) -> str:
    """What changed, and how: ``stg_orders.amount, column removed``; unescaped."""
    return subject(report, change) if change.kind == "sql-unread" else f"{subject(report, change)}, {kind(change)}"


def reasoned(change: Change, consequence: str) -> str:
    """Why a change is judged as it is, and what comes of it, in sentences; unescaped."""
    return f"{change.reason}.{f' Downstream: {consequence}.' if consequence else ''}"


def fingerprint(change: Change) -> str:
    """The same for the same change of the same thing in every run, however its file moves."""
    parts = (change.unique_id, change.kind, change.column.casefold())
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def coverage(report: CheckReport) -> str:
    """How many of the changed nodes were compared: one sentence, without untrusted text."""
    found = report.coverage
    if not found.changed:
        return "no node's SQL changed"
    return f"compared {found.compared:,} of {counted(found.changed, 'changed node')}"


def manifests(report: CheckReport) -> str:
    """Of when the two manifests are; unescaped."""
    base, head = (seconds(info.generated_at) or "unknown time" for info in (report.base, report.head))
    return f"base and head are of {base}" if base == head else f"the base is of {base}, the head of {head}"


def doubts(report: CheckReport) -> list[str]:
    """What limits the answer, each a sentence; unescaped."""
    unread = [f"{name(report, unique_id)} was not compared: {reason}." for unique_id, reason in report.coverage.unread.items()]
    missing = [f"Missing: {text}" for text in report.severity.missing] if report.severity is not None else []
    said = (line.strip() for line in dict.fromkeys([*unread, *report.warnings, *missing]))
    return [line if line.endswith((".", "?", "!")) else f"{line}." for line in said if line]


def reasons(report: CheckReport) -> list[str]:
    """Why the severity is what it is, what decided it first; unescaped."""
    found = report.severity.reasons if report.severity is not None else ()
    deciding = next((reason.change for reason in reversed(found) if reason.change != "keep"), "")
    ordered = sorted(found, key=lambda reason: reason.change != deciding)
    return list(dict.fromkeys(f"{reason.evidence} ({reason.rule})" for reason in ordered))
