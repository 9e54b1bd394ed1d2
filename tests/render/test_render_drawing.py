from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import msgspec
import pytest
import reports
from hypothesis import given, settings

from aftershock.render.dot import dot
from aftershock.render.drawing import drawing
from aftershock.render.escape import UNSAFE
from aftershock.render.mermaid import MOST_NODES, mermaid

if TYPE_CHECKING:
    from aftershock.model import Report

LABEL = r'"(?:[\w ./,:-]|#\d+;|<br/>)*"'
URL = r"https?://[\w%/:?#@!$&*+,;=~.-]+"
MERMAID = [
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"  n\d+(?:\[\[{LABEL}\]\]|\[{LABEL}\]|\({LABEL}\)|\(\[{LABEL}\]\)|\{{\{{{LABEL}\}}\}})(?::::\w+)?",
        r'  more\["… and [\d,]+ more nodes \(--all\)"\]',
        r"  n\d+ --> n\d+",
        rf'  click n\d+ href "{URL}" _blank',
        r"  classDef \w+ [\w:#,-]+",
    )
]
QUOTED = r'"(?:[^"\\]|\\["\\n])*"'
DOT = [
    re.compile(pattern)
    for pattern in (
        rf"  n\d+ \[label={QUOTED}, shape=\w+(?:, \w+={QUOTED})*\];",
        r"  n\d+ -> n\d+;",
    )
]
CASES = [reports.realistic(), reports.empty(), reports.large()]


def check_mermaid(shown: str) -> None:
    head, title, rule, kind, *lines = shown.splitlines()
    assert (head, rule, kind) == ("---", "---", "flowchart LR")
    assert re.fullmatch(r'title: "P\d [\w ,;:-]+"', title, re.ASCII)
    assert [line for line in lines if not any(pattern.fullmatch(line) for pattern in MERMAID)] == []


def check_dot(shown: str) -> None:
    head, rank, place, title, *lines, end = shown.splitlines()
    assert (head, rank, place, end) == ("digraph aftershock {", "  rankdir=LR;", '  labelloc="t";', "}")
    assert re.fullmatch(r'  label="P\d [\w ,;:-]+";', title, re.ASCII)
    assert [line for line in lines if not any(pattern.fullmatch(line) for pattern in DOT)] == []


@pytest.mark.parametrize("report", CASES)
def test_drawings_follow_their_grammar(report: Report) -> None:
    check_mermaid(mermaid(report))
    check_mermaid(mermaid(report, show_all=True))
    check_dot(dot(report))


@pytest.mark.skipif(not shutil.which("dot"), reason="graphviz is not installed")
@pytest.mark.parametrize("report", [*CASES, *(reports.hostile(reports.Voice((attack,))) for attack in reports.ATTACKS)])
def test_graphviz_reads_the_drawing(report: Report) -> None:
    subprocess.run(["dot", "-Tcanon"], input=dot(report).encode(), capture_output=True, check=True)


@given(say=reports.VOICES)
@settings(max_examples=60, deadline=None)
def test_no_text_leaves_its_label(say: reports.Voice) -> None:
    report = reports.hostile(say)
    check_mermaid(mermaid(report))
    check_dot(dot(report))
    assert not UNSAFE.search((mermaid(report) + dot(report)).replace("\n", ""))


@pytest.mark.parametrize("attack", reports.ATTACKS)
def test_no_attack_leaves_its_label(attack: str) -> None:
    report = reports.hostile(reports.Voice((attack,)))
    check_mermaid(mermaid(report))
    check_dot(dot(report))


def test_the_edges_are_those_of_the_paths() -> None:
    report = reports.realistic()
    drawn = drawing(report)
    names = {node.id: node.label for node in drawn.nodes}
    pairs = {(reports.LABELS[a], reports.LABELS[b]) for item in reports.AFFECTED for a, b in zip(item.path, item.path[1:], strict=False)}
    assert {(names[a], names[b]) for a, b in drawn.edges} == pairs
    assert {node.label: node.shape for node in drawn.nodes} | {} == {
        "stg_orders": "failing", "int_order_items": "table", "fct_orders": "table", "fct_orders_daily": "table", "dim_customers.v2": "table",
        "orders_snapshot": "table", "orders": "other", "revenue": "other", "Weekly revenue": "dashboard", "Cohort notebook": "dashboard", "Orders app": "automation",
    }  # fmt: skip


def test_dot_draws_everything() -> None:
    report = reports.large()
    assert dot(report).count("[label=") == len(report.assessment.radius.affected)


def test_mermaid_stays_below_its_limits_and_says_what_is_missing() -> None:
    report = reports.large()
    shown = mermaid(report)
    drawn = len(re.findall(r"^  n\d+[\[({]", shown, re.MULTILINE))
    assert drawn <= MOST_NODES
    assert f"… and {len(report.assessment.radius.affected) - drawn} more nodes" in shown
    assert len(shown) < 50_000
    assert shown.count(" --> ") < 500
    assert ":::dashboard" in shown
    assert "more[" not in mermaid(report, show_all=True)


def test_mermaid_draws_fewer_nodes_where_names_are_long() -> None:
    report = reports.large()
    labels = {unique_id: "é(" * 30 + name for unique_id, name in report.labels.items()}
    shown = mermaid(msgspec.structs.replace(report, labels=labels))
    assert len(shown) < 50_000
    assert "more nodes" in shown


def test_a_node_without_a_path_and_a_path_through_an_unknown_node_are_drawn() -> None:
    report = reports.realistic()
    items = (
        msgspec.structs.replace(reports.AFFECTED[0], path=()),
        msgspec.structs.replace(reports.AFFECTED[1], path=(reports.STG, "model.shop.other", reports.ITEMS)),
    )
    radius = msgspec.structs.replace(report.assessment.radius, affected=items)
    drawn = drawing(msgspec.structs.replace(report, assessment=msgspec.structs.replace(report.assessment, radius=radius)))
    assert [(node.label, node.shape) for node in drawn.nodes] == [("stg_orders", "failing"), ("model.shop.other", "other"), ("int_order_items", "table")]
