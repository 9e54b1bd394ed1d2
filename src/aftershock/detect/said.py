"""dbt's messages: what they say without the lines that dbt puts around it, to be read by rules, compared and shown."""

from __future__ import annotations

import re

MOST = 4000
"""Characters of a message that are read: an error stands at its beginning, and the SQL that some warehouses repeat does not matter."""
SHOWN = 300
"""Characters of a message that are shown."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_HEAD = re.compile(r"^\s*(?P<kind>[A-Z]\w+(?: \w+)? Error) in [\w ]+ .*$")
_OWN = re.compile(
    r"^\s*(?:(?-i:LINE) \d+:.*|\^|compiled (?:code|sql) at .*|>? ?in (?:macro|model|test|snapshot|rpc request) .*|> called by .*|-->.*)$", re.IGNORECASE
)
_PLACE = re.compile(
    r"\b(?:at )?(?:error )?line \d+(?::\d+)?(?: at position \d+)?|\bat \[\d+:\d+\]|\bposition \d+|[0-9a-f]{8}-[0-9a-f-]{27,}|0x[0-9a-f]+|\d+", re.IGNORECASE
)


def said(message: str) -> str:
    """What the warehouse or dbt says, with the kind of error in front, without dbt's lines about nodes and files, whose names could be anything."""
    kind = ""
    kept = []
    for line in _COLOUR.sub("", message[: 2 * MOST])[:MOST].splitlines():
        head = _HEAD.match(line)
        if head is not None:
            kind = kind or head["kind"]
        elif not _OWN.match(line):
            kept.append(line.strip())
    return "\n".join(line for line in (kind, *kept) if line)


def alike(message: str) -> str:
    """The message as others with the same cause have it: without places, numbers and ids."""
    return " ".join(_PLACE.sub("#", said(message)).casefold().split())


def shown(message: str) -> str:
    """The message on one line, cut, without the colours that dbt writes for a terminal."""
    line = " ".join(_COLOUR.sub("", message[:MOST]).split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
