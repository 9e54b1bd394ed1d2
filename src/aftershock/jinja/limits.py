"""Bounds on what a template may build, checked before it is built where that is cheap.

The process that renders is killed when it takes too long or too much; these bounds make that rare and the reason clear.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import islice
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType
from typing import TYPE_CHECKING, Any

from aftershock.jinja.refusal import CannotRender

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aftershock.jinja.values import Value

MAX_SOURCE = 4_000_000
"""Characters of one template."""
MAX_TEXT = 8_000_000
"""Characters of any text that a template makes, its result included."""
MAX_ITEMS = 200_000
"""Members of any list or range that a template makes by one operation."""
MAX_WIDTH = 2_000
"""Padding: no SQL is laid out wider."""
MAX_BITS = 4_096
"""Size of a whole number that a multiplication or a power makes."""

_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\*|\d*)(?:\.(\*|\d*))?")
_PLAIN = (str, int, float, type(None))
_MACHINERY = (FunctionType, BuiltinFunctionType, MethodType, GeneratorType, partial, type)
_DIGITS = re.compile(r"\d+")


def too_large(what: str) -> CannotRender:
    """The refusal of something beyond a bound."""
    return CannotRender(f"it makes {what} that is too large")


def bounded_join(parts: Iterable[Any]) -> str:
    """Parts as one text. jinja calls this wherever output comes together: a template's, a macro's, a block's.

    Raises:
        CannotRender: it would be longer than the bound.
    """
    texts: list[str] = []
    size = 0
    for part in parts:
        text = part if type(part) is str else as_text(part)
        size += len(text)
        if size > MAX_TEXT:
            raise too_large("a text")
        texts.append(text)
    return "".join(texts)


def as_text(value: object) -> str:
    """``str(value)``, of a list or mapping only if all that is in it can be written within the bound.

    Raises:
        CannotRender: it cannot.
    """
    return str(measured(value))


def measured(value: Value) -> Value:
    """The same value, of a list or mapping only if all that is in it can be written within the bound.

    Raises:
        CannotRender: it cannot.
    """
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        _measure(value)
    elif not isinstance(value, _PLAIN):
        _refuse_machinery(value)
    return value


def _refuse_machinery(value: object) -> None:
    """Refuse to write a function or an iterator, which is where it lies in memory: no SQL, and never twice the same."""
    if isinstance(value, _MACHINERY) or type(value).__repr__ is object.__repr__:
        raise CannotRender("it writes a function or an iterator instead of a value")


def _measure(value: object) -> None:
    """Walk a value that may hold itself many times over: small in memory, endless once written."""
    left = MAX_ITEMS
    waiting: list[object] = [value]
    while waiting:
        item = waiting.pop()
        left -= 1 + (len(item) // 40 if isinstance(item, str) else 0)
        if left < 0:
            raise too_large("a text")
        if isinstance(item, dict):
            left -= len(item)
            waiting.extend(islice(item.keys(), max(left, 0)))
            waiting.extend(islice(item.values(), max(left, 0)))
        elif isinstance(item, (list, tuple, set, frozenset)):
            waiting.extend(islice(item, max(left, 0) + 1))
        elif not isinstance(item, _PLAIN):
            _refuse_machinery(item)


def bounded(items: Iterable[Any], what: str = "a list") -> Iterator[Any]:
    """The same items, refused once they are more than a template may hold."""
    for count, item in enumerate(items):
        if count >= MAX_ITEMS:
            raise too_large(what)
        yield item


def bounded_range(*args: int) -> range:
    """``range`` of bounded length."""
    found = range(*args)
    if len(found) > MAX_ITEMS:
        raise too_large("a range")
    return found


def width(value: object) -> None:
    """Refuse a padding, an indentation or a count that no SQL needs."""
    if isinstance(value, int) and abs(value) > MAX_WIDTH:
        raise too_large("a text")


def add(left: Value, right: Value) -> Value:
    """``left + right``; doubling a text forty times must stop somewhere."""
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MAX_TEXT:
            raise too_large("a text")
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)) and len(left) + len(right) > MAX_ITEMS:
        raise too_large("a list")
    return left + right


def multiply(left: Value, right: Value) -> Value:
    """``left * right``, of texts and lists within their bounds, of whole numbers within theirs."""
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > MAX_BITS:
            raise too_large("a number")
        return left * right
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, (str, list, tuple, bytes)) and isinstance(times, int):
            bound = MAX_TEXT if isinstance(sequence, (str, bytes)) else MAX_ITEMS
            if len(sequence) * max(times, 0) > bound:
                raise too_large("a text" if isinstance(sequence, (str, bytes)) else "a list")
    return left * right


def power(left: Value, right: Value) -> Value:
    """``left ** right``, of whole numbers within their bound."""
    if isinstance(left, int) and isinstance(right, int) and right > 0 and left.bit_length() * right > MAX_BITS:
        raise too_large("a number")
    return left**right


def modulo(left: Value, right: Value) -> Value:
    """``left % right``: for a text it is formatting, whose widths are bounded."""
    if isinstance(left, str):
        percent_widths(left)
        if len(left) > MAX_TEXT:
            raise too_large("a text")
        return _checked(left % right)
    return left % right


def percent_widths(pattern: str) -> None:
    """Refuse ``%1000000000d`` and ``%*d``."""
    for match in _PERCENT.finditer(pattern):
        for digits in match.groups():
            if digits == "*" or (digits and (len(digits) > len(str(MAX_WIDTH)) or int(digits) > MAX_WIDTH)):
                raise too_large("a text")


def format_width(spec: str) -> None:
    """Refuse ``{:1000000000}``."""
    for digits in _DIGITS.findall(spec):
        if len(digits) > len(str(MAX_WIDTH)) or int(digits) > MAX_WIDTH:
            raise too_large("a text")


def replace(text: str, old: str, new: str, count: int = -1) -> str:
    """``text.replace(old, new, count)`` whose result is within the bound."""
    times = text.count(old) if count is None or count < 0 else min(text.count(old), count)
    if len(text) + times * max(len(new) - len(old), 0) > MAX_TEXT:
        raise too_large("a text")
    return text.replace(old, new) if count is None or count < 0 else text.replace(old, new, count)


def _checked(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise too_large("a text")
    return text
