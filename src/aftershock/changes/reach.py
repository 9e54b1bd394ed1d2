"""What a walk over the head found -> who is concerned, by which change, and how bad it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from aftershock.changes.audience import Described, audience
from aftershock.changes.joined import as_before
from aftershock.changes.roots import missing
from aftershock.changes.settling import starts_of
from aftershock.changes.wholes import TESTS
from aftershock.changes.worlds import Touched
from aftershock.columns.trace import coverage
from aftershock.graph import LineageGraph
from aftershock.impact.narrowing import Narrowed
from aftershock.impact.radius import blast_radius
from aftershock.impact.severity import intended, judge
from aftershock.model import Category, Effect, Seed
from aftershock.model.changes import ChangeImpact, Reached
from aftershock.model.lineage import Consequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aftershock.changes.audience import Audience
    from aftershock.changes.descent import Descent
    from aftershock.changes.scene import Scene
    from aftershock.changes.worlds import Root
    from aftershock.model import BlastRadius, Reason, Verdict
    from aftershock.model.changes import Change, Judgement

BREAKING = frozenset({Effect.FAILS, Effect.SKIPPED, Effect.LOSES_COLUMNS, Effect.STALE})
UNINTENDED = frozenset({"column-added", "column-removed", "column-renamed", "column-reordered"})
"""Kinds that are not there to change a value: where one does, a name means another column now, or a column that stays gets no values."""
NO_RESULTS = "no run results"
EPHEMERAL = re.compile(r"\b__dbt__cte__(?=\w)")
"""What dbt puts before an ephemeral model's name where the model's SQL stands in another's."""


