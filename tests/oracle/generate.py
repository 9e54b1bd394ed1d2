# ruff: noqa: S608 - it writes SQL, and nothing else
"""Random SQL that DuckDB binds, with the truth of every single dropped column.

    python tests/oracle/generate.py --seed 1 --count 100       one JSON object a line
    python tests/oracle/generate.py --seed 1 --count 5 --sql   the statements alone

In code: `generate(seed, count)` yields `Generated` values, the same for the same seed and DuckDB. `disagreements(resolve,
seed, count)` gives what a resolver says otherwise, the shortest statement first. Names collide on purpose (aliases with
columns, columns across tables and with tables), so that a dropped column is often bound anew.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import duckdb
from duckdb_binder import Binder, Drop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLES: Final = {
    "t": ["a", "b", "c"],
    "u": ["a", "d", "e"],
    "v": ["b", "d", "f"],
    "s": ["a", "p STRUCT(x INTEGER, f INTEGER)", "q INTEGER[]"],
}
KINDS: Final = {"p": "struct", "q": "list"}
ALIASES: Final = ("a", "b", "c", "d", "f", "k", "m", "n")
DEPTHS: Final = (0, 1, 1, 2, 2, 3)
"""How deep queries nest, and how often so."""


class Generated(NamedTuple):
    """One statement that binds, its output columns, and what each drop does: {(table, column): Drop}."""

    seed: int
    sql: str
    tables: dict[str, list[str]]
    columns: list[str]
    drops: dict[tuple[str, str], Drop]


class Column(NamedTuple):
    """A column that can be named: its kind is "int", "struct" or "list"."""

    name: str
    kind: str = "int"


@dataclass(frozen=True)
class Scope:
    """What a query's expressions may name: its sources, columns merged by USING, select aliases, the queries around it."""

    sources: tuple[tuple[str, tuple[Column, ...]], ...] = ()
    merged: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    outer: Scope | None = None

    def named(self, kind: str) -> list[str]:
        """Return every way to name a column of a kind, here."""
        found = []
        for alias, columns in self.sources:
            for column in columns:
                if column.kind == kind:
                    found.append(f"{alias}.{column.name}")
                    found.extend([column.name] * (2 if self._clear(column.name) else 0))
        return found

    def star(self) -> list[Column]:
        """Return the columns of `*`."""
        found: list[Column] = []
        for _, columns in self.sources:
            found.extend(column for column in columns if column.name not in self.merged or column.name not in {one.name for one in found})
        return found

    def _clear(self, name: str) -> bool:
        return name in self.merged or sum(name == column.name for _, columns in self.sources for column in columns) == 1


