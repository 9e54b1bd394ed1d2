"""How an input column is used, as bits: a column may be used in several ways at once, and there are millions of them.

For each role one bit where the output column's own expression uses it so, and one where only the query around it does (a named window, the
conditions of a subquery). NAMED: somewhere on the way the SQL names the column, rather than reaching it through stars alone. SURE: on one way
at least every reference can only be of this column.
"""

from __future__ import annotations

from functools import cache

from aftershock.sql.query import Role

ROLES = len(Role)
AROUND = ROLES
"""Shift from a use within the expression to one around it."""
NAMED = 1 << (2 * ROLES)
SURE = 1 << (2 * ROLES + 1)
SPREADS = 1 << (2 * ROLES + 2)
"""On one way at least nothing makes another kind of number of a binary fraction."""
WITHIN = (1 << ROLES) - 1
DIRECT = (1 << Role.FILTER) - 1
PASSED = 1 << Role.IDENTITY
"""A column that is passed on as it is, by a star."""


def bit(role: int, *, within: bool = True) -> int:
    """The bit of a role."""
    return 1 << (role if within else role + AROUND)


@cache
def composed(role: int, within: bool, inner: int) -> int:  # noqa: FBT001  # called for every use: a keyword costs
    """How a column is used where something that uses it as ``inner`` says is itself used in ``role``.

    DIRECT of DIRECT is the stronger of both; as soon as one step is INDIRECT the way is, and the step nearest to the column names it.
    """
    found = inner & (NAMED | SURE | (SPREADS if role == Role.IDENTITY else 0))
    for place in range(2 * ROLES):
        if inner >> place & 1:
            first, at = place % ROLES, place < AROUND
            kind = max(first, role) if first <= Role.AGGREGATION and role <= Role.AGGREGATION else first if first > Role.AGGREGATION else role
            found |= bit(kind, within=at and within)
    return found


@cache
def roles(mask: int) -> tuple[Role, ...]:
    """The roles of a mask, DIRECT ones first."""
    return tuple(role for role in Role if mask & (bit(role) | bit(role, within=False)))


@cache
def is_direct(mask: int) -> bool:
    """Whether any way is DIRECT."""
    return bool(mask & (DIRECT | DIRECT << AROUND))
