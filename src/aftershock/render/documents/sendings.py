"""The attempts to send one document, as one line of the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftershock.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model.record import Delivery, TimelineEntry

SENT, FAILED = " sent to ", " could not be sent to "
DOCUMENTS = ("Initial notification", "Status update", "Resolution", "Postmortem", "Impact checklist")


def joined(entries: Sequence[TimelineEntry], deliveries: Sequence[Delivery]) -> list[TimelineEntry]:
    """The entries, those that follow each other and are of one document's deliveries as one: ``Status update sent to 3 targets; 1 failed``.

    Args:
        entries: in the order in which they are shown.
        deliveries: of the incident: a person's note that reads like one stays as it is, unless it names one of their targets.
    """
    readers = {f"{item.target} ({item.recipient})" if item.recipient else item.target for item in deliveries}
    found: list[TimelineEntry] = []
    run: list[tuple[TimelineEntry, str, str, bool]] = []
    for entry in entries:
        said = _attempt(entry.what, readers)
        if run and (said is None or said[0] != run[0][1]):
            found += _one(run)
            run = []
        if said is None:
            found.append(entry)
        else:
            run.append((entry, *said))
    return found + _one(run)


def _attempt(what: str, readers: set[str]) -> tuple[str, str, bool] | None:
    """The document, the reader and whether it arrived; None for anything else."""
    document = next((each for each in DOCUMENTS if what.startswith(each)), "")
    rest = what[len(document) :]
    if document and rest.startswith(SENT) and rest[len(SENT) :] in readers:
        return document, rest[len(SENT) :], True
    if document and rest.startswith(FAILED):
        to = rest[len(FAILED) :]
        reader = max((each for each in readers if to == each or to.startswith(f"{each}: ")), key=len, default="")
        return (document, reader, False) if reader else None
    return None


def _one(run: Sequence[tuple[TimelineEntry, str, str, bool]]) -> list[TimelineEntry]:
    """One entry for these attempts; what failed first and arrived then has arrived."""
    if len(run) < 2:  # noqa: PLR2004  # one attempt is told whole
        return [entry for entry, *_ in run]
    arrived = {reader for _, _, reader, sent in run if sent}
    failed = {reader for _, _, reader, _ in run} - arrived
    unit = "reader" if any(reader.endswith(")") for _, _, reader, _ in run) else "target"
    to = f"sent to {counted(len(arrived), unit)}" if arrived else f"could not be sent to {counted(len(failed), unit)}"
    first, document, _, _ = run[0]
    return [replace(first, what=f"{document} {to}{f'; {len(failed):,} failed' if arrived and failed else ''}")]
