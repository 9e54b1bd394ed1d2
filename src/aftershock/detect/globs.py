"""Texts in which ``*`` stands for anything: no other sign has a meaning, and no text takes long to match."""

from __future__ import annotations


def matches(glob: str, text: str) -> bool:
    """Whether the whole text is what the glob says, without regard to case."""
    first, *rest = glob.casefold().split("*")
    text = text.casefold()
    if not rest:
        return text == first
    last = rest.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    return _in_order(rest, text[len(first) : len(text) - len(last)])


def occurs(glob: str, text: str) -> bool:
    """Whether a part of the text is what the glob says, without regard to case."""
    return _in_order(glob.casefold().split("*"), text.casefold())


def _in_order(pieces: list[str], text: str) -> bool:
    """Whether the pieces are there one after another: the first place of each leaves the most room for the next."""
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True
