"""What every service is to the rest of the room: something that takes a parcel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from aftershock.notify.tries import Patience

if TYPE_CHECKING:
    from aftershock.model import NotifyTarget
    from aftershock.model.message import Message
    from aftershock.model.record import Delivery


class Parcel(NamedTuple):
    """One message on its way to one target.

    ``number`` is that of its delivery, ``earlier`` are all deliveries of the incident so far, and ``at`` is the time, ISO 8601 in UTC.
    """

    message: Message
    target: NotifyTarget
    number: int
    earlier: tuple[Delivery, ...]
    at: str

    @property
    def recipient(self) -> str:
        """For whom it is, as deliveries name them; empty for everybody's."""
        return recipient_of(self.message)

    @property
    def before(self) -> tuple[Delivery, ...]:
        """What reached this target and reader before, oldest first."""
        same = (self.target.name, self.recipient)
        return tuple(delivery for delivery in self.earlier if delivery.status == "sent" and (delivery.target, delivery.recipient) == same)


Service: TypeAlias = Callable[[Parcel, Patience[dict[str, str]]], dict[str, str]]
"""Sends a parcel and returns what the service calls the message: a Delivery's handle. It raises Failure where it did not succeed."""


def recipient_of(message: Message) -> str:
    """For whom a message is, as deliveries name them; empty for everybody's."""
    return message.recipient.label if message.recipient is not None else ""


def shortened(text: str, most: int, incident: str) -> str:
    """``text`` of at most ``most`` characters: cut between lines, with a last line that says so and a code fence that is closed."""
    if len(text) <= most:
        return text
    last = f"The rest is left out here: aftershock incident show {incident}"
    kept: list[str] = []
    left = most - len(last) - 8
    for line in text.splitlines():
        left -= len(line) + 1
        if left < 0:
            break
        kept.append(line)
    fences = [line.strip() for line in kept if line.lstrip().startswith("```")]
    closing = ["```"] if len(fences) % 2 else []
    return "\n".join([*kept, *closing, "", last])[:most]
