"""From an incident as one reader sees it to a message in every form."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from aftershock.model.message import Message
from aftershock.render.documents import checklist, message, postmortem, slack, stakeholder
from aftershock.render.documents.case import clipped
from aftershock.render.documents.parts import SUBJECT
from aftershock.render.escape import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aftershock.model.record import DocumentKind
    from aftershock.render.documents.case import Case
    from aftershock.render.documents.loading import Press
    from aftershock.render.documents.view import View

WRITERS: dict[DocumentKind, Callable[[Case], View]] = {
    "notification": message.notification,
    "update": message.update,
    "resolution": message.resolution,
    "postmortem": postmortem.postmortem,
    "checklist": checklist.checklist,
}
"""Who writes each document for those who work on the incident."""

SLACK = {"slack": slack.mrkdwn, "blocks": slack.blocks}
"""The forms that no template lays out."""

STAKEHOLDERS = "stakeholders"


def view(case: Case, kind: DocumentKind) -> tuple[View, str]:
    """What a document says, and the name of its template."""
    if case.audience == STAKEHOLDERS:
        return stakeholder.stakeholder(case, kind), STAKEHOLDERS
    return WRITERS[kind](case), kind


def written(cases: tuple[Case, ...], kind: DocumentKind, templates: Path | None) -> tuple[Message, ...]:
    """A message for each reader.

    Raises:
        ConfigError: a template of the user's is wrong.
    """
    if kind == "checklist" and any(case.audience == STAKEHOLDERS for case in cases):
        return ()
    press = _press(templates)
    return tuple(_message(case, kind, press) for case in cases)


def one(case: Case, kind: DocumentKind, form: str, templates: Path | None) -> str:
    """A document in one form.

    Raises:
        ConfigError: a template of the user's is wrong.
    """
    seen, name = view(case, kind)
    if form in SLACK:
        return SLACK[form](seen)
    return _press(templates).printed(seen, name, form, _clock(case))


def _message(case: Case, kind: DocumentKind, press: Press) -> Message:
    seen, name = view(case, kind)
    markdown, text, html = (press.printed(seen, name, form, _clock(case)) for form in ("markdown", "text", "html"))
    record = case.record
    return Message(
        incident=record.id,
        uid=record.uid,
        document=kind,
        audience=case.audience,
        recipient=case.recipient,
        subject=clipped(plain(seen.subject), SUBJECT),
        severity=record.level,
        status=record.status,
        markdown=markdown,
        text=text,
        html=html,
        slack=slack.mrkdwn(seen),
        blocks=slack.blocks(seen),
        url=case.url,
    )


def _clock(case: Case) -> tuple[str, str]:
    return case.clock.shown(case.clock.now), case.clock.zone or "UTC"


def _press(templates: Path | None) -> Press:
    """What renders through the user's templates as they are now; ours are compiled once."""
    from aftershock.render.documents.loading import Press

    return Press(templates, {}) if templates is not None else _ours()


@cache
def _ours() -> Press:
    from aftershock.render.documents.loading import Press

    return Press(None, {})
