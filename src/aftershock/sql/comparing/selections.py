"""A SELECT on its way to its rows, and what can be told of it before any name is bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.comparing.spelling import ORDER_MATTERS, ORDER_MATTERS_NAMED
from aftershock.sql.comparing.terms import Term
from aftershock.sql.expressions import QUERIES, children

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.sql.comparing.scopes import Col, Open, Scope


class Selection:
    """A SELECT whose sources and columns are read, on its way to its rows.

    Attributes:
        scope: its sources.
        cols: its columns, said of the instances of ``scope``.
        opens: columns that are not known.
        tests: conditions that come after grouping.
        qualify: conditions that come after windows.
        order: what it sorts by.
        on: what DISTINCT ON names.
    """

    __slots__ = ("cols", "on", "opens", "order", "qualify", "scope", "tests")

    def __init__(self, scope: Scope, cols: list[Col], opens: list[Open]) -> None:
        self.scope = scope
        self.cols = cols
        self.opens = opens
        self.tests: list[Term] = []
        self.qualify: list[Term] = []
        self.order: list[Term] = []
        self.on: list[Term] = []

    def change(self, see: Callable[[Term], Term]) -> None:
        """Say everything of other rows."""
        self.cols = [col._replace(term=see(col.term)) for col in self.cols]
        self.opens = [item._replace(template=see(item.template)) for item in self.opens]
        for name in ("tests", "qualify", "order", "on"):
            setattr(self, name, [see(term) for term in getattr(self, name)])
        self.scope.unfolded = [see(term) for term in self.scope.unfolded]
        self.scope.passed = see(self.scope.passed) if self.scope.passed is not None else None


def keeps(slot: Term | None) -> bool:
    """Whether an instance stands for rows of its own, rather than for something that is looked up."""
    return slot is None or slot.kind == "slot"


def name_of(value: exp.Expression) -> exp.Expression | None:
    """The identifier that names an expression without AS: that of a column or a field."""
    while isinstance(value, exp.Paren):
        value = value.this
    if isinstance(value, exp.Column):
        return value.this if isinstance(value.this, exp.Identifier) else None
    if isinstance(value, exp.Dot):
        field = value.args.get("expression")
        return field if isinstance(field, exp.Identifier) else None
    return value if isinstance(value, exp.Identifier) else None


def holds(term: Term, kind: str) -> bool:
    """Whether a term holds one of this kind, outside the rows within it."""
    stack, seen = [term], set[Term]()
    while stack:
        item = stack.pop()
        if item.kind == kind:
            return True
        if item not in seen and item.kind not in {"scalar", "exists", "at"}:
            seen.add(item)
            stack.extend(item.parts)
    return False


def minds_order(node: exp.Expression) -> bool:
    """Whether something in a SELECT depends on the order in which the rows come that it reads."""
    stack: list[exp.Expression] = [*node.expressions, *(clause for key in ("having", "qualify") if (clause := node.args.get(key)) is not None)]
    while stack:
        item = stack.pop()
        minding = type(item).__name__ in ORDER_MATTERS or (isinstance(item, exp.Anonymous) and str(item.this).lower() in ORDER_MATTERS_NAMED)
        if minding and not any(True for _ in item.find_all(exp.Order)):
            return True
        if isinstance(item, exp.Window) and item.args.get("spec") and not item.args.get("order"):
            return True
        told = isinstance(item, (exp.Window, exp.WithinGroup)) and (item.args.get("order") or isinstance(item, exp.WithinGroup))
        if not isinstance(item, QUERIES):
            stack.extend(child for child in children(item) if not told or child is not item.this)
    return False
