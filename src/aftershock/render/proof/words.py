"""What every format says of a verification: the verdict in a sentence, counts, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.model.proof import STATES
from aftershock.phrases import counted, listing
from aftershock.render.summary import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock.model.proof import Evidence, NodeProof, ProofState, Verification

TITLES: dict[ProofState, str] = {
    "still_bad": "Still bad",
    "not_run": "Not run",
    "not_tested": "Not tested",
    "not_judged": "No result can prove it",
    "untested": "Built, untested",
    "repaired": "Repaired",
}

_SHORT: dict[ProofState, str] = {"still_bad": "still bad", "not_run": "not run", "not_tested": "not tested", "not_judged": "for a person to confirm"}
NAMES = 3


def name(found: Verification, unique_id: str) -> str:
    """The name that people use for a node; its unique_id where none is known."""
    return found.labels.get(unique_id) or unique_id


def names(found: Verification, unique_ids: Iterable[str]) -> list[str]:
    """`name` of each, in the same order."""
    return [name(found, unique_id) for unique_id in unique_ids]


def verdict(found: Verification, shown: dict[str, str] | None = None, limit: int = NAMES) -> str:
    """The answer in one sentence.

    Args:
        found: what is answered.
        shown: names by unique_id, ready for the output; unescaped ones where None.
        limit: how many nodes of a state to name; 0 for none.
    """
    total = counted(len(found.nodes), "node")
    left = [node for node in found.nodes if node.is_open]
    person = [node for node in found.nodes if not node.is_open and not node.is_repaired]
    if left:
        one = len(found.nodes) == 1
        states = [state for state in STATES if any(node.state == state for node in left)]
        head = f"{total} is not repaired" if one else f"{len(left):,} of {total} {'is' if len(left) == 1 else 'are'} not repaired"
        return f"{head}: {listing([_part(found, state, left, shown, limit) for state in states])}."
    proved = len(found.nodes) - len(person)
    head = f"All {total} are repaired" if not person and proved > 1 else f"{proved:,} of {total} {'is' if proved == 1 else 'are'} repaired"
    bare = len(found.of("untested"))
    more = [f"{bare:,} of them {'has' if bare == 1 else 'have'} no test"] if bare else []
    more += [f"{counted(len(person), 'more is', 'more are')} for a person to confirm"] if person else []
    return f"{head}{': ' if more else ''}{listing(more)}."


def _part(found: Verification, state: ProofState, left: list[NodeProof], shown: dict[str, str] | None, limit: int) -> str:
    nodes = [node.unique_id for node in left if node.state == state]
    known = shown if shown is not None else {}
    called = [known.get(unique_id) or name(found, unique_id) for unique_id in nodes[: limit + 1]]
    called += [""] * (len(nodes) - len(called))  # only counted
    return f"{len(nodes):,} {_SHORT[state]}" + (f" ({listing(called, limit)})" if limit else "")


def counts(found: Verification) -> dict[str, int]:
    """How many nodes are in each state, and in all."""
    return {**{state: len(found.of(state)) for state in STATES}, "total": len(found.nodes)}


def judged_by(found: Verification) -> str:
    """Which results were looked at: one line, unescaped."""
    runs = [file for file in found.files if file.kind == "run_results" and file.path]
    sources = [file for file in found.files if file.kind == "sources" and file.path]
    parts = [counted(len(runs), "run", "runs"), counted(len(sources), "freshness check")]
    return listing([part for part in parts if not part.startswith("0 ")]) or "nothing"


def evidence(item: Evidence) -> str:
    """One result in words, unescaped."""
    return f"{item.status or 'no status'} at {seconds(item.at)}: {item.unique_id} ({item.file})"


def reason(node: NodeProof) -> str:
    """The node's why with what it is to the incident, unescaped."""
    return f"{node.why} (failing)" if node.failing else node.why
