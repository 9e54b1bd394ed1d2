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
    from aftershock.artifacts.folders import source_files
    from aftershock.artifacts.runs import read_runs
    from aftershock.cache import Cache, cache_dir
    from aftershock.cache.shelf import Shelf
    from aftershock.changes import check
    from aftershock.changes.editing import Edited, edited, project_files
    from aftershock.changes.policy import own_of_head, policy_changes
    from aftershock.changes.unparsed import unparsed
    from aftershock.columns.jobs import Limits
    from aftershock.columns.lineage import ColumnLineage, column_lineage
    from aftershock.columns.opening import open_lineage
    from aftershock.columns.project import ProjectLineage
    from aftershock.config import InForce, explain, find_config, load_policy, schema, starter
    from aftershock.detect import detect
    from aftershock.doctor import diagnose
    from aftershock.errors import (
        AftershockError,
        AmbiguousName,
        ArtifactError,
        ConfigError,
        Conflict,
        NothingListed,
        NothingThere,
        OutputError,
        SelectionError,
        StoreError,
        UnknownName,
        UsageError,
    )
    from aftershock.execute import (
        Recovery,
        RecoveryEnding,
        RecoveryEntry,
        RunPlace,
        begin_recovery,
        newest_recovery,
        recover,
        recovery_commands,
        resume_recovery,
        run_place,
    )
    from aftershock.execute.backtest import backtest
    from aftershock.execute.base import (
        Repository,
        commit_of,
        commits_behind,
        files_at,
        gone_since,
        has_commit,
        policy_at,
        read_catalog_file,
        repository,
        target_at,
    )
    from aftershock.execute.changed import GitChanges, git_changes
    from aftershock.graph import LineageGraph
    from aftershock.incidents.store import Store
    from aftershock.model import CATEGORIES, Artifacts, Assessment, Catalog, Category, Node, Owner, Policy, Project, RecoveryPlan, Report, Severity, Step
    from aftershock.model.backtest import Backtest
    from aftershock.model.changes import CheckReport
    from aftershock.model.detection import Detection, Proposal
    from aftershock.model.diagnosis import Diagnosis
    from aftershock.model.lineage import LineageReport
    from aftershock.model.message import Message
    from aftershock.model.proof import PlanRecord, Recorded, Verification
    from aftershock.model.record import (
        AUDIENCES,
        DOCUMENTS,
        ActionStatus,
        Audience,
        Checked,
        Delivery,
        DocumentKind,
        FixStatus,
        Opened,
        Record,
        ResolutionCode,
        Role,
        Status,
    )
    from aftershock.planning import plan
    from aftershock.render import FORMATS, render
    from aftershock.render.check import CHECK_FORMATS, render_check
    from aftershock.render.check.backtest import BACKTEST_FORMATS, render_backtest
    from aftershock.render.detection import DETECTION_FORMATS, render_detection
    from aftershock.render.diagnosis import diagnosis_json, diagnosis_text
    from aftershock.render.documents import DOCUMENT_FORMATS, TEMPLATES, eject_templates
    from aftershock.render.error import error_line, terminal_text
    from aftershock.render.found import render_found
    from aftershock.render.incidents import INCIDENT_FORMATS, render_incident, render_incidents
    from aftershock.render.json import error_json
    from aftershock.render.lineage import LINEAGE_FORMATS, render_lineage
    from aftershock.render.nothing import render_nothing
    from aftershock.render.plan import PLAN_FORMATS, PLAN_SHELLS, render_no_plan, render_plan
    from aftershock.render.progress import progress_bar
    from aftershock.render.proof import VERIFY_FORMATS, render_verification
    from aftershock.render.recovery_log import (
        render_dry_run,
        render_plan_question,
        render_recovery_end,
        render_recovery_question,
        render_step_begin,
        render_step_end,
    )
    from aftershock.render.told import document_text, render_changed, render_delivery
    from aftershock.response import (
        Desk,
        Told,
        assess_found,
        check_incident,
        check_sending,
        checked,
        documents,
        open_desk,
        opened_from_proposal,
        opened_from_report,
        resend,
        row_counts,
        tell,
    )
    from aftershock.select import complete, resolve, select
    from aftershock.sql.dialects import DIALECTS, known_dialect
    from aftershock.tracing import lineage, variables
    from aftershock.triage import assess, find
    from aftershock.verifying import read_plan, read_recorded, verify

