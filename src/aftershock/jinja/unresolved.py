"""An answer of the warehouse that stays unknown, and yet does no harm inside a literal.

``where updated_at > '{{ run_query('select max(…)').columns[0].values()[0] }}'`` reads the same columns whatever the answer is.
So an answer may be carried about and printed between single quotes; to decide by it, or to print it elsewhere, is refused.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from aftershock.jinja.exposed import Unknown
from aftershock.jinja.limits import measured
from aftershock.jinja.refusal import CannotRender

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock.jinja.values import Value

_MARK = "\ue0a5\ue05f\ue0a5"
"""Of private characters: a template that writes it itself only makes its own literals empty."""
RUN_QUERY = "it needs the warehouse: run_query"


class Unresolved(Unknown):
    """The answer, and whatever is taken from it."""

    def absent(self, name: str) -> Value:  # noqa: ARG002  # all that is in it is as unknown
        """A part of it."""
        return self

    def __call__(self, *_args: object, **_kwargs: object) -> Value:
        """What a method of it gives."""
        return self

    def __getitem__(self, key: object) -> Value:  # type: ignore[override]  # the one thing less that is refused
        return self


def shown(value: Value) -> Value:
    """A value as it is printed."""
    return _MARK if isinstance(value, Unresolved) else measured(value)


def settled(text: str) -> str:
    """A rendered text, in which an answer may stand only as a whole literal, that is then empty.

    Raises:
        CannotRender: it stands elsewhere.
    """
    if _MARK not in text:
        return text
    text = text.replace(f"'{_MARK}'", "''")
    if _MARK in text:
        raise CannotRender(RUN_QUERY)
    return text


def deciding(test: Callable[..., Value]) -> Callable[..., Value]:
    """A test that does not decide by an answer that is not known."""

    @wraps(test)  # keeps jinja2's mark of tests whose first argument is its own
    def wrapped(*args: Value, **kwargs: Value) -> Value:
        if any(isinstance(value, Unresolved) for value in args):
            raise CannotRender(RUN_QUERY)
        return test(*args, **kwargs)

    return wrapped
