"""An incident as one document sees it: the record, when and for whom it is written, and what every document asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.model import Effect
from aftershock.model.record import Due, Status
from aftershock.phrases import counted, listing
from aftershock.render import effects, summary
from aftershock.render.documents import words
from aftershock.render.documents.outside import OUTSIDE, outside
from aftershock.render.documents.view import Piece, Said, link, listed, name, person, said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.model import Affected, Dashboard, Owner, Report
    from aftershock.model.record import Audience, Record
    from aftershock.render.documents.moments import Clock

FEW = 5
"""Names in a message before the rest is counted."""

MANY = 50
"""Lines of a list in a long document before the rest is counted."""

LONGEST = 600
"""Characters of a person's text in a message."""

NAME = 200
"""Characters of a name."""

AUTOMATIONS = {"application": ("application", "applications"), "ml": ("machine learning model", "machine learning models")}
"""What exposures are called that act by themselves, by their type: one, several."""


class Case(NamedTuple):
    """What a document is written from.

    Attributes:
        record: the incident.
        clock: when it is written, and in which zone times are shown.
        audience: for whom.
        recipient: the person or team that it is for; None for everybody's.
        nodes: the unique_ids to which it is limited; None for all.
        rows: row counts by unique_id.
        url: where the incident can be looked at.
        next_update: when the next update is due once this document is out; empty where the record's own deadline says it.
    """

    record: Record
    clock: Clock
    audience: Audience = "engineers"
    recipient: Owner | None = None
    nodes: frozenset[str] | None = None
    rows: Mapping[str, int] = {}
    url: str = ""
    next_update: str = ""

    @property
    def report(self) -> Report | None:
        """The assessment, where there is one."""
        return self.record.report

    @property
    def show(self) -> str:
        """The command that shows everything."""
        return f"aftershock incident show {self.record.id}"

    def label(self, unique_id: str) -> str:
        """The name that people use for a node."""
        return clipped(unique_id if self.report is None else summary.label(self.report, unique_id), NAME)

    def failing(self) -> list[str]:
        """The names of the failing nodes."""
        ids = self.record.nodes or (() if self.report is None else summary.seeds(self.report))
        return [self.label(unique_id) for unique_id in ids]

    def tables(self) -> list[Affected]:
        """The affected relations that this document is about, failing ones first."""
        found = [] if self.report is None else summary.affected_tables(self.report)
        return [item for item in found if self.nodes is None or item.unique_id in self.nodes]

    def dashboards(self) -> list[Dashboard]:
        """The affected exposures that this document is about, those that people look at first: those named, and for owners of nodes what reads these."""
        found = [] if self.report is None else [*summary.dashboards(self.report), *summary.automations(self.report)]
        if self.nodes is None:
            return found
        reached = self.nodes if self.audience == "owners" else frozenset[str]()
        return [item for item in found if item.unique_id in self.nodes or not reached.isdisjoint(item.path)]

    def others(self) -> list[str]:
        """The names of affected nodes that are neither relations nor exposures, where the document is limited to some nodes."""
        found = [] if self.report is None or self.nodes is None else summary.other_nodes(self.report)
        return [self.label(item.unique_id) for item in found if self.nodes is not None and item.unique_id in self.nodes]

    def due(self, what: str) -> Due | None:
        """The deadline of this name."""
        if what == "next update" and self.next_update:
            return Due(what, self.next_update)
        return next((due for due in self.record.deadlines if due.what == what), None)


def clipped(text: str, limit: int = LONGEST) -> str:
    """The beginning of a text of a person's, cut between words where that is possible."""
    text = text.strip()
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ", limit // 2)
    return f"{head[:space] if space > 0 else head}…"


def at_name(who: str) -> Piece:
    """Somebody, with the @ that the templates have; it calls nobody."""
    who = clipped(who, NAME)
    return person(who if not who or who.startswith(("@", "#")) or "@" in who else f"@{who}")


def node_owners(case: Case) -> list[str]:
    """Who is responsible for the failing nodes."""
    return [] if case.report is None else [clipped(entry.owner.label, NAME) for entry in case.report.assessment.owners if entry.failing]


def whom(case: Case) -> Said:
    """Who can know what the record does not: the commander, else the owners of the failing nodes, else whoever takes it."""
    if case.record.commander:
        return said(at_name(case.record.commander))
    owners = node_owners(case)
    return listed([person(owner) for owner in owners], 2) if owners else said("whoever takes the incident")


def unknown(case: Case, before: str = "unknown") -> Said:
    """That something is not known, and who can know it."""
    return said(f"{before}: ask ", whom(case))


