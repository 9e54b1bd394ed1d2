"""Treatments -> phases of steps: what is built, by one command for many nodes, what statements do, what people do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.model import Engine, Phase, Step
from aftershock.recovery.actions import ACTIONS, COMMANDS, SCRIPTED, Action
from aftershock.recovery.commands import batches
from aftershock.recovery.rules import NOT_SELECTABLE, RULES, Rule
from aftershock.recovery.schedule import stages
from aftershock.recovery.statements import sql_argv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.recovery.carried import Carried
    from aftershock.recovery.people import People
    from aftershock.recovery.selectors import Selectors
    from aftershock.recovery.statements import Writer, Written
    from aftershock.recovery.treatment import Treatment

APART = frozenset({"gate", "confirm", "leave"})
"""Actions that have their place before or after the repair, or none."""

ORDER: tuple[Action, ...] = (
    "restore",
    "reopen-versions",
    "seed",
    "build",
    "run",
    "snapshot",
    "seed-header",
    "full-refresh",
    "window",
    "backfill",
    "fill-window",
    "delete-window",
    "replace-window",
    "replace-keys",
    "insert-missing",
    "replace-all",
    "dedupe",
    "remove-versions",
    "dedupe-versions",
    "sql",
    "ask",
    "export",
)
"""Which kind of step goes first where dependencies leave it open."""

COSTS: dict[Action, str] = {
    "full-refresh": "It reads all that these models read, not only what is new.",
    "window": "It builds every batch of the window, one query each.",
    "replace-window": "It runs the model's query for the whole window.",
    "replace-keys": "It runs the model's whole query.",
    "insert-missing": "It runs the model's whole query.",
    "replace-all": "It runs the model's whole query.",
}
REQUIRES: dict[Action, str] = {
    "full-refresh": "Upstream is repaired and holds every row that is here.",
    "window": "Upstream is repaired and holds every row of the window.",
    "backfill": "Upstream is repaired.",
    "snapshot": "Its input is right, whole and without duplicates.",
    "delete-window": "Its SQL is corrected, and upstream holds every row of the window.",
    "replace-window": "Upstream is repaired and holds every row of the window.",
    "replace-keys": "Upstream is repaired.",
    "insert-missing": "Upstream holds the rows that are lost.",
    "replace-all": "Upstream is repaired and holds every row that is here.",
    "remove-versions": "Its input is right again.",
    "reopen-versions": "The lost rows are back in its input.",
    "dedupe-versions": "Its input has no duplicates any more.",
}
GUARD = "It fails where what would be replaced holds rows that its query does not select now: then restore these first, or decide that they may go."
REWRITE = "Its rows are deleted and inserted again in one transaction, as its query gives them now; the table itself stays, with its grants."
REWRITTEN = "Rows that are no longer in what it reads."
BY_HAND = "whoever may write to the warehouse"


class Work(NamedTuple):
    """What may share a step: one command, or one person and one reason. ``rule`` is a row of RULES, -1 for commands."""

    order: int
    action: Action
    flags: tuple[str, ...]
    rule: int
    who: str


class Repair(NamedTuple):
    """What steps are made with."""

    graph: LineageGraph
    selectors: Selectors
    people: People
    kept: Carried
    writer: Writer | None
    engine: Engine = "dbt"

    def phases(self, treated: Sequence[Treatment]) -> Iterator[Phase]:
        """One phase of one step for everything that is built or done by hand, in order."""
        by_id, lower = {item.unique_id: item for item in treated}, self._lower(treated)
        kinds = {item.unique_id: None if item.rule.action in APART else self._work(item) for item in treated}
        for work, nodes in stages(kinds, self.graph, rank=lambda work: work, late=lambda work: ACTIONS[work.action].phase == "manual"):
            chosen = [by_id[unique_id] for unique_id in nodes]
            yield from self._guards(chosen, lower)
            if work.action in COMMANDS and self.engine == "sql":
                yield from self._transactions(work, chosen)
            elif work.action in COMMANDS:
                yield from self._commands(work.action, chosen, work.flags)
                yield from self._afterwards(chosen)
            elif work.action in SCRIPTED:
                for group in self._groups(chosen):
                    yield from self._scripts(group)
            else:
                yield Phase(ACTIONS[work.action].phase, (self._asked(work.action, chosen),))

    def written(self, found: Written, step: Step) -> Step:
        """The step with the statements in it: dbt runs them where it can, else whoever may write to the warehouse."""
        if found.runnable:
            return msgspec.structs.replace(step, nodes=found.nodes, argv=sql_argv(found.text, self.kept), sql=found.text, who="")
        return msgspec.structs.replace(step, nodes=found.nodes, sql=found.text, who=step.who or BY_HAND)

    def _work(self, item: Treatment) -> Work:
        action = item.rule.action
        if action in COMMANDS:
            return Work(ORDER.index(action), action, (*ACTIONS[action].flags, *item.flags), -1, "")
        if action in SCRIPTED:
            return Work(ORDER.index(action), action, (), _number(item.rule), "")
        return Work(ORDER.index(action), action, (), _number(item.rule), self.people.of(item.unique_id))

    def _lower(self, treated: Sequence[Treatment]) -> set[str]:
        """What reads something that keeps rows and is repaired too, through any path: parents come first."""
        found: set[str] = set()
        stored = {item.unique_id for item in treated if item.is_built and self.graph.nodes[item.unique_id].is_stored}
        for item in treated:
            if any(parent in stored or parent in found for parent in self.graph.parents(item.unique_id)):
                found.add(item.unique_id)
        return found

    def _guards(self, items: Sequence[Treatment], lower: set[str]) -> Iterator[Phase]:
        """What must be shown before a command: of the first of its nodes, since the others read only these, or what is repaired before.

        Where the schedule rebuilds a table whole each time, only of those right below what failed: an emptied source is seen there.
        """
        inside = {item.unique_id for item in items}
        first = [item for item in items if item.rule.guard and item.rule.action in COMMANDS and inside.isdisjoint(self.graph.parents(item.unique_id))]
        first = [item for item in first if item.rule.destroys or item.unique_id not in lower]
        found = self.writer.guards(first) if self.writer is not None and first else ()
        if found:
            yield Phase("gate", tuple(self.written(each, Step("gate", each.nodes, GUARD)) for each in found))

    def _commands(self, action: Action, items: Sequence[Treatment], flags: tuple[str, ...] | None = None) -> Iterator[Phase]:
        does = ACTIONS[action]
        flags = does.flags if flags is None else flags
        words = [self.selectors.exact(item.unique_id) for item in items]
        for batch in batches(words):
            argv = ("dbt", *does.words, "--select", *words[batch], *flags, *self.kept.beside(flags))
            chosen = items[batch]
            own = [item for item in chosen if item.rule.action == action]
            step = Step(does.kind, tuple(item.unique_id for item in chosen), _why(own) or AFTER, _destroys(own), argv)
            yield Phase(does.phase, (msgspec.structs.replace(step, requires=REQUIRES.get(action, ""), costs=COSTS.get(action, "")),))

    def _groups(self, items: Sequence[Treatment]) -> Iterator[list[Treatment]]:
        """The items in their order, cut before each that reads an earlier one, which must be finished first."""
        group: list[Treatment] = []
        for item in items:
            if group and not self.graph.ancestors([item.unique_id]).keys().isdisjoint(other.unique_id for other in group):
                yield group
                group = []
            group.append(item)
        yield group

    def _scripts(self, group: Sequence[Treatment]) -> Iterator[Phase]:
        """One step for each node, and what follows for all of them."""
        yield from (Phase(ACTIONS[item.rule.action].phase, (self._scripted(item, item.rule.action),)) for item in group)
        yield from self._afterwards(group)

    def _afterwards(self, group: Sequence[Treatment]) -> Iterator[Phase]:
        """What rules add for the same nodes."""
        for after in dict.fromkeys(item.rule.after for item in group if item.rule.after):
            concerned = [item for item in group if item.rule.after == after]
            if after in SCRIPTED:
                yield from (Phase(ACTIONS[after].phase, (self._scripted(item, after),)) for item in concerned)
            else:
                yield from self._commands(after, [item for item in concerned if self.selectors.find(item.unique_id) is not None])

    def _transactions(self, work: Work, items: Sequence[Treatment]) -> Iterator[Phase]:
        """Statements in place of dbt's command, node by node in order; the command for those between whose statements cannot be written."""
        rest: list[Treatment] = []
        for item in items:
            found = self.writer.rebuild(item) if self.writer is not None else None
            if found is None:
                rest.append(item)
                continue
            if rest:
                yield from self._commands(work.action, rest, work.flags)
                rest = []
            does = ACTIONS[work.action]
            yield Phase(does.phase, (self.written(found, Step("sql", (item.unique_id,), REWRITE, item.rule.destroys or REWRITTEN)),))
        if rest:
            yield from self._commands(work.action, rest, work.flags)

    def _scripted(self, item: Treatment, action: Action) -> Step:
        why = item.rule.why if action == item.rule.action else FILL
        step = Step(ACTIONS[action].kind, (item.unique_id,), why, item.rule.destroys, requires=REQUIRES.get(action, ""), costs=COSTS.get(action, ""))
        found = self.writer.script(item, action) if self.writer is not None else None
        if found is not None:
            return self.written(found, step)
        reason = f" {self.writer.why_not(item.unique_id)}" if self.writer is not None else ""
        return msgspec.structs.replace(step, why=f"{step.why}{reason}", who=BY_HAND)

    def _asked(self, action: Action, items: Sequence[Treatment]) -> Step:
        nodes = tuple(item.unique_id for item in items)
        past = f" {self.writer.past()}" if action == "restore" and self.writer is not None and self.writer.past() else ""
        return Step(ACTIONS[action].kind, nodes, f"{_why(items)}{past}", _destroys(items), who=self.people.of(*nodes))


AFTER = "Then dbt takes what is missing or changed meanwhile."
FILL = "Rows whose key upstream has are replaced, so that they have every value again; the others stay."


def _number(rule: Rule) -> int:
    return len(RULES) if rule is NOT_SELECTABLE else next(number for number, row in enumerate(RULES) if row is rule)


def _why(items: Sequence[Treatment]) -> str:
    return " ".join(dict.fromkeys(text for item in items for text in (item.rule.why, item.hint) if text))


def _destroys(items: Sequence[Treatment]) -> str:
    return " ".join(dict.fromkeys(item.rule.destroys for item in items if item.rule.destroys))
