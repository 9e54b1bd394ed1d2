"""What a verb did to an incident, and how a delivery went: a line or two for whoever typed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock import times
from aftershock.errors import UsageError
from aftershock.render.escape import prose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model.message import Message
    from aftershock.model.record import Delivery, Record

WHOLE = frozenset({"html", "blocks"})
"""Forms of which each text is a file of its own."""


def render_changed(record: Record, *, now: str, zone: str) -> str:
    """An incident after a change: its state, then what is due.

    Args:
        record: the record after it.
        now: the moment, ISO 8601 in UTC.
        zone: the IANA name of the time zone in which times are shown.
    """
    level = f" ({record.level.value})" if record.level is not None else ""
    into = [f"merged into {record.merged_into}"] if record.merged_into else []
    due = [f"{item.what} {'was due' if item.is_overdue(now) else 'due'} {times.shown(item.at, zone)}" for item in record.deadlines if not item.met_at]
    head = f"{record.id}{level} {record.status.value}: {record.title}"
    return "".join(f"{line}\n" for line in (prose(head), *(f"  {prose(line)}" for line in (*into, *due))))


def render_delivery(delivery: Delivery) -> str:
    """One attempt to send a document, on one line without a line end."""
    to = f" for {delivery.recipient}" if delivery.recipient else ""
    tries = "" if delivery.attempts <= 1 else f" after {delivery.attempts} tries"
    went = f"sent to {delivery.target}{to}{tries}" if delivery.status == "sent" else f"not sent to {delivery.target}{to}{tries}: {delivery.error}"
    return prose(f"{delivery.document} {went}")


def document_text(messages: Sequence[Message], form: str) -> str:
    """A document in one of its forms, one text after the other where it has several readers, each under the name of its own.

    Args:
        messages: from :func:`aftershock.documents`.
        form: one of `DOCUMENT_FORMATS`.

    Raises:
        UsageError: there are several readers, and texts of this form cannot follow each other.
    """
    if len(messages) > 1 and form in WHOLE:
        raise UsageError("--as", f"{form} is one file, and there are {len(messages)} readers", "Name one with --to")
    return "\n".join(f"{_to(message, form)}{_ended(getattr(message, form))}" for message in messages)


def _to(message: Message, form: str) -> str:
    if message.audience == "engineers" or form in WHOLE:
        return ""
    return f"=== To {prose(message.recipient.label) if message.recipient is not None else 'nobody in particular: no owner is declared'} ===\n"


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
