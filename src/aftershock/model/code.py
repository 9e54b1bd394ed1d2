"""The code of a project as its manifest holds it: what dbt read (raw) and, where dbt compiled, what it made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Ref(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """One ``ref()`` that dbt saw in a node's code: ``package`` and ``version`` are empty where the call names none."""

    package: str
    name: str
    version: str = ""


class NodeCode(msgspec.Struct, frozen=True, omit_defaults=True):
    """The code of one enabled node.

    ``raw`` is the template as written, ``compiled`` the SQL that dbt made of it, empty where it did not. ``file`` is the manifest's ``path``
    (relative to the models directory; of a generic test, its own file name) and ``compiled_path`` where dbt says that it wrote the SQL.
    ``sources`` are (source, table); ``config`` the whole config as the manifest has it; ``arguments`` those of a generic test.
    """

    raw: str = ""
    compiled: str = ""
    language: str = "sql"
    file: str = ""
    compiled_path: str = ""
    refs: tuple[Ref, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    config: dict[str, Any] = {}
    arguments: dict[str, Any] = {}


class MacroCode(msgspec.Struct, frozen=True):
    """One macro: ``sql`` is its whole block, from ``{% macro`` to ``endmacro %}``."""

    name: str
    package: str
    sql: str


class Code(msgspec.Struct, frozen=True):
    """All code of a manifest, by unique_id; each is decoded when it is asked for, where it was read from a file.

    ``started_at`` is when the dbt run that wrote the manifest began (ISO 8601), ``env`` the ``DBT_ENV_CUSTOM_ENV_*`` variables
    that it recorded, without that prefix.
    """

    nodes: Mapping[str, NodeCode]
    macros: Mapping[str, MacroCode] = {}
    started_at: str = ""
    env: dict[str, str] = {}
