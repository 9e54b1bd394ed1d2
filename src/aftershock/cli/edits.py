"""``check --changed``: edited files put into the base, those that are named or those that git says were changed."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import aftershock
from aftershock.cli.ruling import of_edits
from aftershock.cli.terminal import reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aftershock import Artifacts, CheckReport, Edited, Repository
    from aftershock.cli.checking import Question

SETTINGS = frozenset({"aftershock.yml", "aftershock.yaml"})
"""Files that are compared as settings, and hold nothing of dbt's."""
PROJECT = "dbt_project.yml"
MOST_NAMED = 3
MOST_BYTES = 16 * 2**20
"""Of one file: whatever is larger was written by no person, or does not end."""
EVERYTHING = (
    "Git does not say what was changed, so every file of the project was compared with the base's manifest. What YAML files said before is not known then: "
    "give --base-ref with the branch that this goes onto, or run pre-commit with --from-ref and --to-ref, or name the files."
)


class _Asked(NamedTuple):
    """The files to put in, those that are no more, the commits that they are compared with and taken from, and whose settings rule; empty where unknown."""

    paths: tuple[Path, ...]
    gone: frozenset[Path] = frozenset()
    since: str = ""
    until: str = ""
    rules: str = ""
    notes: tuple[str, ...] = ()


class _Files(NamedTuple):
    """Files by their keys, and the folder of the project."""

    found: dict[str, Path]
    root: Path
    notes: tuple[str, ...]


def check_edits(question: Question, base: Artifacts) -> tuple[CheckReport, str]:
    """The report on files that were edited, and the folder of the dbt project in its repository.

    Args:
        question: the options.
        base: what is merged already.

    Raises:
        AftershockError: there is no answer: files, names or options are not what they should be.
    """
    checkout = aftershock.repository(Path())
    asked = _asked(question, base, checkout)
    files = _files(question, base, asked, checkout)
    here = aftershock.repository(files.root)
    with reading() as progress:
        try:
            found = aftershock.edited(
                base,
                _now(files.found, asked, checkout),
                before=_before(files.found, asked, checkout),
                variables=question.variables,
                dialect=question.dialect,
                cached=not question.no_cache,
                progress=progress,
            )
            report = _report(question, base, found, files.root, here, asked.rules)
        except aftershock.ArtifactError as error:
            if error.place != "manifest":
                raise
            raise aftershock.ArtifactError(_some(files.found), error.problem, "Break the circle of ref()") from None
    return report.noted((*asked.notes, *files.notes)), here.folder if here is not None else ""


def _report(question: Question, base: Artifacts, found: Edited, root: Path, checkout: Repository | None, rules: str) -> CheckReport:  # noqa: PLR0913, PLR0917  # what two sides and their settings are
    ruling = of_edits(_manifest(base).parent, root, checkout, config=question.config, ref=question.base_ref or rules or None)
    report = aftershock.check(
        base,
        found.head,
        base_reader=found.base,
        head_reader=found.head_reader,
        base_definitions=found.base_definitions,
        head_definitions=found.head_definitions,
        policy=ruling.policy,
        fail_on=question.fail_on or "",
        also=found.unread,
        policy_changes=ruling.changes,
    )
    return report.noted((*ruling.notes, *found.warnings))


def _asked(question: Question, base: Artifacts, checkout: Repository | None) -> _Asked:
    """The files that the command line names; without any those that git says were changed, and where it does not say, all of them."""
    if question.base_ref is not None and checkout is None:
        raise aftershock.UsageError("--base-ref", "this is no git checkout", "Give the base's settings with --config")
    if checkout is not None and question.base_ref is not None:
        aftershock.commit_of(checkout, question.base_ref)
    if question.files:
        return _named(question, checkout)
    found = aftershock.git_changes(checkout, os.environ, question.base_ref or "") if checkout is not None else None
    if found is None or checkout is None:
        return _Asked(tuple(_every(base)), notes=(EVERYTHING,))
    gone = frozenset(checkout.top / path for path in found.gone)
    return _Asked(tuple(checkout.top / path for path in found.paths), gone, found.since, found.until, found.rules, (found.told,))


def _named(question: Question, checkout: Repository | None) -> _Asked:
    since = os.environ.get("PRE_COMMIT_FROM_REF") or "HEAD"
    paths = [Path(file) for file in question.files]
    if checkout is None or not aftershock.has_commit(checkout, since):
        return _Asked(tuple(paths))
    paths += [checkout.top / path for path in aftershock.gone_since(checkout, since, os.environ.get("PRE_COMMIT_TO_REF") or "")]
    return _Asked(tuple(paths), since=since, rules=since)


def _every(base: Artifacts) -> Iterable[Path]:
    """Every file of the project, and those that the base has of it."""
    root = _root(base, ())
    if root is None:
        problem = f"no {PROJECT} here is of the project {base.project.info.name}, and git does not say what was changed"
        raise aftershock.UsageError("--changed", problem, "Run it in the project, or name the files")
    yield from (root / path for path in aftershock.source_files(root))
    for path in dict.fromkeys(node.path for node in base.project.nodes.values() if node.package == base.project.info.name and node.path):
        if not (root / path).exists():
            yield root / path


