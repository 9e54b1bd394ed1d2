# ruff: noqa: S608 - it writes SQL to be judged
"""Is a change told for what it is? Ours against what other tools' authors stated, against DuckDB, and against itself.

    python bench/breaking.py [CASES.jsonl]              the stated cases, a table for each suite, and each disagreement
    python bench/breaking.py --seeds 2000               random queries rewritten and mutated, judged by DuckDB
    python bench/breaking.py --forms TARGET ...         every model of a dbt target against other forms of its own SQL
    python bench/breaking.py --speed TARGET             20 changed models of a project, cold and from the cache

How the vocabularies map:

    ours (QueryDiff)                                  recce               sqlmesh
    same, or columns added                            non_breaking        non_breaking
    columns removed, renamed, retyped, other values   partial_breaking    undetermined_or_breaking
    rows                                              breaking            undetermined_or_breaking
    columns or rows in another order                  (see below)         undetermined_or_breaking
    unread                                            unknown             undetermined_or_breaking

recce: breaking concerns all readers, partial_breaking those of some columns. It calls another ORDER BY breaking and another order of columns non_breaking; we
say either of them without calling it the same, so that neither agrees with `safe`. Measured is, for each case: whether both call it safe or both do not (this
is what must agree), whether the columns that are named are the same, and how far it goes (rows or columns). Where that differs DuckDB is asked, where it can
run both: do the results differ, and in how many rows. The contract cases are bench/contracts.py's.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "oracle")]

import duckdb  # noqa: E402
import sqlglot  # noqa: E402
from comparing_cases import outcomes  # noqa: E402
from sqlglot import exp  # noqa: E402

import aftershock  # noqa: E402
from aftershock.columns.comparing import compare  # noqa: E402
from aftershock.columns.guard import shared  # noqa: E402
from aftershock.columns.jobs import Job, Limits  # noqa: E402
from aftershock.columns.opening import open_lineage  # noqa: E402
from aftershock.model.changes import QueryDiff  # noqa: E402
from aftershock.sql.comparing.comparing import compare_sql  # noqa: E402
from aftershock.sql.comparing.facts import Comparison, Known, Side  # noqa: E402
from aftershock.sql.dialects import dialect_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CASES: Final = ROOT.parent / "shared" / "cases" / "breaking.jsonl"
SAFE: Final = frozenset({"same", "added"})
THEIRS: Final = {
    "non_breaking": frozenset({"same", "added", "order"}),
    "partial_breaking": frozenset({"columns"}),
    "breaking": frozenset({"rows"}),
    "undetermined_or_breaking": frozenset({"columns", "rows", "order", "unread"}),
    "unknown": frozenset({"unread", "columns"}),
}
"""What of ours comes to each of their words."""
CHANGED: Final = 20


class Judged(NamedTuple):
    """One case: what they say, what we say, and what is to be said about it."""

    name: str
    suite: str
    theirs: str
    ours: str
    diff: QueryDiff
    columns: str
    duckdb: str


def level(diff: QueryDiff) -> str:
    """How far a difference goes, in one word."""
    if diff.unread:
        return "unread"
    if diff.rows:
        return "rows"
    if diff.removed or diff.renamed or diff.values or diff.retyped or diff.opaque:
        return "columns"
    if diff.reordered or diff.resorted:
        return "order"
    return "same" if diff.same else "added"


def asked(base: str, head: str, schemas: tuple[Mapping[str, Any], Mapping[str, Any]], dialect: str) -> QueryDiff:
    """Our answer about two texts, by way of the child process that reads untrusted SQL."""
    sides = [
        Side((text,), tuple(_known(name, columns, dialect) for name, columns in schema.items())) for text, schema in zip((base, head), schemas, strict=True)
    ]
    reading = shared(Limits()).read([Job("", "", dialect, pair=Comparison(sides[0], sides[1], dialect))])[0]
    return reading.compared.diff if reading.compared is not None else QueryDiff(unread=reading.reason)


def _known(name: str, columns: Mapping[str, str | None], dialect: str) -> Known:
    key = dialect_of(dialect).key
    return Known(
        name,
        name,
        tuple(part.casefold() for part in name.split(".")),
        tuple((column, key(column), kind or "") for column, kind in columns.items()),
        complete=True,
    )


def judged(case: Mapping[str, Any]) -> Judged | None:
    """One stated case; None where it is not about queries or columns."""
    schemas = (case.get("old_schema") or {}, case.get("new_schema") or case.get("old_schema") or {})
    base, head, dialect = case.get("old_sql"), case.get("new_sql"), case.get("dialect") or ""
    if not base and case.get("old_columns") is not None:
        base, head = (_listing(case[key]) for key in ("old_columns", "new_columns"))
        schemas, dialect = ({}, {}), "duckdb"
    if not base or not head:
        return None
    diff = asked(base, head, schemas, dialect)
    theirs = case.get("expected_category") or (f"not {case['not_category']}" if case.get("not_category") else "")
    fits = level(diff) in THEIRS.get(theirs, frozenset())
    return Judged(case["id"], case["origin"]["suite"], theirs, level(diff), diff, columns_told(case, diff), "" if fits else duckdb_says(base, head, schemas))


def _listing(columns: Mapping[str, str | None]) -> str:
    """A table with these columns, as a query."""
    return "select " + ", ".join(f'cast("{name}" as {kind}) as "{name}"' if kind else f'"{name}"' for name, kind in columns.items()) + " from one_table"


def columns_told(case: Mapping[str, Any], diff: QueryDiff) -> str:
    """Whether the columns that they name are those that we name: ``yes``, ``no``, or empty where they name none."""
    expected = case.get("expected_changed_columns")
    if expected is None or diff.unread:
        return ""
    old, new = ([name for name, _ in diff.renamed], [name for _, name in diff.renamed])
    ours = {name.lower(): "modified" for name, _ in diff.values} | {name.lower(): "modified" for name, _, _ in diff.retyped}
    ours |= {name.lower(): "removed" for name in (*diff.removed, *old)} | {name.lower(): "added" for name in (*diff.added, *new)}
    theirs = {name.lower(): "modified" if how == "unknown" else how for name, how in expected.items()}
    return "yes" if (theirs.items() <= ours.items() if case.get("changed_columns_match") == "contains" else theirs == ours) else "no"


def duckdb_says(base: str, head: str, schemas: tuple[Mapping[str, Any], Mapping[str, Any]]) -> str:
    """What DuckDB makes of both on random rows: the same results, other values, or other rows."""
    found = set()
    for seed in range(20):
        connection, dice = duckdb.connect(":memory:"), random.Random(seed)
        with suppress(duckdb.Error):
            for name, columns in schemas[0].items():
                connection.execute(f"create table {name} ({', '.join(f'{column} integer' for column in columns)})")
                for _ in range(dice.randint(1, 8)):
                    connection.execute(f"insert into {name} values ({', '.join(str(dice.randrange(3)) for _ in columns)})")
            one, two = (connection.execute(sql).fetchall() for sql in (base, head))
            found.add("equal" if sorted(map(repr, one)) == sorted(map(repr, two)) else "other rows" if len(one) != len(two) else "other values")
            if one == two and len(found) == 1:
                continue
    if not found:
        return "cannot run it"
    return "other rows" if "other rows" in found else "other values" if "other values" in found else "equal results"


def stated(path: Path) -> int:
    """Print the stated cases' tables. Returns how many are called safe by us alone."""
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    cases = [found for line in lines if line["origin"]["suite"] != "dbt-core" and (found := judged(line)) is not None]
    wrongly_safe = 0
    for suite in sorted({case.suite for case in cases}):
        mine = [case for case in cases if case.suite == suite]
        named = [case for case in mine if case.theirs in THEIRS]
        print(f"\n{suite}: {len(mine)} cases, {len(named)} with a category")
        words = sorted({case.ours for case in mine})
        print(f"  {'theirs':26}" + "".join(f"{word:>9}" for word in words))
        for theirs in sorted({case.theirs for case in mine}):
            counts = Counter(case.ours for case in mine if case.theirs == theirs)
            print(f"  {theirs or '(columns only)':26}" + "".join(f"{counts[word] or '.':>9}" for word in words))
        safe = [case for case in named if (case.theirs == "non_breaking") == (case.ours in SAFE) or (case.theirs == "non_breaking" and case.ours == "order")]
        fits = [case for case in named if case.ours in THEIRS[case.theirs]]
        told = [case for case in mine if case.columns]
        print(f"  safe or not:  {len(safe)} of {len(named)} agree ({len(safe) / len(named):.1%})")
        print(f"  how far:      {len(fits)} of {len(named)} agree ({len(fits) / len(named):.1%})")
        if told:
            right = sum(case.columns == "yes" for case in told)
            print(f"  columns:      {right} of {len(told)} agree ({right / len(told):.1%})")
        for case in mine:
            wrong_level = case.theirs in THEIRS and case.ours not in THEIRS[case.theirs]
            if wrong_level or case.columns == "no":
                print(
                    f"  - {case.name}\n      theirs {case.theirs}, ours {case.ours}; columns {case.columns or '-'}; DuckDB: {case.duckdb or 'not asked'}; {_short(case.diff)}"
                )
            wrongly_safe += case.ours in SAFE and case.theirs in {"breaking", "undetermined_or_breaking", "not non_breaking"}
            if case.ours in SAFE and case.theirs == "partial_breaking" and case.duckdb != "equal results":
                wrongly_safe += 1
    print("\ncontracts: elsewhere (bench/contracts.py)")
    print(f"called safe by us, and breaking by them: {wrongly_safe}")
    return wrongly_safe


