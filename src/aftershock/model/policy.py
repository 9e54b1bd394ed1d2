"""What a project may configure, with the defaults that hold where it says nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from aftershock.model.project import Owner

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
)
"""Every rule of the severity policy that can be switched off, in the order of application; the start at the typical level cannot."""

CRITICAL_KEYS = ("tier", "data_tier", "criticality", "critical")
CRITICAL_VALUES = ("1", "tier1", "tier-1", "tier.tier1", "t1", "p0", "p1", "critical", "high", "true")
CRITICAL_TAGS = ("critical", "p0", "p1", "tier1", "tier-1", "sla")
REGULATORY = ("gdpr", "hipaa", "phi", "sox", "pci", "regulatory")
RESTRICTED = ("restricted", "confidential")
FINANCIAL = ("finance", "financial", "revenue", "billing", "sox")
CUSTOMER_FACING = ("customer-facing", "customer_facing", "external", "embedded")
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
    """Minutes after detection, or between updates for each severity."""

    initial_notification: int = 15
    impact_checklist: int = 30
    next_update: dict[str, int] = msgspec.field(default_factory=lambda: {"P0": 30, "P1": 60, "P2": 240, "P3": 1440})


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


class Policy(msgspec.Struct, frozen=True):
    """Everything in force: defaults, then aftershock.yml. ``path`` is the file, empty where there is none."""

    markers: Markers = Markers()
    severity: SeverityPolicy = SeverityPolicy()
    clocks: Clocks = Clocks()
    owners: tuple[OwnerRule, ...] = ()
    default_owner: Owner | None = None
    exposures: tuple[DeclaredExposure, ...] = ()
    docs_url: str = ""
    path: str = ""
