# ruff: noqa: S608 - it writes SQL, and nothing else
"""Random queries for DuckDB, the same queries written otherwise, and others that are nearly the same.

`Writer(dice).query()` writes one; `rewritten(sql, dice)` gives forms of it that must mean the same, `mutated(sql, dice)` forms that mostly do not.
What they mean is for DuckDB to say: `Judge` runs two of them on the same random rows. Everything follows from the dice: the same seed, the same cases.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import duckdb
import sqlglot
from sqlglot import exp

from aftershock.sql.comparing.comparing import compare_sql
from aftershock.sql.comparing.facts import Comparison, Known, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aftershock.model.changes import QueryDiff

    Results = list[tuple[list[str], list[tuple[object, ...]]]]

TABLES: Final = {
    "t": {"a": "INTEGER", "b": "INTEGER", "c": "VARCHAR"},
    "u": {"a": "INTEGER", "d": "INTEGER", "e": "VARCHAR"},
    "v": {"b": "INTEGER", "d": "INTEGER"},
}
KNOWN: Final = tuple(
    Known(name, name, (name,), tuple((key, key, kind) for key, kind in columns.items()), complete=True, settled=True) for name, columns in TABLES.items()
)
SETS: Final = 3
"""How many sets of random rows two queries are compared on."""
ROWS: Final = 14


class Col(NamedTuple):
    """A column of a source: how it is named, and whether it is a number or a text."""

    name: str
    kind: str


class Writer:
    """Writes queries as people write models: chains of CTEs, joins, groups, windows, set operations."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.ctes: dict[str, list[Col]] = {}
        self.made = 0

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def name(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}{self.made}"

    # expressions

    def number(self, cols: list[Col], depth: int = 2) -> str:
        numbers = [col.name for col in cols if col.kind == "int"]
        roll = self.dice.random()
        if depth <= 0 or roll < 0.45:
            return self.dice.choice(numbers) if numbers and self.chance(0.85) else str(self.dice.randrange(4))
        one, two = (self.number(cols, depth - 1) for _ in range(2))
        forms = (
            f"{one} {self.dice.choice('+-*')} {two}",
            f"({one} + {two}) * {self.dice.randrange(3)}",
            f"coalesce({one}, {two})",
            f"case when {self.truth(cols, depth - 1)} then {one} else {two} end",
            f"case {one} when 1 then {two} when 2 then 0 end",
            f"nullif({one}, {two})",
            f"cast({one} as bigint)",
            f"greatest({one}, {two})",
            f"abs({one})",
            f"length({self.text(cols, depth - 1)})",
        )
        return self.dice.choice(forms)

    def text(self, cols: list[Col], depth: int = 1) -> str:
        texts = [col.name for col in cols if col.kind == "text"]
        if depth <= 0 or self.chance(0.5):
            return self.dice.choice(texts) if texts else self.dice.choice(("'x'", "'yy'", "''"))
        one, two = (self.text(cols, depth - 1) for _ in range(2))
        return self.dice.choice((f"{one} || {two}", f"upper({one})", f"coalesce({one}, {two})", f"cast({self.number(cols, 0)} as varchar)", f"trim({one})"))

    def truth(self, cols: list[Col], depth: int = 2) -> str:
        roll = self.dice.random()
        if depth <= 0 or roll < 0.4:
            return f"{self.number(cols, 0)} {self.dice.choice(('=', '<>', '<', '<=', '>', '>='))} {self.number(cols, 0)}"
        if roll < 0.6:
            return f"({self.truth(cols, depth - 1)} {self.dice.choice(('and', 'or'))} {self.truth(cols, depth - 1)})"
        one = self.number(cols, depth - 1)
        source = self.dice.choice(list(TABLES))
        inner = [Col(f"i.{name}", "int") for name, kind in TABLES[source].items() if kind == "INTEGER"]
        forms = (
            f"{one} is not null",
            f"{one} is null",
            f"{one} in (0, 1, {self.dice.randrange(5)})",
            f"{one} not in (1, 2)",
            f"{self.text(cols, 0)} in ('x', 'X', 'q')",
            f"{one} <> all (select {self.number(inner, 0)} from {source} i)",
            f"{one} between {self.number(cols, 0)} and {self.number(cols, 0)}",
            f"not ({self.truth(cols, depth - 1)})",
            f"{self.text(cols, 0)} like '{self.dice.choice(('x%', '%y', '_'))}'",
            f"{self.number(cols, 0)} in (select {self.number(inner, 0)} from {source} i)",
            f"exists (select 1 from {source} i where {self.number(inner, 0)} = {self.number(cols, 0)})",
            f"{self.number(cols, 0)} > (select max({self.number(inner, 0)}) from {source} i where {self.number(inner, 0)} <> {self.number(cols, 0)})",
        )
        return self.dice.choice(forms)

    def aggregate(self, cols: list[Col]) -> Col:
        inner = self.number(cols, 1)
        counted = self.dice.choice(("1", "'x'", inner))
        otherwise = self.dice.choice(("", "else 0"))
        forms = (
            f"sum({inner})",
            f"min({inner})",
            f"max({inner})",
            "count(*)",
            f"count({inner})",
            f"count(distinct {inner})",
            f"sum({inner}) filter (where {self.truth(cols, 1)})",
            f"avg({inner})",
            f"count(case when {self.truth(cols, 1)} then {counted} end)",
            f"sum(case when {self.truth(cols, 1)} then {inner} {otherwise} end)",
        )
        return Col(self.dice.choice(forms), "int")

    def window(self, cols: list[Col]) -> str:
        keys = f"partition by {self.number(cols, 0)} " if self.chance(0.6) else ""
        every = ", ".join(col.name for col in cols)
        order = f"order by {self.number(cols, 1)} {self.dice.choice(('', 'desc', 'nulls first'))}, {every}"
        call = self.dice.choice(("row_number()", f"sum({self.number(cols, 1)})", f"lag({self.number(cols, 0)})", f"max({self.number(cols, 0)})", "rank()"))
        frame = self.dice.choice(("", "", "", " rows between 1 preceding and current row"))
        return f"{call} over ({keys}{order}{frame if call.startswith(('sum', 'max')) else ''})"

    # queries

    def source(self) -> tuple[str, list[Col]]:
        """An item of FROM with its alias, and its columns."""
        roll = self.dice.random()
        alias = self.name("s")
        if roll < 0.15:
            sql, cols = self.select(0)
            return f"({sql}) as {alias}", [Col(f"{alias}.{col.name}", col.kind) for col in cols]
        known = list(self.ctes)
        name = self.dice.choice(known) if known and self.chance(0.65) else self.dice.choice(list(TABLES))
        cols = self.ctes.get(name) or [Col(key, "int" if kind == "INTEGER" else "text") for key, kind in TABLES[name].items()]
        return f"{name} as {alias}", [Col(f"{alias}.{col.name}", col.kind) for col in cols]

    def sources(self, depth: int) -> tuple[str, list[Col]]:
        sql, cols = self.source()
        for _ in range(self.dice.choice((0, 0, 1, 1, 2)) if depth else 0):
            kind = self.dice.choice(("join", "left join", "left join", "inner join", "full join", "right join", "cross join"))
            if self.chance(0.2):
                sql, cols = self.looked_up(sql, cols)
                continue
            more, others = self.source()
            if kind == "cross join":
                sql, cols = f"{sql} cross join {more}", [*cols, *others]
                continue
            shared = [col.name.split(".")[1] for col in others if col.kind == "int"]
            mine = [col.name for col in cols if col.kind == "int"]
            on = f"{self.dice.choice(mine)} = {others[0].name.split('.')[0]}.{self.dice.choice(shared)}" if mine and shared else "true"
            if self.chance(0.25):
                on += f" and {self.truth([*cols, *others], 1)}"
            sql, cols = f"{sql} {kind} {more} on {on}", [*cols, *others]
        return sql, cols

    def looked_up(self, sql: str, cols: list[Col]) -> tuple[str, list[Col]]:
        """A LEFT JOIN of groups by what these are joined by, as models look up totals."""
        alias, key, total = self.name("l"), self.name("k"), self.name("n")
        table = self.dice.choice(list(TABLES))
        inner = [Col(name, "int" if kind == "INTEGER" else "text") for name, kind in TABLES[table].items()]
        by = self.dice.choice([col.name for col in inner if col.kind == "int"])
        where = f" where {self.truth(inner, 1)}" if self.chance(0.4) else ""
        mine = [col.name for col in cols if col.kind == "int"] or ["1"]
        on = f"{alias}.{key} = {self.dice.choice(mine)}{f' and {alias}.{total} > 1' if self.chance(0.2) else ''}"
        groups = f"(select {by} as {key}, {self.aggregate(inner).name} as {total} from {table}{where} group by 1)"
        return f"{sql} left join {groups} as {alias} on {on}", [*cols, Col(f"{alias}.{key}", "int"), Col(f"{alias}.{total}", "int")]

    def select(self, depth: int) -> tuple[str, list[Col]]:
        from_, cols = self.sources(depth)
        where = f" where {self.truth(cols)}" if self.chance(0.4) else ""
        if self.chance(0.06) and not any(col.name.split(".")[1] in {other.name.split(".")[1] for other in cols if other is not col} for col in cols):
            return f"select * from {from_}{where}", [Col(col.name.split(".")[1], col.kind) for col in cols]
        roll = self.dice.random()
        if roll < 0.3:
            return self.grouped(from_, cols, where)
        items: list[str] = []
        found: list[Col] = []
        for _ in range(self.dice.randint(2, 4)):
            col = self.item(cols)
            alias = self.name("k") if self.chance(0.5) or col.name.count(".") != 1 or not col.name.replace(".", "").isalnum() else col.name.split(".")[1]
            if alias in {each.name for each in found}:
                alias = self.name("k")
            items.append(col.name if col.name.endswith(f".{alias}") else f"{col.name} as {alias}")
            found.append(Col(alias, col.kind))
        distinct = "distinct " if self.chance(0.12) else ""
        qualify = f" qualify {self.window(cols)} <= {self.dice.randint(1, 3)}" if self.chance(0.08) and not distinct else ""
        limit = f" order by {', '.join(str(place + 1) for place in range(len(found)))} limit {self.dice.randint(1, 5)}" if self.chance(0.08) else ""
        return f"select {distinct}{', '.join(items)} from {from_}{where}{qualify}{limit}", found

    def item(self, cols: list[Col]) -> Col:
        roll = self.dice.random()
        if roll < 0.45:
            return self.dice.choice(cols)
        if roll < 0.62:
            return Col(self.text(cols), "text")
        return Col(self.window(cols) if roll > 0.88 else self.number(cols), "int")

    def grouped(self, from_: str, cols: list[Col], where: str) -> tuple[str, list[Col]]:
        keys = [self.item([col for col in cols if "." in col.name]) if self.chance(0.2) else self.dice.choice(cols) for _ in range(self.dice.randint(0, 2))]
        keys = [key for key in keys if " over " not in key.name]
        items = [*keys, *(self.aggregate(cols) for _ in range(self.dice.randint(1, 2)))]
        found = [Col(self.name("g"), col.kind) for col in items]
        listed = ", ".join(f"{item.name} as {col.name}" for item, col in zip(items, found, strict=True))
        group = self.dice.choice((", ".join(str(place + 1) for place in range(len(keys))), ", ".join(key.name for key in keys), "all")) if keys else ""
        having = f" having {self.aggregate(cols).name} > {self.dice.randrange(2)}" if self.chance(0.2) else ""
        return f"select {listed} from {from_}{where}{f' group by {group}' if group else ''}{having}", found

    def body(self, depth: int) -> tuple[str, list[Col]]:
        sql, cols = self.select(depth)
        if self.chance(0.15) and " limit " not in sql:
            other = ", ".join(self.number([Col("a", "int")], 1) if col.kind == "int" else "c" for col in cols)
            operator = self.dice.choice(("union all", "union all", "union", "except", "intersect"))
            sql = f"{sql} {operator} select {other} from t"
        return sql, cols

    def query(self) -> str:
        """One query."""
        defined = []
        for _ in range(self.dice.choice((0, 1, 1, 2, 3))):
            sql, cols = self.body(1)
            name = self.name("q")
            self.ctes[name] = cols
            defined.append(f"{name} as ({sql})")
        sql, _ = self.body(2)
        if defined and self.chance(0.3):
            last, self_cols = self.name("final"), sql
            defined.append(f"{last} as ({self_cols})")
            sql = f"select * from {last}"
        return f"with {', '.join(defined)} {sql}" if defined else sql