def _short(diff: QueryDiff) -> str:
    said = {name: value for name in diff.__struct_fields__ if (value := getattr(diff, name)) and name != "same"}
    return "; ".join(f"{name} {value}" for name, value in said.items()) or "the same"


def seeds(count: int) -> int:
    """Print what DuckDB says of random queries and their forms. Returns the number of wrong answers."""
    counts, wrong, start = Counter[str](), 0, time.perf_counter()
    for seed in range(count):
        for outcome in outcomes(seed):
            counts[f"{outcome.kind}, results {'differ' if outcome.differs else 'equal'}: {'same' if outcome.diff.same else 'a change'}"] += 1
            if outcome.problem:
                wrong += 1
                print(f"seed {seed}, {outcome.name}: {outcome.problem}\n  {outcome.base}\n  {outcome.head}\n  {_short(outcome.diff)}")
    for what, number in sorted(counts.items()):
        print(f"{number:7} {what}")
    print(f"{sum(counts.values())} comparisons in {time.perf_counter() - start:.0f} s, {wrong} wrong")
    return wrong


def forms(sql: str, dialect: str) -> Iterator[tuple[str, str]]:
    """The same query as sqlglot prints it, without comments, with keywords in capitals, and with other names for its CTEs."""
    read = dialect_of(dialect).read
    tree = sqlglot.parse_one(sql, read=read)
    yield "pretty", tree.sql(dialect=read, pretty=True)
    yield "without comments", tree.sql(dialect=read, comments=False)
    parts, last = [], 0
    for token in sqlglot.tokenize(sql, read=read):
        written = sql[token.start : token.end + 1]
        parts.extend((sql[last : token.start], written.upper() if written.lower() in KEYWORDS else written))
        last = token.end + 1
    yield "capitals", "".join(parts) + sql[last:]
    names = {cte.alias: f"zz_{cte.alias}" for cte in tree.find_all(exp.CTE) if not cte.alias.startswith("__dbt__cte__")}
    for table in tree.find_all(exp.Table):
        new = next((names[name] for name in names if name.lower() == table.name.lower() and not table.db), None)
        if new:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=table.this.copy()))
            table.set("this", exp.to_identifier(new))
    for cte in tree.find_all(exp.CTE):
        if cte.alias in names:
            cte.args["alias"].set("this", exp.to_identifier(names[cte.alias]))
    yield "CTEs renamed", tree.sql(dialect=read)


