"""What every renderer says about a report: the verdict in a sentence, people merged, counts, links, steps in order."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from aftershock import times
from aftershock.impact.people import merge
from aftershock.model import Effect
from aftershock.phrases import counted as counted  # noqa: PLC0414  # every renderer counts and lists by way of this module
from aftershock.phrases import listing as listing  # noqa: PLC0414  # as above
from aftershock.render import effects
from aftershock.render.escape import http_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.model import Affected, Dashboard, Deadline, HiddenConsumer, NodeOwner, Owner, Reason, Report, Step
    from aftershock.model.columns import Coverage
    from aftershock.model.lineage import LineageReport

DOCS_TYPES = frozenset({"model", "source", "seed", "snapshot", "exposure", "metric", "semantic_model", "saved_query"})
"""Resource types that have a page of their own in dbt docs."""

HIDDEN = {"export": "export of a saved query", "declared": "declared in aftershock.yml"}
"""What a hidden consumer is, in words, for the kinds whose own sentence does not say it."""


class Person(NamedTuple):
    """A person or team, once: which failing and other affected nodes are theirs, which exposures of theirs are affected, by what evidence."""

    owner: Owner
    failing: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def rank(self) -> int:
        """0 for the owner of a failing node, 1 for the owner of an affected one, 2 for who only uses the data."""
        return 0 if self.failing else 1 if self.nodes else 2


class NumberedStep(NamedTuple):
    """A step of the plan with its number, counted over all phases from 1, and the kind of its phase."""

    number: int
    phase: str
    step: Step


def label(report: Report, unique_id: str) -> str:
    """The name that people use for a node; its unique_id where none is known."""
    return report.labels.get(unique_id) or unique_id


def labels(report: Report, unique_ids: Iterable[str]) -> list[str]:
    """`label` of each, in the same order."""
    return [label(report, unique_id) for unique_id in unique_ids]


def verdict(report: Report, names: list[str] | None = None, limit: int = 3) -> str:
    """The answer in one sentence.

    Args:
        report: what is answered.
        names: those of the failing nodes, ready for the output; unescaped labels where None.
        limit: how many of them to name.
    """
    assessment = report.assessment
    failing = names if names is not None else labels(report, seeds(report))
    head = f"{listing(failing, limit)} ({assessment.radius.category.value}, {assessment.severity.level.value})"
    parts = _affected_parts(report)
    if not parts:
        return f"{head}: nothing else is affected."
    one = len(parts) == 1 and parts[0].startswith("1 ")
    possible = [effects.possible(report, item) for item in assessment.radius.affected]
    sure = "is" if one else "are"
    return f"{head}: {listing(parts)} {'may be' if all(possible) else f'{sure} or may be' if any(possible) else sure} affected."


def seeds(report: Report) -> tuple[str, ...]:
    """The unique_ids of the failing nodes, each once, however many tests failed on it."""
    return tuple(dict.fromkeys(seed.unique_id for seed in report.assessment.radius.seeds))


def dashboards(report: Report) -> list[Dashboard]:
    """The affected exposures that people look at, by type, then name."""
    return sorted((item for item in report.assessment.dashboards if not item.automation), key=_dashboard_key)


def automations(report: Report) -> list[Dashboard]:
    """The affected exposures that act on the data by themselves."""
    return sorted((item for item in report.assessment.dashboards if item.automation), key=_dashboard_key)


def people(report: Report) -> list[Person]:
    """Everyone to tell, each once: owners of failing nodes, then owners of affected ones, then those who only use the data."""
    failing = set(seeds(report))
    parts = [_owner(item, failing) for item in report.assessment.owners]
    parts += [Person(user.owner, exposures=user.exposures) for user in report.assessment.consumers]
    merged = merge((part.owner, str(number), "") for number, part in enumerate(parts))
    found = [_joined(owner, [parts[int(number)] for _, number, _ in mine]) for owner, mine in merged]
    return sorted(found, key=lambda person: (person.rank, person.owner.label.casefold(), person.owner))


def _owner(item: NodeOwner, failing: set[str]) -> Person:
    own = tuple(node for node in item.nodes if node in failing)
    rest = tuple(node for node in item.nodes if node not in failing)
    return Person(item.owner, own, rest, evidence=(item.evidence,) if item.evidence else ())


def _joined(owner: Owner, parts: list[Person]) -> Person:
    """What one person owns and uses, each once."""
    return Person(owner, *(tuple(dict.fromkeys(chain.from_iterable(column))) for column in zip(*(part[1:] for part in parts), strict=True)))


def affected(report: Report) -> list[Affected]:
    """Every affected node by depth, then unique_id."""
    return sorted(report.assessment.radius.affected, key=lambda item: (item.depth, item.unique_id))


def affected_tables(report: Report) -> list[Affected]:
    """Those of `affected` that are relations in the warehouse."""
    wanted = set(report.assessment.tables)
    return [item for item in affected(report) if item.unique_id in wanted]


def hidden(report: Report) -> list[HiddenConsumer]:
    """Everyone outside dbt's graph, by kind, then by the node through which they are reached."""
    return sorted(report.assessment.radius.hidden, key=lambda item: (item.kind, item.unique_id, item.what))


