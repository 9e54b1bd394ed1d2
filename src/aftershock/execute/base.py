"""The base of a pull request, from git: its settings, the files that it had, its manifest as a command makes it in a tree of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from aftershock.artifacts.files import find, read_bytes
from aftershock.artifacts.results import read_catalog_bytes
from aftershock.artifacts.target import CATALOG, MANIFEST
from aftershock.config import load_policy
from aftershock.config.reading import MAX_BYTES, NAMES
from aftershock.errors import AftershockError, ArtifactError, ConfigError, UsageError
from aftershock.model import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aftershock.model import Catalog

_SHOWN = 1500
_FIELDS = 4
_OWN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR")
"""What git tells its hooks: of their repository, and not of the tree that is made here."""


class Repository(NamedTuple):
    """A git checkout, and the dbt project's folder in it, with forward slashes; empty where that is its top."""

    top: Path
    folder: str

    def inside(self, path: str) -> str:
        """A path in the project as one in the repository."""
        return f"{self.folder}/{path}" if self.folder else path


class Merge(NamedTuple):
    """What one step of the main line brought: its commit, the one before, when (ISO 8601), and its first line."""

    commit: str
    parent: str
    at: str
    subject: str


def repository(folder: Path) -> Repository | None:
    """The checkout that a project is in; None outside of one, or without git.

    Args:
        folder: the dbt project.
    """
    try:
        done = run_git(folder, "rev-parse", "--show-toplevel", "--show-prefix")
    except FileNotFoundError:
        return None
    lines = done.stdout.decode("utf-8", "surrogateescape").split("\n")
    return Repository(Path(lines[0]), lines[1].strip("/")) if done.returncode == 0 else None


