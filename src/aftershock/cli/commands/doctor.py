"""``aftershock doctor``: can these artifacts answer?"""

from __future__ import annotations

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.terminal import emit, screen

EPILOG = """\b
Examples:
  aftershock doctor
  aftershock doctor --target-dir prod/target --format json

Exit codes: 0 whatever is found, 2 the artifacts cannot be read.
"""


@click.command("doctor", epilog=EPILOG)
@options.target_dir
@options.config
@options.text_or_json
def command(target_dir: str | None, config: str | None, format_: str) -> None:
    """Which artifacts are there, and what they lack, worst first.

    How old each is, whether they belong together, and which missing metadata
    (owners, exposures, maturity, freshness) makes answers weaker.
    """
    found = inputs.read(target_dir, config=config)
    diagnosis = aftershock.diagnose(found.artifacts, catalog=found.catalog(), policy=found.policy)
    shown = screen()
    emit(aftershock.diagnosis_json(diagnosis) if format_ == "json" else aftershock.diagnosis_text(diagnosis, width=shown.width, colour=shown.colour))
