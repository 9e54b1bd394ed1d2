"""The answer where nothing that a program listed is a node: one sentence, and why each entry is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from aftershock.errors import UsageError
from aftershock.render.document import SCHEMA_VERSION
from aftershock.render.encoding import encoded
from aftershock.render.escape import dot, markdown, markdown_code, mermaid, prose

if TYPE_CHECKING:
    from collections.abc import Callable

    Reasons = tuple[tuple[str, str], ...]

ANSWER = "Nothing in the list is a node of this project."


class NothingDocument(msgspec.Struct, frozen=True):
    """What `--format json` prints then: no node is affected by what is listed, and a warning for each entry."""

    schema_version: str
    summary: str
    affected: tuple[str, ...]
    warnings: tuple[str, ...]


def render_nothing(reasons: Reasons, name: str = "text") -> str:
    """The answer in the format called ``name``.

    Args:
        reasons: what was listed, each with why it is no node.
        name: one of `FORMATS`.

    Raises:
        UsageError: there is no such format.
    """
    renderer = _RENDERERS.get(name)
    if renderer is None:
        raise UsageError("--format", f"there is no format {name}", f"Use one of: {', '.join(_RENDERERS)}")
    return renderer(reasons)


def _text(reasons: Reasons) -> str:
    return "".join(f"{line}\n" for line in (ANSWER, *(f"  {prose(text)}: {prose(why)}" for text, why in reasons)))


def _markdown(reasons: Reasons) -> str:
    return f"{ANSWER}\n\n" + "".join(f"- {markdown_code(text)}: {markdown(why)}\n" for text, why in reasons)


def _json(reasons: Reasons) -> str:
    return encoded(NothingDocument(SCHEMA_VERSION, ANSWER, (), tuple(f"{text} was left out: {why}." for text, why in reasons)))


def _mermaid(_: Reasons) -> str:
    return f'flowchart LR\n    nothing["{mermaid(ANSWER)}"]\n'


def _dot(_: Reasons) -> str:
    return f'digraph aftershock {{\n  label="{dot(ANSWER)}";\n}}\n'


_RENDERERS: dict[str, Callable[[Reasons], str]] = {"text": _text, "markdown": _markdown, "json": _json, "mermaid": _mermaid, "dot": _dot}
