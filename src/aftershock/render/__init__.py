"""Reports as text: every renderer is a pure function from a report to a string, picked by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.formats import picked

if TYPE_CHECKING:
    from aftershock.model import Report
    from aftershock.render.formats import Renderer

__all__ = ["FORMATS", "render"]


def _text(report: Report, *, width: int, colour: bool, show_all: bool) -> str:
    from aftershock.render.text import text

    return text(report, width=width, colour=colour, show_all=show_all)


def _markdown(report: Report, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # a document has neither
    from aftershock.render.markdown import markdown

    return markdown(report, show_all=show_all)


def _json(report: Report, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.json import json

    return json(report)


def _mermaid(report: Report, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # a drawing has neither
    from aftershock.render.mermaid import mermaid

    return mermaid(report, show_all=show_all)


def _dot(report: Report, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.dot import dot

    return dot(report)


_RENDERERS: dict[str, Renderer[Report]] = {"text": _text, "markdown": _markdown, "json": _json, "mermaid": _mermaid, "dot": _dot}

FORMATS = tuple(_RENDERERS)
"""The names that `render` knows, the default first."""


def render(report: Report, name: str = "text", *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """``report`` in the format called ``name``.

    Args:
        report: what to say.
        name: one of `FORMATS`.
        width: the terminal's width in cells (text).
        colour: whether the terminal shows colours (text).
        show_all: everything instead of the first screen (text) or the longest list that reads well (markdown, mermaid).

    Raises:
        UsageError: there is no such format.
    """
    return picked(_RENDERERS, name)(report, width=width, colour=colour, show_all=show_all)
