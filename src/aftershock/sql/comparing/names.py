"""Names -> the values that they stand for, in the order in which a warehouse looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.sql.comparing.blocks import Blocks
from aftershock.sql.comparing.scopes import named
from aftershock.sql.comparing.terms import OPEN_WINDOW
from aftershock.sql.dialects import GROUP, HAVING, LIMIT, ORDER, PSEUDO, SELECT, WHERE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlglot import exp

    from aftershock.sql.comparing.facts import Relations
    from aftershock.sql.comparing.scopes import Col, Made, Scope, Source
    from aftershock.sql.comparing.terms import Term, Terms
    from aftershock.sql.dialects import Dialect

    Written = tuple[str, ...]

JSON_BY_DOT = frozenset({"", "bigquery", "clickhouse", "duckdb"})
"""Dialects in which ``a.b`` may be a key of JSON in a column, which is found in no other case than its own."""
_STRUCTS = ("STRUCT", "ROW", "RECORD", "TUPLE")
_KEYED = ("JSON", "MAP", "VARIANT", "OBJECT", "DYNAMIC")
_SAID_OF_NO_ROW = ("current_", "local", "session_", "system_", "user", "sys")
"""How those of the pseudo columns begin that are the same for every row."""


class Names:
    """Binds the names of one side.

    Args:
        terms: those of the comparison.
        dialect: how names are compared and where aliases count.
        relations: the relations that the query may read.
    """

    def __init__(self, terms: Terms, dialect: Dialect, relations: Relations) -> None:
        self.terms = terms
        self.dialect = dialect
        self.relations = relations
        self.blocks = Blocks(terms)
        self.words: dict[Term, str] = {}
        """What made groups of rows, for people."""
        self.places: dict[Term, str] = {}
        """The names of queries, by their rows, for people."""
        self.branches: dict[Term, tuple[Made | None, ...]] = {}
        """Where a column of a UNION is computed in each of its branches."""
        self.kinds: dict[Term, str] = {}
        """Types of columns that were bound, where the warehouse lists them."""
        self._structs: set[Term] = set()
        self.labels: dict[str, str] = {}
        """Names for people of relations that only an inlined query reads."""
        self.paths: dict[str, str] = {}
        """The whole names of these."""
        self.wanting: set[str] = set()
        """Relations whose columns would have told what a name or a star stands for."""
        self.hearsay = False
        """Whether a name was taken for a column of a source that is only said to have it."""

    def value(self, node: exp.Expression, scope: Scope, clause: str) -> Term:
        """What an expression stands for."""
        raise NotImplementedError

    def bind(  # noqa: PLR0913  # where it stands, and how
        self, parts: tuple[str, ...], scope: Scope, clause: str, *, bare: bool = False, aggregated: bool = False, written: Written = ()
    ) -> Term:
        """What a reference stands for.

        Args:
            parts: its names, outermost first.
            scope: where it stands.
            clause: in which clause of it.
            bare: whether it is all of an element of GROUP BY or ORDER BY.
            aggregated: whether it stands within an aggregate.
            written: its names as they are written.
        """
        written = written or parts
        if len(parts) > 1 and (found := self._qualified(parts, scope, written)) is not None:
            return found
        around: Scope | None = scope
        while around is not None:
            here = clause if around is scope or clause in {LIMIT, WHERE} else SELECT
            found = self._here(parts, around, here, written, bare=bare and around is scope, aggregated=aggregated)
            if found is not None:
                return found
            around = around.outer
        return self._unbound(parts, scope, written)

    def field(self, value: Term, names: Iterable[str], written: Iterable[str]) -> Term:
        """A field of a struct, and so on; where it may be a key of JSON, by the name as it is written."""
        fields = value in self._structs or _is_struct(self.kinds.get(value, ""))
        for name in names if fields or self.dialect.read not in JSON_BY_DOT else written:
            value = self.terms.make("function", "DOT", value, self.terms.make("id", name))
        if fields:
            self._structs.add(value)
        return value

    def bound(self, col: Col) -> Term:
        """The value of a column that a name stands for."""
        if col.kind:
            self.kinds.setdefault(col.term, col.kind)
        return col.term

    def _qualified(self, parts: tuple[str, ...], scope: Scope, written: Written) -> Term | None:
        """A name with its source before it, in the nearest SELECT that has such a source."""
        around: Scope | None = scope
        while around is not None:
            for length in range(len(parts) - 1, 0, -1):
                fields = parts[length + 1 :], written[length + 1 :]
                sources = named(parts[:length], around.sources)
                for source in sources:
                    col = source.has(parts[length])
                    if col is not None:
                        return self.field(self.bound(col), *fields)
                possible = [term for source in sources for term in source.may_have(parts[length], self.terms, written[length])]
                if possible:
                    return self.field(self._one(parts, possible), *fields)
            around = around.outer
        return None

    def _here(self, parts: tuple[str, ...], scope: Scope, clause: str, written: Written, *, bare: bool, aggregated: bool) -> Term | None:  # noqa: PLR0913  # where it is
        name, fields, said = parts[0], parts[1:], written[1:]
        alias = self._alias(name, scope, clause, bare=bare)
        if alias is not None and not fields and not aggregated and (clause == HAVING or (clause == ORDER and bare)):
            return alias
        if name in scope.joined:
            return self.field(scope.joined[name].term, fields, said)
        visible = [source for source in scope.sources if not source.hidden]
        known = [(source, col) for source in visible if (col := source.has(name)) is not None]
        if known:
            self._doubt(name, visible, known)
            return self.field(self._one(parts, [self.bound(col) for _, col in known]), fields, said)
        possible = [(source, term) for source in visible for term in source.may_have(name, self.terms)]
        if alias is not None and not possible:
            return self.field(alias, fields, said)
        if possible:
            others = [alias] if alias is not None else []
            if len(possible) + len(others) > 1:
                self.wanting.update(item.relation for source, _ in possible for item in source.opens)
            return self.field(self._one(parts, [*(term for _, term in possible), *others]), fields, said)
        rows = named(parts, visible) if not fields else []
        return self._whole(rows) if rows else None

    def _doubt(self, name: str, visible: list[Source], known: list[tuple[Source, Col]]) -> None:
        """Note where a name that one source is known to have may be another's in truth."""
        if len(known) == 1 and known[0][0].opens and len(visible) > 1:
            others = {item.relation for source in visible if source is not known[0][0] for item in source.opens if name not in item.without}
            self.wanting |= others
            self.hearsay |= bool(others)

    def _alias(self, name: str, scope: Scope, clause: str, *, bare: bool) -> Term | None:
        """The output column that a name may mean in this clause."""
        if clause not in self.dialect.aliases or (clause == GROUP and not bare):
            return None
        alias = scope.aliases.get(name)
        if alias is not None:
            early = clause in {WHERE, GROUP}
            stands = not (early and alias.aggregated) and not (alias.term.bits & OPEN_WINDOW and (early or clause == HAVING))
            return alias.term if stands else None
        return self._ahead(name, scope) if self.dialect.forward else None

    def _ahead(self, name: str, scope: Scope) -> Term | None:
        """The value of an item that comes later under this alias; nothing while that is being worked out."""
        node = scope.later.pop(name, None)
        if node is None:
            return None
        found = self.value(node, scope, SELECT)
        scope.later[name] = node
        return found

    def _one(self, parts: tuple[str, ...], possible: list[Term]) -> Term:
        """The value, where there is one; else a name that may be any of these."""
        if len(set(possible)) == 1:
            return possible[0]
        return self.terms.make("name", ".".join(parts), self.terms.collection(possible))

    def _whole(self, sources: list[Source]) -> Term:
        """A source's row, as a value."""
        terms = self.terms
        columns = (terms.sequence((terms.make("id", col.key), col.term)) for source in sources for col in source.cols)
        opens = (item.template for source in sources for item in source.opens)
        return terms.make("function", "ROW", terms.sequence(columns), terms.sequence(terms.fill(item, terms.make("col", "*")) for item in opens))

    def _unbound(self, parts: tuple[str, ...], scope: Scope, written: Written) -> Term:
        """A function without parentheses, or a name of nothing that is known: of whatever is there."""
        name = parts[0].casefold()
        if len(parts) == 1 and ((name in PSEUDO and name.startswith(_SAID_OF_NO_ROW)) or not scope.sources):
            return self.terms.make("pseudo", name)
        rows: list[Term] = []
        around: Scope | None = scope
        while around is not None:
            rows.extend(source.row for source in around.sources)
            around = around.outer
        said = (parts[0], *written[1:]) if self.dialect.read in JSON_BY_DOT else parts
        return self.terms.make("name", ".".join(said), self.terms.collection(rows))


def _is_struct(kind: str) -> bool:
    """Whether a type has fields, of which none is JSON in turn."""
    text = kind.upper()
    return text.startswith(_STRUCTS) and not any(word in text for word in _KEYED)
