"""Seeds that differ: their rows, their header, and what dbt makes of another header while the old table is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.changes.found import setting, written_out
from aftershock.changes.types import becomes
from aftershock.model import CatalogTable
from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aftershock.changes.pairing import Pairing
    from aftershock.changes.scene import Scene
    from aftershock.changes.sides import Pair, Side
    from aftershock.model.changes import Change

ANEW = frozenset({"athena", "bigquery", "databricks", "spark", "trino"})
"""Adapters that make a seed's table anew each time. The others empty the one that is there, and put the rows into it."""
BY_PLACE = frozenset({"duckdb"})
"""Of the others, those that put each value into the column at its place, whatever it is called. The rest go by names."""
MOST_NAMED = 4


class Header(NamedTuple):
    """The columns that a seed's table has, each with its type, and the names that its file has now."""

    before: Mapping[str, str]
    after: tuple[str, ...]

    @property
    def lost(self) -> tuple[str, ...]:
        """Columns that the file no longer has."""
        kept = {name.casefold() for name in self.after}
        return tuple(name for name in self.before if name.casefold() not in kept)

    @property
    def gained(self) -> tuple[str, ...]:
        """Columns that the table does not have."""
        known = {name.casefold() for name in self.before}
        return tuple(name for name in self.after if name.casefold() not in known)

    @property
    def differs(self) -> bool:
        """Whether the file's columns are others than the table's, or stand in another order."""
        return [name.casefold() for name in self.before] != [name.casefold() for name in self.after]


def headers(base: Side, head: Side, pairing: Pairing) -> dict[str, Header]:
    """Of seeds whose file is another one, the header that differs, by the head's unique_id; without those of which one side is not known."""
    found: dict[str, Header] = {}
    for pair in pairing.pairs:
        if pair.head.resource_type == "seed" and _is_rewritten(pair) and (header := _header(base, head, pair)) is not None and header.differs:
            found[pair.head_id] = header
    return found


def _is_rewritten(pair: Pair) -> bool:
    return _is_another_file(pair) or _delimiters(pair)[0] != _delimiters(pair)[1]


def _is_another_file(pair: Pair) -> bool:
    return bool(pair.old.checksum and pair.new.checksum and pair.old.checksum != pair.new.checksum)


def _delimiters(pair: Pair) -> tuple[str, str]:
    """What dbt split the file at, and splits it at now."""
    return str(pair.old.config.get("delimiter") or ","), str(pair.new.config.get("delimiter") or ",")


def _header(base: Side, head: Side, pair: Pair) -> Header | None:
    after, listed = head.header(pair.head_id), base.columns(pair.base_id)
    before = listed if listed is not None else dict.fromkeys(base.header(pair.base_id) or (), "")
    return Header(before, after) if before and after else None


def tables(head: Side, found: Mapping[str, Header]) -> dict[str, CatalogTable]:
    """What the tables of seeds will be once they are made by their new files, by unique_id."""
    return {unique_id: CatalogTable(unique_id, columns=_columns(header, _types(head.definition(unique_id).config))) for unique_id, header in found.items()}


def _columns(header: Header, given: Mapping[str, str]) -> dict[str, str]:
    kept = {name.casefold(): kind for name, kind in header.before.items()}
    return {name: given.get(name) or kept.get(name.casefold(), "") for name in header.after}


def seed_changes(scene: Scene, pair: Pair) -> Iterator[Change]:
    """A seed whose file, or whose columns' types, are others."""
    if _is_rewritten(pair):
        yield from _rewritten(scene, pair)
    if (found := setting(scene, pair, "quote_columns")) is not None:
        reason = f"the columns of {pair.head.label} are written with other quotes: to a warehouse that minds case they have other names"
        was, now = map(written_out, found)
        yield scene.making.change(pair.head_id, "seed-changed", "risky", f"{reason} (quote_columns)", certainty="unknown", was=was, now=now)
    before, after = _types(pair.old.config), _types(pair.new.config)
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            was, now = before.get(name, ""), after.get(name, "")
            reason = f"{name} of {pair.head.label} is loaded as {now or 'what dbt makes of it'} now, and was {was or 'what dbt made of it'}"
            yield scene.making.change(pair.head_id, "column-retyped", becomes(was, now), reason, certainty="likely", column=name, was=was, now=now)


def _rewritten(scene: Scene, pair: Pair) -> Iterator[Change]:
    label, header = pair.head.label, _header(scene.base, scene.head, pair)
    old, new = _delimiters(pair)
    what = f"the file of {label} " + ("is another one" if _is_another_file(pair) else f"is split at {new!r} now, and was at {old!r}")
    if header is None:
        reason = f"{what}: its rows differ, and whether its columns do could not be looked up"
        yield scene.making.change(pair.head_id, "seed-changed", "risky", reason, certainty="likely", written=True)
        return
    stops = _stops(scene, pair, header)
    if stops:
        reason = f"the file of {label} has other columns: {stops}; dbt seed --full-refresh makes the table anew"
        yield scene.making.change(pair.head_id, "seed-changed", "breaking", reason, certainty="certain", written=True)
    else:
        reason = f"{what}: its rows differ, {'and so do its columns' if header.differs else 'its columns are the same'}"
        yield scene.making.change(pair.head_id, "seed-changed", "risky", reason, certainty="likely", written=True)
    later = "" if _is_anew(scene, pair) else "; the table that is there has it until a full refresh"
    for name in header.lost:
        reason = f"the file of {label} no longer has {name}{later}"
        yield scene.making.change(pair.head_id, "column-removed", "breaking", reason, certainty="certain", column=name, written=True)
    for name in header.gained:
        yield scene.making.change(pair.head_id, "column-added", "safe", f"the file of {label} has {name} now", certainty="certain", column=name, written=True)


def _is_anew(scene: Scene, pair: Pair) -> bool:
    """Whether dbt makes the table anew, so that it has the columns that the file has."""
    return scene.head.project.info.adapter in ANEW or pair.head.build.full_refresh is True


def _stops(scene: Scene, pair: Pair, header: Header) -> str:
    """Why the rows cannot be put into the table that is there, as a part of a sentence; empty where they can."""
    if _is_anew(scene, pair) or not header.differs:
        return ""
    if scene.head.project.info.adapter in BY_PLACE and pair.new.config.get("fast") is not False:
        more, fewer = len(header.after), len(header.before)
        return f"its rows have {more} values, and the table that is there {fewer} columns" if more != fewer else ""
    return f"the table that is there does not have {_names(header.gained)}" if header.gained else ""


def _names(names: Sequence[str]) -> str:
    return listing(names, MOST_NAMED)


def _types(config: Mapping[str, object]) -> dict[str, str]:
    found = config.get("column_types")
    return {str(name): str(kind).casefold() for name, kind in found.items()} if isinstance(found, dict) else {}


def too_large(scene: Scene) -> tuple[str, ...]:
    """Seeds into which dbt did not look, so that nobody can say whether they changed: a sentence, or none."""
    labels = [pair.head.label for pair in scene.pairing.pairs if pair.head.resource_type == "seed" and pair.new.checksum.startswith("path:")]
    return (f"dbt does not look into large seeds: whether {', '.join(labels)} changed is not known.",) if labels else ()
