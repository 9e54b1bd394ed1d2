"""One query's column lineage, for whoever has SQL at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.columns.guard import shared
from aftershock.columns.jobs import Job, Limits
from aftershock.columns.masks import NAMED, SURE, WITHIN, bit, roles
from aftershock.columns.names import TooMuch
from aftershock.columns.relations import Inputs, TableInfo
from aftershock.columns.resolve import resolve
from aftershock.model.lineage import ColumnEdge, ColumnRef
from aftershock.sql.dialects import Dialect, dialect_of
from aftershock.sql.query import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aftershock.columns.resolve import Resolved
    from aftershock.sql.query import Statement


class UnknownReference(msgspec.Struct, frozen=True, order=True):
    """A name that could not be attributed to one column, and the tables whose column it may be; ``*`` is a star over a table of unknown columns."""

    name: str
    tables: tuple[str, ...] = ()


class ColumnLineage(msgspec.Struct, frozen=True):
    """What a query's columns come from.

    Attributes:
        columns: output columns in order; of an INSERT or CREATE those of the target, where they are known. ``*`` stands for columns that a star
            passes on from a table whose columns are not known. A struct's field is ``column.field``.
        edges: every use of an input column, sorted; see :class:`aftershock.model.lineage.ColumnEdge`.
        reads: every input column that the SQL names anywhere, whether or not an output column depends on it, as ``table.column``.
        unknown: names that could not be attributed to one column. They count in ``edges`` for every column that they may be.
        unread: why nothing could be read, as a part of a sentence; empty where it was read.
    """

    columns: tuple[str, ...] = ()
    edges: tuple[ColumnEdge, ...] = ()
    reads: frozenset[str] = frozenset()
    unknown: tuple[UnknownReference, ...] = ()
    unread: str = ""

    def direct(self) -> dict[str, set[str]]:
        """For each output column the ``table.column`` that its own expression reads: values, conditions of CASE, windows written in it."""
        found: dict[str, set[str]] = {column: set() for column in self.columns}
        for edge in self.edges:
            if edge.target and edge.within:
                found[edge.target].add(edge.source.label)
        return found

    def indirect(self) -> set[str]:
        """The ``table.column`` that decide about rows or their order, or about values without being part of them, for all or some columns."""
        return {edge.source.label for edge in self.edges if edge.kind == "INDIRECT" or not edge.within}


def column_lineage(
    sql: str,
    *,
    dialect: str = "",
    schema: Mapping[str, Mapping[str, str | None]] | None = None,
    limits: Limits = Limits(),  # noqa: B008  # frozen
) -> ColumnLineage:
    """Which columns a query's columns come from, and how.

    The SQL is parsed in a child process that is killed when it exceeds the limits; the child stays for the next call.

    Args:
        sql: one query, or an INSERT or CREATE … AS around one.
        dialect: a dbt adapter or a dialect of sqlglot's; tolerant of most SQL where empty.
        schema: {table: {column: type or None}} of the tables that are known, all of their columns each. A table's name may have as many
            parts as the SQL writes, or more.
        limits: what reading may take.

    Returns:
        A value in every case: what could not be read or attributed is part of it.

    Example:
        >>> found = column_lineage("select o.id, sum(o.amount) as total from orders o where o.paid group by 1")
        >>> sorted(found.direct()["total"]), sorted(found.indirect())
        (['orders.amount'], ['orders.id', 'orders.paid'])
    """
    reading = shared(limits).read([Job("", sql, dialect)])[0]
    if not reading.statements:
        return ColumnLineage(unread=reading.reason or "it is empty")
    statement, found = reading.statements[0], dialect_of(dialect)
    tables = _Tables(schema or {}, found)
    try:
        return _told(statement, resolve(statement, tables, found, fields=True), tables)
    except TooMuch:
        return ColumnLineage(unread="its columns multiply beyond what can be followed")
    except RecursionError:
        return ColumnLineage(unread="it is nested too deeply")


class _Tables:
    """What a schema says of tables, by the names that SQL has for them."""

    def __init__(self, schema: Mapping[str, Mapping[str, str | None]], dialect: Dialect) -> None:
        self.dialect = dialect
        self.known = [(tuple(_plain(part) for part in name.split(".")), name, columns) for name, columns in schema.items()]
        self.spelled: dict[tuple[str, str], str] = {}

    def __call__(self, parts: tuple[str, ...]) -> TableInfo:
        """The table of this name; one with unknown columns where the schema does not have it."""
        wanted = tuple(_plain(part) for part in parts)
        name = ".".join(parts)
        for known, spelling, columns in self.known:
            length = min(len(known), len(wanted))
            if known[-length:] == wanted[-length:]:
                name = spelling if known == wanted else name
                keys = {self.dialect.key(column, quoted=self.dialect.folds != "upper"): column for column in columns}
                self.spelled.update({(name, key): column for key, column in keys.items()})
                return TableInfo(name, tuple((column, key) for key, column in keys.items()), complete=True)
        return TableInfo(name)

    def ref(self, relation: str, column: str) -> ColumnRef:
        """A column, spelled as the schema spells it, if it has it."""
        return ColumnRef(relation, self.spelled.get((relation, column), column))


def _plain(name: str) -> str:
    return name.strip('"`[] ').casefold()


def _told(statement: Statement, found: Resolved, tables: _Tables) -> ColumnLineage:
    names = _names(statement, found, tables)
    edges: set[ColumnEdge] = set()
    for name, (_, _, inputs) in zip(names, found.columns, strict=True):
        edges.update(_edges(name, inputs, tables))
    edges.update(_edges("", found.rows, tables))
    further: list[str] = []
    unknown = {UnknownReference(".".join(item.parts), item.candidates) for item in found.unknown}
    for relation, _, complete in found.opens:
        if not complete:
            further = ["*"]
            unknown.add(UnknownReference("*", (relation,)))
            edges.add(ColumnEdge(ColumnRef(relation, "*"), "*", "DIRECT", "IDENTITY", named=False))
    if found.further is not None:
        further = ["*"]
        edges.update(_edges("*", found.further, tables))
    return ColumnLineage(
        tuple(dict.fromkeys([*names, *(name for name, _ in statement.fixed), *further])),
        tuple(sorted(edges)),
        frozenset(tables.ref(relation, column).label for relation, column in found.reads),
        tuple(sorted(unknown)),
    )


def _names(statement: Statement, found: Resolved, tables: _Tables) -> list[str]:
    """What the output columns are called: as the target's columns, by place, where those are known."""
    own = [name for name, _, _ in found.columns]
    if statement.by_name or not found.closed:
        return own
    written = [name for name, _ in statement.columns]
    target = written or ([name for name, _ in tables(statement.target).columns] if statement.target else [])
    fixed = {name.casefold() for name, _ in statement.fixed}
    target = [name for name in target if name.casefold() not in fixed]
    return [*target[: len(own)], *own[len(target) :]]


def _edges(target: str, inputs: Inputs, tables: _Tables) -> Iterator[ColumnEdge]:
    """One edge for each way in which a column is used."""
    for (relation, column), mask in inputs.items():
        for role in roles(mask):
            for within in (True, False):
                if mask & bit(role, within=within):
                    kind, sure, named = "DIRECT" if role <= Role.AGGREGATION else "INDIRECT", bool(mask & SURE), bool(mask & NAMED)
                    yield ColumnEdge(tables.ref(relation, column), target, kind, role.name, named, sure, within and bool(mask & WITHIN))  # type: ignore[arg-type]  # those words