KEYWORDS: Final = frozenset(
    [
        "select",
        "from",
        "where",
        "group",
        "by",
        "order",
        "having",
        "qualify",
        "join",
        "left",
        "right",
        "full",
        "inner",
        "outer",
        "cross",
        "on",
        "using",
        "as",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "case",
        "when",
        "then",
        "else",
        "end",
        "union",
        "all",
        "distinct",
        "with",
        "over",
        "partition",
        "between",
        "like",
        "cast",
        "limit",
    ]
)


def formed(targets: Iterable[Path]) -> int:
    """Print how many forms of each project's models are told from the original. Returns that number."""
    wrong = 0
    for target in targets:
        lineage = open_lineage(aftershock.read_artifacts(target))
        ids = [name for name in lineage.code.nodes if name.startswith(("model.", "snapshot.")) and lineage.readings.compiled(name).strip()]
        count, unprinted, found = 0, 0, Counter[str]()
        for name in ids:
            sql = lineage.readings.compiled(name)
            side = Side((sql,))
            try:
                made = list(forms(sql, lineage.readings.adapter))
            except sqlglot.errors.SqlglotError:
                unprinted += 1
                continue
            for form, other in made:
                count += 1
                diff = compare_sql(Comparison(side, Side((other,)), lineage.readings.adapter)).diff
                if not diff.same:
                    found[form] += 1
                    print(f"  {name} ({form}): {_short(diff)[:300]}")
        wrong += sum(found.values())
        print(
            f"{target.name}: {len(ids)} models, {count} forms, {sum(found.values())} told from the original {dict(found) or ''}, {unprinted} models that sqlglot cannot parse"
        )
    return wrong


