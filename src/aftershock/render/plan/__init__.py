"""Recovery plans as text, Markdown, JSON or a script: every renderer is a pure function from a report to a string, picked by its name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aftershock.errors import UsageError
from aftershock.render.formats import picked

if TYPE_CHECKING:
    from aftershock.model import Report
    from aftershock.render.formats import Renderer

__all__ = ["PLAN_FORMATS", "PLAN_SHELLS", "render_no_plan", "render_plan"]

PLAN_SHELLS = ("posix", "powershell")
"""Shells whose quoting commands can have, the default first."""


def _text(report: Report, *, width: int, colour: bool, show_all: bool, shell: str) -> str:
    from aftershock.render.plan.text import text

    return text(report, width=width, colour=colour, show_all=show_all, shell=shell)


def _markdown(report: Report, *, width: int, colour: bool, show_all: bool, shell: str) -> str:  # noqa: ARG001  # a document has neither
    from aftershock.render.plan.markdown import markdown

    return markdown(report, show_all=show_all, shell=shell)


def _json(report: Report, *, width: int, colour: bool, show_all: bool, shell: str) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.plan.json import json

    return json(report, shell=shell)


def _script(report: Report, *, width: int, colour: bool, show_all: bool, shell: str) -> str:  # noqa: ARG001  # always everything
    from aftershock.render.plan.script import script

    if shell != PLAN_SHELLS[0]:
        raise UsageError("--shell", f"--format sh is a script for bash, not for {shell}", "Leave --shell out, or use another --format")
    return script(report)


_RENDERERS = {"text": _text, "markdown": _markdown, "json": _json, "sh": _script}

PLAN_FORMATS = tuple(_RENDERERS)
"""The names that `render_plan` knows, the default first."""


def render_plan(  # noqa: PLR0913  # what `render` takes, and the shell
    report: Report, name: str = "text", *, width: int = 100, colour: bool = False, show_all: bool = False, shell: str = PLAN_SHELLS[0]
) -> str:
    """The recovery plan of ``report`` in the format called ``name``.

    Args:
        report: whose plan it is.
        name: one of `PLAN_FORMATS`.
        width: the terminal's width in cells (text).
        colour: whether the terminal shows colours (text).
        show_all: every name of a step, instead of the first ones (text, markdown).
        shell: one of `PLAN_SHELLS`: how commands are quoted.

    Raises:
        UsageError: there is no such format or shell, or the format is a script for another shell.
    """
    if shell not in PLAN_SHELLS:
        raise UsageError("--shell", f"there is no shell {shell}", f"Use one of: {', '.join(PLAN_SHELLS)}")
    renderers: dict[str, Renderer[Report]] = {known: partial(renderer, shell=shell) for known, renderer in _RENDERERS.items()}
    return picked(renderers, name)(report, width=width, colour=colour, show_all=show_all)


def render_no_plan(reasons: tuple[tuple[str, str], ...], name: str = "text") -> str:
    """What is said where nothing that a program listed is a node, in the format called ``name``; as a script, one that does nothing.

    Args:
        reasons: what was listed, each with why it is no node.
        name: one of `PLAN_FORMATS`.

    Raises:
        UsageError: there is no such format.
    """
    from aftershock.render.plan.nothing import nothing

    return nothing(reasons, name)
