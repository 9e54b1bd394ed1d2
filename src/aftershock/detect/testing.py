"""What a data test tests: its kind, its column and the nodes for which it stands, also where the manifest does not say so."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from aftershock.detect.checks import COLUMNS, FEWER, MORE, OLD, TWICE
from aftershock.model import TEST_TYPES, UNAFFECTED_TYPES
from aftershock.model.code import NodeCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.detect.rows import Row
    from aftershock.graph import LineageGraph
    from aftershock.model import Node
    from aftershock.model.code import Code

COUNTING = frozenset({"volume-test", "volume-by-name"})
"""Rows of tests that count rows without saying whether they look for more or fewer."""

LOWEST = ("min_value", "minimum", "min", "at_least", "min_rows", "above", "lower_bound")
HIGHEST = ("max_value", "maximum", "max", "at_most", "max_rows", "below", "upper_bound")
MOST_CODE = 10_000
_COUNT = r"(?:count\s*\([^()]{0,80}\)|\b(?:row_count|n_rows|num_rows|total_rows|row_cnt|cnt)\b)"
_NOW = r"current_timestamp|current_date|\bnow\s*\(|getdate\s*\(|sysdate|current_datetime|\btoday\s*\("
_SQL = (
    (COLUMNS, re.compile(r"information_schema\s*\.\s*[\"`]?columns|svv_columns|all_tab_columns|pragma_table_info", re.IGNORECASE)),
    (TWICE, re.compile(r"count\s*\([^()]{0,80}\)\s*(?:>\s*1\b|>=\s*2\b|>\s*count\s*\(\s*distinct)", re.IGNORECASE)),
    (FEWER, re.compile(rf"{_COUNT}\s*(?:<|=\s*0\b)|\d\s*>=?\s*{_COUNT}", re.IGNORECASE)),
    (MORE, re.compile(rf"{_COUNT}\s*>", re.IGNORECASE)),
    (OLD, re.compile(rf"max\s*\([^()]{{0,80}}\)[\s\S]{{0,300}}(?:{_NOW})|(?:{_NOW})[\s\S]{{0,300}}max\s*\(", re.IGNORECASE)),
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", re.DOTALL)
_REF = re.compile(r"\bref\(\s*['\"]([^'\"]{1,200})['\"]\s*(?:,\s*['\"]([^'\"]{1,200})['\"])?")
_SOURCE = re.compile(r"\bsource\(\s*['\"]([^'\"]{1,200})['\"]\s*,\s*['\"]([^'\"]{1,200})['\"]")
_HASHED = 4
"""Parts of a generic test's unique_id, which ends in a hash."""


class Check(msgspec.Struct, frozen=True):
    """A data test.

    ``name`` and ``namespace`` are those of the generic test, empty for a singular one; ``nodes`` the data nodes for which it stands, and ``against``
    those that it only compares with. ``words`` is the test's own name as words between underscores; ``code`` gives its arguments and SQL, when asked.
    """

    unique_id: str
    name: str
    namespace: str
    column: str
    nodes: tuple[str, ...]
    against: tuple[str, ...]
    words: str
    dimension: str
    is_generic: bool
    code: Callable[[], NodeCode]

    @property
    def kind(self) -> str:
        """The generic test's name with its package; empty for a singular test."""
        return f"{self.namespace}.{self.name}" if self.namespace else self.name

    def directed(self, row: Row) -> Row:
        """The row, or the one for more or for fewer rows, where the row does not say which and the test's arguments or SQL do."""
        if row.name not in COUNTING:
            return row
        code = self.code()
        low, high = (any(code.arguments.get(key) is not None for key in keys) for keys in (LOWEST, HIGHEST))
        if low != high:
            return _counting(row, FEWER if low else MORE)
        found = next(filter(None, (self.by_sql(each) for each in (FEWER, MORE))), None) if not self.is_generic else None
        return found or row

    def by_sql(self, row: Row) -> Row | None:
        """The row, where the test's SQL is of its kind."""
        sql = _COMMENT.sub(" ", (self.code().raw or self.code().compiled)[:MOST_CODE])
        return row if any(each is row and expression.search(sql) for each, expression in _SQL) else None


def _counting(row: Row, direction: Row) -> Row:
    fewer = direction is FEWER
    says = f"it has {'fewer' if fewer else 'more'} rows than it {'must' if fewer else 'may'} have"
    return msgspec.structs.replace(direction, name=row.name, says=says)


