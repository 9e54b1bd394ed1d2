"""An edited ``.sql`` or ``.py`` file: a model, a snapshot, a test, or macros."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aftershock.artifacts.editing.blanks import alike_but_for_blanks
from aftershock.artifacts.editing.calls import COMMENT, calls, configs
from aftershock.artifacts.editing.folders import MACRO, MODEL
from aftershock.artifacts.editing.naming import renamed_relation
from aftershock.artifacts.editing.parts import Reads, checksum, refs_of, sources_of
from aftershock.artifacts.editing.settings import UNPLACED, change_config, drop_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.artifacts.editing.parts import Json, Resources

_SNAPSHOT = re.compile(r"\{%-?\s*snapshot\s+(\w+)\s*-?%\}(.*?)\{%-?\s*endsnapshot\s*-?%\}", re.DOTALL)
_MACRO = re.compile(r"\{%-?\s*(macro|test|data_test|materialization)\s+(\w+)(.*?)\{%-?\s*end(?:macro|test|data_test|materialization)\s*-?%\}", re.DOTALL)
_BEGINS = re.compile(r"\{%-?\s*(?:macro|test|data_test|materialization)\s")
_ADAPTER = re.compile(r"adapter\s*=\s*['\"](\w+)['\"]")
_PLACED = frozenset({"materialized", "schema", "database"})
MOST_LOOKED_AT = 20


def edit_template(resources: Resources, package: str, path: str, text: str | None, known: Sequence[str], kind: str) -> None:  # noqa: PLR0913, PLR0917  # one file's facts
    """Put an edited file into the project.

    Args:
        resources: the project.
        package: the package that it is in.
        path: the file, relative to it.
        text: what it now holds; None where it is gone.
        known: unique_ids of the nodes and macros that the manifest has of this file.
        kind: what dbt reads it as.
    """
    macros = [unique_id for unique_id in known if unique_id.startswith("macro.")]
    if macros or (not known and kind == MACRO):
        _macros(resources, package, path, text or "", macros)
    elif text is None:
        for unique_id in known:
            resources.remove(unique_id)
    elif any(unique_id.startswith("snapshot.") for unique_id in known):
        _snapshots(resources, path, text, known)
    elif known:
        for unique_id in known:
            recode(resources, unique_id, text, path)
    elif kind == MODEL:
        _new_model(resources, package, path, text)
    else:
        resources.doubt(path, f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} that is new is not read without dbt")


def recode(resources: Resources, unique_id: str, text: str, path: str) -> None:
    """Give a node another template."""
    resource = resources.get(unique_id)
    old, new = resource.get("raw_code") or resource.get("raw_sql") or "", text if unique_id.startswith("snapshot.") else text.strip()
    if old == new and resource.get("original_file_path") == path and unique_id in resources.project.nodes:
        resources.touched.pop(unique_id, None)
        return
    resource.update(raw_code=new, checksum=checksum(new), original_file_path=path)
    resource.pop("raw_sql", None)
    is_sql = resource.get("language", "sql") == "sql"
    if is_sql and old and alike_but_for_blanks(old, new, resources.project.info.adapter):
        resources.cosmetic.add(unique_id)
        return
    resources.recode(unique_id)
    _relink(resources, resource, path, old, new)
    if is_sql:
        _reconfigure(resources, resource, old, new, path)


def _relink(resources: Resources, resource: Json, path: str, old: str, new: str) -> None:
    """Note what the new template names, and the parents that came from elsewhere: from macros, or ref() of what only dbt knows."""
    old, new = COMMENT.sub("", old), COMMENT.sub("", new)
    before = resources.ref(old, resource.get("package_name") or resources.root, before=True).ids
    known = tuple((resource.get("depends_on") or {}).get("nodes") or ())
    resources.reads[resource["unique_id"]] = Reads(path, new, tuple(parent for parent in known if parent not in before), known, old)
    resource["refs"], resource["sources"] = refs_of(new), sources_of(new)


def _reconfigure(resources: Resources, resource: Json, old: str, new: str, path: str) -> None:
    """Follow what the two templates' ``config()`` say, as far as they say it plainly."""
    before, after = configs(old), configs(new)
    if before == after and None not in (before, after):
        return
    if before is None or after is None:
        if calls(old) != calls(new):
            resources.doubt(path, "its config() cannot be read without dbt", (resource["unique_id"],))
        return
    for key, value in after.items():
        if key not in before or before[key] != value:
            change_config(resource, key, before.get(key), value)
    gone = [key for key in before if key not in after]
    for key in gone:
        drop_config(resource, key, before[key])
    if "materialized" in gone:
        resources.doubt(path, "its config() no longer says materialized, and dbt_project.yml is not read", (resource["unique_id"],))
    for key in sorted(UNPLACED):
        if before.get(key) != after.get(key) and resource["unique_id"] in resources.project.nodes:
            resources.doubt(path, f"its config() says another {key}, and where dbt then puts it is not known", (resource["unique_id"],))


def _snapshots(resources: Resources, path: str, text: str, known: Sequence[str]) -> None:
    blocks = dict(_SNAPSHOT.findall(COMMENT.sub("", text)))
    for unique_id in known:
        name = unique_id.rpartition(".")[2]
        if name in blocks:
            recode(resources, unique_id, blocks.pop(name), path)
        else:
            resources.remove(unique_id)
    for name in blocks:
        resources.doubt(path, f"the snapshot {name} is new, and a new one is not read without dbt")


