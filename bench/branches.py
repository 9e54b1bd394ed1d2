"""Branches of shop: what `aftershock check` says of each, against what `dbt build` of it then does onto the existing warehouse.

    python -m bench.branches [--only NAME …] [--keep DIR] [--output docs/reference/check-proof.md]

Shop is built once, green, with a few models more (tests/branches/branch_scenarios.py). For each branch its project and warehouse are copied, the branch's
edits made, `dbt compile` run (its manifest is the head) and then `dbt build`. Where a test fails, dbt skips what is below it: a second build without tests
tells who would fail. Every relation that was built is compared with a second build of the base, as a multiset of rows over the columns that both
have, floats to six decimals, less the time of the run. With --keep what dbt did stays in DIR, and the next run with it only asks the check again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec
from fixtures import build
from tests.branches.branch_scenarios import BASE_EDITS, BASE_FILES, BRANCHES, Branch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import IO

    from aftershock.model.changes import CheckReport

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "check-proof.md"
GREEN: Final = "green.duckdb"
REBUILT: Final = "rebuilt.duckdb"
RUN_TIMES: Final = frozenset({"logged_at"})
BUILT: Final = frozenset({"model", "snapshot", "seed"})
PASSED: Final = frozenset({"success", "pass", "no-op", "warn"})
WITHOUT_TESTS: Final = ("build", "--exclude-resource-type", "test", "unit_test")
DECIMALS: Final = 6
MOST_NAMED: Final = 4
DBT: Final = """
import json, os, shutil, sys
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for task in map(json.loads, sys.stdin):
    os.chdir(task["project"])
    for command in task["commands"]:
        ended = dbtRunner().invoke(command)
        if not ended.success:
            break
        shutil.copy("target/manifest.json", f"target/{command[0]}.manifest.json")
    DuckDBConnectionManager.close_all_connections()
    print(json.dumps("" if ended.success else str(ended.exception or "it failed")), file=answers, flush=True)
"""
"""Tasks of commands, each task's until one fails; each command leaves its manifest under its name too. An import of dbt takes as long as a build of shop."""


class Outcome(msgspec.Struct, frozen=True):
    """What one build did: statuses of models, snapshots and seeds; tests that did not pass, by status; what became of the relations that were built."""

    errors: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    tests: dict[str, str] = {}
    lost: dict[str, tuple[str, ...]] = {}
    retyped: dict[str, tuple[str, ...]] = {}
    changed: tuple[str, ...] = ()


class Truth(msgspec.Struct, frozen=True):
    """What dbt did with a branch; `alone` without tests, where one failed; `refused` is what dbt said where it could not even compile."""

    build: Outcome = Outcome()
    alone: Outcome | None = None
    refused: str = ""

    @property
    def fails(self) -> frozenset[str]:
        """Nodes that cannot be built."""
        return frozenset(self.build.errors) | frozenset(self.alone.errors if self.alone else ())

    @property
    def lost(self) -> dict[str, tuple[str, ...]]:
        """Columns of nodes that are built without them."""
        return {**(self.alone.lost if self.alone else {}), **self.build.lost}

    @property
    def unbound(self) -> frozenset[str]:
        """Tests that no longer run."""
        return frozenset(test for test, status in self.build.tests.items() if status == "error")


class Row(NamedTuple):
    """One branch: what was said, what dbt did, and what of it is not right."""

    name: str
    branch: Branch
    report: CheckReport | None
    truth: Truth
    edited: frozenset[str]
    problems: tuple[str, ...]
    said: str


