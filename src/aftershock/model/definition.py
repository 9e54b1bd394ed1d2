"""What a project says of its resources beyond what an incident asks: what only a comparison of two projects needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Constraint(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """A constraint of a model or of one of its columns; ``type`` is dbt's word: not_null, unique, primary_key, foreign_key, check, custom."""

    type: str
    name: str = ""
    expression: str = ""
    columns: tuple[str, ...] = ()
    to: str = ""
    to_columns: tuple[str, ...] = ()


class Definition(msgspec.Struct, frozen=True, omit_defaults=True):
    """One resource, enabled or not.

    Attributes:
        checksum: of its file's content, as ``sha256:…``; ``path:…`` is a file that was too large for dbt to look into.
        constraints: those of the whole model.
        column_constraints: those of its columns, by declared name.
        config: its whole config as dbt resolved it.
        unrendered: the same as it is written, templates included; empty where the version does not say.
        deprecation_date: as dbt writes it.
        latest_version: of a versioned model.
        freshness: a source's thresholds.
        loaded_at: the column or query that tells how fresh a source is.
        macros: unique_ids of the macros that it calls itself.
        patch: the YAML file that describes it, with forward slashes, relative to the project.
        body: what it consists of where that is not SQL: a unit test's rows, a metric's parameters, a semantic model's measures, a function.
    """

    checksum: str = ""
    constraints: tuple[Constraint, ...] = ()
    column_constraints: dict[str, tuple[Constraint, ...]] = {}
    config: dict[str, Any] = {}
    unrendered: dict[str, Any] = {}
    deprecation_date: str = ""
    latest_version: str = ""
    freshness: dict[str, Any] = {}
    loaded_at: str = ""
    macros: tuple[str, ...] = ()
    patch: str = ""
    body: dict[str, Any] = {}


class Definitions(msgspec.Struct, frozen=True):
    """All of a manifest's, by unique_id; ``macros`` are the macros that each macro calls, ``paths`` the file of each macro, relative to its package.

    Each is decoded when it is asked for, where they were read from a file.
    """

    nodes: Mapping[str, Definition] = {}
    macros: Mapping[str, tuple[str, ...]] = {}
    paths: Mapping[str, str] = {}
