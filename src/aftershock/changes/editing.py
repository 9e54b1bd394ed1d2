"""A project as it would be with some of its files edited: what a hook before a commit has, where dbt does not run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.artifacts.code import code_of
from aftershock.artifacts.definitions import definitions_of
from aftershock.artifacts.editing import edit_manifest
from aftershock.artifacts.files import read_bytes
from aftershock.artifacts.folders import ProjectFolder, project_folders
from aftershock.artifacts.manifest import read_manifest
from aftershock.artifacts.pieces import Overlaid, cut
from aftershock.artifacts.target import find_project_root, project_settings
from aftershock.changes.macros import users
from aftershock.changes.sides import Side
from aftershock.columns.opening import open_lineage
from aftershock.errors import ArtifactError
from aftershock.model.changes import Change
from aftershock.model.definition import Definitions
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from aftershock.artifacts.editing import ManifestEdit
    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Artifacts, Node
    from aftershock.model.code import Code, NodeCode

MOST_NAMED = 3
EDITS = "the edited files"
RENDERED = frozenset({"model", "snapshot"})


class Edited(NamedTuple):
    """Both sides of a comparison: the base, whose edited nodes are rendered as those of the head are, and the head.

    ``unread`` are changes that nobody can judge without dbt; ``warnings`` say what was passed over, each a full sentence.
    """

    base: ProjectLineage
    base_definitions: Definitions
    head: Artifacts
    head_reader: ProjectLineage
    head_definitions: Definitions
    unread: tuple[Change, ...]
    warnings: tuple[str, ...]


def edited(  # noqa: PLR0913  # as open_lineage
    base: Artifacts,
    files: Mapping[str, str | None],
    *,
    before: Mapping[str, str] | None = None,
    variables: Mapping[str, object] | None = None,
    dialect: str = "",
    cached: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Edited:
    """What a project becomes with some of its files edited, rendered with the base's macros, without dbt.

    Args:
        base: what dbt left, read from a file.
        files: what each file now holds, None where it is gone; by its path in the project, with forward slashes, or as ``package://path`` in one of its
            packages.
        before: what each of them held, where that is known: what a YAML file no longer says can only be told from it.
        variables: as for :func:`aftershock.open_lineage`, and so the other arguments.
        dialect: as above.
        cached: as above.
        progress: as above.

    Raises:
        ArtifactError: the base was not read from a file, or that is no longer there.
    """
    path = next((Path(file.path) for file in base.files if file.kind == "manifest" and file.path), None)
    if path is None or not path.is_file():
        raise ArtifactError("--base", "files can only be put into a manifest that is a file", "Give a target directory")
    pieces = cut(read_bytes(path), str(path))
    code, definitions = code_of(pieces, str(path)), definitions_of(pieces, str(path))
    edit = edit_manifest(pieces, base.project, definitions, files, before or {}, _settings(path, base.project.info.name))
    new = cut(edit.data, EDITS)
    head = _edited_artifacts(base, edit)
    macros = {unique_id for unique_id in (*(new.macros or {}), *edit.removed) if unique_id.startswith("macro.")}
    opened = partial(open_lineage, variables=variables, dialect=dialect, cached=cached, progress=progress)
    rendered = edit.recoded | _users(Side(base, opened(base, code=code), definitions), macros) if macros else edit.recoded
    head_code = _edited_code(code, code_of(new, EDITS), edit, rendered)
    head_definitions = _edited_definitions(definitions, definitions_of(new, EDITS), edit.removed)
    # both sides are rendered, so that neither differs by what only dbt knows
    base_reader = opened(base, code=_as_base(code, head_code, edit, rendered), uncompiled=rendered)
    alike = not macros and _renders_alike(base.project.nodes, head.project.nodes)
    head_reader = opened(head, code=head_code, uncompiled=rendered, like=base_reader if alike else None)
    unread = (*_unread(edit), *_unreadable(base, head, base_reader, head_reader, edit))
    return Edited(base_reader, definitions, head, head_reader, head_definitions, unread, tuple(_warnings(edit)))


def _settings(manifest: Path, project: str) -> dict[str, object]:
    """What dbt_project.yml at or above a manifest says; empty where that is another project's."""
    root = find_project_root(manifest.parent)
    settings = project_settings(root) if root is not None else {}
    return settings if settings.get("name") == project else {}


def project_files(paths: Iterable[Path], project: str, packages: Collection[str] | None = None) -> dict[str, Path]:
    """Files by the keys that :func:`edited` takes; those that lie in no dbt project are left out.

    A file in one of the project's own folders is the project's, whatever lies beside it: dbt asks no other dbt_project.yml there.

    Args:
        paths: files, which need not exist.
        project: the name of the base's project; a file of any other one, such as a package beside it, is ``package://path``.
        packages: the packages that the base has: files of any other project are left out, unless they lie in the base's. Any is one where None.
    """
    known: dict[Path, ProjectFolder] = {}
    found: dict[str, Path] = {}
    for path in paths:
        whole = path.absolute()
        above = [known.setdefault(root, ProjectFolder(root)) for root in project_folders(whole)]
        if above and (key := _key(whole, above, project, packages)):
            found[key] = path
    return found


