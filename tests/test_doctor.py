from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aftershock
from aftershock.doctor import CHECKS, EXAMPLES
from aftershock.model import (
    ArtifactFile,
    Artifacts,
    DeclaredExposure,
    ExposureInfo,
    Group,
    Node,
    Owner,
    OwnerRule,
    Policy,
    Project,
    ProjectInfo,
    Run,
    SourceInfo,
)

if TYPE_CHECKING:
    from aftershock.model.diagnosis import Diagnosis, Finding

ARTIFACTS = Path(__file__).resolve().parents[1] / "fixtures" / "artifacts"
NOW = "2026-03-02T00:00:00Z"
EVE = Owner("Eve", "eve@example.com")

WELL = (
    Node("source.p.raw.orders", "source", "orders", meta={"owner": "Eve"}, source=SourceInfo("raw", freshness=True)),
    Node("model.p.a", "model", "a", parents=("source.p.raw.orders",), meta={"owner": "Eve", "tier": 1}),
    Node("test.p.t", "test", "t", parents=("model.p.a",)),
    Node("exposure.p.board", "exposure", "board", parents=("model.p.a",), exposure=ExposureInfo("dashboard", "high", "https://x.example", "", (EVE,))),
)
KINDS = ("manifest", "run_results", "sources", "catalog")


def artifacts(*nodes: Node, **more: Any) -> Artifacts:  # noqa: ANN401
    files = tuple(ArtifactFile(kind, f"target/{kind}.json", "2026-03-01T23:00:00Z") for kind in KINDS)  # type: ignore[arg-type]
    project = Project(ProjectInfo("p", "1.11.16", "duckdb", 12, has_compiled_sql=True), {node.unique_id: node for node in nodes})
    return msgspec.structs.replace(Artifacts(project, Run("build", args={"target": "prod"}), None, files), **more)


def rules(found: Diagnosis) -> list[str]:
    return [finding.rule for finding in found.findings]


def finding(rule: str, found: Diagnosis) -> Finding:
    return next(item for item in found.findings if item.rule == rule)


def without(unique_id: str, **changes: Any) -> Artifacts:  # noqa: ANN401
    """What is well, with one node changed."""
    return artifacts(*(msgspec.structs.replace(node, **changes) if node.unique_id == unique_id else node for node in WELL))


def test_a_project_that_lacks_nothing() -> None:
    found = aftershock.diagnose(artifacts(*WELL), now=NOW)
    assert found.findings == ()
    assert found.resources == {"exposure": 1, "model": 1, "source": 1, "test": 1}
    assert {item.hours for item in found.files} == {1.0}
    assert "p: nothing is missing." in aftershock.diagnosis_text(found)


BOARD = "exposure.p.board"
LACKING = (
    ("source-freshness", "source.p.raw.orders", {"source": SourceInfo("raw")}, "raw.orders"),
    ("source-owner", "source.p.raw.orders", {"meta": {}}, "raw.orders"),
    ("model-owner", "model.p.a", {"meta": {"tier": 1}}, "a"),
    ("public-models", "model.p.a", {"access": "public"}, "a"),
    ("exposure-owner", BOARD, {"exposure": ExposureInfo("dashboard", "high", "https://x.example")}, "board"),
    ("exposure-email", BOARD, {"exposure": ExposureInfo("dashboard", "high", "https://x.example", "", (Owner("Eve"),))}, "board"),
    ("exposure-maturity", BOARD, {"exposure": ExposureInfo("dashboard", "", "https://x.example", "", (EVE,))}, "board"),
    ("exposure-url", BOARD, {"exposure": ExposureInfo("dashboard", "high", "", "", (EVE,))}, "board"),
    ("end-table-without-reader", BOARD, {"parents": ("source.p.raw.orders",)}, "a"),
)


@pytest.mark.parametrize(("rule", "unique_id", "changes", "example"), LACKING, ids=lambda value: value if isinstance(value, str) else "")
def test_each_thing_that_is_lacking_is_found_alone(rule: str, unique_id: str, changes: dict[str, Any], example: str) -> None:
    found = aftershock.diagnose(without(unique_id, **changes), now=NOW)
    assert rules(found) == [rule]
    assert (found.findings[0].count, found.findings[0].total, found.findings[0].examples) == (1, 1, (example,))
    assert found.findings[0].remedy


def test_no_exposures_and_no_markers() -> None:
    found = aftershock.diagnose(artifacts(WELL[0], msgspec.structs.replace(WELL[1], meta={"owner": "Eve"})), now=NOW)
    assert rules(found) == ["no-exposures", "end-table-without-reader", "no-critical-markers"]


def test_what_aftershock_yml_declares_is_not_lacking() -> None:
    bare = artifacts(WELL[0], msgspec.structs.replace(WELL[1], meta={"tier": 1}))
    policy = Policy(owners=(OwnerRule(EVE, node="a"),), exposures=(DeclaredExposure("wallboard", ("a",), owner=EVE, maturity="low", url="https://x.example"),))
    assert rules(aftershock.diagnose(bare, policy=policy, now=NOW)) == []


def test_a_group_owns_its_models() -> None:
    grouped = without("model.p.a", meta={"tier": 1}, group="core")
    owned = msgspec.structs.replace(grouped, project=msgspec.structs.replace(grouped.project, groups={"core": Group("core", owners=(EVE,))}))
    assert rules(aftershock.diagnose(grouped, now=NOW)) == ["model-owner"]
    assert rules(aftershock.diagnose(owned, now=NOW)) == []


