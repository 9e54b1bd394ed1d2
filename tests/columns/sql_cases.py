"""SQL with the lineage that is expected of it, from files of blocks like this one, parted by empty lines:

    -- what it shows [duckdb, snowflake]      the dialects that it is tried in; [*] for all of ALL, the tolerant one where there are none
    select a + 1 as k from t where b > 1
    --> k = t.a                               an output column with what its expression reads, in order; all of them, or none
    --~ t.b                                   all that decides about rows or values (with * after it: these at least)
    --? name                                  what cannot be attributed; nothing else may be
    --! it is 2 statements                    part of the reason why it is not read

``-- schema: t(a, b) u(c)`` at the head of a file holds for all of its blocks.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "cases"
ALL = ("duckdb", "snowflake", "bigquery", "postgres", "redshift", "databricks", "spark", "trino", "tsql", "mysql", "clickhouse", "oracle", "athena", "")
TITLE = re.compile(r"-- (?P<what>.*?)(?: \[(?P<dialects>.*)\])?")
TABLE = re.compile(r"([\w.]+)\(([^)]*)\)")
SIGNS = ("-->", "--~", "--?", "--!")


class SqlCase(NamedTuple):
    """One statement in one dialect and what is expected of it; ``direct`` is empty where it is not read."""

    name: str
    dialect: str
    sql: str
    schema: dict[str, dict[str, None]]
    direct: dict[str, set[str]]
    indirect: set[str] | None
    at_least: bool
    unknown: set[str]
    unread: str


def cases() -> list[SqlCase]:
    """All cases of all files."""
    return [case for path in sorted(FOLDER.glob("*.sql")) for case in _cases_of(path)]


def _cases_of(path: Path) -> Iterator[SqlCase]:
    head, *blocks = re.split(r"\n\n(?=-- )", path.read_text("utf-8").rstrip("\n"))
    schema = {table: {_name(column): None for column in columns.split(",")} for table, columns in TABLE.findall(head)}
    for block in blocks:
        title, *lines = block.split("\n")
        found = TITLE.fullmatch(title)
        assert found is not None, title
        place = next(place for place, line in enumerate(lines) if line.startswith(SIGNS))
        named = found["dialects"]
        dialects = ALL if named == "*" else tuple(re.split(r",\s*", named)) if named else ("",)
        for dialect in dialects:
            name = f"{path.stem}: {found['what']} [{dialect}]"
            yield SqlCase(name, dialect, "\n".join(lines[:place]), schema, *_expected(lines[place:]))


def _expected(lines: list[str]) -> tuple[dict[str, set[str]], set[str] | None, bool, set[str], str]:
    direct: dict[str, set[str]] = {}
    indirect: set[str] | None = None
    at_least, unknown, unread = False, set[str](), ""
    for line in lines:
        sign, text = line[:3], line[3:].strip()
        if sign == "-->" and text != "=":
            column, _, sources = text.partition("=")
            direct[column.strip().casefold()] = _set(sources.casefold())
        elif sign == "--~":
            indirect, at_least = (indirect or set()) | _set(text.lstrip("*")), at_least or text.startswith("*")
        elif sign == "--?":
            unknown = _set(text)
        elif sign == "--!":
            unread = text
    return direct, indirect, at_least, unknown, unread


def _set(text: str) -> set[str]:
    return {part.strip() for part in text.split(",") if part.strip()}


def _name(text: str) -> str:
    return text.strip().strip('"')
