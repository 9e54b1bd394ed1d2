"""`aftershock lineage` over what dbt really wrote, and over what attacks."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from manifests import MANIFEST, node, write
from test_cli_hostile import PAYLOADS, poisoned, unsafe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Outcome

    Run = Callable[..., Outcome]
    Scenario = Callable[[str], Path]

FORMATS = ("text", "json", "mermaid", "dot", "openlineage")


def document(found: Outcome) -> dict[str, Any]:
    assert found.code == 0, found.err
    value: dict[str, Any] = json.loads(found.out)
    return value


def test_the_answer_comes_first(run: Run, scenario: Scenario) -> None:
    found = run("lineage", "fct_orders.amount", "--target-dir", scenario("green"))
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("fct_orders.amount: made of 3 columns of raw.order_items and raw.orders, ")
    assert len(found.out.splitlines()) <= 40


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", ["fct_orders", "source:raw.orders", "customer_segments", "orders_snapshot", "seed_rates", "exposure:executive_dashboard"])
def test_every_format_answers_for_every_kind_of_node(name: str, format_: str, run: Run, scenario: Scenario) -> None:
    found = run("lineage", name, "--target-dir", scenario("green"), "--format", format_)
    assert found.code in {0, 2}
    assert "bug" not in found.err
    assert bool(found.out) is (found.code == 0 or format_ == "json")
    if format_ in {"json", "openlineage"} and found.out:
        json.loads(found.out)


def test_a_column_with_its_node_and_beside_it(run: Run, scenario: Scenario) -> None:
    words = ("--target-dir", scenario("green"), "--format", "json")
    joined = document(run("lineage", "raw.orders.status", *words))
    apart = document(run("lineage", "source:raw.orders", "--column", "STATUS", *words))
    assert joined["question"] == apart["question"] == {
        "unique_id": "source.shop.raw.orders", "name": "raw.orders", "columns": ["status"], "direction": "both", "depth": None,
    }  # fmt: skip
    assert joined["nodes"] == apart["nodes"]


def test_direction_and_depth(run: Run, scenario: Scenario) -> None:
    words = ("lineage", "fct_orders.amount", "--target-dir", scenario("green"), "--format", "json")
    depths = {direction: {node["depth"] for node in document(run(*words, "--direction", direction))["nodes"]} for direction in ("up", "down", "both")}
    assert max(depths["up"]) == 0 == min(depths["down"])
    assert depths["both"] == depths["up"] | depths["down"]
    assert {node["depth"] for node in document(run(*words, "--depth", "1"))["nodes"]} == {-1, 0, 1}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing_like_it",), "nothing_like_it: "),
        (("fct_orders.amuont",), "Did you mean amount?"),
        (("fct_orders", "--column", "nothing"), "nothing: fct_orders has no such column"),
        (("fct_orders", "--depth", "0"), "--depth: 0 is no number of nodes. Use 1 or more"),
        (("fct_orders", "--depth", "x"), "--depth: "),
        (("fct_orders", "--direction", "left"), "--direction: there is no 'left'. Use one of: up, down, both."),
        (("fct_orders", "--format", "yaml"), "--format: there is no 'yaml'. Use one of: text, json, mermaid, dot, openlineage."),
        (("fct_orders", "--dialect", "klingon"), "--dialect: there is no dialect 'klingon'. Use one of: "),
        (("fct_orders", "--vars", "just words"), "--vars: it is no mapping of names to values. Give it as dbt takes it"),
        (("fct_orders", "--vars", "{a: [}"), "--vars: it is no mapping"),
        (("fct_orders", "--output", "/nowhere/x"), "/nowhere/x: there is no directory /nowhere"),
        ((), "NODE: it must be given"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_one_line(words: tuple[str, ...], said: str, run: Run, scenario: Scenario) -> None:
    found = run("lineage", *words, "--target-dir", scenario("green"))
    assert (found.code, found.out, found.err.count("\n")) == (2, "", 1)
    assert said in found.err
    if "--format" not in words:
        assert json.loads(run("lineage", *words, "--target-dir", scenario("green"), "--format=json").out)["error"]["problem"]


def test_a_manifest_from_standard_input_is_read_with_its_code(run: Run, scenario: Scenario) -> None:
    data = gzip.decompress((scenario("green") / "manifest.json.gz").read_bytes())
    piped = document(run("lineage", "fct_orders.amount", "--manifest", "-", "--format", "json", stdin=data))
    file = document(run("lineage", "fct_orders.amount", "--target-dir", scenario("green"), "--format", "json"))
    assert _uses(piped) == _uses(file)
    assert piped["coverage"]["read"] == 21
    assert piped["artifacts"][0]["path"] == "standard input"


def _uses(shown: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Without how certain each is, which the catalog beside a manifest decides too."""
    return [(edge["source"], edge["target"], edge["kind"], edge["subtype"]) for edge in shown["edges"]]


def test_the_cache_changes_nothing(run: Run, scenario: Scenario, surroundings: Path) -> None:
    words = ("lineage", "fct_orders", "--target-dir", scenario("green"), "--format", "json")
    without = document(run(*words, "--no-cache"))
    assert list(surroundings.iterdir()) == []
    cold, warm = document(run(*words)), document(run(*words))
    assert [{**found, "read_at": ""} for found in (without, cold, warm)] == [{**cold, "read_at": ""}] * 3
    assert list(surroundings.iterdir()) != []


