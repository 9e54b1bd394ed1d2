"""Versions of a dbt snapshot taken out, reopened and made unique, after its input has been corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.sql.repairing.scripts import NOTHING, swap
from aftershock.sql.repairing.text import moment, within
from aftershock.sql.repairing.versions import SO_FAR, Mending, SnapshotTable, Versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aftershock.sql.repairing.scripts import Script


def remove_bad_versions(  # noqa: PLR0913  # a window is two bounds
    snapshot: SnapshotTable, input_query: str, since: str, until: str, adapter: str, *, ctes: Mapping[str, str] | None = None
) -> Script:
    """Take out the versions that a bad input left, once the input is corrected and before the next snapshot.

    A version is bad where its values are not those that the input has for its key now, and either its ``valid_from`` is in [since, until), or,
    by strategy timestamp, it is the current one although its ``valid_from`` is not before the input's ``updated_at``: dbt would keep it for ever.
    The version before it takes over its end. By strategy check a version that then only repeats the one before it, and was taken since, becomes
    part of it. Keys without a bad version are not touched, nor are rows that say that a key was deleted.

    What it can lose besides: of the window, a true version that the input has moved on from, by a later change or by a deletion of its key, since
    nothing tells it from a bad one; and by strategy timestamp what changed in the input without a new ``updated_at``. What it leaves: a row of
    ``hard_deletes: new_record`` that repeats the values of a bad version, and versions whose key has a null, which dbt itself cannot follow.

    Args:
        snapshot: the snapshot.
        input_query: the SELECT that it takes, over corrected relations.
        since: first moment at which a version may have been taken from bad input; empty where unknown. Then only the current versions that strategy
            timestamp proves bad go, and by strategy check none do: the script is empty.
        until: first moment after which it may not; empty for no bound.
        adapter: dbt's adapter type.
        ctes: the SQL of ephemeral parents that the query names.

    Raises:
        NoQuery: ``input_query`` is not one query.
        UsageError: a bound is not a time.
        ValueError: the snapshot has no keys, or strategy timestamp and no ``updated_at``.
    """
    v = Versions(snapshot, adapter)
    taken = within(v.snapshot.valid_from, since, until, adapter) if since else ""
    proven = v.never_updated if v.snapshot.strategy == "timestamp" else ""
    if not taken and not proven:
        return NOTHING
    condition = " OR ".join(f"({part})" for part in (taken, proven) if part)
    ended_before = f"{v.p}current = 0 AND {v.name('valid_to')} < {v.p}next_from"
    mending = Mending(
        bad=f"{v.p}same = 0 AND {v.is_record} AND ({condition})",
        relinked=f"{v.p}next_bad = 1 AND NOT ({ended_before})",
        ends=v.ends_by_the_next,
        repeats=within(v.snapshot.valid_from, since, "", adapter) if since and v.snapshot.strategy == "check" else "",
    )
    return _mended(v, input_query, mending, adapter, ctes)


def reopen_closed(  # noqa: PLR0913  # as above
    snapshot: SnapshotTable, input_query: str, since: str, until: str, adapter: str, *, ctes: Mapping[str, str] | None = None
) -> Script:
    """Reopen what a snapshot closed because rows were missing from its input, once they are back there.

    A version that was closed in [since, until] while its key is in the input again is joined to the version that followed it, where a snapshot has
    run since: a version that only repeats it becomes part of it, and a different one ends it where that begins. Where none followed it becomes the
    current one. So does, without a bound to its closing, one that nothing has followed. With ``hard_deletes: new_record`` the rows that say that
    such a key was deleted go. Other versions are not touched.

    What it can lose: the gap of a key that was truly deleted since and came back. Versions whose key has a null stay as they are.

    Args:
        snapshot: the snapshot.
        input_query: the SELECT that it takes, over restored relations.
        since: first moment at which a snapshot may have seen too few rows.
        until: last moment at which it may have; empty for no bound.
        adapter: dbt's adapter type.
        ctes: the SQL of ephemeral parents that the query names.

    Raises:
        NoQuery: ``input_query`` is not one query.
        UsageError: a bound is not a time.
        ValueError: the snapshot has no keys, or ``since`` is empty.
    """
    if not since:
        raise ValueError("reopen_closed needs the moment since which rows were missing")
    v = Versions(snapshot, adapter)
    start, valid_from, valid_to = moment(since, "since", adapter), v.name("valid_from"), v.name("valid_to")
    by_then = f" <= {moment(until, 'until', adapter)}" if until else ""
    deleted = f"{v.deleted} AND {v.p}held = 1 AND {valid_from} >= {start}" if v.deleted else "1 = 0"
    follows = f"{v.p}then_from <> {valid_to}" + (f" AND {valid_to}{by_then}" if until else "")
    mending = Mending(
        bad=deleted + (f" AND ({valid_from}{by_then} OR {v.p}current = 1)" if until and v.deleted else ""),
        relinked=f"{v.p}current = 0 AND {valid_to} >= {start} AND {v.p}held = 1 AND {v.is_record} AND (({v.p}then_from IS NULL AND {v.p}currents = 0) OR ({follows}))",
        ends=f"CASE WHEN {v.p}then_from IS NULL THEN {v.snapshot.valid_to_current or 'NULL'} ELSE {v.p}then_from END",
        repeats="1 = 1",
    )
    return _mended(v, input_query, mending, adapter, ctes)


def dedupe_versions(snapshot: SnapshotTable, input_query: str, adapter: str, *, ctes: Mapping[str, str] | None = None) -> Script:
    """Keep one version of each key and ``valid_from``, that which is equal to the input where one is, and one current version of each key.

    In a key that had two, a version ends where the next one begins at the latest, and by strategy check a version that then only repeats a formerly
    current one becomes part of it. Other keys are not touched, nor versions whose key has a null.

    Args:
        snapshot: the snapshot.
        input_query: the SELECT that it takes, over relations without duplicates.
        adapter: dbt's adapter type.
        ctes: the SQL of ephemeral parents that the query names.

    Raises:
        NoQuery: ``input_query`` is not one query.
        ValueError: the snapshot has no keys.
    """
    v = Versions(snapshot, adapter)
    same_start = f"{v.of_key}, {v.name('valid_from')}"
    rank = f"ROW_NUMBER() OVER ({same_start} ORDER BY {v.p}same DESC, {v.p}current DESC, {v.tie})"
    last = f"FIRST_VALUE({v.name('valid_to')}) OVER ({same_start} ORDER BY {v.p}current DESC, {v.name('valid_to')} DESC {SO_FAR})"
    mending = Mending(
        bad=f"{rank} > 1",
        relinked=f"{v.p}copies > 1 OR ({v.p}current = 1 AND {v.p}currents > 1)",
        ends=v.ends_by_the_next,
        repeats="1 = 1" if v.snapshot.strategy == "check" else "",
        run_to=last,
    )
    return _mended(v, input_query, mending, adapter, ctes)


def _mended(versions: Versions, input_query: str, mending: Mending, adapter: str, ctes: Mapping[str, str] | None) -> Script:
    return swap(versions.table, versions.mended(input_query, mending, ctes), adapter, mark=f"{versions.p}mark")
