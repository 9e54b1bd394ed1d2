"""What a command reads before it can answer: artifacts, policy, names from standard input."""

from __future__ import annotations

import ast
import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aftershock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from aftershock import Artifacts, Catalog, Policy, ProjectLineage

STDIN = "-"


class Inputs(NamedTuple):
    """Artifacts, where their manifest is (None for standard input, whose bytes are ``data``), and what is in force."""

    artifacts: Artifacts
    manifest: Path | None
    policy: Policy
    data: bytes | None = None

    def lineage(
        self, dialect: str = "", *, variables: Mapping[str, object] | None = None, cached: bool = True, progress: Callable[[int, int], None] | None = None
    ) -> ProjectLineage:
        """The project's column lineage, which reads itself as far as it is asked for.

        Raises:
            UsageError: the dialect is none that is known.
        """
        if dialect and not aftershock.known_dialect(dialect):
            near = difflib.get_close_matches(dialect.lower(), aftershock.DIALECTS, n=3)
            remedy = f"Did you mean {', '.join(near)}?" if near else f"Use one of: {', '.join(aftershock.DIALECTS)}"
            raise aftershock.UsageError("--dialect", f"there is no dialect {dialect!r}", remedy)
        return aftershock.open_lineage(self.artifacts, data=self.data, dialect=dialect, variables=variables, cached=cached, progress=progress)

    def catalog(self) -> Catalog | None:
        """The catalog beside the manifest, if there is one."""
        return aftershock.read_catalog(self.manifest.parent) if self.manifest is not None else None

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        """Every resource's whole config, for the selector method ``config``."""
        return aftershock.read_configs(self._twice())

    def patches(self) -> Mapping[str, str]:
        """The YAML file that describes each resource, for the selector method ``path``."""
        return aftershock.read_patches(self._twice())

    def _twice(self) -> Path:
        if self.manifest is None:
            raise aftershock.UsageError("--select", "config: and path: need a manifest that can be read twice", "Give --manifest with a file")
        return self.manifest


def read(target_dir: str | None, manifest: str | None = None, config: str | None = None, *, cached: bool = True) -> Inputs:
    """Artifacts and the policy that goes with them.

    Args:
        target_dir: as :func:`artifacts`.
        manifest: as :func:`artifacts`.
        config: the configuration file; looked for at and above the artifacts where None.
        cached: as :func:`artifacts`.

    Raises:
        UsageError: both a directory and a manifest.
        ArtifactError: no manifest there, or a file is not what its name says.
        ConfigError: the configuration cannot be followed.
    """
    if manifest == STDIN and target_dir is None:
        data = aftershock.read_stdin()
        return Inputs(aftershock.artifacts_from_bytes(data), None, policy(Path(), config), data)
    found = artifacts(target_dir, manifest, cached=cached)
    path = Path(next(file.path for file in found.files if file.kind == "manifest"))
    return Inputs(found, path, policy(path.parent, config))


def artifacts(target_dir: str | None, manifest: str | None = None, *, cached: bool = True) -> Artifacts:
    """What dbt left.

    Args:
        target_dir: a target directory or a project; the current directory where None.
        manifest: a manifest file instead, ``-`` for standard input.
        cached: whether decoded manifests may be kept and reused.

    Raises:
        UsageError: both a directory and a manifest.
        ArtifactError: no manifest there, or a file is not what its name says.
    """
    if target_dir is not None and manifest is not None:
        raise aftershock.UsageError("--manifest", "it takes the place of --target-dir", "Give one of them")
    if manifest == STDIN:
        return aftershock.artifacts_from_bytes(aftershock.read_stdin())
    if manifest is not None and Path(manifest).is_dir():
        raise aftershock.UsageError("--manifest", f"{manifest} is a directory", "Give it with --target-dir")
    if manifest is not None and not Path(manifest).exists():
        raise aftershock.ArtifactError(manifest, "there is no such file", "Give --target-dir, or a manifest that dbt wrote")
    store = aftershock.Cache(aftershock.cache_dir()) if cached else None
    return aftershock.read_artifacts(manifest or target_dir or ".", store=store)


def policy(start: Path, config: str | None) -> Policy:
    """What is in force for artifacts in ``start``.

    Raises:
        ConfigError: the configuration cannot be followed.
    """
    return aftershock.load_policy(Path(config) if config is not None else aftershock.find_config(start))


def names_from_stdin() -> list[str]:
    """Names or paths, one a line or with NUL between them; a path that git put in quotes is read as git means it.

    Raises:
        UsageError: there are none, or standard input is a terminal.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise aftershock.UsageError("standard input", "nothing is piped into it", "Pipe names or paths, one a line: git diff --name-only | aftershock assess -")
    data = sys.stdin.buffer.read()
    pieces = data.split(b"\0") if b"\0" in data else data.splitlines()
    found = [name for piece in pieces if (name := _unquoted(piece.strip()).decode("utf-8", "replace"))]
    if not found:
        raise aftershock.UsageError("standard input", "it names no node", "Pipe names or paths, one a line: git diff --name-only | aftershock assess -")
    return found


def _unquoted(piece: bytes) -> bytes:
    """Git writes a path with unusual characters as a C string, whose escapes are Python's too."""
    if not (piece.startswith(b'"') and piece.endswith(b'"') and b"\\" in piece and piece.isascii()):
        return piece
    try:
        value = ast.literal_eval("b" + piece.decode("ascii"))
    except (ValueError, SyntaxError):
        return piece
    return value if isinstance(value, bytes) else piece
