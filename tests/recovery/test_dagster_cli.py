"""Dagster itself takes the commands, and materializes what the plan says. It does not go with our pins, so it has an environment of its own."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.once import AT_A_DESK

import aftershock
from aftershock.artifacts.manifest import read_manifest
from aftershock.model import Phase, RecoveryPlan, Step
from aftershock.recovery.dagster import CodeLocation, as_dagster
from aftershock.recovery.dagster_keys import asset_key, is_asset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model import Node

ROOT = Path(__file__).parents[2]
BIN = ROOT / ".make" / "dagster" / "bin"
GREEN = ROOT / "fixtures" / "artifacts" / "green" / "manifest.json.gz"
SETTINGS = "telemetry:\n  enabled: false\n"
MODULE = CodeLocation(module="dagster_shop", op="tables")
ORDERS = ("hourly_orders", "daily_orders", "monthly_orders")
TABLES = ("main.raw_orders", "main.stg_orders", *(f"main.{name}" for name in ORDERS), "main_marts.big_orders", "main.customers")

pytestmark = [
    pytest.mark.dbt,
    pytest.mark.skipif(not (BIN / "dagster").exists(), reason="Dagster is not installed: make dagster"),
]


class Shop:
    """A built project in a folder of its own, with an instance of Dagster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "DAGSTER_HOME": str(folder / "home")}

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(BIN / argv[0]), *argv[1:]], cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False)

    def done(self, *argv: str) -> str:
        result = self.run(*argv)
        said = result.stdout + result.stderr
        assert result.returncode == 0, f"{argv}: {said[-3000:]}"
        return said

    def asked(self, *words: str) -> Any:  # noqa: ANN401  # JSON
        result = self.run("python", "asked.py", *words)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def rows(self, *statements: str) -> list[list[Any]]:
        found: list[list[Any]] = self.asked("rows", "shop.duckdb", *statements)
        return found

    def tables(self) -> dict[str, list[list[Any]]]:
        columns = ", ".join(f"(select list(t order by t) from {table} t)" for table in TABLES)  # noqa: S608  # our own names
        return dict(zip(TABLES, self.rows(f"select {columns}")[0], strict=True))

    @property
    def nodes(self) -> dict[str, Node]:
        return read_manifest((self.folder / "target" / "manifest.json").read_bytes(), "manifest.json").nodes


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dagster") / "shop"
    shutil.copytree(ROOT / "tests" / "dagster_project", folder)
    (folder / "home").mkdir()
    (folder / "home" / "dagster.yaml").write_text(SETTINGS, "utf-8")
    shop = Shop(folder)
    shop.done("dbt", "build", "--exclude", "hourly_orders", "--event-time-start", "2024-03-01", "--event-time-end", "2024-03-05")
    shop.done("dbt", "run", "--select", "hourly_orders", "--event-time-start", "2024-03-01T00:00:00", "--event-time-end", "2024-03-01T06:00:00")
    return folder


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Shop:
    shutil.copytree(built, tmp_path / "shop")
    return Shop(tmp_path / "shop")


def dbt(kind: str, *names: str, flags: Sequence[str] = ()) -> Step:
    return Step(kind, tuple(f"model.shop.{name}" for name in names), "It is needed.", argv=("dbt", "run", "--select", *names, *flags))


def between(start: str, end: str) -> tuple[str, ...]:
    return ("--event-time-start", start, "--event-time-end", end)


def command(shop: Shop, step: Step, location: CodeLocation) -> tuple[str, ...]:
    (phase,) = as_dagster(RecoveryPlan((Phase("plain", (step,)),)), shop.nodes, location).phases
    return phase.steps[0].argv


def test_keys_are_those_of_the_default_translator(shop: Shop) -> None:
    paths = [GREEN, shop.folder / "target" / "manifest.json"]
    for path, expected in zip(paths, shop.asked("keys", *map(str, paths)), strict=True):
        data = path.read_bytes()
        nodes = read_manifest(gzip.decompress(data) if path.suffix == ".gz" else data, path.name).nodes
        assert {unique_id: [list(asset_key(nodes[unique_id])), is_asset(nodes[unique_id])] for unique_id in expected} == expected


