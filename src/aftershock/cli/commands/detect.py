"""``aftershock detect``: what the artifacts of a run show."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.terminal import check, emit, screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock import Artifacts, Detection

FOUND = 1
NEVER = "never"
WRITTEN = ("manifest.json", "run_results.json", "sources.json", "catalog.json")
PATIENCE_S = 10.0
"""How long files may be unreadable, as they are while dbt writes them, before a person is told."""

EPILOG = """\b
Examples:
  aftershock detect
  aftershock detect --target-dir prod/target --fail-on P1
  aftershock detect --format github
  aftershock detect --run-results retry/run_results.json
  aftershock detect --before last-week/catalog.json
  aftershock detect --since 2026-03-01T06:00Z
  aftershock detect --watch --format json

Reads run_results.json and sources.json beside the manifest. Failures are told
apart from what was only skipped because of them, failures with one cause make
one incident, and each says which results it rests on and what speaks against
it. Unit tests that fail are faults in code, not incidents; what dbt did not
build because of them is one.

Rules of your own come first: detect.rules in aftershock.yml.

Exit codes: 0 nothing found (or nothing as bad as --fail-on), 1 found, 2 could
not judge. With --watch it runs until it is interrupted.
"""


class Question(NamedTuple):
    """The options, as click hands them over."""

    target_dir: str | None
    manifest: str | None
    run_results: tuple[str, ...]
    before: str | None
    since: str | None
    config: str | None
    no_cache: bool
    fail_on: str
    format_: str
    output: str | None
    show_all: bool
    watch: bool
    interval: float
    times: int

    def validated(self) -> Question:
        """Itself.

        Raises:
            UsageError: options contradict each other.
        """
        if self.watch and self.manifest == inputs.STDIN:
            raise aftershock.UsageError("--watch", "standard input does not change", "Give --target-dir")
        if self.watch and self.target_dir is not None and self.manifest is not None:
            raise aftershock.UsageError("--manifest", "it takes the place of --target-dir", "Give one of them")
        return self


@click.command("detect", epilog=EPILOG, short_help="What the artifacts of a failed run show: incidents, with evidence.")
@options.target_dir
@click.option("--manifest", metavar="FILE", type=options.FILE, help="A manifest instead of a directory; its neighbours are read too.")
@click.option("--run-results", multiple=True, metavar="FILE", type=options.FILE, help="Results of later runs: what went well in them may be over. Repeatable.")
@click.option("--before", metavar="FILE", type=options.FILE, help="An earlier catalog.json, to compare with the one beside the manifest.")
@click.option("--since", metavar="TIME", help="Exit with 2 unless the run is of this time (ISO 8601) or later; older source freshness is not judged.")
@options.config
@options.no_cache
@click.option(
    "--fail-on",
    type=click.Choice([*(level.value for level in aftershock.Severity), NEVER], case_sensitive=False),
    default="P3",
    show_default=True,
    metavar="P0|P1|P2|P3|never",
    help="Exit with 1 if an incident is of this severity or worse.",
)
@click.option("--format", "format_", type=click.Choice(aftershock.DETECTION_FORMATS), default="text", show_default=True, help="How to print it.")
@click.option("--output", "-o", metavar="FILE", type=options.FILE, help="Write to this file instead, in one step.")
@click.option("--all", "show_all", is_flag=True, help="Everything, not only the first screen.")
@click.option("--watch", is_flag=True, help="Wait for each new run and answer it, until interrupted; in JSON one document a line.")
@click.option(
    "--interval", type=click.FloatRange(min=0.05, max=3600), default=2.0, show_default=True, metavar="SECONDS", help="How often --watch looks at the files."
)
@click.option("--times", type=click.IntRange(min=0), default=0, hidden=True, help="End --watch after so many answers.")
def command(**given: Any) -> int:  # noqa: ANN401  # typed by Question
    """What the artifacts of a failed run show: incidents, with evidence.

    Nothing is run: what dbt recorded of its last run is read.
    """
    question = Question(**given).validated()
    check(question.output)
    if question.watch:
        return _watch(question)
    found = _answer(question, _read(question))
    _show(question, found)
    return _gate(question, found)


def _read(question: Question) -> inputs.Inputs:
    return inputs.read(question.target_dir, question.manifest, question.config, cached=not question.no_cache)


def _answer(question: Question, found: inputs.Inputs) -> Detection:
    later = aftershock.read_runs(question.run_results)
    return aftershock.detect(found.artifacts, policy=found.policy, catalog=found.catalog(), before=question.before, later=later, since=question.since or "")


def _show(question: Question, found: Detection) -> None:
    shown = screen(question.output)
    text = aftershock.render_detection(found, question.format_, width=shown.width, colour=shown.colour, show_all=question.show_all)
    emit(text if not question.watch or question.format_ != "json" else f"{json.dumps(json.loads(text))}\n", question.output)


def _gate(question: Question, found: Detection) -> int:
    if question.fail_on == NEVER:
        return 0
    gate = aftershock.Severity(question.fail_on)
    worst = [item.severity.level for item in found.incidents if item.severity.level.at_least(gate)]
    if worst and question.fail_on != "P3":
        click.echo(f"--fail-on {gate.value}: {len(worst)} of {len(found.incidents)} incidents reach it.", err=True)
    return FOUND if worst else 0


def _watch(question: Question) -> int:
    """Answer every run once, as soon as its files are whole."""
    aftershock.read_runs(question.run_results)
    answers = _answers(question)
    for number, found in enumerate(answers, 1):
        _show(question, found)
        if number == question.times:
            break
    return 0


def _answers(question: Question) -> Iterator[Detection]:
    """The answer to each new run. Files that are half-written, or gone with their directory, are waited for."""
    seen: set[object] = set()
    last: object = None
    waiting = _Waiting()
    while True:
        before = _state(question)
        if before is None or before != last:
            try:
                found = _read(question)
                run = _identity(found.artifacts)
                answer = _answer(question, found) if run is not None and run not in seen else None
            except aftershock.ArtifactError as error:
                waiting.tell(error)
            else:
                waiting = _Waiting()
                if _state(question) == before:
                    last = before
                    seen.add(run)
                    if answer is not None:
                        yield answer
        time.sleep(question.interval)


class _Waiting:
    """Files that cannot be read: a person is told once, where that lasts longer than dbt takes to write them."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.told = ""

    def tell(self, error: aftershock.AftershockError) -> None:
        """Say what is waited for."""
        line = aftershock.error_line(error)
        if time.monotonic() - self.since > PATIENCE_S and line != self.told:
            self.told = line
            click.echo(f"waiting: {line}", err=True)


def _identity(artifacts: Artifacts) -> object:
    """What tells one run's results from another's; None where there are none."""
    run, freshness = artifacts.run, artifacts.freshness
    if run is None and freshness is None:
        return None
    return (run and (run.invocation_id, run.generated_at), freshness and (freshness.invocation_id, freshness.generated_at))


def _state(question: Question) -> object:
    """Sizes and times of the files, so that nothing is read again before one changes; None where they cannot be looked at."""
    try:
        place = aftershock.find_manifest(Path(question.manifest or question.target_dir or "."), os.environ).parent
        files = [item for item in sorted(place.iterdir()) if item.name.startswith(WRITTEN)]
        return tuple((item.name, (found := item.stat()).st_mtime_ns, found.st_size) for item in files)
    except (aftershock.ArtifactError, OSError):
        return None
