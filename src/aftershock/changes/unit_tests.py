"""Unit tests: which columns they give and expect, and whether dbt can still run them."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.changes.sides import Side

QUOTED = re.compile(r"""['"]([^'"]+)['"]""")
MODEL_PARTS = 2


class UnitTest(NamedTuple):
    """A unit test: the columns that it gives each input, and those that it expects of its model, all as it writes them.

    ``values`` are the texts that it has for columns of its inputs and its model, as (unique_id, column, texts).
    """

    unique_id: str
    given: tuple[tuple[str, tuple[str, ...]], ...]
    expects: tuple[str, ...]
    values: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


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
                given = list(_given(body.get("given"), model, by_name))
                values = [*((relation, item) for relation, item in given), (model, body.get("expect"))]
                texts = tuple((relation, column, said) for relation, item in values for column, said in _texts(item).items())
                columns = tuple((relation, _columns(item)) for relation, item in given)
                found.setdefault(model, []).append(UnitTest(unique_id, columns, _columns(body.get("expect")), texts))
    return {model: tuple(sorted(tests)) for model, tests in found.items()}


def _given(found: object, model: str, by_name: Mapping[str, list[str]]) -> Iterable[tuple[str, dict[str, Any]]]:
    """The fixtures of a unit test that name columns, each with the node whose rows it stands for."""
    for item in found if isinstance(found, list) else ():
        text = item.get("input") if isinstance(item, dict) else None
        if not isinstance(text, str) or not _columns(item):
            continue
        if text.strip() == "this":
            yield model, item
            continue
        names = QUOTED.findall(text)
        name = ".".join(names[-MODEL_PARTS:]) if text.lstrip().startswith("source") else names[-1] if names else ""
        known = by_name.get(name, [])
        if len(known) == 1:
            yield known[0], item


def _texts(found: object) -> dict[str, tuple[str, ...]]:
    """The texts that the rows of a fixture have, by column."""
    rows = found.get("rows") if isinstance(found, dict) else None
    texts: dict[str, dict[str, None]] = {}
    for row in rows if isinstance(rows, list) else ():
        for name, value in row.items() if isinstance(row, dict) else ():
            if isinstance(value, str):
                texts.setdefault(str(name), {})[value] = None
    return {name: tuple(values) for name, values in texts.items()}


def _columns(found: object) -> tuple[str, ...]:
    """The columns that the rows of a fixture name; none where they are written as SQL, or in a file of their own."""
    rows = found.get("rows") if isinstance(found, dict) else None
    if isinstance(rows, str) and isinstance(found, dict) and found.get("format") == "csv":
        return tuple(name.strip() for name in next(csv.reader(rows.strip().splitlines()), []))
    if isinstance(rows, list):
        return tuple(dict.fromkeys(str(name) for row in rows if isinstance(row, dict) for name in row))
    return ()
