"""What a walk over the head found -> who is concerned, by which change, and how bad it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.changes.wholes import TESTS
from aftershock.columns.trace import coverage
from aftershock.graph import LineageGraph
from aftershock.impact.narrowing import Narrowed
from aftershock.impact.people import consumers, dashboards, owners
from aftershock.impact.radius import blast_radius
from aftershock.impact.severity import judge
from aftershock.model import Category, Effect, Seed
from aftershock.model.changes import ChangeImpact, Reached
from aftershock.model.lineage import Consequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aftershock.changes.descent import Descent
    from aftershock.changes.scene import Scene
    from aftershock.changes.worlds import Root
    from aftershock.model import BlastRadius, Verdict
    from aftershock.model.changes import Change

BREAKING = frozenset({Effect.FAILS, Effect.SKIPPED, Effect.LOSES_COLUMNS, Effect.STALE})
NO_RESULTS = "no run results"


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
        self.changes = changes
        self.descent = descent
        self.found = found
        self.roots = roots
        self.gone = {change.unique_id: number for number, change in enumerate(changes) if self._is_gone(change)}
        lost = {unique_id: msgspec.structs.replace(scene.base.nodes[unique_id], parents=()) for unique_id in self.gone}
        self.graph = LineageGraph({**lost, **scene.head.nodes}) if lost else scene.head.graph

    def _is_gone(self, change: Change) -> bool:
        """Whether a node is in the base only, and its going concerns somebody."""
        known = change.unique_id in self.scene.base.nodes and change.unique_id not in self.scene.head.nodes
        return known and change.kind in {"node-removed", "node-disabled"} and change.verdict != "safe" and not change.acknowledged

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
        radius = self._radius(self.found, Category.SCHEMA_BREAK)
        boards = dashboards(radius, self.graph, self.scene.policy)
        project = self.scene.head.project
        return ChangeImpact(
            tuple(sorted(built)),
            tuple(sorted(unique_id for unique_id in skipped if self._is_data(unique_id))),
            dict(sorted(loses.items())),
            tuple(sorted({*wrong, *may})),
            tuple(sorted(self._failing_tests(fails))),
            boards,
            tuple(sorted(unique_id for unique_id in self.found if self.scene.head.nodes[unique_id].resource_type == "metric")),
            consumers(boards, radius, self.graph),
            owners(radius, self.graph, {**self.scene.base.project.groups, **project.groups}, self.scene.policy)[0],
            radius.hidden,
            tuple(self._proofs()),
        )

    def _of(self, effect: Effect) -> list[str]:
        """Nodes that an effect certainly has."""
        return [unique_id for unique_id in self.found if self.descent.states[unique_id].effects.get(effect)]

    def _sure(self, unique_id: str) -> bool:
        return any(self.descent.states[unique_id].effects.values())

    def _is_data(self, unique_id: str) -> bool:
        node = self.scene.head.nodes[unique_id]
        return node.is_relation or node.resource_type == "function"  # an ephemeral model is part of its readers

    def _failing_tests(self, fails: Iterable[str]) -> Iterator[str]:
        """Tests that cannot run, and contracts that are not met."""
        for unique_id in fails:
            node = self.scene.head.nodes[unique_id]
            if node.resource_type in TESTS or (node.build.contract and self.descent.states[unique_id].why.startswith("its contract")):
                yield unique_id

    # proofs

    def _proofs(self) -> Iterator[Reached]:
        for unique_id in sorted(self.found):
            its, state = self.found[unique_id], self.descent.states[unique_id]
            yield Reached(unique_id, self.change_of(unique_id), its.steps, its.why or self._unread(unique_id), any(state.effects.values()))

    def _unread(self, unique_id: str) -> str:
        lineage = self.scene.head.reader.lineages.get(unique_id)
        return f"its code was not read: {lineage.unread}" if lineage is not None and lineage.resolved is None and lineage.unread else ""

    def change_of(self, unique_id: str) -> int:
        """The change from which an effect on a node comes, by its number; the first of those above it where the way there is not known."""
        start = self.descent.start_of(unique_id)
        if start >= 0:
            return self.numbers[start]
        above = self.scene.head.graph.ancestors((unique_id,))
        numbers = [number for root in self.roots if root in above for number in self.roots[root].state.sources.values()]
        return min((self.numbers[number] for number in numbers), default=0)

    # severity

    def severity(self) -> Verdict | None:
        """How bad the breaking and risky changes are together; None where there are none that nobody acknowledged."""
        verdicts = [
            self._verdict(Category.SCHEMA_BREAK, {"breaking"}, BREAKING),
            self._verdict(Category.DATA_QUALITY, {"risky"}, frozenset({Effect.WRONG})),
        ]
        found = [verdict for verdict in verdicts if verdict is not None]
        return min(found, key=lambda verdict: verdict.level.rank) if found else None

    def _verdict(self, category: Category, judged: set[str], effects: frozenset[Effect]) -> Verdict | None:
        starts = {change.unique_id for change in self.changes if change.verdict in judged and not change.acknowledged and change.unique_id in self.graph}
        starts = {unique_id for unique_id in starts if self.graph.nodes[unique_id].resource_type not in TESTS}
        if not starts:
            return None
        below = self.graph.descendants(starts)
        reached = {unique_id: its for unique_id, its in self.found.items() if unique_id in below and effects.intersection(its.effects)}
        verdict = judge(self._radius(reached, category, starts), self.graph, self.scene.policy)
        return msgspec.structs.replace(verdict, missing=tuple(item for item in verdict.missing if not item.startswith(NO_RESULTS)))

    def _radius(self, found: Mapping[str, Consequence], category: Category, starts: Iterable[str] | None = None) -> BlastRadius:
        """What is reached, with the changed nodes as those that fail."""
        causes = {self.changes[self.change_of(unique_id)].unique_id for unique_id in found} if self.changes else set()
        changed = {change.unique_id for change in self.changes if change.verdict != "safe" and not change.acknowledged}
        wanted = sorted({*causes, *changed, *self.gone} if starts is None else starts)
        seeds = [unique_id for unique_id in wanted if unique_id in self.graph and self.graph.nodes[unique_id].resource_type not in TESTS]
        own = {unique_id: Consequence(unique_id, self._own_effects(unique_id)) for unique_id in seeds if unique_id not in found}
        narrowed = Narrowed((), {**own, **found}, coverage(self.scene.head.reader, found))
        return blast_radius([Seed(unique_id) for unique_id in seeds], category, self.graph, info=self.scene.head.project.info, narrowed=narrowed)

    def _own_effects(self, unique_id: str) -> tuple[Effect, ...]:
        if unique_id in self.gone:
            return (Effect.STALE,)
        state = self.roots[unique_id].state if unique_id in self.roots else None
        if state is None:
            return ()
        lost = (Effect.LOSES_COLUMNS,) if state.removed else ()
        return (*lost, *((Effect.WRONG,) if state.wrong else ()))
