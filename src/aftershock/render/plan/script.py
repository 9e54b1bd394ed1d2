"""The plan as a script for bash (3.2 or later) that runs exactly its commands and stops before what could destroy something.

Its functions are `templates/plan.sh`. What comes from artifacts stands only in comments of one line, in single quotes and in quoted here-documents.
"""

from __future__ import annotations

import shlex
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from aftershock.model import SQL_REPAIRS, WAITED_FOR
from aftershock.phrases import listing
from aftershock.render import summary
from aftershock.render.escape import UNSAFE, prose
from aftershock.render.escape import shell as quoted
from aftershock.render.plan import words
from aftershock.render.steps import sql_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model import Report, Step

NAMES = 6
"""Names of a step before the rest is only counted."""

ARGS = "--args"
TARGET_WORDS = '"${target_words[@]}"'


def script(report: Report) -> str:
    """The plan of ``report`` as a script; the same plan gives the same bytes."""
    lines = [*_header(report), "set -euo pipefail", "", f"steps={len(summary.steps(report))}", "", *_functions(), "", *_needs(report)]
    for item in summary.steps(report):
        lines += ["", *_step(report, item)]
    return "".join(f"{line}\n" for line in (*lines, "", _finish(report)))


@cache
def _functions() -> tuple[str, ...]:
    return tuple((files("aftershock.render") / "templates" / "plan.sh").read_text("utf-8").splitlines())


def _header(report: Report) -> Iterator[str]:
    plan = report.recovery
    basis = " ".join(plan.estimate.basis)
    said = (
        f"Recovery plan by aftershock: {summary.verdict(report)}",
        f"Incident: {words.window(report)}." if words.window(report) else "",
        f"Read from {summary.files_read(report)}, project {report.project.name or 'without a name'}, on {report.read_at or 'an unknown day'}.",
        f"Target: {words.target_words(plan)}." if words.target_words(plan) else "",
        f"Time of its commands: {words.estimate(plan.estimate)}. {basis}",
        *(f"Note: {text}" for text in words.notes(report)),
        *(f"Warning: {text}" for text in report.warnings),
        "Usage: bash plan.sh [--yes-irreversible] [--target NAME] [--from N] [--list], in the dbt project; --help says more.",
    )
    yield "#!/usr/bin/env bash"
    yield from (f"# {text}" for line in said if (text := prose(line)))


def _needs(report: Report) -> Iterator[str]:
    """What has to be there before the first step."""
    plan = report.recovery
    yield from (f"needs {_exactly(name)}" for name in dict.fromkeys(step.argv[0] for step in words.steps(plan) if step.argv))
    if any(words.runs_dbt(step) for step in words.steps(plan)):
        folder = next((name for step in words.steps(plan) if (name := words.option(step, "--project-dir"))), "")
        yield f"needs_project {_exactly(folder)}"
        yield f"needs_target {'yes' if words.asks_target(plan) else _exactly('')} {_exactly(words.target(plan))}"


def _step(report: Report, item: summary.NumberedStep) -> Iterator[str]:
    step = item.step
    irreversible = ", irreversible" if step.is_irreversible else ""
    name = f"{step.kind.upper()} {item.number}" if not _is_done(step) else f"STEP {item.number} ({step.kind}{irreversible})"
    yield f"if step {item.number} {_literal(f'{name}: {step.why}')}; then"
    yield from (f"  {line}" if indented else line for line, indented in _body(report, step))
    yield "fi"


def _is_done(step: Step) -> bool:
    """Whether the script does it, not a person."""
    return bool(step.argv) or words.is_copy(step)


def _body(report: Report, step: Step) -> Iterator[tuple[str, bool]]:
    """Lines of a step, each with whether it may be indented: a here-document may not."""
    names = listing(summary.labels(report, step.nodes), NAMES)
    said = (("who acts", "" if words.is_copy(step) else step.who), ("nodes", names), ("first", step.requires), ("costs", step.costs))
    told = [f"{label}: {text}" for label, text in said if text.strip()]
    if not _is_done(step) and step.destroys.strip():
        told.append(f"destroys: {step.destroys}")
    if told:
        yield f"tell {' '.join(map(_literal, told))}", True
    if step.is_irreversible:
        yield f"irreversible {_literal(step.destroys)}", True
    if words.is_copy(step):
        yield "copy_target", True
    elif step.argv:
        yield from _command(step)
    else:
        if step.sql:
            yield from _document("show_sql", sql_lines(step.sql))
        yield "by_hand_first" if step.kind in WAITED_FOR else "by_hand", True


def _command(step: Step) -> Iterator[tuple[str, bool]]:
    line = quoted(step.argv)
    asked = f" {TARGET_WORDS}" if words.runs_dbt(step) and words.TARGET not in step.argv else ""
    if not line:
        yield f"stop 2 {_literal('No shell can pass the words of this command; aftershock plan --format json has them.')}", True
    elif _is_plain_sql(step):
        at = step.argv.index(ARGS) + 1
        yield from _document(f"dbt_sql {quoted((*step.argv[:at], 'SQL', *step.argv[at + 1 :]))}{asked}", step.sql.rstrip("\n").split("\n"))
    else:
        yield f"{'run_dbt' if words.writes_results(step) else 'run'} {line}{asked}", True
    if line and step.sql and step.kind in SQL_REPAIRS and (nodes := quoted(step.nodes)):
        yield f"repaired {nodes}", True


def _is_plain_sql(step: Step) -> bool:
    """Whether `dbt_sql` makes its argument of the SQL alone, and a reader can take every character of it for what it is."""
    block = "".join(f"  {line}\n" if line else "\n" for line in step.sql.rstrip("\n").split("\n"))
    return bool(step.sql) and words.option(step, ARGS) == f"sql: |2\n{block}" and not UNSAFE.search(step.sql.replace("\n", "").replace("\t", ""))


def _document(command: str, lines: list[str]) -> Iterator[tuple[str, bool]]:
    """A command that reads ``lines``, ended by a word that is none of them."""
    taken = set(lines)
    end = next(word for number in range(len(lines) + 1) if (word := f"SQL_{number}" if number else "SQL") not in taken)
    yield f"{command} <<'{end}'", True
    yield from ((line, False) for line in lines)
    yield end, False


def _finish(report: Report) -> str:
    category = report.assessment.radius.category.value
    return f"finish {quoted(('aftershock', 'verify', *map(prose, summary.seeds(report)), '--category', category))}"


def _exactly(word: str) -> str:
    """``word`` for bash, every character as it is; empty where no shell can pass it."""
    return quoted((word,)) or "''"


def _literal(text: str) -> str:
    """``text`` on one line in single quotes, which bash reads as nothing but text."""
    return shlex.quote(prose(text)) if text else "''"
