"""A mended snapshot is the one that a world without the incident has."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from repair_dbt import INPUT, KINDS, Row, Snapshot

from aftershock.sql.repair import SnapshotTable, dedupe_versions, remove_bad_versions, reopen_closed

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.sql.repair import Script

FAR = "cast('9999-12-31' as timestamp)"
State = dict[int, Row]
"""What the source holds at one time: one row a key."""


def at(step: float) -> str:
    """The moment of a snapshot."""
    return f"2026-01-{int(step) + 1:02} 12:00:00" if step == int(step) else f"2026-01-{int(step) + 1:02} 18:00:00"


def changed(row_id: int, step: int, value: str | None) -> Row:
    return (row_id, value, step, f"2026-01-{step + 1:02} 06:00:00")


@st.composite
def histories(draw: st.DrawFn, *, arrives: bool = False) -> tuple[list[State], int, int, set[int]]:
    """States of a healthy source, the first and last step of an incident, and the keys that it hits; those change only before it.

    With ``arrives`` they come, or change, just when it begins.
    """
    steps = draw(st.integers(3, 5))
    first = draw(st.integers(1, steps - 1))
    last = draw(st.integers(first, steps - 1))
    hit = draw(st.sets(st.integers(1, 4), min_size=1))
    state: State = {key: changed(key, 0, "a") for key in draw(st.sets(st.integers(1, 5), min_size=3))}
    states: list[State] = []
    since_onset: set[int] = set()
    gone: set[int] = set()
    for step in range(steps):
        state = dict(state)
        for key in range(1, 6):
            action = draw(st.sampled_from(["stay", "stay", "change", "delete"]))
            during = step >= first
            if arrives and step == first and key in hit:
                state[key] = changed(key, step, draw(st.sampled_from(["a", "b", None])))
            if during and (key in hit or key in since_onset):
                continue
            if action == "change" and key not in gone:
                state[key] = changed(key, step, draw(st.sampled_from(["a", "b", None])))
                since_onset |= {key} if during else set()
            if action == "delete" and key in state:
                del state[key]
                gone.add(key)
                since_onset |= {key} if during else set()
        states.append(state)
    return states, first, last, hit


def lived(
    kind: tuple[str, str], history: tuple[list[State], int, int, set[int]], harm: Callable[[State, int, set[int]], list[Row]], *, after: int, until: str
) -> tuple[Snapshot, Snapshot]:
    """Two worlds: one healthy, one in which an incident came; both have just had the source corrected, ``after`` snapshots ago."""
    states, first, last, hit = history
    healthy, harmed = Snapshot(*kind, until), Snapshot(*kind, until)
    for step, state in enumerate([*states[: last + 1], *[states[last]] * after]):
        healthy.holds(state.values())
        harmed.holds(harm(state, step, hit) if first <= step <= last else state.values())
        healthy.take(at(step))
        harmed.take(at(step))
    final = states[last].values()
    healthy.holds(final)
    harmed.holds(final)
    return healthy, harmed


def equal_after(healthy: Snapshot, harmed: Snapshot, script: Script) -> None:
    """The script mends the harmed one, a second run of it changes nothing, and so it stays with the next snapshot."""
    with healthy.db, harmed.db:
        harmed.run(script)
        once = harmed.rows()
        harmed.run(script)
        assert harmed.rows() == once
        for snapshot in (healthy, harmed):
            snapshot.take(at(20))
        assert harmed.rows() == healthy.rows()


def worse(state: State, step: int, hit: set[int]) -> list[Row]:
    """Bad values with a later updated_at."""
    numbers = count(10 * step)
    return [(key, f"bad {next(numbers)}", step, f"2026-01-{step + 1:02} 07:00:00") if key in hit else row for key, row in state.items()]


def fewer(state: State, _: int, hit: set[int]) -> list[Row]:
    return [row for key, row in state.items() if key not in hit]


def twice(state: State, _: int, hit: set[int]) -> list[Row]:
    return [row for key, row in state.items() for _ in range(2 if key in hit else 1)]


@pytest.mark.parametrize("kind", KINDS)
@given(history=histories(), after=st.integers(0, 2), until=st.sampled_from(["", FAR]), form=st.sampled_from(["duckdb", "trino"]))
@settings(deadline=None, max_examples=6)
def test_bad_versions_go_and_nothing_else(kind: tuple[str, str], history: tuple[list[State], int, int, set[int]], after: int, until: str, form: str) -> None:
    healthy, harmed = lived(kind, history, worse, after=after, until=until)
    equal_after(healthy, harmed, remove_bad_versions(harmed.table, INPUT, at(history[1])[:10], "", form))


@pytest.mark.parametrize("kind", KINDS)
@given(history=histories(), after=st.integers(0, 2), until=st.sampled_from(["", FAR]), form=st.sampled_from(["duckdb", "trino"]))
@settings(deadline=None, max_examples=6)
def test_what_was_closed_is_open_again(kind: tuple[str, str], history: tuple[list[State], int, int, set[int]], after: int, until: str, form: str) -> None:
    healthy, harmed = lived(kind, history, fewer, after=after, until=until)
    equal_after(healthy, harmed, reopen_closed(harmed.table, INPUT, at(history[1]), at(history[2]), form))


@pytest.mark.parametrize("kind", KINDS)
@given(history=histories(arrives=True), after=st.integers(0, 2), until=st.sampled_from(["", FAR]), form=st.sampled_from(["duckdb", "trino"]))
@settings(deadline=None, max_examples=6)
def test_duplicated_versions_become_one(kind: tuple[str, str], history: tuple[list[State], int, int, set[int]], after: int, until: str, form: str) -> None:
    healthy, harmed = lived(kind, history, twice, after=after, until=until)
    equal_after(healthy, harmed, dedupe_versions(harmed.table, INPUT, form))


ONE: Row = (1, "a", 1, "2026-01-01")
TWO: Row = (2, "b", 1, "2026-01-01")


def steps(kind: tuple[str, str], *states: list[Row]) -> Snapshot:
    """A snapshot on each day of 2026, of one state after another."""
    found = Snapshot(*kind)
    for step, state in enumerate(states):
        found.holds(state)
        found.take(at(step))
    return found


def brief(snapshot: Snapshot) -> list[tuple[int | None, str | None, str, str]]:
    """Key, value, first and last day of each version."""
    rows = snapshot.db.execute("select id, v, strftime(dbt_valid_from, '%d'), coalesce(strftime(dbt_valid_to, '%d'), '') from snap order by all").fetchall()
    return [(key, value, start, end) for key, value, start, end in rows]


def test_without_an_onset_only_what_is_proven_goes() -> None:
    closed, current = (1, "bad", 1, "2026-01-02"), (1, "worse", 1, "2026-01-03")
    found = steps(("timestamp", "ignore"), [ONE], [closed], [current])
    found.holds([ONE])
    found.run(remove_bad_versions(found.table, INPUT, "", "", "duckdb"))
    assert brief(found) == [(1, "a", "01", "02"), (1, "bad", "02", "")]
    found.run(remove_bad_versions(found.table, INPUT, "", "", "duckdb"))
    assert brief(found) == [(1, "a", "01", "")]
    check = steps(("check", "ignore"), [ONE], [closed])
    assert remove_bad_versions(check.table, INPUT, "", "", "duckdb").statements == ()


def test_a_row_that_was_bad_from_the_first_is_gone_until_the_next_snapshot() -> None:
    found = steps(("timestamp", "ignore"), [(1, "bad", 1, "2026-01-05")])
    found.holds([ONE])
    found.run(remove_bad_versions(found.table, INPUT, "", "", "duckdb"))
    assert brief(found) == []
    found.take(at(6))
    assert brief(found) == [(1, "a", "01", "")]


def test_until_ends_the_window() -> None:
    found = steps(("check", "ignore"), [ONE], [(1, "b", 1, "2026-01-02")], [(1, "c", 1, "2026-01-03")], [(1, "d", 1, "2026-01-04")])
    found.run(remove_bad_versions(found.table, INPUT, "2026-01-02", "2026-01-03", "duckdb"))
    assert brief(found) == [(1, "a", "01", "03"), (1, "c", "03", "04"), (1, "d", "04", "")]


def test_what_can_be_lost_is_what_the_docstring_says() -> None:
    overtaken = steps(("check", "ignore"), [ONE], [(1, "true", 1, "2026-01-02")], [(1, "truer", 1, "2026-01-03")])
    overtaken.run(remove_bad_versions(overtaken.table, INPUT, "2026-01-02", "", "duckdb"))
    assert brief(overtaken) == [(1, "a", "01", "03"), (1, "truer", "03", "")]
    gone = steps(("check", "ignore"), [ONE], [ONE, TWO], [ONE])
    gone.run(remove_bad_versions(gone.table, INPUT, "2026-01-02", "", "duckdb"))
    assert brief(gone) == [(1, "a", "01", "")]
    silent = steps(("timestamp", "ignore"), [ONE])
    silent.holds([(1, "changed without a word", 1, "2026-01-01")])
    silent.run(remove_bad_versions(silent.table, INPUT, "", "", "duckdb"))
    assert brief(silent) == []
    returned = steps(("check", "invalidate"), [ONE], [], [ONE])
    returned.run(reopen_closed(returned.table, INPUT, "2026-01-01T13:00", "", "duckdb"))
    assert brief(returned) == [(1, "a", "01", "")]


def test_a_true_gap_before_a_bad_version_stays() -> None:
    found = steps(("check", "invalidate"), [ONE], [], [(1, "bad", 1, "2026-01-03")])
    found.holds([ONE])
    found.run(remove_bad_versions(found.table, INPUT, "2026-01-03", "", "duckdb"))
    assert brief(found) == [(1, "a", "01", "02")]


def test_a_true_deletion_after_the_window_stays() -> None:
    found = steps(("check", "invalidate"), [ONE, TWO], [TWO], [ONE, TWO], [ONE], [ONE, TWO])
    found.run(reopen_closed(found.table, INPUT, "2026-01-01T13:00", "2026-01-02T13:00", "duckdb"))
    assert brief(found) == [(1, "a", "01", ""), (2, "b", "01", "04"), (2, "b", "05", "")]


def test_a_row_that_came_back_different_ends_the_one_before_it() -> None:
    found = steps(("check", "invalidate"), [ONE], [], [(1, "new", 1, "2026-01-03")])
    found.run(reopen_closed(found.table, INPUT, "2026-01-02", "2026-01-02T13:00", "duckdb"))
    assert brief(found) == [(1, "a", "01", "03"), (1, "new", "03", "")]
    older = steps(("timestamp", "invalidate"), [(1, "a", 1, "2026-01-05")])
    older.holds([])
    older.take(at(6))
    older.holds([(1, "from an older backup", 1, "2026-01-02")])
    older.take(at(7))
    before = brief(older)
    older.run(reopen_closed(older.table, INPUT, at(6), "", "duckdb"))
    assert brief(older) == before == [(1, "a", "05", "07"), (1, "from an older backup", "02", "")]


def test_versions_without_a_key_are_left_alone() -> None:
    nameless: Row = (None, "x", 1, "2026-01-01")  # type: ignore[assignment]
    found = steps(("check", "ignore"), [nameless, nameless], [nameless])
    before = found.rows()
    for script in (
        dedupe_versions(found.table, INPUT, "duckdb"),
        remove_bad_versions(found.table, "select * from src where false", "2026-01-01", "", "duckdb"),
    ):
        found.run(script)
        assert found.rows() == before


def test_columns_of_other_names_and_spellings() -> None:
    found = steps(("timestamp", "new_record"), [ONE, TWO], [(1, "bad", 1, "2026-01-02"), TWO])
    found.holds([ONE, TWO])
    names = {"dbt_valid_from": "Valid From", "dbt_valid_to": 'to "then"', "dbt_is_deleted": "'False'", "v": "order", "id": "AFTERSHOCK_mark"}
    for old, new in names.items():
        found.db.execute(f"alter table snap rename {old} to " + '"' + new.replace('"', '""') + '"')
    known = found.table
    table = SnapshotTable(
        known.relation,
        tuple(names.get(column, column) for column in known.columns),
        ("aftershock_MARK",),
        ("aftershock_mark", "ORDER", "w", "Updated_At"),
        "timestamp",
        updated_at="UPDATED_AT",
        valid_from="valid from",
        valid_to='to "then"',
        updated="DBT_UPDATED_AT",
        scd_id="DBT_SCD_ID",
        is_deleted="'False'",
    )
    query = 'select id as "AFTERSHOCK_mark", v as "order", w, updated_at from src'
    found.run(remove_bad_versions(table, query, "", "", "duckdb"))
    found.run(dedupe_versions(table, query, "duckdb"))
    found.run(reopen_closed(table, query, "2026-01-01", "", "duckdb"))
    assert found.db.execute('select "AFTERSHOCK_mark", "order", "to ""then""" from snap order by all').fetchall() == [(1, "a", None), (2, "b", None)]


def test_what_cannot_be_mended_is_an_error() -> None:
    known = Snapshot("timestamp", "ignore").table
    with pytest.raises(ValueError, match="has no unique_key"):
        dedupe_versions(msgspec.structs.replace(known, keys=()), INPUT, "duckdb")
    with pytest.raises(ValueError, match="has strategy timestamp and no updated_at"):
        dedupe_versions(msgspec.structs.replace(known, updated_at=""), INPUT, "duckdb")
    with pytest.raises(ValueError, match="needs the moment since which rows were missing"):
        reopen_closed(known, INPUT, "", "", "duckdb")
