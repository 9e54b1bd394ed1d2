"""What detect found, assessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.triage import assess

if TYPE_CHECKING:
    from aftershock.model import Artifacts, Policy, Report
    from aftershock.model.detection import Detection, Proposal


def assess_found(  # noqa: PLR0913  # as assess
    artifacts: Artifacts, detection: Detection, *, policy: Policy | None = None, since: str = "", until: str = "", detected_at: str = "", now: str = ""
) -> tuple[tuple[Proposal, Report], ...]:
    """Each incident that detect proposes with its assessment, in detect's order; those about no node of data are left out.

    Args:
        artifacts: what detect looked at.
        detection: what it found, from :func:`aftershock.detect`.
        policy: what is in force; the defaults where none is given.
        since: when the data became bad, for all of them; what each proposal says where empty.
        until: when it stopped being bad.
        detected_at: when it was noticed; now where empty.
        now: the time of the question; the present where empty.

    Raises:
        UsageError: a time is none, or contradicts another.
    """
    return tuple(
        (
            proposal,
            assess(
                _as_seen(artifacts, proposal, detection),
                (),
                proposal.category,
                selected=proposal.roots,
                policy=policy,
                since=since or proposal.started_at,
                until=until,
                detected_at=detected_at,
                confirmed=proposal.confirmed,
                now=now,
            ),
        )
        for proposal in detection.incidents
        if proposal.roots
    )


def _as_seen(artifacts: Artifacts, proposal: Proposal, detection: Detection) -> Artifacts:
    """The artifacts without the test results that are other incidents': a failing test elsewhere says nothing about how bad this one is."""
    own = {clue.unique_id for clue in proposal.evidence}
    others = {clue.unique_id for other in detection.incidents if other is not proposal for clue in other.evidence} - own
    tests = {unique_id for unique_id in others if (node := artifacts.project.nodes.get(unique_id)) is not None and node.test is not None}
    if artifacts.run is None or not tests:
        return artifacts
    results = {unique_id: result for unique_id, result in artifacts.run.results.items() if unique_id not in tests}
    return msgspec.structs.replace(artifacts, run=msgspec.structs.replace(artifacts.run, results=results))
