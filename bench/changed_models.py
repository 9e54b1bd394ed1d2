"""A project and the same with twenty of its models changed, as a pull request changes them: whole target directories on disk.

The changes are made to the lines of a model, to its template and its compiled SQL alike, and what each does is known by how it is made: a column that is dropped
or renamed is one that a query of another model names, whose only relation is the changed one. sqlglot alone judges that, none of the tools that are measured.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import re
import subprocess
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

COUNTS: Final = {"dropped": 4, "renamed": 4, "cast": 2, "expression": 3, "filter": 3, "comment": 4}
"""How many of the twenty models change in which way."""
BREAKING: Final = frozenset({"dropped", "renamed"})
COSMETIC: Final = frozenset({"comment"})
NAMED: Final = re.compile(r"^(?P<indent>\s+)(?P<value>[\w.\"]+(?:::\w+)?)\s+AS\s+(?P<name>\w+),[ \t]*$", re.MULTILINE | re.IGNORECASE)
"""A line of a query that gives a column its name."""
SOURCE: Final = re.compile(r"^(?P<indent>\s*)FROM\s+(?P<name>source|base)[ \t]*\n", re.MULTILINE | re.IGNORECASE)
EDITED_FILES: Final = 5


class Edit(NamedTuple):
    """One changed model: how it is changed, in which column, and a model that then fails; the last two empty where there is none."""

    unique_id: str
    kind: str
    column: str
    reader: str

    @property
    def name(self) -> str:
        """The model's name."""
        return self.unique_id.rpartition(".")[2]


class Subject(NamedTuple):
    """Where both sides are.

    ``base`` and ``head`` are dbt projects with a target directory, compiled files included; ``checkout`` is a git repository whose last commit is the base, with
    ``files`` of it edited. ``size`` is the base manifest's, in bytes.
    """

    base: Path
    head: Path
    checkout: Path
    files: tuple[str, ...]
    edits: tuple[Edit, ...]
    size: int