@dataclass
class Writer:
    """Writes one statement. `ctes` are the names in scope, with their columns."""

    dice: random.Random
    ctes: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    names: int = 0
    begun: bool = False

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def fresh(self, prefix: str) -> str:
        """Return a new name, or now and then that of a table or column."""
        self.names += 1
        return self.dice.choice(("t", "u", "b", "d")) if self.chance(0.06) else f"{prefix}{self.names}"

    # Expressions

    def number(self, scope: Scope, depth: int = 2) -> str:  # noqa: PLR0911 - one return a form
        """Return an integer expression without aggregates."""
        roll = self.dice.random()
        if depth <= 0 or roll < 0.55:
            return self.column(scope)
        if roll < 0.66:
            return f"{self.number(scope, depth - 1)} {self.dice.choice('+-*')} {self.number(scope, depth - 1)}"
        if roll < 0.73:
            return f"coalesce({self.number(scope, depth - 1)}, {self.number(scope, depth - 1)})"
        if roll < 0.8:
            return f"case when {self.truth(scope, depth - 1)} then {self.number(scope, depth - 1)} else 0 end"
        if roll < 0.85:
            return self.lambda_(scope, depth)
        if roll < 0.92:
            return f"({self.scalar(scope, depth)})"
        return f"cast({self.number(scope, depth - 1)} as bigint)"

    def column(self, scope: Scope) -> str:
        """Return a column by one of its names: of a source, an alias, a struct's field, or of a query around."""
        if scope.outer and scope.outer.sources and self.chance(0.2):
            return self.column(scope.outer)
        if scope.aliases and self.chance(0.25):
            return self.dice.choice(scope.aliases)
        structs = scope.named("struct")
        if structs and self.chance(0.3):
            return f"{self.dice.choice(structs)}.{self.dice.choice('xf')}"
        named = scope.named("int")
        return self.dice.choice(named) if named else str(self.dice.randrange(9))

    def lambda_(self, scope: Scope, depth: int) -> str:
        lists = [*scope.named("list"), f"[{self.column(scope)}, 1]"]
        name = self.dice.choice(("x", "b", "d"))
        inner = self.dice.choice((name, f"{name} + {self.column(scope)}"))
        if self.chance(0.3):
            return f"list_sum([{inner} for {name} in {self.dice.choice(lists)}])"
        return f"list_sum(list_transform({self.dice.choice(lists)}, lambda {name}: {inner})) + {self.number(scope, depth - 2)}"

    def scalar(self, scope: Scope, depth: int) -> str:
        source, inner = self.source(replace(Scope(), outer=scope), 0)
        where = f" where {self.truth(inner, 0)}" if self.chance(0.5) else ""
        return f"select {self.aggregate(inner, depth - 2)} from {source}{where}"

    def truth(self, scope: Scope, depth: int = 2) -> str:
        """Return a condition."""
        roll = self.dice.random()
        if depth <= 0 or roll < 0.5:
            return f"{self.number(scope, depth - 1)} {self.dice.choice(('=', '>', '<>'))} {self.number(scope, depth - 1)}"
        if roll < 0.6:
            return f"{self.truth(scope, depth - 1)} {self.dice.choice(('and', 'or'))} {self.truth(scope, depth - 1)}"
        if roll < 0.75:
            sign = self.dice.choice(("", "not "))
            return f"{self.number(scope, 0)} {sign}in ({self.members(scope)})"
        if roll < 0.92:
            return f"{self.dice.choice(('', 'not '))}exists ({self.existing(scope)})"
        return f"{self.number(scope, 1)} is not null"

    def members(self, scope: Scope) -> str:
        source, inner = self.source(replace(Scope(), outer=scope), 0)
        where = f" where {self.truth(inner, 1)}" if self.chance(0.5) else ""
        return f"select {self.number(inner, 1)} from {source}{where}"

    def existing(self, scope: Scope) -> str:
        source, inner = self.source(replace(Scope(), outer=scope), 0)
        if self.chance(0.15):
            return f"from {source}"
        return f"select {self.dice.choice(('1', '*', self.column(inner)))} from {source} where {self.truth(inner, 1)}"

    def aggregate(self, scope: Scope, depth: int = 1) -> str:
        name = self.dice.choice(("sum", "max", "min", "count"))
        inner = self.number(replace(scope, aliases=()) if self.chance(0.7) else scope, depth)
        roll = self.dice.random()
        if roll < 0.15:
            return f"count(distinct {inner})"
        if roll < 0.3:
            return f"{name}({inner}) filter (where {self.truth(scope, 0)})"
        if roll < 0.4:
            return f"first({inner} order by {self.column(scope)})"
        return "count(*)" if roll < 0.5 else f"{name}({inner})"

    def window(self, scope: Scope) -> str:
        if scope.windows and self.chance(0.6):
            return f"row_number() over {self.dice.choice(scope.windows)}"
        parts = f"partition by {self.number(scope, 0)} " if self.chance(0.6) else ""
        call = self.dice.choice(("row_number()", f"sum({self.column(scope)})", f"lag({self.column(scope)})"))
        return f"{call} over ({parts}order by {self.number(scope, 1)})"

    # FROM

    def source(self, scope: Scope, depth: int) -> tuple[str, Scope]:
        """Return a FROM clause and the scope that it makes; `scope` gives the queries around."""
        text, entry = self.item(scope, depth)
        inner = replace(scope, sources=(entry,), merged=frozenset())
        for _ in range(self.dice.choice((0, 0, 0, 1, 1, 2)) if depth > 0 else self.chance(0.2)):
            text, inner = self.joined(text, inner, depth)
        return text, inner

    def joined(self, text: str, scope: Scope, depth: int) -> tuple[str, Scope]:
        lateral = self.chance(0.3)
        item, entry = self.item(scope if lateral else replace(scope, sources=()), depth, after=scope if lateral else None)
        both = replace(scope, sources=(*scope.sources, entry))
        shared = [column.name for column in scope.star() if column.name in {one.name for one in entry[1]} and scope._clear(column.name)]
        side = self.dice.choice(("", "left ", "full ", "inner "))
        roll = self.dice.random()
        if shared and roll < 0.3:
            chosen = self.dice.sample(shared, self.dice.randint(1, len(shared)))
            half = self.chance(0.15)
            kind = self.dice.choice(("semi ", "anti ")) if half else side
            return f"{text} {kind}join {item} using ({', '.join(chosen)})", scope if half else replace(both, merged=scope.merged | set(chosen))
        if shared and roll < 0.5:
            return f"{text} natural {side}join {item}", replace(both, merged=scope.merged | set(shared))
        if roll < 0.6:
            return self.dice.choice((f"{text}, {item}", f"{text} cross join {item}")), both
        if roll < 0.66:
            return f"{text} {self.dice.choice(('semi', 'anti'))} join {item} on {self.truth(replace(both, aliases=()), 0)}", scope
        if roll < 0.68:
            return f"{text} positional join {item}", both
        return f"{text} {side}join {item} on {self.truth(replace(both, aliases=()), 1)}", both

    def item(self, scope: Scope, depth: int, after: Scope | None = None) -> tuple[str, tuple[str, tuple[Column, ...]]]:
        """Return one item of a FROM clause: its text, and its alias with its columns."""
        roll = self.dice.random()
        if (depth > 0 or after) and roll < (0.4 if after else 0.3):
            return self.derived(after or scope.outer, max(depth, 1), lateral=bool(after) and self.chance(0.5))
        if roll < 0.33:
            alias, names = self.fresh("z"), self.dice.sample(ALIASES, 2)
            return f"(values (1, 2), (3, 4)) as {alias}({', '.join(names)})", (alias, tuple(Column(name) for name in names))
        if after and roll < 0.5:
            alias, name = self.fresh("z"), self.dice.choice(ALIASES)
            lists = [*after.named("list"), f"[{self.column(after)}]"]
            return f"unnest({self.dice.choice(lists)}) as {alias}({name})", (alias, (Column(name),))
        if roll < (0.54 if after else 0.38):
            return self.pivoted()
        return self.stored()

    def stored(self) -> tuple[str, tuple[str, tuple[Column, ...]]]:
        """Return a table or CTE, sometimes with an alias or new names."""
        name = self.dice.choice([*TABLES, *self.ctes, *self.ctes, *self.ctes])
        columns = self.ctes[name] if name in self.ctes else tuple(Column(one.split()[0], KINDS.get(one.split()[0], "int")) for one in TABLES[name])
        if self.chance(0.5):
            return name, (name, columns)
        alias = self.fresh("x")
        if columns and self.chance(0.15):
            names = self.dice.sample(ALIASES, self.dice.randint(1, min(len(columns), len(ALIASES))))
            kept = {column.name for column in columns[len(names) :]}
            if not kept & set(names):
                renamed = (*(Column(new, old.kind) for new, old in zip(names, columns, strict=False)), *columns[len(names) :])
                return f"{name} as {alias}({', '.join(names)})", (alias, renamed)
        return f"{name} as {alias}", (alias, columns)

    def derived(self, outer: Scope | None, depth: int, *, lateral: bool) -> tuple[str, tuple[str, tuple[Column, ...]]]:
        sql, columns = self.query(depth - 1, outer)
        alias = self.fresh("y")
        if self.chance(0.12) and columns:
            names = self.dice.sample(ALIASES, min(len(columns), len(ALIASES)))
            columns = tuple(Column(new, old.kind) for new, old in zip(names, columns, strict=False)) + columns[len(names) :]
            return f"{'lateral ' if lateral else ''}({sql}) as {alias}({', '.join(names)})", (alias, columns)
        return f"{'lateral ' if lateral else ''}({sql}) as {alias}", (alias, columns)

    def pivoted(self) -> tuple[str, tuple[str, tuple[Column, ...]]]:
        """Return a PIVOT or UNPIVOT of a table of integers."""
        name = self.dice.choice(("t", "u", "v"))
        one, two, three = self.dice.sample(TABLES[name], 3)
        alias = self.fresh("w")
        roll = self.dice.random()
        if roll < 0.3:
            return f"{name} unpivot (n for k in ({one}, {two})) as {alias}", (alias, (Column(three), Column("n")))
        if roll < 0.5:
            return f"(unpivot {name} on columns(* exclude ({one})) into name k value n) as {alias}", (alias, (Column(one), Column("n")))
        group = f" group by {three}" if self.chance(0.4) else ""
        if roll < 0.75:
            return f"(pivot {name} on {one} in (1, 2) using sum({two}) as m{group}) as {alias}", (alias, (Column(three), Column('"1_m"')))
        return f"{name} pivot (max({two}) as m for {one} in (1, 2){group}) as {alias}", (alias, (Column(three), Column('"2_m"')))

    # Queries

    def query(self, depth: int, outer: Scope | None = None) -> tuple[str, tuple[Column, ...]]:
        """Return a query and its columns, with CTEs of its own now and then."""
        saved, first = dict(self.ctes), not self.begun
        self.begun = True
        defined = [self.cte(depth - 1, outer) for _ in range(self.dice.choice((0, 0, 1, 2, 3)) if first else self.chance(0.08))]
        sql, columns = self.sets(depth, outer) if self.chance(0.18) else self.select(depth, outer)
        self.ctes = saved
        return (f"with {', '.join(defined)} {sql}" if defined else sql), columns

    def cte(self, depth: int, outer: Scope | None) -> str:
        name = self.dice.choice(("t", "u", "v")) if self.chance(0.08) else self.fresh("q")
        sql, columns = self.query(max(depth, 0), outer)
        extra = self.dice.choice(("", "", "", " materialized", " not materialized"))
        listed = ""
        if columns and self.chance(0.12):
            names = self.dice.sample(ALIASES, self.dice.randint(1, min(len(columns), len(ALIASES))))
            columns = (*(Column(new, old.kind) for new, old in zip(names, columns, strict=False)), *columns[len(names) :])
            listed = f"({', '.join(names)})"
        self.ctes[name] = columns
        return f"{name}{listed} as{extra} ({sql})"

    def sets(self, depth: int, outer: Scope | None) -> tuple[str, tuple[Column, ...]]:
        """Return a set operation; by name, or as many columns on both sides."""
        left, columns = self.select(depth - 1, outer, bare=True)
        operator = self.dice.choice(("union all", "union", "except", "intersect"))
        if self.chance(0.4):
            right, others = self.select(depth - 1, outer, bare=True)
            known = {column.name for column in columns}
            return f"{left} union {self.dice.choice(('', 'all '))}by name {right}", (*columns, *(one for one in others if one.name not in known))
        source, scope = self.source(replace(Scope(), outer=outer), depth - 1)
        items = ", ".join(self.number(scope, 1) for _ in columns)
        if self.chance(0.25):
            source, items = self.dice.choice(tuple(TABLES)), "*"
        order = f" order by {self.dice.choice([column.name for column in columns] + ['1'])}" if self.chance(0.4) else ""
        return f"{left} {operator} select {items} from {source}{order}", columns

    def select(self, depth: int, outer: Scope | None, *, bare: bool = False) -> tuple[str, tuple[Column, ...]]:
        """Return one SELECT; `bare` without ORDER BY and LIMIT."""
        source, scope = self.source(replace(Scope(), outer=outer), depth)
        window = f" window w as (partition by {self.number(scope, 0)} order by {self.column(scope)})" if self.chance(0.12) else ""
        scope = replace(scope, windows=("w",) if window else ())
        grouped = self.chance(0.28)
        items, columns, aliases, keys = self.grouped(scope) if grouped else self.listed(scope, depth)
        late = replace(scope, aliases=tuple(aliases))
        where = f" where {self.truth(late, min(depth + 1, 2))}" if self.chance(0.45) else ""
        group = self.grouping(keys, aliases, late) if grouped else ""
        having = f" having {self.having(late)}" if grouped and self.chance(0.4) else ""
        qualify = (
            f" qualify {self.window(late)} {self.dice.choice('=<')} {self.column(late) if self.chance(0.4) and not grouped else 1}" if self.chance(0.1) else ""
        )
        distinct = "" if grouped else self.dice.choice(("",) * 8 + ("distinct ", f"distinct on ({self.number(late, 1)}) "))
        tail = "" if bare else self.ordered(late, columns, grouped=grouped)
        return f"select {distinct}{items} from {source}{where}{group}{having}{window}{qualify}{tail}", tuple(columns)

    def listed(self, scope: Scope, depth: int) -> tuple[str, list[Column], list[str], list[str]]:
        """Return a SELECT list without aggregates: its text, columns and aliases."""
        texts: list[str] = []
        columns: list[Column] = []
        aliases: list[str] = []
        for place in range(self.dice.randint(1, 3)):
            if self.chance(0.35):
                text, more = self.star(scope)
                texts.append(text)
                columns.extend(more)
            elif self.chance(0.3):
                name = self.column(replace(scope, outer=None))
                texts.append(name)
                columns.append(Column(name.rpartition(".")[2]))
            else:
                seen = replace(scope, aliases=tuple(aliases) if place else ())
                alias = self.dice.choice(ALIASES)
                value = self.dice.choices((self.number(seen, min(depth, 2)), self.window(seen), self.odd(seen)), (80, 14, 6))[0]
                texts.append(f"{value} as {alias}")
                columns.append(Column(alias))
                aliases.append(alias)
        return ", ".join(texts), columns, aliases, []

    def odd(self, scope: Scope) -> str:
        """Return a value that names no column by its name: a place, a row, a list, all columns."""
        alias = self.dice.choice(scope.sources)[0]
        lists = [*scope.named("list"), f"[{self.column(scope)}]"]
        forms = [f"#{self.dice.randint(1, 3)}", f"hash({alias})", f"count({alias}) over ()", f"len(array(select {self.column(scope)} from v))"]
        forms.extend((f"unnest({self.dice.choice(lists)})", "greatest(*columns(* exclude (a)))", f"({self.column(scope)}, 1)[1]"))
        return self.dice.choice(forms)

    def star(self, scope: Scope) -> tuple[str, list[Column]]:
        """Return a star of some form and its columns."""
        alias, own = self.dice.choice(scope.sources)
        whole = self.chance(0.6)
        prefix, columns = ("*", scope.star()) if whole else (f"{alias}.*", list(own))
        one = self.dice.choice(columns) if columns else Column("a")
        rest = [column for column in columns if column.name != one.name]
        roll = self.dice.random()
        if roll < 0.45:
            return prefix, columns
        if roll < 0.6:
            return f"{prefix} exclude ({one.name})", rest
        if roll < 0.72:
            return f"{prefix} replace ({self.number(replace(scope, outer=None), 1)} as {one.name})", [*rest, Column(one.name)]
        if roll < 0.82:
            return f"{prefix} rename ({one.name} as k)", [*rest, Column("k", one.kind)]
        if roll < 0.9:
            return f"columns('^[{one.name[:1]}b]$')", [column for column in columns if column.name in {one.name, "b"}]
        return f"columns(lambda x: x <> '{one.name}')", rest

    def grouped(self, scope: Scope) -> tuple[str, list[Column], list[str], list[str]]:
        """Return a SELECT list with keys and aggregates, and the keys' expressions."""
        plain = replace(scope, aliases=(), outer=None)
        keys = [self.number(plain, 1 if self.chance(0.3) else 0) for _ in range(self.dice.randint(0, 2))]
        texts: list[str] = []
        columns: list[Column] = []
        aliases: list[str] = []
        for value in [*keys, *(self.aggregate(scope) for _ in range(self.dice.randint(1, 2)))]:
            alias = self.dice.choice(ALIASES)
            texts.append(f"{value} as {alias}")
            columns.append(Column(alias))
            aliases.append(alias)
        return ", ".join(texts), columns, aliases, keys

    def grouping(self, keys: list[str], aliases: list[str], scope: Scope) -> str:
        """Return a GROUP BY of these keys, in one of its forms."""
        if not keys:
            return self.dice.choice(("", "", " group by all", f" group by {self.column(scope)}"))
        forms = [", ".join(keys), "all", ", ".join(str(place + 1) for place in range(len(keys))), ", ".join(aliases[: len(keys)])]
        forms.append(", ".join(self.dice.choice(pair) for pair in zip(keys, aliases, strict=False)))
        forms.append(f"rollup ({', '.join(keys)})")
        forms.append(f"grouping sets (({', '.join(keys)}), ({keys[0]}))")
        forms.append(f"{', '.join(keys)}, {self.column(scope)}")
        return f" group by {self.dice.choice(forms)}"

    def having(self, scope: Scope) -> str:
        return f"{self.dice.choice((self.aggregate(scope), self.dice.choice(scope.aliases)))} > {self.dice.randrange(9)}"

    def ordered(self, scope: Scope, columns: list[Column], *, grouped: bool) -> str:
        """Return ORDER BY and LIMIT, or nothing."""
        if not self.chance(0.35):
            return ""
        aliases = scope.aliases or tuple(column.name for column in columns) or ("1",)
        forms = [self.dice.choice(aliases), "all", str(self.dice.randint(1, max(len(columns), 1))), f"{self.dice.choice(aliases)} + 1"]
        forms.extend([] if grouped else [self.number(scope, 1), self.column(scope), self.window(scope)])
        return f" order by {self.dice.choice(forms)}{self.dice.choice(('', ' desc', ' limit 3'))}"


