"""An edited ``.sql`` or ``.py`` file: a model, a snapshot, a test, or macros."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from aftershock.artifacts.editing.parts import added_up, checksum, drop_config, in_order, renamed_relation, set_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aftershock.artifacts.editing.parts import Json, Resources

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_CONFIG = re.compile(r"(?<![\w.])config\s*\(")
_SNAPSHOT = re.compile(r"\{%-?\s*snapshot\s+(\w+)\s*-?%\}(.*?)\{%-?\s*endsnapshot\s*-?%\}", re.DOTALL)
_MACRO = re.compile(r"\{%-?\s*(macro|test|data_test|materialization)\s+(\w+)(.*?)\{%-?\s*end(?:macro|test|data_test|materialization)\s*-?%\}", re.DOTALL)
_ADAPTER = re.compile(r"adapter\s*=\s*['\"](\w+)['\"]")
_NAMES = {"true": True, "false": False, "none": None}
_ADDED = frozenset({"meta", "tags"})
_PLACED = frozenset({"materialized", "schema", "database"})
MOST_LOOKED_AT = 20
MACRO_FOLDERS = ("macros/", "tests/generic/")


def edit_template(resources: Resources, package: str, path: str, text: str | None, known: Sequence[str]) -> None:
    """Put an edited file into the project.

    Args:
        resources: the project.
        package: the package that it is in.
        path: the file, relative to it.
        text: what it now holds; None where it is gone.
        known: unique_ids of the nodes and macros that the manifest has of this file.
    """
    macros = [unique_id for unique_id in known if unique_id.startswith("macro.")]
    if macros or (not known and text is not None and (path.startswith(MACRO_FOLDERS) or _MACRO.search(text)) and not _SNAPSHOT.search(text)):
        _macros(resources, package, path, text or "", macros)
    elif text is None:
        for unique_id in known:
            resources.remove(unique_id)
    elif any(unique_id.startswith("snapshot.") for unique_id in known):
        _snapshots(resources, path, text, known)
    elif known:
        for unique_id in known:
            recode(resources, unique_id, text, path)
    elif path.endswith((".sql", ".py")) and PurePosixPath(path).parts[0] in _model_folders(resources, package):
        _new_model(resources, package, path, text)


def recode(resources: Resources, unique_id: str, text: str, path: str) -> None:
    """Give a node another template."""
    resource = resources.get(unique_id)
    old, new = resource.get("raw_code") or resource.get("raw_sql") or "", text if unique_id.startswith("snapshot.") else text.strip()
    if old == new and resource.get("original_file_path") == path:
        resources.touched.pop(unique_id, None)
        return
    resource.update(raw_code=new, checksum=checksum(new), original_file_path=path)
    resource.pop("raw_sql", None)
    resources.recode(unique_id)
    _relink(resources, resource, old, new)
    if resource.get("language", "sql") == "sql":
        _reconfigure(resources, resource, old, new, path)


def link_new_models(resources: Resources) -> None:
    """Find what new models read once all of them are there."""
    for unique_id, resource in list(resources.touched.items()):
        if unique_id.startswith("model.") and unique_id not in resources.project.nodes:
            _relink(resources, resource, "", resource["raw_code"])


def _relink(resources: Resources, resource: Json, old: str, new: str) -> None:
    """The parents that the new template names, and those that came from elsewhere: from macros, or ref() of what only dbt knows."""
    package = resource.get("package_name") or resources.root
    before, _ = resources.ref(_COMMENT.sub("", old), package)
    after, refs = resources.ref(_COMMENT.sub("", new), package)
    depends_on = resource.get("depends_on") or {}
    known = depends_on.get("nodes") or []
    kept = [parent for parent in known if parent not in before]
    resource["depends_on"] = {**depends_on, "nodes": in_order([*kept, *after], known)}
    resource["refs"], resource["sources"] = refs, resources.sources(_COMMENT.sub("", new))


def _reconfigure(resources: Resources, resource: Json, old: str, new: str, path: str) -> None:
    """Follow what the two templates' ``config()`` say, as far as they say it plainly."""
    before, after = configs(old), configs(new)
    if before == after and None not in (before, after):
        return
    if before is None or after is None:
        if _calls(old) != _calls(new):
            resources.doubt(path, "its config() cannot be read without dbt", (resource["unique_id"],))
        return
    for key, value in after.items():
        if key not in before or before[key] != value:
            _set(resource, key, before.get(key), value)
    gone = [key for key in before if key not in after]
    for key in gone:
        if key in _ADDED:
            _set(resource, key, before[key], [] if key == "tags" else {})
        else:
            drop_config(resource, key)
    if "materialized" in gone:
        resources.doubt(path, "its config() no longer says materialized, and dbt_project.yml is not read", (resource["unique_id"],))


def _set(resource: Json, key: str, old: object, new: object) -> None:
    value = added_up((resource.get("config") or {}).get(key), old, new) if key in _ADDED else new
    set_config(resource, key, value)
    if key in _ADDED:
        resource[key] = value


