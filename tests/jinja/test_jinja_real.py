"""The fixtures' own project: what dbt compiled is what is rendered."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from aftershock.artifacts import read_project
from aftershock.artifacts.code import read_code
from aftershock.jinja import CannotRender, Context, variants

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
GREEN = FIXTURES / "artifacts" / "green" / "manifest.json.gz"


def plain(sql: str) -> str:
    return " ".join(sql.split())


def without_ctes(sql: str) -> str:
    """The compiled SQL behind the ephemeral CTEs that dbt puts before it."""
    if not sql.lstrip().startswith("with __dbt__cte__"):
        return sql
    depth, places = 0, []
    for place, character in enumerate(sql):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ")" and depth == 0:
            places.append(place + 1)
    return next(rest for place in places if not (rest := sql[place:].lstrip()).startswith(","))


@pytest.mark.parametrize("kind", ["model", "test"])
def test_raw_code_becomes_the_code_that_dbt_compiled(kind: str) -> None:
    project, code = read_project(GREEN), read_code(GREEN)
    started = re.findall(r"timestamp '([\d-]+)'", code.nodes["model.shop.dim_dates"].compiled)[0]
    known = Context.of(project, code, vars={"history_start": started})
    refused, different, same = {}, [], 0
    for unique_id, its in code.nodes.items():
        if not unique_id.startswith(f"{kind}.") or its.language != "sql" or not its.compiled:
            continue
        try:
            found = variants(its, project.nodes[unique_id], known)
        except CannotRender as refusal:
            refused[unique_id] = refusal.reason
            continue
        if plain(without_ctes(its.compiled)) in {plain(text) for text in found} or any(plain(its.compiled).endswith(plain(text)) for text in found):
            same += 1
        else:
            different.append(unique_id)
    assert refused == {}
    assert different == []
    assert same >= 40


def test_a_context_is_built_without_jinja() -> None:
    """The process that renders imports it, not the one that asks."""
    asked = "import aftershock.jinja, sys; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
