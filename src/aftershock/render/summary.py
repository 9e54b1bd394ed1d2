"""What every renderer says about a report: the verdict in a sentence, people merged, counts, links, steps in order."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timezone
from typing import NamedTuple

from aftershock.model import Affected, Dashboard, HiddenConsumer, Owner, Report, Step
from aftershock.render.escape import http_url

DOCS_TYPES = frozenset({"model", "source", "seed", "snapshot", "exposure", "metric", "semantic_model", "saved_query"})
"""Resource types that have a page of their own in dbt docs."""

HIDDEN = {
    "public_model": "public model, other projects may read it",
    "export": "export of a saved query",
    "same_relation": "source that reads the same relation",
    "declared": "declared in aftershock.yml",
}
"""What each kind of hidden consumer is, in words."""


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


def labels(report: Report, unique_ids: tuple[str, ...]) -> list[str]:
    """`label` of each, in the same order."""
    return [label(report, unique_id) for unique_id in unique_ids]


def counted(number: int, one: str, many: str = "") -> str:
    """``1 table``, ``1,200 tables``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listing(parts: list[str], limit: int = 0) -> str:
    """``a``, ``a and b``, ``a, b and c``; beyond ``limit`` (0 for none) ``a, b and 3 more``."""
    if limit and len(parts) > limit:
        parts = [*parts[:limit], f"{len(parts) - limit:,} more"]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1] if parts else ""]))


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
    return f"{head}: {listing(parts)} {'is' if one else 'are'} affected."


def seeds(report: Report) -> tuple[str, ...]:
    """The unique_ids of the failing nodes."""
    return tuple(seed.unique_id for seed in report.assessment.radius.seeds)


def dashboards(report: Report) -> list[Dashboard]:
    """The affected exposures that people look at, by type, then name."""
    return sorted((item for item in report.assessment.dashboards if not item.automation), key=_dashboard_key)


def automations(report: Report) -> list[Dashboard]:
    """The affected exposures that act on the data by themselves."""
    return sorted((item for item in report.assessment.dashboards if item.automation), key=_dashboard_key)


def people(report: Report) -> list[Person]:
    """Everyone to tell, each once: owners of failing nodes, then owners of affected ones, then those who only use the data."""
    failing = set(seeds(report))
    found: dict[str, Person] = {}
    for item in report.assessment.owners:
        own = tuple(node for node in item.nodes if node in failing)
        rest = tuple(node for node in item.nodes if node not in failing)
        _merge(found, Person(item.owner, own, rest, evidence=(item.evidence,) if item.evidence else ()))
    for user in report.assessment.consumers:
        _merge(found, Person(user.owner, exposures=user.exposures))
    return sorted(found.values(), key=lambda person: (person.rank, person.owner.label.casefold(), person.owner))


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


def route(report: Report, item: Affected, limit: int = 3) -> list[str]:
    """How a node is reached, without itself: the labels from the failing node to its parent, the middle left out beyond ``limit`` (0: never)."""
    names = labels(report, item.path[:-1])
    return names if not limit or len(names) <= limit else [names[0], "…", *names[len(names) - limit + 2 :]]


def effects(item: Affected | Dashboard) -> str:
    """``wrong, missing rows``."""
    return ", ".join(effect.value.replace("_", " ") for effect in item.effects)


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
    return f"{', '.join(part for part in parts if not part.startswith('0 ')) or 'nothing below'}; {reach(affected(report))}"


def reach(items: list[Affected], *, deepest: bool = True) -> str:
    """How many by effect, and how deep unless that is left out: ``up to 4 levels down, 9 wrong, 2 stale``."""
    depth = f"up to {counted(max((item.depth for item in items), default=0), 'level')} down" if deepest else ""
    tally = Counter(effect.value.replace("_", " ") for item in items for effect in item.effects)
    by_effect = ", ".join(f"{number:,} {effect}" for effect, number in sorted(tally.items(), key=lambda pair: (-pair[1], pair[0])))
    return ", ".join(part for part in (depth, by_effect) if part)


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
    """What is missing or not certain, each a full sentence, most limiting first."""
    assessment = report.assessment
    found = [f"Missing: {text}" for text in assessment.severity.missing]
    if assessment.unowned:
        names = listing(labels(report, assessment.unowned), 5)
        found.append(f"Nobody is named for {counted(len(assessment.unowned), 'affected node')}: {names}.")
    understood = [f"{label(report, seed.unique_id)}: {seed.note}" for seed in assessment.radius.seeds if seed.note]
    return [*understood, *report.recovery.notes, *found, *assessment.notes]


def files_read(report: Report) -> str:
    """Which artifacts were read and how old each was then: one sentence, unescaped."""
    read = [f"{item.kind} of {seconds(item.generated_at) or 'unknown time'}{_age(item.generated_at, report.read_at)}" for item in report.files if item.path]
    absent = [item.kind for item in report.files if not item.path]
    return (listing(read) or "no file") + (f"; no {' and no '.join(absent)}" if absent else "")


def seconds(at: str) -> str:
    """An ISO 8601 time without fractions of a second."""
    return re.sub(r"\.\d+", "", at)


def _age(made: str, asked: str) -> str:
    try:
        then, now = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (made, asked))
    except ValueError:
        return ""
    elapsed = _utc(now) - _utc(then)
    minutes = int(abs(elapsed) // 60)
    size = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"  # noqa: PLR2004
    return f" ({size} old)" if elapsed >= 0 else " (from the future)"


def _utc(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()


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


def _merge(found: dict[str, Person], person: Person) -> None:
    """One entry for each address: the same e-mail, else the same chat handle, else the same name."""
    key = next((part.casefold() for part in (person.owner.email, person.owner.slack, person.owner.name) if part), "")
    known = found.get(key)
    if known is None:
        found[key] = person
        return
    owner = Owner(known.owner.name or person.owner.name, known.owner.email or person.owner.email, known.owner.slack or person.owner.slack)
    pairs = zip(known[1:], person[1:], strict=True)
    found[key] = Person(owner, *(tuple(dict.fromkeys((*mine, *theirs))) for mine, theirs in pairs))
