"""Whole documents, kept as files beside this one. ``python tests/render/documents/document_golden.py`` writes them anew: look at the difference."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import document_records as records

from aftershock.render.documents import FORMS, document, messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.model.record import Audience, DocumentKind

FOLDER = Path(__file__).parent / "golden"
ENDINGS = {"markdown": "md", "text": "txt", "html": "html", "slack": "mrkdwn", "blocks": "json"}


def written(story: str, kind: DocumentKind, form: str) -> str:
    record, now = records.stage(records.STORIES[story], kind)
    return document(record, kind, form, now=now)


def told(audience: Audience, kind: DocumentKind, form: str, zone: str) -> str:
    """What every reader of an audience gets, one after the other."""
    record, now = records.stage(records.resolved, kind)
    found = messages(record, kind, audience=audience, now=now, zone=zone, url="https://incidents.example.com/INC-12")
    return "\n=====\n".join(f"To: {message.recipient}\nSubject: {message.subject}\n\n{getattr(message, form)}" for message in found)


CASES: dict[str, Callable[[], str]] = {
    **{f"{story}-{kind}.{ENDINGS[form]}": partial(written, story, kind, form) for story in records.STORIES for kind in records.KINDS for form in FORMS},
    **{
        f"{audience}-{kind}.{ENDINGS[form]}": partial(told, audience, kind, form, "Europe/Berlin")
        for audience in ("owners", "stakeholders")
        for kind in records.KINDS
        if (audience, kind) != ("stakeholders", "checklist")
        for form in ("markdown", "text", "html")
    },
}


def main() -> None:
    for name, make in CASES.items():
        (FOLDER / name).write_bytes(make().encode())


if __name__ == "__main__":
    main()