def write(seed: int) -> str:
    """Return the statement of a seed; DuckDB may refuse it."""
    dice = random.Random(seed)  # noqa: S311 - made-up data
    return Writer(dice).query(dice.choice(DEPTHS))[0]


def generate(seed: int, count: int, *, longest: int = 600) -> Iterator[Generated]:
    """Yield `count` statements that DuckDB binds, from consecutive seeds on, and none longer than `longest`."""
    binder = Binder(TABLES)
    while count:
        sql = write(seed)
        drops = None
        if len(sql) <= longest:
            with suppress(duckdb.Error):  # where DuckDB cannot show the plan
                drops = binder.drops(sql)
        if drops is not None:
            yield Generated(seed, sql, TABLES, binder.columns(sql), drops)
            count -= 1
        seed += 1


def disagreements(
    resolve: Callable[[dict[str, list[str]], str], dict[tuple[str, str], tuple[str, tuple[str, ...]]]], seed: int, count: int
) -> list[tuple[Generated, tuple[str, str], tuple[str, tuple[str, ...]]]]:
    """Return where a resolver says otherwise, the shortest statement first.

    `resolve(tables, sql)` gives {(table, column): (outcome, lost output columns)}; a column that it leaves out "binds".
    """
    found = []
    for one in generate(seed, count):
        said = resolve(one.tables, one.sql)
        for key, truth in one.drops.items():
            answer = said.get(key, ("binds", ()))
            if (answer[0], sorted(answer[1])) != (truth.outcome, sorted(truth.lost)):
                found.append((one, key, answer))
    return sorted(found, key=lambda entry: len(entry[0].sql))


def main() -> int:
    """Print what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--longest", type=int, default=600)
    parser.add_argument("--sql", action="store_true", help="the statements alone")
    options = parser.parse_args()
    for one in generate(options.seed, options.count, longest=options.longest):
        drops = {f"{table}.{column}": drop._asdict() for (table, column), drop in one.drops.items()}
        line = one.sql if options.sql else json.dumps({"seed": one.seed, "sql": one.sql, "columns": one.columns, "drops": drops})
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
