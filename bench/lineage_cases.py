"""Score column lineage on cases that other tools' authors and engines stated: aftershock and plain sqlglot side by side.

    python -m bench.lineage_cases [CASES.jsonl] [--misses] [--tier core] [--sqlglot-python PYTHON]

A case passes where every output column that it expects has the sources that it expects (`exact`: these and no
others; `partial`: these at least). The comparison is the same for both engines, and lenient in what is convention:

- Names are compared without case and quotes, a table by as many of its last parts as both sides give.
- An expected column is looked up by its name. Where that name is unknown, and where it does not fit, the columns are
  compared by their place: an INSERT's target has other names than its query.
- A column without a source is no difference, on either side. Neither are the fields of a struct that is expected too.

sqlglot is asked once per output column, with the schema, for the query inside an INSERT or CREATE; an error is a miss
of that column. `--sqlglot-python` asks another interpreter's sqlglot (it needs sqlglot alone), for an older version.
A silent loss is a miss of aftershock where an expected edge is absent although nothing was called unread or unknown.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_REPOSITORY: Final = Path(__file__).parent.parent
_CASES: Final = _REPOSITORY.parent / "shared" / "cases" / "column_lineage.jsonl"
_EXACT: Final = "exact"
_OURS: Final = "column_lineage"
"""aftershock's function, looked up by its name so that sqlglot can be scored without it."""

Source: TypeAlias = "tuple[str, ...]"
"""A column of a table, the column last: ("schema", "table", "column")."""


