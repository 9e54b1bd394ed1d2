"""What is repaired, as text: every renderer is a pure function from a verification to a string, picked by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.formats import picked

if TYPE_CHECKING:
    from aftershock.model.proof import Verification
    from aftershock.render.formats import Renderer

__all__ = ["VERIFY_FORMATS", "render_verification"]


def _text(report: Verification, *, width: int, colour: bool, show_all: bool) -> str:
    from aftershock.render.proof.text import text

    return text(report, width=width, colour=colour, show_all=show_all)


def _markdown(report: Verification, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # a document has neither
    from aftershock.render.proof.markdown import markdown

    return markdown(report, show_all=show_all)


def _json(report: Verification, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.proof.json import json

    return json(report)


_RENDERERS: dict[str, Renderer[Verification]] = {"text": _text, "markdown": _markdown, "json": _json}

VERIFY_FORMATS = tuple(_RENDERERS)
"""The names that `render_verification` knows, the default first."""


def render_verification(report: Verification, name: str = "text", *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """What is repaired, in the format called ``name``.

    Args:
        report: what to say.
        name: one of `VERIFY_FORMATS`.
        width: the terminal's width in cells (text).
        colour: whether the terminal shows colours (text).
        show_all: everything, with the evidence of each judgement, instead of the first screen (text) or the longest list that reads well (markdown).

    Raises:
        UsageError: there is no such format.
    """
    return picked(_RENDERERS, name)(report, width=width, colour=colour, show_all=show_all)
