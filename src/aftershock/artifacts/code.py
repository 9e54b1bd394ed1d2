"""The code in manifest.json, versions 1 to 12 and dbt Fusion's, and in the target directory's ``compiled``: the only place that knows these keys.

It is read apart from the project, since most answers need no code and it is most of a manifest's bytes.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from aftershock.artifacts.files import decode, is_file, read_bytes
from aftershock.artifacts.pieces import Decoded, cut
from aftershock.artifacts.scalars import text
from aftershock.errors import ArtifactError
from aftershock.model.code import Code, MacroCode, NodeCode, Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.artifacts.pieces import Pieces
    from aftershock.model import Node

COMPILED = "compiled"
"""The folder in the target directory where dbt writes what it makes of templates."""
MAX_COMPILED_FILE = 64 * 1024**2
_REF_WITH_PACKAGE = 2
_SOURCE_PARTS = 2


class _Metadata(msgspec.Struct, gc=False):
    run_started_at: Any = None
    invocation_started_at: Any = None
    generated_at: Any = None
    env: Any = None


class _TestMetadata(msgspec.Struct, gc=False):
    kwargs: Any = None


class _Node(msgspec.Struct, gc=False):
    """A node's code: ``raw_sql`` and ``compiled_sql`` are its names before v7."""

    raw_code: str | None = None
    raw_sql: str | None = None
    compiled_code: str | None = None
    compiled_sql: str | None = None
    language: str | None = None
    path: str | None = None
    compiled_path: str | None = None
    refs: Any = None
    sources: Any = None
    config: Any = None
    test_metadata: _TestMetadata | None = None


class _Macro(msgspec.Struct, gc=False):
    name: str = ""
    package_name: str | None = None
    macro_sql: str | None = None


def read_code(path: Path) -> Code:
    """The code of a manifest file, plain or packed.

    Raises:
        ArtifactError: it cannot be read or is not a manifest.
    """
    return code_from_bytes(read_bytes(path), str(path))


def code_from_bytes(data: bytes, place: str) -> Code:
    """The code in a manifest's bytes; ``place`` names it in errors.

    Raises:
        ArtifactError: it is not a manifest.
    """
    return code_of(cut(data, place), place)


def code_of(pieces: Pieces, place: str) -> Code:
    """The code in a manifest that is cut; each node's is decoded when it is asked for, and may raise ArtifactError then.

    Raises:
        ArtifactError: its metadata are not what dbt writes.
    """
    metadata = decode(bytes(pieces.metadata), _Metadata | None, place) or _Metadata()  # type: ignore[arg-type]  # a union is a type to msgspec
    env = metadata.env if isinstance(metadata.env, dict) else {}
    return Code(
        Decoded(pieces.nodes or {}, _Node, _code, place),
        Decoded(pieces.macros or {}, _Macro, _macro, place),
        text(metadata.run_started_at) or text(metadata.invocation_started_at) or text(metadata.generated_at),
        {str(key): text(value) for key, value in env.items()},
    )


def _macro(unique_id: str, raw: _Macro) -> MacroCode | None:
    return MacroCode(raw.name or unique_id.rpartition(".")[2], raw.package_name or "", raw.macro_sql) if raw.macro_sql else None


def _code(unique_id: str, raw: _Node) -> NodeCode | None:
    code = raw.raw_code or raw.raw_sql or ""
    compiled = raw.compiled_code or raw.compiled_sql or ""
    config = raw.config if isinstance(raw.config, dict) else {}
    if not (code or compiled) or unique_id.startswith("seed.") or config.get("enabled") is False:
        return None
    arguments = raw.test_metadata.kwargs if raw.test_metadata is not None else None
    return NodeCode(
        code,
        compiled,
        raw.language or "sql",
        (raw.path or "").replace("\\", "/"),
        (raw.compiled_path or "").replace("\\", "/"),
        tuple(_refs(raw.refs)) if raw.refs else (),
        tuple(_sources(raw.sources)) if raw.sources else (),
        config,
        arguments if isinstance(arguments, dict) else {},
    )


def _refs(found: object) -> Iterator[Ref]:
    """Refs as lists of names before v9, as mappings since."""
    for item in found if isinstance(found, list) else ():
        if isinstance(item, dict):
            yield Ref(text(item.get("package")), text(item.get("name")), text(item.get("version")))
        elif isinstance(item, list) and item:
            yield Ref(text(item[0]) if len(item) >= _REF_WITH_PACKAGE else "", text(item[-1]))


def _sources(found: object) -> Iterator[tuple[str, str]]:
    for item in found if isinstance(found, list) else ():
        if isinstance(item, list) and len(item) == _SOURCE_PARTS:
            yield text(item[0]), text(item[1])


def compiled_file(target_dir: Path, node: Node, code: NodeCode) -> str:
    """The SQL that dbt wrote below ``target_dir/compiled`` for this node; empty where there is no such file.

    It may be of another run than the manifest: the caller decides whether it is to be believed. Paths come from the manifest, so one that
    leads out of ``compiled`` is not followed.
    """
    root = target_dir / COMPILED
    for relative in _compiled_paths(node, code):
        path = root / relative
        try:
            if is_file(path) and path.resolve().is_relative_to(root.resolve()) and path.stat().st_size <= MAX_COMPILED_FILE:
                return read_bytes(path).decode()
        except (ArtifactError, OSError, RuntimeError, ValueError):
            continue
    return ""


def _compiled_paths(node: Node, code: NodeCode) -> Iterator[Path]:
    """Where dbt writes it, relative to ``compiled``: as the manifest says, else one file for a file, or in a directory that is named like the file."""
    recorded = PurePosixPath(code.compiled_path)
    if "compiled" in recorded.parts:
        yield Path(*recorded.parts[recorded.parts.index("compiled") + 1 :])
    if not node.package or not node.path:
        return
    original = PurePosixPath(node.path)
    if not code.file or PurePosixPath(code.file).name == original.name:
        yield Path(node.package, *original.parts)
    else:
        yield Path(node.package, *original.parts, *PurePosixPath(code.file).parts)
