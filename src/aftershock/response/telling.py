"""Telling people: an incident's documents, sent to the targets of aftershock.yml, each attempt on the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.errors import UsageError
from aftershock.model.record import Announced, Delivery, Record, Sent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aftershock.model import Policy
    from aftershock.model.message import Message
    from aftershock.model.record import Audience, Change, DocumentKind
    from aftershock.response.desk import Desk


class Told(msgspec.Struct, frozen=True):
    """What came of sending: the record with every attempt on it, and the attempts of this time."""

    record: Record
    deliveries: tuple[Delivery, ...]

    @property
    def failed(self) -> tuple[Delivery, ...]:
        """What did not arrive."""
        return tuple(delivery for delivery in self.deliveries if delivery.status == "failed")


def documents(desk: Desk, record: Record, document: DocumentKind, *, audience: Audience = "engineers", goes_out: bool = False) -> tuple[Message, ...]:
    """A document of an incident, in every form, once for each reader of that audience.

    Args:
        desk: whose moment, time zone and templates count.
        record: the incident.
        document: which document.
        audience: for whom: everybody who works on it, the owners of affected nodes, or the owners of affected dashboards.
        goes_out: whether people are told now, so that it names the next update as it is due then.

    Raises:
        ConfigError: a template of the user's own is wrong.
    """
    from aftershock.render.documents import messages

    coming = desk.due_after(record, document) if goes_out else ()
    folder, zone = desk.policy.templates_folder, desk.policy.timezone
    return messages(record, document, audience=audience, now=desk.at, zone=zone, templates=folder, next_update=coming[0].at if coming else "")


def check_sending(policy: Policy, document: DocumentKind, environ: Mapping[str, str]) -> None:
    """Refuse what could not be sent before anything else is done for it.

    Args:
        policy: whose targets count.
        document: which document.
        environ: as for :func:`tell`.

    Raises:
        UsageError: no target takes the document, or the configuration may not be trusted here.
        ConfigError: a target or its credential is wrong.
    """
    from aftershock.notify import check

    targets = [target for target in policy.notify if document in target.documents]
    if not targets:
        raise UsageError("--send", f"no target of aftershock.yml takes the {document}", "Name one under notify, or leave --send out")
    check(targets, policy, environ)


def tell(desk: Desk, incident: str, document: DocumentKind, *, environ: Mapping[str, str]) -> Told:
    """Send a document to every target that wants it; each attempt is on the record before the next one begins.

    What arrived before, word for word, is not sent again.

    Args:
        desk: whose policy names the targets.
        incident: which.
        document: which document.
        environ: where credentials and the signs of CI are looked up.

    Raises:
        UsageError: no target wants it, or the configuration may not be trusted here.
        ConfigError: a target or its credential is wrong; nothing was sent.
    """
    from aftershock.notify import arrived, prepared, targets_for

    record = desk.store.get(incident)
    messages = _for_targets(desk, record, [document])
    pairs = [(message, target) for message in messages for target in targets_for(desk.policy, message, earlier=record.deliveries)]
    if not pairs:
        raise UsageError("--send", f"no target of aftershock.yml takes the {document} of {record.id}", "Lower their severity, or leave --send out")
    ready = prepared([(message, target) for message, target in pairs if not arrived(record.deliveries, message, target)], desk.policy, environ)
    book = _Book(desk, record)
    for number, each in enumerate(ready, 1 + max((delivery.number for delivery in record.deliveries), default=0)):
        book.enter(each.send(number, earlier=book.record.deliveries, now=lambda: desk.at))
    return book.told


def resend(desk: Desk, incident: str, *, environ: Mapping[str, str]) -> Told:
    """Send what did not arrive, as it reads now; each attempt is on the record before the next one begins.

    Args:
        desk: as for :func:`tell`.
        incident: which.
        environ: as for :func:`tell`.

    Raises:
        UsageError: the configuration may not be trusted here.
        ConfigError: a target or its credential is wrong; nothing was sent.
    """
    from aftershock import notify

    record = desk.store.get(incident)
    failed = notify.pending(record.deliveries)
    messages = _for_targets(desk, record, dict.fromkeys(delivery.document for delivery in failed))
    book = _Book(desk, record)
    notify.resend(failed, messages, policy=desk.policy, earlier=record.deliveries, environ=environ, now=lambda: desk.at, keep=book.enter)
    return book.told


def _for_targets(desk: Desk, record: Record, wanted: Iterable[DocumentKind]) -> tuple[Message, ...]:
    """Documents for each audience that a target has."""
    audiences = dict.fromkeys(target.audience for target in desk.policy.notify)
    return tuple(message for document in wanted for audience in audiences for message in documents(desk, record, document, audience=audience, goes_out=True))


class _Book:
    """Enters each attempt into the record as it is made; the first that arrives stops the document's clock."""

    def __init__(self, desk: Desk, record: Record) -> None:
        self.desk = desk
        self.record = record
        self.deliveries: list[Delivery] = []
        self.announced: set[DocumentKind] = set()

    def enter(self, delivery: Delivery) -> None:
        """Record one attempt."""
        changes: list[Change] = [Sent(delivery)]
        if delivery.status == "sent" and delivery.document not in self.announced:
            self.announced.add(delivery.document)
            changes.append(Announced(delivery.document, delivery.number, self.desk.due_after(self.record, delivery.document)))
        self.record = self.desk.append(self.record.id, *changes)
        self.deliveries.append(delivery)

    @property
    def told(self) -> Told:
        """What came of it."""
        return Told(self.record, tuple(self.deliveries))
