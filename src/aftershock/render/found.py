"""Several assessments as one answer: what was found where nobody named a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.errors import UsageError
from aftershock.render import render
from aftershock.render.document import SCHEMA_VERSION
from aftershock.render.encoding import encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.model import Report

DRAWN = frozenset({"mermaid", "dot"})
"""Formats whose text is one drawing, so that two of them cannot stand in one answer."""

BETWEEN = {"text": "\n", "markdown": "\n---\n\n"}


class FoundDocument(msgspec.Struct, frozen=True):
    """What `--format json` prints then: every incident as its own assessment, the worst first."""

    schema_version: str
    reports: tuple[msgspec.Raw, ...]


def render_found(reports: Sequence[Report], name: str = "text", *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """The assessments of what detect found, in the format called ``name``.

    Args:
        reports: one for each incident, at least one unless the format is json.
        name: one of `FORMATS`.
        width: as for `render`.
        colour: as for `render`.
        show_all: as for `render`.

    Raises:
        UsageError: there is no such format, or it draws one incident and there are several.
    """
    if name in DRAWN and len(reports) > 1:
        raise UsageError("--format", f"{name} draws one incident, and {len(reports)} were found", "Name the nodes of one, as aftershock detect shows them")
    texts = [render(report, name, width=width, colour=colour, show_all=show_all) for report in reports]
    if name == "json":
        return encoded(FoundDocument(SCHEMA_VERSION, tuple(msgspec.Raw(text.encode()) for text in texts)))
    return BETWEEN.get(name, "").join(texts)