def _macros(resources: Resources, package: str, path: str, text: str, known: Sequence[str]) -> None:
    """Macros by their names; a file's other text is none of dbt's business."""
    seen = set()
    bare = COMMENT.sub(lambda found: " " * len(found[0]), text)
    blocks = list(_MACRO.finditer(bare))
    if len(_BEGINS.findall(bare)) != len(blocks):
        resources.doubt(path, "where its macros end cannot be told", known)
    for block in blocks:
        called, sql = _called(block), text[block.start() : block.end()]
        unique_id = f"macro.{package}.{called}"
        seen.add(unique_id)
        old = resources.get(unique_id) if unique_id in known else {}
        if not known or unique_id not in known:
            _shadowing(resources, path, unique_id, called)
        if (old.get("macro_sql") or "").strip() != sql.strip():
            new = {"unique_id": unique_id, "resource_type": "macro", "name": called, "package_name": package, "macro_sql": sql, "original_file_path": path}
            resources.add({**old, **new})
        elif known:
            resources.touched.pop(unique_id, None)
    for unique_id in known:
        if unique_id not in seen:
            resources.remove(unique_id)


def _called(block: re.Match[str]) -> str:
    """What dbt calls a macro: generic tests and materializations have names that say so."""
    kind, name = block[1], block[2]
    if kind == "macro":
        return name
    if kind != "materialization":
        return f"test_{name}"
    adapter = _ADAPTER.search(block[3].partition("%}")[0])
    return f"materialization_{name}_{adapter[1] if adapter else 'default'}"


def _shadowing(resources: Resources, path: str, unique_id: str, called: str) -> None:
    """Say so where a new macro takes the place of another one: dbt's own callers may then call this."""
    packages = {item.split(".")[1] for item in resources.macros_named(called) if item not in resources.removed}
    own = unique_id.split(".")[1]
    if own in packages:
        resources.doubt(path, f"there is a macro {called} already, in another file", (unique_id,))
    elif {"dbt", f"dbt_{resources.project.info.adapter}"} & packages and own == resources.root:
        resources.doubt(path, f"dbt has a macro {called}, in whose place this one is called", (unique_id,))


def _new_model(resources: Resources, package: str, path: str, text: str) -> None:
    """A model that the manifest does not have: like those beside it, as far as its own config() does not say otherwise."""
    file = PurePosixPath(path)
    unique_id = f"model.{package}.{file.stem}"
    if unique_id in resources.project.nodes and unique_id not in resources.removed:
        resources.doubt(path, f"there is a model {file.stem} already, in another file", (unique_id,))
        return
    if unique_id in resources.project.nodes:  # it has moved
        resources.removed.difference_update((unique_id, *resources.tests_of(unique_id)))
        recode(resources, unique_id, text, path)
        _resettled(resources, resources.get(unique_id), path, text)
        return
    like = _nearest(resources, package, file)
    language = "python" if file.suffix == ".py" else "sql"
    config = {key: value for key, value in (like.get("config") or {}).items() if key in _PLACED}
    config |= {"enabled": True, "on_schema_change": "ignore"}
    relation = like.get("relation_name")
    resource: Json = {
        "unique_id": unique_id,
        "resource_type": "model",
        "name": file.stem,
        "package_name": package,
        "original_file_path": path,
        "path": "/".join(file.parts[1:]),
        "fqn": [package, *file.parts[1:-1], file.stem],
        "database": like.get("database"),
        "schema": like.get("schema"),
        "alias": file.stem,
        "relation_name": renamed_relation(relation, file.stem) if relation else None,
        "language": language,
        "config": config,
        "depends_on": {"nodes": [], "macros": []},
        "columns": {},
        "access": "protected",
    }
    resources.add(resource)
    recode(resources, unique_id, text, path)


def _resettled(resources: Resources, resource: Json, path: str, text: str) -> None:
    """Say so where a model moved to a folder whose models are built otherwise: dbt_project.yml may say that of the folder."""
    own, beside = configs(text) or {}, _nearest(resources, resource["package_name"], PurePosixPath(path)).get("config") or {}
    config = resource.get("config") or {}
    for key in sorted(_PLACED):
        if key not in own and beside and config.get(key) != beside.get(key):
            resources.doubt(path, f"models of that folder have another {key}, and dbt_project.yml is not read", (resource["unique_id"],))


def _nearest(resources: Resources, package: str, file: PurePosixPath) -> Json:
    """A model of the same package that shares most of its folders with a file; one whose own config() does not say where it lies, if there is one."""
    candidates = [
        node
        for node in resources.project.nodes.values()
        if node.resource_type == "model" and node.package == package and node.is_relation and node.unique_id not in resources.touched
    ]

    folders = file.parts[:-1]

    def shared(path: str) -> int:
        parts = path.split("/")[:-1]
        return next((number for number, (one, other) in enumerate(zip(parts, folders, strict=False)) if one != other), min(len(parts), len(folders)))

    near = [(shared(node.path), node.unique_id) for node in candidates]
    most = max((number for number, _ in near), default=0)
    beside = sorted(unique_id for number, unique_id in near if number == most)
    found: list[Json] = []
    for unique_id in beside[:MOST_LOOKED_AT]:
        found.append(dict(resources.get(unique_id)))
        resources.touched.pop(unique_id)
    plain = [item for item in found if _PLACED.isdisjoint(configs(item.get("raw_code") or "") or {})]
    return next(iter([*plain, *found]), {})
