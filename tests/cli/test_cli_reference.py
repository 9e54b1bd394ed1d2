from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import reference

from aftershock import __version__
from aftershock.cli.program import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Outcome

GREEN = reference.FILE.parents[2] / "fixtures" / "artifacts" / "green"
HEAVY = ("networkx", "rich", "jinja2", "yaml", "sqlglot", "dbt", "msgspec", "pydantic", "requests")


def modules_after(*words: str) -> set[str]:
    code = f"import sys; from aftershock.cli import main; main({list(words)!r}); sys.stderr.write('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split("\n"))


def test_the_reference_is_what_the_program_says() -> None:
    assert reference.FILE.read_text(encoding="utf-8") == reference.reference()


@pytest.mark.parametrize("words", [(), *((name,) for name in COMMANDS)], ids=lambda words: " ".join(words) or "program")
def test_help_fits_80_columns_and_has_examples(words: tuple[str, ...], run: Callable[..., Outcome]) -> None:
    found = run(*words, "--help")
    assert found.code == 0
    assert max(map(len, found.out.splitlines())) <= 80
    assert "Examples:" in found.out
    assert found.err == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_command_says(name: str, run: Callable[..., Outcome]) -> None:
    assert f"  {name}  " in run("--help").out
    assert COMMANDS[name].summary[0].isupper()
    assert run(name, "--help").out.startswith(f"Usage: aftershock {name}")


def test_no_words_and_h_are_help(run: Callable[..., Outcome]) -> None:
    assert run().out == run("--help").out == run("-h").out


def test_version(run: Callable[..., Outcome]) -> None:
    assert run("--version") == run("-V") == (0, f"aftershock {__version__}\n", "")


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("completion", "zsh"), ("cache", "dir")], ids=" ".join)
def test_a_small_question_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    loaded = modules_after(*words)
    allowed = {"msgspec"} if words[0] == "cache" else set()
    assert "click" in loaded
    assert loaded.isdisjoint(set(HEAVY) - allowed)
    assert "aftershock.cli.commands.assess" not in loaded


def test_plain_text_needs_neither_networkx_nor_rich_nor_yaml() -> None:
    loaded = modules_after("assess", "stg_orders", "--category", "stale-data", "--target-dir", str(GREEN))
    assert "aftershock.triage" in loaded
    assert loaded.isdisjoint({"networkx", "rich", "sqlglot", "dbt", "jinja2", "yaml"})


def test_python_m() -> None:
    done = subprocess.run([sys.executable, "-m", "aftershock", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"aftershock {__version__}\n")
