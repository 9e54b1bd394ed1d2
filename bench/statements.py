"""The SQL of the made-up models: as written, and as dbt compiles it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.warehouse import Model


def select(made: Model, by_id: Mapping[str, Model], *, compiled: bool) -> str:
    """Return a query that reads the parents, joins them by id, and selects the model's columns."""
    aliases = {parent: f"p{position}" for position, parent in enumerate(made.parents)}
    reads = {parent: _relation(parent, by_id, compiled=compiled) for parent in made.parents}
    ctes = ",\n\n".join(f"{alias} as (\n    select *\n    from {reads[parent]}\n    where id is not null\n)" for parent, alias in aliases.items())  # noqa: S608 - never run
    selected = ",\n    ".join(f"{_expression(name, aliases, by_id)} as {name}" for name in made.columns)
    joins = "".join(f"\nleft join {alias} on {alias}.id = p0.id" for alias in list(aliases.values())[1:])
    head = "" if compiled else f"{{{{ config(materialized='{made.materialized}') }}}}\n\n"
    return f"{head}with {ctes}\n\nselect\n    {selected}\nfrom p0{joins}\n"


def _expression(column: str, aliases: Mapping[str, str], by_id: Mapping[str, Model]) -> str:
    """Return where a column comes from: the parents that have it, else a constant."""
    have = [alias for parent, alias in aliases.items() if parent in by_id and column in by_id[parent].columns]
    if column == "id":
        return "p0.id"
    if have:
        return f"coalesce({', '.join(f'{alias}.{column}' for alias in have)})"
    return "cast(null as varchar)"


def _relation(parent: str, by_id: Mapping[str, Model], *, compiled: bool) -> str:
    """Return how the SQL names a parent: a relation once compiled, else `ref` or `source`."""
    if parent in by_id:
        read = by_id[parent]
        return read.relation if compiled else f"{{{{ ref('{read.name}') }}}}"
    _, _, schema, table = parent.split(".")
    return f'"raw"."{schema}"."{table}"' if compiled else f"{{{{ source('{schema}', '{table}') }}}}"