def test_missing_and_old_files() -> None:
    files = (ArtifactFile("manifest", "m", "2026-02-01T00:00:00Z"), *(ArtifactFile(kind) for kind in KINDS[1:]))  # type: ignore[arg-type]
    found = aftershock.diagnose(artifacts(*WELL, files=files, run=None), now=NOW)
    assert rules(found) == ["missing-run_results", "missing-sources", "old-manifest", "missing-catalog"]
    assert finding("old-manifest", found).what.startswith("manifest.json is 29 days old")
    assert [item.hours for item in found.files] == [696.0, None, None, None]
    text = aftershock.diagnosis_text(found, width=80)
    assert "29 days old" in text
    assert "missing" in text


def test_sources_json_is_missed_only_where_a_source_has_thresholds() -> None:
    files = (ArtifactFile("sources"),)
    unchecked = without("source.p.raw.orders", source=SourceInfo("raw"))
    assert "missing-sources" not in rules(aftershock.diagnose(msgspec.structs.replace(unchecked, files=files), now=NOW))


def test_files_that_do_not_belong_together_come_first() -> None:
    found = aftershock.diagnose(artifacts(WELL[0], warnings=("one and two are of different invocations: x.", "Odd.")), now=NOW)
    assert [(item.rule, item.level) for item in found.findings[:2]] == [("artifacts-belong-together", "error")] * 2
    assert [item.what for item in found.findings[:2]] == ["one and two are of different invocations: x", "Odd"]


def test_no_compiled_sql_and_no_target() -> None:
    bare = artifacts(*WELL, run=Run("build"))
    bare = msgspec.structs.replace(bare, project=msgspec.structs.replace(bare.project, info=ProjectInfo("p")))
    assert rules(aftershock.diagnose(bare, now=NOW)) == ["not-compiled", "unknown-target"]


def test_which_command_wrote_a_manifest_without_sql_is_said_where_it_is_known() -> None:
    def what(run: Run) -> str:
        project = Project(ProjectInfo("p", invocation_id="one"), {node.unique_id: node for node in WELL})
        return finding("not-compiled", aftershock.diagnose(artifacts(*WELL, run=run, project=project), now=NOW)).what

    assert what(Run("snapshot", invocation_id="one")) == "manifest.json holds no compiled SQL: dbt snapshot wrote it"
    for run in (Run("snapshot", invocation_id="two"), Run("", invocation_id="one")):
        assert what(run) == "manifest.json holds no compiled SQL: dbt ls, parse or test wrote it, or nothing was compiled"


def test_the_catalog_tells_its_own_age() -> None:
    folder = ARTIFACTS / "green"
    found = aftershock.diagnose(aftershock.read_artifacts(folder), catalog=aftershock.read_catalog(folder))
    assert all(item.file.generated_at and item.file.invocation_id for item in found.files)


@pytest.mark.parametrize("name", sorted(path.name for path in ARTIFACTS.iterdir() if path.is_dir()))
def test_every_scenario_by_what_dbt_wrote(name: str) -> None:
    read = aftershock.read_artifacts(ARTIFACTS / name)
    found = aftershock.diagnose(read, now=read.project.info.generated_at)
    kept = {item.rule: (item.count, item.total) for item in found.findings if item.total}
    models = [node for node in read.project.nodes.values() if node.resource_type == "model"]
    exposures = [node for node in read.project.nodes.values() if node.exposure]
    assert kept["public-models"] == (sum(node.access == "public" for node in models), len(models))
    assert kept["exposure-url"] == (sum(not node.exposure.url for node in exposures if node.exposure), len(exposures))
    assert not [item for item in found.findings if item.level == "error"]


def test_who_is_missing_here_is_who_an_assessment_does_not_find() -> None:
    read = aftershock.read_artifacts(ARTIFACTS / "green")
    found = aftershock.diagnose(read)
    models = [node for node in read.project.nodes.values() if node.resource_type == "model"]
    unowned = [node for node in models if node.unique_id in aftershock.assess(read, node.unique_id, "stale-data").assessment.unowned]
    assert finding("model-owner", found).count == len(unowned) > 0


@given(st.lists(st.sampled_from(WELL), unique_by=lambda node: node.unique_id))
def test_the_worst_comes_first_and_examples_are_few(nodes: list[Node]) -> None:
    found = aftershock.diagnose(artifacts(*nodes), now=NOW)
    levels = [item.level for item in found.findings]
    assert levels == sorted(levels, key=("error", "warning", "note").index)
    assert all(len(item.examples) <= EXAMPLES and item.count <= item.total for item in found.findings)
    assert len(found.findings) <= len(CHECKS) * 4


def test_text_fits_the_width_and_json_holds_everything() -> None:
    found = aftershock.diagnose(aftershock.read_artifacts(ARTIFACTS / "green"))
    for width in (60, 80, 120):
        sections = aftershock.diagnosis_text(found, width=width).split("\n\n")
        assert all(len(line) <= width for section in sections if not section.startswith("Artifacts") for line in section.splitlines())
    document = msgspec.json.decode(aftershock.diagnosis_json(found))
    assert [item["rule"] for item in document["findings"]] == rules(found)
    assert document["files"][0].keys() >= {"kind", "path", "generated_at", "invocation_id", "dbt_version", "which", "hours"}


def test_texts_that_no_encoding_carries() -> None:
    odd = without("model.p.a", name="a\udcff", meta={"tier": 1})
    assert "\\udcff" in aftershock.diagnosis_json(aftershock.diagnose(odd, now=NOW))


def test_a_time_that_is_none() -> None:
    with pytest.raises(aftershock.UsageError):
        aftershock.diagnose(artifacts(), now="noon")
