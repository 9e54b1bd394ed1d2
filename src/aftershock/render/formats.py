"""Renderers by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from aftershock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

Shown_contra = TypeVar("Shown_contra", contravariant=True)


class Renderer(Protocol[Shown_contra]):
    """A pure function from a report to text; what an output has no use for it leaves alone."""

    def __call__(self, report: Shown_contra, *, width: int, colour: bool, show_all: bool) -> str:
        """The report as text."""


def picked(renderers: Mapping[str, Renderer[Shown_contra]], name: str) -> Renderer[Shown_contra]:
    """The renderer of a format.

    Raises:
        UsageError: there is no such format.
    """
    renderer = renderers.get(name)
    if renderer is None:
        raise UsageError("--format", f"there is no format {name}", f"Use one of: {', '.join(renderers)}")
    return renderer