def configs(text: str) -> dict[str, Any] | None:
    """What the ``config()`` calls of a template say; None where they say something that is no plain value."""
    found: dict[str, Any] = {}
    for call in _calls(text):
        value = _literal(call)
        if value is None:
            return None
        found.update(value)
    return found


def _calls(text: str) -> list[str]:
    """The arguments of each ``config()`` call, as written."""
    bare = _COMMENT.sub("", text)
    return [arguments for call in _CONFIG.finditer(bare) if (arguments := _arguments(bare, call.end())) is not None and _is_jinja(bare, call.start())]


def _is_jinja(text: str, at: int) -> bool:
    return max(text.rfind("{{", 0, at), text.rfind("{%", 0, at)) > max(text.rfind("}}", 0, at), text.rfind("%}", 0, at))


def _arguments(text: str, start: int) -> str | None:
    """What stands up to the parenthesis that closes the call; None where none does."""
    depth, quote, at = 1, "", start
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if not depth:
                return text[start:at]
        at += 1
    return None


def _literal(arguments: str) -> dict[str, Any] | None:
    """Keyword arguments, or one mapping, of plain values."""
    try:
        call = ast.parse(f"f({arguments.strip()}\n)", mode="eval").body
        if not isinstance(call, ast.Call):
            return None
        found: dict[str, Any] = {}
        for argument in call.args:
            value = ast.literal_eval(_Plain().visit(argument))
            if not isinstance(value, dict):
                return None
            found.update(value)
        for keyword in call.keywords:
            if keyword.arg is None:
                return None
            found[keyword.arg] = ast.literal_eval(_Plain().visit(keyword.value))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    return {str(key): list(value) if isinstance(value, (tuple, set)) else value for key, value in found.items()}


class _Plain(ast.NodeTransformer):
    """Jinja's names for what Python calls True, False and None."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """One of them as a constant."""
        return ast.copy_location(ast.Constant(_NAMES[node.id]), node) if node.id in _NAMES else node


def _snapshots(resources: Resources, path: str, text: str, known: Sequence[str]) -> None:
    blocks = dict(_SNAPSHOT.findall(text))
    for unique_id in known:
        name = unique_id.rpartition(".")[2]
        if name in blocks:
            recode(resources, unique_id, blocks[name], path)
        else:
            resources.remove(unique_id)


def _macros(resources: Resources, package: str, path: str, text: str, known: Sequence[str]) -> None:
    """Macros by their names; a file's other text is none of dbt's business."""
    seen = set()
    for block in _MACRO.finditer(text):
        kind, name = block[1], block[2]
        adapter = _ADAPTER.search(block[3].partition("%}")[0]) if kind == "materialization" else None
        called = {"macro": name, "materialization": f"materialization_{name}_{adapter[1] if adapter else 'default'}"}.get(kind, f"test_{name}")
        unique_id = f"macro.{package}.{called}"
        seen.add(unique_id)
        old = resources.get(unique_id) if unique_id in known else {}
        if (old.get("macro_sql") or "").strip() != block[0].strip():
            resources.add(
                {
                    **old,
                    "unique_id": unique_id,
                    "resource_type": "macro",
                    "name": called,
                    "package_name": package,
                    "macro_sql": block[0],
                    "original_file_path": path,
                }
            )
        elif known:
            resources.touched.pop(unique_id, None)
    for unique_id in known:
        if unique_id not in seen:
            resources.remove(unique_id)


def _model_folders(resources: Resources, package: str) -> set[str]:
    """The folders at the top of a package that hold its models."""
    paths = (node.path for node in resources.project.nodes.values() if node.resource_type == "model" and node.package == package)
    return {PurePosixPath(path).parts[0] for path in paths if path}


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


def _nearest(resources: Resources, package: str, file: PurePosixPath) -> Json:
    """A model of the same package that shares most of its folders with a file; one whose own config() does not say where it lies, if there is one."""
    candidates = [
        node
        for node in resources.project.nodes.values()
        if node.resource_type == "model" and node.package == package and node.is_relation and node.unique_id not in resources.touched
    ]

    def shared(path: str) -> int:
        parts = PurePosixPath(path).parts[:-1]
        return next(
            (number for number, (one, other) in enumerate(zip(parts, file.parts[:-1], strict=False)) if one != other), min(len(parts), len(file.parts) - 1)
        )

    most = max((shared(node.path) for node in candidates), default=0)
    beside = sorted(node.unique_id for node in candidates if shared(node.path) == most)
    found: list[Json] = []
    for unique_id in beside[:MOST_LOOKED_AT]:
        found.append(dict(resources.get(unique_id)))
        resources.touched.pop(unique_id)
    plain = [item for item in found if _PLACED.isdisjoint(configs(item.get("raw_code") or "") or {})]
    return next(iter([*plain, *found]), {})
