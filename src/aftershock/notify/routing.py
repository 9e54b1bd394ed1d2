"""Which messages go where, and which of those that did not arrive are still worth sending."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftershock.notify.address import EMAIL, is_mailbox
from aftershock.notify.service import recipient_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model import NotifyTarget, Policy
    from aftershock.model.message import Message
    from aftershock.model.record import Delivery

NOBODY = "nobody to send to"
"""How the error of a delivery begins whose reader has no address."""

LIVE = frozenset({"notification", "update", "resolution"})
"""Documents of which a newer one says all that an older one did. The others stand for themselves."""


def targets_for(policy: Policy, message: Message, *, earlier: Sequence[Delivery] = ()) -> tuple[NotifyTarget, ...]:
    """The targets that take a message.

    An incident whose severity is not known goes to all of them. Who was told of an incident is told how it goes on, even if it has become milder than the
    target's level: an alert that nobody closes would be worse.

    Args:
        policy: whose ``notify`` counts.
        message: one document for one reader.
        earlier: all deliveries of the incident so far.
    """
    told = {delivery.target for delivery in earlier if delivery.status == "sent"}
    return tuple(
        target
        for target in policy.notify
        if target.audience == message.audience
        and message.document in target.documents
        and (target.name in told or target.severity is None or message.severity is None or message.severity.at_least(target.severity))
    )


def pending(deliveries: Sequence[Delivery]) -> tuple[Delivery, ...]:
    """What did not arrive and is still worth sending, in its order.

    A failed message is not, once a later one to the same target and reader makes it old: an update after the notification arrived, the resolution was
    written, the same document was written anew, or work began again after a resolution.

    Args:
        deliveries: all deliveries of an incident as they were recorded; a retry has the number of the first try.
    """
    last = {delivery.number: delivery for delivery in deliveries}
    return tuple(
        delivery for _, delivery in sorted(last.items()) if delivery.status == "failed" and not any(_makes_old(other, delivery) for other in last.values())
    )


def _makes_old(later: Delivery, failed: Delivery) -> bool:
    same = (later.target, later.audience, later.recipient) == (failed.target, failed.audience, failed.recipient)
    if not same or later.number <= failed.number:
        return False
    if later.document == failed.document:
        return True
    both = later.document in LIVE and failed.document in LIVE
    return both and (later.status == "sent" or "resolution" in {later.document, failed.document})


def unaddressed(email: str) -> str:
    """Why there is nobody to send to, by what is declared as the reader's address."""
    return f"{NOBODY}: {'the address of its reader is not one that mail takes' if email else 'no address is known'}"


def is_unaddressed(delivery: Delivery) -> bool:
    """Whether it failed for want of an address: nothing was tried."""
    return delivery.status == "failed" and not delivery.attempts and delivery.error.startswith(NOBODY)


def is_for(message: Message, unaddressed_: Delivery) -> bool:
    """Whether a message is for the reader of a delivery that had no address: by now what the reader is called may have one in it."""
    reader, called = message.recipient, unaddressed_.recipient
    if reader is None:
        return not called
    return called in {reader.label, reader.name, replace(reader, email="").label} or (bool(reader.name) and called.startswith(f"{reader.name} <"))


def key_of(message: Message) -> str:
    """What a message says and to whom, as a short key: the same words to the same reader have the same one."""
    parts = (message.uid, message.document, message.audience, recipient_of(message), message.subject, message.markdown)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def arrived(earlier: Sequence[Delivery], message: Message, target: NotifyTarget) -> bool:
    """Whether there is nothing to send: this target has just this message, or its reader has no address, which was said once already."""
    reader, key = (target.name, recipient_of(message)), key_of(message)
    mine = [delivery for delivery in earlier if (delivery.target, delivery.recipient) == reader and delivery.audience == message.audience]
    if any(delivery.status == "sent" and delivery.key == key for delivery in mine):
        return True
    email = message.recipient.email if message.recipient is not None else ""
    by_mail = EMAIL in target.url or target.url.startswith("${")
    return by_mail and not is_mailbox(email) and any(is_unaddressed(delivery) for delivery in mine)
