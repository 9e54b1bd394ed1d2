"""Whether the code of a node is the same text in both projects: what need not be compared any further."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from aftershock.artifacts.editing.blanks import alike_but_for_blanks
from aftershock.changes.moments import Run, differ_by_run
from aftershock.columns.relating import EPHEMERAL

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from aftershock.changes.sides import Pair, Side
    from aftershock.model.code import NodeCode


class Texts:
    """Compares texts, whatever relations are called in each project.

    Args:
        base: the project before.
        head: the project after.
        renamed: the head's name of each node of the base that was renamed.
        concerned: nodes of the head that use a macro which differs.
        same_target: whether both were made for the same target.
    """

    def __init__(self, base: Side, head: Side, renamed: Mapping[str, str], concerned: Container[str], *, same_target: bool) -> None:
        self.base = base
        self.head = head
        self.renamed = renamed
        self.concerned = concerned
        self.same_target = same_target
        self.elsewhere: list[str] = []

    @cached_property
    def runs(self) -> tuple[Run, Run]:
        """The runs of dbt that compiled the two projects."""
        return Run.of(self.base), Run.of(self.head)

    def same(self, pair: Pair) -> bool:
        """Whether both projects run the same text for a node.

        Of two targets only what is written counts: what dbt made of the same template and macros for another target is noted in ``elsewhere``.
        """
        if pair.alike and self._is_untouched(pair):
            return True
        old, new = self.base.code_of(pair.base_id), self.head.code_of(pair.head_id)
        if old.language != new.language:
            return False
        unwritten = self._unwritten(pair, old, new) and pair.head_id not in self.concerned
        before, after = self.base.compiled(pair.base_id), self.head.compiled(pair.head_id)
        if not before.strip() or not after.strip():
            return unwritten
        if self.same_compiled(pair.base_id, pair.head_id, before, after):
            return unwritten or _one_branch(old.raw, new.raw)
        if unwritten and not self.same_target:
            self.elsewhere.append(pair.head_id)
            return True
        return False

    def _is_untouched(self, pair: Pair) -> bool:
        """Whether a node of which both manifests say the same is the same text, too: no macro of it differs, and dbt compiled it in neither, or in one place."""
        if pair.head_id in self.concerned or any(parent in self.renamed for parent in pair.base.parents):
            return False
        return self.base.compiled_in == self.head.compiled_in or bool(self.base.code_of(pair.base_id).compiled.strip())

    def _unwritten(self, pair: Pair, old: NodeCode, new: NodeCode) -> bool:
        """Whether both are written alike, but for comments and blanks."""
        carried = self._carried(pair, old.raw)
        return carried.strip() == new.raw.strip() or (new.language == "sql" and alike_but_for_blanks(carried, new.raw, self.head.project.info.adapter))

    def _carried(self, pair: Pair, raw: str) -> str:
        """A template with the new names of what it reads and was renamed."""
        for parent in pair.base.parents:
            if parent in self.renamed and parent in self.base.nodes:
                old, new = self.base.nodes[parent].name, self.head.nodes[self.renamed[parent]].name
                raw = re.sub(rf"""(?<=['"]){re.escape(old)}(?=['"])""", lambda _: new, raw)  # noqa: B023  # called at once
        return raw

    def same_compiled(self, base_id: str, head_id: str, before: str = "", after: str = "") -> bool:
        """Whether dbt compiled two nodes to the same SQL, with each relation's own name in it, and of each run its own id and time."""
        before, after = before or self.base.compiled(base_id), after or self.head.compiled(head_id)
        if not before or not after:
            return False
        if before.strip() == after.strip():
            return True
        old = dict(self._names(self.base, base_id, base=True))
        new = {**dict(self._names(self.head, head_id, base=False)), **old}  # a deferred relation keeps the base's name
        before, after = _replaced(before, old).strip(), _replaced(after, new).strip()
        return before == after or differ_by_run(before, after, *self.runs)

    def _names(self, side: Side, unique_id: str, *, base: bool) -> Iterator[tuple[str, str]]:
        """What relations are called in a node's SQL, and what stands for them."""
        for parent in (*inlined(side, unique_id), unique_id):
            node = side.nodes[parent]
            known = self.renamed.get(parent, parent) if base else parent
            if node.relation_name:
                yield node.relation_name, f"<{known}>"
            elif node.resource_type == "function":
                parts = (node.database, node.schema, node.identifier or node.name)
                yield from (
                    (joined, f"<{known}>") for quote in ('"', "`", "") if len(joined := ".".join(f"{quote}{part}{quote}" for part in parts if part)) > 1
                )
            elif node.materialized == "ephemeral":
                yield EPHEMERAL + (node.identifier or node.name), f"<{known}>"


def inlined(side: Side, unique_id: str) -> list[str]:
    """What a node reads, itself or through ephemeral models, whose SQL is in its own.

    Args:
        side: the project.
        unique_id: the node.
    """
    found: dict[str, None] = {}
    todo = list(side.graph.parents(unique_id))
    while todo:
        parent = todo.pop()
        if parent not in found:
            found[parent] = None
            todo.extend(side.graph.parents(parent) if side.nodes[parent].materialized == "ephemeral" else ())
    return list(found)


def _replaced(text: str, names: Mapping[str, str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text


def _one_branch(old: str, new: str) -> bool:
    """Whether dbt compiled all that a template says; of an incremental model it compiles one branch only."""
    return "is_incremental" not in old and "is_incremental" not in new