class Judge:
    """DuckDB with the tables of these cases, filled with random rows several times."""

    def __init__(self, dice: random.Random) -> None:
        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        for place in range(SETS):
            self.connection.execute(f"create schema d{place}")
            for table, columns in TABLES.items():
                self.connection.execute(f"create table d{place}.{table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
                rows = [tuple(self._value(dice, kind) for kind in columns.values()) for _ in range(dice.randint(5, ROWS))]
                self.connection.executemany(f"insert into d{place}.{table} values ({', '.join('?' for _ in columns)})", rows)

    @staticmethod
    def _value(dice: random.Random, kind: str) -> object:
        if dice.random() < 0.15:
            return None
        return dice.randrange(3) if kind == "INTEGER" else dice.choice(("x", "y", "xy", "", "X"))

    def results(self, sql: str) -> Results | None:
        """Columns and rows on each set; None where DuckDB refuses the query on one of them."""
        found = []
        for place in range(SETS):
            try:
                self.connection.execute(f"use d{place}")
                cursor = self.connection.execute(sql)
                found.append(([column[0] for column in cursor.description], cursor.fetchall()))
            except duckdb.Error:  # noqa: PERF203  # the first refusal ends it
                return None
        return found


class Outcome(NamedTuple):
    """A query and another form of it: what was done, whether DuckDB's results differ, what the comparison says, and what is wrong with that."""

    kind: str
    name: str
    base: str
    head: str
    differs: bool
    diff: QueryDiff
    problem: str


def outcomes(seed: int, mutants: int = 6) -> Iterator[Outcome]:
    """One query, its rewritten forms, and some mutants of it, each judged."""
    dice = random.Random(seed)  # noqa: S311  # cases, not secrets
    judge = Judge(dice)
    sql = Writer(dice).query()
    base = judge.results(sql)
    if base is None:
        return
    written = list(rewritten(sql, dice))
    any_form = [sql, *(form for _, form in written)]
    changed = [found for place in range(mutants) if (found := mutated(dice.choice(any_form) if place % 2 else sql, dice)) is not None]
    for kind, forms in (("rewrite", written), ("mutant", changed)):
        for name, other in forms:
            head = judge.results(other)
            if head is not None:
                diff = compare_sql(Comparison(Side((sql,), KNOWN), Side((other,), KNOWN), "duckdb")).diff
                differs = _differs(base, head)
                yield Outcome(kind, name, sql, other, differs, diff, problem(kind, base, head, diff, differs=differs))


def problem(kind: str, base: Results, head: Results, diff: QueryDiff, *, differs: bool) -> str:  # noqa: PLR0911  # one return a reason
    """What is wrong with a difference, by what DuckDB made of both queries; empty where nothing is."""
    if diff.unread:
        return f"unread: {diff.unread}"
    if differs and diff.same:
        return "called the same, and its results differ"
    if kind == "rewrite":
        return "" if diff.same or differs else "called a change, and is none"
    before, after = ([name.lower() for name in results[0][0]] for results in (base, head))
    if diff.rows or not differs or len(set(before)) < len(before) or len(set(after)) < len(after):
        return ""
    renamed = {old.lower(): new.lower() for old, new in diff.renamed}
    told = {name.lower() for name, _ in diff.values} | {name.lower() for name, _, _ in diff.retyped}
    if {*before} - {*after} != {*map(str.lower, diff.removed), *renamed} and not any(" " in name or "(" in name for name in before + after):
        return "its lost columns are others"
    kept = [(place, after.index(renamed.get(name, name))) for place, name in enumerate(before) if renamed.get(name, name) in after and name not in told]
    for (_, one), (_, two) in zip(base, head, strict=True):
        if multiset(one, [place for place, _ in kept]) != multiset(two, [place for _, place in kept]):
            return "rows or columns differ that it does not tell"
    return ""


def _differs(base: Results, head: Results) -> bool:
    return any(
        [name.lower() for name in names] != [name.lower() for name in others] or multiset(one, [*range(len(names))]) != multiset(two, [*range(len(others))])
        for (names, one), (others, two) in zip(base, head, strict=True)
    )


def multiset(rows: list[tuple[object, ...]], places: list[int]) -> Counter[tuple[str, ...]]:
    """Rows in no order, of these columns."""
    return Counter(tuple(repr(row[place]) for place in places) for row in rows)


# the same, written otherwise


def rewritten(sql: str, dice: random.Random) -> Iterator[tuple[str, str]]:
    """Forms that mean the same, each with the name of what was done."""
    for name, change in REWRITES.items():
        with suppress(sqlglot.errors.SqlglotError):
            found = change(sqlglot.parse_one(sql, read="duckdb"), dice)
            if found is not None:
                yield name, found if isinstance(found, str) else found.sql(dialect="duckdb")


def _pretty(tree: exp.Expression, _: random.Random) -> str:
    return tree.sql(dialect="duckdb", pretty=True)


def _shouted(tree: exp.Expression, _: random.Random) -> str:
    return tree.sql(dialect="duckdb", normalize_functions="upper").replace(" as ", " AS ")


def _quoted(tree: exp.Expression, dice: random.Random) -> exp.Expression:
    for name in tree.find_all(exp.Identifier):
        if dice.random() < 0.5:
            name.set("quoted", True)  # noqa: FBT003  # sqlglot's own signature
            name.set("this", name.this.upper() if dice.random() < 0.3 and not isinstance(name.parent, exp.Alias) else name.this)
    return tree


def _ctes_renamed(tree: exp.Expression, _: random.Random) -> exp.Expression | None:
    names = {cte.alias: f"other_{cte.alias}" for cte in tree.find_all(exp.CTE)}
    for cte in tree.find_all(exp.CTE):
        cte.args["alias"].set("this", exp.to_identifier(names[cte.alias]))
    for table in tree.find_all(exp.Table):
        if table.name in names:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(names[table.name]))
    return tree if names else None


