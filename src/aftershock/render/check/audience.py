"""Who uses what a change reaches: exposures, and the people and teams behind them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from aftershock.impact.people import merge
from aftershock.model import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model import Dashboard, Owner
    from aftershock.model.changes import CheckReport

_EFFECTS = {
    Effect.WRONG: ("other values", "may have other values"),
    Effect.STALE: ("stale", "may be stale"),
    Effect.FAILS: ("fails", "may fail"),
    Effect.SKIPPED: ("skipped", "may be skipped"),
    Effect.LOSES_COLUMNS: ("loses columns", "may lose columns"),
    Effect.MISSING_ROWS: ("missing rows", "may lack rows"),
    Effect.DUPLICATED_ROWS: ("duplicated rows", "may have duplicated rows"),
}


class Person(NamedTuple):
    """A person or team, once, with the unique_ids of their exposures and nodes that are affected."""

    owner: Owner
    exposures: tuple[str, ...]
    nodes: tuple[str, ...]


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
