# ruff: noqa: S608 - it writes SQL from quoted names and checked queries
"""The versions of a snapshot's keys beside its input, as a query: which are wrong, which follow one another, and what remains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from aftershock.sql.repairing.scripts import Table
from aftershock.sql.repairing.text import Rows, actual, free_prefix, grouped, listed, quoted, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping


SO_FAR = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
"""The frame that every dialect has to be told, though it is the default of most."""


class SnapshotTable(msgspec.Struct, frozen=True):
    """A snapshot's table.

    Attributes:
        relation: its name as dbt writes it, quotes included.
        columns: all its columns in order, dbt's own included, in the warehouse's spelling.
        keys: the columns of ``unique_key``.
        tracked: the columns whose change makes a version: ``check_cols``, or by strategy timestamp all of the input's.
        strategy: dbt's strategy.
        updated_at: the input's column of that name by strategy timestamp.
        valid_from: dbt's own columns, as ``snapshot_meta_column_names`` has them.
        valid_to: as above.
        updated: as above.
        scd_id: as above.
        is_deleted: as above; empty where ``hard_deletes`` is not new_record.
        valid_to_current: the SQL of ``dbt_valid_to_current``; empty where a current version has NULL.
    """

    relation: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    tracked: tuple[str, ...]
    strategy: Literal["check", "timestamp"]
    updated_at: str = ""
    valid_from: str = "dbt_valid_from"
    valid_to: str = "dbt_valid_to"
    updated: str = "dbt_updated_at"
    scd_id: str = "dbt_scd_id"
    is_deleted: str = ""
    valid_to_current: str = ""


class Mending(msgspec.Struct, frozen=True):
    """What is wrong with versions, as conditions and expressions over the columns that :class:`Versions` adds.

    Attributes:
        bad: which version goes.
        relinked: which of those that stay gets another end.
        ends: that end.
        repeats: which version becomes part of the one before it, where that was relinked up to it and has its values; empty for none.
        run_to: the end that a version and those that go behind it have together; by default that of the last of them.
    """

    bad: str
    relinked: str
    ends: str
    repeats: str = ""
    run_to: str = ""


class Versions:
    """The columns of a snapshot and those that the query adds, all of which start with ``p``.

    ``mark`` 0 for a version and 1 for a row of the input; ``held`` 1 where the key is in the input; ``input_at`` its updated_at there; ``look`` the
    same number for the same values; ``same`` 1 where the input has these values; ``current`` 1 for a current version, ``currents`` how many records
    of the key are, ``copies`` how many of one start; ``run`` the same number for a version that stays and those that go behind it.
    """

    def __init__(self, snapshot: SnapshotTable, adapter: str) -> None:
        self.snapshot, self.adapter = _spelled(snapshot), adapter
        self.p = free_prefix(snapshot.columns)
        self.table = Table(snapshot.relation, snapshot.columns, self.snapshot.keys)
        self.of_key = f"PARTITION BY {grouped(self.snapshot.keys, adapter)}"
        self.tie = f"{self.name('updated')}, {self.name('scd_id')}"
        self.in_order = f"{self.of_key} ORDER BY {self.name('valid_from')}, {self.p}current, {self.tie}"

    def name(self, which: str) -> str:
        """One of dbt's own columns, quoted."""
        return quoted(getattr(self.snapshot, which), self.adapter)

    @property
    def deleted(self) -> str:
        """Whether a row says that its key was deleted; empty where none can."""
        return f"{self.name('is_deleted')} = 'True'" if self.snapshot.is_deleted else ""

    @property
    def is_record(self) -> str:
        """Whether a row is a version of a record."""
        return f"COALESCE({self.name('is_deleted')}, 'False') <> 'True'" if self.snapshot.is_deleted else "1 = 1"

    @property
    def never_updated(self) -> str:
        """Whether dbt will never follow the input from this version on, by strategy timestamp."""
        return f"{self.p}current = 1 AND {self.p}held = 1 AND {self.name('valid_from')} >= {self.p}input_at"

    @property
    def ends_by_the_next(self) -> str:
        """The end of a run, or the start of what follows it where that is earlier."""
        p = self.p
        return f"CASE WHEN {p}run_to <= {p}then_from OR {p}then_from IS NULL THEN {p}run_to ELSE {p}then_from END"

    def mended(self, input_query: str, mending: Mending, ctes: Mapping[str, str] | None) -> Rows:
        """What touched keys are to hold, marked 0, and one row of each touched key, marked 1."""
        p, named = self.p, [quoted(column, self.adapter) for column in self.snapshot.columns]
        every = ", ".join(named)
        rows = rows_of(input_query, ctes, self.adapter)
        steps = (*self._matched(rows), *self._judged(mending), *self._joined(mending))
        values = ", ".join(f"{p}span_to AS {name}" if name == self.name("valid_to") else name for name in named)
        parts = (
            f"SELECT {values}, 0 AS {p}mark FROM {p}whole WHERE {p}starts = 1 AND ({p}broken = 1 OR {p}mended = 1)",
            f"SELECT {every}, 1 AS {p}mark FROM {p}whole WHERE {p}first = 1 AND {p}broken = 0 AND {p}mended = 1",
            f"SELECT {every}, 1 AS {p}mark FROM {p}emptied WHERE {p}first = 1",
        )
        return rows.then(*steps, select="\nUNION ALL\n".join(parts))

    def _matched(self, rows: Rows) -> tuple[tuple[str, str], ...]:
        """The versions, each with what the input says about its key."""
        snapshot, adapter, p, valid_to = self.snapshot, self.adapter, self.p, self.name("valid_to")
        named = " AND ".join(f"{quoted(key, adapter)} IS NOT NULL" for key in snapshot.keys)
        of_input = ", ".join(f"{self._of_input(column)} AS {quoted(column, adapter)}" for column in snapshot.columns)
        held = f"SELECT {listed(snapshot.columns, adapter)}, 0 AS {p}mark FROM {snapshot.relation} WHERE {named}"
        taken = f"SELECT {of_input}, 1 AS {p}mark FROM (\n{rows.select}\n) AS aftershock_input WHERE {named}"
        look = grouped([*snapshot.tracked, *filter(None, [snapshot.is_deleted])], adapter)
        input_at = f"MAX(CASE WHEN {p}mark = 1 THEN {quoted(snapshot.updated_at, adapter)} END) OVER ({self.of_key})" if snapshot.updated_at else "NULL"
        is_current = f"{valid_to} IS NULL" + (f" OR {valid_to} = {snapshot.valid_to_current}" if snapshot.valid_to_current else "")
        return (
            (f"{p}all", f"{held}\nUNION ALL\n{taken}"),
            self._step(
                "seen",
                "all",
                f"MAX({p}mark) OVER ({self.of_key}) AS {p}held",
                f"{input_at} AS {p}input_at",
                f"DENSE_RANK() OVER ({self.of_key} ORDER BY {look}) AS {p}look",
            ),
            self._step("compared", "seen", f"MAX({p}mark) OVER ({self.of_key}, {p}look) AS {p}same", f"CASE WHEN {is_current} THEN 1 ELSE 0 END AS {p}current"),
            self._step(
                "versions",
                "compared",
                f"SUM(CASE WHEN {self.is_record} THEN {p}current ELSE 0 END) OVER ({self.of_key}) AS {p}currents",
                f"COUNT(*) OVER ({self.of_key}, {self.name('valid_from')}) AS {p}copies",
                where=f"{p}mark = 0",
            ),
        )

    def _of_input(self, column: str) -> str:
        """What a row of the input has in a column of the snapshot; those of dbt's own that matter to no comparison are null."""
        if column == self.snapshot.is_deleted:
            return "'False'"
        return quoted(column, self.adapter) if column in {*self.snapshot.keys, *self.snapshot.tracked, self.snapshot.updated_at} else "NULL"

    def _judged(self, mending: Mending) -> tuple[tuple[str, str], ...]:
        """Which versions go, in what runs they stand, and what follows those that stay."""
        p, valid_from = self.p, self.name("valid_from")
        run_to = mending.run_to or f"FIRST_VALUE({self.name('valid_to')}) OVER ({self._backwards('run')})"
        return (
            self._step("judged", "versions", f"CASE WHEN {mending.bad} THEN 1 ELSE 0 END AS {p}bad"),
            self._step(
                "placed",
                "judged",
                f"MAX({p}bad) OVER ({self.of_key}) AS {p}broken",
                f"LEAD({p}bad) OVER ({self.in_order}) AS {p}next_bad",
                f"LEAD({valid_from}) OVER ({self.in_order}) AS {p}next_from",
                f"SUM(1 - {p}bad) OVER ({self.in_order} {SO_FAR}) AS {p}run",
            ),
            self._step("runs", "placed", f"{run_to} AS {p}run_to"),
            self._step("emptied", "runs", f"ROW_NUMBER() OVER ({self.in_order}) AS {p}first", where=f"{p}broken = 1"),
            self._step("kept", "runs", f"LEAD({valid_from}) OVER ({self.in_order}) AS {p}then_from", where=f"{p}bad = 0"),
        )

    def _joined(self, mending: Mending) -> tuple[tuple[str, str], ...]:
        """The new ends of those that stay, and which of them become one."""
        p, before = self.p, {name: f"LAG({self.p}{name}) OVER ({self.in_order})" for name in ("relinked", "look", "ends")}
        repeats = f"{before['relinked']} = 1 AND {before['look']} = {p}look AND {before['ends']} = {self.name('valid_from')} AND {mending.repeats or '1 = 0'}"
        return (
            self._step("linked", "kept", f"CASE WHEN {mending.relinked} THEN 1 ELSE 0 END AS {p}relinked"),
            self._step("ended", "linked", f"CASE WHEN {p}relinked = 1 THEN {mending.ends} ELSE {self.name('valid_to')} END AS {p}ends"),
            self._step("starts", "ended", f"CASE WHEN {repeats} THEN 0 ELSE 1 END AS {p}starts", f"MAX({p}relinked) OVER ({self.of_key}) AS {p}mended"),
            self._step("spans", "starts", f"SUM({p}starts) OVER ({self.in_order} {SO_FAR}) AS {p}span", f"ROW_NUMBER() OVER ({self.in_order}) AS {p}first"),
            self._step("whole", "spans", f"FIRST_VALUE({p}ends) OVER ({self._backwards('span')}) AS {p}span_to"),
        )

    def _backwards(self, group: str) -> str:
        """Within a key's run or span, the last version first."""
        return f"{self.of_key}, {self.p}{group} ORDER BY {self.name('valid_from')} DESC, {self.p}current DESC, {self.tie} {SO_FAR}"

    def _step(self, name: str, of: str, *adds: str, where: str = "") -> tuple[str, str]:
        """A named query of all columns of an earlier one and some more."""
        return f"{self.p}{name}", f"SELECT *, {', '.join(adds)}\nFROM {self.p}{of}" + (f"\nWHERE {where}" if where else "")


def _spelled(snapshot: SnapshotTable) -> SnapshotTable:
    """The same with every column as the warehouse spells it.

    Raises:
        ValueError: it has no keys, or strategy timestamp and no ``updated_at``.
    """
    if not snapshot.keys:
        raise ValueError(f"{snapshot.relation} has no unique_key")
    if snapshot.strategy == "timestamp" and not snapshot.updated_at:
        raise ValueError(f"{snapshot.relation} has strategy timestamp and no updated_at")
    single = ("updated_at", "valid_from", "valid_to", "updated", "scd_id", "is_deleted")
    names = {which: actual(getattr(snapshot, which), snapshot.columns) for which in single}
    several = {which: tuple(actual(name, snapshot.columns) for name in getattr(snapshot, which)) for which in ("keys", "tracked")}
    return msgspec.structs.replace(snapshot, **names, **several)
