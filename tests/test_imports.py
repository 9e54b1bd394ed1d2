"""Nothing heavy is loaded for a question that does not need it, no import runs in a circle, and the public page is true."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import get_origin

import networkx as nx
import pytest

import aftershock

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "aftershock"
ARTIFACTS = ROOT / "fixtures" / "artifacts"
HEAVY = ("dbt", "sqlglot", "networkx", "rich", "jinja2", "yaml", "sqlalchemy", "alembic", "apprise", "slack_sdk")
SHELL = {"click", "platformdirs"}


def loaded(code: str) -> set[str]:
    """Top-level packages that a new process has loaded once it has run ``code``."""
    script = f"{code}\nimport sys\nprint('LOADED', *{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.rpartition("LOADED ")[2].split())


ASSESS = f"""
import aftershock
artifacts = aftershock.read_artifacts({str(ARTIFACTS / "model_error")!r})
report = aftershock.assess(artifacts, "stg_orders", "pipeline-failure")
"""


def test_importing_the_package_loads_nothing_but_itself() -> None:
    assert loaded("import aftershock") - loaded("") <= {"aftershock"} | sys.stdlib_module_names
    script = "import aftershock, sys; print(*sorted(name for name in sys.modules if name.startswith('aftershock')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["aftershock", "aftershock._version"]


@pytest.mark.parametrize(
    "code",
    [
        "import aftershock.triage, aftershock.artifacts, aftershock.impact, aftershock.graph, aftershock.select",
        "import aftershock.cli, aftershock.cache, aftershock.config, aftershock.doctor, aftershock.recovery, aftershock.render",
        ASSESS,
        f"{ASSESS}\naftershock.render(report, 'text')",
        f"{ASSESS}\naftershock.render(report, 'json')",
        f"{ASSESS}\naftershock.diagnose(artifacts)",
        f"{ASSESS}\naftershock.find(artifacts, ['stg_orders+'])",
    ],
    ids=["rooms", "more rooms", "assess", "text", "json", "doctor", "select"],
)
def test_a_question_loads_nothing_heavy(code: str) -> None:
    assert loaded(code) & set(HEAVY) == set()


def test_a_question_without_a_column_loads_nothing_that_follows_columns() -> None:
    script = f"{ASSESS}\nimport sys\nprint(*(name for name in sys.modules if name.startswith(('aftershock.columns', 'aftershock.sql', 'aftershock.jinja'))))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split() == []


def test_following_columns_parses_in_a_child_and_never_here() -> None:
    follow = ASSESS.replace('"pipeline-failure"', '"schema-break", columns=["status"]')
    assert loaded(follow) & {"dbt", "sqlglot", "networkx", "rich", "jinja2"} == set()
    assert "sqlglot" not in loaded("import aftershock\naftershock.column_lineage('select a from t')")


@pytest.mark.parametrize(
    "room", ["artifacts", "graph", "impact", "model", "errors", "owners", "phrases", "times", "garbage", "recovery", "render", "select", "triage"]
)
def test_the_library_does_without_what_only_the_command_line_needs(room: str) -> None:
    assert loaded(f"import aftershock.{room}") & SHELL == set()


def test_the_digraph_is_what_loads_networkx() -> None:
    """Else the tests above could not fail."""
    code = f"{ASSESS}\naftershock.LineageGraph.of(artifacts.project).digraph"
    assert "networkx" in loaded(code)


def imported_by_command(*arguments: str) -> set[str]:
    """Every module that a command imports, as ``python -X importtime`` lists them."""
    command = [sys.executable, "-X", "importtime", "-m", "aftershock", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("categories",),
        ("assess", "--help"),
        ("plan", "--help"),
        ("recover", "--help"),
        ("verify", "--help"),
        ("detect", "--help"),
        ("incident", "--help"),
        ("incident", "open", "--help"),
        ("detect", "--target-dir", str(ARTIFACTS / "green")),
        ("assess", "stg_orders", "--category", "pipeline-failure", "--target-dir", str(ARTIFACTS / "model_error")),
        ("assess", "stg_orders", "--category", "data-loss", "--format", "json", "--target-dir", str(ARTIFACTS / "green")),
    ],
    ids=lambda arguments: " ".join(arguments[:3]),
)
def test_a_command_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """Piped: colours and tables need rich, and nobody sees them there."""
    imported = imported_by_command(*arguments)
    assert "aftershock" in imported
    assert imported & set(HEAVY) == set()


MODULES = {".".join(("aftershock", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__"): path for path in sorted(SOURCE.rglob("*.py"))}


def run_time_imports(module: str) -> set[str]:
    """The modules of ours that a module imports, at its head or in a function, but for types."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{module}: imports are absolute"
            found |= {name if (name := f"{node.module}.{alias.name}") in MODULES else node.module for alias in node.names}
    return {name for name in found if name in MODULES}


def test_no_import_runs_in_a_circle() -> None:
    graph = nx.DiGraph((module, other) for module in MODULES for other in run_time_imports(module))
    assert len(graph) > 30
    assert [sorted(circle) for circle in nx.simple_cycles(graph)] == []


def test_no_two_rooms_import_each_other() -> None:
    def room(module: str) -> str:
        return ".".join(module.split(".")[:2])

    graph = nx.DiGraph((room(module), room(other)) for module in MODULES for other in run_time_imports(module) if room(module) != room(other))
    assert [sorted(circle) for circle in nx.simple_cycles(graph)] == []


def test_the_public_page_says_one_thing_three_times() -> None:
    """``__all__``, the rooms that names are loaded from, and what a type checker sees."""
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    checked: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.If):
            for statement in node.body:
                assert isinstance(statement, ast.ImportFrom)
                assert statement.module is not None
                checked |= {alias.name: statement.module.removeprefix("aftershock.") for alias in statement.names}
    assert checked == {name: home for home, names in aftershock._HOMES.items() for name in names}
    assert sorted(aftershock.__all__) == sorted([*checked, "__version__"])
    assert dir(aftershock) == sorted(aftershock.__all__)


@pytest.mark.parametrize("name", [name for name in aftershock.__all__ if name != "__version__"])
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(aftershock, name)
    assert getattr(import_module(f"aftershock.{aftershock._HOME_OF[name]}"), name) is value
    if callable(value) and get_origin(value) is None:  # an alias of words, as Literal has them, carries no text of its own
        assert getdoc(value), name
        assert getdoc(value) != getdoc(type(value)), name


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'aftershock' has no attribute 'nonsense'"):
        _ = aftershock.nonsense


def test_the_version_is_that_of_the_distribution() -> None:
    assert aftershock.__version__ == import_module("aftershock._version").__version__
    assert aftershock.__version__[0].isdigit()
