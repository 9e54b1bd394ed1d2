"""Every command that is printed for our shop, judged by dbt itself."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from recovery_builder import WINDOW
from recovery_oracle import ARTIFACTS, TOUCHED, DbtSelection, content, words_of

from aftershock.artifacts import read_artifacts
from aftershock.graph import LineageGraph
from aftershock.impact import assess
from aftershock.model import Category, Policy, Seed, Step, Window
from aftershock.recovery import Evidence, plan

pytestmark = pytest.mark.dbt

FIXTURES = ARTIFACTS.parent
BROKEN = ("green", "model_error", "dropped_column")


@pytest.fixture(scope="module")
def dbt() -> DbtSelection:
    return DbtSelection(content())


def _steps(scenario: str) -> dict[tuple[str, ...], Step]:
    """The distinct dbt steps of every node, category and window."""
    artifacts = read_artifacts(ARTIFACTS / scenario)
    graph = LineageGraph.of(artifacts.project)
    found: dict[tuple[str, ...], Step] = {}
    for unique_id in graph.nodes:
        for category in Category:
            for window in (Window(), WINDOW):
                assessment = assess(artifacts, graph, [Seed(unique_id)], category, policy=Policy(), detected_at="2026-03-05T06:00:00Z", window=window)
                recovery = plan(assessment, graph, evidence=Evidence(artifacts.run), project=artifacts.project, policy=Policy())
                found.update({step.argv: step for phase in recovery.phases for step in phase.steps if "--select" in step.argv})
    return found


@pytest.mark.parametrize("scenario", BROKEN)
def test_every_command_touches_exactly_the_nodes_of_its_step(scenario: str, dbt: DbtSelection) -> None:
    steps = _steps(scenario)
    assert len(steps) > 120
    wrong = {argv: dbt.touched(argv) ^ set(step.nodes) for argv, step in steps.items() if dbt.touched(argv) != set(step.nodes)}
    assert not wrong


def test_the_clashing_names_of_the_shop_are_among_them() -> None:
    words = {word for argv in _steps("green") for word in words_of(argv)}
    assert {"fqn:shop.marts.marketing.customer_ltv", "fqn:shop_extras.marts.marketing.customer_ltv"} <= {word.split(",")[0] for word in words}
    assert {"fqn:shop.marts.core.dim_customers.v1", "fqn:shop.marts.core.dim_customers.v2", "fqn:shop.marts.reporting.finance"} <= {
        word.split(",")[0] for word in words
    }
    assert {"fct_orders", "source:raw.orders", "orders_snapshot", "ad_spend_review"} <= words


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our shop's files with its packages, parsed by nobody yet."""
    directory = tmp_path_factory.mktemp("shop") / "shop"
    build = runpy.run_path(str(FIXTURES / "build.py"))
    shutil.copytree(FIXTURES / "shop", directory, ignore=shutil.ignore_patterns(*build["NOT_COPIED"]))
    _dbt(directory, "-m", "dbt.cli.main", "deps", "--quiet")
    return directory


def _dbt(directory: Path, *arguments: str, given: str = "") -> str:
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    return subprocess.run([sys.executable, *arguments], cwd=directory, env=environment, input=given, capture_output=True, text=True, check=True).stdout


def _ls(argv: tuple[str, ...]) -> list[str]:
    types = sorted(TOUCHED[argv[0], argv[1]])
    return ["--select", *words_of(argv), *(word for kind in types for word in ("--resource-type", kind))]


def test_dbt_ls_lists_exactly_the_nodes_of_each_step(shop: Path) -> None:
    steps = _steps("green")
    asked = {json.dumps(_ls(argv)): set(step.nodes) for argv, step in steps.items()}
    said = _dbt(shop, str(Path(__file__).with_name("recovery_ls.py")), given=f"[{','.join(asked)}]")
    listed = json.loads(said.splitlines()[-1])  # dbt prints too
    assert len(listed) == len(asked) > 100
    assert not {question: set(answer) ^ nodes for (question, nodes), answer in zip(asked.items(), listed, strict=True) if set(answer) != nodes}


@pytest.mark.parametrize("start", ["fqn:shop.marts.core.dim_customers.v2", "country_codes"])
def test_the_command_line_of_dbt_says_the_same(shop: Path, start: str) -> None:
    argv, step = next((argv, step) for argv, step in _steps("green").items() if words_of(argv)[0].startswith(start))
    lines = _dbt(shop, "-m", "dbt.cli.main", "--quiet", "ls", "--target", "prod", "--output", "json", "--output-keys", "unique_id", *_ls(argv)).splitlines()
    assert {json.loads(line)["unique_id"] for line in lines if line.startswith("{")} == set(step.nodes)
