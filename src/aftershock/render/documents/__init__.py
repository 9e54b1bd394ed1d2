"""An incident's five documents: written from its record, laid out in five forms, by our templates or by the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import UsageError
from aftershock.model.record import AUDIENCES, DOCUMENTS
from aftershock.render.documents.forms import FORMS, TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from aftershock.model.message import Message
    from aftershock.model.record import Audience, DocumentKind, Record

__all__ = ["DOCUMENT_FORMATS", "FORMS", "TEMPLATES", "document", "eject", "eject_templates", "messages"]

DOCUMENT_FORMATS = FORMS


def messages(  # noqa: PLR0913  # what a document depends on
    record: Record,
    kind: DocumentKind,
    *,
    audience: Audience = "engineers",
    now: str,
    zone: str = "UTC",
    templates: Path | None = None,
    rows: Mapping[str, int] | None = None,
    url: str = "",
    next_update: str = "",
) -> tuple[Message, ...]:
    """A document in every form, once for each of its readers.

    Args:
        record: the incident.
        kind: one of `DOCUMENTS`.
        audience: ``engineers`` get one message, whole; ``owners`` one for each owner of affected nodes, with only theirs; ``stakeholders`` one for each
            owner of affected dashboards, with only theirs, in plain words, and one for nobody where nobody is named. There is no checklist for them.
        now: the moment of writing, ISO 8601 in UTC.
        zone: the IANA name of the zone in which times are shown.
        templates: the folder of the user's own templates; None for ours alone.
        rows: row counts by unique_id, beside those of the record.
        url: where the incident can be looked at.
        next_update: when the next update is due once this message is out, ISO 8601 in UTC; the record's own deadline, set by the last message, where empty.

    Raises:
        UsageError: there is no such document, audience or zone.
        ConfigError: a template of the user's is wrong.
    """
    from aftershock.render.documents.reading import readers
    from aftershock.render.documents.writing import written

    _known(kind, DOCUMENTS, "document")
    _known(audience, AUDIENCES, "--audience")
    return written(readers(record, audience, (now, zone), rows or {}, url, next_update), kind, templates)


def document(  # noqa: PLR0913  # as above, and the form
    record: Record,
    kind: DocumentKind,
    form: str = "markdown",
    *,
    now: str,
    zone: str = "UTC",
    templates: Path | None = None,
    rows: Mapping[str, int] | None = None,
    url: str = "",
    next_update: str = "",
) -> str:
    """A document for those who work on the incident, in one form.

    Args:
        record: the incident.
        kind: one of `DOCUMENTS`.
        form: one of `FORMS`.
        now: as for `messages`.
        zone: as for `messages`.
        templates: as for `messages`.
        rows: as for `messages`.
        url: as for `messages`.
        next_update: as for `messages`.

    Raises:
        UsageError: there is no such document, form or zone.
        ConfigError: a template of the user's is wrong.
    """
    from aftershock.render.documents.reading import readers
    from aftershock.render.documents.writing import one

    _known(kind, DOCUMENTS, "document")
    _known(form, FORMS, "--format")
    (case,) = readers(record, "engineers", (now, zone), rows or {}, url, next_update)
    return one(case, kind, form, templates)


def eject(folder: Path, names: tuple[str, ...] = (), *, overwrite: bool = False) -> tuple[Path, ...]:
    """Copy our templates into a folder, each with a comment that says what it can use.

    Args:
        folder: where to; made where it is not there.
        names: file names of templates (``notification.md.j2``) or of documents (``notification``); all where empty.
        overwrite: whether files that are there may be replaced.

    Returns:
        The files that were written.

    Raises:
        UsageError: there is no such template.
        OutputError: a file is there already, or cannot be written; nothing was written then.
    """
    from aftershock.render.documents.ejecting import ejected

    return ejected(folder, names, overwrite=overwrite)


eject_templates = eject


def _known(name: str, names: tuple[str, ...], place: str) -> None:
    if name not in names:
        raise UsageError(place, f"there is no {'format' if place == '--format' else 'such choice:'} {name}", f"Use one of: {', '.join(names)}")
