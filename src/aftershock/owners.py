"""Owners as people write them, in dbt's ``meta`` and in ``aftershock.yml``: any shape → Owner values.

Pure and total: what cannot be an owner is left out, nothing is ever raised.
"""

from __future__ import annotations

import re
from typing import Any

from aftershock.model import Owner

_MAX_DEPTH = 16
_MAX_LENGTH = 300
"""Characters of one owner's text that are read: enough for any person, and no text is slow to match."""

_SEPARATORS = re.compile(r"[,;|\n\r]+")
_EMAIL = re.compile(r"(?:mailto:)?([^\s@<>,;:\"'()]+@[^\s@<>,;:\"'()]+\.[^\s@<>,;:\"'()]+)", re.IGNORECASE)
_QUOTES = "\"'()"
_NOBODY = frozenset({"none", "null", "nobody", "n/a", "na", "tbd", "todo", "unknown", "unassigned", "-", "?", "."})


def parse_owner(value: object) -> tuple[Owner, ...]:
    """Everybody whom ``value`` names, once each, in its order.

    Args:
        value: a text (``Growth <growth@example.com> @growth``, an e-mail, ``@slack``, ``#channel``, a name, several of them between commas), a mapping with
            ``name``, ``email`` and ``slack``, or a list of these, nested as it may be.

    Returns:
        The owners; empty where nobody is named: other types, empty text, and placeholders such as ``TBD``.
    """
    return tuple(dict.fromkeys(_owners(value, 0)))


def _owners(value: object, depth: int) -> list[Owner]:
    if isinstance(value, str):
        return [owner for piece in _SEPARATORS.split(value) for owner in _from_piece(piece)]
    if depth == _MAX_DEPTH:
        return []
    if isinstance(value, dict):
        return _from_mapping(value)
    if isinstance(value, (list, tuple)):
        return [owner for item in value for owner in _owners(item, depth + 1)]
    return []


def _from_mapping(value: dict[Any, Any]) -> list[Owner]:
    """One owner with all parts given; where a part holds several, each of the others is an owner of its own.

    What stands as an e-mail and is none is said of the one name that is given, and a name of its own where there is none, or several.
    """
    names, emails, slacks = (_texts(value.get(key)) for key in ("name", "email", "slack"))
    addresses = [found for text in emails for found in _EMAIL.findall(text)]
    others = [text for text in emails if not _EMAIL.search(text)]
    if len(names) == 1 and len(others) == 1 and not addresses:
        return _combined([f"{names[0]} ({others[0]})"], [], slacks)
    names += others
    if len(names) > 1 and len(names) == len(addresses):
        return [Owner(*pair) for pair in zip(names, addresses, strict=True)] + [Owner(slack=slack) for slack in slacks]
    return _combined(names, addresses, slacks)


def _texts(value: object) -> list[str]:
    """The texts of a mapping's part: one, several between commas, or a list of them."""
    items = value if isinstance(value, (list, tuple)) else [value]
    pieces = [piece for item in items if isinstance(item, str) for piece in _SEPARATORS.split(item)]
    return [text for text in (_clean(piece[:_MAX_LENGTH]) for piece in pieces) if text.lower() not in _NOBODY and text]


def _from_piece(piece: str) -> list[Owner]:
    """The owners of a text without separators: usually one."""
    piece = piece[:_MAX_LENGTH]
    addresses = _EMAIL.findall(piece)
    rest = _EMAIL.sub(" ", piece)
    words = [word for word in (_clean(word) for word in rest.split()) if word.strip(_QUOTES + "<>@#")]
    slacks = [word.strip(_QUOTES) for word in words if _is_slack(word)]
    name = _clean(" ".join(word for word in words if not _is_slack(word)).replace("<", " ").replace(">", " ")).strip("\"' ")
    return _combined([name] if name and name.lower() not in _NOBODY else [], addresses, slacks)


def _is_slack(word: str) -> bool:
    bare = word.strip(_QUOTES).lstrip("<")
    return len(bare) > 1 and bare[0] in "@#"


def _combined(names: list[str], emails: list[str], slacks: list[str]) -> list[Owner]:
    """The first of each together, every further one alone, so that nobody is dropped."""
    first = Owner(name="".join(names[:1]), email="".join(emails[:1]), slack="".join(slacks[:1]))
    further = [Owner(name=name) for name in names[1:]] + [Owner(email=email) for email in emails[1:]] + [Owner(slack=slack) for slack in slacks[1:]]
    return [owner for owner in (first, *further) if owner != Owner()]


def _clean(text: str) -> str:
    """``text`` with printable characters only and single blanks."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
