"""What to do about a change before it merges, and after: a sentence each, with the command where there is one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from aftershock.phrases import listing
from aftershock.render.check import audience, words
from aftershock.render.escape import shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aftershock.model.changes import Change, ChangeKind, CheckReport, Repair

MOST = 8
_SCHEMA: frozenset[ChangeKind] = frozenset({"column-removed", "column-renamed", "column-retyped", "node-removed", "node-renamed", "node-disabled"})
_GONE: frozenset[ChangeKind] = frozenset({"node-removed", "node-disabled"})


class Code(NamedTuple):
    """A name, or another piece of code in a sentence."""

    text: str


Part = str | Code


class Advice(NamedTuple):
    """One thing to do: a sentence without its end, and the command that does it, ready for a shell; all of it unescaped."""

    parts: tuple[Part, ...]
    command: str = ""

    @property
    def sentence(self) -> str:
        """The sentence without its end and without the command."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    @property
    def whole(self) -> str:
        """All of it on one line."""
        return f"{self.sentence}: `{self.command}`." if self.command else f"{self.sentence}."


def advice(report: CheckReport, *, telling: bool = True) -> list[Advice]:
    """What to do, the most urgent first.

    Args:
        report: what was found.
        telling: whom to tell too; without, for an output that lists these people anyway.
    """
    return list(dict.fromkeys(_advice(report, telling=telling)))[:MOST]


def _advice(report: CheckReport, *, telling: bool) -> Iterator[Advice]:
    found = words.open_changes(report)
    yield from _readers(report, found)
    yield from _losers(report)
    yield from _promises(report)
    for repair in report.repairs:
        yield from _repaired(report, repair)
    promised = [change for change in found if change.kind == "contract-changed" and change.verdict == "breaking" and not words.contracts(report)]
    if promised:
        yield _say("Keep the contract of ", _subjects(report, promised), ", or make a new version of the model and leave the old one to its readers")
    unread = [change for change in found if change.verdict == "cannot-say"]
    if unread:
        compile_it = "" if report.head.has_compiled_sql else ". Compile the head with dbt compile, so that its SQL can be read"
        yield _say("Look at ", _subjects(report, unread), f" yourself: what changed there could not be judged{compile_it}")
    left = [Code(change.was) for change in found if change.kind in _GONE and change.verdict != "safe" and change.was]
    if left:
        it, leaves = ("it", "it as it is") if len(left) == 1 else ("them", "them as they are")
        yield _say("Drop ", _listed(left), f" once nobody reads {it} any more: dbt leaves {leaves}")
    if telling and report.impact.dashboards:
        who = listing([person.owner.label for person in audience.people(report) if person.exposures], words.NAMES)
        boards = listing([item.name for item in audience.dashboards(report)], words.NAMES)
        yield _say(f"Before the merge, tell {who or 'the owners'}: {boards}")
    if report.outcome == "failed":
        yield _say("To accept a change, add it to ", Code("check.acknowledge"), " in aftershock.yml of the base branch, with a reason, an owner and a day")


def _readers(report: CheckReport, found: list[Change]) -> Iterator[Advice]:
    """What can be done about each change that makes a reader fail, other than for what stands in the reader's own table or YAML."""
    themselves = {node for repair in report.repairs for node in repair.nodes if repair.kind != "rows"}
    fails = [hit for hit in words.hits(report) if hit.kind == "fails" and hit.unique_id not in themselves]
    for change in [change for change in found if change.verdict == "breaking" and change.kind in _SCHEMA][: words.NAMES]:
        readers = [hit.unique_id for hit in fails if words.cause(report, hit) is change and hit.unique_id != change.unique_id]
        if readers:
            yield _either(_named(report, readers), Code(words.subject(report, change)), change, "it does" if len(readers) == 1 else "they do")


def _either(readers: tuple[Part, ...], subject: Code, change: Change, they_do: str) -> Advice:
    if change.unique_id.startswith("source."):
        return _say("Change ", readers, ", or have ", subject, " back as it was")
    kept = ("the type of ", subject) if change.kind == "column-retyped" else (subject, f" until {they_do} without")
    return _say("Change ", readers, " in the same pull request, or keep ", kept)


def _losers(report: CheckReport) -> Iterator[Advice]:
    """Whom it concerns that nodes lose columns without failing."""
    by_change: dict[int, list[words.Hit]] = defaultdict(list)
    for hit in words.hits(report):
        if hit.kind == "loses columns" and words.cause(report, hit) is not None and hit.proof is not None:
            by_change[hit.proof.change].append(hit)
    for number, hits in sorted(by_change.items())[: words.NAMES]:
        change, ids = report.changes[number], [hit.unique_id for hit in hits]
        owners = listing([item.owner.label for item in report.impact.owners if not set(ids).isdisjoint(item.nodes)], words.NAMES)
        them, lose = ("it", "loses") if len(ids) == 1 else ("them", "lose")
        columns = _listed([Code(name) for name in dict.fromkeys(name for hit in hits for name in hit.columns)])
        told = f"ell whoever reads {them}{f': {owners}' if owners else ''}"
        kept: tuple[Part, ...] = (f"T{told}",) if change.unique_id.startswith("source.") else ("Keep ", _kept(report, change), f", or t{told}")
        yield _say(_named(report, ids), f" {lose} ", columns, " (", Code("select *"), "). ", kept)


