"""Resources of a manifest as JSON values, and what of one file's edit becomes of them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from aftershock.artifacts.files import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aftershock.model import Project
    from aftershock.model.definition import Definitions

Json = dict[str, Any]
SECTIONS = {"source": "sources", "exposure": "exposures", "macro": "macros", "function": "functions"}
"""Where resources of a type are in a manifest; all others that are edited here are among its nodes."""

_DEFAULTS: Json = {"on_schema_change": "ignore", "enabled": True, "materialized": "view", "lookback": 1, "contract": {"enforced": False}, "access": "protected"}
_REF = re.compile(
    r"""\bref\s*\(\s*(['"])(?P<one>[\w.-]+)\1(?:\s*,\s*(['"])(?P<two>[\w.-]+)\3)?(?:\s*,\s*(?:v|version)\s*=\s*(['"]?)(?P<version>[\w.-]+)\5)?\s*\)"""
)
_SOURCE = re.compile(r"""\bsource\s*\(\s*(['"])(?P<source>[^'"]+)\1\s*,\s*(['"])(?P<table>[^'"]+)\3\s*\)""")
_LAST_NAME = re.compile(r"(?P<before>.*?)(?P<quote>[\"`\[]?)(?P<name>[^.\"`\[\]]+)(?P<after>[\"`\]]?)\s*$", re.DOTALL)


class Unread(NamedTuple):
    """A file, or a part of it, that cannot be read without dbt, why, and the resources that it concerns."""

    path: str
    reason: str
    unique_ids: tuple[str, ...] = ()


class _Sections(msgspec.Struct, gc=False):
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    nodes: dict[str, msgspec.Raw] = {}
    sources: dict[str, msgspec.Raw] = {}
    exposures: dict[str, msgspec.Raw] = {}
    macros: dict[str, msgspec.Raw] = {}
    functions: dict[str, msgspec.Raw] = {}


class Resources:
    """The resources of a manifest, of which those that an edit touches are decoded, changed and written again.

    Args:
        data: the manifest.
        place: what it is called in errors.
        project: its nodes.
        definitions: what it says beyond these.
    """

    def __init__(self, data: bytes, place: str, project: Project, definitions: Definitions) -> None:
        self._raw = decode(data, _Sections, place)
        self.project = project
        self.definitions = definitions
        self.touched: dict[str, Json] = {}
        self.removed: set[str] = set()
        self.unread: list[Unread] = []
        self.recoded: set[str] = set()
        self.root = project.info.name

    def get(self, unique_id: str) -> Json:
        """A resource to be changed."""
        found = self.touched.get(unique_id)
        if found is None:
            section = SECTIONS.get(unique_id.partition(".")[0], "nodes")
            found = self.touched[unique_id] = msgspec.json.decode(getattr(self._raw, section)[unique_id])
        return found

    def add(self, resource: Json) -> None:
        """A resource that is new, or takes another's place."""
        self.removed.discard(resource["unique_id"])
        self.touched[resource["unique_id"]] = resource

    def remove(self, unique_id: str) -> None:
        """A resource that is no more, and the tests of it."""
        self.touched.pop(unique_id, None)
        self.removed.add(unique_id)
        for test in self.tests_of(unique_id):
            self.touched.pop(test, None)
            self.removed.add(test)

    def tests_of(self, unique_id: str) -> list[str]:
        """The data tests of a node, and its unit tests."""
        return [
            node.unique_id
            for node in self.project.nodes.values()
            if (node.test is not None and node.test.attached_node == unique_id) or (node.resource_type == "unit_test" and unique_id in node.parents)
        ]

    def recode(self, unique_id: str) -> None:
        """Note that a node's code is another one: what dbt compiled of it is of the old one."""
        self.recoded.add(unique_id)
        resource = self.get(unique_id)
        for key in ("compiled_code", "compiled_sql", "compiled_path", "compiled"):
            resource.pop(key, None)

    def doubt(self, path: str, reason: str, unique_ids: Iterable[str] = ()) -> None:
        """Note what cannot be read."""
        self.unread.append(Unread(path, reason, tuple(unique_ids)))

    def ref(self, text: str, package: str) -> tuple[list[str], list[Json]]:
        """What the literal ``ref()`` and ``source()`` calls of a text lead to, and dbt's ``refs``; what leads nowhere is left out."""
        ids: dict[str, None] = {}
        refs: list[Json] = []
        for call in _REF.finditer(text):
            own, name = (call["one"], call["two"]) if call["two"] else ("", call["one"])
            refs.append({"name": name, "package": own or None, "version": call["version"]})
            found = self._named(name, own or package, call["version"] or "")
            if found:
                ids.setdefault(found)
        for call in _SOURCE.finditer(text):
            ids.update(dict.fromkeys(self._sources(call["source"], call["table"])))
        return list(ids), refs

    def sources(self, text: str) -> list[list[str]]:
        """Dbt's ``sources`` of a text."""
        return [[call["source"], call["table"]] for call in _SOURCE.finditer(text)]

    def _named(self, name: str, package: str, version: str) -> str:
        """The node that a name means: of its own package, of the project, then of any."""
        named = [node for node in self.project.nodes.values() if node.name == name and node.resource_type in {"model", "seed", "snapshot"}]
        fitting = [node.unique_id for node in named if (node.version == version if version else not node.version or node.is_latest)]
        fitting += [unique_id for unique_id, item in self.touched.items() if item.get("name") == name and item["resource_type"] == "model"]
        alive = [unique_id for unique_id in dict.fromkeys(fitting) if unique_id not in self.removed]
        for wanted in (package, self.root):
            own = [unique_id for unique_id in alive if unique_id.split(".")[1] == wanted]
            if own:
                return own[0]
        return alive[0] if alive else ""

    def _sources(self, source: str, table: str) -> list[str]:
        known = [node.unique_id for node in self.project.nodes.values() if node.source is not None and (node.source.source_name, node.name) == (source, table)]
        known += [unique_id for unique_id, item in self.touched.items() if (item.get("source_name"), item.get("name")) == (source, table)]
        return [unique_id for unique_id in dict.fromkeys(known) if unique_id not in self.removed]

    def written(self) -> bytes:
        """A manifest of the touched resources alone."""
        sections: dict[str, Json] = {"nodes": {}, **{section: {} for section in SECTIONS.values()}}
        for unique_id, resource in self.touched.items():
            sections[SECTIONS.get(unique_id.partition(".")[0], "nodes")][unique_id] = resource
        return msgspec.json.encode({"metadata": self._raw.metadata, **sections})


def checksum(text: str) -> Json:
    """What dbt calls the checksum of a file."""
    return {"name": "sha256", "checksum": hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()}


def renamed_relation(relation_name: str, name: str) -> str:
    """A relation's full name with another last part, quoted like the old one."""
    found = _LAST_NAME.match(relation_name)
    return f"{found['before']}{found['quote']}{name}{found['after']}" if found is not None else name


def in_order(ids: Iterable[str], like: Sequence[str]) -> list[str]:
    """Unique_ids, once each, those that were there before in the order that they had."""
    wanted = dict.fromkeys(ids)
    return [*dict.fromkeys([*(unique_id for unique_id in like if unique_id in wanted), *wanted])]


def is_template(value: object) -> bool:
    """Whether a value of YAML holds Jinja, which only dbt can fill in."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, dict):
        return any(is_template(item) for item in value.values())
    return isinstance(value, list) and any(is_template(item) for item in value)


def holds(known: object, said: object) -> bool:
    """Whether a value has all that is said of it: dbt adds keys of its own, and what other places say."""
    if isinstance(known, dict) and isinstance(said, dict):
        return all(key in known and holds(known[key], value) for key, value in said.items())
    if isinstance(known, list) and isinstance(said, list):
        return all(item in known for item in said)
    return known == said or (isinstance(known, list) and said in known)


def set_config(resource: Json, key: str, value: object) -> None:
    """Set a setting where dbt keeps it: in the config, as written, and, of some, on the resource itself."""
    for place in ("config", "unrendered_config"):
        resource[place] = {**(resource.get(place) or {}), key: value}
    if key in {"access", "group"}:
        resource[key] = value
    if key == "alias" and isinstance(value, str) and value:
        resource["alias"] = value
        if resource.get("relation_name"):
            resource["relation_name"] = renamed_relation(resource["relation_name"], value)


def drop_config(resource: Json, key: str) -> None:
    """Take a setting away: dbt's default is in the config then."""
    resource["config"] = {**(resource.get("config") or {}), key: _DEFAULTS.get(key)}
    resource["unrendered_config"] = {name: value for name, value in (resource.get("unrendered_config") or {}).items() if name != key}
    if key in {"access", "group"}:
        resource[key] = _DEFAULTS.get(key)


def added_up(now: object, old: object, new: object) -> object:
    """A setting that several places add to (``meta``, ``tags``): what it is now, less what one place said, and with what that says instead."""
    if isinstance(new, dict) or isinstance(old, dict) or isinstance(now, dict):
        before, after = (value if isinstance(value, dict) else {} for value in (old, new))
        kept: Mapping[str, object] = now if isinstance(now, dict) else {}
        return {**{key: value for key, value in kept.items() if key not in before}, **after}
    before_words, after_words, now_words = (_words(value) for value in (old, new, now))
    return [*dict.fromkeys([word for word in now_words if word not in before_words] + after_words)]


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else [str(value)] if isinstance(value, (str, int)) and value != "" else []


def named(section: object) -> dict[str, Json]:
    """The entries of a section by name."""
    entries = section if isinstance(section, list) else []
    return {str(item["name"]): item for item in entries if isinstance(item, dict) and item.get("name") is not None}


def mapping(value: object) -> Json:
    """A mapping, empty where it is something else."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> Sequence[Any]:
    """A list, of one text where it is that, empty where it is something else."""
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []
