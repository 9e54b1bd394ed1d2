"""What every format says of a check: the verdict in a sentence, who is affected and how, what to do about it."""

from __future__ import annotations

import hashlib
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple

from aftershock.impact.people import merge
from aftershock.model import Effect
from aftershock.model.changes import JUDGEMENTS
from aftershock.phrases import counted, listing
from aftershock.render.summary import HIDDEN, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aftershock.model import Dashboard, HiddenConsumer, Owner
    from aftershock.model.changes import Change, ChangeKind, CheckReport, Judgement, Reached

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

_EFFECTS = {
    Effect.WRONG: ("wrong", "may be wrong"),
    Effect.STALE: ("stale", "may be stale"),
    Effect.FAILS: ("fails", "may fail"),
    Effect.SKIPPED: ("skipped", "may be skipped"),
    Effect.LOSES_COLUMNS: ("loses columns", "may lose columns"),
    Effect.MISSING_ROWS: ("missing rows", "may lack rows"),
    Effect.DUPLICATED_ROWS: ("duplicated rows", "may have duplicated rows"),
}

RESULTS = {"failed": "The check fails", "not-judged": "The check cannot say", "passed": "The check passes"}

NAMES = 3
MOST_ADVICE = 6
_TESTS = ("test.", "unit_test.")
_REBUILT: frozenset[ChangeKind] = frozenset({"materialization-changed", "incremental-changed"})
_SCHEMA: frozenset[ChangeKind] = frozenset({"column-removed", "column-renamed", "column-retyped", "node-removed", "node-renamed", "node-disabled"})


class Person(NamedTuple):
    """A person or team, once, with the unique_ids of their exposures and nodes that are affected."""

    owner: Owner
    exposures: tuple[str, ...]
    nodes: tuple[str, ...]


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
        safe = counted(found["safe"], "safe change") if found["safe"] else "no other change"
        return f"No breaking and no risky change{more}: {safe}."
    total = sum(number for number, _ in bad)
    said = f"{listing([f'{number:,} {word}' for number, word in bad])} {'change' if total == 1 else 'changes'}" if bad else ""
    unsure = found["cannot-say"]
    if unsure:
        said = f"{said}, and {unsure:,} that could not be judged" if said else f"{counted(unsure, 'change')} could not be judged"
    return f"{said}{more}: {_affected(report)}."


def _affected(report: CheckReport) -> str:
    parts = reach(report)
    if not parts:
        return "nothing downstream is affected"
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
    """Whether the check passes, and why not, in one sentence without a full stop, without untrusted text."""
    said = RESULTS[report.outcome]
    if report.outcome == "failed":
        return f"{said}: {' '.join(report.failed).rstrip('.')}"
    if report.outcome == "not-judged":
        number = sum(change.fails for change in report.changes)
        return f"{said}: {counted(number, 'change')} could not be judged"
    return said


def dashboards(report: CheckReport) -> list[Dashboard]:
    """The exposures that are affected: those that act by themselves last, then by type and name."""
    return sorted(
        report.impact.dashboards, key=lambda item: (item.automation, "" if item.type == "dashboard" else item.type, item.name.casefold(), item.unique_id)
    )


def effects(item: Dashboard) -> str:
    """What happens to an exposure, in our own words."""
    may = item.certainty != "column"
    return ", ".join(_EFFECTS[effect][may] for effect in item.effects) or ("may be affected" if may else "affected")


def people(report: CheckReport) -> list[Person]:
    """Everyone to tell, each once: those who use the data first, then those whose nodes are affected."""
    impact = report.impact
    parts = [Person(item.owner, item.exposures, ()) for item in impact.consumers] + [Person(item.owner, (), item.nodes) for item in impact.owners]
    merged = merge((part.owner, str(number), "") for number, part in enumerate(parts))
    found = [_joined(owner, [parts[int(number)] for _, number, _ in mine]) for owner, mine in merged]
    return sorted(found, key=lambda person: (not person.exposures, person.owner.label.casefold(), person.owner))


def _joined(owner: Owner, parts: Sequence[Person]) -> Person:
    exposures, nodes = (tuple(dict.fromkeys(chain.from_iterable(column))) for column in zip(*(part[1:] for part in parts), strict=True))
    return Person(owner, exposures, nodes)


