"""A verification to paste into an incident's thread: the verdict, a box for each node, ticked where it is repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.model.proof import STATES
from aftershock.phrases import listing
from aftershock.render.escape import markdown as escaped
from aftershock.render.escape import markdown_code
from aftershock.render.proof import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model.proof import NodeProof, ProofState, Verification

MOST_ROWS = 50
"""Nodes of one state, and names in one line, before the rest is only counted."""


def markdown(found: Verification, *, show_all: bool = False) -> str:
    """A Markdown document.

    Args:
        found: what to say.
        show_all: lists of any length, and the evidence of every judgement.
    """
    return "".join(f"{line}\n" for line in (*_head(found), *_states(found, show_all=show_all), *_rest(found, show_all=show_all)))


def _head(found: Verification) -> Iterator[str]:
    shown = {node.unique_id: markdown_code(words.name(found, node.unique_id)) for node in found.nodes if node.is_open}
    yield from ("## Verification", "", words.verdict(found, shown), "")
    target = f", target {markdown_code(found.target)}" if found.target else ""
    yield f"Judged by what ran since {found.since}{target}: {escaped(words.judged_by(found))}."


def _states(found: Verification, *, show_all: bool) -> Iterator[str]:
    for state in STATES:
        nodes = found.of(state)
        if nodes:
            yield from ("", f"### {words.TITLES[state]}: {len(nodes):,}", "")
            yield from _nodes(found, state, nodes, show_all=show_all)


def _nodes(found: Verification, state: ProofState, nodes: tuple[NodeProof, ...], *, show_all: bool) -> Iterator[str]:
    box = "x" if state in {"repaired", "untested"} else " "
    for node in nodes if show_all else nodes[:MOST_ROWS]:
        yield f"- [{box}] {markdown_code(words.name(found, node.unique_id))}: {escaped(words.reason(node))}"
        if show_all:
            yield from (f"  - {escaped(words.evidence(item))}" for item in node.evidence)
    if not show_all and len(nodes) > MOST_ROWS:
        yield f"- … and {len(nodes) - MOST_ROWS:,} more (`--all` lists them)"


def _rest(found: Verification, *, show_all: bool) -> Iterator[str]:
    if found.confirm:
        yield from ("", "### To confirm", "")
        for item in found.confirm:
            names = listing([markdown_code(name) for name in words.names(found, item.nodes)], 0 if show_all else MOST_ROWS)
            yield f"- [ ] {escaped(item.who)}: {f'{names}. ' if names else ''}{escaped(item.why)}"
    said = [line for line in (*found.notes, *found.warnings) if line.strip()]
    if said:
        yield from ("", "### Not certain", "", *(f"- {escaped(line)}" for line in said))
