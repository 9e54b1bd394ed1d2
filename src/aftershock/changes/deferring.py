"""What the head's SQL has of the base's or of its own run: relations of the base, where dbt compiled with --defer, and the id of the run."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

import msgspec

from aftershock.columns.project import ProjectLineage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.changes.sides import Pair, Side
    from aftershock.model.code import NodeCode


def undeferred(head: Side, base: Side, pairs: Iterable[Pair]) -> Side:
    """The head, whose SQL names its own relations, and the base's run as if it were its own; the same side where it does so already.

    Args:
        head: the project after.
        base: the project before, from which it may have borrowed relations.
        pairs: the nodes whose SQL is looked at.
    """
    names = {node.relation_name: head.nodes[key].relation_name for key, node in base.nodes.items() if node.relation_name and key in head.nodes}
    names = {there: here for there, here in names.items() if here and there != here and here not in names}
    found = {}
    for pair in pairs:
        code = head.code_of(pair.head_id)
        text = code.compiled.replace(head.project.info.invocation_id, base.project.info.invocation_id) if head.project.info.invocation_id else code.compiled
        for parent in head.graph.parents(pair.head_id):
            node = base.nodes.get(parent)
            if node is not None and node.relation_name in names:
                text = text.replace(node.relation_name, names[node.relation_name])
        if text != code.compiled:
            found[pair.head_id] = msgspec.structs.replace(code, compiled=text)
    return _with_code(head, found) if found else head


def _with_code(side: Side, codes: Mapping[str, NodeCode]) -> Side:
    code = msgspec.structs.replace(side.code, nodes={**side.code.nodes, **codes})
    readings = copy(side.reader.readings)
    readings._load, readings._code, readings._found, readings._keys = (lambda: code), code, {}, {}  # noqa: SLF001  # the same reading of other code
    found = copy(side)
    found.__dict__.pop("code", None)
    found.reader = ProjectLineage(side.graph, readings, side.reader.catalog)
    return found