def hidden_words(report: CheckReport, item: HiddenConsumer) -> str:
    """A consumer outside dbt's graph, of which kind, and through which node; unescaped."""
    through = name(report, item.unique_id)
    rest = "; ".join(part for part in (HIDDEN.get(item.kind, ""), "" if through in item.what else f"through {through}") if part)
    return f"{item.what} ({rest})" if rest else item.what


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


def cause(report: CheckReport, hit: Hit) -> str:
    """The change that reaches a node; empty where that is not said."""
    if hit.proof is None or not 0 <= hit.proof.change < len(report.changes):
        return ""
    return subject(report, report.changes[hit.proof.change])


def way(report: CheckReport, hit: Hit) -> list[str]:
    """The way of a column to a node, one name for each step, tests on it left out; unescaped."""
    steps = [step for step in hit.proof.steps if not step.node.startswith(_TESTS)] if hit.proof is not None else []
    found = [f"{name(report, step.node)}.{step.column}" if step.column else name(report, step.node) for step in steps]
    return list(dict.fromkeys(found))


def consequences(report: CheckReport) -> list[str]:
    """What each change does downstream, in the order of the changes: sentences without a full stop, empty where nothing is known. Unescaped."""
    found: list[list[Hit]] = [[] for _ in report.changes]
    for hit in hits(report):
        if hit.proof is not None and 0 <= hit.proof.change < len(found):
            found[hit.proof.change].append(hit)
    return [_consequence(report, mine) for mine in found]


def _consequence(report: CheckReport, mine: Sequence[Hit]) -> str:
    parts = []
    for title, (one, several, may) in _VERBS.items():
        some = [hit for hit in mine if hit.kind == title]
        found = names(report, dict.fromkeys(hit.unique_id for hit in some))
        if found:
            verb = (one if len(found) == 1 else several) if any(hit.certain for hit in some) else may
            parts.append(f"{listing(found, NAMES)} {verb}")
    return "; ".join(parts)


def told(report: CheckReport, change: Change, consequence: str) -> str:
    """One change in a sentence: what, why, and what comes of it; unescaped."""
    return f"{subject(report, change)}, {kind(change)}: {change.reason}.{f' Downstream: {consequence}.' if consequence else ''}"


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


def advice(report: CheckReport) -> list[str]:
    """What to do, each a sentence, the most urgent first; unescaped."""
    return list(dict.fromkeys(_advice(report)))[:MOST_ADVICE]


def _advice(report: CheckReport) -> Iterator[str]:
    found = open_changes(report)
    yield from _readers(report, found)
    unread = [change for change in found if change.verdict == "cannot-say"]
    if unread:
        who = listing(names(report, dict.fromkeys(change.unique_id for change in unread)), NAMES)
        compile_it = "" if report.head.has_compiled_sql else " Compile the head with dbt compile, so that its SQL can be read."
        yield f"Look at {who} yourself: what changed there could not be judged.{compile_it}"
    if report.impact.failing_tests:
        yield f"Change the tests that then fail: {listing(names(report, report.impact.failing_tests), NAMES)}."
    rebuilt = [change.unique_id for change in found if change.kind in _REBUILT and change.verdict != "safe"]
    if rebuilt:
        yield f"Plan the first build after the merge: {listing(names(report, dict.fromkeys(rebuilt)), NAMES)} may need --full-refresh."
    if report.impact.dashboards:
        who = listing([person.owner.label for person in people(report) if person.exposures], NAMES)
        boards = listing([item.name for item in dashboards(report)], NAMES)
        yield f"Before the merge, tell {who or 'the owners'}: {boards}."
    if report.outcome == "failed":
        yield "To accept a change, add it to check.acknowledge in aftershock.yml of the base branch, with a reason, an owner and a day."


def _readers(report: CheckReport, found: Sequence[Change]) -> Iterator[str]:
    """What can be done about each change that makes a reader fail."""
    fails = [hit for hit in hits(report) if hit.kind == "fails" and hit.proof is not None]
    place = {id(change): number for number, change in enumerate(report.changes)}
    for change in [change for change in found if change.verdict == "breaking" and change.kind in _SCHEMA][:NAMES]:
        own = (hit.unique_id for hit in fails if hit.proof is not None and hit.proof.change == place[id(change)])
        readers = [unique_id for unique_id in own if unique_id != change.unique_id]
        if readers:
            shown = listing(names(report, readers), NAMES)
            yield f"Change {shown} in the same pull request, or keep {subject(report, change)} until {'it does' if len(readers) == 1 else 'they do'} without."
