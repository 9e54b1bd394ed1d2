"""The file: found, read, turned into a Policy; and what is in force because of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from aftershock.config.document import parse
from aftershock.config.settings import SECTIONS, SETTINGS, TOP, inside, value_of
from aftershock.config.values import At, entries
from aftershock.errors import ConfigError
from aftershock.model import SEVERITY_RULES, Policy

NAMES = ("aftershock.yml", "aftershock.yaml")
MAX_BYTES = 1_000_000


class InForce(NamedTuple):
    """One setting: its dotted key, its value in plain Python types, and where that comes from: ``default``, or file and line."""

    key: str
    value: Any
    origin: str


class _Given(NamedTuple):
    """What a file says for one setting, and in which line."""

    value: Any
    line: int
    lines: dict[str, int]


def find_config(start: Path) -> Path | None:
    """The settings that hold for a folder: the nearest file upwards.

    The search ends with the project: at the top of the git checkout; without one, at the folder of ``dbt_project.yml``; without that, at the
    home folder or the root. Folders where anybody may put files (``/tmp``) are passed over, unless the search starts there.

    Args:
        start: a target directory, a project, or a file in one; it need not exist.

    Raises:
        ConfigError: both spellings are there side by side.
    """
    folders = _folders(Path(os.path.abspath(start)))  # noqa: PTH100  # what is linked into a project belongs to it
    for number, folder in enumerate(folders):
        if number and _is_shared(folder):
            continue
        found = [folder / name for name in NAMES if os.path.lexists(folder / name)]
        if len(found) > 1:
            raise ConfigError(str(found[1]), f"{NAMES[0]} is there too", "Keep one of them")
        if found:
            return found[0]
    return None


def _folders(start: Path) -> list[Path]:
    """``start`` and its parents, as far as they belong to the project."""
    folders = [start, *start.parents]
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # unknown is no error here
    for name in (".git", "dbt_project.yml"):
        for number, folder in enumerate(folders):
            if (folder / name).exists():
                return folders[: number + 1]
    return folders[: folders.index(home) + 1] if home in folders else folders


def _is_shared(folder: Path) -> bool:
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISVTX and mode & stat.S_IWOTH)


def load_policy(path: Path | None) -> Policy:
    """What is in force: the defaults, and what the file says.

    Args:
        path: an aftershock.yml; None for the defaults alone.

    Raises:
        ConfigError: it cannot be read, or says something that cannot be followed.
    """
    if path is None:
        return Policy()
    given = _read(path)
    top = {key: found.value for key, found in given.items() if "." not in key}
    for section, type_ in SECTIONS.items():
        top[section] = type_(**{name: given[f"{section}.{name}"].value for name in inside(section) if f"{section}.{name}" in given})
    return Policy(**top, path=str(path))


def explain(policy: Policy, path: Path | None) -> list[InForce]:
    """Every setting, its value in ``policy`` and where it comes from, in the order of the reference.

    Args:
        policy: what ``load_policy(path)`` returned.
        path: the file, or None.

    Raises:
        ConfigError: the file cannot be read (any more).
    """
    given = _read(path) if path is not None else {}
    rows = []
    for setting in SETTINGS:
        value = msgspec.to_builtins(value_of(policy, setting.key))
        found = given.get(setting.key)
        if setting.key == "severity.rules":
            value = {**dict.fromkeys(SEVERITY_RULES, True), **value}
        parts = {f"{setting.key}.{key}": (part, key) for key, part in value.items()} if isinstance(setting.default, dict) else {setting.key: (value, "")}
        for key, (part, name) in parts.items():
            line = 0 if found is None else found.lines.get(name, 0) if name else found.line
            rows.append(InForce(key, part, f"{path}:{line}" if line else "default"))
    return rows


def _read(path: Path) -> dict[str, _Given]:
    """What the file sets, by dotted key."""
    file = str(path)
    tree = parse(_text(path), file)
    if tree is None:
        return {}
    given = {}
    found = entries(tree, At(file, "", tree.line), TOP)
    for top, (value, at) in found.items():
        settings = inside(top)
        inner = entries(value, at, settings) if settings else {"": (value, at)}
        for name, (part, place) in inner.items():
            key = f"{top}.{name}" if name else top
            setting = next(setting for setting in SETTINGS if setting.key == key)
            lines = {inner_key: line.line for inner_key, (_, line) in entries(part, place).items()} if isinstance(setting.default, dict) else {}
            given[key] = _Given(setting.kind.read(part, place, setting.default), place.line, lines)
    return given


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise ConfigError(str(path), "is a folder" if path.is_dir() else "is not there, or not a file", "Name an aftershock.yml")
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read ({error.strerror})", "Check its permissions") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(str(path), f"is larger than {MAX_BYTES} bytes", "Settings are shorter; it may be another file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}:{data.count(10, 0, error.start) + 1}", "is not UTF-8", "Save it as UTF-8") from None
    if not text.strip():
        raise ConfigError(str(path), "is empty", "Remove it, or write a setting")
    return text
