"""Full names of relations."""

from __future__ import annotations

import re

_LAST_NAME = re.compile(r"(?P<before>.*?)(?P<quote>[\"`\[]?)(?P<name>[^.\"`\[\]]+)(?P<after>[\"`\]]?)\s*$", re.DOTALL)


def renamed_relation(relation_name: str, name: str) -> str:
    """A relation's full name with another last part, quoted like the old one."""
    found = _LAST_NAME.match(relation_name)
    return f"{found['before']}{found['quote']}{name}{found['after']}" if found is not None else name
