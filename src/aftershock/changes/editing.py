"""A project as it would be with some of its files edited: what a hook before a commit has, where dbt does not run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.artifacts.code import code_from_bytes
from aftershock.artifacts.definitions import definitions_from_bytes
from aftershock.artifacts.editing import edit_manifest
from aftershock.artifacts.files import read_bytes
from aftershock.artifacts.manifest import read_manifest
from aftershock.artifacts.target import find_project_root, project_settings
from aftershock.columns.opening import open_lineage
from aftershock.errors import ArtifactError
from aftershock.model.changes import Change
from aftershock.model.definition import Definitions
from aftershock.phrases import counted, listing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from aftershock.artifacts.editing import ManifestEdit
    from aftershock.columns.project import ProjectLineage
    from aftershock.model import Artifacts, Node
    from aftershock.model.code import Code

MOST_NAMED = 3


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
    data = read_bytes(path)
    code, definitions = code_from_bytes(data, str(path)), definitions_from_bytes(data, str(path))
    edit = edit_manifest(data, str(path), base.project, definitions, files, before or {})
    head = _edited_artifacts(base, edit)
    head_code, head_definitions = _edited_code(code, edit), _edited_definitions(definitions, edit)
    opened = partial(
        open_lineage, uncompiled=edit.recoded, variables=variables, dialect=dialect, cached=cached, progress=progress
    )  # both sides of an edited node are rendered, so that neither differs by what only dbt knows
    base_reader = opened(base, code=_uncompiled(code, edit.recoded))
    head_reader = opened(head, code=head_code, like=base_reader if _renders_alike(base.project.nodes, head.project.nodes, edit) else None)
    return Edited(base_reader, definitions, head, head_reader, head_definitions, tuple(_unread(edit)), tuple(_warnings(edit)))


def project_files(paths: Iterable[Path], project: str) -> dict[str, Path]:
    """Files by the keys that :func:`edited` takes; those that lie in no dbt project are left out.

    Args:
        paths: files, which need not exist.
        project: the name of the base's project; a file of any other one, such as a package beside it, is ``package://path``.
    """
    names: dict[Path, str] = {}
    found: dict[str, Path] = {}
    for path in paths:
        whole = path.absolute()
        root = find_project_root(whole.parent)
        if root is None:
            continue
        if root not in names:
            names[root] = str(project_settings(root).get("name") or "")
        inside = whole.relative_to(root).as_posix()
        found[inside if names[root] in {"", project} or not project else f"{names[root]}://{inside}"] = path
    return found


def _edited_artifacts(base: Artifacts, edit: ManifestEdit) -> Artifacts:
    """The base's artifacts with the edited resources; results of a run are not those of the edited project."""
    new = read_manifest(edit.data, "the edited files")
    nodes = {
        unique_id: node for unique_id, node in {**base.project.nodes, **new.nodes}.items() if unique_id not in edit.removed and unique_id not in new.disabled
    }
    project = msgspec.structs.replace(base.project, nodes=nodes, disabled={**base.project.disabled, **new.disabled})
    return msgspec.structs.replace(base, project=project)


def _edited_code(code: Code, edit: ManifestEdit) -> Code:
    new = code_from_bytes(edit.data, "the edited files")
    nodes = {unique_id: found for unique_id, found in {**code.nodes, **new.nodes}.items() if unique_id not in edit.removed}
    macros = {unique_id: found for unique_id, found in {**code.macros, **new.macros}.items() if unique_id not in edit.removed}
    return msgspec.structs.replace(code, nodes=nodes, macros=macros)


def _uncompiled(code: Code, unique_ids: Collection[str]) -> Code:
    """The code without what dbt compiled of these nodes."""
    bare = {unique_id: msgspec.structs.replace(code.nodes[unique_id], compiled="") for unique_id in unique_ids if unique_id in code.nodes}
    return msgspec.structs.replace(code, nodes={**code.nodes, **bare})


def _edited_definitions(definitions: Definitions, edit: ManifestEdit) -> Definitions:
    new = definitions_from_bytes(edit.data, "the edited files")
    parts = zip(msgspec.structs.astuple(definitions), msgspec.structs.astuple(new), strict=True)
    return Definitions(*({key: value for key, value in {**old, **its}.items() if key not in edit.removed} for old, its in parts))


def _renders_alike(base: Mapping[str, Node], head: Mapping[str, Node], edit: ManifestEdit) -> bool:
    """Whether a template is rendered with the same relations and macros in both."""
    changed = [unique_id for unique_id in {*base, *head} if base.get(unique_id) is not head.get(unique_id)]

    def seen(node: Node | None) -> object:
        return None if node is None else (node.relation_name, node.materialized, node.version, node.is_latest, node.meta, node.tags, node.columns)

    macros = code_from_bytes(edit.data, "the edited files").macros or any(unique_id.startswith("macro.") for unique_id in edit.removed)
    return not macros and all(seen(base.get(unique_id)) == seen(head.get(unique_id)) for unique_id in changed if not unique_id.startswith("test."))


def _unread(edit: ManifestEdit) -> Iterator[Change]:
    for item in edit.unread:
        for unique_id in item.unique_ids or (item.path,):
            yield Change(unique_id, "sql-unread", "cannot-say", "unknown", f"in {item.path}, {item.reason}", path=item.path)


def _warnings(edit: ManifestEdit) -> Iterator[str]:
    if edit.passed_over:
        yield f"{counted(len(edit.passed_over), 'file')} passed over, as dbt reads nothing from {_them(edit.passed_over)}: {listing(edit.passed_over, MOST_NAMED)}."


def _them(files: Collection[str]) -> str:
    return "it" if len(files) == 1 else "them"
