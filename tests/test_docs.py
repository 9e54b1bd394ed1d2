"""Every example in README and docs/ is executed; shown output is compared. ``python tests/test_docs.py`` writes shown output anew.

A comment before a block says where it runs: ``<!-- run in green -->`` or, where its output is shown and compared, ``<!-- output of green -->``;
without one it runs in ``model_error``. Times and ages are left out of the comparison.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import yaml
from click.testing import CliRunner

import aftershock
from aftershock import times

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (run in|output of) (\w+) -->\n)?```(console|python|yaml)\n(.*?)```", re.DOTALL)
VARYING = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+Z?|\d\d:\d\dZ|\d+ (?:min|h|days?) old")
SCENARIO = "model_error"


class Example(NamedTuple):
    """A fenced block of a page."""

    language: str
    text: str
    scenario: str
    shown: bool


def examples(page: Path) -> Iterator[Example]:
    for how, scenario, language, text in BLOCK.findall(page.read_text("utf-8")):
        yield Example(language, text, scenario or SCENARIO, how == "output of")


def lay_out(folder: Path, scenario: str) -> None:
    for target in ("target", "prod-target"):
        shutil.rmtree(folder / target, ignore_errors=True)
        shutil.copytree(ROOT / "fixtures" / "artifacts" / scenario, folder / target)
    shutil.copy(ROOT / "fixtures" / "shop" / "dbt_project.yml", folder)


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command prints, an hour after the artifacts were written."""
    from aftershock.cli import program

    written = times.parse(aftershock.read_artifacts("target").project.info.generated_at, "fixtures")
    monkeypatch.setattr(times, "now", lambda: written + timedelta(hours=1))

    words = shlex.split(command, comments=True)
    assert words[0] == "aftershock", command
    result = CliRunner().invoke(program.program, words[1:], standalone_mode=False)
    assert result.exception is None, f"{command}: {result.exception}"
    assert result.return_value in ({0, 1} if "--fail-on" in words else {0, None}), command
    return result.stdout


def commands(text: str) -> list[str]:
    return [line[2:] for line in text.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for example in examples(page):
        lay_out(tmp_path, example.scenario)
        if example.language == "console":
            outputs = [run(command, monkeypatch) for command in commands(example.text)]
            if example.shown:
                expected = example.text.split("\n", 1)[1]
                assert VARYING.sub("…", outputs[0]) == VARYING.sub("…", expected), "python tests/test_docs.py writes it anew"
        elif example.language == "python":
            exec(compile(example.text, str(page), "exec"), {})  # noqa: S102  # our own examples
        else:
            (tmp_path / "aftershock.yml").write_text(example.text, "utf-8")
            policy = aftershock.load_policy(tmp_path / "aftershock.yml")
            aftershock.assess(aftershock.read_artifacts("target"), "stg_orders", "data-quality", policy=policy)
            (tmp_path / "aftershock.yml").unlink()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_readme_has_a_run_an_installation_and_the_two_commands_of_a_developer() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert any(example.shown for example in examples(ROOT / "README.md"))
    assert "pip install aftershock" in text
    assert "make demo" in text
    assert "make test" in text


def test_the_configuration_example_is_yaml() -> None:
    assert all(yaml.safe_load(example.text) for page in PAGES for example in examples(page) if example.language == "yaml")


def write() -> None:
    """Put today's output where it is shown."""
    import os
    import tempfile

    for page in PAGES:
        text = page.read_text("utf-8")
        for example in examples(page):
            if example.shown:
                with tempfile.TemporaryDirectory() as folder:
                    lay_out(Path(folder), example.scenario)
                    os.chdir(folder)
                    command = commands(example.text)[0]
                    with pytest.MonkeyPatch.context() as monkeypatch:
                        text = text.replace(example.text, f"$ {command}\n{run(command, monkeypatch)}")
                    os.chdir(ROOT)
        page.write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(write())
