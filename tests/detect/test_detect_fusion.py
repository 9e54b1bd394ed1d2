"""The fixtures' results as Fusion writes them: the same answer."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from detect_builder import short

from aftershock.artifacts import read_artifacts
from aftershock.detect import detect

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "artifacts"
VERSION = "2.0.0-preview.196"
NOW = "2026-11-23T06:00:00Z"
BUILT = ("model.", "seed.", "snapshot.", "function.", "test.", "unit_test.")


def read(scenario: str, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(gzip.decompress((FIXTURES / scenario / f"{name}.json.gz").read_bytes()))
    content["metadata"]["dbt_version"] = VERSION
    return content


def as_fusion(scenario: str, folder: Path) -> Path:
    """A scenario as Fusion would have written it: no exposures and hooks among the results, its own words, and no-ops that it calls skipped."""
    results = read(scenario, "run_results")
    results["args"] = {"command": "build", "which": "build", "__other__": {}}
    results["results"] = [dict(item) for item in results["results"] if item["unique_id"].startswith(BUILT)]
    views = 0
    for item in results["results"]:
        if item["status"] == "skipped":
            item["message"] = "Skipped due to upstream failure"
        elif item["status"] == "fail" and item["unique_id"].startswith("unit_test."):
            item["status"] = "error"
        elif item["status"] == "success" and item["unique_id"].startswith("model.") and views < 5:
            item["status"], item["message"], views = "skipped", "Skipped", views + 1
        item["status"] = item["status"].title()
        item.pop("failures" if item["status"] == "Skipped" else "", None)
    sources = read(scenario, "sources")
    for item in sources["results"]:
        item["status"] = item["status"].title()
    for name, content in (("manifest", read(scenario, "manifest")), ("run_results", results), ("sources", sources)):
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return folder


@pytest.mark.parametrize("scenario", sorted(path.name for path in FIXTURES.iterdir()))
def test_fusion_s_words_make_no_difference(scenario: str, tmp_path: Path) -> None:
    core, fusion = (detect(read_artifacts(place), now=NOW) for place in (FIXTURES / scenario, as_fusion(scenario, tmp_path)))
    told = [[(item.category, item.nodes, item.severity.level, item.skipped, len(item.evidence)) for item in found.incidents] for found in (core, fusion)]
    assert told[0] == told[1]
    assert fusion.project.engine == "fusion"
    assert fusion.notes == ()


def test_a_file_in_which_fusion_calls_everything_an_error_is_one_doubtful_incident(tmp_path: Path) -> None:
    folder = as_fusion("dropped_column", tmp_path)
    results = json.loads((folder / "run_results.json").read_text("utf-8"))
    for item in results["results"]:
        item |= {"status": "Error", "message": "" if item["status"] != "Error" else item["message"]}
    (folder / "run_results.json").write_text(json.dumps(results), "utf-8")
    (item,) = detect(read_artifacts(folder), now=NOW).incidents
    assert (item.category.value, item.confidence) == ("pipeline-failure", "low")
    assert sorted(map(short, item.nodes)) == ["int_payment_methods", "stg_payments"]
    assert len(item.evidence) == len(results["results"])


def test_a_unit_test_is_a_fault_in_code_by_either_word(tmp_path: Path) -> None:
    folder = as_fusion("green", tmp_path)
    results = json.loads((folder / "run_results.json").read_text("utf-8"))
    failing = [item for item in results["results"] if item["unique_id"].startswith("unit_test.")]
    for item, status in zip(failing, ("Error", "Fail", "error"), strict=True):
        item["status"] = status
    (folder / "run_results.json").write_text(json.dumps(results), "utf-8")
    found = detect(read_artifacts(folder), now=NOW)
    assert (found.incidents, len(found.code_faults)) == ((), 3)
