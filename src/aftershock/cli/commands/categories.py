"""``aftershock categories``: which one is it?"""

from __future__ import annotations

import json

import click

import aftershock
from aftershock.cli import options
from aftershock.cli.terminal import emit

EPILOG = """\b
Examples:
  aftershock categories
  aftershock categories --format json
"""


@click.command("categories", epilog=EPILOG)
@options.text_or_json
def command(format_: str) -> None:
    """The six incident categories: typical severity, what is then true downstream, an example."""
    emit(_json() if format_ == "json" else _text())


def _json() -> str:
    rows = [
        {
            "category": category.value,
            "title": facts.title,
            "description": facts.description,
            "typical": facts.typical,
            "downstream": facts.downstream,
            "example": facts.example,
        }
        for category, facts in aftershock.CATEGORIES.items()
    ]
    return json.dumps({"schema_version": "1.0", "categories": rows}, indent=2) + "\n"


def _text() -> str:
    lines: list[str] = []
    for category, facts in aftershock.CATEGORIES.items():
        lines += [
            f"{category.value:<18}{facts.typical:<7}{facts.description}",
            *click.wrap_text(f"downstream: {facts.downstream}", 80, " " * 25, " " * 37).splitlines(),
            *click.wrap_text(f"example: {facts.example}", 80, " " * 25, " " * 34).splitlines(),
        ]
    return "\n".join(lines) + "\n"
