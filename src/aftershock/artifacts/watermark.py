"""What an incremental model's own template says of the rows that one run takes: all, or those since the newest that it has.

Only forms whose meaning is certain are told; any other is "not known", which no window of SQL is built on.
"""

from __future__ import annotations

import re
from typing import NamedTuple

CALLS = re.compile(r"\{\{-?\s*(\w+(?:\.\w+)*)\s*\(|\{%-?\s*(?!endif|else|end)(\w+)")
PLAIN = frozenset({"config", "ref", "source", "var", "env_var", "function"})
"""Calls that say nothing of what an earlier run left."""
BLOCK = re.compile(r"\{%-?\s*(?:el)?if\s[^%]*is_incremental\s*\(\s*\)[^%]*%\}(.*?)\{%-?\s*(?:elif|else|endif)", re.DOTALL)
COMMENT = re.compile(r"\{#.*?#\}|--(?:(?!\{%)[^\n])*|/\*(?:(?!\{%).)*?\*/", re.DOTALL)
"""What says nothing: jinja's comments, and SQL's as far as no tag of jinja is in them, which is followed all the same."""
THIS = re.compile(r"\{\{-?\s*this\s*-?\}\}")
NEWEST = re.compile(r"""\bmax\s*\(\s*(?:\w+\s*\.\s*)?["`]?([A-Za-z_]\w*)["`]?\s*\)""", re.IGNORECASE)
UNIT = r"(second|minute|hour|day|week|month|year)s?"
BACK = (
    re.compile(rf"""interval\s*\(?\s*['"]?\s*(\d+)\s*['"]?\s*\)?\s*{UNIT}\b\s*['"]?""", re.IGNORECASE),
    re.compile(rf"""\bto_{UNIT}\s*\(\s*()(\d+)\s*\)""", re.IGNORECASE),
    re.compile(rf"""\bdate_?add\s*\(\s*(?:datepart\s*=\s*)?['"]?{UNIT}['"]?\s*,\s*(?:interval\s*=\s*)?['"]?()-\s*(\d+)""", re.IGNORECASE),
)
"""Ways to say "this long before", each with a number and a unit."""
PORTABLE = re.compile(r"\{\{-?\s*dbt(?:_utils)?\.(dateadd\(.*?\))\s*-?\}\}", re.DOTALL)
LITERAL = re.compile(r"'[^']*'")
LENGTHS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 31 * 86400, "year": 366 * 86400}
START = r"""[^<!=]>=?\s*(?:[\w:.]+\s*\(\s*)*['"]?\{\{-?\s*var\(\s*['"](\w+)['"]"""
FROM_VAR = re.compile(START)
"""A comparison with a variable as its lower bound, in a function such as CAST or not."""
WHEN_GIVEN = re.compile(r"""\{%-?\s*if\s[^%]*?\bvar\(\s*['"](\w+)['"][^%]*%\}(.*?)\{%-?\s*(?:elif|else|endif)""", re.DOTALL)
UNKNOWN = re.compile(r"\{\{|[-+]\s*\d|[*/%]|trunc|\bdate_?(?:add|sub|diff|part)\b|interval|\bor\b|\bmin\b|\bin\b|\bexists\b|\bjoin\b", re.IGNORECASE)
"""What is left of a filter that moves its start in a way that is not read here."""


PERIODS = ("year", "quarter", "month", "week", "day")
TRUNCATED = re.compile(
    r"""trunc\w*\s*\(\s*(?:datepart\s*=\s*)?['"](year|quarter|month|week|day)|trunc\s*\([^()]*(?:\([^()]*\)[^()]*)*,\s*(?:['"]?)(year|quarter|month|week|day)"""
    r"""|tostartof(year|quarter|month|week|day)|\b(year|quarter|month|week)\s*\(|extract\s*\(\s*(year|quarter|month|week)|last_(day)\b""",
    re.IGNORECASE,
)
MONTHS = re.compile(r"%Y-?%m(?!-?%d)|yyyy-?mm(?!-?dd)", re.IGNORECASE)
DAYS = re.compile(r"\bas\s+date\b|::\s*date\b|\bto_date\s*\(|\bdate\s*\(|%Y-?%m-?%d|yyyy-?mm-?dd", re.IGNORECASE)


class Filter(NamedTuple):
    """What a run takes.

    Attributes:
        takes_all: each run selects everything that the model reads.
        watermark: the model's own column whose newest value a run starts from; empty where that is not known.
        back: how many seconds before it a run starts.
        strict: whether a run starts right after it, so that it never takes a row twice.
        grain: the coarsest period to which the code cuts a time: day, week, month, quarter or year; empty where it cuts none.
        starts: project variables from which a run selects, instead of from what it has, where they are given.
    """

    takes_all: bool = False
    watermark: str = ""
    back: int = 0
    strict: bool = False
    grain: str = ""
    starts: tuple[str, ...] = ()


def read_filter(code: str) -> Filter:
    """What the template of an incremental model says."""
    code = COMMENT.sub(" ", code)
    return _taken(code)._replace(starts=_starts(code), grain=_grain(code))


def _grain(code: str) -> str:
    """Any period that the code names may be its rows' own: the coarsest is the safest."""
    units = {unit.lower() for groups in TRUNCATED.findall(code) for unit in groups if unit}
    units |= {"month" for _ in MONTHS.findall(code)} | {"day" for _ in DAYS.findall(code)}
    return next((unit for unit in PERIODS if unit in units), "")


def _starts(code: str) -> tuple[str, ...]:
    """Variables that are the lower bound of what a run selects and have the place of any bound by what is there already."""
    given = [name for name, branch in WHEN_GIVEN.findall(code) if name in FROM_VAR.findall(branch)]
    blocks = BLOCK.findall(code)
    always = FROM_VAR.findall(blocks[0]) if len(blocks) == 1 and not THIS.search(code) else []
    return tuple(dict.fromkeys((*given, *always)))


def _taken(code: str) -> Filter:
    if "is_incremental" not in code and not re.search(r"\bthis\b", code):
        calls = {first or second for first, second in CALLS.findall(code)}
        return Filter(takes_all=calls <= PLAIN)
    blocks = BLOCK.findall(code)
    if len(blocks) != 1 or not THIS.search(blocks[0]):
        return Filter()
    rest = PORTABLE.sub(r"\1", THIS.sub(" ", blocks[0]))
    columns = {column.lower(): column for column in NEWEST.findall(rest)}
    back = 0
    for pattern in BACK:
        for groups in pattern.findall(rest):
            number = next(int(group[:9]) for group in groups if group.isdecimal())
            unit = next(group.lower() for group in groups if group and not group.isdecimal())
            back += number * LENGTHS[unit]
        rest = pattern.sub(" ", rest)
    rest = re.sub(r"\bdate_?(?:add|sub)\s*\(|interval\s*\(", " ", rest, flags=re.IGNORECASE) if back else rest
    if len(columns) != 1 or UNKNOWN.search(LITERAL.sub(" ", rest)):
        return Filter()
    strict = not back and not re.search(r"[<>]=|\bbetween\b", LITERAL.sub(" ", rest), re.IGNORECASE)
    return Filter(watermark=next(iter(columns.values())), back=back, strict=strict)
