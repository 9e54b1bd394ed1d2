r"""Commands for PowerShell 7.3 or later.

From 7.3 on a word reaches a program as it was written. Windows PowerShell 5.1 and PowerShell up to 7.2 pass double quotes inside a word on as
they are, so that Windows takes them away: a word with ``"`` (``--vars``, ``--args``) arrives broken there, and no quoting is right in both.
"""

from __future__ import annotations

import re

from aftershock.render.escape import UNSAFE

LONGEST = 32_767
"""Characters of a whole command on Windows."""

_BARE = re.compile(r"--?[A-Za-z][A-Za-z-]*|[A-Za-z_/\\][\w./\\:=+-]*", re.ASCII)
"""Words that PowerShell reads as text: a comma makes a list, a digit a number, and a parameter is cut at a dot or colon."""

_SINGLE = re.compile("['\u2018-\u201b]")
_DOUBLE = re.compile('[`$"\u201c-\u201e]')


def powershell(argv: tuple[str, ...]) -> str:
    """One line for PowerShell that runs exactly ``argv``; words with unsafe characters are written as ``"…`u{a}…"``.

    Empty where there are no words, or where no program can be given them: a NUL, text that is not Unicode.
    """
    if not argv or any("\0" in word or _is_broken(word) for word in argv):
        return ""
    program, *words = argv
    called = program if _BARE.fullmatch(program) else f"& {_word(program)}"
    return " ".join([called, *(word if _BARE.fullmatch(word) else _word(word) for word in words)])


def _word(word: str) -> str:
    """PowerShell takes typographic quotes for its own, so that each kind is doubled or escaped."""
    if not UNSAFE.search(word):
        return "'" + _SINGLE.sub(lambda found: found[0] * 2, word) + "'"
    escaped = _DOUBLE.sub(lambda found: f"`{found[0]}", word)
    return '"' + UNSAFE.sub(lambda found: f"`u{{{ord(found[0]):x}}}", escaped) + '"'


def _is_broken(word: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in word)