def other_nodes(report: Report) -> list[Affected]:
    """Those of `affected` that are neither relations nor exposures, such as metrics and ephemeral models."""
    tables = set(report.assessment.tables)
    return [item for item in affected(report) if item.unique_id not in tables and item.resource_type != "exposure"]


def listed(report: Report) -> list[Affected]:
    """`affected` without exposures, as a table lists them: failing nodes, then relations, then the rest.

    Where columns were followed, what the column itself breaks comes before what is merely skipped below that.
    """
    followed = report.assessment.radius.coverage is not None
    return sorted([*affected_tables(report), *other_nodes(report)], key=lambda item: (item.depth > 0, _remoteness(item) if followed else 0))


def _remoteness(item: Affected) -> int:
    """0 where a column itself keeps the node from being built, 1 where it changes it, 2 where that is only a consequence of such."""
    if Effect.FAILS in item.effects:
        return 0
    return 1 if not {Effect.SKIPPED, Effect.STALE}.issuperset(item.effects) else 2


def hidden_words(report: Report, item: HiddenConsumer) -> str:
    """Who reads it, of which kind and through which node, each said once; unescaped."""
    through = label(report, item.unique_id)
    more = [HIDDEN.get(item.kind, ""), "" if through in item.what else f"through {through}"]
    rest = "; ".join(part for part in more if part)
    return f"{item.what} ({rest})" if rest else item.what


def reasons(report: Report) -> list[Reason]:
    """Why the severity is what it is: what decided it, then everything else in the order in which it was applied."""
    found = report.assessment.severity.reasons
    deciding = next((reason.change for reason in reversed(found) if reason.change != "keep"), "")
    return sorted(found, key=lambda reason: reason.change != deciding)


def overdue(report: Report, item: Deadline) -> bool:
    """Whether it was due before the question was asked; false where either time is unknown."""
    due, asked = times.read(item.at), times.read(report.read_at)
    return due is not None and asked is not None and due < asked


def route(report: Report, item: Affected, limit: int = 3) -> list[str]:
    """How a node is reached, without itself: the labels from the failing node to its parent, the middle left out beyond ``limit`` (0: never)."""
    names = labels(report, item.path[:-1])
    return names if not limit or len(names) <= limit else [names[0], "…", *names[len(names) - limit + 2 :]]


def counts(report: Report) -> str:
    """Counts by kind, and `reach`: one line without untrusted text."""
    assessment = report.assessment
    parts = [
        counted(len(assessment.tables), "table"),
        counted(len(assessment.metrics), "metric"),
        counted(len(dashboards(report)), "dashboard or report", "dashboards or reports"),
        counted(len(automations(report)), "automation"),
        counted(len(assessment.radius.hidden), "consumer outside the graph", "consumers outside the graph"),
    ]
    return f"{', '.join(part for part in parts if not part.startswith('0 ')) or 'nothing below'}; {reach(report, affected(report))}"


def reach(report: Report, items: list[Affected], *, deepest: bool = True) -> str:
    """How many by effect, and how deep unless that is left out: ``up to 4 levels down, 9 wrong, 2 stale``."""
    depth = f"up to {counted(max((item.depth for item in items), default=0), 'level')} down" if deepest else ""
    return ", ".join(part for part in (depth, effects.tally(report, items)) if part)