def speed(target: Path) -> None:
    """Print how long 20 changed models take: with nothing kept, and again with everything kept but the answers' own processes."""
    data = json.loads((target / "manifest.json").read_bytes())
    names = [name for name, node in data["nodes"].items() if name.startswith("model.") and len(node.get("compiled_code") or "") > 1500]  # noqa: PLR2004  # real models
    chosen = random.Random(0).sample(names, CHANGED)
    for place, name in enumerate(chosen):
        sql = data["nodes"][name]["compiled_code"]
        data["nodes"][name]["compiled_code"] = f"select * from (\n{sql}\n) as whole where 1 = {place % 2 + 1}" if place % 2 else f"-- a comment\n{sql}"
    content = json.dumps(data).encode()
    store: dict[bytes, bytes] = {}
    for run in ("cold", "warm"):
        base = open_lineage(aftershock.read_artifacts(target), store=_Kept(store))
        head = open_lineage(aftershock.artifacts_from_bytes(content), data=content, store=_Kept(store))
        base.code, head.code  # noqa: B018  # decoding both manifests is not what is measured
        start = time.perf_counter()
        found = compare(base, head, [(name, name) for name in chosen])
        print(f"{run}: {len(found)} models in {time.perf_counter() - start:.2f} s, {sum(diff.same for diff in found.values())} the same")


class _Kept:
    def __init__(self, kept: dict[bytes, bytes]) -> None:
        self.kept = kept

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, values: Mapping[bytes, bytes]) -> None:
        self.kept.update(values)


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--forms", nargs="+", type=Path, default=[])
    parser.add_argument("--speed", type=Path)
    asked_for = parser.parse_args()
    wrong = seeds(asked_for.seeds) if asked_for.seeds else 0
    wrong += formed(asked_for.forms)
    if asked_for.speed is not None:
        speed(asked_for.speed)
    if asked_for.cases is not None or not (asked_for.seeds or asked_for.forms or asked_for.speed):
        wrong += stated(asked_for.cases or CASES)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
