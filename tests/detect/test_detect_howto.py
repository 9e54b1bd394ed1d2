"""The examples of the how-to that need Airflow, Dagster or GitHub: they are Python, and YAML, and call aftershock as it is."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

import aftershock
from aftershock.cli.program import program

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "detect.md").read_text("utf-8")
PYTHON = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)
WORKFLOWS = re.findall(r"```yml\n(.*?)```", PAGE, re.DOTALL)
SHELL = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", PYTHON)
def test_an_example_is_python_and_names_what_is_public(example: str) -> None:
    tree = ast.parse(example)
    compile(tree, "detect.md", "exec")
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "aftershock"}
    assert used <= set(aftershock.__all__)


def options_of(words: list[str]) -> None:
    """Fail unless these words are a command line of ours."""
    context = click.Context(program)
    command = program.get_command(context, words[0])
    assert command is not None, words
    rest = words[1:]
    while isinstance(command, click.Group):
        command, rest = command.get_command(context, rest[0]), rest[1:]
        assert command is not None, words
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= known, words


def test_the_workflow_is_yaml_and_calls_us_as_we_are() -> None:
    (workflow,) = map(yaml.safe_load, WORKFLOWS)
    runs = [step["run"] for step in workflow["jobs"]["build"]["steps"] if "run" in step]
    called = [shlex.split(run.partition(">>")[0])[1:] for run in runs if run.startswith("aftershock")]
    assert len(called) == 2
    for words in called:
        options_of(words)


def test_shell_examples_have_options_that_there_are() -> None:
    lines = [line.partition("|| ")[2] or line for text in SHELL for line in text.splitlines() if "aftershock" in line]
    assert len(lines) >= 4
    for line in lines:
        options_of(shlex.split(line.partition(">>")[0])[1:])


def test_commands_in_python_have_options_that_there_are() -> None:
    lists = [node for text in PYTHON for node in ast.walk(ast.parse(text)) if isinstance(node, ast.List)]
    commands = [[part.value if isinstance(part, ast.Constant) else "x" for part in item.elts] for item in lists]
    ours = [words[1:] for words in commands if words[:1] == ["aftershock"]]
    assert len(ours) == 2
    for words in ours:
        options_of([str(word) for word in words])
