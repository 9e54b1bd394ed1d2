"""What broke, who must know, how bad it is and what to run: incident impact for dbt projects.

    import aftershock

    artifacts = aftershock.read_artifacts("target")
    report = aftershock.assess(artifacts, "stg_orders", "data-quality")
    print(report.assessment.severity.level, [table for table in report.assessment.tables])
    print(aftershock.render(report, "markdown"))

Everything here is loaded when it is first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from aftershock._version import __version__

if TYPE_CHECKING:
    from aftershock.artifacts import (
        artifacts_from_bytes,
        find_manifest,
        find_project_root,
        read_artifacts,
        read_catalog,
        read_configs,
        read_patches,
        read_stdin,
    )
    from aftershock.cache import Cache, cache_dir
    from aftershock.cache.shelf import Shelf
    from aftershock.columns.jobs import Limits
    from aftershock.columns.lineage import ColumnLineage, column_lineage
    from aftershock.columns.opening import open_lineage
    from aftershock.columns.project import ProjectLineage
    from aftershock.config import InForce, explain, find_config, load_policy, schema, starter
    from aftershock.doctor import diagnose
    from aftershock.errors import (
        AftershockError,
        AmbiguousName,
        ArtifactError,
        ConfigError,
        NothingListed,
        OutputError,
        SelectionError,
        UnknownName,
        UsageError,
    )
    from aftershock.graph import LineageGraph
    from aftershock.model import CATEGORIES, Artifacts, Assessment, Catalog, Category, Node, Owner, Policy, Project, RecoveryPlan, Report, Severity
    from aftershock.model.diagnosis import Diagnosis
    from aftershock.model.lineage import LineageReport
    from aftershock.render import FORMATS, render
    from aftershock.render.diagnosis import diagnosis_json, diagnosis_text
    from aftershock.render.error import error_line, terminal_text
    from aftershock.render.json import error_json
    from aftershock.render.lineage import LINEAGE_FORMATS, render_lineage
    from aftershock.render.nothing import render_nothing
    from aftershock.render.progress import progress_bar
    from aftershock.select import complete, resolve, select
    from aftershock.sql.dialects import DIALECTS, known_dialect
    from aftershock.tracing import lineage, variables
    from aftershock.triage import assess, find

_HOMES = {
    "artifacts": ("artifacts_from_bytes", "find_manifest", "find_project_root", "read_artifacts", "read_catalog", "read_configs", "read_patches", "read_stdin"),
    "cache": ("Cache", "cache_dir"),
    "cache.shelf": ("Shelf",),
    "columns.jobs": ("Limits",),
    "columns.lineage": ("ColumnLineage", "column_lineage"),
    "columns.opening": ("open_lineage",),
    "columns.project": ("ProjectLineage",),
    "config": ("InForce", "explain", "find_config", "load_policy", "schema", "starter"),
    "doctor": ("diagnose",),
    "errors": (
        "AftershockError",
        "AmbiguousName",
        "ArtifactError",
        "ConfigError",
        "NothingListed",
        "OutputError",
        "SelectionError",
        "UnknownName",
        "UsageError",
    ),
    "graph": ("LineageGraph",),
    "model": ("CATEGORIES", "Artifacts", "Assessment", "Catalog", "Category", "Node", "Owner", "Policy", "Project", "RecoveryPlan", "Report", "Severity"),
    "model.diagnosis": ("Diagnosis",),
    "model.lineage": ("LineageReport",),
    "render": ("FORMATS", "render"),
    "render.diagnosis": ("diagnosis_json", "diagnosis_text"),
    "render.error": ("error_line", "terminal_text"),
    "render.json": ("error_json",),
    "render.lineage": ("LINEAGE_FORMATS", "render_lineage"),
    "render.nothing": ("render_nothing",),
    "render.progress": ("progress_bar",),
    "select": ("complete", "resolve", "select"),
    "sql.dialects": ("DIALECTS", "known_dialect"),
    "tracing": ("lineage", "variables"),
    "triage": ("assess", "find"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "CATEGORIES",
    "DIALECTS",
    "FORMATS",
    "LINEAGE_FORMATS",
    "AftershockError",
    "AmbiguousName",
    "ArtifactError",
    "Artifacts",
    "Assessment",
    "Cache",
    "Catalog",
    "Category",
    "ColumnLineage",
    "ConfigError",
    "Diagnosis",
    "InForce",
    "Limits",
    "LineageGraph",
    "LineageReport",
    "Node",
    "NothingListed",
    "OutputError",
    "Owner",
    "Policy",
    "Project",
    "ProjectLineage",
    "RecoveryPlan",
    "Report",
    "SelectionError",
    "Severity",
    "Shelf",
    "UnknownName",
    "UsageError",
    "__version__",
    "artifacts_from_bytes",
    "assess",
    "cache_dir",
    "column_lineage",
    "complete",
    "diagnose",
    "diagnosis_json",
    "diagnosis_text",
    "error_json",
    "error_line",
    "explain",
    "find",
    "find_config",
    "find_manifest",
    "find_project_root",
    "known_dialect",
    "lineage",
    "load_policy",
    "open_lineage",
    "progress_bar",
    "read_artifacts",
    "read_catalog",
    "read_configs",
    "read_patches",
    "read_stdin",
    "render",
    "render_lineage",
    "render_nothing",
    "resolve",
    "schema",
    "select",
    "starter",
    "terminal_text",
    "variables",
]


def __getattr__(name: str) -> object:
    """Load a public name from its room (PEP 562)."""
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


class _Package(ModuleType):
    """Keeps ``aftershock.render`` and ``aftershock.select`` the functions: importing a room would put the module of that name in their place."""

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOME_OF or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    """Every public name, loaded or not."""
    return sorted(__all__)
