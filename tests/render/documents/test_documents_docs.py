"""The two pages about documents are true."""

from __future__ import annotations

import re
from pathlib import Path

import document_records as records
import pytest

from aftershock.render.documents import TEMPLATES, document
from aftershock.render.documents.environment import VARIABLES
from aftershock.render.documents.filters import FILTER_NAMES
from aftershock.render.documents.reading import readers
from aftershock.render.documents.writing import view

DOCS = Path(__file__).parents[3] / "docs"
NOW = "2026-11-02T11:00:00Z"


def own_templates() -> str:
    return (DOCS / "how-to" / "own-templates.md").read_text("utf-8")


def test_every_variable_and_filter_is_named() -> None:
    page = own_templates()
    assert [name for name in VARIABLES if f"`{name}`" not in page] == []
    assert [name for name in FILTER_NAMES if f"`{name}`" not in page and name not in {"e", "escape", "d", "count"}] == []
    assert [name for name in {name.partition(".")[0] for name in TEMPLATES} if f"`{name}`" not in page] == []


def test_the_names_of_fields_and_sections_are_those_of_the_documents() -> None:
    page = own_templates()
    for kind in records.KINDS:
        record, now = records.stage(records.resolved, kind)
        (case,) = readers(record, "engineers", (now, "UTC"), {}, "")
        made, _ = view(case, kind)
        row = next(line for line in page.splitlines() if line.startswith(f"| {kind} |"))
        assert re.findall(r"`(\w+)`", row) == [field.name for field in made.every_field()]
        assert [section.name for section in made.sections if f"`{section.name}`" not in page] == []
    told = next(line for line in page.splitlines() if line.startswith("| stakeholders |"))
    for kind in ("notification", "postmortem"):
        record, now = records.stage(records.resolved, kind)  # type: ignore[arg-type]  # one of them
        for case in readers(record, "stakeholders", (now, "UTC"), {}, ""):
            assert {field.name for field in view(case, kind)[0].fields} <= set(re.findall(r"`(\w+)`", told))  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("number", range(3))
def test_the_examples_render(number: int, tmp_path: Path) -> None:
    example = re.findall(r"```jinja\n(.*?)```", own_templates(), re.DOTALL)[number]
    (tmp_path / "resolution.md.j2").write_text(example)
    shown = document(records.resolved(), "resolution", now=NOW, templates=tmp_path)
    expected = ("Questions go to the data platform team.\n", "Not known yet: .\n", "[INC-12](<https://incidents.example.com/INC-12>) **P1**\n")[number]
    assert shown.endswith(expected)
