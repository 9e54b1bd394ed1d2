"""Parts of a template that stand under a condition which another run may decide otherwise: a target, a variable, a flag.

Only the text is looked at: no template is run, and a part that is not told apart counts as one of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TAG = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SET = re.compile(r"set\s+(\w+)\s*=(.*)", re.DOTALL)
_CALL = re.compile(r"(?<![.\w])(\w+)\s*\(")
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"(?<![.\w])[a-zA-Z_]\w*")
_CONDITION = re.compile(r"\bif\b")
_CONSTANT = re.compile(r"\btarget\.type\b")
"""The kind of warehouse is the project's."""
_DECIDES = re.compile(r"\b(?:if|in|not|and|or)\b|[=!<>]=|[<>]")
OUTSIDE = frozenset({"target", "env_var", "var", "flags", "run_started_at", "invocation_id", "invocation_args_dict", "should_full_refresh", "builtins"})
"""Names by which a template knows the run that it is in."""
SETTLED = frozenset({"is_incremental", "ref", "source", "range", "not", "and", "or", "in", "if", "config", "dict", "lower", "upper", "length", "defined"})
"""Calls whose answer does not depend on the run, or of which both answers are looked at."""


class Part(NamedTuple):
    """A stretch of a template under conditions that depend on the run.

    ``conditions`` are as they are written, ``text`` is without comments and blanks, and ``by`` are the names of :data:`OUTSIDE` that decide, ``call``
    where a macro may.
    """

    conditions: tuple[str, ...]
    text: str
    by: frozenset[str] = frozenset()

    def is_in(self, sql: str) -> bool:
        """Whether all that it says beside its expressions stands in some SQL, which has no comments and single blanks."""
        return all(piece in sql for piece in (plain(each) for each in _TAG.split(self.text)) if piece)


def plain(text: str) -> str:
    """A text without comments of SQL, and with single blanks."""
    return " ".join(_COMMENT.sub(" ", text).split())


def parts(template: str) -> list[Part]:
    """The parts of a template that another run may not have, in their order; an expression that decides something itself is one."""
    found: list[Part] = []
    open_: list[list[str]] = []
    known = {name: frozenset({name}) for name in OUTSIDE}
    for tag, text in _pieces(template):
        words = tag[2:-2].strip("-+ \n\t") if tag else ""
        kind = words.partition(" ")[0]
        if tag.startswith("{%"):
            if (given := _SET.match(words)) is not None and (by := _named(given[2], known)):
                known[given[1]] = by
                found.extend([Part((), f"{{% {' '.join(words.split())} %}}", by)] if _DECIDES.search(_STRING.sub("", given[2])) else [])
            _walk(open_, kind, " ".join(words.split()))
            continue
        levels = [(level, by) for level in open_ if (by := frozenset().union(*(_depends(each, known) for each in level)))]
        conditions, by = tuple(condition for level, _ in levels for condition in level), frozenset[str]().union(*(by for _, by in levels))
        if tag.startswith("{{"):
            own = _named(words, known) if _CONDITION.search(_STRING.sub("", words)) else frozenset[str]()
            found.extend([Part(conditions, " ".join(tag.split()), by | own)] if by | own else [])
        elif conditions and plain(text):
            found.append(Part(conditions, plain(text), by))
    return found


def _pieces(template: str) -> Iterator[tuple[str, str]]:
    """Tags, and the texts between them; comments left out."""
    place = 0
    for tag in _TAG.finditer(template):
        yield "", template[place : tag.start()]
        if not tag[0].startswith("{#"):
            yield tag[0], ""
        place = tag.end()
    yield "", template[place:]


def _walk(open_: list[list[str]], kind: str, words: str) -> None:
    """Go into a branch, on to the next one, or out."""
    if kind in {"if", "for"}:
        open_.append([words] if kind == "if" else [])
    elif kind in {"elif", "else"} and open_ and open_[-1]:
        open_[-1].append(words)
    elif kind in {"endif", "endfor"} and open_:
        open_.pop()


def _depends(expression: str, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """By what another run may decide an expression otherwise; empty where by nothing."""
    called = any(name not in SETTLED and name not in known for name in _CALL.findall(_STRING.sub("", expression)))
    return _named(expression, known) | ({"call"} if called else frozenset())


def _named(expression: str, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """What the names in an expression stand for, without those of attributes."""
    names = _NAME.findall(_CONSTANT.sub("", _STRING.sub("", expression)))
    return frozenset[str]().union(*(known[name] for name in names if name in known))