class Dbt:
    """dbt in a process of its own, which stays until it is closed."""

    def __init__(self) -> None:
        """Start it, in an environment that names no user or machine."""
        environment = {"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LANG": "C.UTF-8", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", DBT], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def run(self, project: Path, *commands: tuple[str, ...]) -> str:
        """Run commands in a project as production, until one fails; return what went wrong, empty where nothing did.

        Raises:
            BuildError: dbt's process has ended.
        """
        asked = [[*command, "--target", "prod", "--quiet", "--no-use-colors"] for command in commands]
        tasks, answers = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        tasks.write(json.dumps({"project": str(project), "commands": asked}) + "\n")
        tasks.flush()
        if not (answer := answers.readline()):
            message = f"dbt {commands} in {project}: its process has ended. Run it by hand."
            raise build.BuildError(message)
        return str(json.loads(answer))

    def must(self, project: Path, *commands: tuple[str, ...]) -> None:
        """Run commands that have to succeed.

        Raises:
            BuildError: one does not.
        """
        if wrong := self.run(project, *commands):
            message = f"dbt {commands} in {project}: {wrong}. Run it by hand."
            raise build.BuildError(message)


def prepare(folder: Path, dbt: Dbt, green: Path | None = None) -> Path:
    """Build the base in `folder`, from a green build of shop where there is one, with its artifacts and both warehouses; return its project."""
    project = folder / "base"
    if (project / "target" / REBUILT).exists():
        return project
    build.build_shop(project, full_artifacts=False, green=green)
    edit(project, Branch("base", BASE_EDITS, dict(BASE_FILES)))
    dbt.must(project, ("build",), ("docs", "generate"))
    warehouse = project / "target" / "shop.duckdb"
    shutil.copy(warehouse, project / "target" / GREEN)
    dbt.must(project, ("build",))
    warehouse.rename(project / "target" / REBUILT)
    shutil.copy(project / "target" / "docs.manifest.json", project / "target" / "manifest.json")
    shutil.copy(project / "target" / GREEN, warehouse)
    return project


def play(base: Path, branch: Branch, folder: Path, dbt: Dbt) -> Truth:
    """Make a branch of the base in `folder`, compile and build it there; of its target only the manifest stays, as in CI where dbt only compiled."""
    kept = folder / "truth.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=Truth)
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(
        base, project, ignore=shutil.ignore_patterns("logs", GREEN, REBUILT, "catalog.json", "run_results.json", "*.manifest.json", "*.msgpack", "dbt_packages")
    )
    (project / "dbt_packages").symlink_to(base / "dbt_packages")
    edit(project, branch)
    said = dbt.run(project, ("compile",), ("build",))
    compiled = project / "target" / "compile.manifest.json"
    if not compiled.exists():
        return _kept(kept, Truth(refused=said))
    manifest = compiled.read_bytes()
    first = _outcome(base, project)
    alone = None
    if first.skipped and set(first.tests.values()) & {"error", "fail"}:
        shutil.copy(base / "target" / GREEN, project / "target" / "shop.duckdb")
        dbt.run(project, WITHOUT_TESTS)
        alone = _outcome(base, project)
    shutil.rmtree(project / "target")
    (project / "target").mkdir()
    (project / "target" / "manifest.json").write_bytes(manifest)
    return _kept(kept, Truth(first, alone))


def ask(base: Path, head: Path) -> CheckReport:
    """What `aftershock check` says of a head."""
    from aftershock.artifacts import read_artifacts
    from aftershock.artifacts.target import read_catalog
    from aftershock.changes import check

    return check(read_artifacts(base / "target"), read_artifacts(head), base_catalog=read_catalog(base / "target"))


def judge(name: str, report: CheckReport | None, truth: Truth, kept: Mapping[str, str]) -> Row:
    """Compare what was said of a branch with what dbt did; `kept` is the materialization of every node of the head."""
    branch = BRANCHES[name]
    if report is None:
        return Row(name, branch, None, truth, frozenset(), ("the head cannot be compiled",), "")
    edited = frozenset(change.unique_id for change in report.changes)
    said = "none" if not report.changes else report.changes[0].verdict
    problems = (*_problems(branch, report, truth, edited, kept), *_misjudged(branch, said, truth, edited))
    return Row(name, branch, report, truth, edited, problems, said)


def _problems(branch: Branch, report: CheckReport, truth: Truth, edited: frozenset[str], kept: Mapping[str, str]) -> Iterator[str]:
    """What of the impact is not what dbt did, one phrase each."""
    impact = report.impact
    skipped = frozenset(truth.build.skipped)
    never = skipped & frozenset(truth.alone.skipped if truth.alone else skipped)
    yield from _differs("fails", frozenset(impact.fails), truth.fails, allowed=never)
    yield from _differs("skipped", frozenset(impact.skipped), skipped)
    loses = {(node, column.lower()) for node, columns in impact.loses_columns.items() for column in columns}
    lost = {(node, column.lower()) for node, columns in truth.lost.items() for column in columns if node not in edited}
    keeps = {(node, column) for node, column in loses if kept.get(node) in {"incremental", "snapshot", "seed"}}
    yield from _differs("loses", frozenset(map(".".join, loses)), frozenset(map(".".join, lost)), allowed=frozenset(map(".".join, keeps)))
    reached = {*impact.wrong, *impact.fails, *impact.skipped}
    told = {change.unique_id for change in report.changes if change.verdict != "safe"}
    if missed := sorted(set(truth.build.changed) - reached - told):
        yield f"wrong misses {_names(missed)}"
    if missed := sorted(truth.unbound - set(impact.failing_tests)):
        yield f"failing tests miss {_names(missed)}"
    if branch.verdict == "none" and (reached or truth.build != Outcome()):
        yield "something is said of it, or it does something"


def _differs(what: str, said: frozenset[str], done: frozenset[str], allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    if missed := sorted(done - said):
        yield f"{what} misses {_names(missed)}"
    if extra := sorted(said - done - allowed):
        yield f"{what} has {_names(extra)} in vain"


def _misjudged(branch: Branch, said: str, truth: Truth, edited: frozenset[str]) -> Iterator[str]:
    """Whether the worst verdict is what the branch deserves."""
    due = branch.verdict or deserved(truth, edited)
    if said != due and not (due == "safe" and said == "none"):
        yield f"it is called {said}, and is {due}"


def deserved(truth: Truth, edited: frozenset[str]) -> str:
    """The verdict that what dbt did gives: somebody fails or loses a column; rows or values changed; nothing."""
    if truth.refused or truth.fails or truth.unbound or any(node not in edited for node in truth.lost):
        return "breaking"
    return "risky" if truth.build.changed else "safe"


def edit(project: Path, branch: Branch) -> None:
    """Make the branch's edits.

    Raises:
        BuildError: a text is not there exactly once.
    """
    for path, text in branch.files.items():
        if text is None:
            (project / path).unlink()
        else:
            (project / path).write_text(text, "utf-8")
    for change in branch.edits:
        file = project / change.path
        text = file.read_text("utf-8")
        if text.count(change.old) != 1:
            message = f"{change.path}: `{change.old}` is not there exactly once. Adapt the branch."
            raise build.BuildError(message)
        file.write_text(text.replace(change.old, change.new), "utf-8")


def _outcome(base: Path, project: Path) -> Outcome:
    """Read what the last build of `project` did, beside the second build of the base."""
    results = {item["unique_id"]: item["status"] for item in json.loads((project / "target" / "run_results.json").read_bytes())["results"]}
    nodes = json.loads((project / "target" / "manifest.json").read_bytes())["nodes"]
    old = json.loads((base / "target" / "manifest.json").read_bytes())["nodes"]
    kinds = {key: key.partition(".")[0] for key in results}
    built = [key for key, status in results.items() if kinds[key] in BUILT and status in PASSED and key in old and nodes[key].get("relation_name")]
    before = _relations(base / "target" / REBUILT, {key: old[key]["relation_name"] for key in built})
    after = _relations(project / "target" / "shop.duckdb", {key: nodes[key]["relation_name"] for key in built})
    lost, retyped, changed = {}, {}, []
    for key in sorted(built):
        (types, rows), (new_types, new_rows) = before[key], after[key]
        common = sorted((types.keys() & new_types.keys()) - RUN_TIMES)
        if gone := sorted(types.keys() - new_types.keys()):
            lost[key] = tuple(gone)
        if other := [column for column in common if types[column] != new_types[column]]:
            retyped[key] = tuple(other)
        if _bag(rows, common) != _bag(new_rows, common):
            changed.append(key)
    return Outcome(
        tuple(sorted(key for key, status in results.items() if kinds[key] in BUILT and status == "error")),
        tuple(sorted(key for key, status in results.items() if kinds[key] in BUILT and status == "skipped")),
        {key: status for key, status in sorted(results.items()) if kinds[key] not in BUILT and status not in {*PASSED, "skipped"}},
        lost,
        retyped,
        tuple(changed),
    )


def _relations(warehouse: Path, relations: Mapping[str, str]) -> dict[str, tuple[dict[str, str], list[dict[str, Any]]]]:
    """The columns with their types, and the rows, of relations in a warehouse file."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "shop.duckdb")  # views name their catalog, which is the file's name
        shutil.copy(warehouse, copy)
        with duckdb.connect(str(copy), read_only=True) as connection:
            found = {}
            for key, relation in relations.items():
                cursor = connection.execute(f"select * from {relation}")  # noqa: S608 - our own project
                types = {item[0].lower(): str(item[1]) for item in cursor.description or ()}
                found[key] = types, [dict(zip(types, row, strict=True)) for row in cursor.fetchall()]
    return found


def _bag(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(_plain(row[column]) for column in columns) for row in rows)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever DuckDB gives
    return round(float(value), DECIMALS) if isinstance(value, (float, int, Decimal)) and not isinstance(value, bool) else value


def _kept(path: Path, truth: Truth) -> Truth:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(truth)))
    return truth


def materializations(head: Path) -> dict[str, str]:
    """How every node of a head is stored."""
    nodes = json.loads((head / "manifest.json").read_bytes())["nodes"]
    return {key: node["config"].get("materialized") or node["resource_type"] for key, node in nodes.items()}


def run(folder: Path, only: Sequence[str] = (), green: Path | None = None) -> Iterator[Row]:
    """Play and judge branches in `folder`, all of them where none is named, from a green build of shop where there is one."""
    with closing(Dbt()) as dbt:
        base = prepare(folder, dbt, green)
        for name in [name for name in BRANCHES if not only or name in only]:
            truth = play(base, BRANCHES[name], folder / name, dbt)
            head = folder / name / "project" / "target"
            report = None if truth.refused else ask(base, head)
            yield judge(name, report, truth, {} if truth.refused else materializations(head))


def page(rows: Sequence[Row]) -> str:
    """The page of the docs."""
    right = sum(not row.problems for row in rows)
    lines = [
        "# Does the check say what dbt then does?",
        "",
        "Each row is a branch of one dbt project on DuckDB. `aftershock check` compares it with the base; then `dbt build` of the branch runs onto the",
        "warehouse that the base left, tests included, and every table and view is compared with a second build of the base, row by row.",
        "",
        "- **Fails**, **skipped**, **loses**: who does not build, whom dbt skips for it, which columns a table or view then lacks. These have to be what",
        "  dbt did.",
        "- **Wrong**: whose values or rows change; in brackets how many did, with the data that is there. All that did have to be among them,",
        "  or be changed themselves and not be called safe.",
        "- **Failing tests**: that no longer run or fail. Those that dbt could not run have to be among them; tests that fail for other rows alone are told by",
        "  *wrong*.",
        "- **dbt**: what it did: `ERROR`, `SKIP`, tests that failed, columns lost, relations with other rows.",
        "- A model below a failing test is skipped; whether it fails by itself is told by a second build without tests.",
        "",
        f"{right} of {len(rows)} are right. `bench/branches.py` made this page.",
        "",
        "| change | verdict | fails | skipped | loses | wrong | failing tests | dbt | right |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_line(row) for row in rows]
    noted = [row for row in rows if row.branch.why]
    if noted:
        lines += ["", "What dbt alone does not tell:", ""]
        lines += [f"- {row.branch.change}: {row.branch.why}." for row in noted]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    if row.report is None:
        return f"| {row.branch.change} | | | | | | | cannot compile | no |"
    impact, built = row.report.impact, row.truth.build
    done = [
        f"ERROR {_names(sorted(row.truth.fails))}" if row.truth.fails else "",
        f"SKIP {len(built.skipped)}" if built.skipped else "",
        f"tests {_names(sorted(built.tests))}" if built.tests else "",
        f"lost {_columns(row.truth.lost)}" if row.truth.lost else "",
        f"other rows in {len(built.changed)}" if built.changed else "",
    ]
    hits = len(set(impact.wrong) & set(built.changed))
    cells = [
        row.branch.change,
        "no change" if row.said == "none" else row.said,
        _names(impact.fails),
        str(len(impact.skipped) or ""),
        _columns(impact.loses_columns),
        f"{len(impact.wrong)} ({hits})" if impact.wrong else "",
        _names(impact.failing_tests),
        "; ".join(filter(None, done)) or "nothing",
        f"no: {'; '.join(row.problems)}" if row.problems else "yes",
    ]
    return f"| {' | '.join(cells)} |"


def _names(ids: Sequence[str]) -> str:
    """Nodes by their names, a few of them."""
    short = [_short(item) for item in ids]
    return ", ".join(short[:MOST_NAMED]) + (f" and {len(short) - MOST_NAMED} more" if len(short) > MOST_NAMED else "")


def _short(item: str) -> str:
    kind, _, rest = item.partition(".")
    name = rest.split(".", 1)[-1]
    return name.rpartition(".")[0] if kind == "test" and "." in name else name


def _columns(lost: Mapping[str, Sequence[str]]) -> str:
    return _names([f"{node}.{column}" for node, columns in sorted(lost.items()) for column in columns])


def main(argv: Sequence[str] | None = None) -> int:
    """Play the branches; 1 where one is not right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=BRANCHES, default=[])
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where what dbt did is kept, and found again")
    parser.add_argument("--output", type=Path, help="where the page goes; printed where not given")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="shop-branches-") as scratch:
        folder = options.keep.resolve() if options.keep else Path(scratch)
        rows = []
        for row in run(folder, options.only):
            print(f"{'! ' if row.problems else '  '}{row.name:22} {row.said:10} {'; '.join(row.problems)}", file=sys.stderr, flush=True)
            rows.append(row)
    text = page(rows)
    if options.output:
        options.output.write_text(text, "utf-8")
    else:
        print(text)
    return int(any(row.problems for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