def _aliases_renamed(tree: exp.Expression, _: random.Random) -> exp.Expression:
    names = {node.alias: f"z_{node.alias}" for node in tree.find_all(exp.Table, exp.Subquery) if node.alias}
    for node in tree.find_all(exp.Table, exp.Subquery):
        if node.alias:
            node.args["alias"].set("this", exp.to_identifier(names[node.alias]))
    for column in tree.find_all(exp.Column):
        if column.table in names:
            column.set("table", exp.to_identifier(names[column.table]))
    return tree


def _inlined(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    ctes = list(tree.find_all(exp.CTE))
    if not ctes:
        return None
    chosen = dice.choice(ctes)
    for table in list(tree.find_all(exp.Table)):
        if table.name == chosen.alias:
            table.replace(exp.Subquery(this=chosen.this.copy(), alias=exp.TableAlias(this=exp.to_identifier(table.alias or table.name))))
    return tree


def _wrapped(tree: exp.Expression, _: random.Random) -> str:
    return f"with wrapped as ({tree.sql(dialect='duckdb')}), again as (select * from wrapped) select * from again"


def _unused(tree: exp.Expression, dice: random.Random) -> str:
    sql = tree.sql(dialect="duckdb")
    more = f"unused as (select a + {dice.randrange(9)} as n, count(*) as m from t group by 1)"
    return f"WITH {more}, {sql[5:]}" if sql.startswith("WITH ") else f"WITH {more} {sql}"


def _shuffled(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """The conditions of a filter, and the sides of an equation, in another order."""
    changed = False
    for clause in list(tree.find_all(exp.Where, exp.Having)):
        if isinstance(clause.this, exp.And):
            parts = list(clause.this.flatten())
            dice.shuffle(parts)
            clause.set("this", exp.and_(*(part.copy() for part in parts)))
            changed = True
    for equation in list(tree.find_all(exp.EQ)):
        left, right = equation.this.copy(), equation.expression.copy()
        equation.set("this", right)
        equation.set("expression", left)
        changed = True
    return tree if changed else None


def _bracketed(tree: exp.Expression, dice: random.Random) -> exp.Expression:
    for node in list(tree.find_all(exp.Binary, exp.Case, exp.Coalesce)):
        if dice.random() < 0.3 and not isinstance(node.parent, exp.Paren) and not isinstance(node, exp.Dot):
            node.replace(exp.Paren(this=node.copy()))
    return tree


def _columns_renamed(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """A column of a CTE under another name, within the query alone."""
    ctes = {cte.alias: cte for cte in tree.find_all(exp.CTE) if isinstance(cte.this, exp.Select)}
    starred = any(isinstance(item, exp.Star) for select in tree.find_all(exp.Select) for item in select.expressions)
    if not ctes or starred:
        return None
    cte = ctes[dice.choice(list(ctes))]
    item = dice.choice(cte.this.expressions)
    old, new = item.alias_or_name, f"inner_{item.alias_or_name}"
    readers = {table.alias_or_name for table in tree.find_all(exp.Table) if table.name == cte.alias}
    item.replace(exp.alias_(item.this.copy() if isinstance(item, exp.Alias) else item.copy(), new))
    for column in tree.find_all(exp.Column):
        if column.table in readers and column.name == old:
            parent = column.parent
            column.set("this", exp.to_identifier(new))
            if isinstance(parent, exp.Select) and column.arg_key == "expressions":
                column.replace(exp.alias_(column.copy(), old))
    return tree


def _expanded(tree: exp.Expression, _: random.Random) -> exp.Expression | None:
    """``select *`` over a CTE, listed."""
    ctes = {cte.alias: cte.this for cte in tree.find_all(exp.CTE)}
    changed = False
    for select in list(tree.find_all(exp.Select)):
        source = select.args.get("from_") or select.args.get("from")
        inner = ctes.get(source.this.name) if source is not None and isinstance(source.this, exp.Table) and not select.args.get("joins") else None
        while isinstance(inner, exp.SetOperation):
            inner = inner.this
        if (
            inner is not None
            and len(select.expressions) == 1
            and isinstance(select.expressions[0], exp.Star)
            and not any(item.is_star for item in inner.expressions)
        ):
            select.set("expressions", [exp.column(item.alias_or_name) for item in inner.expressions])
            changed = True
    return tree if changed else None


def _replaced(
    tree: exp.Expression, dice: random.Random, kind: type[exp.Expression], change: Callable[[exp.Expression], exp.Expression | None]
) -> exp.Expression | None:
    """A tree with most of the nodes of a kind written otherwise; None where there are none."""
    changed = False
    for node in list(tree.find_all(kind)):
        other = change(node) if dice.random() < 0.8 else None
        if other is not None and node.parent is not None:
            node.replace(exp.Paren(this=other) if isinstance(other, (exp.Connector, exp.Binary)) else other)
            changed = True
    return tree if changed else None


def _plain_list(node: exp.Expression) -> bool:
    items = node.expressions
    return bool(items) and all(isinstance(item, exp.Literal) for item in items) and len({item.is_string for item in items}) == 1


def _listed(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """``a in (1, 2)`` as ``a = 1 or a = 2``."""
    return _replaced(
        tree,
        dice,
        exp.In,
        lambda node: exp.or_(*(exp.EQ(this=node.this.copy(), expression=item.copy()) for item in node.expressions)) if _plain_list(node) else None,
    )


def _denied(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """``not (a = 1 or b < 2)`` as ``a <> 1 and b >= 2``, one step of it."""
    other = {exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.LT: exp.GTE, exp.GTE: exp.LT, exp.GT: exp.LTE, exp.LTE: exp.GT}

    def denied(node: exp.Expression) -> exp.Expression | None:
        inner = node.this.unnest()
        if type(inner) in other and not isinstance(inner.expression, (exp.Any, exp.All)):
            return other[type(inner)](this=inner.this.copy(), expression=inner.expression.copy())
        if isinstance(inner, (exp.And, exp.Or)):
            sides = (exp.Not(this=exp.Paren(this=side.copy())) for side in (inner.this, inner.expression))
            return exp.or_(*sides) if isinstance(inner, exp.And) else exp.and_(*sides)
        if isinstance(inner, exp.In) and _plain_list(inner):
            return exp.and_(*(exp.NEQ(this=inner.this.copy(), expression=item.copy()) for item in inner.expressions))
        return None

    return _replaced(tree, dice, exp.Not, denied)


def _affirmed(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """``a <> 1`` as ``not (a = 1)``."""
    return _replaced(
        tree,
        dice,
        exp.NEQ,
        lambda node: (
            None if isinstance(node.expression, exp.All) else exp.Not(this=exp.Paren(this=exp.EQ(this=node.this.copy(), expression=node.expression.copy())))
        ),
    )


def _searched(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """``case a when 1`` as ``case when a = 1``."""

    def searched(node: exp.Expression) -> exp.Expression | None:
        if node.this is None:
            return None
        ifs = [
            exp.If(this=exp.EQ(this=exp.Paren(this=node.this.copy()), expression=item.this.copy()), true=item.args["true"].copy()) for item in node.args["ifs"]
        ]
        return exp.Case(ifs=ifs, default=node.args["default"].copy() if node.args.get("default") is not None else None)

    return _replaced(tree, dice, exp.Case, searched)


def _filtered(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """``sum(case when c then a end)`` as ``sum(a) filter (where c)``, and back."""

    def filtered(node: exp.Expression) -> exp.Expression | None:
        case = node.this
        if (
            isinstance(node.parent, exp.Filter)
            or not isinstance(case, exp.Case)
            or case.this is not None
            or len(case.args["ifs"]) > 1
            or case.args.get("default")
        ):
            return None
        branch = case.args["ifs"][0]
        return exp.Filter(this=type(node)(**{**node.args, "this": branch.args["true"].copy()}), expression=exp.Where(this=branch.this.copy()))

    def cased(node: exp.Expression) -> exp.Expression | None:
        call = node.this
        value = exp.Literal.number(1) if isinstance(call.this, exp.Star) else call.this.copy()
        return type(call)(**{**call.args, "this": exp.Case(ifs=[exp.If(this=node.expression.this.copy(), true=value)])})

    backwards = _replaced(tree.copy(), dice, exp.Filter, cased)
    return backwards if backwards is not None else _replaced(tree, dice, exp.AggFunc, filtered)


def _fetched(tree: exp.Expression, _: random.Random) -> str | None:
    """``limit 3`` as ``fetch first 3 rows only``, at the end of a subquery or of all."""
    sql = tree.sql(dialect="duckdb")
    found = re.sub(r" LIMIT (\d+)", r" FETCH FIRST \1 ROWS ONLY", sql)
    return found if found != sql else None


def _turned(tree: exp.Expression, _: random.Random) -> exp.Expression | None:
    """The sides of INTERSECT the other way round, under the names of the first."""
    changed = False
    for node in list(tree.find_all(exp.Intersect)):
        left, right = node.this, node.expression
        if not isinstance(left, exp.Select) or not isinstance(right, exp.Select) or any(item.is_star for item in (*left.expressions, *right.expressions)):
            continue
        names = [item.alias_or_name for item in left.expressions]
        items = [exp.alias_(item.unalias().copy(), name) for item, name in zip(right.expressions, names, strict=True)]
        first = right.copy()
        first.set("expressions", items)
        node.set("expression", left.copy())
        node.set("this", first)
        changed = True
    return tree if changed else None


def _asked(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """``a in (select …)`` as ``a = any (select …)``, and ``not in`` as ``<> all``."""
    return _replaced(
        tree,
        dice,
        exp.In,
        lambda node: (
            exp.EQ(this=exp.Paren(this=node.this.copy()), expression=exp.Any(this=node.args["query"].copy())) if node.args.get("query") is not None else None
        ),
    )


def _missing(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """``coalesce(a, b)`` as a CASE, either way round."""

    def missing(node: exp.Expression) -> exp.Expression | None:
        if len(node.expressions) != 1:
            return None
        value, other = node.this.copy(), node.expressions[0].copy()
        is_null = exp.Is(this=exp.Paren(this=value.copy()), expression=exp.Null())
        if dice.random() < 0.5:
            return exp.Case(ifs=[exp.If(this=is_null, true=other)], default=value)
        return exp.Case(ifs=[exp.If(this=exp.Not(this=is_null), true=value)], default=other)

    return _replaced(tree, dice, exp.Coalesce, missing)


def _cast(tree: exp.Expression, dice: random.Random) -> exp.Expression | None:
    """Columns of tables cast to the types that they have."""
    types = {table.alias: TABLES[table.name] for table in tree.find_all(exp.Table) if table.alias and table.name in TABLES}
    names = {cte.alias for cte in tree.find_all(exp.CTE)}

    def cast(node: exp.Expression) -> exp.Expression | None:
        kind = types.get(node.table, {}).get(node.name) if not isinstance(node.parent, (exp.Select, exp.Cast)) else None
        return exp.cast(node.copy(), kind) if kind else None

    return None if names & TABLES.keys() else _replaced(tree, dice, exp.Column, cast)


REWRITES: Final[dict[str, Callable[[exp.Expression, random.Random], exp.Expression | str | None]]] = {
    "pretty": _pretty,
    "shouted": _shouted,
    "quoted": _quoted,
    "CTEs renamed": _ctes_renamed,
    "aliases renamed": _aliases_renamed,
    "a CTE inlined": _inlined,
    "wrapped": _wrapped,
    "an unused CTE": _unused,
    "conditions shuffled": _shuffled,
    "brackets": _bracketed,
    "inner columns renamed": _columns_renamed,
    "a star expanded": _expanded,
    "a list spelled out": _listed,
    "NOT carried in": _denied,
    "NOT taken out": _affirmed,
    "CASE without operand": _searched,
    "FILTER": _filtered,
    "FETCH": _fetched,
    "INTERSECT turned": _turned,
    "ANY": _asked,
    "COALESCE as CASE": _missing,
    "cast to what it is": _cast,
}


# nearly the same


def mutated(sql: str, dice: random.Random) -> tuple[str, str] | None:
    """A form with one thing changed, and what that is; None where there is nothing to change so."""
    name = dice.choice(list(MUTATIONS))
    tree = sqlglot.parse_one(sql, read="duckdb")
    with suppress(sqlglot.errors.SqlglotError):
        if MUTATIONS[name](tree, dice):
            return name, tree.sql(dialect="duckdb")
    return None


def _one(tree: exp.Expression, dice: random.Random, *kinds: type[exp.Expression]) -> exp.Expression | None:
    found = list(tree.find_all(*kinds))
    return dice.choice(found) if found else None


def _literal(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, exp.Literal)
    if node is None:
        return False
    node.set("this", str(int(node.this) + 1) if not node.is_string and node.this.isdecimal() else node.this + "x")
    return True


_SWAPS: Final = {
    exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Mul: exp.Add, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE,
    exp.GTE: exp.GT, exp.And: exp.Or, exp.Or: exp.And, exp.Sum: exp.Max, exp.Max: exp.Min, exp.Min: exp.Max, exp.Avg: exp.Sum, exp.Greatest: exp.Least,
    exp.Rank: exp.RowNumber, exp.RowNumber: exp.Rank, exp.Except: exp.Intersect, exp.Intersect: exp.Except, exp.Upper: exp.Lower,
}  # fmt: skip


def _operator(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, *_SWAPS)
    if node is None:
        return False
    node.replace(_SWAPS[type(node)](**{key: value.copy() if isinstance(value, exp.Expression) else value for key, value in node.args.items()}))
    return True


def _join(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, exp.Join)
    if node is None or str(node.args.get("kind")).upper() == "CROSS":
        return False
    node.set("side", dice.choice([side for side in ("", "LEFT", "RIGHT", "FULL") if side != (node.args.get("side") or "")]))
    node.set("kind", None)
    return True


def _filter(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, exp.Where, exp.Having, exp.Qualify)
    if node is None:
        return False
    if isinstance(node.this, exp.And) and dice.random() < 0.5:
        node.set("this", node.this.this.copy())
    else:
        node.pop()
    return True


def _column(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, exp.Column)
    others = [column for column in tree.find_all(exp.Column) if node is not None and column.sql() != node.sql()]
    if node is None or not others:
        return False
    node.replace(dice.choice(others).copy())
    return True


def _distinct(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, exp.Select, exp.Union, exp.Count)
    if node is None or (isinstance(node, exp.Count) and isinstance(node.this, (exp.Star, exp.Distinct))):
        return False
    if isinstance(node, exp.Union):
        node.set("distinct", not node.args.get("distinct"))
    elif isinstance(node, exp.Count):
        node.set("this", exp.Distinct(expressions=[node.this.copy()]))
    else:
        node.set("distinct", None if node.args.get("distinct") else exp.Distinct())
    return True


def _arguments(tree: exp.Expression, dice: random.Random) -> bool:
    """The arguments of something, or two branches of a CASE, change places."""
    node = _one(tree, dice, exp.Coalesce, exp.Nullif, exp.Sub, exp.Between, exp.DPipe, exp.Case, exp.LT, exp.LTE)
    if isinstance(node, exp.Case):
        ifs = node.args["ifs"]
        node.set("ifs", [item.copy() for item in reversed(ifs)])
        return len(ifs) > 1
    if node is None:
        return False
    one, two = ("low", "high") if isinstance(node, exp.Between) else ("this", "expression")
    if isinstance(node, exp.Coalesce):
        first, rest = node.this.copy(), [item.copy() for item in node.expressions]
        node.set("this", rest[0])
        node.set("expressions", [first, *rest[1:]])
        return True
    first, second = node.args[one].copy(), node.args[two].copy()
    node.set(one, second)
    node.set(two, first)
    return True


def _sorting(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, exp.Ordered)
    if node is None:
        return False
    key = dice.choice(("desc", "nulls_first"))
    node.set(key, not node.args.get(key))
    return True


def _item(tree: exp.Expression, dice: random.Random) -> bool:
    """An output column is dropped, doubled, named otherwise, or changes its name with another."""
    node = _one(tree, dice, exp.Select)
    items = node.expressions if node is not None else []
    if node is None or len(items) < 2 or any(item.is_star for item in items):
        return False
    roll, place = dice.randrange(4), dice.randrange(len(items))
    copies = [item.copy() for item in items]
    if roll == 0:
        del copies[place]
    elif roll == 1:
        copies.append(exp.alias_(exp.Literal.number(dice.randrange(9)), "added"))
    else:
        names = [item.alias_or_name for item in copies]
        other = (place + 1) % len(copies)
        if roll == 2:
            names[place], names[other] = names[other], names[place]
        else:
            names[place] += "_new"
        copies = [exp.alias_(item.this if isinstance(item, exp.Alias) else item, name) for item, name in zip(copies, names, strict=True)]
    node.set("expressions", copies)
    return True


def _kind(tree: exp.Expression, dice: random.Random) -> bool:
    """A cast more, or a negation more."""
    node = _one(tree, dice, exp.Column, exp.In, exp.Is)
    if node is None or isinstance(node.parent, (exp.Ordered, exp.Group)):
        return False
    if isinstance(node, exp.Column):
        node.replace(exp.cast(node.copy(), dice.choice(("VARCHAR", "DOUBLE", "BIGINT"))))
    else:
        node.replace(exp.Not(this=exp.Paren(this=node.copy())))
    return True


def _window(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, exp.Window)
    if node is None:
        return False
    keys = node.args.get("partition_by") or []
    if dice.random() < 0.5 and node.args.get("spec") is None and isinstance(node.this, (exp.Sum, exp.Max)):
        node.set("spec", exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end=exp.Literal.number(1), end_side="FOLLOWING"))
    else:
        node.set("partition_by", [] if keys else [exp.Literal.number(1)])
    return True


def _limit(tree: exp.Expression, dice: random.Random) -> bool:
    node = _one(tree, dice, exp.Select)
    if node is None:
        return False
    node.set("limit", None if node.args.get("limit") else exp.Limit(expression=exp.Literal.number(dice.randint(0, 2))))
    return True


MUTATIONS: Final[dict[str, Callable[[exp.Expression, random.Random], bool]]] = {
    "literal": _literal,
    "operator": _operator,
    "join": _join,
    "filter": _filter,
    "column": _column,
    "distinct": _distinct,
    "arguments": _arguments,
    "sorting": _sorting,
    "item": _item,
    "kind": _kind,
    "window": _window,
    "limit": _limit,
}
