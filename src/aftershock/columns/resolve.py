"""Query -> which columns of its parents each of its columns comes from, and everything else that it reads.

Names are bound here as a warehouse binds them: to a column of a source, to an output column's alias, to an outer query's column, in the order
that the dialect has. What cannot be bound to one column is never dropped: it counts for every column that it may be, or is listed as unknown.
The same walk over the same query with a column thought away says what no longer binds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.columns.queries import Queries
from aftershock.columns.relations import Inputs
from aftershock.columns.scopes import Unknown
from aftershock.columns.sources import numbered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.columns.names import FindTable
    from aftershock.columns.relations import TableInfo
    from aftershock.sql.dialects import Dialect
    from aftershock.sql.query import Statement


class Resolved(msgspec.Struct, frozen=True, array_like=True):
    """A query with its names bound.

    Attributes:
        columns: output columns in order, as (name, key, inputs).
        opens: relations whose columns the query passes on under their own names, with those that it lists or leaves out, and whether all are known.
        further: inputs of columns whose names only the data tells; None where there are no such columns.
        rows: what its rows and their order depend on.
        reads: every column that is named anywhere, for whatever.
        unknown: references that could not be attributed to one column.
        problems: what does not bind, each a stable text: the same problem in two walks is the same text.
        references: how many references there were.
        relations: every relation that it reads.
        ghosts: columns that it would pass on if they were not thought away.
        needs: by column, what is done with its values for certain that not every type can take: flags of :mod:`aftershock.sql.query`.
    """

    columns: tuple[tuple[str, str, Inputs], ...]
    opens: tuple[tuple[str, tuple[str, ...], bool], ...]
    further: Inputs | None
    rows: Inputs
    reads: Inputs
    unknown: tuple[Unknown, ...]
    problems: tuple[str, ...]
    references: int
    relations: tuple[str, ...]
    ghosts: tuple[str, ...] = ()
    needs: dict[tuple[str, str], int] = {}

    @property
    def closed(self) -> bool:
        """Whether its columns are all known."""
        return self.further is None and all(complete for _, _, complete in self.opens)


def resolve(statement: Statement, find_table: FindTable, dialect: Dialect, inlined: Mapping[str, TableInfo] | None = None, *, fields: bool = False) -> Resolved:
    """Bind every name of a statement.

    Args:
        statement: the query.
        find_table: what is known of the relation that a name in FROM means; asked only for what is no CTE.
        dialect: how names are bound.
        inlined: relations that are CTEs here (dbt's ephemeral models), by the CTE's key: what comes through them comes of both. Only which
            relation it is, and its columns that are thought away, is looked at.
        fields: whether a struct's field is told apart, as ``column.field``, rather than counted as the column.

    Raises:
        TooMuch: its columns multiply beyond what any real statement has.
        RecursionError: it is nested too deeply.
    """
    walk = Queries(find_table, dialect, inlined or {}, fields=fields)
    found = walk.query(statement.query, None, {})
    cols = numbered(found.cols) if dialect.numbers else found.cols
    return Resolved(
        tuple((col.name, col.key, col.inputs) for col in cols),
        tuple((item.relation, tuple(sorted(item.without)), item.complete) for item in found.opens),
        found.other,
        found.rows,
        walk.reads,
        tuple(dict.fromkeys(walk.unknown)),
        tuple(dict.fromkeys(walk.problems)),
        walk.references,
        tuple(dict.fromkeys(walk.relations)),
        tuple(sorted(found.ghosts)),
        walk.needs,
    )
