"""Projects whose days go by: the same start, and each day the same legitimate loads, for a warehouse with an incident and for one without."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from repair.warm import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from repair.warm import Dbt

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parents[1] / "fixtures"
DAYS = 3
SINCE_THEN = timedelta(minutes=30)
"""How long ago the last day's job ran: what people do after it happens before the repair."""
NOT_COPIED = shutil.ignore_patterns("target", "logs", "dbt_packages", "package-lock.yml", ".user.yml")
JOB = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")
"""The schedule of a shop whose tests run apart and so stop nothing."""

CLOCK = """{% macro duckdb__current_timestamp() -%}
  {% if env_var('REPAIR_AS_OF', '') %}cast('{{ env_var("REPAIR_AS_OF") }}+00:00' as timestamptz){% else %}now(){% endif %}
{%- endmacro %}
"""
"""What dbt writes as the time of a snapshot follows the clock of the day that is played, not that of the test."""


class Edit(NamedTuple):
    """A change to one file of the project: the only occurrence of ``old`` becomes ``new``."""

    path: str
    old: str
    new: str


class World(NamedTuple):
    """A project, how its sources begin and go on, and which of its columns no two warehouses can share.

    Attributes:
        name: the project's name, also that of its warehouse file.
        project: its files.
        start: the SQL that makes the sources, from the variable ``now``.
        day: the SQL that a day adds, from the variables ``start``, ``previous``, ``now`` and ``day``.
        sources: the schemas that loaders fill.
        first_edits: made before the first build; ``{date}`` is ten days before the start.
        second_edits: made after it; ``{later}`` is four days before the start.
        volatile: columns that hold the time of a run, by table.
        checked: snapshots of the strategy check, whose times are those of runs, with their unique key.
        catalog: whether somebody made dbt's docs once, so that a plan knows the columns of ``select *``.
    """

    name: str
    project: Path
    start: Path
    day: Path
    sources: tuple[str, ...]
    first_edits: tuple[Edit, ...] = ()
    second_edits: tuple[Edit, ...] = ()
    volatile: Mapping[str, tuple[str, ...]] = {}
    checked: Mapping[str, str] = {}
    catalog: bool = False


SHOP = World(
    "shop",
    FIXTURES / "shop",
    FIXTURES / "raw.sql",
    HERE / "shop_days.sql",
    ("raw", "marketing", "logistics"),
    first_edits=(
        Edit("dbt_project.yml", 'history_start: "2026-01-01"', 'history_start: "{date}"'),
        # its ties fall as the rows happen to come, which two builds of the same data need not share
        Edit("models/marts/marketing/customer_segments.py", "    place =", '    spend = spend.sort_values("customer_id")\n    place ='),
    ),
    volatile={"analytics.order_event_log": ("logged_at",)},
    checked={"analytics_snapshots.products_snapshot": "product_id", "analytics_snapshots.customers_snapshot": "customer_id"},
)

LEDGER = World(
    "ledger",
    HERE / "ledger",
    HERE / "ledger_start.sql",
    HERE / "ledger_day.sql",
    ("bank",),
    first_edits=(Edit("dbt_project.yml", 'batches_from: "2026-01-01"', 'batches_from: "{date}"'),),
    second_edits=(Edit("dbt_project.yml", 'batches_from: "{date}"', 'batches_from: "{later}"'),),
    catalog=True,
)
"""Tables that remember more than their source, batches that begin after the oldest rows, and every way of adding rows that the shop lacks."""


class PlayError(Exception):
    """A world that did not go as written: "place: problem"."""


