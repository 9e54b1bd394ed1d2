"""The report as the Impact Assessment checklist, with what stands behind each answer.

The template prints Markdown around values; whatever it prints is escaped as Markdown unless a filter of ours made it. It sorts and counts
nothing.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from aftershock.model import Affected, ChecklistItem, Dashboard, HiddenConsumer, Report, Step
from aftershock.render import effects, summary
from aftershock.render.escape import http_url, markdown_code, markdown_fence, shell
from aftershock.render.escape import markdown as escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Template
    from markupsafe import Markup

CHECKLIST = (
    ("Affected tables", "which tables hold incorrect or stale data: ask the owners of the failing nodes"),
    ("Affected dashboards", "which dashboards read affected tables: ask the analysts"),
    ("Affected stakeholders", "which teams rely on the affected data: ask the owners of the affected tables"),
    ("Financial impact", "whether revenue reporting or billing uses this: ask finance"),
    ("Regulatory impact", "whether compliance data is among it: ask the data protection or compliance officer"),
    ("Customer-facing", "whether end users see the incorrect data: ask the product owners"),
    ("Blast radius", "how many models are downstream: ask the owners of the failing nodes"),
    ("Recovery estimate", "when it will be resolved: ask whoever repairs it"),
)
"""The eight items in their order, each with what to find out where the report does not judge it."""

MOST_ROWS = 50
"""Rows of a table; pieces of evidence and names in a row have limits too, the steps of the plan have none."""

MOST_EVIDENCE = 50
MOST_NAMES = 10


class Row(NamedTuple):
    """A line of the table of affected nodes."""

    name: str
    url: str
    resource_type: str
    depth: int
    effects: str
    route: list[str]


class ShownPerson(NamedTuple):
    """A person or team, with the names of what is theirs."""

    owner: str
    failing: list[str]
    nodes: list[str]
    exposures: list[str]
    evidence: str


class ShownExposure(NamedTuple):
    """An exposure as a line of its table."""

    item: Dashboard
    effects: str
    owners: str
    docs: str


class ShownStep(NamedTuple):
    """A step of the plan: the names that it acts on, and its command as one line with the fence that is safe around it."""

    number: int
    step: Step
    names: list[str]
    command: str
    fence: str


def markdown(report: Report, *, show_all: bool = False) -> str:
    """A Markdown document that begins with the checklist.

    Args:
        report: what to say.
        show_all: lists of any length, instead of the first `MOST_ROWS` rows of each.
    """
    return _template(show_all).render(_values(report))


@cache
def _template(show_all: bool) -> Template:  # noqa: FBT001  # functools.cache tells keywords apart
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("aftershock.render"),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(code=_code, codes=_codes if not show_all else partial(_codes, limit=0), link=_link, verbatim=_markup)
    environment.globals.update(rows=None if show_all else MOST_ROWS, pieces=None if show_all else MOST_EVIDENCE)
    return environment.get_template("assessment.md.j2")


def _markup(safe: str) -> Markup:
    """Text that needs no more escaping: our own, or escaped."""
    from markupsafe import Markup

    return Markup(safe)  # noqa: S704  # the one place that says so


def _inert(value: object) -> Markup:
    return _markup(str(value) if hasattr(value, "__html__") else escaped(str(value)))


def _code(value: str) -> Markup:
    return _markup(markdown_code(value))


def _codes(values: list[str], limit: int = MOST_NAMES) -> Markup:
    return _markup(summary.listing([markdown_code(value) for value in values], limit))


def _link(value: str, url: str) -> Markup:
    """A link where ``url`` is a web address, else the text with what was given instead of one."""
    address, shown = http_url(url), _inert(value)
    return _markup(f"[{shown}](<{address}>)" if address else f"{shown} ({markdown_code(url)})" if url else shown)


def _values(report: Report) -> dict[str, Any]:
    exposures = [*summary.dashboards(report), *summary.automations(report)]
    return {
        "verdict": summary.verdict(report, [markdown_code(name) for name in summary.labels(report, summary.seeds(report))]),
        "checklist": _checklist(report.checklist),
        "assessment": report.assessment,
        "severity": report.assessment.severity,
        "nodes": [_row(report, item) for item in summary.listed(report)],
        "exposures": [_exposure(report, item) for item in exposures],
        "deadlines": [(due, summary.overdue(report, due)) for due in report.assessment.deadlines],
        "people": [_person(report, person) for person in summary.people(report)],
        "hidden": [(item, summary.HIDDEN.get(item.kind, ""), _through(report, item)) for item in summary.hidden(report)],
        "steps": [_step(report, item) for item in summary.steps(report)],
        "untouched": summary.labels(report, report.recovery.untouched),
        "caveats": _said(summary.caveats(report)),
        "files": summary.files_read(report),
        "coverage": summary.coverage(report),
        "warnings": _said(report.warnings),
        "labels": {reason.node: summary.label(report, reason.node) for reason in report.assessment.severity.reasons},
    }


def _checklist(items: tuple[ChecklistItem, ...]) -> list[ChecklistItem]:
    """The eight items in their order, those that were not judged left open; then whatever else was judged."""
    found = {item.item.casefold(): replace(item, evidence=_said(item.evidence)) for item in items}
    known = [found.pop(title.casefold(), ChecklistItem(title, "open", "not judged", (), ask)) for title, ask in CHECKLIST]
    return [*known, *found.values()]


def _said(texts: Iterable[str]) -> tuple[str, ...]:
    """Those that say something: an empty item would underline what is above it, which makes a heading."""
    return tuple(text for text in texts if text.strip())


def _row(report: Report, item: Affected) -> Row:
    name = summary.label(report, item.unique_id)
    url = summary.docs_link(report, item.unique_id, item.resource_type)
    return Row(name, url, item.resource_type, item.depth, effects.words(report, item), summary.route(report, item, 5))


def _exposure(report: Report, item: Dashboard) -> ShownExposure:
    owners = summary.listing([owner.label for owner in item.owners])
    return ShownExposure(item, effects.words(report, item), owners, summary.docs_link(report, item.unique_id, "exposure"))


def _through(report: Report, item: HiddenConsumer) -> str:
    """The node that leads to them, unless their own sentence names it."""
    name = summary.label(report, item.unique_id)
    return "" if name in item.what else name


def _person(report: Report, person: summary.Person) -> ShownPerson:
    failing, nodes, exposures = (summary.labels(report, ids) for ids in (person.failing, person.nodes, person.exposures))
    return ShownPerson(person.owner.label, failing, nodes, exposures, ", ".join(person.evidence))


def _step(report: Report, item: summary.NumberedStep) -> ShownStep:
    command = shell(item.step.argv)
    return ShownStep(item.number, item.step, summary.labels(report, item.step.nodes), command, markdown_fence(command))
