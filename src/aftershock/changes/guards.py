"""What cannot be compared at all: an error, and never an empty answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aftershock.artifacts.files import is_file
from aftershock.errors import ArtifactError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.changes.sides import Side

BUILT = frozenset({"model", "seed", "snapshot"})
CODED = frozenset({"model", "snapshot"})
FEW = 0.2
"""The part of a project below which the rest can hardly be the same one."""


def refuse(base: Side, head: Side) -> None:
    """Refuse two sides that are no base and head of one project.

    Args:
        base: the project before.
        head: the project after.

    Raises:
        ArtifactError: one of them has nothing that dbt builds, or no code.
        UsageError: they are different projects, or of different warehouses.
    """
    for side, role in ((base, "base"), (head, "head")):
        if not any(node.resource_type in BUILT for node in side.nodes.values()):
            raise ArtifactError(
                side.place, "it has no model, seed or snapshot, so there is nothing to compare", f"Give the target of a whole project with --{role}"
            )
        if not side.code.nodes and any(node.resource_type in CODED for node in side.nodes.values()):
            raise _without_code(side, role)
    old, new = base.project.info, head.project.info
    if old.name and new.name and old.name != new.name:
        raise UsageError("--base", f"it is of the project {old.name}, and the head is of {new.name}", "Give two targets of one project")
    if old.adapter and new.adapter and old.adapter != new.adapter:
        raise UsageError(
            "--base", f"it is of {old.adapter}, and the head is of {new.adapter}: their SQL is not of one dialect", "Compile both for one warehouse"
        )
    if not _common(base, head):
        raise UsageError("--base", "it has no node in common with the head", "Give two targets of one project")


def _without_code(side: Side, role: str) -> ArtifactError:
    if side.manifest and is_file(Path(side.manifest)):
        return ArtifactError(side.place, "it has no code of any model, raw or compiled", "Write it again with dbt parse")
    return ArtifactError(side.place, "the code of its models is not at hand", f"Read the {role} from a file, or give check() its reader, {role}_reader")


def _common(base: Side, head: Side) -> int:
    return sum(unique_id in head.nodes for unique_id, node in base.nodes.items() if node.resource_type in BUILT)


def doubts(base: Side, head: Side) -> Iterator[str]:
    """What limits the comparison, one sentence each."""
    built = sum(node.resource_type in BUILT for node in base.nodes.values())
    common = _common(base, head)
    if common < built * FEW:
        yield f"Only {common} of the {built} nodes that the base builds are in the head: they may not be of one project."
    if base.project.info.has_compiled_sql != head.project.info.has_compiled_sql:
        which = ("base", "head") if base.project.info.has_compiled_sql else ("head", "base")
        yield f"Only the {which[0]} was compiled: templates of the {which[1]} are rendered without dbt, and some cannot be."
    if not base.definitions.nodes or not head.definitions.nodes:
        yield "Not all of the manifests was at hand: contracts, settings, tests' conditions and who uses which macro were not compared."
    old, new = base.project.info.dbt_version, head.project.info.dbt_version
    if old and new and old != new:
        yield f"The base is of dbt {old}, the head of dbt {new}: what dbt's own macros changed shows only in compiled SQL."
