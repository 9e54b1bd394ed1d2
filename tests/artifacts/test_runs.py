from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from aftershock.artifacts.runs import read_runs
from aftershock.errors import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path


def written(invocation: str) -> bytes:
    schema = "https://schemas.getdbt.com/dbt/run-results/v6.json"
    return json.dumps({"metadata": {"dbt_schema_version": schema, "invocation_id": invocation}, "results": [], "args": {"which": "run"}}).encode()


def ids(*places: Path) -> list[str]:
    return [run.invocation_id for run in read_runs(places)]


def test_files_are_read_in_their_order_and_each_run_once(tmp_path: Path) -> None:
    for name, invocation in (("b.json", "two"), ("a.json", "one"), ("c.json", "two")):
        (tmp_path / name).write_bytes(written(invocation))
    assert ids(tmp_path / "b.json", tmp_path / "a.json", tmp_path / "c.json") == ["two", "one"]
    assert read_runs(()) == ()


def test_runs_without_an_id_are_told_apart_by_their_file(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(written(""))
    assert ids(tmp_path / "a.json", tmp_path / "b.json") == ["", ""]


def test_of_a_directory_the_run_results_are_read_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "02.run_results.json").write_bytes(written("two"))
    (tmp_path / "01.run_results.json.gz").write_bytes(gzip.compress(written("one")))
    (tmp_path / "manifest.json").write_bytes(b"{}")
    (tmp_path / "03.run_results.json").mkdir()
    assert ids(tmp_path) == ["one", "two"]


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no file in this directory is called"):
        read_runs([tmp_path])
    with pytest.raises(ArtifactError, match="there is no such file"):
        read_runs([tmp_path / "run_results.json"])
    (tmp_path / "x.json").write_bytes(b'{"metadata": {}}')
    with pytest.raises(ArtifactError, match="it is not what its name says"):
        read_runs([str(tmp_path / "x.json")])
