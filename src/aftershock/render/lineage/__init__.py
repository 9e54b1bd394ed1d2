"""Where columns come from and where they go, as text: every renderer is a pure function from a lineage report to a string, picked by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.formats import picked

if TYPE_CHECKING:
    from aftershock.model.lineage import LineageReport
    from aftershock.render.formats import Renderer

__all__ = ["LINEAGE_FORMATS", "render_lineage"]


def _text(report: LineageReport, *, width: int, colour: bool, show_all: bool) -> str:
    from aftershock.render.lineage.text import text

    return text(report, width=width, colour=colour, show_all=show_all)


def _json(report: LineageReport, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.lineage.json import json

    return json(report)


def _mermaid(report: LineageReport, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # a drawing has neither
    from aftershock.render.lineage.mermaid import mermaid

    return mermaid(report, show_all=show_all)


def _dot(report: LineageReport, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.lineage.dot import dot

    return dot(report)


def _openlineage(report: LineageReport, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.lineage.openlineage import openlineage

    return openlineage(report)


_RENDERERS: dict[str, Renderer[LineageReport]] = {"text": _text, "json": _json, "mermaid": _mermaid, "dot": _dot, "openlineage": _openlineage}

LINEAGE_FORMATS = tuple(_RENDERERS)
"""The names that `render_lineage` knows, the default first. ``openlineage`` needs a report with facets."""


def render_lineage(report: LineageReport, name: str = "text", *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """``report`` in the format called ``name``.

    Args:
        report: what to say.
        name: one of `LINEAGE_FORMATS`.
        width: the terminal's width in cells (text).
        colour: whether the terminal shows colours (text).
        show_all: everything instead of the first screen (text) or what a site still draws (mermaid).

    Raises:
        UsageError: there is no such format.
    """
    return picked(_RENDERERS, name)(report, width=width, colour=colour, show_all=show_all)