class Truth:
    """The warehouse that never has an incident, kept as it was after each day.

    Day 0 is the first build; the last of the ``DAYS`` days ended just now, so that whoever repairs works within a day of the last build.
    """

    def __init__(self, world: World, dbt: Dbt, folder: Path) -> None:
        """Build the first day and let the others go by, or take what an earlier process kept under ``folder``."""
        self.world, self.dbt, self._folder = world, dbt, folder
        kept = folder / f"truth-{world.name}.txt"
        if kept.exists():
            self.now = datetime.fromisoformat(kept.read_text("utf-8"))
            return
        for day in range(DAYS + 1):
            shutil.rmtree(self.state(day), ignore_errors=True)  # of a process that was stopped
        self.now = datetime.now(timezone.utc).replace(second=0, microsecond=0, tzinfo=None) - SINCE_THEN
        project = self.state(0)
        self._begin(project)
        for day in range(1, DAYS + 1):
            copy(project, self.state(day))
            project = self.state(day)
            self._load(project, day)
            build(self.dbt, project, self.moment(day))
        kept.write_text(self.now.isoformat(), "utf-8")

    def moment(self, day: int) -> datetime:
        """When a day's job runs, in UTC."""
        return self.now - timedelta(days=DAYS - day)

    def state(self, day: int) -> Path:
        """The project as the job of that day left it."""
        return self._folder / f"truth-{self.world.name}-{day}"

    def _begin(self, project: Path) -> None:
        start = self.moment(0)
        shutil.copytree(self.world.project, project, ignore=NOT_COPIED)
        (project / "macros").mkdir(exist_ok=True)
        (project / "macros" / "clock.sql").write_text(CLOCK, "utf-8")
        (project / "target").mkdir()
        dates = {"date": (start - timedelta(days=10)).date().isoformat(), "later": (start - timedelta(days=4)).date().isoformat()}
        edit(project, _dated(self.world.first_edits, dates))
        query(self.world, project, [f"set variable now = timestamp '{start}'", self.world.start.read_text("utf-8")])
        if (project / "packages.yml").exists():
            build(self.dbt, project, start, ("deps",))
        build(self.dbt, project, start)
        if self.world.second_edits:
            edit(project, _dated(self.world.second_edits, dates))
            build(self.dbt, project, start)
        if self.world.catalog:
            build(self.dbt, project, start, ("docs", "generate", "--no-compile"))

    def _load(self, project: Path, day: int) -> None:
        times = {"start": self.moment(0), "previous": self.moment(day - 1), "now": self.moment(day)}
        setting = [f"set variable {name} = timestamp '{moment}'" for name, moment in times.items()]
        query(self.world, project, [*setting, f"set variable day = {day}", self.world.day.read_text("utf-8")])


def warehouse(world: World, project: Path) -> Path:
    """The DuckDB file of a project."""
    return project / "target" / f"{world.name}.duckdb"


def copy(project: Path, to: Path) -> Path:
    """Copy a project with its warehouse and artifacts."""
    shutil.copytree(project, to, symlinks=True)
    return to


def edit(project: Path, edits: Iterable[Edit]) -> None:
    """Make the edits.

    Raises:
        PlayError: a text that is absent or not unique.
    """
    for each in edits:
        path = project / each.path
        text = path.read_text("utf-8")
        if text.count(each.old) != 1:
            raise PlayError(f"{path}: `{each.old}` is not there exactly once")
        path.write_text(text.replace(each.old, each.new), "utf-8")


def _dated(edits: Iterable[Edit], dates: Mapping[str, str]) -> list[Edit]:
    return [Edit(each.path, each.old.format(**dates), each.new.format(**dates)) for each in edits]


def query(world: World, project: Path, statements: Iterable[str]) -> None:
    """Run SQL on a project's warehouse."""
    with duckdb.connect(str(warehouse(world, project))) as connection:
        for statement in statements:
            connection.execute(statement)


def load_as(world: World, project: Path, truth: Path, *, but: Sequence[str] = ()) -> None:
    """Give a project's sources the rows and columns that they have in another project's warehouse, but for some (``schema.table``)."""
    with duckdb.connect(str(warehouse(world, project))) as connection:
        connection.execute(f"attach '{warehouse(world, truth)}' as truth (read_only)")
        tables = connection.execute("select table_schema, table_name from information_schema.tables where table_catalog = 'truth'").fetchall()
        for schema, table in tables:
            if schema in world.sources and f"{schema}.{table}" not in but:
                connection.execute(f'create or replace table "{schema}"."{table}" as select * from truth."{schema}"."{table}"')  # noqa: S608  # as found


def build(dbt: Dbt, project: Path, moment: datetime | None, job: Sequence[str] = JOB, *, fails: bool = False) -> None:
    """Run one dbt command as production, at that moment.

    Raises:
        PlayError: it does not end as it should.
    """
    words = job if job[0] == "deps" else (*job, "--target", "prod")
    run = dbt.run(project, *words, **({AS_OF: moment.isoformat()} if moment else {}))
    if run.returncode != int(fails):
        raise PlayError(f"dbt {' '.join(words)}: exit code {run.returncode}\n" + "\n".join((run.stdout + run.stderr).splitlines()[-30:]))