def docs_link(report: Report, unique_id: str, resource_type: str) -> str:
    """The page of a node in dbt docs; empty where there is no documentation site or no such page."""
    if not report.docs_url or resource_type not in DOCS_TYPES:
        return ""
    base = report.docs_url.split("#", 1)[0]
    return http_url(f"{base if base.endswith('.html') else base.rstrip('/') + '/'}#!/{resource_type}/{unique_id}")


def steps(report: Report) -> list[NumberedStep]:
    """All steps in the order in which they are to be done."""
    flat = [(phase.kind, step) for phase in report.recovery.phases for step in phase.steps]
    return [NumberedStep(number, kind, step) for number, (kind, step) in enumerate(flat, 1)]


def caveats(report: Report) -> list[str]:
    """What is missing or not certain, each a full sentence, once, most limiting first: what the answer itself rests on comes before the plan."""
    assessment = report.assessment
    found = [f"Missing: {text}" for text in assessment.severity.missing]
    if assessment.unowned:
        names = listing(labels(report, assessment.unowned), 5)
        found.append(f"Nobody is named for {counted(len(assessment.unowned), 'affected node')}: {names}.")
    understood = {f"{label(report, seed.unique_id)}: {seed.note}": seed.note for seed in assessment.radius.seeds if seed.note}
    said = {*understood, *understood.values()}
    own = [note for note in assessment.notes if note not in said]
    return list(dict.fromkeys([*own, *understood, *report.recovery.notes, *found]))


def files_read(report: Report | LineageReport) -> str:
    """Which artifacts were read and how old each was then: one sentence, unescaped."""
    read = [f"{item.kind} of {seconds(item.generated_at) or 'unknown time'}{_age(item.generated_at, report.read_at)}" for item in report.files if item.path]
    absent = [item.kind for item in report.files if not item.path]
    return (listing(read) or "no file") + (f"; no {' and no '.join(absent)}" if absent else "")


def coverage(report: Report) -> str:
    """How much code was read to follow columns, and which nodes were not read and why: one sentence, unescaped; empty where none were followed."""
    found = report.assessment.radius.coverage
    return "" if found is None else read_share(found, report.labels)


def read_share(found: Coverage, names: Mapping[str, str], limit: int = 3) -> str:
    """``columns followed through 34 of 35 nodes (97.1 %), 410 of 412 references attributed; not read: x (it is a Python model)``."""
    share = f" ({100 * found.read / found.nodes:.3g} %)" if found.nodes else ""
    head = (
        f"columns followed through {found.read:,} of {counted(found.nodes, 'node')}{share}, {found.attributed:,} of {found.references:,} references attributed"
    )
    missing = [f"{names.get(item.unique_id) or item.unique_id} ({item.reason})" for item in found.unread]
    partly = [f"{names.get(item.unique_id) or item.unique_id} ({item.reason})" for item in found.partly]
    parts = [head, f"not read: {listing(missing, limit)}" if missing else "", f"read in part: {listing(partly, limit)}" if partly else ""]
    return "; ".join(part for part in parts if part)


def seconds(at: str) -> str:
    """An ISO 8601 time without fractions of a second."""
    return re.sub(r"\.\d+", "", at)


def _age(made: str, asked: str) -> str:
    then, now = times.read(made), times.read(asked)
    if then is None or now is None:
        return ""
    elapsed = (now - then).total_seconds()
    minutes = int(abs(elapsed) // 60)
    size = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"  # noqa: PLR2004  # up to two of each
    return f" ({size} old)" if elapsed >= 0 else " (from the future)"


def _affected_parts(report: Report) -> list[str]:
    seen = dashboards(report)
    boards = sum(item.type == "dashboard" for item in seen)
    parts = [
        counted(len(report.assessment.tables), "table"),
        counted(boards, "dashboard"),
        counted(len(seen) - boards, "other exposure"),
        counted(len(automations(report)), "automation"),
        counted(len(people(report)), "person or team", "people or teams"),
    ]
    return [part for part in parts if not part.startswith("0 ")]


def _dashboard_key(item: Dashboard) -> tuple[str, str, str]:
    return "" if item.type == "dashboard" else item.type, item.name.casefold(), item.unique_id
