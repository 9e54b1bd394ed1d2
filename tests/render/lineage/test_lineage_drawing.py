from __future__ import annotations

import re
import shutil
import subprocess

import lineage_reports as reports
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftershock.render.escape import UNSAFE
from aftershock.render.lineage.dot import dot
from aftershock.render.lineage.drawing import drawing
from aftershock.render.lineage.mermaid import MOST_ARROWS, mermaid

USES = r"[\w (),]+"
LABEL = r'"(?:[\w ./,()-]|#\d+;)*"'
MERMAID = [
    re.compile(pattern, re.ASCII)
    for pattern in (
        rf"  subgraph n\d+\[{LABEL}\]",
        rf"    n\d+c\d+(?:\[{LABEL}\](?::::asked)?|\(\[{LABEL}\]\))",
        r"  end",
        rf'  n\d+c\d+ (?:-->|-\.->)\|"{USES}"\| n\d+c\d+',
        r"  linkStyle \d+(?:,\d+)* stroke:#999,stroke-dasharray:1 4",
        r"  style n\d+ [\w:#,-]+ 4",
        r"  classDef asked [\w:#,-]+",
        r'  more\["… and [\d,]+ more uses \(--all\)"\]',
    )
]
QUOTED = r'"(?:[^"\\]|\\["\\n])*"'
DOT = [
    re.compile(pattern)
    for pattern in (
        r"  subgraph cluster_n\d+ \{",
        rf"    graph \[label={QUOTED}, style={QUOTED}, color={QUOTED}\];",
        rf"    n\d+c\d+ \[label={QUOTED}(?:, \w+=(?:\w+|{QUOTED}))*\];",
        r"  \}",
        rf'  n\d+c\d+ -> n\d+c\d+ \[label="{USES}", style="\w+"(?:, color="#999999")?\];',
    )
]


def check_mermaid(shown: str) -> None:
    kind, *lines = shown.splitlines()
    assert kind == "flowchart LR"
    assert [line for line in lines if not any(pattern.fullmatch(line) for pattern in MERMAID)] == []
    assert len(re.findall(r"^  subgraph", shown, re.MULTILINE)) == len(re.findall(r"^  end$", shown, re.MULTILINE))


def check_dot(shown: str) -> None:
    head, rank, node, edge, *lines, end = shown.splitlines()
    assert (head, rank, node, edge, end) == ("digraph aftershock {", "  rankdir=LR;", "  node [shape=box, height=0.3];", "  edge [fontsize=10];", "}")
    assert [line for line in lines if not any(pattern.fullmatch(line) for pattern in DOT)] == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.lists(reports.TEXTS, max_size=4))
def test_no_text_leaves_its_label(seed: int, size: int, texts: list[str]) -> None:
    report = reports.made_up(seed, size, texts)
    check_mermaid(mermaid(report))
    check_mermaid(mermaid(report, show_all=True))
    check_dot(dot(report))
    assert not UNSAFE.search((mermaid(report) + dot(report)).replace("\n", ""))


def test_solid_dashed_and_dotted() -> None:
    report = reports.real("fct_orders.amount")
    drawn = drawing(report)
    labels = {cell.id: f"{box.label}.{cell.label}" for box in drawn.boxes for cell in box.cells}
    arrows = {(labels[arrow.source], labels[arrow.target]): arrow for arrow in drawn.arrows}
    assert {pair: (arrow.direct, arrow.certain, arrow.text) for pair, arrow in arrows.items() if pair[0] == "stg_order_items.order_id"} == {
        ("stg_order_items.order_id", "int_order_amounts."): (False, True, "group by"),
        ("stg_order_items.order_id", "int_order_amounts.order_id"): (True, True, "as it is"),
        ("stg_order_items.order_id", "int_orders_enriched."): (False, True, "group by, join"),
    }
    assert not arrows["customer_ltv.lifetime_value", "customer_segments."].certain
    shown = dot(report)
    assert shown.count('style="solid"') == sum(arrow.direct for arrow in drawn.arrows)
    assert shown.count('style="dotted"') == sum(not arrow.certain for arrow in drawn.arrows)
    assert mermaid(report).count(" --> ") + mermaid(report).count(" -->|") == sum(arrow.direct for arrow in drawn.arrows)


@pytest.mark.parametrize("seed", range(3))
def test_dot_draws_every_node(seed: int) -> None:
    report = reports.made_up(seed, 200)
    assert dot(report).count("subgraph cluster_") == len(report.nodes)
    assert len(drawing(report).arrows) == len({(edge.source, edge.target) for edge in report.edges})


@pytest.mark.parametrize("texts", [(), ("é(" * 60,)])
def test_mermaid_stays_below_its_limits_and_says_what_is_missing(texts: tuple[str, ...]) -> None:
    report = reports.made_up(1, 400, texts)
    shown = mermaid(report)
    arrows = re.findall(r"^  n\d+c\d+ -", shown, re.MULTILINE)
    assert len(arrows) <= MOST_ARROWS
    assert len(shown) < 50_000
    drawn = drawing(report, len(arrows))
    assert f"… and {drawn.left_out:,} more uses" in shown
    assert ":::asked" in shown
    assert "more[" not in mermaid(report, show_all=True)


def test_what_is_nearest_is_drawn_first() -> None:
    report = reports.made_up(5, 100)
    depths = {node.unique_id: abs(node.depth) for node in report.nodes}
    kept, whole = drawing(report, 30), drawing(report)
    assert len(kept.arrows) == 30
    assert kept.left_out > 0
    assert whole.left_out == 0
    labels = {name: unique_id for unique_id, name in report.labels.items()}
    assert max(depths[labels[box.label]] for box in kept.boxes) <= max(depths.values())


@pytest.mark.skipif(not shutil.which("dot"), reason="graphviz is not installed")
@pytest.mark.parametrize("attack", ["", *reports.ATTACKS])
def test_graphviz_reads_the_drawing(attack: str) -> None:
    report = reports.made_up(4, 20, (attack,)) if attack else reports.real("fct_orders")
    subprocess.run(["dot", "-Tsvg"], input=dot(report).encode(), capture_output=True, check=True)
