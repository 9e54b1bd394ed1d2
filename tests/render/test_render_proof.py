from __future__ import annotations

import json as std
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
import reports
from hypothesis import given
from hypothesis import strategies as st

from aftershock.errors import UsageError
from aftershock.model import ArtifactFile, ProjectInfo
from aftershock.model.proof import STATES, Confirmation, Evidence, NodeProof, ProofState, Verification
from aftershock.render.escape import UNSAFE
from aftershock.render.layout import Span, rows_of
from aftershock.render.proof import VERIFY_FORMATS, render_verification
from aftershock.render.proof.document import ProofDocument, schema
from aftershock.render.proof.text import BUDGET
from aftershock.render.proof.words import TITLES, verdict

VALIDATOR = jsonschema.Draft202012Validator(std.loads(schema()))
FILE = "target/run_results.json"


def node(number: int, state: ProofState, name: str = "", *, failing: bool = False) -> NodeProof:
    seen = (Evidence(FILE, f"model.shop.{name or f'n{number}'}", "success", "2026-03-01T06:01:00.5Z"),)
    return NodeProof(f"model.shop.{name or f'n{number}'}", "model", state, f"because of {number}", seen, failing=failing)


def verified(*nodes: NodeProof, confirm: tuple[Confirmation, ...] = (), notes: tuple[str, ...] = ()) -> Verification:
    ordered = tuple(sorted(nodes, key=lambda item: STATES.index(item.state)))
    files = (ArtifactFile("manifest", "target/manifest.json"), ArtifactFile("run_results", FILE), ArtifactFile("sources"))
    labels = {item.unique_id: item.unique_id.rpartition(".")[2] for item in nodes}
    project = ProjectInfo("shop", "1.11.0", "duckdb", 12, "2026-03-01T06:00:00Z")
    return Verification("2026-03-01T06:00:00Z", "prod", ordered, confirm, notes, project, files, (), labels, "2026-03-01T07:00:00Z")


SOME = verified(
    node(1, "still_bad", failing=True), node(2, "not_run"), node(3, "not_tested"), node(4, "not_judged"), node(5, "untested"), node(6, "repaired"),
    confirm=(Confirmation("Eve <eve@example.com>", ("model.shop.n4",), "Have them look."),), notes=("No run says its target.",),
)  # fmt: skip
LARGE = verified(*(node(number, STATES[number % len(STATES)]) for number in range(600)))


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (
            (node(1, "still_bad"), node(2, "not_run"), node(3, "not_run"), node(4, "repaired")),
            "3 of 4 nodes are not repaired: 1 still bad (n1) and 2 not run (n2 and n3).",
        ),
        ((node(1, "not_tested"), node(2, "repaired")), "1 of 2 nodes is not repaired: 1 not tested (n1)."),
        ((node(1, "not_run"),), "1 node is not repaired: 1 not run (n1)."),
        ((node(1, "not_judged", failing=True), node(2, "repaired")), "1 of 2 nodes is not repaired: 1 for a person to confirm (n1)."),
        ((node(1, "repaired"), node(2, "repaired")), "All 2 nodes are repaired."),
        ((node(1, "repaired"), node(2, "untested")), "All 2 nodes are repaired: 1 of them has no test."),
        ((node(1, "repaired"),), "1 of 1 node is repaired."),
        ((node(1, "repaired"), node(2, "not_judged")), "1 of 2 nodes is repaired: 1 more is for a person to confirm."),
        (tuple(node(number, "not_run") for number in range(6)), "6 of 6 nodes are not repaired: 6 not run (n0, n1, n2 and 3 more)."),
    ],
)
def test_the_verdict_is_one_sentence(nodes: tuple[NodeProof, ...], said: str) -> None:
    assert verdict(verified(*nodes)) == said
    assert render_verification(verified(*nodes), "text", width=200).startswith(said + "\n")
    assert std.loads(render_verification(verified(*nodes), "json"))["verdict"] == said


