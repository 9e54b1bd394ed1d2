"""What the ``config()`` calls of a template say, as far as they say it plainly."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from aftershock.artifacts.editing.settings import normal, together

if TYPE_CHECKING:
    from aftershock.artifacts.editing.parts import Json

COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_CONFIG = re.compile(r"(?<![\w.])config\s*\(")
_NAMES = {"true": True, "false": False, "none": None}


def configs(text: str) -> Json | None:
    """What the ``config()`` calls of a template say together, under dbt's own names; None where they say something that is no plain value."""
    found: Json = {}
    for call in calls(text):
        value = _literal(call)
        if value is None:
            return None
        found = together(found, normal(value))
    return found


def calls(text: str) -> list[str]:
    """The arguments of each ``config()`` call, as written."""
    bare = COMMENT.sub("", text)
    return [arguments for call in _CONFIG.finditer(bare) if (arguments := _arguments(bare, call.end())) is not None and _is_jinja(bare, call.start())]


def _is_jinja(text: str, at: int) -> bool:
    return max(text.rfind("{{", 0, at), text.rfind("{%", 0, at)) > max(text.rfind("}}", 0, at), text.rfind("%}", 0, at))


def _arguments(text: str, start: int) -> str | None:
    """What stands up to the parenthesis that closes the call; None where none does."""
    depth, quote, at = 1, "", start
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if not depth:
                return text[start:at]
        at += 1
    return None


def _literal(arguments: str) -> Json | None:
    """Keyword arguments, or one mapping, of plain values."""
    try:
        call = ast.parse(f"f({arguments.strip()}\n)", mode="eval").body
        if not isinstance(call, ast.Call):
            return None
        found: dict[str, Any] = {}
        for argument in call.args:
            value = ast.literal_eval(_Plain().visit(argument))
            if not isinstance(value, dict):
                return None
            found.update(value)
        for keyword in call.keywords:
            if keyword.arg is None:
                return None
            found[keyword.arg] = ast.literal_eval(_Plain().visit(keyword.value))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    return {str(key): list(value) if isinstance(value, (tuple, set)) else value for key, value in found.items()}


class _Plain(ast.NodeTransformer):
    """Jinja's names for what Python calls True, False and None."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """One of them as a constant."""
        return ast.copy_location(ast.Constant(_NAMES[node.id]), node) if node.id in _NAMES else node
