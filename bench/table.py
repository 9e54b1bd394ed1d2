"""The measurements as a plain table, with each contender's ratio to json.load and to dlin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

JSON_LOAD: Final = "json.load"
DLIN: Final = "dlin, no cache"


@dataclass(frozen=True, slots=True)
class Row:
    """One contender on one subject: medians over `runs` whole processes, in seconds and bytes.

    `answer` says how its answer compares with the manifest's edges, `error` why it failed; both may be empty.
    """

    subject: str
    subject_bytes: int
    subject_resources: int
    affected: int
    contender: str
    runs: int
    cpu_s: float
    wall_s: float
    peak_bytes: int
    answer: str
    error: str


def render(rows: Sequence[Row]) -> str:
    """Return the table of one subject. Ratios are of processor time; memory is also given in file sizes."""
    cpu = {row.contender: row.cpu_s for row in rows if not row.error}
    head = ("", "cpu s", "wall s", "peak MB", "x json", "x dlin", "x file", "runs", "answer")
    lines = [head, *(_cells(row, cpu.get(JSON_LOAD), cpu.get(DLIN)) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in {0, len(head) - 1} else cell.rjust(width) for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Row, json_s: float | None, dlin_s: float | None) -> tuple[str, ...]:
    """Return one line of the table; a contender that failed has its error in place of figures."""
    if row.error:
        return (row.contender, *["-"] * 6, str(row.runs), row.error)
    return (
        row.contender,
        f"{row.cpu_s:.2f}",
        f"{row.wall_s:.2f}",
        f"{row.peak_bytes / 1e6:.0f}",
        _ratio(row.cpu_s, json_s),
        _ratio(row.cpu_s, dlin_s),
        f"{row.peak_bytes / row.subject_bytes:.1f}",
        str(row.runs),
        row.answer,
    )


def _ratio(value: float, base: float | None) -> str:
    """Return a ratio, or a dash where there is nothing to compare with."""
    return f"{value / base:.2f}" if base else "-"
