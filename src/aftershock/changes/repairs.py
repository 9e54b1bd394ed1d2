"""What nodes need that their next run by itself does not do: a full refresh, another setting, a line of YAML."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from aftershock.changes.building import LAYOUT
from aftershock.changes.found import setting
from aftershock.changes.seeds import ANEW
from aftershock.changes.stored import keeps_rows
from aftershock.changes.worlds import Touched
from aftershock.model import Effect
from aftershock.model.changes import Repair

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aftershock.changes.descent import Descent
    from aftershock.changes.scene import Scene
    from aftershock.model.changes import Change, ChangeImpact
    from aftershock.recovery.selectors import Selectors

OTHER = frozenset({"rows-changed", "values-changed"})
SEED_COLUMNS = frozenset({"column-removed", "column-added", "column-retyped"})
REFRESHED = ("unique_key", "incremental_strategy", "incremental_predicates", *LAYOUT)
"""Settings of an incremental model after which rows that are there may be wrong, or lie otherwise than it says, until a full refresh."""
SETTINGS = ("its unique_key", "its configuration")
"""How it is said that a node's own settings name what its SQL does not yield."""
MOST_NAMED = 10
"""Nodes of one command; more of them are planned, not typed."""


def repairs(scene: Scene, changes: Sequence[Change], descent: Descent, impact: ChangeImpact) -> tuple[Repair, ...]:
    """What has to be done beside merging, one for each kind of it.

    Args:
        scene: both projects.
        changes: all of them; those that are acknowledged need nothing.
        descent: the walk, when it is done.
        impact: what it found.
    """
    return tuple(_Repairs(scene, [change for change in changes if not change.acknowledged], descent, impact).found())


class _Repairs:
    """The repairs of one check."""

    def __init__(self, scene: Scene, changes: Sequence[Change], descent: Descent, impact: ChangeImpact) -> None:
        self.scene = scene
        self.nodes = scene.head.nodes
        self.changes = [change for change in changes if change.unique_id in self.nodes]
        self.states = descent.states
        self.impact = impact
        self.fails = [unique_id for unique_id in impact.fails if unique_id in self.nodes]

    def found(self) -> Iterator[Repair]:
        """All of them, what stops a run first."""
        seeds = sorted(set(self._seeds()))
        if seeds:
            yield Repair("seed", tuple(seeds), self._command("seed", seeds))
        for instead, tables in _grouped((self._instead(unique_id), unique_id) for unique_id in self.fails):
            if instead:
                yield Repair("table", tables, self._command("run", tables), instead)
        for path, contracts in _grouped((self._yaml(unique_id), unique_id) for unique_id in self.fails if self._why(unique_id).startswith("its contract")):
            yield Repair("contract", contracts, path=path)
        for path, named in _grouped((self._yaml(unique_id), unique_id) for unique_id in self.fails if self._why(unique_id).startswith(SETTINGS)):
            yield Repair("setting", named, path=path)
        lacking = sorted(set(self._lacking()))
        if lacking:
            yield Repair("column", tuple(lacking), self._command("run", lacking), "append_new_columns")
        kept = self._first(set(self._keeping()))
        if kept:
            yield Repair("rows", tuple(kept), self._command("run", kept, below=True))

    def _why(self, unique_id: str) -> str:
        return self.states[unique_id].why

    def _yaml(self, unique_id: str) -> str:
        return self.scene.head.definition(unique_id).patch

    def _seeds(self) -> Iterator[str]:
        """Seeds whose table is not as their file says until it is made anew."""
        if self.scene.head.project.info.adapter in ANEW:
            return
        for change in self.changes:
            node = self.nodes[change.unique_id]
            other = change.kind in SEED_COLUMNS or (change.kind == "seed-changed" and change.verdict == "breaking")
            if node.resource_type == "seed" and other and node.build.full_refresh is not True:
                yield change.unique_id

    def _instead(self, unique_id: str) -> str:
        """With which on_schema_change the table takes what its SQL yields; empty where that is not why it fails."""
        why = self._why(unique_id)
        if not why.startswith("its table"):
            return ""
        return "append_new_columns" if why.startswith("its table does not have") else "sync_all_columns"

    def _lacking(self) -> Iterator[str]:
        """Nodes whose table does not get a column that their SQL yields now."""
        for change in self.changes:
            state = self.states.get(change.unique_id)
            absent = isinstance(state, Touched) and state.world is not None and state.world.absent
            if change.kind == "column-added" and absent and self._is_kept(change.unique_id):
                yield change.unique_id

    def _keeping(self) -> Iterator[str]:
        """Nodes that keep rows which the new SQL, or the new settings, would not make."""
        for change in self.changes:
            if change.verdict != "safe" and (change.kind in OTHER or (change.kind == "incremental-changed" and self._is_reset(change.unique_id))):
                yield from [change.unique_id] if self._is_kept(change.unique_id) else []
        for unique_id in self.impact.wrong:
            if self._is_kept(unique_id) and self.states[unique_id].effects.get(Effect.WRONG):
                yield unique_id

    def _is_reset(self, unique_id: str) -> bool:
        pair = self.scene.by_head.get(unique_id)
        return pair is not None and any(setting(self.scene, pair, key) is not None for key in REFRESHED)

    def _is_kept(self, unique_id: str) -> bool:
        """Whether a node is incremental, and its next run leaves the rows that are there."""
        node = self.nodes.get(unique_id)
        return node is not None and node.materialized == "incremental" and unique_id not in self.impact.fails and keeps_rows(self.scene.mode(unique_id))

    def _first(self, unique_ids: set[str]) -> list[str]:
        """Those that are below no other one."""
        below: set[str] = set()
        stack = list(unique_ids)
        while stack:
            fresh = [child for child in self.scene.head.graph.children(stack.pop()) if child not in below]
            below.update(fresh)
            stack.extend(fresh)
        return sorted(unique_ids - below)

    # commands

    @cached_property
    def _selectors(self) -> Selectors:
        from aftershock.recovery.selectors import Selectors

        return Selectors(self.scene.head.graph)

    def _command(self, verb: str, unique_ids: Sequence[str], *, below: bool = False) -> tuple[str, ...]:
        """A full refresh of exactly these nodes, with all that is below them if that is asked; empty where dbt has no words for it, or would pass it over."""
        if len(unique_ids) > MOST_NAMED or any(self.nodes[unique_id].build.full_refresh is False for unique_id in unique_ids):
            return ()
        words = [self._selectors.find(unique_id) or "" for unique_id in unique_ids]
        if not all(words) or (below and any("," in word for word in words)):
            return ()
        return ("dbt", verb, "--full-refresh", "--select", *(f"{word}+" if below else word for word in words))


def _grouped(found: Iterable[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names by what they have in common, both in their order."""
    groups: dict[str, list[str]] = {}
    for key, unique_id in found:
        groups.setdefault(key, []).append(unique_id)
    yield from ((key, tuple(sorted(groups[key]))) for key in sorted(groups))
