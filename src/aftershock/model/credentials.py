"""What a credential looks like: found in settings, where none belongs, and taken out of what is said to people."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"
"""What stands where a credential was."""

VARIABLE = re.compile(r"\$\{(AFTERSHOCK_[A-Z0-9_]+)\}")
"""What stands for an environment variable in a notify target's url."""

_ALONE = r"(?<![\w-])"
_KNOWN = (
    _ALONE + r"xox[a-z]{1,2}[-.][\w.-]{6,}",
    _ALONE + r"xapp-[\w-]{6,}",
    r"hooks\.slack(?:-gov)?\.com/[^\s\"'<>]+",
    r"(?<=://)[^\s/?#@:]*:[^\s/?#@]+(?=@)",
    r"(?:Bearer|Basic)\s+[\w.~+/=-]{6,}",
    _ALONE + r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    _ALONE + r"(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|sk-[\w-]{16,}|SG\.[\w.-]{16,}|AKIA[0-9A-Z]{12,})",
    _ALONE + r"\d{6,12}:[\w-]{30,}",
    _ALONE + r"[0-9A-Fa-f]{32,}(?![\w-])",
    _ALONE + r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![\w-])",
    r"(?<=[?&;])(?i:password|passwd|pass|pwd|token|secret|api_?key|key|sig|signature|auth|authorization)=[^\s&\"'<>]+",
)
_SHAPES = re.compile("|".join(_KNOWN))
_LONG = re.compile(r"[A-Za-z0-9_+/=~-]{24,}")
_MIXED = re.compile(r"(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]")
_TURNS = 3


def redacted(text: str) -> str:
    """``text`` with :data:`HIDDEN` in place of everything that looks like a credential."""
    return _LONG.sub(lambda found: HIDDEN if _is_random(found[0]) else found[0], _SHAPES.sub(HIDDEN, text))


def looks_secret(text: str, *, random: bool = True) -> bool:
    """Whether a credential seems to be in ``text``; ``random`` also counts a long run in which letters and digits alternate as one."""
    return bool(_SHAPES.search(text)) or (random and any(_is_random(run) for run in _LONG.findall(text)))


def _is_random(run: str) -> bool:
    """Whether no person chose it: letters and digits follow each other more than once or twice (``report-2026-q3`` has one turn)."""
    return len(_MIXED.findall(run)) >= _TURNS