def _key(path: Path, above: Sequence[ProjectFolder], project: str, packages: Collection[str] | None) -> str:
    nearest = above[0]
    mine = [folder for folder in reversed(above) if project in {"", folder.name}]
    for folder in mine:
        if folder.holds(path):
            return folder.inside(path)
    if nearest in mine or not nearest.name:
        return nearest.inside(path)
    if packages is None or nearest.name in packages:
        return f"{nearest.name}://{nearest.inside(path)}"
    return mine[-1].inside(path) if mine else ""


def _edited_artifacts(base: Artifacts, edit: ManifestEdit) -> Artifacts:
    """The base's artifacts with the edited resources; results of a run are not those of the edited project."""
    new = read_manifest(edit.data, EDITS)
    nodes = {
        unique_id: node for unique_id, node in {**base.project.nodes, **new.nodes}.items() if unique_id not in edit.removed and unique_id not in new.disabled
    }
    project = msgspec.structs.replace(base.project, nodes=nodes, disabled={**base.project.disabled, **new.disabled})
    return msgspec.structs.replace(base, project=project)


def _users(side: Side, macros: Collection[str]) -> frozenset[str]:
    """The nodes that call these macros, whose SQL is another one."""
    found = {unique_id for ids in users(side, macros).values() for unique_id in ids}
    return frozenset(unique_id for unique_id in found if side.nodes[unique_id].resource_type in RENDERED)


def _edited_code(code: Code, new: Code, edit: ManifestEdit, rendered: Collection[str]) -> Code:
    """The code with what was edited; a node whose file holds nothing now has none."""
    gone = {*edit.removed, *(unique_id for unique_id in edit.recoded if unique_id not in new.nodes)}
    edited_nodes = Overlaid(code.nodes, new.nodes, gone)
    nodes = Overlaid(code.nodes, {**new.nodes, **_uncompiled(edited_nodes, rendered)}, gone)
    return msgspec.structs.replace(code, nodes=nodes, macros=Overlaid(code.macros, new.macros, edit.removed))


def _as_base(code: Code, head: Code, edit: ManifestEdit, rendered: Collection[str]) -> Code:
    """The base's code as it is compared: what the head renders is rendered, and what it writes with other comments and white space alone is as it writes it."""
    alike = (unique_id for unique_id in edit.cosmetic if unique_id in code.nodes)
    written = {unique_id: msgspec.structs.replace(code.nodes[unique_id], raw=head.nodes[unique_id].raw) for unique_id in alike}
    return msgspec.structs.replace(code, nodes=Overlaid(code.nodes, {**written, **_uncompiled(code.nodes, rendered)}))


def _uncompiled(nodes: Mapping[str, NodeCode], unique_ids: Collection[str]) -> dict[str, NodeCode]:
    """Nodes' code without what dbt compiled of it."""
    return {unique_id: msgspec.structs.replace(nodes[unique_id], compiled="") for unique_id in unique_ids if unique_id in nodes}


def _edited_definitions(definitions: Definitions, new: Definitions, removed: Collection[str]) -> Definitions:
    parts = zip(msgspec.structs.astuple(definitions), msgspec.structs.astuple(new), strict=True)
    return Definitions(*(Overlaid(old, its, removed) for old, its in parts))


def _renders_alike(base: Mapping[str, Node], head: Mapping[str, Node]) -> bool:
    """Whether a template is rendered with the same relations in both."""
    changed = [unique_id for unique_id in {*base, *head} if base.get(unique_id) is not head.get(unique_id)]

    def seen(node: Node | None) -> object:
        return None if node is None else (node.relation_name, node.materialized, node.version, node.is_latest, node.meta, node.tags, node.columns)

    return all(seen(base.get(unique_id)) == seen(head.get(unique_id)) for unique_id in changed if not unique_id.startswith("test."))


def _unread(edit: ManifestEdit) -> Iterator[Change]:
    for item in edit.unread:
        for unique_id in item.unique_ids or (item.path,):
            yield Change(unique_id, "sql-unread", "cannot-say", "unknown", f"in {item.path}, {item.reason}", path=item.path)


def _unreadable(base: Artifacts, head: Artifacts, base_reader: ProjectLineage, reader: ProjectLineage, edit: ManifestEdit) -> Iterator[Change]:
    """New models that nobody can judge: that cannot be rendered, or whose SQL is not read. One that was renamed is compared with itself."""
    gone = {code.raw.strip() for unique_id in edit.removed if (code := base_reader.code.nodes.get(unique_id)) is not None}
    for unique_id in sorted(edit.recoded - base.project.nodes.keys()):
        node = head.project.nodes.get(unique_id)
        if node is None or node.resource_type != "model":
            continue
        code = reader.code.nodes.get(unique_id)
        why = "its file is empty" if code is None else _why_unread(reader, unique_id) if code.raw.strip() not in gone else ""
        if why:
            yield Change(unique_id, "sql-unread", "cannot-say", "unknown", f"{node.label} is new, and its SQL could not be read: {why}", path=node.path)


def _why_unread(reader: ProjectLineage, unique_id: str) -> str:
    reading = reader.readings.of(unique_id)
    return reading.reason or ("" if reading.statements else "it holds no query")


def _warnings(edit: ManifestEdit) -> Iterator[str]:
    if edit.passed_over:
        yield f"{counted(len(edit.passed_over), 'file')} passed over, as dbt reads nothing from {_them(edit.passed_over)}: {listing(edit.passed_over, MOST_NAMED)}."


def _them(files: Collection[str]) -> str:
    return "it" if len(files) == 1 else "them"
