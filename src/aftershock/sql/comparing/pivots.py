"""PIVOT and UNPIVOT: what they yield depends on every column of what they turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from aftershock.sql.comparing.scopes import Col, Open, Relation, Scope, Source, open_term
from aftershock.sql.query import Pivot, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.sql.comparing.items import Items
    from aftershock.sql.comparing.terms import Term

_SPREAD = tuple(kind for name in ("Columns", "Star") if (kind := getattr(exp, name, None)) is not None)


def pivoted(reader: Items, node: exp.Expression, relation: Relation, scope: Scope) -> Relation:
    """What a pivot yields. Its rows hold all that it is given, since each of its columns depends on all of that."""
    terms = reader.terms
    instance = terms.instance()
    inner = Scope(scope.outer, scope.env)
    see = terms.seeing(instance)
    cols = [col._replace(term=see(col.term)) for col in relation.cols]
    opens = tuple(item._replace(template=see(item.template)) for item in relation.opens)
    inner.sources = [Source("", (), cols, opens, terms.make("at", instance, terms.make("row")))]
    said = [
        terms.make("function", key, part) for key, value in sorted(node.args.items()) if key not in _UNSAID and value for part in [_said(reader, value, inner)]
    ]
    given = [terms.sequence((terms.make("id", col.key), col.term)) for col in relation.cols]
    rest = [open_term(terms, item) for item in relation.opens]
    rows = terms.make("pivot", relation.rows, terms.close(terms.sequence(said), {instance: None}), terms.collection(given), terms.sequence(rest))
    return Relation(rows, *_columns(reader, node, relation))


_UNSAID = frozenset({"this", "alias", "columns", "with_", "with"})


def _said(reader: Items, value: object, scope: Scope) -> Term:
    """A part of the pivot, with its names bound to what it turns."""
    if isinstance(value, list):
        return reader.terms.sequence(_said(reader, item, scope) for item in value)
    return reader.value(value, scope, "pivot") if isinstance(value, exp.Expression) else reader.terms.make("text", str(value))


def _columns(reader: Items, node: exp.Expression, relation: Relation) -> tuple[list[Col], tuple[Open, ...]]:
    """What it keeps, and what it makes."""
    terms = reader.terms
    shape = reader.shapes.pivot(node, Table(("",), ""))
    spread = any(True for item in _inside(node) if isinstance(item, _SPREAD))
    gone = {reader.key(item.this) for item in _inside(node) if isinstance(item, exp.Column) and not isinstance(item.this, exp.Star)}
    kept = [col for col in relation.cols if col.key not in gone]
    if isinstance(shape, Pivot):
        if shape.groups is not None:
            keys = [reader.key(item.this) for item in node.args["group"].expressions if isinstance(item, exp.Column)]
            kept = [col for col in relation.cols if col.key in keys]
        made = list(shape.names)
        known = bool(made)
    else:
        made = [*shape.values, *shape.names] if getattr(shape, "values_first", False) else [*shape.names, *shape.values]  # type: ignore[union-attr]  # an Unpivot
        known = not spread
    if spread:
        kept = []
    cols = [Col(name, key, terms.make("col", key), unnamed=False) for name, key in [*((col.name, col.key) for col in kept), *made]]
    if known and not relation.opens:
        return cols, ()
    relations = {item.relation for item in relation.opens} - {""}
    return cols, (Open(terms.make("hole"), frozenset(key for _, key in made) | gone, min(relations, default="")),)


def _inside(node: exp.Expression) -> Iterator[exp.Expression]:
    """Everything in the pivot itself."""
    for key, value in node.args.items():
        if key not in _UNSAID:
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, exp.Expression):
                    yield from (inner for inner in item.walk() if isinstance(inner, exp.Expression))
