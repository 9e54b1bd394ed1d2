"""A detection as workflow commands of GitHub Actions: an annotation for each incident and each fault in code, at the file that defines its node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.phrases import counted, listing
from aftershock.render.detection import words
from aftershock.render.escape import prose

if TYPE_CHECKING:
    from aftershock.model.detection import Detection, Proposal

WARNINGS = frozenset({"warn", "warning"})
NAMES = 10


def github(found: Detection) -> str:
    """One command a line; a notice says where nothing is found."""
    lines = [_incident(found, item) for item in found.incidents]
    lines += [
        _command("warning", found.paths.get(item.unique_id, ""), "code", f"{words.name(found, item.unique_id)} fails: {item.says}.")
        for item in found.code_faults
    ]
    lines += [
        _command("notice", "", "aftershock detect", text) for text in ([] if found.incidents else [words.verdict(found)]) + [*found.notes, *found.warnings]
    ]
    return "".join(f"{line}\n" for line in lines)


def _incident(found: Detection, item: Proposal) -> str:
    level = "warning" if all(clue.status in WARNINGS for clue in item.evidence) else "error"
    path = next((found.paths[node] for node in item.roots if node in found.paths), "")
    said = [f"{item.title}.", f"Nodes: {listing(words.names(found, item.roots), NAMES)}." if item.roots else ""]
    said += [f"{counted(len(item.skipped), 'node')} skipped because of it." if item.skipped else ""]
    said += [f"It may also be {other.category.value}: {other.why}." for other in item.alternatives[:1]]
    said += list(item.doubts)
    title = f"{item.severity.level.value} {item.category.value} ({item.confidence} confidence)"
    return _command(level, path, title, " ".join(text for text in said if text))


def _command(level: str, path: str, title: str, message: str) -> str:
    """``::error file=…,title=…::message``, in which no text can end a property or start another command."""
    properties = [f"{key}={_property(value)}" for key, value in (("file", path), ("title", title)) if value]
    return f"::{level} {','.join(properties)}::{_data(message)}"


def _data(text: str) -> str:
    return prose(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
