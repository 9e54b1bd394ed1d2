"""What was detected, as text: every renderer is a pure function from a detection to a string, picked by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.render.formats import picked

if TYPE_CHECKING:
    from aftershock.model.detection import Detection
    from aftershock.render.formats import Renderer

__all__ = ["DETECTION_FORMATS", "render_detection"]


def _text(report: Detection, *, width: int, colour: bool, show_all: bool) -> str:
    from aftershock.render.detection.text import text

    return text(report, width=width, colour=colour, show_all=show_all)


def _json(report: Detection, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.detection.json import json

    return json(report)


def _github(report: Detection, *, width: int, colour: bool, show_all: bool) -> str:  # noqa: ARG001  # a workflow command has neither
    from aftershock.render.detection.github import github

    return github(report)


_RENDERERS: dict[str, Renderer[Detection]] = {"text": _text, "json": _json, "github": _github}

DETECTION_FORMATS = tuple(_RENDERERS)
"""The names that `render_detection` knows, the default first."""


def render_detection(detection: Detection, name: str = "text", *, width: int = 100, colour: bool = False, show_all: bool = False) -> str:
    """What was detected, in the format called ``name``.

    Args:
        detection: what to say.
        name: one of `DETECTION_FORMATS`.
        width: the terminal's width in cells (text).
        colour: whether the terminal shows colours (text).
        show_all: everything, instead of the first screen (text).

    Raises:
        UsageError: there is no such format.
    """
    return picked(_RENDERERS, name)(detection, width=width, colour=colour, show_all=show_all)
