"""Macros that differ, and who uses them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aftershock.sql.dialects import known_dialect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.changes.sides import Side
    from aftershock.model.code import MacroCode

COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
BLANKS = re.compile(r"\s+")
OVERRIDING = re.compile(r"materialization_\w+|(?:\w+__)?generate_(?:alias|schema|database)_name")
"""Macros that dbt takes from any package, by their name."""
BUILTIN = re.compile(r"\w+__\w+|get_\w+_sql|ref|source|is_incremental|create_\w+|drop_\w+|apply_grants")
"""Macros that dbt takes from the project itself, or from its own packages, by their name."""


def changed_macros(base: Side, head: Side) -> tuple[str, ...]:
    """The unique_ids of macros of the head, or only of the base, whose text differs by more than comments and blanks.

    Those of dbt's own packages are left out where the two versions of dbt differ: what they change shows in the compiled SQL.
    """
    old, new = base.code.macros, head.code.macros
    foreign = base.project.info.dbt_version != head.project.info.dbt_version
    found = [unique_id for unique_id in {**new, **old} if old.get(unique_id) != new.get(unique_id) and _text(old.get(unique_id)) != _text(new.get(unique_id))]
    return tuple(sorted(unique_id for unique_id in found if not (foreign and _is_own(new.get(unique_id) or old[unique_id]))))


def _text(macro: MacroCode | None) -> str:
    return BLANKS.sub(" ", COMMENT.sub("", macro.sql)).strip() if macro is not None else ""


def _is_own(macro: MacroCode) -> bool:
    return _is_dbts(macro.package)


def _is_dbts(package: str) -> bool:
    """Whether a package is part of dbt, and so changes with its version: dbt itself, or an adapter such as dbt_duckdb."""
    return package == "dbt" or (package.startswith("dbt_") and known_dialect(package[len("dbt_") :]))


def users(side: Side, macros: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By macro, the nodes that call it, themselves or through other macros; sorted."""
    wanted = list(macros)
    if not wanted:
        return {}
    callers: dict[str, list[str]] = {}
    for caller, called in side.definitions.macros.items():
        for macro in called:
            callers.setdefault(macro, []).append(caller)
    by_macro: dict[str, list[str]] = {}
    for unique_id, definition in side.definitions.nodes.items():
        if unique_id in side.nodes:
            for macro in definition.macros:
                by_macro.setdefault(macro, []).append(unique_id)
    return {macro: _reached(macro, callers, by_macro) for macro in wanted}


def _reached(macro: str, callers: dict[str, list[str]], by_macro: dict[str, list[str]]) -> tuple[str, ...]:
    seen, todo = {macro}, [macro]
    found: set[str] = set()
    while todo:
        one = todo.pop()
        found.update(by_macro.get(one, ()))
        new = [caller for caller in callers.get(one, ()) if caller not in seen]
        seen.update(new)
        todo.extend(new)
    return tuple(sorted(found))


def is_called_by_dbt(unique_id: str, project: str) -> bool:
    """Whether dbt may call a macro without any node that says so."""
    package, _, name = unique_id.partition(".")[2].partition(".")
    own = package == project or _is_dbts(package)
    return OVERRIDING.fullmatch(name) is not None or (own and BUILTIN.fullmatch(name) is not None)