def test_output_goes_to_a_file_without_colours(run: Run, scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    words = ("lineage", "stg_customers.email", "--target-dir", scenario("green"))
    assert "\x1b[" in run(*words).out
    assert run(*words, "--output", tmp_path / "answer.txt") == (0, "", "")
    assert (tmp_path / "answer.txt").read_text("utf-8").startswith("stg_customers.email: made of 1 column of raw.customers")


def rendered(folder: Path, sql: str) -> Path:
    """A project of which nothing is compiled."""
    whole = {**MANIFEST, "nodes": {**MANIFEST["nodes"], "model.small.b": node("b", "model.small.a", raw_code=sql, language="sql")}}
    return write(folder / "t", "manifest.json", whole).parent


def test_variables_fill_templates_that_were_not_compiled(run: Run, tmp_path: Path) -> None:
    target = rendered(tmp_path, "select {{ var('which') }} as x from {{ ref('a') }}")
    words = ("lineage", "b.x", "--target-dir", target, "--direction", "up", "--format", "json")
    assert run(*words).code in {0, 2}
    found = document(run(*words, "--vars", "which: total"))
    assert found["coverage"]["unread"] == [] or "b" not in {item["name"] for item in found["coverage"]["unread"]}
    assert {edge["source"]["column"] for edge in found["edges"] if edge["kind"] == "DIRECT"} == {"total"}


def test_the_dialect_decides_how_names_are_read(run: Run, tmp_path: Path) -> None:
    target = rendered(tmp_path, "select `Total` as x from {{ ref('a') }}")
    words = ("lineage", "b", "--target-dir", target, "--direction", "up", "--format", "json")
    assert [edge["source"]["column"] for edge in document(run(*words, "--dialect", "bigquery"))["edges"]][:1] == ["total"]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_every_format_is_inert(payload: str, format_: str, run: Run, tmp_path: Path) -> None:
    whole = poisoned(payload)
    quoted = payload.replace('"', '""')
    whole["metadata"]["adapter_type"] = "duckdb"
    whole["nodes"]["model.small.a"]["compiled_code"] = f'select 1 as id, 2 as "{quoted}"'
    whole["nodes"]["model.small.b"]["compiled_code"] = f'select id, "{quoted}" as renamed, "{quoted}" from db.main.a where "{quoted}" > 1'  # noqa: S608  # it is only read
    whole["nodes"]["model.small.bad"]["compiled_code"] = f'select "{quoted}" from "db"."main"."a", "{quoted}"."legacy" where {payload}'  # noqa: S608  # as above
    target = write(tmp_path / "t", "manifest.json", whole).parent
    for all_ in ((), ("--all",)):
        found = run("lineage", "a", "--target-dir", target, "--format", format_, *all_)
        assert (found.code, found.err) == (0, "")
        assert unsafe(found.out) == set()
        assert "<script" not in found.out or format_ != "mermaid"
        if format_ == "text":
            assert "\n# Resolved" not in found.out
        if format_ in {"json", "openlineage"}:
            json.loads(found.out)


def test_node_names_are_completed(scenario: Scenario) -> None:
    line = f"aftershock lineage --target-dir {scenario('green')} fct_o"
    environ = {**os.environ, "_AFTERSHOCK_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": "4"}
    done = subprocess.run([sys.executable, "-m", "aftershock"], env=environ, capture_output=True, text=True, check=False)
    assert "plain,fct_orders" in done.stdout.split()


@pytest.mark.parametrize(("term", "drawn"), [("xterm", True), ("dumb", False)])
def test_progress_is_on_a_terminal_only_and_goes(term: str, drawn: bool, tmp_path: Path) -> None:  # noqa: FBT001
    many = [node(f"m{at}", f"model.small.m{at - 1}" if at else "model.small.a", compiled_code=f"select {at} as x") for at in range(300)]
    whole = {**MANIFEST, "nodes": {**MANIFEST["nodes"], **{item["unique_id"]: item for item in many}}}
    primary, secondary = pty.openpty()
    environ = {**os.environ, "TERM": term, "AFTERSHOCK_CACHE_DIR": str(tmp_path / "cache")}
    words = [sys.executable, "-m", "aftershock", "lineage", "m0", "--target-dir", str(write(tmp_path, "manifest.json", whole).parent)]
    done = subprocess.run(words, env=environ, stdout=subprocess.PIPE, stderr=secondary, check=True)
    os.close(secondary)
    written = b""
    try:
        while piece := os.read(primary, 65536):
            written += piece
    except OSError:
        pass
    os.close(primary)
    assert done.stdout.startswith(b"m0.x: ")
    assert b"\x1b" not in done.stdout
    assert (written == b"") is not drawn
    assert not drawn or written.endswith(b"\x1b[2K")


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; from aftershock.cli import main; main(['lineage', '--help']); sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stderr.split()).isdisjoint({"networkx", "rich", "jinja2", "yaml", "sqlglot", "dbt", "msgspec"})


@pytest.mark.parametrize("format_", FORMATS)
def test_an_answer_loads_neither_the_parser_nor_colours_into_this_process(format_: str, scenario: Scenario) -> None:
    words = ["lineage", "fct_orders", "--target-dir", str(scenario("green")), "--format", format_]
    code = f"import sys; from aftershock.cli import main; main({words!r}); sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stderr.split()).isdisjoint({"networkx", "rich", "sqlglot", "dbt"})
