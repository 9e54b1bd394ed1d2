"""Our templates as files of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.errors import OutputError, UsageError
from aftershock.render.documents.environment import VARIABLES
from aftershock.render.documents.filters import FILTER_NAMES
from aftershock.render.documents.forms import TEMPLATES
from aftershock.render.documents.loading import OURS, SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 110


def ejected(folder: Path, names: tuple[str, ...], *, overwrite: bool) -> tuple[Path, ...]:
    """Write our templates of these names, all or none.

    Raises:
        UsageError: there is no such template.
        OutputError: a file is there already, or cannot be written.
    """
    wanted = {folder / name: _commented(name) for name in _files(names)}
    there = [path for path in wanted if path.exists() or path.is_symlink()]
    if there and not overwrite:
        raise OutputError(str(there[0]), f"is there already{f', and {len(there) - 1} more' if len(there) > 1 else ''}", "Move it away, or overwrite it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in wanted.items():
            if path.is_symlink():
                raise OutputError(str(path), "is a link", "Remove it first")
            path.write_text(text, "utf-8")
    except OSError as error:
        raise OutputError(str(folder), f"cannot be written ({error.strerror})", "Name a folder that can") from None
    return tuple(wanted)


def _files(names: tuple[str, ...]) -> tuple[str, ...]:
    """File names, each once: those named, and all forms of a document that is named."""
    ours = TEMPLATES
    found: dict[str, None] = {}
    for name in names:
        mine = [each for each in ours if each == name or each.partition(".")[0] == name]
        if not mine:
            known = dict.fromkeys(each.partition(".")[0] for each in ours)
            raise UsageError(name, "is none of the templates", f"Use one of: {', '.join(known)}, or a file of theirs such as notification.md{SUFFIX}")
        found |= dict.fromkeys(mine)
    return tuple(found) or ours


def _commented(name: str) -> str:
    """A template's text below a comment on what it can use."""
    from importlib.resources import files

    text = (files("aftershock.render") / "templates" / "documents" / name).read_text("utf-8")
    head = [
        f"This file replaces aftershock's own {name}. To change only a part of that, write instead:",
        f'    {{% extends "{OURS}{name}" %}} and the blocks that differ: title, intro, fields, closing, sections, footer.',
        f"Variables: {', '.join(VARIABLES)}.",
        "A field has name, label, value, items, unknown, done; a section heading, paragraphs, fields, bullets, table, more.",
        "field.NAME and section.NAME are those of that name, such as field.summary.value.",
        f"Filters: {', '.join(FILTER_NAMES)}.",
        "Whatever a value holds is made inert in this form; what you write here yourself is not.",
    ]
    return "{#\n" + "".join(f"{line}\n" for line in head).replace("{%", "{ %").replace("%}", "% }") + "#}\n" + text
