"""SQL that a plan has dbt run, in the warehouse and with the profile that dbt itself uses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.recovery.actions import Action
    from aftershock.recovery.carried import Carried
    from aftershock.recovery.treatment import Treatment

UNWRITABLE = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that a block of YAML cannot hold as they are."""


class Written(msgspec.Struct, frozen=True):
    """Statements for some nodes. ``runnable`` is whether dbt can run them all at once, and so by itself."""

    nodes: tuple[str, ...]
    text: str
    runnable: bool = True


class Writer(Protocol):
    """Writes the SQL of a plan's steps; every answer is empty or None where it cannot be known what the SQL must say."""

    def script(self, item: Treatment, action: Action) -> Written | None:
        """The transaction that does an action to a node."""

    def why_not(self, unique_id: str) -> str:
        """Why a node's statements cannot be written, a full sentence."""

    def rebuild(self, item: Treatment) -> Written | None:
        """The transaction that does what dbt's command would, and a query that shows what it did."""

    def counts(self, items: Sequence[Treatment]) -> Written | None:
        """A query of how many rows the windows hold that were repaired, from when to when."""

    def guards(self, items: Sequence[Treatment]) -> Sequence[Written]:
        """Queries that fail where a rebuild of these nodes would lose rows."""

    def copies(self, unique_ids: Sequence[str]) -> Sequence[Written]:
        """A copy of each of these relations, beside it."""

    def restores(self, unique_ids: Sequence[str]) -> Sequence[Written]:
        """What the warehouse can still give of these relations' past."""

    def past(self) -> str:
        """What the warehouse can still give of a table's past, in full sentences; empty where that is not known."""

    def hint(self, unique_id: str) -> str:
        """Statements that whoever owns a relation may check and run against duplicates; empty where there are none."""


def sql_argv(text: str, kept: Carried) -> tuple[str, ...]:
    """``dbt run-operation run_query``: dbt's own macro, which runs what it is given and fails where the warehouse refuses it."""
    return ("dbt", "run-operation", "run_query", "--args", arguments(text), *kept.words)


def one_line(argv: tuple[str, ...], sql: str) -> tuple[str, ...]:
    """The same command with its SQL as JSON, which is YAML too: a line that any POSIX shell takes."""
    return tuple(_json(sql) if sql and word == arguments(sql) else word for word in argv)


def arguments(text: str) -> str:
    """The statements as the YAML of ``--args``, in a block that keeps every character, readable where it can be."""
    if UNWRITABLE.search(text):
        return _json(text)
    lines = "\n".join(f"  {line}" if line else "" for line in text.rstrip("\n").split("\n"))
    return f"sql: |2\n{lines}\n"


def _json(text: str) -> str:
    return UNWRITABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps({"sql": text}, ensure_ascii=False))
