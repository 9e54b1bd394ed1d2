"""A diagnosis as text and as JSON.

The JSON has ``schema_version``, ``project``, ``read_at``, ``resources {type: count}``,
``files [{kind, path, generated_at, invocation_id, dbt_version, which, hours}]`` and
``findings [{rule, level, what, remedy, count, total, examples}]``, worst first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.render import summary
from aftershock.render.encoding import encoded
from aftershock.render.escape import prose, terminal
from aftershock.render.layout import Line, Section, Span, Style, coloured, columns, fit, paragraph, plain

if TYPE_CHECKING:
    from aftershock.model.diagnosis import Diagnosis, FileAge, Finding

SCHEMA_VERSION = "1.0"
NARROWEST = 40

_LEVELS: dict[str, Style] = {"error": "bad", "warning": "warn", "note": "dim"}
_KINDS = {"analysis": ("analysis", "analyses"), "saved_query": ("saved query", "saved queries")}
_DAY = 48


def diagnosis_text(diagnosis: Diagnosis, *, width: int = 100, colour: bool = False) -> str:
    """The diagnosis as lines of ``width`` cells: the answer in a sentence, the files, then what they lack, worst first."""
    width = max(width, NARROWEST)
    lines = fit([_head(diagnosis, width), _files(diagnosis, width), *_findings(diagnosis, width)], width, 0)
    return coloured(lines, width) if colour else plain(lines)


def diagnosis_json(diagnosis: Diagnosis) -> str:
    """The diagnosis as one JSON object, indented by two, with a line end."""
    files = [{**msgspec.to_builtins(item.file, builtin_types=()), "hours": item.hours} for item in diagnosis.files]
    blank = {"path": "", "generated_at": "", "invocation_id": "", "dbt_version": "", "which": ""}
    document = {
        "schema_version": SCHEMA_VERSION,
        "project": msgspec.structs.asdict(diagnosis.project),
        "read_at": diagnosis.read_at,
        "resources": diagnosis.resources,
        "files": [{**blank, **file} for file in files],
        "findings": [msgspec.structs.asdict(finding) for finding in diagnosis.findings],
    }
    return encoded(document)


def _head(diagnosis: Diagnosis, width: int) -> Section:
    tally = [(level, sum(finding.level == level for finding in diagnosis.findings)) for level in _LEVELS]
    parts = [summary.counted(number, level) for level, number in tally if number]
    info = diagnosis.project
    name = info.name or "the project"
    verdict = f"{name}: {', '.join(parts) or 'nothing is missing'}."
    counts = ", ".join(summary.counted(number, *_KINDS.get(kind, (kind.replace("_", " "),))) for kind, number in diagnosis.resources.items())
    engine = f"dbt {info.dbt_version or 'of unknown version'}, {info.adapter or 'unknown adapter'}, manifest version {info.schema_version}"
    return Section((), (paragraph((), prose(verdict), width, style="title"), paragraph((), prose(engine), width), paragraph((), prose(counts), width)))


def _files(diagnosis: Diagnosis, width: int) -> Section:
    rows = [_file(item) for item in diagnosis.files]
    return Section((Span("Artifacts", "title"),), tuple((line,) for line in columns(rows, width, whole=True)))


def _file(item: FileAge) -> Line:
    file = item.file
    if not file.path:
        return (Span(file.kind, "name"), Span("missing", "warn"), Span(""), Span(""), Span(""))
    age = "of unknown age" if item.hours is None else f"{item.hours:.0f} h old" if item.hours < _DAY else f"{item.hours / 24:.0f} days old"
    which = f"dbt {file.which}" if file.which else ""
    return (Span(file.kind, "name"), Span(age), Span(prose(which)), Span(terminal(file.invocation_id[:8]), "dim"), Span(terminal(file.path), "dim"))


def _findings(diagnosis: Diagnosis, width: int) -> list[Section]:
    titles = {"error": "Answers may be wrong", "warning": "Answers are weaker", "note": "Worth knowing"}
    found = [(level, [finding for finding in diagnosis.findings if finding.level == level]) for level in titles]
    return [
        Section((Span(f"{titles[level]}: ", _LEVELS[level]), Span(str(len(findings)))), tuple(_finding(finding, width) for finding in findings))
        for level, findings in found
        if findings
    ]


def _finding(finding: Finding, width: int) -> tuple[Line, ...]:
    number = f"{finding.count:,} of {finding.total:,} " if finding.total else ""
    return (
        *paragraph((Span("  "),), prose(f"{number}{finding.what} [{finding.rule}]"), width),
        *(paragraph((Span("      "), Span("e.g. ", "dim")), prose(", ".join(finding.examples)), width, rows=2) if finding.examples else ()),
        *paragraph((Span("      "), Span("→ ", "good")), prose(f"{finding.remedy}."), width),
    )