def _root(base: Artifacts, files: Iterable[tuple[str, Path]]) -> Path | None:
    """The folder of the base's project: that of its files, at or above the current directory, or that in which the base lies."""
    for key, path in files:
        if "://" not in key:
            return path.absolute().parents[len(PurePosixPath(key).parts) - 1]
    for place in (Path(), _manifest(base).parent):
        root = aftershock.find_project_root(place)
        if root is not None and PROJECT in aftershock.project_files([root / PROJECT], base.project.info.name, ()):
            return root
    return None


def _files(question: Question, base: Artifacts, asked: _Asked, checkout: Repository | None) -> _Files:
    """The files that are the base's, and a note on those of other projects."""
    name, paths = base.project.info.name, [path for path in asked.paths if path.name not in SETTINGS]
    packages = {node.package for node in base.project.nodes.values()}
    found = aftershock.project_files(paths, name, packages)
    left = _left(paths, found)
    if left:  # a package may have nothing but macros
        macros = aftershock.open_lineage(base, cached=not question.no_cache).code.macros
        found = aftershock.project_files(paths, name, packages | {unique_id.split(".")[1] for unique_id in macros})
        left = _left(paths, found)
    taken = set(found.values())
    renamed = [path for path in paths if path.name == PROJECT and path not in taken and _was_named(path, name, asked, checkout)]
    if renamed:
        found = {PROJECT: renamed[0], **found}
    root = _root(base, found.items()) or aftershock.find_project_root(Path()) or Path()
    strangers = {str(path): path for path in left if path not in renamed}
    return _Files(found, root, (f"Passed over, as another dbt project has it: {_some(strangers)}.",) if strangers else ())


def _left(paths: Iterable[Path], found: dict[str, Path]) -> list[Path]:
    """Files of a dbt project that is not the base's."""
    taken = {path.absolute() for path in found.values()}
    return [path for path in paths if path.absolute() not in taken and aftershock.find_project_root(path.absolute().parent) is not None]


def _was_named(path: Path, name: str, asked: _Asked, checkout: Repository | None) -> bool:
    """Whether a dbt_project.yml was that of the base's project."""
    (text,) = _before({PROJECT: path}, asked, checkout).values() or ("",)
    return re.search(rf"^name\s*:\s*['\"]?{re.escape(name)}['\"]?\s*(#|$)", text, re.MULTILINE) is not None


def _now(files: dict[str, Path], asked: _Asked, checkout: Repository | None) -> dict[str, str | None]:
    """What the files hold, None where they are gone."""
    if not asked.until or checkout is None:
        return {key: None if path in asked.gone else _text(path) for key, path in files.items()}
    inside = {key: _inside(path, checkout) for key, path in files.items() if path not in asked.gone}
    texts = aftershock.files_at(checkout, asked.until, list(inside.values()))
    unread = next((path for path in inside.values() if path not in texts), None)
    if unread is not None:
        raise aftershock.UsageError(unread, "it is not UTF-8", "Save it as UTF-8")
    return {key: texts[inside[key]] if key in inside else None for key in files}


def _before(files: dict[str, Path], asked: _Asked, checkout: Repository | None) -> dict[str, str]:
    """What the files held before, as far as git knows."""
    if checkout is None or not asked.since:
        return {}
    inside = {key: path for key, file in files.items() if (path := _inside(file, checkout))}
    texts = aftershock.files_at(checkout, asked.since, list(inside.values()))
    return {key: texts.get(path, "") for key, path in inside.items()}


def _inside(path: Path, checkout: Repository) -> str:
    """A file's path in the repository; empty where it is not in it."""
    whole, top = path.absolute().parent.resolve() / path.name, checkout.top.resolve()
    return whole.relative_to(top).as_posix() if whole.is_relative_to(top) else ""


def _text(path: Path) -> str | None:
    """What a file holds; None where it is gone.

    Raises:
        UsageError: it is no text, or no file that ends.
    """
    try:
        if not path.is_dir() and path.exists() and not path.is_file():
            raise aftershock.UsageError(str(path), "this is a device or a pipe", "Name a file")
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise aftershock.UsageError(str(path), f"it is larger than {MOST_BYTES // 2**20} MB", "Leave it out")
        return data.decode()
    except IsADirectoryError:
        raise aftershock.UsageError(str(path), "this is a directory", "Name the files in it") from None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        raise aftershock.UsageError(str(path), "it is not UTF-8", "Save it as UTF-8") from None


def _manifest(side: Artifacts) -> Path:
    return Path(next(file.path for file in side.files if file.kind == "manifest"))


def _some(files: Iterable[str]) -> str:
    names = list(files)
    return ", ".join([*names[:MOST_NAMED], *([f"and {len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else [])])