def _kept(report: CheckReport, change: Change) -> Part:
    return Code(words.subject(report, change)) if change.kind in _SCHEMA else "the columns"


def _promises(report: CheckReport) -> Iterator[Advice]:
    """What can be done about contracts and tests that no longer hold."""
    contracts, with_model = words.contracts(report), _failing_with_their_model(report)
    tests = words.names(report, [unique_id for unique_id in words.test_ids(report) if unique_id not in with_model])
    if contracts:
        its, says = ("its contract", "says") if len(contracts) == 1 else ("their contracts", "say")
        paths = [Code(path) for path in dict.fromkeys(repair.path for repair in report.repairs if repair.kind == "contract") if path]
        where: tuple[Part, ...] = (" in ", *_listed(paths)) if paths else ()
        codes = [Code(name) for name in contracts]
        yield _say("Make the SQL of ", _listed(codes), f" yield what {its} {says}, or change {its}", where, " in the same pull request")
    if tests:
        yield _say(f"Change {'the test that then fails' if len(tests) == 1 else 'the tests that then fail'}: ", _listed([Code(name) for name in tests]))
    if with_model:
        fail = "needs the same change: it fails with its model" if len(with_model) == 1 else "need the same change: they fail with their models"
        yield _say("See whether ", _named(report, with_model), f" {fail}")


def _failing_with_their_model(report: CheckReport) -> list[str]:
    """Unit tests whose model fails, whose SQL they run: they are right again with it, unless they give, or expect, what is gone."""
    failing = frozenset(report.impact.fails)
    through = {proof.unique_id for proof in report.impact.proofs if any(step.node in failing for step in proof.steps[:-1])}
    return [unique_id for unique_id in words.test_ids(report) if unique_id.startswith("unit_test.") and unique_id in through]


def _repaired(report: CheckReport, repair: Repair) -> Iterator[Advice]:
    """What nodes need beyond their next run."""
    who, one, command = _named(report, repair.nodes), len(repair.nodes) == 1, shell(repair.argv)
    table, instead = "its table" if one else "their tables", Code(f"on_schema_change: {repair.instead}")
    if repair.kind == "seed":
        tables = "the table" if one else "the tables"
        yield _say(f"Have dbt make {tables} of ", who, " anew with the merge", *(() if command else (": its settings forbid that now",)), command=command)
    elif repair.kind == "table":
        anew = f", or build {table} anew after the merge" if command else ""
        yield _say("Set ", instead, " for ", who, anew, command=command)
    elif repair.kind == "column":
        anew = f", or build {table} anew after the merge" if command else ""
        yield _say("For new columns to get into ", who, ", set ", instead, anew, command=command)
    elif repair.kind == "setting":
        where = (" (", Code(repair.path), ")") if repair.path else ()
        yield _say("Change the settings of ", who, where, f" too: they name a column that {'it' if one else 'they'} no longer {'has' if one else 'have'}")
    elif repair.kind == "rows":
        held = "holds" if one else "hold"
        how: tuple[Part, ...] = ("Where they must follow, build anew after the merge",) if command else (Code("aftershock plan"), " says how they can follow")
        yield _say("Rows that ", who, f" already {held} stay as they are. ", how, command=command)


def _subjects(report: CheckReport, changes: Iterable[Change]) -> tuple[Part, ...]:
    return _named(report, dict.fromkeys(change.unique_id for change in changes))


def _named(report: CheckReport, unique_ids: Iterable[str]) -> tuple[Part, ...]:
    return _listed([Code(name) for name in words.names(report, unique_ids)])


def _listed(codes: list[Code]) -> tuple[Part, ...]:
    """As `aftershock.phrases.listing`, of names that stay code."""
    shown, rest = codes[: words.NAMES], len(codes) - words.NAMES
    found: list[Part] = []
    for place, code in enumerate(shown):
        found += [" and " if place == len(codes) - 1 else ", ", code] if place else [code]
    return (*found, f" and {rest:,} more") if rest > 0 else tuple(found)


def _say(*parts: Part | tuple[Part, ...], command: str = "") -> Advice:
    flat: list[Part] = []
    for part in parts:
        flat += part if isinstance(part, tuple) and not isinstance(part, Code) else [part]
    return Advice(tuple(flat), command)