def sentence(case: Case) -> Said:
    """The incident in one sentence: the person's, else one made from the category, the failing nodes and how much is affected."""
    record = case.record
    if record.summary:
        return said(clipped(" ".join(record.summary.split())))
    names = case.failing()
    if not names:
        title = clipped(" ".join(record.title.split()), LONGEST // 2)
        return said(f"{title or record.category.facts.title}: which data is affected is not known{'' if record.status.is_over else ' yet'}.")
    if is_false(record):
        return said("An alert said that ", happened(case, names, over=False), f". {words.NOT_SO[record.code or 'false-positive']}")
    return said(capital(happened(case, names, over=record.status.is_over)), f"{_affected(case)}.")


def says_title(case: Case) -> bool:
    """Whether that sentence is made from the title, since no node is named."""
    return not case.record.summary and not case.failing()


def is_false(record: Record) -> bool:
    """Whether it turned out that nothing was wrong with the data."""
    return record.code in words.NOT_SO or record.status is Status.CANCELLED


def happened(case: Case, names: list[str], *, over: bool) -> Said:
    """``stg_orders holds incorrect values``: a clause, with the first few names."""
    wording = words.WORDING[case.record.category]
    sure = case.report is None or case.report.assessment.confirmed
    template = (wording.then if over else wording.now)[len(names) > 1] if sure else words.UNCONFIRMED_LOSS[over]
    before, after = template.split("{}")
    return said(before, listed([name(each) for each in names], 3), after)


def capital(line: Said) -> Said:
    """The line with its first letter in upper case, unless a name stands there."""
    if not line.pieces or line.pieces[0].kind != "text":
        return line
    first, *rest = line.pieces
    return Said((Piece(first.text[:1].upper() + first.text[1:]), *rest))


def _affected(case: Case) -> str:
    """`` 6 tables and 2 dashboards are affected``, behind what happened."""
    over = case.record.status.is_over
    if case.report is None:
        return "; what that affected was not assessed" if over else "; what that affects was not assessed"
    parts = counts(case.report)
    if not parts:
        return "; nothing else is known to be affected"
    possible = [effects.possible(case.report, item) for item in case.report.assessment.radius.affected]
    one = len(parts) == 1 and parts[0].startswith("1 ")
    sure = ("was" if one else "were") if over else ("is" if one else "are")
    may = "may have been" if over else "may be"
    return f": {listing(parts)} {may if all(possible) else f'{sure} or {may}' if any(possible) else sure} affected"


def counts(report: Report) -> list[str]:
    """``6 tables``, ``2 dashboards``, ``1 automation``: what is affected, without what there is none of."""
    tables = len(report.assessment.tables)
    return [*([counted(tables, "table")] if tables else []), *exposure_counts(report.assessment.dashboards)]


def exposure_counts(items: Sequence[Dashboard]) -> list[str]:
    """``2 dashboards``, ``1 other report``, ``1 automation``, without what there is none of."""
    boards, seen = sum(item.type == "dashboard" and not item.automation for item in items), sum(not item.automation for item in items)
    parts = ((boards, "dashboard"), (seen - boards, "other report"), (len(items) - seen, "automation"))
    return [counted(number, one) for number, one in parts if number]


def exposures(items: Sequence[Dashboard]) -> list[tuple[str, list[Piece]]]:
    """Exposures by what they are: dashboards and reports, which people look at, then each other kind under its own name."""
    groups: dict[str, list[Dashboard]] = {}
    for item in items:
        groups.setdefault("" if not item.automation else item.type, []).append(item)
    return [(_kind(kind, found), [board(item) for item in found]) for kind, found in groups.items()]


def _kind(kind: str, items: list[Dashboard]) -> str:
    many = len(items) > 1
    if kind:
        return AUTOMATIONS.get(kind, ("automation", "automations"))[many]
    if not many:
        return clipped(items[0].type, NAME) or "report"
    return "dashboards" if all(item.type == "dashboard" for item in items) else "dashboards and reports"


def board(item: Dashboard) -> Piece:
    """A dashboard's name, leading to it where its address is known."""
    return link(clipped(item.name, NAME), item.url)


def systems(case: Case) -> Said:
    """The affected tables and dashboards, the first few of each by name, and who reads them outside dbt."""
    tables, boards = [name(case.label(item.unique_id)) for item in case.tables()], case.dashboards()
    parts: list[Said] = []
    if tables:
        parts.append(said("tables " if len(tables) > 1 else "table ", listed(tables, FEW)))
    if others := [name(each) for each in case.others()]:
        parts.append(said("other nodes ", listed(others, FEW)))
    if boards:
        for kind, found in exposures(boards):
            shown = f"{kind} " if len(found) > 1 or kind not in found[0].text.casefold() else ""
            parts.append(said(shown, listed(found, FEW)))
    if case.report is not None and case.nodes is None and case.report.assessment.radius.hidden:
        parts.append(said(f"{OUTSIDE}: {outside(case.report, limit=2, characters=120, short=True)}"))
    return said(*(piece for at, part in enumerate(parts) for piece in ("; " if at else "", part)))


def held(case: Case) -> Said:
    """What not to use, by name as far as one sentence bears it: dashboards first, since people use those."""
    found: list[Piece] = [board(item) for item in case.dashboards()]
    found += [name(case.label(item.unique_id)) for item in case.tables()]
    return listed(found or [name(each) for each in case.failing()], 3)


def is_only_old(case: Case) -> bool:
    """Whether nothing is worse than old."""
    if case.record.category in words.OLD:
        return True
    found = {effect for item in case.tables() for effect in item.effects} | {effect for item in case.dashboards() for effect in item.effects}
    return bool(found) and found <= {Effect.STALE, Effect.SKIPPED}
