"""Every setting of aftershock.yml, once: its reader, its shape as JSON Schema, and what it means. Reading, schema, listing and reference follow it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from aftershock import times
from aftershock.config import checking, detecting, notifying, values
from aftershock.model import SEVERITY_RULES, Clocks, Markers, Policy, SeverityPolicy
from aftershock.model.policy import CheckPolicy, DetectPolicy

SECTIONS = {"severity": SeverityPolicy, "markers": Markers, "clocks": Clocks, "detect": DetectPolicy, "check": CheckPolicy}
"""Top-level keys that hold further settings, and what they become."""

_WORD = {"type": ["string", "number", "boolean"]}
_WORDS = {"anyOf": [{"type": ["string", "number", "boolean", "null"]}, {"type": "array", "items": _WORD}]}
_TEXT = {"type": ["string", "number", "boolean"], "minLength": 1}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": values.MAX_NUMBER}
_OWNER = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "object", "properties": dict.fromkeys(values.OWNER_PARTS, _TEXT), "additionalProperties": False, "minProperties": 1},
    ]
}


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False, **({"required": required} if required else {})}


def _or_nothing(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema that an empty value meets too."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    types = schema["type"]
    return {**schema, "type": [*(types if isinstance(types, list) else [types]), "null"]}


class Kind(msgspec.Struct, frozen=True):
    """A sort of value: how it is read, and which values it accepts, as JSON Schema."""

    read: Callable[[Any, values.At, Any], Any]
    schema: dict[str, Any]


class Setting(msgspec.Struct, frozen=True):
    """One setting: its dotted key, its kind, and what it means, one sentence."""

    key: str
    kind: Kind
    about: str

    @property
    def default(self) -> object:
        """What holds where the file says nothing."""
        return value_of(Policy(), self.key)


WORDS = Kind(values.words, _WORDS)
NUMBER = Kind(values.number, _or_nothing(_NUMBER))
RULES = Kind(values.rules, _or_nothing(_object({rule: {"type": ["boolean", "null"]} for rule in SEVERITY_RULES})))
MINUTES = Kind(values.minutes, _or_nothing(_object({level: _or_nothing(_NUMBER) for level in values.SEVERITIES})))
OWNER = Kind(values.owner, _or_nothing(_OWNER))
TIMEZONE = Kind(values.timezone, {"type": ["string", "null"], "pattern": times.ZONE})
LINK = Kind(values.link, {"type": ["string", "null"], "pattern": values.LINK})
FOLDER = Kind(values.folder, {"type": ["string", "null"], "pattern": values.FOLDER})
OWNERS = Kind(
    values.owner_rules,
    {
        "type": ["array", "null"],
        "items": {
            **_object({**{key: _or_nothing(_TEXT) for key in values.CONDITIONS}, "owner": _OWNER}, ["owner"]),
            "anyOf": [{"required": [key]} for key in values.CONDITIONS],
        },
    },
)
_GLOB = {**_TEXT, "maxLength": detecting.LONGEST}
DETECT_RULES = Kind(
    detecting.detect_rules,
    {
        "type": ["array", "null"],
        "items": {
            **_object(
                {
                    "name": _TEXT,
                    **{key: _or_nothing(_GLOB) for key in detecting.MATCHES},
                    "category": {"type": "string", "enum": [*detecting.SLUGS, detecting.IGNORE]},
                    "confidence": {"enum": [*detecting.LEVELS, None]},
                },
                ["name", "category"],
            ),
            "anyOf": [{"required": [key]} for key in detecting.MATCHES],
        },
    },
)
DIMENSIONS = Kind(detecting.dimensions, {"type": ["object", "null"], "additionalProperties": {"enum": [*detecting.SLUGS, None]}})
EXPOSURES = Kind(
    values.exposures,
    {
        "type": ["array", "null"],
        "items": _object(
            {
                "name": _TEXT,
                "depends_on": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
                "type": _or_nothing(_TEXT),
                "owner": _or_nothing(_OWNER),
                "maturity": _or_nothing(_TEXT),
                "url": {"type": ["string", "null"], "pattern": values.LINK},
                "meta": {"type": ["object", "null"]},
            },
            ["name", "depends_on"],
        ),
    },
)

SWITCH = Kind(values.switch, {"type": ["boolean", "null"]})
FAIL_ON = Kind(checking.fail_on, {"enum": [*checking.FAIL_ON, None]})
_WHERE = {key: _or_nothing(_TEXT) for key in checking.WHERE}
_ONE_OF_WHERE = {"anyOf": [{"required": [key]} for key in checking.WHERE]}
ACKNOWLEDGE = Kind(
    checking.acknowledgements,
    {
        "type": ["array", "null"],
        "items": {
            **_object(
                {
                    **_WHERE,
                    "kind": {"enum": [*checking.KINDS, None]},
                    "column": _or_nothing(_TEXT),
                    "reason": _TEXT,
                    "owner": _OWNER,
                    "until": {"type": "string", "pattern": checking.DAY},
                },
                ["reason", "owner", "until"],
            ),
            **_ONE_OF_WHERE,
        },
    },
)
SCOPES = Kind(
    checking.scopes,
    {"type": ["array", "null"], "items": {**_object({**_WHERE, "fail_on": {"enum": list(checking.SCOPED)}}, ["fail_on"]), **_ONE_OF_WHERE}},
)

_SHORT = {**_TEXT, "maxLength": 100}
NOTIFY = Kind(
    notifying.targets,
    {
        "type": ["array", "null"],
        "items": _object(
            {
                "name": {"type": ["string", "number"], "pattern": notifying.NAME},
                "url": {"type": "string", "pattern": notifying.URL, "maxLength": notifying.LONGEST},
                "documents": {
                    "anyOf": [{"enum": [*notifying.DOCUMENTS, None]}, {"type": "array", "items": {"enum": list(notifying.DOCUMENTS)}, "minItems": 1}],
                },
                "severity": {"enum": [*values.SEVERITIES, None]},
                "audience": {"enum": [*notifying.AUDIENCES, None]},
                "mentions": {"anyOf": [_or_nothing(_SHORT), {"type": "array", "items": _SHORT, "minItems": 1}]},
            },
            ["name", "url"],
        ),
    },
)

SETTINGS = (
    Setting("severity.many_exposures", NUMBER, "From how many affected exposures the severity is raised to P1."),
    Setting("severity.many_tables", NUMBER, "From how many affected tables the severity is raised to P1."),
    Setting("severity.automation_types", WORDS, "Exposure types that act on the data by themselves, so that the severity is raised to P1."),
    Setting(
        "severity.production_targets", WORDS, "dbt targets that are production; a run of any other one is at most P3. None named: every target is production."
    ),
    Setting("severity.rules", RULES, "Rules of the severity policy by name; false turns one off."),
    Setting("markers.critical_meta_keys", WORDS, "Meta keys that say how critical a node is."),
    Setting("markers.critical_meta_values", WORDS, "Values of these keys that mean critical."),
    Setting("markers.critical_tags", WORDS, "Tags that mean critical."),
    Setting("markers.critical_maturity", WORDS, "Maturities of an exposure that mean critical."),
    Setting("markers.regulatory", WORDS, "Tags and meta keys of data under a regulation, on nodes and columns."),
    Setting("markers.regulatory_classification", WORDS, "Values of the meta key classification that mean the same."),
    Setting("markers.financial", WORDS, "Tags and meta keys of financial data."),
    Setting("markers.customer_facing", WORDS, "Tags and meta keys of what customers see."),
    Setting("markers.customer_facing_types", WORDS, "Exposure types that customers see."),
    Setting("markers.privacy", WORDS, "Tags and meta keys of personal data: they raise nothing, but the owner has to be asked."),
    Setting("clocks.initial_notification", NUMBER, "Minutes from detection to the first notification."),
    Setting("clocks.impact_checklist", NUMBER, "Minutes from detection to the impact checklist."),
    Setting("clocks.next_update", MINUTES, "Minutes from one update to the next, by severity."),
    Setting("clocks.postmortem", NUMBER, "Minutes from the resolution to the postmortem."),
    Setting("detect.rules", DETECT_RULES, "What a result means that matches: before the rules of aftershock detect, the first that matches."),
    Setting("detect.dimensions", DIMENSIONS, "What a failing test speaks for, by the quality dimension in its meta."),
    Setting("check.fail_on", FAIL_ON, "What fails aftershock check: breaking changes, risky ones too, a severity and worse, or nothing."),
    Setting("check.acknowledge", ACKNOWLEDGE, "Changes that somebody accepts until a day: they are shown, and fail nothing."),
    Setting("check.scopes", SCOPES, "Where something else fails the check; the first entry that matches counts."),
    Setting("check.sql_comments", SWITCH, "Whether a comment in a model's own SQL accepts changes of that model."),
    Setting("owners", OWNERS, "Owners of what dbt names none for; the first entry that matches counts."),
    Setting("default_owner", OWNER, "Owner of everything that nothing else names one for."),
    Setting("exposures", EXPOSURES, "Dashboards and other consumers that dbt does not declare."),
    Setting("docs_url", LINK, "Address of the project's dbt docs, for links."),
    Setting("timezone", TIMEZONE, "Time zone in which times are typed and shown, by its IANA name."),
    Setting("templates", FOLDER, "Folder, below this file's, with your own templates of an incident's documents."),
    Setting("notify", NOTIFY, "Where an incident's documents are sent to."),
)

TOP = tuple(dict.fromkeys(setting.key.partition(".")[0] for setting in SETTINGS))
"""The top-level keys."""


def inside(section: str) -> dict[str, Setting]:
    """The settings of a section by their last name."""
    return {setting.key.partition(".")[2]: setting for setting in SETTINGS if setting.key.startswith(f"{section}.")}


def value_of(policy: Policy, key: str) -> object:
    """What a policy says for a dotted key."""
    found: object = policy
    for name in key.split("."):
        found = getattr(found, name)
    return found


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of aftershock.yml.

    It accepts what ``load_policy`` accepts, save duplicate names, owners that name nobody, zones that there are not, and credentials in a url.
    """
    properties = {}
    for top in TOP:
        inner = inside(top)
        if inner:
            properties[top] = _or_nothing(_object({name: _described(setting) for name, setting in inner.items()}))
        else:
            properties[top] = _described(next(setting for setting in SETTINGS if setting.key == top))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aftershock.yml",
        "description": "Settings of aftershock, beside dbt_project.yml. What is not set keeps its default.",
        **_or_nothing(_object(properties)),
    }


def _described(setting: Setting) -> dict[str, Any]:
    default = list(setting.default) if isinstance(setting.default, tuple) else setting.default
    return {"description": setting.about, **setting.kind.schema, **({} if default in (None, "", [], {}) else {"default": default})}
