"""What must never pass by accident; and what a policy makes of changes, where the check asks it."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from change_projects import NOW, Raw, checked, edited, exposure, hit, model, project, source, the, told

from aftershock.artifacts import artifacts_from_bytes, read_artifacts
from aftershock.artifacts.code import code_from_bytes
from aftershock.changes import check
from aftershock.columns.opening import open_lineage
from aftershock.errors import ArtifactError, UsageError
from aftershock.model import DeclaredExposure, Owner, Policy
from aftershock.model.policy import Acknowledgement, CheckPolicy

if TYPE_CHECKING:
    from pathlib import Path

RAW = source("raw", "id", "b", "c")
STG = model("stg", "select id, b, c from raw")
MART = model("mart", "select id, b from stg")
BASE = project(RAW, STG, MART, exposure("board", "mart"))
DROPPED = edited(BASE, model("stg", "select id, c from raw"))


def test_an_empty_object_is_no_manifest() -> None:
    with pytest.raises(ArtifactError, match="no key 'metadata'"):
        artifacts_from_bytes(b"{}", "target/manifest.json")


@pytest.mark.parametrize("empty", [project(), project(RAW)])
def test_a_project_without_models_is_refused_on_either_side(empty: Raw) -> None:
    for base, head, option in ((empty, BASE, "--base"), (BASE, empty, "--head")):
        with pytest.raises(ArtifactError, match="no model, seed or snapshot") as error:
            checked(base, head)
        assert option in error.value.remedy


def test_another_project_another_warehouse_and_nothing_in_common_are_refused() -> None:
    with pytest.raises(UsageError, match="of the project other"):
        checked(project(RAW, STG, name="other"), BASE)
    with pytest.raises(UsageError, match="not of one dialect"):
        checked(project(RAW, STG, adapter="snowflake"), BASE)
    with pytest.raises(UsageError, match="no node in common"):
        checked(project(RAW, model("elsewhere", "select id from raw")), BASE)


def test_projects_that_share_little_are_doubted() -> None:
    many = project(RAW, STG, *(model(f"m{number}", "select 1 as one") for number in range(20)))
    assert any("may not be of one project" in warning for warning in checked(many, project(RAW, STG, MART)).warnings)


def test_a_manifest_whose_code_is_not_at_hand_is_refused() -> None:
    artifacts = artifacts_from_bytes(json.dumps(BASE).encode(), "nowhere")
    with pytest.raises(ArtifactError, match="code of its models is not at hand"):
        check(artifacts, artifacts, now=NOW)


def test_what_else_is_not_at_hand_is_said() -> None:
    data = json.dumps(BASE).encode()
    artifacts = artifacts_from_bytes(data, "nowhere")
    for reader, said in ((open_lineage(artifacts, code=code_from_bytes(data, "here")), True), (open_lineage(artifacts, data=data), False)):
        report = check(artifacts, artifacts, base_reader=reader, head_reader=reader, now=NOW)
        assert report.changes == ()
        assert any("were not compared" in warning for warning in report.warnings) is said


def parsed(manifest: Raw) -> Raw:
    """As ``dbt parse`` leaves it."""
    found = copy.deepcopy(manifest)
    for item in found["nodes"].values():
        item.update(
            compiled_code=None, compiled=False, depends_on={"nodes": [key for key in ("source.p.raw.raw", "model.p.stg") if key != item["unique_id"]][:1]}
        )
    return found


def template(name: str, sql: str, raw: str) -> Raw:
    return model(name, sql, raw=raw)


TEMPLATES = project(
    RAW,
    template("stg", "select id, b, c from raw", "select id, b, c from {{ source('raw', 'raw') }}"),
    template("mart", "select id, b from stg", "select id, b from {{ ref('stg') }}"),
)


def test_a_head_that_was_only_parsed_is_rendered_and_says_so() -> None:
    report = checked(TEMPLATES, parsed(TEMPLATES))
    assert report.changes == ()
    assert any("Only the base was compiled" in warning for warning in report.warnings)


def test_a_change_in_a_head_that_was_only_parsed_is_found() -> None:
    head = parsed(edited(TEMPLATES, template("stg", "", "select id, c from {{ source('raw', 'raw') }}")))
    head["nodes"]["model.p.mart"]["depends_on"] = {"nodes": ["model.p.stg"]}
    report = checked(TEMPLATES, head)
    assert told(report) == {"breaking column-removed stg.b"}
    assert hit(report) == {"mart": "fails"}


def test_a_template_that_cannot_be_rendered_is_not_judged() -> None:
    head = parsed(edited(TEMPLATES, template("stg", "", "select {{ run_query('select 1').columns[0].values()[0] }} as id from {{ source('raw', 'raw') }}")))
    head["nodes"]["model.p.mart"]["depends_on"] = {"nodes": ["model.p.stg"]}
    report = checked(TEMPLATES, head)
    assert told(report) == {"cannot-say sql-unread stg"}
    assert report.outcome == "not-judged"
    assert hit(report) == {"mart": "may wrong"}


# policy


def accepting(**fields: str) -> Policy:
    rule = Acknowledgement("we agreed on it", Owner("Ana"), fields.pop("until", "2026-12-31"), **fields)
    return Policy(check=CheckPolicy(acknowledge=(rule,)))


def test_an_acknowledged_change_is_shown_reaches_nobody_and_fails_nothing() -> None:
    report = checked(BASE, DROPPED, policy=accepting(node="stg", kind="column-removed", column="b"))
    change = the(report, "column-removed")
    assert (change.verdict, change.acknowledged, change.by, change.until) == ("breaking", "we agreed on it", "Ana", "2026-12-31")
    assert hit(report) == {}
    assert report.impact.dashboards == ()
    assert report.severity is None
    assert report.outcome == "passed"


def test_one_of_two_changes_is_acknowledged_and_the_other_still_counts() -> None:
    base = project(RAW, STG, MART, model("other", "select c from stg"))
    report = checked(base, edited(base, model("stg", "select id from raw")), policy=accepting(node="stg", column="b"))
    assert hit(report) == {"other": "fails"}
    proof = next(proof for proof in report.impact.proofs if proof.unique_id == "model.p.other")
    assert report.changes[proof.change].column == "c"


def test_an_acknowledgement_that_has_ended_counts_no_more() -> None:
    report = checked(BASE, DROPPED, policy=accepting(node="stg", until="2026-01-01"))
    assert report.outcome == "failed"
    assert any("ended on 2026-01-01" in warning for warning in report.warnings)


@pytest.mark.parametrize(("fail_on", "outcome"), [("breaking", "failed"), ("risky", "failed"), ("P3", "failed"), ("never", "passed")])
def test_what_fails_it(fail_on: str, outcome: str) -> None:
    report = checked(BASE, DROPPED, fail_on=fail_on)
    assert report.outcome == outcome
    assert report.fail_on == fail_on


def test_dashboards_that_the_policy_declares_are_reached_and_may_outlive_what_they_read() -> None:
    declared = Policy(exposures=(DeclaredExposure("Finance sheet", ("mart",), owner=Owner("Bo")),))
    base = project(RAW, STG, MART)
    report = checked(base, edited(base, model("stg", "select id, c from raw")), policy=declared)
    assert [board.name for board in report.impact.dashboards] == ["Finance sheet"]
    gone = checked(base, edited(base, gone=("model.p.mart",)), policy=declared)
    assert [(board.name, [effect.value for effect in board.effects]) for board in gone.impact.dashboards] == [("Finance sheet", ["fails"])]


def test_the_worst_comes_first_and_every_name_has_a_label() -> None:
    base = project(RAW, STG, MART, exposure("board", "mart"), model("old", "select 1 as one"))
    head = edited(base, model("stg", "select id, c * 2 as c from raw"), model("more", "select 1 as one, 2 as two"), gone=("model.p.old",))
    report = checked(base, head)
    verdicts = [change.verdict for change in report.changes]
    assert verdicts == sorted(verdicts, key=["breaking", "cannot-say", "risky", "safe"].index)
    assert {change.unique_id for change in report.changes} <= report.labels.keys()
    assert report.labels["model.p.old"] == "old"


def test_changes_that_somebody_else_found_count_as_well() -> None:
    found = the(checked(BASE, edited(BASE, model("stg", "select id, b from raw where where"))), "sql-unread")
    report = checked(BASE, BASE, also=(found,))
    assert told(report) == {"cannot-say sql-unread stg"}
    assert hit(report) == {"mart": "may wrong"}


def test_the_same_answer_twice_to_the_byte() -> None:
    one, other = (msgspec.json.encode(checked(BASE, DROPPED)) for _ in range(2))
    assert one == other


def test_targets_on_disk_are_read_whole(tmp_path: Path) -> None:
    from change_projects import _linked

    for name, manifest in (("base", BASE), ("head", DROPPED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(json.dumps(_linked(manifest)))
    report = check(read_artifacts(tmp_path / "base"), read_artifacts(tmp_path / "head"), now=NOW)
    assert "breaking column-removed stg.b" in told(report)
    assert [file.path for file in report.files if file.kind == "manifest"] == [str(tmp_path / name / "manifest.json") for name in ("base", "head")]