def test_a_plan_repairs_what_is_bad_and_nothing_else(shop: Shop) -> None:
    right = shop.tables()
    hours = "ordered_at >= '2024-03-01 02:00' and ordered_at < '2024-03-01 05:00'"
    bad = [f"update main.{name} set amount = -1 where {hours}" for name in ("stg_orders", *ORDERS)]  # noqa: S608  # as above
    outside = ["update main.hourly_orders set amount = -7 where id = 1", "update main.daily_orders set amount = -7 where id = 8"]
    shop.rows(*bad, "update main_marts.big_orders set amount = -1 where id = 5", "update main.customers set amount = -1", *outside, "select 1")

    artifacts = aftershock.read_artifacts(shop.folder / "target")
    report = aftershock.assess(artifacts, "stg_orders", "data-quality", since="2024-03-01T02:00", until="2024-03-01T05:00")
    plan = as_dagster(report.recovery, artifacts.project.nodes, MODULE)
    commands = [step.argv for phase in plan.phases for step in phase.steps if step.argv[:1] == ("dagster",) and step.kind != "snapshot"]
    for argv in commands:
        shop.done(*argv)

    shop.rows("update main.hourly_orders set amount = 10 where id = 1", "update main.daily_orders set amount = 80 where id = 8 and amount = -7", "select 1")
    assert shop.tables() == right
    batches = [["hourly_orders", f"2024-03-01-{hour}:00"] for hour in ("02", "03", "04")]
    whole = [["crm/customers", None], ["marts/big_orders", None], ["stg_orders", None]]
    assert sorted(sorted(run["assets"]) for run in shop.asked("runs")) == sorted(
        [whole, batches, [["daily_orders", "2024-03-01"]], [["monthly_orders", "2024-03-01"]]]
    )


def test_what_is_outside_the_window_is_left(shop: Shop) -> None:
    shop.rows("update main.daily_orders set amount = -7", "select 1")
    argv = command(shop, dbt("window", "daily_orders", flags=between("2024-03-02T00:00:00", "2024-03-04T00:00:00")), CodeLocation())
    assert argv == ("dg", "launch", "--assets", "daily_orders", "--partition-range", "2024-03-02...2024-03-03")
    shop.done(*argv)
    assert shop.rows("select id, amount from main.daily_orders where amount <> -7 order by id") == [[7, 70], [8, 80]]
    assert [run["assets"] for run in shop.asked("runs")] == [[["daily_orders", "2024-03-02"], ["daily_orders", "2024-03-03"]]]


SHAPES = [
    (
        dbt("window", "monthly_orders", flags=between("2024-03-01T00:00:00", "2024-04-01T00:00:00")),
        CodeLocation(module="dagster_shop", launcher="dg"),
        [["monthly_orders", "2024-03-01"]],
        "--event-time-start 2024-03-01T00:00:00 --event-time-end 2024-04-01T00:00:00",
    ),
    (
        dbt("full-refresh", "big_orders", flags=("--full-refresh",)),
        CodeLocation(file="dagster_shop.py", directory=".", op="tables"),
        [["marts/big_orders", None]],
        "dbt build --full-refresh",
    ),
    (
        dbt("full-refresh", "plan.v1", "customers", flags=("--full-refresh",)),
        CodeLocation(op="tables"),
        [["crm/customers", None], ["plan_v1", None]],
        "dbt build --full-refresh",
    ),
]