@dataclass(frozen=True, slots=True)
class Case:
    """One statement and the sources of its output columns, in the order that its author gave."""

    name: str
    suite: str
    tier: str
    dialect: str
    sql: str
    schema: dict[str, dict[str, str | None]]
    sources: dict[str, str]
    expected: tuple[tuple[str, frozenset[Source]], ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine says: output columns with their sources, in order; `doubt` is what it says that it does not know."""

    columns: tuple[tuple[str, tuple[str, ...]], ...] = ()
    doubt: str = ""
    error: str = ""

    @property
    def parsed(self) -> tuple[tuple[str, frozenset[Source]], ...]:
        """The columns with names that compare."""
        return tuple((plain(name), parse_sources(sources)) for name, sources in self.columns)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One engine on one case; `silent` is an absent edge without a word of doubt."""

    case: Case
    answer: Answer
    passed: bool
    silent: bool


def plain(name: str) -> str:
    """Return a name without quotes and case."""
    return name.translate(str.maketrans("", "", "\"`[]'")).strip().lower()


def parse_sources(sources: Iterable[str]) -> frozenset[Source]:
    """Return dotted names as tuples; a bare name stays alone."""
    return frozenset(tuple(plain(source).split(".")) for source in sources)


def read_cases(path: Path) -> Iterator[Case]:
    """Yield the cases of a file of one JSON object a line that expect something."""
    for line in path.read_text("utf-8").splitlines():
        raw = json.loads(line)
        if raw.get("expected"):
            yield _case(raw)


def _case(raw: dict[str, Any]) -> Case:
    """Return one case of the file."""
    expected = {plain(name): parse_sources(sources) for name, sources in raw["expected"].items()}
    return Case(
        name=raw["id"],
        suite=raw["origin"]["suite"],
        tier=raw["tier"],
        dialect=raw["sqlglot_dialect"] or "",
        sql=raw["sql"],
        schema=raw.get("schema") or {},
        sources=raw.get("sources") or {},
        expected=tuple((name, sources) for name, sources in expected.items() if name.rpartition(".")[0] not in expected),
        exact=raw["match"] == _EXACT,
    )


def score(case: Case, answer: Answer) -> Outcome:
    """Compare one answer with what the case expects.

    Where no schema is given, nobody can list what a star passes on. An engine that says so (``*`` from ``t.*``) has said which column each
    output column comes from, under its own name: such an answer is unfolded to the names that are expected.
    """
    expected = _merged(case.expected)
    found = _unfolded(_merged(answer.parsed), expected)
    readings = [(expected, found), (_fed(expected), _fed(found))]
    tried = [(wanted, rename(wanted, given)) for wanted, given in readings for rename in (_by_name, _by_place)]
    passed = any(_fits(case, wanted, given) for wanted, given in tried)
    absent = not any(all(_covers(sources, theirs) for sources, theirs in _pairs(wanted, given)) for wanted, given in tried)
    return Outcome(case, answer, passed, silent=absent and not answer.doubt and not answer.error)


Columns: TypeAlias = "dict[str, frozenset[Source]]"


def _unfolded(found: Columns, expected: Columns) -> Columns:
    """Return what was found with a star's columns listed, as far as they are expected."""
    stars = [source[:-1] for source in found.get("*", ()) if source[-1] == "*"]
    if not stars:
        return found
    passed = {
        name: frozenset(source for source in sources if any(_same(source[:-1], star) for star in stars))
        for name, sources in expected.items()
        if name not in found and all(source[-1] == name for source in sources)
    }
    rest = found["*"] - {(*star, "*") for star in stars}
    return {**{name: sources for name, sources in found.items() if name != "*"}, **passed, **({"*": rest} if rest else {})}


def _merged(columns: Iterable[tuple[str, frozenset[Source]]]) -> Columns:
    """Return columns by name; two of one name are one."""
    merged: Columns = {}
    for name, sources in columns:
        merged[name] = merged.get(name, frozenset()) | sources
    return merged


def _fed(columns: Columns) -> Columns:
    """Return the columns that have a source."""
    return {name: sources for name, sources in columns.items() if sources}


def _by_name(expected: Columns, found: Columns) -> Columns:
    """Rename what was found to what is expected: a known name stays, the others follow each other in order."""
    others = [name for name in expected if name not in found]
    renamed = {}
    for name, sources in found.items():
        renamed[name if name in expected or not others else others.pop(0)] = sources
    return renamed


def _by_place(expected: Columns, found: Columns) -> Columns:
    """Rename what was found by its place alone."""
    names = [*expected, *(f"#{place}" for place in range(len(found)))]
    return dict(zip(names, found.values(), strict=False))


def _pairs(expected: Columns, found: Columns) -> Iterator[tuple[frozenset[Source], frozenset[Source]]]:
    """Yield the sources of each column that either side has: the expected and the found ones."""
    for name in [*expected, *(other for other in found if other not in expected)]:
        yield expected.get(name, frozenset()), found.get(name, frozenset())


def _fits(case: Case, expected: Columns, found: Columns) -> bool:
    """Return whether every column has what is expected, and for an exact case nothing else."""
    pairs = list(_pairs(expected, found))
    return all(_covers(sources, theirs) and (not case.exact or _covers(theirs, sources)) for sources, theirs in pairs)


def _covers(wanted: frozenset[Source], given: frozenset[Source]) -> bool:
    """Return whether each wanted source is given, by as many last parts as both have."""
    return all(any(_same(source, other) for other in given) for source in wanted)


def _same(one: Source, two: Source) -> bool:
    shared = min(len(one), len(two))
    return one[-shared:] == two[-shared:]


def by_aftershock(case: Case) -> Answer:
    """Ask aftershock."""
    import aftershock as ours

    result: Any = getattr(ours, _OURS)(_with_sources(case), dialect=case.dialect, schema=case.schema)
    columns = tuple((name, tuple(sorted(sources))) for name, sources in result.direct().items())
    doubt = "; ".join([*([str(result.unread)] if result.unread else []), *(str(reference) for reference in result.unknown)])
    return Answer(columns, doubt=doubt)


def _with_sources(case: Case) -> str:
    """Return the statement with the views that it reads put in place of their names."""
    if not case.sources:
        return case.sql
    from sqlglot import exp, parse_one

    views: dict[str, Any] = {name: parse_one(sql, dialect=case.dialect) for name, sql in case.sources.items()}
    return exp.expand(parse_one(case.sql, dialect=case.dialect), views, dialect=case.dialect).sql(dialect=case.dialect)


def by_sqlglot(case: Case) -> Answer:
    """Ask plain sqlglot for each output column of the statement's query, and for each expected name that it knows."""
    query, named = _query(case)
    schema = _nested(case.schema) if case.schema else None
    columns, errors = [], []
    for label, name in _labels(case, query, named, schema):
        sources, error = _leaves(case, query, name, schema)
        columns.append((label, sources))
        errors.extend([f"{name}: {error}"] if error else [])
    return Answer(tuple(columns), error="; ".join(errors))


def _query(case: Case) -> tuple[Any, list[str]]:
    """Return the query of a statement, and the names that an INSERT or CREATE gives to its columns."""
    from sqlglot import exp, parse_one

    statement = parse_one(case.sql, dialect=case.dialect)
    if not isinstance(statement, (exp.Insert, exp.Create)):
        return statement, []
    named = [column.name for column in statement.this.expressions] if isinstance(statement.this, exp.Schema) else []
    query = statement.expression.unnest().copy()
    if statement.args.get("with_"):
        query.set("with_", statement.args["with_"].copy())
    return query, named


def _labels(case: Case, query: Any, named: list[str], schema: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - sqlglot's own types
    """Return what to call each column and what to ask sqlglot for; a star stands for the names that are expected."""
    names = [name for name in _selected(case, query, schema) if name]
    if named and len(named) == len(names):
        return list(zip(named, names, strict=True))
    known = {plain(name) for name in names}
    if "*" in known:
        return [(name, name) for name, _ in case.expected]
    return [(name, name) for name in names]


def _selected(case: Case, query: Any, schema: Any) -> list[str]:  # noqa: ANN401 - sqlglot's own types
    """Return the names of a query's columns, its stars expanded where sqlglot can."""
    from sqlglot.optimizer.qualify import qualify

    try:
        known = qualify(query.copy(), dialect=case.dialect, schema=schema, validate_qualify_columns=False, identify=False)
    except Exception:  # noqa: BLE001 - it will fail again when it is asked for a column
        known = query
    return list(known.named_selects) or list(query.named_selects)


def _leaves(case: Case, query: Any, name: str, schema: Any) -> tuple[tuple[str, ...], str]:  # noqa: ANN401 - sqlglot's own types
    """Return the columns of tables at which sqlglot's lineage of one column ends, or why it has none."""
    from sqlglot import exp
    from sqlglot.lineage import lineage

    try:
        root = lineage(name, query.copy(), schema=schema, sources=case.sources or None, dialect=case.dialect)
    except Exception as error:  # noqa: BLE001 - whatever it raises, it does not know the column
        return (), f"{type(error).__name__}: {str(error)[:80]}"
    leaves = set()
    waiting = [(root, name)]
    while waiting:
        node, reader = waiting.pop()
        column = node.name.rpartition(".")[2]
        known = reader if column == "*" else column  # a star hands on the column that is read of it
        waiting.extend((child, known) for child in node.downstream)
        if not node.downstream and isinstance(node.expression, exp.Table):
            leaves.add(".".join([*(part.name for part in node.expression.parts), known]))
    return tuple(sorted(leaves)), ""


def _nested(schema: dict[str, dict[str, str | None]]) -> dict[str, Any]:
    """Return a schema as sqlglot takes it: a dictionary for each part of a name."""
    nested: dict[str, Any] = {}
    for table, columns in schema.items():
        place = nested
        for part in table.split("."):
            place = place.setdefault(part, {})
        place.update({column: type_ or "unknown" for column, type_ in columns.items()})
    return nested


Engine: TypeAlias = "Callable[[Case], Answer]"


def ask(engine: Engine, case: Case) -> Answer:
    """Return an engine's answer; what it raises is one."""
    try:
        return engine(case)
    except Exception as error:  # noqa: BLE001 - whatever an engine raises is its answer
        return Answer(error=f"{type(error).__name__}: {str(error)[:120]}")


def ask_elsewhere(python: str, path: Path) -> dict[str, Answer]:
    """Ask the sqlglot of another interpreter for all cases; return its answers by the cases' names."""
    done = subprocess.run([python, "-m", "bench.lineage_cases", str(path), "--worker"], cwd=_REPOSITORY, check=True, capture_output=True, text=True)
    answers = {}
    for line in done.stdout.splitlines():
        raw = json.loads(line)
        columns = tuple((name, tuple(sources)) for name, sources in raw["columns"])
        answers[raw["name"]] = Answer(columns, raw["doubt"], raw["error"])
    return answers


def _recalled(answers: dict[str, Answer]) -> Engine:
    """Return an engine that knows its answers already."""
    return lambda case: answers[case.name]


def answer_all(cases: Sequence[Case], options: argparse.Namespace) -> dict[str, list[Outcome]]:
    """Return the outcomes of both engines; aftershock is left out where it cannot answer yet."""
    engines: dict[str, Engine] = {"sqlglot": by_sqlglot}
    if options.sqlglot_python:
        engines = {"sqlglot": _recalled(ask_elsewhere(options.sqlglot_python, options.cases))}
    if _has_ours():
        engines = {"aftershock": by_aftershock, **engines}
    return {name: [score(case, ask(engine, case)) for case in cases] for name, engine in engines.items()}


def _has_ours() -> bool:
    """Return whether aftershock is here and can be asked."""
    try:
        import aftershock
    except ImportError:
        return False
    return hasattr(aftershock, _OURS)


def table(outcomes: dict[str, list[Outcome]]) -> str:
    """Return passed of total, suite by suite and tier by tier, then core, then all."""
    lines = [("", *outcomes, *(f"silent, {who}" for who in outcomes))]
    some = next(iter(outcomes.values()))
    groups = sorted({(outcome.case.suite, outcome.case.tier) for outcome in some})
    lines.extend(_line(f"{suite}, {tier}", outcomes, {suite}, {tier}) for suite, tier in groups)
    suites = {suite for suite, _ in groups}
    tiers = sorted({tier for _, tier in groups})
    lines.extend(_line(f"all, {tier}", outcomes, suites, {tier}) for tier in tiers)
    lines.append(_line("all", outcomes, suites, set(tiers)))
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _line(label: str, outcomes: dict[str, list[Outcome]], suites: set[str], tiers: set[str]) -> tuple[str, ...]:
    """Return one line of the table."""
    chosen = {who: [one for one in theirs if one.case.suite in suites and one.case.tier in tiers] for who, theirs in outcomes.items()}
    passed = [f"{sum(one.passed for one in theirs)} of {len(theirs)} ({sum(one.passed for one in theirs) / len(theirs):.1%})" for theirs in chosen.values()]
    return (label, *passed, *(str(sum(one.silent for one in theirs)) for theirs in chosen.values()))


def misses(who: str, outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield each miss with its statement, what is expected and what was found."""
    for outcome in outcomes:
        if not outcome.passed:
            case = outcome.case
            wanted = {name: sorted(".".join(source) for source in sources) for name, sources in case.expected}
            found = {name: list(sources) for name, sources in outcome.answer.columns}
            remark = " SILENT" if outcome.silent else ""
            yield f"--- {who}{remark}: {case.name} [{case.dialect or 'no dialect'}, {case.tier}]\n{case.sql.strip()}"
            yield f"expected {'=' if case.exact else '>='} {json.dumps(wanted)}\n     got   {json.dumps(found)}"
            yield f"   says   {outcome.answer.doubt or '-'} | error {outcome.answer.error or '-'}\n"


def main() -> int:
    """Score both engines and print the table; 1 where aftershock loses an edge in silence."""
    options = _options()
    cases = [case for case in read_cases(options.cases) if options.tier in {"all", case.tier} and options.only in case.name]
    if options.worker:
        for case in cases:
            print(json.dumps({"name": case.name, **asdict(ask(by_sqlglot, case))}))
        return 0
    outcomes = answer_all(cases, options)
    if options.misses:
        for who in options.misses.split(",") if isinstance(options.misses, str) else outcomes:
            print("\n".join(misses(who, outcomes.get(who, []))))
    print(table(outcomes))
    reasons = Counter(bool(one.answer.error) for one in outcomes["sqlglot"] if not one.passed)
    print(f"sqlglot {_version(options.sqlglot_python)}: {reasons[True]} misses with an error, {reasons[False]} without")
    return 1 if any(one.silent for one in outcomes.get("aftershock", [])) else 0


def _version(python: str) -> str:
    """Return the version of sqlglot that was asked."""
    done = subprocess.run([python or sys.executable, "-c", "import sqlglot; print(sqlglot.__version__)"], check=False, capture_output=True, text=True)
    return done.stdout.strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, nargs="?", default=_CASES)
    parser.add_argument("--misses", nargs="?", const=True, default=False, metavar="ENGINE", help="show the misses, of one engine or of both")
    parser.add_argument("--tier", default="all", choices=("all", "core", "quirk", "out_of_scope"))
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose id has this text")
    parser.add_argument("--sqlglot-python", default="", metavar="PYTHON", help="the interpreter whose sqlglot is asked")
    parser.add_argument("--worker", action="store_true", help="write sqlglot's answers as JSON lines, for another interpreter")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
