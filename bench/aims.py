"""What aftershock promises about its speed, and whether a run kept it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from bench.table import DLIN, JSON_LOAD, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_COLD: Final = "aftershock, no cache"
_FILLING: Final = "aftershock, filling its cache"
_PIPED: Final = "aftershock, cached"
_TERMINAL: Final = "aftershock, cached, at a terminal"
_RATIOS: Final = (
    (_COLD, JSON_LOAD, 0.9),
    (_FILLING, JSON_LOAD, 0.9),
    (_COLD, DLIN, 2.5),
    (_FILLING, DLIN, 2.5),
    (_TERMINAL, DLIN, 1.0),
    (_PIPED, DLIN, 0.6),
    (_FILLING, "dbt-pathfinder", 1 / 3),
    (_FILLING, "impactgraph, build and impact", 1 / 3),
    (_PIPED, "impactgraph, on its saved graph", 1 / 3),
)
"""Who, beside whom, and at most which share of its processor time."""
_MEMORY: Final = 2.5
"""At most this many times the manifest's size."""
_LARGE: Final = 20_000_000
"""Below this many bytes, start-up decides, and the ratios mean nothing."""
_MADE_UP: Final = "synthetic"
"""How the names of made-up manifests start: they show growth, real ones the ratios."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise on one subject: the ratio measured, the limit, and both in a sentence."""

    subject: str
    promise: str
    ratio: float
    limit: float

    @property
    def met(self) -> bool:
        """Whether the ratio is within the limit."""
        return self.ratio <= self.limit

    @property
    def text(self) -> str:
        """The verdict as one line."""
        word = "kept  " if self.met else "MISSED"
        return f"{word} {self.subject}: {self.promise}: {self.ratio:.2f}, at most {self.limit:.2f}"


def judge(rows: Sequence[Row]) -> list[Verdict]:
    """Return the verdicts on every large real manifest; contenders that failed or did not take part give none."""
    return [
        verdict
        for subject, group in groupby(rows, key=lambda row: row.subject)
        if not subject.startswith(_MADE_UP)
        for verdict in _judge_subject(subject, {row.contender: row for row in group if not row.error})
    ]


def _judge_subject(subject: str, rows: Mapping[str, Row]) -> Iterator[Verdict]:
    """Yield the verdicts on one subject."""
    for who, beside, limit in _RATIOS:
        if who in rows and beside in rows and rows[who].subject_bytes >= _LARGE:
            yield Verdict(subject, f"processor time of {who} / {beside}", rows[who].cpu_s / rows[beside].cpu_s, limit)
    for who in (_COLD, _FILLING):
        if who in rows and rows[who].subject_bytes >= _LARGE:
            share = rows[who].peak_bytes / rows[who].subject_bytes
            yield Verdict(subject, f"peak memory of {who} / file size", share, _MEMORY)


def judge_growth(rows: Sequence[Row]) -> list[Verdict]:
    """Return whether time and memory grow no faster than the made-up manifests, smallest to largest."""
    verdicts = []
    for who in (_COLD, _FILLING, _PIPED):
        sizes = [row for row in rows if row.contender == who and row.subject.startswith(_MADE_UP) and not row.error]
        if len(sizes) > 1:
            small, large = min(sizes, key=_resources), max(sizes, key=_resources)
            limit = large.subject_resources / small.subject_resources
            name = f"{small.subject} to {large.subject}"
            verdicts.append(Verdict(name, f"growth of {who}, processor time", large.cpu_s / small.cpu_s, limit))
            verdicts.append(Verdict(name, f"growth of {who}, memory", large.peak_bytes / small.peak_bytes, limit))
    return verdicts


def _resources(row: Row) -> int:
    return row.subject_resources