def make(manifest: Path, folder: Path) -> Subject:
    """Write both sides into a folder.

    Args:
        manifest: a manifest with compiled SQL.
        folder: where; it is there and empty.

    Raises:
        LookupError: too few of its models can be changed so.
    """
    data = manifest.read_bytes()
    base = json.loads(data)
    head, edits = edited(base)
    for name, side in (("base", base), ("head", head)):
        _write_project(folder / name, side)
    files = tuple(base["nodes"][edit.unique_id]["original_file_path"] for edit in edits[:: len(edits) // EDITED_FILES][:EDITED_FILES])
    _write_checkout(folder / "checkout", base, head, [edit.unique_id for edit in edits], files)
    return Subject(folder / "base", folder / "head", folder / "checkout", files, tuple(edits), len(data))


def edited(base: dict[str, Any]) -> tuple[dict[str, Any], list[Edit]]:
    """A manifest with twenty models changed, and how.

    Raises:
        LookupError: too few of its models can be changed so.
    """
    edits: list[Edit] = []
    head = {**base, "nodes": dict(base["nodes"])}
    wanted = [kind for kind, count in COUNTS.items() for _ in range(count)]
    candidates = [unique_id for unique_id, node in sorted(base["nodes"].items()) if _is_candidate(node)]
    random.Random(20).shuffle(candidates)  # the same ones each time
    for unique_id in candidates:
        if not wanted:
            break
        made = _changed(base, unique_id, wanted[0], {edit.reader for edit in edits} | {edit.unique_id for edit in edits})
        if made is not None:
            head["nodes"][unique_id], edit = made
            edits.append(edit)
            wanted.pop(0)
    if wanted:
        raise LookupError(f"no model is left that can be changed: {', '.join(wanted)}")
    return head, edits


def _is_candidate(node: dict[str, Any]) -> bool:
    return node["resource_type"] == "model" and bool(node.get("compiled_code")) and "is_incremental" not in node["raw_code"]


def _changed(base: dict[str, Any], unique_id: str, kind: str, taken: set[str]) -> tuple[dict[str, Any], Edit] | None:
    """A model changed in one way, and what that is; None where it cannot be."""
    node = base["nodes"][unique_id]
    if unique_id in taken:
        return None
    for old, new, column in _replacements(node["compiled_code"], kind):
        texts = {key: node[key] for key in ("raw_code", "compiled_code")}
        if any(text.count(old) != 1 for text in texts.values()):
            continue
        reader = next((found for found in _readers(base, unique_id, column) if found not in taken), "") if kind in BREAKING else ""
        if kind in BREAKING and not reader:
            continue
        if kind in BREAKING and not _is_output(node["compiled_code"], column):
            continue
        changed = copy.deepcopy(node) | {key: text.replace(old, new) for key, text in texts.items()}
        changed["checksum"] = {"name": "sha256", "checksum": hashlib.sha256(changed["raw_code"].encode()).hexdigest()}
        if _parsed(changed["compiled_code"]) is not None:
            return changed, Edit(unique_id, kind, column, reader)
    return None


def _replacements(sql: str, kind: str) -> Iterator[tuple[str, str, str]]:
    """Pieces of a query, each with another one and the column that it is about."""
    if kind == "filter":
        for found in SOURCE.finditer(sql):
            name = next(iter(NAMED.finditer(sql[: found.start()])), None)
            if name is not None:
                yield found[0], f"{found[0]}{found['indent']}WHERE {name['value']} IS NOT NULL\n", ""
        return
    for found in NAMED.finditer(sql):
        line, value, name = found[0], found["value"], found["name"]
        if kind == "dropped":
            yield f"{line}\n", "", name
        elif kind == "renamed":
            yield line, f"{found['indent']}{value} AS {name}_before,", name
        elif kind == "cast" and value.casefold().endswith(("::timestamp", "::timestamp_tz", "::number")):
            yield line, f"{found['indent']}{value.partition('::')[0]}::VARCHAR AS {name},", name
        elif kind == "expression":
            yield line, f"{found['indent']}NULLIF({value}, {value}) AS {name},", name
        elif kind == "comment":
            yield line, f"{found['indent']}-- As the source has it.\n{found['indent']}{value}   AS {name},", name


def _readers(base: dict[str, Any], unique_id: str, column: str) -> Iterator[str]:
    """Models one of whose queries reads nothing but this one and names the column."""
    relation = base["nodes"][unique_id]["relation_name"].replace('"', "").casefold()
    for child in sorted(base["child_map"].get(unique_id, ())):
        node = base["nodes"].get(child, {})
        sql = node.get("compiled_code") if node.get("resource_type") == "model" else None
        if sql and column.casefold() in sql.casefold() and _names(_parsed(sql), relation, column):
            yield child


def _names(tree: exp.Expression | None, relation: str, column: str) -> bool:
    """Whether a query in it reads this relation alone and names the column, which then can be of nothing else."""
    name = column.casefold()
    for scope in traverse_scope(tree) if tree is not None else ():
        tables = [source for _, source in scope.selected_sources.values()]
        if len(tables) != 1 or not isinstance(tables[0], exp.Table) or ".".join(part.name for part in tables[0].parts).casefold() != relation:
            continue
        own = {item.alias_or_name.casefold() for item in scope.expression.selects if isinstance(item, exp.Alias)}
        if name not in own and any(found.name.casefold() == name for found in scope.columns):
            return True
    return False


def _is_output(sql: str, column: str) -> bool:
    """Whether a query yields a column for certain: its last SELECT lists it, or is a star over a CTE that does."""
    tree = _parsed(sql)
    scopes = traverse_scope(tree) if tree is not None else []
    names = {
        scope.expression: [item.alias_or_name.casefold() for item in scope.expression.selects] for scope in scopes if isinstance(scope.expression, exp.Select)
    }
    last = scopes[-1] if scopes else None
    while last is not None and column.casefold() not in names.get(last.expression, []):
        inner = [found for _, found in last.selected_sources.values()]
        if "*" not in names.get(last.expression, []) or len(inner) != 1 or isinstance(inner[0], exp.Table):
            return False
        last = inner[0]
    return last is not None


def _parsed(sql: str) -> exp.Expression | None:
    try:
        return sqlglot.parse_one(sql, dialect="snowflake")
    except sqlglot.errors.SqlglotError:
        return None


def _write_project(folder: Path, manifest: dict[str, Any]) -> None:
    target = folder / "target"
    target.mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(f"name: {manifest['metadata']['project_name']}\n")
    (target / "manifest.json").write_text(json.dumps(manifest))
    for node in manifest["nodes"].values():
        if node.get("compiled_path") and node.get("compiled_code"):
            _write(folder / node["compiled_path"], node["compiled_code"])


def _write_checkout(folder: Path, base: dict[str, Any], head: dict[str, Any], unique_ids: Iterable[str], files: Iterable[str]) -> None:
    _write(folder / "dbt_project.yml", f"name: {base['metadata']['project_name']}\n")
    by_file = {base["nodes"][unique_id]["original_file_path"]: unique_id for unique_id in unique_ids}
    for file, unique_id in by_file.items():
        _write(folder / file, base["nodes"][unique_id]["raw_code"])
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "base"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    for file in files:
        _write(folder / file, head["nodes"][by_file[file]]["raw_code"])


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
