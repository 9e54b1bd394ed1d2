"""What a pull request breaks, as text: every renderer is a pure function from a report to a string, picked by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.model.changes import CheckReport

__all__ = ["CHECK_FORMATS", "render_check"]


class Look(NamedTuple):
    """How it is to look: see :func:`render_check`."""

    width: int
    colour: bool
    show_all: bool
    prefix: str


def _text(report: CheckReport, look: Look) -> str:
    from aftershock.render.check.text import text

    return text(report, width=look.width, colour=look.colour, show_all=look.show_all)


def _json(report: CheckReport, look: Look) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.check.json import json

    return json(report)


def _markdown(report: CheckReport, look: Look) -> str:
    from aftershock.render.check.markdown import markdown

    return markdown(report, show_all=look.show_all, prefix=look.prefix)


def _github(report: CheckReport, look: Look) -> str:
    from aftershock.render.check.annotations import github

    return github(report, prefix=look.prefix)


def _sarif(report: CheckReport, look: Look) -> str:
    from aftershock.render.check.sarif import sarif

    return sarif(report, prefix=look.prefix)


def _gitlab(report: CheckReport, look: Look) -> str:
    from aftershock.render.check.annotations import gitlab

    return gitlab(report, prefix=look.prefix)


def _junit(report: CheckReport, look: Look) -> str:
    from aftershock.render.check.junit import junit

    return junit(report, prefix=look.prefix)


_RENDERERS: dict[str, Callable[[CheckReport, Look], str]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "github": _github,
    "sarif": _sarif,
    "gitlab": _gitlab,
    "junit": _junit,
}

CHECK_FORMATS = tuple(_RENDERERS)
"""The names that `render_check` knows, the default first."""


def render_check(  # noqa: PLR0913  # how it is to look
    report: CheckReport, name: str = "text", *, width: int = 100, colour: bool = False, show_all: bool = False, prefix: str = ""
) -> str:
    """What a pull request breaks, in the format called ``name``.

    Args:
        report: what to say.
        name: one of `CHECK_FORMATS`.
        width: the terminal's width in cells (text).
        colour: whether the terminal shows colours (text).
        show_all: everything instead of the first screen (text) or lists of a length that reads well (markdown).
        prefix: the folder of the dbt project in its repository, with forward slashes, empty for its top: what services show is found by it.

    Raises:
        UsageError: there is no such format.
    """
    if name not in _RENDERERS:
        raise UsageError("--format", f"there is no format {name}", f"Use one of: {', '.join(_RENDERERS)}")
    return _RENDERERS[name](report, Look(width, colour, show_all, prefix))
