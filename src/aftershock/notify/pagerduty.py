"""PagerDuty, by its Events API v2: one alert for each incident, opened, updated and resolved; never acknowledged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.model import Severity
from aftershock.notify import wire
from aftershock.notify.service import Parcel, Service, shortened
from aftershock.notify.tries import Failure

if TYPE_CHECKING:
    from aftershock.model import NotifyTarget
    from aftershock.notify.address import Address
    from aftershock.notify.tries import Patience

SCHEME = "pagerduty"
SERVICE = "PagerDuty"
LEVELS = {Severity.P0: "critical", Severity.P1: "error", Severity.P2: "warning", Severity.P3: "info"}
UNASSESSED = "error"
"""An incident that nobody has assessed is taken for a P1, not for a mild one."""
REGIONS = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
DOCUMENTS = frozenset({"notification", "update", "resolution"})
MOST_SUMMARY = 1024
MOST_TEXT = 100_000
"""Characters of the text: whatever they are, the event stays below PagerDuty's 512 KB."""
_KEY = re.compile(r"^[A-Za-z0-9]{32}$")
_ACCEPTED = 202


def opened(address: Address, target: NotifyTarget) -> Service:
    """The service that a target names: ``pagerduty://<key>``, with ``?region=eu`` or ``?api=https://…``.

    Raises:
        ConfigError: the key, an option, or what the target wants of PagerDuty is wrong.
    """
    options = address.options(("region", "api"))
    key = address.rest.partition("?")[0].strip("/")
    if not _KEY.match(key):
        raise address.error("has no routing key of 32 letters and digits", "Copy the integration key of an Events API v2 integration")
    if options.get("region", "us") not in REGIONS:
        raise address.error("has a region that PagerDuty does not have", f"Use one of: {', '.join(REGIONS)}")
    if target.mentions:
        raise address.error("has mentions, which PagerDuty does not know", "Remove them; who is called is up to the service's escalation policy")
    if others := [document for document in target.documents if document not in DOCUMENTS]:
        raise address.error(
            f"takes the {others[0]}, which would open the alert again", f"Leave it out of its documents; PagerDuty takes {', '.join(sorted(DOCUMENTS))}"
        )
    url = f"{address.base(options.get('api', ''), REGIONS[options.get('region', 'us')])}/v2/enqueue"

    def deliver(parcel: Parcel, patience: Patience[dict[str, str]]) -> dict[str, str]:
        return patience.until_done(lambda: _sent(url, event(parcel, key)))

    return deliver


def event(parcel: Parcel, key: str) -> dict[str, Any]:
    """What PagerDuty is sent: the incident's uid joins all events of an incident to one alert."""
    message = parcel.message
    head = {"routing_key": key, "dedup_key": message.uid[:255], "event_action": "trigger"}
    if message.document == "resolution" or message.status.is_over:
        return {**head, "event_action": "resolve"}
    link = {"client_url": message.url, "links": [{"href": message.url, "text": message.incident}]} if re.match(r"https?://[^\s<>\"]+$", message.url) else {}
    return {
        **head,
        "client": "aftershock",
        **link,
        "payload": {
            "summary": " ".join(message.subject.split())[:MOST_SUMMARY] or message.incident,
            "source": "aftershock",
            "severity": LEVELS[message.severity] if message.severity else UNASSESSED,
            "timestamp": parcel.at,
            "group": "data incidents",
            "class": message.document,
            "custom_details": {
                "incident": message.incident,
                "severity": message.severity.value if message.severity else "not assessed",
                "status": message.status.value,
                "for": parcel.recipient or message.audience,
                "text": shortened(message.text, MOST_TEXT, message.incident),
            },
        },
    }


def _sent(url: str, content: dict[str, Any]) -> dict[str, str]:
    answer = wire.post(url, msgspec.json.encode(content), service=SERVICE, idempotent=True)
    data = answer.data()
    if answer.status == _ACCEPTED or (answer.status < 300 and data.get("status") == "success"):  # noqa: PLR2004  # the class of success
        return {"dedup_key": content["dedup_key"]}
    errors = data.get("errors")
    why = [str(reason) for reason in errors[:3]] if isinstance(errors, list) and errors else [str(data.get("message", ""))]
    raise Failure(f"{SERVICE} did not accept it ({answer.status}{': ' if any(why) else ''}{'; '.join(filter(None, why))})")
