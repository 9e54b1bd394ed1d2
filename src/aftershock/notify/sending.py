"""Sending: everything is checked before the first message leaves; after that, what goes wrong is a delivery that failed, not an error."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aftershock.errors import UsageError
from aftershock.model.record import Delivery
from aftershock.notify import others, pagerduty, slack
from aftershock.notify.address import EMAIL, Address, is_mailbox, resolved
from aftershock.notify.clean import silence
from aftershock.notify.routing import arrived, is_for, is_unaddressed, key_of, unaddressed
from aftershock.notify.service import Parcel, Service, recipient_of
from aftershock.notify.tries import Failure, Patience
from aftershock.notify.trust import untrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aftershock.model import NotifyTarget, Policy
    from aftershock.model.message import Message

_ANYBODY = "somebody@example.com"
"""Stands for a recipient while a target is checked."""


class Ready(NamedTuple):
    """One message for one target, checked. ``unaddressed`` says why its reader cannot be reached, where that is so."""

    message: Message
    target: NotifyTarget
    address: Address
    service: Service
    unaddressed: str = ""

    def send(self, number: int, *, earlier: Sequence[Delivery], now: Callable[[], str], pause: Callable[[float], None] = time.sleep) -> Delivery:
        """Send it, and say how it went. A service's failure is a delivery that failed; nothing is raised for it.

        Args:
            number: of the delivery within the incident; a retry keeps it.
            earlier: all deliveries of the incident so far: what reached this target before is edited, or holds the thread.
            now: the time, ISO 8601 in UTC.
            pause: waits for so many seconds.
        """
        patience: Patience[dict[str, str]] = Patience(pause)
        handle: dict[str, str] = {}
        error = self.unaddressed
        if not error:
            with silence():
                handle, error = _attempted(self.service, Parcel(self.message, self.target, number, tuple(earlier), now()), patience)
        return Delivery(
            number,
            self.message.document,
            self.target.name,
            "failed" if error else "sent",
            now(),
            self.message.audience,
            recipient_of(self.message),
            patience.tries,
            self.address.clean.sentence(error),
            handle,
            key_of(self.message),
        )


def prepared(pairs: Iterable[tuple[Message, NotifyTarget]], policy: Policy, environ: Mapping[str, str]) -> tuple[Ready, ...]:
    """Messages for targets, checked as far as that is possible without sending anything: in the order of ``pairs``.

    Args:
        pairs: what is to be sent where.
        policy: from which file the targets are.
        environ: the environment variables.

    Raises:
        UsageError: in CI on a pull request, with a configuration that is part of it. No variable of ours has been looked up.
        ConfigError: a variable is not set, a url is wrong, or what a service needs is not installed.
    """
    wanted = tuple(pairs)
    services = check({target.name: target for _, target in wanted}.values(), policy, environ)
    return tuple(_ready(message, target, *services[target.name]) for message, target in wanted)


def check(targets: Iterable[NotifyTarget], policy: Policy, environ: Mapping[str, str]) -> dict[str, tuple[Address, Service]]:
    """Everything about targets that can be checked before there is a message; what they are reached by, by their names.

    Args:
        targets: which.
        policy: from which file they are.
        environ: the environment variables.

    Raises:
        UsageError: as for :func:`prepared`.
        ConfigError: as for :func:`prepared`.
    """
    wanted = tuple(targets)
    why = untrusted(Path(policy.path) if policy.path else None, environ)
    if why and wanted:
        raise UsageError("--send", f"nothing is sent: {why}", "Name a configuration from outside of the checkout with --config, or send from another job")
    addresses = {target.name: resolved(target, environ) for target in wanted}
    return {target.name: (addresses[target.name], _service(addresses[target.name], target)) for target in wanted}


def send(  # noqa: PLR0913  # what is sent, and all that sending depends on
    messages: Sequence[Message],
    targets: Sequence[NotifyTarget],
    *,
    policy: Policy,
    earlier: Sequence[Delivery],
    environ: Mapping[str, str],
    first_number: int,
    now: Callable[[], str],
    pause: Callable[[float], None] = time.sleep,
    keep: Callable[[Delivery], object] = lambda _: None,
) -> tuple[Delivery, ...]:
    """Send every message to every target, but for what already arrived there word for word.

    Args:
        messages: what to send.
        targets: where to; from :func:`targets_for`.
        policy: from which file the targets are.
        earlier: all deliveries of the incident so far.
        environ: the environment variables.
        first_number: of the first delivery; the others count on.
        now: the time, ISO 8601 in UTC.
        pause: waits for so many seconds.
        keep: is given each delivery as soon as it is made, so that none is forgotten if the program ends before the last.

    Raises:
        UsageError: as for :func:`prepared`.
        ConfigError: as for :func:`prepared`.
    """
    pairs = [(message, target) for message in messages for target in targets if not arrived(earlier, message, target)]
    numbered = zip(range(first_number, first_number + len(pairs)), prepared(pairs, policy, environ), strict=True)
    return _all_sent(numbered, earlier, now, pause, keep)


def resend(  # noqa: PLR0913  # as send
    failed: Sequence[Delivery],
    messages: Sequence[Message],
    *,
    policy: Policy,
    earlier: Sequence[Delivery],
    environ: Mapping[str, str],
    now: Callable[[], str],
    pause: Callable[[float], None] = time.sleep,
    keep: Callable[[Delivery], object] = lambda _: None,
) -> tuple[Delivery, ...]:
    """Send again what did not arrive, as it reads now. Each delivery keeps its number.

    Args:
        failed: from :func:`pending`.
        messages: the documents of ``failed``, rendered anew for each of their audiences.
        policy: whose targets count, found by their names.
        earlier: all deliveries of the incident so far.
        environ: the environment variables.
        now: the time, ISO 8601 in UTC.
        pause: waits for so many seconds.
        keep: as for :func:`send`.

    Returns:
        A delivery for each of ``failed``, but for what has arrived word for word and what still has nobody to send to. What has lost its target or its
        reader fails again and says so.

    Raises:
        UsageError: as for :func:`prepared`.
        ConfigError: as for :func:`prepared`.
    """
    found = [(delivery, *_found(delivery, messages, policy)) for delivery in failed]
    whole = [
        (delivery.number, message, target)
        for delivery, message, target in found
        if message is not None and target is not None and not (is_unaddressed(delivery) and _has(earlier, message, target))
    ]
    due = [(number, message, target) for number, message, target in whole if not arrived(earlier, message, target)]
    checked = prepared([(message, target) for _, message, target in due], policy, environ)
    gone = [(delivery, target) for delivery, message, target in found if message is None or target is None]
    lost = tuple(_lost(delivery, target, now()) for delivery, target in gone if not is_unaddressed(delivery))
    for delivery in lost:
        keep(delivery)
    return lost + _all_sent(zip([number for number, _, _ in due], checked, strict=True), earlier, now, pause, keep)


def _all_sent(
    numbered: Iterable[tuple[int, Ready]],
    earlier: Sequence[Delivery],
    now: Callable[[], str],
    pause: Callable[[float], None],
    keep: Callable[[Delivery], object],
) -> tuple[Delivery, ...]:
    made: list[Delivery] = []
    for number, ready in numbered:
        delivery = ready.send(number, earlier=(*earlier, *made), now=now, pause=pause)
        made.append(delivery)
        keep(delivery)
    return tuple(made)


def _found(delivery: Delivery, messages: Sequence[Message], policy: Policy) -> tuple[Message | None, NotifyTarget | None]:
    """The message and the target of a delivery, as they are now."""
    wanted = (delivery.document, delivery.audience)
    alike = [message for message in messages if (message.document, message.audience) == wanted]
    message = next((message for message in alike if recipient_of(message) == delivery.recipient), None)
    if message is None and is_unaddressed(delivery):  # by now the reader's label may have an address in it
        message = next((message for message in alike if is_for(message, delivery)), None)
    return message, next((target for target in policy.notify if target.name == delivery.target), None)


def _has(earlier: Sequence[Delivery], message: Message, target: NotifyTarget) -> bool:
    """Whether its reader has this document by now, in whatever words: under a new address a delivery has a number of its own."""
    wanted = ("sent", message.document, message.audience, target.name, recipient_of(message))
    return any((each.status, each.document, each.audience, each.target, each.recipient) == wanted for each in earlier)


def _lost(delivery: Delivery, target: NotifyTarget | None, at: str) -> Delivery:
    import msgspec

    why = "aftershock.yml has no target of this name any more" if target is None else f"nobody of this name is told any more as one of the {delivery.audience}"
    return msgspec.structs.replace(delivery, at=at, attempts=0, error=why)


def _service(address: Address, target: NotifyTarget) -> Service:
    """The service that an address names.

    Raises:
        ConfigError: it names none, or something about it is wrong.
    """
    if address.scheme == slack.SCHEME:
        return slack.opened(address, target)
    if address.scheme == slack.WEBHOOK_SCHEME or (address.scheme == "https" and address.rest.partition("/")[0].lower() in slack.HOOKS):
        return slack.opened_webhook(address, target)
    if address.scheme == pagerduty.SCHEME:
        return pagerduty.opened(address, target)
    return others.opened(address.for_mailbox(_ANYBODY), target)


def _ready(message: Message, target: NotifyTarget, address: Address, service: Service) -> Ready:
    if EMAIL not in address.url:
        return Ready(message, target, address, service)
    email = message.recipient.email if message.recipient is not None else ""
    if not is_mailbox(email):
        return Ready(message, target, address, service, unaddressed(email))
    return Ready(message, target, address, others.opened(address.for_mailbox(email), target))


def _attempted(service: Service, parcel: Parcel, patience: Patience[dict[str, str]]) -> tuple[dict[str, str], str]:
    """A handle, or why there is none. A library's own error is a failure to send like any other."""
    try:
        return service(parcel, patience), ""
    except Failure as failure:
        return {}, failure.why
    except Exception as error:  # noqa: BLE001  # whatever a library raises must not keep the other messages from being sent
        return {}, f"{type(error).__name__}: {error}"
