"""What a project may configure, with the defaults that hold where it says nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from aftershock.model.category import Severity
from aftershock.model.project import Owner
from aftershock.model.record import Audience, DocumentKind

SEVERITY_RULES = (
    "unconfirmed-loss",
    "raise-critical-marker",
    "raise-automation-exposure",
    "raise-public-model",
    "raise-export",
    "raise-many-exposures",
    "raise-many-tables",
    "raise-freshness-error",
    "raise-p0-critical-node",
    "raise-p0-critical-exposure",
    "raise-p0-regulatory",
    "raise-p0-customer-facing",
    "lower-warn-only",
    "lower-no-consumer",
    "keep-no-exposures",
    "cap-not-production",
    "lower-intended",
)
"""Every rule of the severity policy that can be switched off, in the order of application; the start at the typical level cannot."""

CRITICAL_KEYS = ("tier", "data_tier", "criticality", "critical")
CRITICAL_VALUES = ("1", "tier1", "tier-1", "tier.tier1", "t1", "p0", "p1", "critical", "high", "true")
CRITICAL_TAGS = ("critical", "p0", "p1", "tier1", "tier-1", "sla")
REGULATORY = ("gdpr", "hipaa", "phi", "sox", "pci", "regulatory")
RESTRICTED = ("restricted", "confidential")
FINANCIAL = ("finance", "financial", "revenue", "billing", "sox")
CUSTOMER_FACING = ("customer-facing", "customer_facing", "external", "embedded")
DIMENSIONS = {
    "uniqueness": "duplicate-load",
    "completeness": "data-loss",
    "volume": "data-loss",
    "timeliness": "stale-data",
    "freshness": "stale-data",
    "currency": "stale-data",
    "schema": "schema-break",
    "validity": "data-quality",
    "consistency": "data-quality",
    "accuracy": "data-quality",
    "integrity": "data-quality",
    "conformity": "data-quality",
    "reasonableness": "data-quality",
}
"""What a failing test of each quality dimension (``meta.quality_dimension``) speaks for."""
PRIVACY = ("pii", "contains_pii", "has_pii", "sensitive", "masking_policy", "privacy_tier")


class Markers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that mark a node, matched as whole tokens and without regard to case."""

    critical_meta_keys: tuple[str, ...] = CRITICAL_KEYS
    critical_meta_values: tuple[str, ...] = CRITICAL_VALUES
    critical_tags: tuple[str, ...] = CRITICAL_TAGS
    critical_maturity: tuple[str, ...] = ("high",)
    regulatory: tuple[str, ...] = REGULATORY
    regulatory_classification: tuple[str, ...] = RESTRICTED
    financial: tuple[str, ...] = FINANCIAL
    customer_facing: tuple[str, ...] = CUSTOMER_FACING
    customer_facing_types: tuple[str, ...] = ("application",)
    privacy: tuple[str, ...] = PRIVACY


class SeverityPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds and switches of the severity rules; ``rules`` turns a rule off by its name (``{"raise-many-tables": false}``)."""

    many_exposures: int = 3
    many_tables: int = 10
    automation_types: tuple[str, ...] = ("application", "ml")
    production_targets: tuple[str, ...] = ()
    rules: dict[str, bool] = {}


class Clocks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Minutes after detection, between updates for each severity, or (``postmortem``) after resolution."""

    initial_notification: int = 15
    impact_checklist: int = 30
    next_update: dict[str, int] = msgspec.field(default_factory=lambda: {"P0": 30, "P1": 60, "P2": 240, "P3": 1440})
    postmortem: int = 2880


class OwnerRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who owns the nodes that match every condition given; ``path`` is a glob over file paths, ``node`` a name or unique_id."""

    owner: Owner
    path: str = ""
    tag: str = ""
    package: str = ""
    node: str = ""


class DeclaredExposure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dashboard or other consumer that dbt does not declare; ``depends_on`` are names as a person would type them."""

    name: str
    depends_on: tuple[str, ...]
    type: str = "dashboard"
    owner: Owner | None = None
    maturity: str = ""
    url: str = ""
    meta: dict[str, Any] = {}


class DetectRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a result means that matches every condition given: a category's slug, or ``ignore``.

    Each condition is a text in which ``*`` stands for anything, compared without regard to case: ``test`` the generic test's name, with or without its
    package, or the name of the test itself; ``message`` any part of dbt's message; ``node`` the name or unique_id of the node, or of one that is tested;
    ``tag`` a tag of either.
    """

    name: str
    category: str
    test: str = ""
    message: str = ""
    node: str = ""
    tag: str = ""
    confidence: Literal["high", "medium", "low"] = "high"


class DetectPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How results are read: ``rules`` come before our own, the first that matches; ``dimensions`` are categories' slugs by quality dimension."""

    rules: tuple[DetectRule, ...] = ()
    dimensions: dict[str, str] = msgspec.field(default_factory=lambda: dict(DIMENSIONS))


class NotifyTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where documents are sent to.

    ``url`` names the service; ``${AFTERSHOCK_NAME}`` in it stands for an environment variable, looked up only when something is sent, and ``{email}`` for the
    address of whom the text is for. ``severity`` is the mildest level that is sent, None for all. ``mentions`` are written by the owner of the file: nothing
    else in a message calls anybody.
    """

    name: str
    url: str
    documents: tuple[DocumentKind, ...] = ("notification", "update", "resolution")
    severity: Severity | None = None
    audience: Audience = "engineers"
    mentions: tuple[str, ...] = ()


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who accepts which changes, why, and up to which day (``2026-12-31``, that day included, in UTC).

    It is about the changes of nodes that match every condition given, as in :class:`OwnerRule`; of one ``kind`` and one ``column`` where these are given.
    """

    reason: str
    owner: Owner
    until: str
    node: str = ""
    path: str = ""
    tag: str = ""
    kind: str = ""
    column: str = ""


class CheckScope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What fails the check of the nodes that match every condition given, instead of what fails it elsewhere."""

    fail_on: Literal["breaking", "risky", "never"]
    node: str = ""
    path: str = ""
    tag: str = ""


class CheckPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What fails a check, and what somebody accepts.

    ``fail_on`` is breaking, risky, a severity or never; the first of ``scopes`` that matches a node goes before it. ``sql_comments`` is whether a comment
    in a model's own SQL accepts its changes.
    """

    fail_on: str = "breaking"
    acknowledge: tuple[Acknowledgement, ...] = ()
    scopes: tuple[CheckScope, ...] = ()
    sql_comments: bool = False


class Policy(msgspec.Struct, frozen=True):
    """Everything in force: defaults, then aftershock.yml. ``path`` is the file, empty where there is none; ``templates`` is relative to its folder."""

    markers: Markers = Markers()
    severity: SeverityPolicy = SeverityPolicy()
    clocks: Clocks = Clocks()
    detect: DetectPolicy = DetectPolicy()
    check: CheckPolicy = CheckPolicy()
    owners: tuple[OwnerRule, ...] = ()
    default_owner: Owner | None = None
    exposures: tuple[DeclaredExposure, ...] = ()
    docs_url: str = ""
    timezone: str = "UTC"
    templates: str = "aftershock_templates"
    notify: tuple[NotifyTarget, ...] = ()
    path: str = ""

    @property
    def templates_folder(self) -> Path | None:
        """Where the user's own templates of documents are, whether it exists or not; None without a file of settings, beside which it would be."""
        return Path(self.path).parent / self.templates if self.path else None
