"""How the sources of a SELECT are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from aftershock.sql.comparing.blocks import FROM, FULL, INNER, LEFT
from aftershock.sql.comparing.items import Items
from aftershock.sql.comparing.scopes import Entry, Joined, Relation, Scope, Source
from aftershock.sql.dialects import ON
from aftershock.sql.sources import HIDING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aftershock.sql.comparing.blocks import Opened
    from aftershock.sql.comparing.items import Read
    from aftershock.sql.comparing.terms import Term

RIGHT = "right"


class Join(NamedTuple):
    """How a source is joined to those before it."""

    kind: str = INNER
    using: tuple[str, ...] = ()
    natural: bool = False
    hidden: bool = False
    on: exp.Expression | None = None
    extra: tuple[exp.Expression, ...] = ()
    pivots: tuple[exp.Expression, ...] = ()


class Joins(Items):
    """Adds sources to SELECTs."""

    def add_sources(self, select: exp.Expression, scope: Scope) -> None:
        """Add everything in FROM, JOIN and LATERAL VIEW."""
        args = select.args
        first = args.get("from_") or args.get("from")
        if first is not None:
            self._add_with_joins(first.this, scope, Join())
            for item in first.args.get("expressions") or ():
                self._add(item, scope, Join())
        for join in args.get("joins") or ():
            self._join(join, scope)
        for lateral in args.get("laterals") or ():
            self._add(lateral, scope, Join())

    def condition(self, node: exp.Expression, scope: Scope, clause: str) -> Term:
        """A condition, of which is remembered how its parts are written."""
        found: list[Term] = []
        for item in _operands(node):
            found.append(self.value(item, scope, clause))
            for part in found[-1].parts if found[-1].kind == "and" else (found[-1],):
                self.blocks.written.setdefault(part, item)
        return self.terms.collection(found, "and")

    def _add_with_joins(self, node: exp.Expression, scope: Scope, join: Join) -> None:
        """A source, and what is joined to it inside its own node."""
        self._add(node, scope, join)
        if not isinstance(node, exp.Subquery):
            for inner in node.args.get("joins") or ():
                self._join(inner, scope)
            for lateral in node.args.get("laterals") or ():
                self._add(lateral, scope, Join())

    def _join(self, node: exp.Expression, scope: Scope) -> None:
        args = node.args
        method, side, kind = (str(args.get(name) or "").upper() for name in ("method", "side", "kind"))
        using = tuple(self.key(name.this if isinstance(name, exp.Column) else name) for name in args.get("using") or ())
        match = args.get("match_condition")
        join = Join(
            _kind(method, side, kind),
            using,
            method == "NATURAL",
            bool({side, kind} & HIDING),
            args.get("on"),
            (match,) if match is not None else (),
            tuple(args.get("pivots") or ()),
        )
        self._add_with_joins(node.this, scope, join)
        for item in args.get("expressions") or ():
            self._add(item, scope, Join())

    def _add(self, node: exp.Expression, scope: Scope, join: Join) -> None:
        """Join a source to those before it."""
        if join.kind.startswith(RIGHT):
            self._add_right(node, scope, join)
            return
        first = not scope.sources
        found = self.read(node, scope, join.pivots)
        kind = FROM if first else LEFT if found.outer and join.kind == INNER else join.kind
        if kind not in {FROM, INNER, LEFT} and not join.hidden:
            self._settle(scope)
        before = list(scope.sources)
        opened = self.blocks.opened(self._in_order(found.relation, scope), kind)
        scope.passed = opened.order if first else None
        news = _sources(found, opened)
        on = self._on(join, scope, before, news)
        self._put(scope, kind, opened.entries, [*opened.pool, *on])
        if kind not in {FROM, INNER} and not join.hidden:
            self._extend(news)
        if kind.startswith(FULL):
            self._extend(before)
        scope.sources = before if join.hidden else [*before, *news]

    def _in_order(self, relation: Relation, scope: Scope) -> Relation:
        """A relation whose order counts, where something depends on that."""
        if not scope.minds_order or relation.order is None:
            return relation
        return Relation(self.terms.make("sorted", relation.rows, relation.order), relation.cols, relation.opens, relation.order)

    def _put(self, scope: Scope, kind: str, entries: list[Entry], conditions: list[Term]) -> None:
        """Add rows and their conditions: those of an inner join are conditions of the rows, those of another its own."""
        if kind in {FROM, INNER}:
            scope.pool.extend(conditions)
            scope.entries.extend(entry._replace(kind=kind) if entry.kind == FROM else entry for entry in entries)
        else:
            scope.entries.extend(Entry(kind, entry.instance, entry.rows, tuple(conditions)) for entry in entries)

    def _add_right(self, node: exp.Expression, scope: Scope, join: Join) -> None:
        """``a RIGHT JOIN b`` is ``b LEFT JOIN a``, but for the order of their columns."""
        self._settle(scope)
        lefts, before = scope.entries, list(scope.sources)
        scope.entries, scope.sources = [], []
        self._add(node, scope, Join(pivots=join.pivots))
        news = scope.sources
        on = self._on(join, scope, before, news)
        self._put(scope, LEFT + join.kind[len(RIGHT) :], lefts, on)
        self._extend(before)
        scope.sources = [*before, *news]

    def _settle(self, scope: Scope) -> None:
        """Make one source of all so far, where what follows would not leave their conditions alone."""
        if not scope.entries or (len(scope.entries) == 1 and not scope.pool):
            return
        rows, slots = self.blocks.close(scope)
        instance = self.terms.instance()
        scope.entries, scope.pool = [Entry(FROM, instance, rows)], []

        close, again = self.terms.closing(slots), self.terms.seeing(instance)

        def see(term: Term) -> Term:
            return again(close(term))

        for source in scope.sources:
            source.put([col._replace(term=see(col.term)) for col in source.cols], tuple(item._replace(template=see(item.template)) for item in source.opens))
            source.row = see(source.row)
        scope.joined = {key: Joined(see(item.term), item.sources) for key, item in scope.joined.items()}

    def _extend(self, sources: Iterable[Source]) -> None:
        """Have computed columns be NULL where an outer join finds no row; a plain column of such a row is NULL by itself."""
        for source in sources:
            cols = [col._replace(term=self._nullable(col.term, source.row)) for col in source.cols]
            source.put(cols, tuple(item._replace(template=self._nullable(item.template, source.row)) for item in source.opens))

    def _nullable(self, term: Term, row: Term) -> Term:
        return term if term.kind == "at" else self.terms.make("extended", term, row)

    def _on(self, join: Join, scope: Scope, before: list[Source], news: list[Source]) -> list[Term]:
        """The conditions of a join; what USING names is one column from here on."""
        found: list[Term] = []
        keys = list(join.using)
        if join.natural and not any(source.opens for source in (*before, *news)):
            theirs = {col.key for source in news for col in source.cols}
            keys = [key for key in dict.fromkeys(col.key for source in before for col in source.cols) if key in theirs]
        elif join.natural:
            found.append(self.terms.make("function", "NATURAL", *(self._whole(sources) for sources in (before, news))))
            self.wanting.update(item.relation for source in (*before, *news) for item in source.opens)
        for key in keys:
            left = scope.joined[key].term if key in scope.joined else self._side(key, before)
            found.append(self.terms.pair("EQ", left, self._side(key, news)))
            scope.joined[key] = Joined(self._shared(key, join, left, news), [source for source in (*before, *news) if source.has(key) is not None])
        scope.sources = [*before, *news]
        if join.on is not None:
            found.append(self.condition(join.on, scope, ON))
        found.extend(self.terms.make("function", "MATCH", self.value(item, scope, ON)) for item in join.extra)
        return found

    def _shared(self, key: str, join: Join, left: Term, news: list[Source]) -> Term:
        """The value of a column that USING has made one."""
        other = self._side(key, news)
        if join.kind.startswith(FULL):
            return self.terms.make("function", "COALESCE", left, other)
        return other if join.kind.startswith(RIGHT) else left

    def _side(self, key: str, sources: list[Source]) -> Term:
        """The column that USING names, on one side."""
        known = [col.term for source in sources if (col := source.has(key)) is not None]
        if not known:
            known = [term for source in sources for term in source.may_have(key, self.terms)]
        return self._one((key,), known) if known else self.terms.make("name", key, self.terms.collection(source.row for source in sources))


def _sources(found: Read, opened: Opened) -> list[Source]:
    """A relation as the sources that it is."""
    sources: list[Source] = []
    cols, opens = list(opened.cols), list(opened.opens)
    for group in found.groups:
        mine = [col._replace(made=col.made._replace(place=group.alias)) if col.made is not None and not col.made.place else col for col in cols[: group.cols]]
        sources.append(Source(group.alias, group.parts, mine, tuple(opens[: group.opens]), opened.row))
        del cols[: group.cols], opens[: group.opens]
    return sources


def _kind(method: str, side: str, kind: str) -> str:
    """The kind of a join in few words: those that say nothing are left out."""
    hiding = {side, kind} & HIDING
    first = {"LEFT": LEFT, "RIGHT": RIGHT, "FULL": FULL}.get(side, INNER) if not hiding else min(hiding).lower()
    rest = [word for word in (method, kind) if word not in {"", "NATURAL", "INNER", "OUTER", "CROSS", "SEMI", "ANTI"}]
    return " ".join([first, *(word.lower() for word in rest)])


def _operands(node: exp.Expression) -> Iterator[exp.Expression]:
    """The conditions that AND joins."""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, exp.Paren):
            stack.append(item.this)
        elif isinstance(item, exp.And):
            stack.extend((item.expression, item.this))
        else:
            yield item
