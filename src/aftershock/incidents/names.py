"""How incidents are called."""

from __future__ import annotations

import re

from aftershock.errors import UnknownName

_TYPED = re.compile(r"(?:INC-?)?0*([1-9]\d{0,8})", re.ASCII | re.IGNORECASE)
_SHOWN = 80


def id_of(number: int) -> str:
    """``INC-12``."""
    return f"INC-{number}"


def number_of(text: str) -> int:
    """The number of an incident as people type it: ``INC-12``, ``inc-12``, ``12``.

    Raises:
        UnknownName: it is not how an incident is called.
    """
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        raise UnknownName(repr(text[:_SHOWN]), "is not the id of an incident", otherwise="Ids look like INC-12; aftershock incident list shows them")
    return int(found[1])