def test_every_state_has_its_list_and_the_worst_comes_first() -> None:
    for name in ("text", "markdown"):
        shown = render_verification(SOME, name)
        places = [shown.index(f"{TITLES[state]}: 1") for state in STATES]
        assert places == sorted(places)
        assert "No run says its target." in shown
        assert "Have them look." in shown
    assert "- [ ] `n2`: because of 2" in render_verification(SOME, "markdown")
    assert "- [x] `n5`: because of 5" in render_verification(SOME, "markdown")
    assert "`Eve`" not in render_verification(SOME, "markdown")


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_the_first_screen_is_forty_rows(width: int) -> None:
    shown = render_verification(LARGE, "text", width=width)
    assert sum(rows_of((Span(line),), width) for line in shown.splitlines()) <= BUDGET
    assert all(f"{title}: 100" in shown for title in TITLES.values())
    assert "more (--all)" in shown


def test_all_is_everything_with_its_evidence() -> None:
    shown = render_verification(LARGE, "text", show_all=True)
    document = render_verification(LARGE, "markdown", show_all=True)
    for item in LARGE.nodes:
        assert f"\n  {item.unique_id.rpartition('.')[2]} (model):\n" in shown
        assert f"success at 2026-03-01T06:01:00Z: {item.unique_id}" in shown
        assert f"{item.unique_id.rpartition('.')[2]}`: because" in document
    assert "… and 50 more" in render_verification(LARGE, "markdown")
    assert "--all" not in shown + document


def test_colours_change_nothing_but_colours() -> None:
    plain, coloured = (render_verification(SOME, "text", colour=colour) for colour in (False, True))
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert coloured != plain


def test_the_published_schema_is_that_of_the_structs() -> None:
    assert (Path(__file__).parents[2] / "docs" / "reference" / "verify.schema.json").read_text(encoding="utf-8") == schema()


def test_json_has_every_node_and_follows_its_schema() -> None:
    shown = std.loads(render_verification(SOME, "json"))
    VALIDATOR.validate(shown)
    assert list(shown) == list(ProofDocument.__struct_fields__)
    assert (shown["schema_version"], shown["repaired"], shown["target"]) == ("1.0", False, "prod")
    assert shown["counts"] == {**dict.fromkeys(STATES, 1), "total": 6}
    assert shown["nodes"][0] == {
        "unique_id": "model.shop.n1", "label": "n1", "resource_type": "model", "state": "still_bad", "open": True, "why": "because of 1", "failing": True,
        "confirmed": False, "evidence": [{"file": FILE, "unique_id": "model.shop.n1", "status": "success", "at": "2026-03-01T06:01:00.5Z"}],
    }  # fmt: skip
    assert [item["open"] for item in shown["nodes"]] == [True, True, True, False, False, False]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**shown, "nodes": [{}]})


def test_the_formats_are_these() -> None:
    assert VERIFY_FORMATS == ("text", "markdown", "json")
    with pytest.raises(UsageError, match=r"there is no format yaml\. Use one of: text, markdown, json"):
        render_verification(SOME, "yaml")


@given(st.sampled_from(reports.ATTACKS), st.sampled_from(VERIFY_FORMATS), st.booleans())
def test_nothing_from_a_file_is_alive(attack: str, format_: str, show_all: bool) -> None:  # noqa: FBT001
    hostile = msgspec.structs.replace(
        SOME,
        nodes=tuple(msgspec.structs.replace(item, why=attack, evidence=(Evidence(attack, attack, attack, attack),)) for item in SOME.nodes),
        labels=dict.fromkeys(SOME.labels, attack),
        confirm=(Confirmation(attack, ("model.shop.n4",), attack),),
        notes=(attack,),
        warnings=(attack,),
        target=attack,
    )
    shown = render_verification(hostile, format_, show_all=show_all)
    assert not UNSAFE.search(shown.replace("\n", ""))
    if format_ == "json":
        value: Any = std.loads(shown)
        VALIDATOR.validate(value)
        assert len(value["nodes"]) == len(SOME.nodes)
    if format_ == "markdown":
        assert "<script" not in re.sub(r"(`+).*?\1", "", shown), "code shows it and does nothing"
        assert not re.search(r"^#{1,6} (?!Verification|" + "|".join(map(re.escape, [*TITLES.values(), "To confirm", "Not certain"])) + ")", shown, re.MULTILINE)
