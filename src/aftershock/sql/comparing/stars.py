"""Stars in a SELECT list -> the columns that they stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from aftershock.sql.comparing.items import listed
from aftershock.sql.comparing.scopes import Col, Made, Open, Scope, Source, named, open_term
from aftershock.sql.dialects import SELECT
from aftershock.sql.expressions import QUERIES, children, except_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.sql.comparing.joins import Joins

_COLUMNS: type[exp.Expression] | None = getattr(exp, "Columns", None)
_SAFE = re.compile(r"[\w^$.*|% -]{0,80}")
_LIKES = tuple(kind for name in ("Like", "ILike", "SimilarTo", "Glob", "RegexpLike", "Not") if (kind := getattr(exp, name, None)) is not None)


class Starred(NamedTuple):
    """The columns of a star, and those that are not known."""

    cols: list[Col]
    opens: list[Open]


class _Star(NamedTuple):
    """A star as it is written: of which source, with what around it, and which columns it lets through."""

    node: exp.Expression
    qualifier: tuple[str, ...] = ()
    around: exp.Expression | None = None
    pattern: str = ""
    like: str = ""
    names: tuple[str, ...] = ()
    choice: exp.Expression | None = None


def starred(reader: Joins, item: exp.Expression, scope: Scope) -> Starred | None:
    """What a star stands for; None where the item is no star."""
    star = _star(reader, item)
    if star is None:
        return None
    sources = [source for source in scope.sources if not source.hidden]
    if star.qualifier:
        sources = _qualified(star.qualifier, scope)
        if not sources:
            value = reader.bind(star.qualifier, scope, SELECT)
            template = reader.terms.make("function", "DOT", value, reader.terms.make("hole"))
            return Starred([], [Open(template, frozenset(), "")])
    cols, opens = listed(sources, scope, merge=not star.qualifier)
    reader.wanting.update(relation for item in opens if (relation := item.relation))
    return _chosen(reader, star, cols, opens, scope)


def _qualified(qualifier: tuple[str, ...], scope: Scope) -> list[Source]:
    around: Scope | None = scope
    while around is not None:
        found = named(qualifier, around.sources)
        if found:
            return found
        around = around.outer
    return []


def _star(reader: Joins, item: exp.Expression) -> _Star | None:
    found = item.this if isinstance(item, exp.Alias) else item
    columns = _columns_in(found)
    if columns is not None:
        return _columns(reader, found, columns)
    like = ""
    while isinstance(found, _LIKES) and _is_star_at_heart(found):
        like, found = found.sql(), found.this
    qualifier: tuple[str, ...] = ()
    if isinstance(found, exp.Column) and isinstance(found.this, exp.Star):
        qualifier, found = reader.parts(found)[:-1], found.this
    elif isinstance(found, exp.Dot) and isinstance(found.args.get("expression"), exp.Star):
        base = found.this
        if not isinstance(base, exp.Column):
            return None
        qualifier, found = reader.parts(base), found.expression
    if not isinstance(found, exp.Star):
        return None
    ilike = found.args.get("ilike")
    return _Star(found, qualifier, like=like or (ilike.sql() if isinstance(ilike, exp.Expression) else str(ilike or "")))


def _columns(reader: Joins, around: exp.Expression, columns: exp.Expression) -> _Star | None:
    """COLUMNS(…), alone or in an expression that becomes one column for each."""
    if columns.args.get("unpack"):
        return None
    inner, outside = columns.this, around if around is not columns else None
    if isinstance(inner, exp.Literal) and inner.is_string:
        return _Star(exp.Star(), around=outside, pattern=inner.name)
    if isinstance(inner, (exp.Array, exp.Tuple)):
        return _Star(exp.Star(), around=outside, names=tuple(reader.key(item.name) for item in inner.expressions))
    star = inner.this if isinstance(inner, exp.Column) else inner
    return _Star(star, around=outside) if isinstance(star, exp.Star) else _Star(exp.Star(), around=outside, choice=inner)


def _chosen(reader: Joins, star: _Star, cols: list[Col], opens: list[Open], scope: Scope) -> Starred:
    """The columns that a star lets through, under the names and with the values that it gives them."""
    terms = reader.terms
    without = {reader.key(_identifier(item)) for item in except_of(star.node)}
    replaced = {reader.key(item.args.get("alias")): item.this for item in star.node.args.get("replace") or ()}
    renames = {reader.key(_identifier(item.this)): item.args.get("alias") or item.args.get("expression") for item in star.node.args.get("rename") or ()}
    found: list[Col] = []
    for col in _picked(star, cols):
        if col.key in without:
            continue
        if col.key in replaced:
            found.append(col._replace(term=reader.value(replaced[col.key], scope, SELECT), made=Made("", replaced[col.key]), kind=""))
        elif col.key in renames:
            name = renames[col.key]
            found.append(col._replace(name=name.name, key=reader.key(name)))
        else:
            found.append(col)
    if opens:
        found.extend(_unseen(reader, replaced, renames, cols, opens, scope))
    if star.around is not None:
        each = reader.value(star.around, scope, SELECT)
        found = [col._replace(term=terms.make("function", "EACH", each, col.term), made=Made("", star.around), kind="") for col in found]
    taken = frozenset(without) | replaced.keys() | renames.keys()
    rest = [item._replace(without=item.without | taken) for item in opens]
    return Starred(found, rest) if _is_known(star, opens) else _unknown(reader, star, found, rest, scope)


def _is_known(star: _Star, opens: list[Open]) -> bool:
    """Whether it can be told which columns a star lets through."""
    chooses = star.pattern or star.names or star.around is not None
    return not (star.like or star.choice is not None or (star.pattern and not _SAFE.fullmatch(star.pattern)) or (opens and chooses))


def _unknown(reader: Joins, star: _Star, cols: list[Col], opens: list[Open], scope: Scope) -> Starred:
    """Columns of which only the warehouse knows which they are: any of them may come of any."""
    terms = reader.terms
    said = [terms.make("text", f"{star.like} {star.pattern} {star.names}")]
    said.extend(reader.value(node, scope, SELECT) for node in (star.choice, star.around) if node is not None)
    if opens and not cols:
        return Starred([], [item._replace(template=terms.make("function", "CHOSEN", *said, item.template)) for item in opens])
    given = terms.sequence(terms.sequence((terms.make("id", col.name), col.term)) for col in cols)
    rest = terms.sequence(open_term(terms, item) for item in opens)
    return Starred([], [Open(terms.make("function", "CHOSEN", *said, given, rest, terms.make("hole")), frozenset(), "")])


def _unseen(  # noqa: PLR0913, PLR0917  # what a star is made of
    reader: Joins, replaced: dict[str, exp.Expression], renames: dict[str, exp.Expression], cols: list[Col], opens: list[Open], scope: Scope
) -> Iterable[Col]:
    """Columns that a star names without their being known."""
    terms, known = reader.terms, {col.key for col in cols}
    for key, value in replaced.items():
        if key not in known:
            yield Col(key, key, reader.value(value, scope, SELECT), Made("", value))
    for key, name in renames.items():
        if key not in known:
            possible = [item.column(terms, key) for item in opens if key not in item.without]
            if possible:
                yield Col(name.name, reader.key(name), possible[0] if len(possible) == 1 else terms.make("name", key, terms.collection(possible)))


def _picked(star: _Star, cols: list[Col]) -> list[Col]:
    if star.names:
        return [col for col in cols if col.key in star.names]
    if star.pattern and _SAFE.fullmatch(star.pattern):
        try:
            pattern = re.compile(star.pattern)
        except re.error:
            return cols
        return [col for col in cols if pattern.search(col.name)]
    return cols


def _identifier(node: exp.Expression) -> exp.Expression:
    return node.this if isinstance(node, exp.Column) else node


def _is_star_at_heart(node: exp.Expression) -> bool:
    while isinstance(node, _LIKES) and isinstance(node.this, exp.Expression):
        node = node.this
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def _columns_in(node: exp.Expression) -> exp.Expression | None:
    """COLUMNS(…) in an expression, but not in a query within it."""
    stack: list[exp.Expression] = [node]
    while stack and _COLUMNS is not None:
        item = stack.pop()
        if type(item) is _COLUMNS:
            return item
        if not isinstance(item, QUERIES):
            stack.extend(children(item))
    return None