class Reach:
    """What changes do, as far as a walk found it.

    Args:
        scene: both projects.
        changes: all changes, in the report's order.
        descent: the walk.
        found: what it found.
        roots: where it started.
        order: the number that each change of the report had in the walk.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # all that a walk is, and leaves
        self,
        scene: Scene,
        changes: Sequence[Change],
        descent: Descent,
        found: Mapping[str, Consequence],
        roots: Mapping[str, Root],
        order: Sequence[int],
    ) -> None:
        self.numbers = {before: now for now, before in enumerate(order)}
        self.scene = scene
        self.changes = [msgspec.structs.replace(change, reason=_spoken(change.reason), was=_spoken(change.was), now=_spoken(change.now)) for change in changes]
        self.descent = descent
        self.found = found
        self.roots = roots
        read = {parent for parent, _ in scene.graph.dangling}
        gone = missing(scene, changes)
        self.gone = {one: number for one, number in gone.items() if changes[number].verdict != "safe" and (changes[number].unique_id == one or one in read)}
        lost = {unique_id: msgspec.structs.replace(scene.base.nodes[unique_id], parents=()) for unique_id in self.gone}
        self.graph = LineageGraph({**lost, **scene.graph.nodes}) if lost else scene.graph
        before = as_before(self.graph, scene.by_head, {*found, *(change.unique_id for change in changes)})
        self.graphs = (self.graph,) if before is None else (self.graph, before)

    def impact(self) -> ChangeImpact:
        """Everything that the changes reach."""
        fails, skipped = self._of(Effect.FAILS), self._of(Effect.SKIPPED)
        stopped = {*fails, *(unique_id for unique_id in skipped if not self.descent.is_held(unique_id))}
        built = [unique_id for unique_id in fails if self._is_data(unique_id)]
        loses = {
            unique_id: tuple(sorted(self.descent.lost(unique_id)))
            for unique_id in self._of(Effect.LOSES_COLUMNS)
            if self._is_data(unique_id) and unique_id not in stopped and self.descent.lost(unique_id)
        }
        wrong = [unique_id for unique_id in self._of(Effect.WRONG) if self._is_data(unique_id) and unique_id not in {*fails, *skipped}]
        may = [unique_id for unique_id in self.found if self._is_data(unique_id) and not self._sure(unique_id) and unique_id not in stopped]
        people = self._audience()
        metrics = [unique_id for unique_id in self.found if unique_id in self.scene.head.nodes and self.graph.nodes[unique_id].resource_type == "metric"]
        return ChangeImpact(
            tuple(sorted(built)),
            tuple(sorted(unique_id for unique_id in skipped if self._is_data(unique_id))),
            dict(sorted(loses.items())),
            tuple(sorted({*wrong, *may})),
            tuple(sorted(self._failing_tests(fails))),
            people.dashboards,
            tuple(sorted(metrics)),
            people.consumers,
            people.owners,
            people.hidden,
            tuple(self._proofs()),
        )

    def _audience(self) -> Audience:
        """Everybody who is concerned, as the head says it, and as the base does where that differs."""
        old, new = self.scene.base.project.groups, self.scene.head.project.groups
        groups = ({**old, **new}, {**new, **old})
        sides = [Described(self._radius(self.found, Category.SCHEMA_BREAK, graph), graph, its) for graph, its in zip(self.graphs, groups, strict=False)]
        return audience(sides, self.scene.policy)

    def _of(self, effect: Effect) -> list[str]:
        """Nodes that an effect certainly has."""
        return [unique_id for unique_id in self.found if self.descent.states[unique_id].effects.get(effect)]

    def _sure(self, unique_id: str) -> bool:
        return any(self.descent.states[unique_id].effects.values())

    def _is_data(self, unique_id: str) -> bool:
        node = self.graph.nodes[unique_id]
        return node.is_relation or node.resource_type == "function"  # an ephemeral model is part of its readers

    def _failing_tests(self, fails: Iterable[str]) -> Iterator[str]:
        """Tests that cannot run, and contracts that are not met."""
        for unique_id in fails:
            node = self.graph.nodes[unique_id]
            if node.resource_type in TESTS or (node.build.contract and self.descent.states[unique_id].why.startswith("its contract")):
                yield unique_id

    # proofs

    def _proofs(self) -> Iterator[Reached]:
        for unique_id in sorted(self.found):
            its, state = self.found[unique_id], self.descent.states[unique_id]
            why = its.why or self._unread(unique_id) or ("" if unique_id in self.scene.head.nodes else "the change no longer declares it")
            yield Reached(unique_id, self.change_of(unique_id), its.steps, _spoken(why), any(state.effects.values()))

    def _unread(self, unique_id: str) -> str:
        lineage = self.scene.head.reader.lineages.get(unique_id)
        return f"its code was not read: {lineage.unread}" if lineage is not None and lineage.resolved is None and lineage.unread else ""

    def change_of(self, unique_id: str) -> int:
        """The change from which an effect on a node comes, by its number; the first of those above it where the way there is not known."""
        return min((self.numbers[number] for number in starts_of(self.descent, self.roots, unique_id)), default=0)

    # severity

    def severity(self) -> Verdict | None:
        """How bad the breaking and risky changes are together; None where there are none that nobody acknowledged.

        What fails or is lost counts as a schema break. Values that become others through a change of columns, which nobody wants, count as wrong data, and
        those that a risky change is there for as one level less.
        """
        policy = self.scene.policy
        found = [*self._verdicts(Category.SCHEMA_BREAK, *self._reached("breaking", BREAKING))]
        spoiled = {unique_id: its for unique_id, its in self.found.items() if self._is_spoiled(unique_id)}
        found += self._verdicts(Category.DATA_QUALITY, {unique_id for unique_id in spoiled if self._is_data(unique_id)}, spoiled)
        found += [intended(verdict, policy) for verdict in self._verdicts(Category.DATA_QUALITY, *self._reached("risky", frozenset({Effect.WRONG})))]
        return min(found, key=lambda verdict: verdict.level.rank) if found else None

    def _reached(self, judged: Judgement, effects: frozenset[Effect]) -> tuple[set[str], dict[str, Consequence]]:
        """Where changes of one judgement start, and what is below that by an effect of theirs, or by one that comes of them."""
        starts = {change.unique_id for change in self.changes if change.verdict == judged and not change.acknowledged}
        starts = set(self._seeds({*starts, *(unique_id for unique_id, number in self.gone.items() if self.changes[number].verdict == judged)}))
        below = self.graph.descendants(starts) if starts else {}
        reached = {unique_id: its for unique_id, its in self.found.items() if unique_id in below}
        mine = {unique_id for unique_id, its in reached.items() if effects.intersection(its.effects) or self._comes_of(unique_id, judged)}
        return starts, {unique_id: its for unique_id, its in reached.items() if unique_id in mine}

    def _comes_of(self, unique_id: str, judged: Judgement) -> bool:
        return any(self.changes[number].verdict == judged for number in self._causes(unique_id))

    def _is_spoiled(self, unique_id: str) -> bool:
        """Whether a node surely has other values, and through a breaking change of columns: no value of theirs was to become another."""
        if not self.descent.states[unique_id].effects.get(Effect.WRONG):
            return False
        return any((change := self.changes[number]).verdict == "breaking" and change.kind in UNINTENDED for number in self._causes(unique_id))

    def _causes(self, unique_id: str) -> set[int]:
        """All changes from which an effect on a node comes, by their numbers."""
        found: set[int] = set()
        stack = [(unique_id, key) for key in self.descent.states[unique_id].origin]
        seen: set[tuple[str, str]] = set()
        while stack:
            place = stack.pop()
            state = self.descent.states.get(place[0])
            if place in seen or not isinstance(state, Touched):
                continue
            seen.add(place)
            if place[1] in state.sources:
                found |= {self.numbers[number] for number in (state.sources[place[1]],) if number >= 0}
                continue
            origins = [state.origin[place[1]]] if place[1] in state.origin else list(state.origin.values())
            stack.extend((origin.node, origin.key) for origin in origins)
        return found or {self.change_of(unique_id)}

    def _verdicts(self, category: Category, starts: set[str], reached: Mapping[str, Consequence]) -> Iterator[Verdict]:
        """How bad it is by what the head says of the nodes, and by what the base says of them."""
        unread = any(change.verdict == "cannot-say" and not change.acknowledged for change in self.changes)
        for graph in self.graphs if starts else ():
            verdict = judge(self._radius(reached, category, graph, starts), graph, self.scene.policy)
            missing = tuple(item for item in verdict.missing if not item.startswith(NO_RESULTS))
            reasons = tuple(_of_what_is_known(reason) if unread else reason for reason in verdict.reasons)
            yield msgspec.structs.replace(verdict, missing=missing, reasons=reasons)

    def _radius(self, found: Mapping[str, Consequence], category: Category, graph: LineageGraph, starts: Iterable[str] | None = None) -> BlastRadius:
        """What is reached, with the changed nodes as those that fail."""
        causes = {self.changes[self.change_of(unique_id)].unique_id for unique_id in found} if self.changes else set()
        changed = {change.unique_id for change in self.changes if change.verdict != "safe" and not change.acknowledged}
        seeds = self._seeds({*causes, *changed, *self.gone} if starts is None else starts)
        own = {unique_id: Consequence(unique_id, self._own_effects(unique_id)) for unique_id in seeds if unique_id not in found}
        narrowed = Narrowed((), {**own, **found}, coverage(self.scene.head.reader, found))
        return blast_radius([Seed(unique_id) for unique_id in seeds], category, graph, info=self.scene.head.project.info, narrowed=narrowed)

    def _seeds(self, unique_ids: Iterable[str]) -> list[str]:
        """Those of these nodes that hold data, or show it; a consumer that is only no longer declared is no reason of anything."""
        known = [unique_id for unique_id in unique_ids if unique_id in self.scene.head.nodes or unique_id in self.gone]
        return sorted(unique_id for unique_id in known if self.graph.nodes[unique_id].resource_type not in TESTS)

    def _own_effects(self, unique_id: str) -> tuple[Effect, ...]:
        if unique_id in self.gone:
            return (Effect.STALE,)
        state = self.roots[unique_id].state if unique_id in self.roots else None
        if state is None:
            return ()
        lost = (Effect.LOSES_COLUMNS,) if state.removed else ()
        return (*lost, *((Effect.WRONG,) if state.wrong else ()))


def _spoken(text: str) -> str:
    """A text in which an ephemeral model has the name that people gave it."""
    return EPHEMERAL.sub("", text) if "__dbt__cte__" in text else text


def _of_what_is_known(reason: Reason) -> Reason:
    """A reason that what could not be judged may contradict."""
    return msgspec.structs.replace(reason, evidence=f"{reason.evidence} of what could be judged") if reason.rule == "lower-no-consumer" else reason