def commit_of(found: Repository, ref: str, option: str = "--base-ref") -> str:
    """The commit that a name stands for.

    Raises:
        UsageError: git knows none of this name.
    """
    done = run_git(found.top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if done.returncode:
        raise UsageError(option, f"git knows no commit {ref!r} here", "Fetch it first: git fetch origin main")
    return done.stdout.decode().strip()


def has_commit(found: Repository, ref: str) -> bool:
    """Whether git knows a commit of this name."""
    return run_git(found.top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").returncode == 0


def read_catalog_file(place: str) -> Catalog:
    """A catalog, given as a file or as the target directory that holds it.

    Raises:
        ArtifactError: there is none, or it is something else.
    """
    path = Path(place)
    found = find(path, CATALOG) if path.is_dir() else path if path.is_file() else find(path.parent, path.name) if path.parent.is_dir() else None
    if found is None:
        raise ArtifactError(place, f"there is no {CATALOG}", "Run dbt docs generate first")
    return read_catalog_bytes(read_bytes(found), str(found))


def files_at(found: Repository, commit: str, paths: Sequence[str]) -> dict[str, str]:
    """What files of the repository held in a commit, by path; those that were not there, or are no text, are left out."""
    wanted = [path for path in paths if "\n" not in path]
    if not wanted:
        return {}
    asked = "".join(f"{commit}:{path}\n" for path in wanted).encode("utf-8", "surrogateescape")
    data = run_git(found.top, "cat-file", "--batch", given=asked).stdout
    texts: dict[str, str] = {}
    at = 0
    for path in wanted:
        end = data.find(b"\n", at)
        head = data[at:end].rsplit(b" ", 2) if end >= 0 else []
        at = end + 1
        if len(head) == 3 and head[1] == b"blob" and head[2].isdigit():  # noqa: PLR2004  # name, kind and size
            size = int(head[2])
            with suppress(UnicodeDecodeError):
                texts[path] = data[at : at + size].decode()
            at += size + 1
    return texts


def gone_since(found: Repository, since: str, until: str = "") -> tuple[str, ...]:
    """Files of the repository that a commit had and that are no more: in another commit, or in the index and the working tree."""
    range_ = [f"{since}...{until}"] if until else [since]
    done = run_git(found.top, "diff", "--name-only", "--diff-filter=D", "--no-renames", "-z", *range_, "--", hook=True)
    return tuple(path for path in done.stdout.decode("utf-8", "surrogateescape").split("\0") if path)


def merges(found: Repository, number: int) -> tuple[Merge, ...]:
    """The last steps of the checked-out branch's main line, newest first: merges, pull requests that were squashed, and what was committed to it directly.

    Args:
        found: the checkout.
        number: how many at most.

    Raises:
        UsageError: there is no history.
    """
    done = run_git(found.top, "log", "--first-parent", f"--max-count={number}", "--format=%H%x1f%P%x1f%cI%x1f%s%x1e", "HEAD", "--")
    if done.returncode:
        raise UsageError("--backtest", "git has no history here", "Run it in a clone with its history")
    lines = [line.strip("\n").split("\x1f", _FIELDS - 1) for line in done.stdout.decode("utf-8", "replace").split("\x1e")]
    return tuple(Merge(line[0], line[1].split()[0], line[2], line[3]) for line in lines if len(line) == _FIELDS and line[1])


def commits_behind(found: Repository, ref: str) -> int:
    """How many commits another branch has that the checked-out one does not; 0 where git knows no such branch."""
    done = run_git(found.top, "rev-list", "--count", "--end-of-options", f"HEAD..{ref}", "--")
    text = done.stdout.decode("ascii", "replace").strip()
    return int(text) if done.returncode == 0 and text.isdecimal() else 0


def policy_at(found: Repository, ref: str) -> Policy:
    """The settings that a commit has for the project: the nearest file at or above its folder. The defaults where it has none.

    Raises:
        UsageError: git knows no such commit.
        ConfigError: they cannot be followed.
    """
    commit = commit_of(found, ref)
    parts = found.folder.split("/") if found.folder else []
    folders = ["/".join(parts[:length]) for length in range(len(parts), -1, -1)]
    texts = files_at(found, commit, [f"{folder}/{name}".lstrip("/") for folder in folders for name in NAMES])
    path = next(iter(texts), "")
    if not path:
        return Policy()
    with tempfile.TemporaryDirectory(prefix="aftershock-") as folder:
        copy = Path(folder) / Path(path).name
        copy.write_bytes(texts[path].encode()[: MAX_BYTES + 1])
        try:
            policy = load_policy(copy)
        except ConfigError as error:
            raise ConfigError(error.place.replace(str(copy), f"{ref}:{path}"), error.problem, error.remedy) from None
    return msgspec.structs.replace(policy, path=f"{ref}:{path}")


@contextmanager
def target_at(found: Repository, commit: str, command: str) -> Iterator[Path]:
    """A target directory that a command made of a commit, in a working tree of its own, which is gone afterwards.

    Args:
        found: the checkout.
        commit: what to check out.
        command: a shell's command that has dbt write a manifest, run in the project's folder there. DBT_TARGET_PATH tells dbt where to.

    Raises:
        AftershockError: git cannot make the tree, or the command fails.
    """
    home = Path(tempfile.mkdtemp(prefix="aftershock-base-"))
    tree, target = home / "tree", home / "target"
    try:
        done = run_git(found.top, "-c", f"core.hooksPath={os.devnull}", "worktree", "add", "--quiet", "--detach", str(tree), commit)
        if done.returncode:
            raise AftershockError("git worktree", _tail(done.stderr) or "it failed", "Check that the repository can be written to, and has this commit")
        project = tree / found.folder if found.folder else tree
        if not project.is_dir():
            raise AftershockError(commit[:12], f"it has no folder {found.folder}", "Give a commit that has the project where it is now")
        there = _written(project / "target")
        made = subprocess.run(  # noqa: S602  # the command line's own command, which is what this is for
            command,
            shell=True,
            cwd=project,
            env={**_environment(), "DBT_TARGET_PATH": str(target)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said = _tail(made.stdout) or "it said nothing"
        if made.returncode:
            raise AftershockError("--base-manifest-cmd", f"it exited with {made.returncode} for {commit[:12]}: {said}", "Run it by hand in that commit")
        if not find(target, MANIFEST) and _written(project / "target") in {None, there}:
            raise AftershockError(
                "--base-manifest-cmd",
                f"it exited with 0 for {commit[:12]}, but wrote no {MANIFEST}: {said}",
                "Give a command that has dbt write one: dbt parse",
            )
        yield target if find(target, MANIFEST) else project / "target"
    finally:
        run_git(found.top, "worktree", "remove", "--force", str(tree))
        shutil.rmtree(home, ignore_errors=True)


def _written(target: Path) -> tuple[int, int] | None:
    """Which manifest lies in a directory; None where there is none."""
    path = find(target, MANIFEST)
    if path is None:
        return None
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns


def _tail(output: bytes) -> str:
    """The end of what a command said, on one line."""
    return " ".join(output.decode("utf-8", "replace").split())[-_SHOWN:].rstrip(".")


def run_git(folder: Path, *words: str, given: bytes | None = None, hook: bool = False) -> subprocess.CompletedProcess[bytes]:
    """Run git; with ``hook``, with the index that a hook is to look at.

    Raises:
        FileNotFoundError: there is no git.
    """
    environment = dict(os.environ) if hook else _environment()
    return subprocess.run(  # noqa: S603  # no shell
        ["git", "-C", str(folder), *words],  # noqa: S607  # the user's own git
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        check=False,
        env={**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
    )


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in _OWN}
