"""A first aftershock.yml, written from a manifest: everything is a comment, so that it changes nothing until somebody uncomments it.

Between empty lines stand blocks: one setting with all that belongs to it. Explanations start with ``##``, settings with ``# ``: remove these two
characters from every line of a block that has them, as editors do, and the block is in force.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from aftershock.model import Markers
from aftershock.owners import parse_owner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model import Node, Project

MOST = 12
"""Suggestions of a kind; the rest are counted."""

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@")
_LOOKS_LIKE = (
    ("critical_tags", ("critical", "criticality", "tier", "sla", "p0", "p1", "priority", "important")),
    ("regulatory", ("gdpr", "hipaa", "phi", "sox", "pci", "regulated", "regulation", "compliance", "audit")),
    ("financial", ("finance", "financial", "revenue", "billing", "invoicing")),
    ("customer_facing", ("customer", "external", "embedded")),
    ("privacy", ("pii", "personal", "sensitive", "private", "privacy")),
)
"""Words that, in a tag of several words or with a number behind, hint at a list of markers."""


def starter(project: Project) -> str:
    """The text of a commented aftershock.yml that fits the project.

    Args:
        project: what a manifest holds.

    Returns:
        YAML in which every setting is a comment; it loads to the defaults.
    """
    nodes = sorted(project.nodes.values(), key=lambda node: node.unique_id)
    parts = (
        _head(project),
        _severity(nodes),
        _markers(nodes),
        _clocks(),
        _detect(),
        _check(nodes),
        _owners(project, nodes),
        _exposures(nodes),
        _docs(),
        _timezone(),
        _templates(),
        _notify(),
    )
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _head(project: Project) -> list[str]:
    name = f" of {quoted(project.info.name)}" if project.info.name else ""
    return [
        f"## Settings of aftershock{name}, beside dbt_project.yml.",
        '## Everything is a comment. To use a block, remove "# " from all of its lines; lines with ## explain and stay.',
        "## `aftershock config` shows what is in force, and from where.",
    ]


def _severity(nodes: list[Node]) -> list[str]:
    types = {node.exposure.type for node in nodes if node.exposure is not None and node.exposure.type}
    lines = [
        "## How bad it is. Counts from which the severity is raised to P1; targets that are production (none named: all are).",
        "# severity:",
        "#   many_exposures: 3",
        "#   many_tables: 10",
        "#   production_targets: [prod]",
    ]
    if others := sorted(types - {"application", "ml", "dashboard", "notebook", "analysis"}):
        lines += ["## Exposure types of this project that may act on the data by themselves:", f"#   automation_types: {_list(others)}"]
    return [*lines, "## A rule is turned off by its name:", "#   rules:", "#     lower-no-consumer: false"]


def _markers(nodes: list[Node]) -> list[str]:
    tags = Counter(tag for node in nodes for tag in node.tags)
    lines = ["## Words that mark a node. They are added to the defaults; -word takes a default away.", "# markers:"]
    suggested = False
    for name, hints in _LOOKS_LIKE:
        known = {word.casefold() for word in getattr(Markers(), name)}
        found = [tag for tag, _ in tags.most_common() if tag.casefold() not in known and not _words(tag).isdisjoint(hints)]
        if found:
            suggested = True
            lines += [f"## Tags of this project that may belong here{_more(found)}:", f"#   {name}: {_list(found[:MOST])}"]
    return lines if suggested else [*lines, "#   critical_tags: [tier0]"]


def _words(tag: str) -> set[str]:
    """The words of a tag, with and without the number behind: tier0_mart → tier0, tier, mart."""
    found = re.split(r"[^a-z0-9]+", tag.casefold())
    return {*found, *(word.rstrip("0123456789") for word in found)} - {""}


def _clocks() -> list[str]:
    return [
        "## Minutes: from detection, between updates, and from resolution.",
        "# clocks:",
        "#   initial_notification: 15",
        "#   impact_checklist: 30",
        "#   next_update: {P0: 30, P1: 60, P2: 240, P3: 1440}",
        "#   postmortem: 2880",
    ]


def _detect() -> list[str]:
    return [
        "## What `aftershock detect` makes of a result: before its own rules, the first that matches. * stands for anything.",
        "# detect:",
        "#   rules:",
        "#     - name: known flaky",
        '#       test: "assert_exchange_rates_*"',
        "#       category: ignore",
        "## What a failing test speaks for, by the quality_dimension in its meta:",
        "#   dimensions: {completeness: data-loss}",
    ]


def _check(nodes: list[Node]) -> list[str]:
    model = next((node.label for node in nodes if node.resource_type == "model"), "my_model")
    return [
        "## What fails `aftershock check`: breaking, risky, P0 to P3 (that severity and worse) or never. Everything here counts as the base has it.",
        "# check:",
        "#   fail_on: risky",
        "## Folders or tags where something else holds, the first that matches:",
        "#   scopes:",
        '#     - path: "models/sandbox/*"',
        "#       fail_on: never",
        "## A change that somebody accepts, until the end of a day:",
        "#   acknowledge:",
        f"#     - node: {quoted(model)}",
        "#       kind: column-removed",
        "#       column: old_name",
        "#       reason: Nobody reads it since March.",
        "#       owner: Data Platform <data@example.com>",
        '#       until: "2026-12-31"',
        '## Whether "-- aftershock: accept column-removed old_name until 2026-12-31 because ..." in a model\'s SQL does the same:',
        "#   sql_comments: true",
    ]


def _owners(project: Project, nodes: list[Node]) -> list[str]:
    lines = [
        "## Who is told, where dbt names nobody; the first entry that matches counts.",
        '## An owner is a name, an e-mail, "@slack", "Name <e-mail> @slack", or name, email and slack.',
        "# owners:",
        '#   - path: "models/staging/*"',
        "#     owner: Data Platform <data@example.com>",
    ]
    packages = sorted({node.package for node in nodes if node.package and node.package != project.info.name})
    lines += _rules("Packages other than the project", "package", packages)
    lines += _rules("Exposures without an owner", "node", [node.unique_id for node in nodes if node.exposure is not None and not node.exposure.owners])
    unowned = [node for node in nodes if _is_unowned_source(node, project)]
    lines += _rules("Files that define sources without an owner", "path", sorted({node.path for node in unowned if node.path}))
    lines += _rules("Sources without an owner", "node", [node.unique_id for node in unowned if not node.path])
    nobody = sorted(name for name, group in project.groups.items() if not group.owners)
    if nobody:
        lines.append(f"## Groups without an owner (name one in dbt): {_list(nobody[:MOST])}{_more(nobody)}")
    return [*lines, "", "## Owner of everything else.", '# default_owner: "@data-oncall"']


def _is_unowned_source(node: Node, project: Project) -> bool:
    if node.source is None or any(parse_owner(meta.get("owner")) for meta in (node.meta, node.source.meta)):
        return False
    return not (node.group in project.groups and project.groups[node.group].owners)


def _rules(title: str, condition: str, names: list[str]) -> list[str]:
    """An owner rule for each name, under a line that says what they are."""
    lines = [f"## {title}{_more(names)}:"] if names else []
    for name in names[:MOST]:
        lines += [f"#   - {condition}: {quoted(name)}", '#     owner: "@data-oncall"']
    return lines


def _exposures(nodes: list[Node]) -> list[str]:
    public = [node.label for node in nodes if node.access == "public" and node.resource_type == "model"]
    declared = sum(node.exposure is not None for node in nodes)
    lines = [
        f"## Dashboards and other consumers that dbt does not declare (it declares {declared}).",
        "# exposures:",
        "#   - name: Weekly revenue",
        f"#     depends_on: {_list(public[:1] or [node.label for node in nodes if node.resource_type == 'model'][:1] or ['my_model'])}",
        "#     type: dashboard",
        "#     owner: Finance <finance@example.com>",
        "#     url: https://bi.example.com/weekly-revenue",
    ]
    if public:
        lines.append(f"## Public models, whose readers in other projects could be named above: {_list(public[:MOST])}{_more(public)}")
    return lines


def _docs() -> list[str]:
    return ["## Where dbt docs are served, for links.", "# docs_url: https://docs.example.com"]


def _timezone() -> list[str]:
    return ["## Where times without a zone are meant, and in which zone documents show them.", "# timezone: Europe/Berlin"]


def _templates() -> list[str]:
    return ["## Folder, beside this file, with your own templates of an incident's documents.", "# templates: incident_templates"]


def _notify() -> list[str]:
    return [
        "## Where incidents are told, by `aftershock incident ... --send`. Credentials are environment variables that start with AFTERSHOCK_.",
        "# notify:",
        "#   - name: data-incidents",
        "#     url: slack://${AFTERSHOCK_SLACK_TOKEN}@data-incidents",
        "#   - name: on-call",
        "#     url: pagerduty://${AFTERSHOCK_PAGERDUTY_KEY}",
        "#     severity: P1",
    ]


def _more(names: list[str]) -> str:
    return f" (and {len(names) - MOST} more)" if len(names) > MOST else ""


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(quoted(name) for name in names)}]"


def quoted(name: str) -> str:
    """A name as a YAML value on one line, whatever it holds: it can neither end a comment nor become something else."""
    if name[:1].isalpha() and _SAFE.issuperset(name) and name.casefold() not in {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}:
        return name
    return '"' + "".join(_escaped(char) for char in name) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    code = ord(char)
    if char.isprintable():
        return char
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # YAML's three widths
