"""Whether two templates differ only in SQL comments and white space: that needs no rendering.

Where a text could be taken in two ways (a backslash before a quote, a dollar quote, a ``#``) the answer is no, and whoever asked has to look further.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_JINJA = r"\{\{(?:(?!\}\}).)*\}\}|\{%(?:(?!%\}).)*%\}|\{[#](?:(?![#]\}).)*[#]\}"
_INSIDE = rf"{_JINJA}|\{{(?![{{%#])"
_TOKEN = re.compile(
    rf"""(?P<jinja>{_JINJA})
    |(?P<text>'(?:{_INSIDE}|''|[^'{{])*'|"(?:{_INSIDE}|""|[^"{{])*"|`[^`]*`)
    |(?P<note>--[^\n]*|/\*(?![+!]).*?\*/)
    |(?P<open>/\*)
    |(?P<blank>\s+)
    |(?P<word>[\w.]+)
    |(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_CAPTURES = re.compile(r"\{%[-+]?\s*(?:set\s(?:(?!%\}|\{%)[^=])*%\}|call\b|filter\b|macro\b|raw\b|snapshot\b|test\b)")
"""Blocks whose text is a value: what its white space is may be asked."""
_AMBIGUOUS = re.compile(r"\\['\"`]|'''|\"\"\"|\$\w*\$")
_STRIPS_BEFORE = re.compile(r"\{[{%#]-")
"""Takes away the line break that ends a comment."""
_UNSURE = frozenset("'\"`#{}")
"""Nothing closes a quote or a brace, or it is no SQL that is known here."""
_OPENS = re.compile(r"\{[{%#]|[%#}]\}")
UNLIKE = frozenset({"mysql", "mariadb", "tidb", "singlestore", "starrocks", "doris"})
"""Adapters whose ``--`` is a comment only before white space."""


def alike_but_for_blanks(old: str, new: str, adapter: str = "") -> bool:
    """Whether two templates of SQL surely give the same query: they differ, if at all, in SQL comments and white space outside of Jinja and of strings.

    Args:
        old: a template.
        new: another one.
        adapter: dbt's adapter, whose comments these are.
    """
    if old.strip() == new.strip():
        return True
    if adapter in UNLIKE:
        return False
    one = _significant(old)
    return one is not None and one == _significant(new)


def _significant(text: str) -> list[str] | None:
    """What counts of a template, with one blank or line break for every run of white space and comments; None where that is not certain."""
    if _AMBIGUOUS.search(text) or _CAPTURES.search(text):
        return None
    found: list[str] = []
    gap, noted = "", False
    for token in _TOKEN.finditer(text):
        kind, part = token.lastgroup, token[0]
        if kind == "blank" or (kind == "note" and not _OPENS.search(part)):
            gap = "\n" if "\n" in (gap, *part) else " "
            noted = noted or (kind == "note" and part.startswith("--"))
            if kind == "note" and "/*" in part[2:]:  # some warehouses nest them
                return None
            continue
        if kind in {"open", "note"} or part in _UNSURE or (noted and _STRIPS_BEFORE.match(part)):
            return None
        found += [*_gap(gap, found, part), part]
        gap, noted = "", False
    return found


def _gap(gap: str, before: list[str], after: str) -> Iterator[str]:
    """White space that counts: between two parts, but for that beside a comma or parenthesis, which stand for themselves wherever they are."""
    if not gap or not before:
        return
    if gap == " " and (_stands_alone(before[-1], after) or _stands_alone(after, before[-1])):
        return
    yield gap


def _stands_alone(mark: str, beside: str) -> bool:
    return mark in {",", "(", ")"} and not beside.startswith("{")