_HOMES = {
    "changes": ("check",),
    "changes.editing": ("Edited", "edited", "project_files"),
    "changes.policy": ("own_of_head", "policy_changes"),
    "changes.unparsed": ("unparsed",),
    "execute.backtest": ("backtest",),
    "execute.base": (
        "Repository",
        "commit_of",
        "commits_behind",
        "files_at",
        "gone_since",
        "has_commit",
        "policy_at",
        "read_catalog_file",
        "repository",
        "target_at",
    ),
    "execute.changed": ("GitChanges", "git_changes"),
    "model.backtest": ("Backtest",),
    "model.changes": ("CheckReport",),
    "render.check": ("CHECK_FORMATS", "render_check"),
    "render.check.backtest": ("BACKTEST_FORMATS", "render_backtest"),
    "artifacts": ("artifacts_from_bytes", "find_manifest", "find_project_root", "read_artifacts", "read_catalog", "read_configs", "read_patches", "read_stdin"),
    "artifacts.folders": ("source_files",),
    "artifacts.runs": ("read_runs",),
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
        "Conflict",
        "NothingListed",
        "NothingThere",
        "OutputError",
        "SelectionError",
        "StoreError",
        "UnknownName",
        "UsageError",
    ),
    "execute": (
        "Recovery",
        "RecoveryEnding",
        "RecoveryEntry",
        "RunPlace",
        "begin_recovery",
        "newest_recovery",
        "recover",
        "recovery_commands",
        "resume_recovery",
        "run_place",
    ),
    "graph": ("LineageGraph",),
    "model": (
        "CATEGORIES",
        "Artifacts",
        "Assessment",
        "Catalog",
        "Category",
        "Node",
        "Owner",
        "Policy",
        "Project",
        "RecoveryPlan",
        "Report",
        "Severity",
        "Step",
    ),
    "model.diagnosis": ("Diagnosis",),
    "model.lineage": ("LineageReport",),
    "model.proof": ("PlanRecord", "Recorded", "Verification"),
    "planning": ("plan",),
    "render": ("FORMATS", "render"),
    "render.diagnosis": ("diagnosis_json", "diagnosis_text"),
    "render.error": ("error_line", "terminal_text"),
    "render.json": ("error_json",),
    "render.lineage": ("LINEAGE_FORMATS", "render_lineage"),
    "render.nothing": ("render_nothing",),
    "render.plan": ("PLAN_FORMATS", "PLAN_SHELLS", "render_no_plan", "render_plan"),
    "render.progress": ("progress_bar",),
    "render.proof": ("VERIFY_FORMATS", "render_verification"),
    "render.recovery_log": (
        "render_dry_run",
        "render_plan_question",
        "render_recovery_end",
        "render_recovery_question",
        "render_step_begin",
        "render_step_end",
    ),
    "select": ("complete", "resolve", "select"),
    "sql.dialects": ("DIALECTS", "known_dialect"),
    "tracing": ("lineage", "variables"),
    "triage": ("assess", "find"),
    "verifying": ("read_plan", "read_recorded", "verify"),
    "detect": ("detect",),
    "incidents.store": ("Store",),
    "model.detection": ("Detection", "Proposal"),
    "model.message": ("Message",),
    "model.record": (
        "AUDIENCES",
        "DOCUMENTS",
        "ActionStatus",
        "Audience",
        "Checked",
        "Delivery",
        "DocumentKind",
        "FixStatus",
        "Opened",
        "Record",
        "ResolutionCode",
        "Role",
        "Status",
    ),
    "render.detection": ("DETECTION_FORMATS", "render_detection"),
    "render.documents": ("DOCUMENT_FORMATS", "TEMPLATES", "eject_templates"),
    "render.found": ("render_found",),
    "render.incidents": ("INCIDENT_FORMATS", "render_incident", "render_incidents"),
    "render.told": ("document_text", "render_changed", "render_delivery"),
    "response": (
        "Desk",
        "Told",
        "assess_found",
        "check_incident",
        "check_sending",
        "checked",
        "documents",
        "open_desk",
        "opened_from_proposal",
        "opened_from_report",
        "resend",
        "row_counts",
        "tell",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AUDIENCES",
    "BACKTEST_FORMATS",
    "CATEGORIES",
    "CHECK_FORMATS",
    "DETECTION_FORMATS",
    "DIALECTS",
    "DOCUMENTS",
    "DOCUMENT_FORMATS",
    "FORMATS",
    "INCIDENT_FORMATS",
    "LINEAGE_FORMATS",
    "PLAN_FORMATS",
    "PLAN_SHELLS",
    "TEMPLATES",
    "VERIFY_FORMATS",
    "ActionStatus",
    "AftershockError",
    "AmbiguousName",
    "ArtifactError",
    "Artifacts",
    "Assessment",
    "Audience",
    "Backtest",
    "Cache",
    "Catalog",
    "Category",
    "CheckReport",
    "Checked",
    "ColumnLineage",
    "ConfigError",
    "Conflict",
    "Delivery",
    "Desk",
    "Detection",
    "Diagnosis",
    "DocumentKind",
    "Edited",
    "FixStatus",
    "GitChanges",
    "InForce",
    "Limits",
    "LineageGraph",
    "LineageReport",
    "Message",
    "Node",
    "NothingListed",
    "NothingThere",
    "Opened",
    "OutputError",
    "Owner",
    "PlanRecord",
    "Policy",
    "Project",
    "ProjectLineage",
    "Proposal",
    "Record",
    "Recorded",
    "Recovery",
    "RecoveryEnding",
    "RecoveryEntry",
    "RecoveryPlan",
    "Report",
    "Repository",
    "ResolutionCode",
    "Role",
    "RunPlace",
    "SelectionError",
    "Severity",
    "Shelf",
    "Status",
    "Step",
    "Store",
    "StoreError",
    "Told",
    "UnknownName",
    "UsageError",
    "Verification",
    "__version__",
    "artifacts_from_bytes",
    "assess",
    "assess_found",
    "backtest",
    "begin_recovery",
    "cache_dir",
    "check",
    "check_incident",
    "check_sending",
    "checked",
    "column_lineage",
    "commit_of",
    "commits_behind",
    "complete",
    "detect",
    "diagnose",
    "diagnosis_json",
    "diagnosis_text",
    "document_text",
    "documents",
    "edited",
    "eject_templates",
    "error_json",
    "error_line",
    "explain",
    "files_at",
    "find",
    "find_config",
    "find_manifest",
    "find_project_root",
    "git_changes",
    "gone_since",
    "has_commit",
    "known_dialect",
    "lineage",
    "load_policy",
    "newest_recovery",
    "open_desk",
    "open_lineage",
    "opened_from_proposal",
    "opened_from_report",
    "own_of_head",
    "plan",
    "policy_at",
    "policy_changes",
    "progress_bar",
    "project_files",
    "read_artifacts",
    "read_catalog",
    "read_catalog_file",
    "read_configs",
    "read_patches",
    "read_plan",
    "read_recorded",
    "read_runs",
    "read_stdin",
    "recover",
    "recovery_commands",
    "render",
    "render_backtest",
    "render_changed",
    "render_check",
    "render_delivery",
    "render_detection",
    "render_dry_run",
    "render_found",
    "render_incident",
    "render_incidents",
    "render_lineage",
    "render_no_plan",
    "render_nothing",
    "render_plan",
    "render_plan_question",
    "render_recovery_end",
    "render_recovery_question",
    "render_step_begin",
    "render_step_end",
    "render_verification",
    "repository",
    "resend",
    "resolve",
    "resume_recovery",
    "row_counts",
    "run_place",
    "schema",
    "select",
    "source_files",
    "starter",
    "target_at",
    "tell",
    "terminal_text",
    "unparsed",
    "variables",
    "verify",
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
