"""Resources of a manifest as JSON values, and what of one file's edit becomes of them."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from aftershock.phrases import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aftershock.artifacts.pieces import Pieces
    from aftershock.model import Node, Project
    from aftershock.model.definition import Definitions

Json = dict[str, Any]
SECTIONS = {"source": "sources", "exposure": "exposures", "macro": "macros", "function": "functions"}
"""Where resources of a type are in a manifest; all others that are edited here are among its nodes."""
RENDERED = frozenset({"model", "snapshot"})
"""Types whose templates are rendered: what they read that is not there shows then."""
MOST_NAMED = 3

_REF = re.compile(
    r"""\bref\s*\(\s*(['"])(?P<one>[\w.-]+)\1(?:\s*,\s*(['"])(?P<two>[\w.-]+)\3)?(?:\s*,\s*(?:v|version)\s*=\s*(['"]?)(?P<version>[\w.-]+)\5)?\s*\)"""
)
_SOURCE = re.compile(r"""\bsource\s*\(\s*(['"])(?P<source>[^'"]+)\1\s*,\s*(['"])(?P<table>[^'"]+)\3\s*\)""")


class Unread(NamedTuple):
    """A file, or a part of it, that cannot be read without dbt, why, and the resources that it concerns."""

    path: str
    reason: str
    unique_ids: tuple[str, ...] = ()


class Found(NamedTuple):
    """What the literal ``ref()`` and ``source()`` calls of a text lead to, once each, and the names of those that lead nowhere."""

    ids: tuple[str, ...]
    lost: tuple[str, ...]


class Reads(NamedTuple):
    """What tells a resource's parents.

    ``text`` holds calls of ``ref()`` and ``source()``, ``kept`` are parents that came from elsewhere, ``like`` all those that there were, and ``before`` the
    text of which these came.
    """

    path: str
    text: str
    kept: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    before: str = ""


class _Described(msgspec.Struct, gc=False):
    patch_path: Any = None


class Resources:
    """The resources of a manifest, of which those that an edit touches are decoded, changed and written again.

    Args:
        pieces: the manifest.
        project: its nodes.
        definitions: what it says beyond these.
    """

    def __init__(self, pieces: Pieces, project: Project, definitions: Definitions) -> None:
        self._pieces = pieces
        self.project = project
        self.definitions = definitions
        self.touched: dict[str, Json] = {}
        self.removed: set[str] = set()
        self.unread: list[Unread] = []
        self.recoded: set[str] = set()
        self.cosmetic: set[str] = set()
        self.reads: dict[str, Reads] = {}
        self.root = project.info.name

    def get(self, unique_id: str) -> Json:
        """A resource to be changed."""
        found = self.touched.get(unique_id)
        if found is None:
            section = SECTIONS.get(unique_id.partition(".")[0], "nodes")
            found = self.touched[unique_id] = msgspec.json.decode((getattr(self._pieces, section) or {})[unique_id])
        return found

    def add(self, resource: Json) -> None:
        """A resource that is new, or takes another's place."""
        self.removed.discard(resource["unique_id"])
        self.touched[resource["unique_id"]] = resource

    def remove(self, unique_id: str) -> None:
        """A resource that is no more, and the tests of it."""
        for gone in (unique_id, *self.tests_of(unique_id)):
            self.touched.pop(gone, None)
            self.removed.add(gone)

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

    def has_macro(self, package: str, name: str) -> bool:
        """Whether a package has a macro, the project does, or dbt itself, as edited; without a package any of these."""
        found = (*self._macros.get(name, ()), *(unique_id for unique_id in self.touched if unique_id.startswith("macro.") and unique_id.endswith(f".{name}")))
        return any(unique_id not in self.removed and (not package or unique_id.split(".")[1] == package) for unique_id in found)

    @cached_property
    def described(self) -> dict[tuple[str, str], list[str]]:
        """The nodes that a YAML file describes, by its package and path."""
        found: dict[tuple[str, str], list[str]] = {}
        decoder = msgspec.json.Decoder(_Described)
        for unique_id, raw in self._pieces.resources().items():
            patch = decoder.decode(raw).patch_path if unique_id in self.project.nodes else None
            if isinstance(patch, str):
                found.setdefault((unique_id.split(".")[1], patch.rpartition("://")[2].replace("\\", "/")), []).append(unique_id)
        return found

    @cached_property
    def _macros(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for unique_id in self.definitions.paths:
            found.setdefault(unique_id.rpartition(".")[2], []).append(unique_id)
        return found

    def macros_named(self, name: str) -> list[str]:
        """The manifest's macros of a name, whatever their package."""
        return self._macros.get(name, [])

    def link(self) -> None:
        """Find the parents of what was edited, once all files are in; say so where something reads what is nowhere. What is switched off has no tests."""
        for unique_id, resource in list(self.touched.items()):
            if (resource.get("config") or {}).get("enabled") is False and unique_id in self.project.nodes:
                readers = (node.unique_id for node in self.project.nodes.values() if node.resource_type == "test" and unique_id in node.parents)
                for test in (*self.tests_of(unique_id), *readers):
                    self.touched.pop(test, None)
                    self.removed.add(test)
        for unique_id, reads in self.reads.items():
            if unique_id in self.touched:
                self._link(unique_id, self.touched[unique_id], reads)

    def _link(self, unique_id: str, resource: Json, reads: Reads) -> None:
        package = resource.get("package_name") or self.root
        found = self.ref(reads.text, package)
        resource["depends_on"] = {**(resource.get("depends_on") or {}), "nodes": in_order([*found.ids, *reads.kept], reads.like)}
        lost = [name for name in found.lost if name not in self.ref(reads.before, package, before=True).lost]
        if lost and unique_id.partition(".")[0] not in RENDERED:
            self.doubt(reads.path, f"{resource.get('name')} reads {listing(lost, MOST_NAMED)}, which is not in the project", (unique_id,))

    def ref(self, text: str, package: str, *, before: bool = False) -> Found:
        """What the literal ``ref()`` and ``source()`` calls of a text lead to: a node that is gone counts where no other has its name.

        Args:
            text: a template, or part of one.
            package: where it is.
            before: whether they are looked up in the project as it was.
        """
        ids: dict[str, None] = {}
        lost: dict[str, None] = {}
        for call in _REF.finditer(text):
            own, name = (call["one"], call["two"]) if call["two"] else ("", call["one"])
            found = self._named(name, own or package, call["version"] or "", before=before)
            (ids if found else lost).setdefault(found or name)
        for call in _SOURCE.finditer(text):
            names = call["source"], call["table"]
            sources = self._sources_named(names, before=before)
            (ids if sources else lost).update(dict.fromkeys(sources or [".".join(names)]))
        return Found(tuple(ids), tuple(lost))

    def _named(self, name: str, package: str, version: str, *, before: bool) -> str:
        """The node that a name means: of its own package, of the project, then of any."""
        known = [node.unique_id for node in self._referable.get(name, ()) if (node.version == version if version else not node.version or node.is_latest)]
        new = [unique_id for unique_id, item in self.touched.items() if item.get("name") == name and item["resource_type"] == "model"]
        candidates = self._alive((*known, *new)) or known if not before else known
        for wanted in (package, self.root):
            own = [unique_id for unique_id in candidates if unique_id.split(".")[1] == wanted]
            if own:
                return own[0]
        return candidates[0] if candidates else ""

    def _alive(self, unique_ids: Iterable[str]) -> list[str]:
        return [unique_id for unique_id in dict.fromkeys(unique_ids) if unique_id not in self.removed]

    def _sources_named(self, names: tuple[str, str], *, before: bool) -> list[str]:
        known = self._sources.get(names, [])
        new = [unique_id for unique_id, item in self.touched.items() if (item.get("source_name"), item.get("name")) == names]
        return self._alive((*known, *new)) or known if not before else known

    @cached_property
    def _referable(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.project.nodes.values():
            if node.resource_type in {"model", "seed", "snapshot"}:
                found.setdefault(node.name, []).append(node)
        return found

    @cached_property
    def _sources(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for node in self.project.nodes.values():
            if node.source is not None:
                found.setdefault((node.source.source_name, node.name), []).append(node.unique_id)
        return found

    def written(self) -> bytes:
        """A manifest of the touched resources alone."""
        sections: dict[str, Json] = {"nodes": {}, **{section: {} for section in SECTIONS.values()}}
        for unique_id, resource in self.touched.items():
            sections[SECTIONS.get(unique_id.partition(".")[0], "nodes")][unique_id] = resource
        return msgspec.json.encode({"metadata": self._pieces.metadata, **sections})


def refs_of(text: str) -> list[Json]:
    """Dbt's ``refs`` of a text."""
    return [{"name": call["two"] or call["one"], "package": call["one"] if call["two"] else None, "version": call["version"]} for call in _REF.finditer(text)]


def sources_of(text: str) -> list[list[str]]:
    """Dbt's ``sources`` of a text."""
    return [[call["source"], call["table"]] for call in _SOURCE.finditer(text)]


def checksum(text: str) -> Json:
    """What dbt calls the checksum of a file."""
    return {"name": "sha256", "checksum": hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()}


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
