"""A rendered document, ready to be sent."""

from __future__ import annotations

import msgspec

from aftershock.model.category import Severity
from aftershock.model.project import Owner
from aftershock.model.record import Audience, DocumentKind, Status


class Message(msgspec.Struct, frozen=True):
    """One document for one reader, in every form that a service may take. Every text is inert in its own form.

    Attributes:
        incident: the incident's id (``INC-12``).
        uid: the incident's own id in every store: what services group by.
        document: which document.
        audience: for whom it is written.
        recipient: the person or team that it is for; None for everybody's.
        subject: one plain line.
        severity: the level in force, None where nothing was assessed.
        status: where the incident stands.
        markdown: the document in Markdown.
        text: the document in plain text.
        html: a whole HTML page for mail.
        slack: mrkdwn text, for what does not take blocks and for notifications.
        blocks: Slack Block Kit, as the JSON text of a list.
        url: where one can read of it, an http(s) address; empty where nowhere.
    """

    incident: str
    uid: str
    document: DocumentKind
    audience: Audience
    recipient: Owner | None
    subject: str
    severity: Severity | None
    status: Status
    markdown: str
    text: str
    html: str
    slack: str
    blocks: str
    url: str = ""
