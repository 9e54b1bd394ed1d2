"""Unit tests: which columns they give and expect, and whether dbt can still run them."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.changes.sides import Side

QUOTED = re.compile(r"""['"]([^'"]+)['"]""")
MODEL_PARTS = 2


class UnitTest(NamedTuple):
    """A unit test: the columns that it gives each input, and those that it expects of its model, all as it writes them."""

    unique_id: str
    given: tuple[tuple[str, tuple[str, ...]], ...]
    expects: tuple[str, ...]


def unit_tests(side: Side) -> dict[str, tuple[UnitTest, ...]]:
    """The unit tests of a project by the unique_id of the model that they test."""
    by_name: dict[str, list[str]] = {}
    for unique_id, node in side.nodes.items():
        if node.is_relation or node.materialized == "ephemeral":
            by_name.setdefault(node.label, []).append(unique_id)
            if node.version and node.is_latest:
                by_name.setdefault(node.name, []).append(unique_id)
    found: dict[str, list[UnitTest]] = {}
    for unique_id, node in side.nodes.items():
        if node.resource_type == "unit_test":
            body = side.definition(unique_id).body
            for model in (parent for parent in node.parents if parent.startswith("model.")):
                found.setdefault(model, []).append(UnitTest(unique_id, tuple(_given(body.get("given"), model, by_name)), _columns(body.get("expect"))))
    return {model: tuple(sorted(tests)) for model, tests in found.items()}


def _given(found: object, model: str, by_name: Mapping[str, list[str]]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for item in found if isinstance(found, list) else ():
        columns = _columns(item)
        text = item.get("input") if isinstance(item, dict) else None
        if not isinstance(text, str) or not columns:
            continue
        if text.strip() == "this":
            yield model, columns
            continue
        names = QUOTED.findall(text)
        name = ".".join(names[-MODEL_PARTS:]) if text.lstrip().startswith("source") else names[-1] if names else ""
        known = by_name.get(name, [])
        if len(known) == 1:
            yield known[0], columns


def _columns(found: object) -> tuple[str, ...]:
    """The columns that the rows of a fixture name; none where they are written as SQL, or in a file of their own."""
    rows = found.get("rows") if isinstance(found, dict) else None
    if isinstance(rows, str) and isinstance(found, dict) and found.get("format") == "csv":
        return tuple(name.strip() for name in next(csv.reader(rows.strip().splitlines()), []))
    if isinstance(rows, list):
        return tuple(dict.fromkeys(str(name) for row in rows if isinstance(row, dict) for name in row))
    return ()