def check_of(node: Node, graph: LineageGraph, code: Callable[[], Code]) -> Check:
    """A test of the manifest as a Check.

    Args:
        node: the test.
        graph: the nodes that there are.
        code: gives the manifest's code; only asked where the name does not tell enough.
    """

    def own_code() -> NodeCode:
        return code().nodes.get(node.unique_id, NodeCode())

    parents = tuple(parent for parent in graph.parents(node.unique_id) if graph.nodes[parent].resource_type not in UNAFFECTED_TYPES)
    parents = parents or _referenced(own_code(), graph)
    generic = _is_generic(node)
    test = node.test
    attached = _attached(node, parents, graph) if generic else ""
    nodes = (attached,) if attached else parents
    name, column = (test.name, test.column) if test is not None else ("", "")
    if generic and not name:
        name, column = _parsed(node, nodes, graph)
    return Check(
        node.unique_id,
        name,
        test.namespace if test is not None else "",
        column,
        nodes,
        tuple(parent for parent in parents if parent not in nodes),
        _words(node.name),
        _dimension(node, column, nodes, graph),
        generic,
        own_code,
    )


def unit_tested(unique_id: str, graph: LineageGraph) -> tuple[str, ...]:
    """The model of a unit test, whose unique_id names it (``unit_test.package.model.name``); its given inputs are not tested."""
    if unique_id not in graph:
        return ()
    parents = graph.parents(unique_id)
    return tuple(parent for parent in parents if [graph.nodes[parent].name] == unique_id.split(".")[2:3]) or parents


def nameless(names: Sequence[str]) -> Check:
    """A test that the manifest does not have, by the words of its name alone."""
    return Check("", "", "", "", (), (), _words("".join(names)), "", is_generic=False, code=NodeCode)


def _words(name: str) -> str:
    return f"_{re.sub(r'[^a-z0-9]+', '_', name.casefold())}_"


def _is_generic(node: Node) -> bool:
    if node.test is not None and node.test.name:
        return True
    return node.path.endswith((".yml", ".yaml")) or (len(node.unique_id.split(".")) >= _HASHED and not node.path.endswith((".sql", ".py")))


def _attached(node: Node, parents: tuple[str, ...], graph: LineageGraph) -> str:
    """The node that a generic test is declared on: of several, the one that its name says first."""
    attached = node.test.attached_node if node.test is not None else ""
    if attached in graph and graph.nodes[attached].resource_type not in TEST_TYPES:
        return attached
    if len(parents) == 1:
        return parents[0]
    places = {parent: place for parent in parents if (place := node.name.find(_called(graph.nodes[parent]))) >= 0}
    return min(places, key=lambda parent: places[parent], default="")


def _parsed(node: Node, nodes: tuple[str, ...], graph: LineageGraph) -> tuple[str, str]:
    """Kind and column of a generic test whose manifest has no metadata, from its name: ``unique_orders_order_id``; ("", "") for a name of its own."""
    for unique_id in nodes:
        head, found, tail = node.name.removeprefix("source_").partition(f"_{_called(graph.nodes[unique_id])}")
        if found and head:
            return head, tail.removeprefix("_").partition("__")[0]
    return node.name, ""


def _called(node: Node) -> str:
    """How dbt writes a node in the name of its test: ``raw_orders`` for the source raw.orders, ``dim_v2`` for a version."""
    if node.source is not None:
        return f"{node.source.source_name}_{node.name}"
    return f"{node.name}_v{node.version}" if node.version else node.name


def _dimension(node: Node, column: str, nodes: tuple[str, ...], graph: LineageGraph) -> str:
    """The quality dimension of the test, else of the column that it tests."""
    metas = [node.meta]
    for unique_id in nodes[:1]:
        metas += [item.meta for item in graph.nodes[unique_id].columns if column and item.name.casefold() == column.casefold()]
    found = next((meta["quality_dimension"] for meta in metas if meta.get("quality_dimension")), "")
    return found.strip() if isinstance(found, str) else ""


def _referenced(code: NodeCode, graph: LineageGraph) -> tuple[str, ...]:
    """The data nodes that a test's code names, for manifests that list no parents."""
    names = {(found[1] or found[0]) for found in _REF.findall(code.raw[:MOST_CODE])}
    tables = set(_SOURCE.findall(code.raw[:MOST_CODE]))
    return tuple(
        unique_id
        for unique_id, node in graph.nodes.items()
        if node.resource_type not in UNAFFECTED_TYPES
        and ((node.name in names and node.source is None) or (node.source is not None and (node.source.source_name, node.name) in tables))
        and node.exposure is None
    )
