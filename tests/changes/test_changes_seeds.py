"""Seeds whose file is another one: the header is read where the project is, and only if it is the file that dbt saw."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from change_projects import checked, edited, exposure, hit, model, project, seed, the, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aftershock.model.changes import CheckReport

    Seeded = Callable[..., CheckReport]

BASE = ("k", "v")


@pytest.fixture
def seeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seeded:
    """A function that puts a file there, and says what the check says of it."""
    (tmp_path / "dbt_project.yml").write_text("name: p\n", encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    monkeypatch.chdir(tmp_path)

    def found(text: str, *, adapter: str = "duckdb", reads: str = "select v from codes", written: str = "", **config: Any) -> CheckReport:  # noqa: ANN401
        (tmp_path / "seeds" / "codes.csv").write_bytes((written or text).encode())
        base = project(seed("codes", *BASE), model("coded", reads), model("above", "select v from coded"), exposure("board", "coded"), adapter=adapter)
        new = seed("codes", *BASE, checksum=hashlib.sha256(text.strip().encode()).hexdigest(), config={"materialized": "seed", **config})
        return checked(base, edited(base, new))

    return found


def test_other_rows_under_the_same_header(seeded: Seeded) -> None:
    report = seeded("k,v\n1,2\n3,4\n")
    assert told(report) == {"risky seed-changed codes"}
    assert "its columns are the same" in the(report, "seed-changed").reason
    assert set(report.impact.wrong) == {"model.p.coded", "model.p.above"}


@pytest.mark.parametrize(("text", "adapter"), [("k\n1\n", "duckdb"), ("k,v,w\n1,2,3\n", "duckdb"), ("k,v,w\n1,2,3\n", "postgres"), ("k,w\n1,2\n", "snowflake")])
def test_dbt_stops_at_rows_that_do_not_fit_the_table(seeded: Seeded, text: str, adapter: str) -> None:
    report = seeded(text, adapter=adapter)
    change = the(report, "seed-changed")
    assert (change.verdict, change.certainty) == ("breaking", "certain")
    assert "dbt seed --full-refresh" in change.reason
    assert report.impact.fails == ("seed.p.codes",)
    assert report.impact.skipped == ("model.p.above", "model.p.coded")


@pytest.mark.parametrize("adapter", ["bigquery", "databricks", "trino"])
def test_a_table_that_is_made_anew_has_what_the_file_has(seeded: Seeded, adapter: str) -> None:
    report = seeded("k,w\n1,2\n", adapter=adapter)
    assert told(report) == {"risky seed-changed codes", "breaking column-removed codes.v", "safe column-added codes.w"}
    assert report.impact.fails == ("model.p.coded",)
    assert [board.name for board in report.impact.dashboards] == ["board"]


def test_its_own_setting_makes_it_anew(seeded: Seeded) -> None:
    assert seeded("k,v,w\n1,2,3\n", full_refresh=True).impact.fails == ()


def test_a_column_that_nobody_reads_goes(seeded: Seeded) -> None:
    report = seeded("v\n1\n", adapter="bigquery")
    assert told(report) == {"risky seed-changed codes", "safe column-removed codes.k"}
    assert report.impact.fails == ()


def test_a_star_loses_what_the_file_no_longer_has(seeded: Seeded) -> None:
    report = seeded("v\n1\n", adapter="bigquery", reads="select * from codes")
    assert report.impact.loses_columns == {"model.p.coded": ("k",)}


def test_a_table_that_is_emptied_has_the_column_until_a_full_refresh(seeded: Seeded) -> None:
    report = seeded("k\n1\n", adapter="postgres")
    change = the(report, "column-removed")
    assert change.verdict == "breaking"
    assert "until a full refresh" in change.reason
    assert report.impact.fails == ("model.p.coded",)


def test_duckdb_puts_values_into_columns_by_their_place(seeded: Seeded) -> None:
    report = seeded("k,w\n1,2\n")
    assert the(report, "column-removed").verdict == "breaking"
    assert "seed.p.codes" not in report.impact.fails


def test_another_delimiter_and_a_byte_order_mark(seeded: Seeded) -> None:
    report = seeded("\ufeffk;v\n1;2\n", delimiter=";")
    assert "its columns are the same" in the(report, "seed-changed").reason


@pytest.mark.parametrize("written", ["k\n1\n", "\xff"])
def test_a_file_that_dbt_did_not_see_tells_nothing(seeded: Seeded, written: str) -> None:
    report = seeded("v,k\n1,2\n", written=written)
    assert told(report) == {"risky seed-changed codes"}
    assert "could not be looked up" in the(report, "seed-changed").reason


def test_a_path_that_leads_out_of_the_project_is_not_read(seeded: Seeded, tmp_path: Path) -> None:
    (tmp_path.parent / "outside.csv").write_text("k\n1\n", encoding="utf-8")
    base = project(seed("codes", *BASE), model("coded", "select v from codes"))
    outside = seed("codes", *BASE, checksum=hashlib.sha256(b"k\n1").hexdigest(), original_file_path="../outside.csv")
    assert told(checked(base, edited(base, outside))) == {"risky seed-changed codes"}
    seeded("k,v\n1,2\n")
    (tmp_path / "seeds" / "codes.csv").unlink()
    (tmp_path / "seeds" / "codes.csv").symlink_to(tmp_path.parent / "outside.csv")
    linked = seed("codes", *BASE, checksum=hashlib.sha256(b"k\n1").hexdigest())
    assert told(checked(base, edited(base, linked))) == {"risky seed-changed codes"}


@pytest.mark.parametrize(
    ("config", "words", "sure"),
    [({"delimiter": ";"}, "is split at ';' now, and was at ','", "wrong"), ({"quote_columns": True}, "written with other quotes", "may wrong")],
)
def test_the_same_file_that_is_read_otherwise(config: dict[str, object], words: str, sure: str) -> None:
    base = project(seed("codes", *BASE), model("coded", "select v from codes"))
    report = checked(base, edited(base, seed("codes", *BASE, config={"materialized": "seed", **config})))
    assert told(report) == {"risky seed-changed codes"}
    assert words in the(report, "seed-changed").reason
    assert hit(report) == {"coded": sure}
    assert told(checked(base, edited(base, seed("codes", *BASE, config={"materialized": "seed", "delimiter": ",", "quote_columns": None})))) == set()
