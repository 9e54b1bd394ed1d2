"""Where a change is in the repository, as the services want it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from aftershock.model.changes import Change, CheckReport


def path(report: CheckReport, change: Change, prefix: str) -> str:
    """A change's file, relative to the repository; empty where it is in no file of it: a package's, or none at all.

    A path comes from the manifest: one that leads out of the project is none.
    """
    parts = [part for part in change.path.replace("\\", "/").split("/") if part not in {"", "."}]
    package = change.unique_id.split(".")[1:2]
    foreign = bool(report.head.name and package and package[0] != report.head.name)
    if not parts or foreign or ".." in parts or change.path.startswith("/") or ":" in parts[0]:
        return ""
    return "/".join(part for part in (prefix.strip("/"), *parts) if part)


def uri(path: str) -> str:
    """A path as a relative URI reference."""
    return quote(path.encode("utf-8", "backslashreplace"), safe="/-._~")


def line(change: Change) -> int:
    """The line, from 1."""
    return max(1, change.line)
