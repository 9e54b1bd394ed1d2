"""Whether an incident may be resolved: what ``aftershock verify`` says of its nodes since the cause was corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import ArtifactError, UsageError
from aftershock.model.record import Checked
from aftershock.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Artifacts, Catalog, Policy
    from aftershock.model.proof import Recorded, Verification
    from aftershock.model.record import Record


def check_incident(  # noqa: PLR0913  # as verify
    record: Record,
    artifacts: Artifacts,
    recorded: Recorded,
    *,
    since: str = "",
    target: str = "",
    confirmed: Sequence[str] = (),
    catalog: Catalog | None = None,
    reader: Callable[[], ProjectLineage] | None = None,
    policy: Policy | None = None,
    patches: Callable[[], Mapping[str, str]] | None = None,
    now: str = "",
) -> Verification:
    """The proof that an incident's nodes are repaired, by results newer than its mitigation.

    Args:
        record: the incident.
        artifacts: what dbt left now.
        recorded: the results of the recovery's steps, from :func:`aftershock.read_recorded`.
        since: from when on results count; when it was mitigated where empty.
        target: as for :func:`aftershock.verify`.
        confirmed: as for :func:`aftershock.verify`.
        catalog: as for :func:`aftershock.verify`.
        reader: gives the column lineage; asked only where the incident is about columns.
        policy: as for :func:`aftershock.verify`.
        patches: as for :func:`aftershock.verify`.
        now: as for :func:`aftershock.verify`.

    Raises:
        UsageError: the incident was not mitigated, or names no node.
        ArtifactError: no results are as new as that.
    """
    if not record.nodes:
        raise UsageError(
            record.id, "it names no node that could be verified", "Assess it first (aftershock incident update --node …), or resolve it with --force"
        )
    start = since or record.mitigated_at
    if not start:
        raise UsageError(record.id, "it does not say when the cause was corrected", f"Say so first: aftershock incident mitigate {record.id} --at TIME")
    columns = record.report.assessment.radius.columns if record.report is not None else ()
    try:
        return verify(
            artifacts,
            (),
            record.category,
            since=start,
            selected=record.nodes,
            recorded=recorded,
            target=target,
            confirmed=confirmed,
            columns=columns,
            catalog=catalog,
            reader=reader() if columns and reader is not None else None,
            policy=policy,
            patches=patches,
            now=now,
        )
    except ArtifactError as error:
        if since:
            raise
        problem = error.problem.replace(f"and --since is {start}", f"and only those newer than its mitigation at {start} count")
        raise ArtifactError(error.place, problem, error.remedy) from None


def checked(verification: Verification, forced: str = "") -> Checked:
    """A verification as the record keeps it.

    Args:
        verification: from :func:`check_incident`.
        forced: why a person resolves although it is not green.
    """
    nodes = verification.nodes
    return Checked(
        at=verification.read_at,
        since=verification.since,
        repaired=sum(node.is_repaired for node in nodes),
        total=len(nodes),
        untested=len(verification.of("untested")),
        left=tuple(verification.labels.get(node.unique_id, node.unique_id) for node in nodes if node.is_open),
        forced=forced,
        unjudged=tuple(verification.labels.get(node.unique_id, node.unique_id) for node in nodes if not node.is_repaired and not node.is_open),
    )
