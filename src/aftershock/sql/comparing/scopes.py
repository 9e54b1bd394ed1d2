"""What names can stand for while a query is brought to its form: columns, relations, sources, and the SELECT that is being read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlglot import exp

    from aftershock.sql.comparing.terms import Term, Terms


class Made(NamedTuple):
    """Where a column is computed: in the query of this name, by this expression."""

    place: str
    node: exp.Expression


class Col(NamedTuple):
    """An output column: its name, its key, its value as said of one row, and where that is computed.

    ``unnamed`` where the warehouse makes up its name; ``spelled`` where its name is known letter by letter. ``kind`` is its type where the warehouse lists it.
    """

    name: str
    key: str
    term: Term
    made: Made | None = None
    unnamed: bool = False
    spelled: bool = True
    kind: str = ""


class Open(NamedTuple):
    """Columns that are not known one by one: any of ``relation``'s but those ``without``; ``template`` has a hole for the column.

    ``successors`` are columns that the relation has under another name on the other side, as (key here, key there). ``cased`` where they may be keys of
    JSON, which differ by case.
    """

    template: Term
    without: frozenset[str]
    relation: str
    successors: tuple[tuple[str, str], ...] = ()
    cased: bool = False

    def column(self, terms: Terms, key: str) -> Term:
        """The value of one of them."""
        return terms.fill(self.template, terms.make("col", dict(self.successors).get(key, key)))


class Relation:
    """What a query yields: which rows, and columns that are said of one of them. ``order`` is how they come, None where in no order."""

    __slots__ = ("cols", "opens", "order", "rows")

    def __init__(self, rows: Term, cols: list[Col], opens: tuple[Open, ...] = (), order: Term | None = None) -> None:
        self.rows = rows
        self.cols = cols
        self.opens = opens
        self.order = order

    def values(self, terms: Terms) -> list[Term]:
        """All of its columns' values, those that are not known one by one included."""
        return [*(col.term for col in self.cols), *(open_term(terms, item) for item in self.opens)]


def open_term(terms: Terms, item: Open) -> Term:
    """Columns that are not known, as one value."""
    successors = dict(item.successors)
    return terms.make("open", item.template, terms.collection(terms.make("id", successors.get(key, key)) for key in item.without))


class Source:
    """One source of a SELECT.

    Attributes:
        alias: its key there.
        parts: the keys of its own name.
        cols: its columns, said of the SELECT's instances.
        opens: its columns that are not known.
        row: its row as a whole, NULL where an outer join found none.
        hidden: whether its columns can be named only in the join that it is part of.
    """

    __slots__ = ("_by_key", "_folded", "alias", "cols", "hidden", "opens", "parts", "row")

    def __init__(self, alias: str, parts: tuple[str, ...], cols: list[Col], opens: tuple[Open, ...], row: Term) -> None:
        self.alias = alias
        self.parts = parts
        self.row = row
        self.hidden = False
        self.put(cols, opens)

    def put(self, cols: list[Col], opens: tuple[Open, ...]) -> None:
        """Have these columns from now on."""
        self.cols, self.opens = cols, opens
        self._by_key: dict[str, Col] = {}
        for col in cols:
            self._by_key.setdefault(col.key, col)
        self._folded: dict[str, Col] | None = None

    def has(self, key: str) -> Col | None:
        """The column of this key; in another case only where no case fits exactly."""
        found = self._by_key.get(key)
        if found is not None:
            return found
        if self._folded is None:
            self._folded = {}
            for col in self.cols:
                self._folded.setdefault(col.key.casefold(), col)
        return self._folded.get(key.casefold())

    def may_have(self, key: str, terms: Terms, written: str = "") -> list[Term]:
        """What a column of this key would be, of those that are not known; ``written`` is its name where that may be a key of JSON."""
        return [item.column(terms, written if item.cased and written else key) for item in self.opens if key not in item.without]


class Entry(NamedTuple):
    """A source in the FROM clause: how it is joined, its instance, its rows, and the conditions of the join."""

    kind: str
    instance: Term
    rows: Term
    on: tuple[Term, ...] = ()


class Alias(NamedTuple):
    """An output column under its name."""

    term: Term
    aggregated: bool = False


class Joined(NamedTuple):
    """A column that USING has made one of several."""

    term: Term
    sources: list[Source]


class Scope:
    """The SELECT that is being read.

    Attributes:
        outer: the SELECT around it.
        env: the CTEs that it sees.
        sources: what its names can be of.
        entries: its sources as rows.
        pool: the conditions that its rows meet.
        joined: columns that USING has made one.
        aliases: output columns so far; ``later`` those still to come.
        windows: the WINDOW clause.
        aggregated: whether an aggregate was read.
        unfolded: set-returning functions of its output columns.
        minds_order: whether something depends on the order in which the rows come that it reads.
        passed: the order in which those of its first source come.
    """

    __slots__ = ("aggregated", "aliases", "entries", "env", "joined", "later", "minds_order", "outer", "passed", "pool", "sources", "unfolded", "windows")

    def __init__(self, outer: Scope | None, env: Mapping[str, object]) -> None:
        self.outer = outer
        self.env = env
        self.sources: list[Source] = []
        self.entries: list[Entry] = []
        self.pool: list[Term] = []
        self.joined: dict[str, Joined] = {}
        self.aliases: dict[str, Alias] = {}
        self.later: dict[str, exp.Expression] = {}
        self.windows: dict[str, exp.Expression] = {}
        self.aggregated = False
        self.unfolded: list[Term] = []
        self.minds_order = False
        self.passed: Term | None = None


def named(qualifier: tuple[str, ...], sources: Iterable[Source]) -> list[Source]:
    """The sources of this alias, in another case where none fits exactly; else those whose own name ends so."""
    known = list(sources)
    if len(qualifier) == 1:
        found = [item for item in known if item.alias == qualifier[0]]
        if found:
            return found
        folded = qualifier[0].casefold()
        found = [item for item in known if item.alias and item.alias.casefold() == folded]
        if found:
            return found
    size = len(qualifier)
    return [item for item in known if item.parts and (item.parts[-size:] == qualifier or (size > 1 and qualifier[-len(item.parts) :] == item.parts))]