@pytest.mark.parametrize(
    ("step", "location", "assets", "said"),
    [
        pytest.param(*SHAPES[0], id="dg and a module"),
        pytest.param(*SHAPES[1], id="a file", marks=AT_A_DESK),
        pytest.param(*SHAPES[2], id="dg by itself", marks=AT_A_DESK),
    ],
)
def test_shapes(shop: Shop, step: Step, location: CodeLocation, assets: list[list[str | None]], said: str) -> None:
    assert said in shop.done(*command(shop, step, location))
    assert [(run["status"], run["assets"]) for run in shop.asked("runs")] == [("SUCCESS", assets)]


@AT_A_DESK
def test_a_job_queues_a_run_for_each_partition(shop: Shop) -> None:
    (shop.folder / "workspace.yaml").write_text("load_from:\n  - python_file: dagster_shop.py\n", "utf-8")
    step = dbt("window", "monthly_orders", flags=between("2024-01-01T00:00:00", "2024-03-01T00:00:00"))
    for location in (CodeLocation(module="dagster_shop", job="monthly"), CodeLocation(job="monthly", workspace="workspace.yaml")):
        argv = command(shop, step, location)
        assert argv[:3] == ("dagster", "job", "backfill")
        shop.done(*argv)
    found = [(run["job"], run["status"], run["partition"]) for run in shop.asked("runs")]
    assert sorted(found) == [("monthly", "QUEUED", month) for month in ("2024-01-01", "2024-01-01", "2024-02-01", "2024-02-01")]


MATERIALIZE = ("dagster", "asset", "materialize")
REFUSED = [
    ((*MATERIALIZE, "--select", "raw_orders,nobody", "-m", "dagster_shop"), "no AssetsDefinition objects supply these keys"),
    ((*MATERIALIZE, "--select", "daily_orders", "-m", "dagster_shop"), "no '--partition' option was provided"),
    ((*MATERIALIZE, "--select", "stg_orders", "--partition", "2024-03-01", "-m", "dagster_shop"), "none of the assets are partitioned"),
    (
        (*MATERIALIZE, "--select", "daily_orders", "--partition", "2999-03-01", "-m", "dagster_shop"),
        "must have a PartitionsDefinition containing the passed partition key `2999-03-01`",
    ),
    ((*MATERIALIZE, "--select", "monthly_orders", "--partition-range", "2024-02-01...2024-03-01", "-m", "dagster_shop"), "BackfillPolicy.single_run()"),
    ((*MATERIALIZE, "--select", "stg_orders", "--config-json", '{"ops": {"tables": {"config": {"other": true}}}}', "-m", "dagster_shop"), "unexpected config"),
    ((*MATERIALIZE, "--select", "raw_orders"), "Invalid set of CLI arguments"),
    (("dagster", "asset", "backfill", "--asset-key", "daily_orders"), "No such command 'backfill'"),
]


def test_dagster_refuses(shop: Shop) -> None:
    answers = shop.asked("said", *(json.dumps(argv) for argv, _ in REFUSED))
    for (argv, said), (code, text) in zip(REFUSED, answers, strict=True):
        assert code != 0, argv
        assert said in text, argv
    assert shop.asked("runs") == []


@AT_A_DESK
def test_a_quoted_key_that_nothing_has_materializes_everything(shop: Shop) -> None:
    """Why keys are written bare. Where this fails, Dagster has become safer, and keys of odd characters can be selected too."""
    shop.run(*MATERIALIZE, "--select", 'key:"nobody"', "-m", "dagster_shop")  # fails at last, at an asset that needs a partition
    (run,) = shop.asked("runs")
    assert {key for key, _ in run["assets"]} >= {"raw_orders", "stg_orders", "marts/big_orders", "orders_history"}


@AT_A_DESK
def test_a_seed_is_not_built_by_an_asset_that_runs_dbt_run(shop: Shop) -> None:
    code = shop.folder / "dagster_shop.py"
    code.write_text(code.read_text("utf-8").replace('["build", *(["--full', '["run", *(["--full'), "utf-8")
    assert "Nothing to do" in shop.done(*MATERIALIZE, "--select", "raw_orders", "-m", "dagster_shop")
    assert [run["assets"] for run in shop.asked("runs")] == [[]]
