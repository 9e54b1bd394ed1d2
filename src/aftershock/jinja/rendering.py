"""A node's raw code as the SQL that dbt would make of it, without dbt and without a warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aftershock.jinja.refusal import CannotRender

if TYPE_CHECKING:
    from aftershock.jinja.context import Context
    from aftershock.model import Node
    from aftershock.model.code import NodeCode


def render(code: NodeCode, node: Node, context: Context, *, incremental: bool) -> str:
    """The SQL of one node. An ephemeral parent is named ``__dbt__cte__<identifier>``; the caller knows its SQL.

    Args:
        code: the node's code.
        node: the node.
        context: its project's.
        incremental: what ``is_incremental()`` says, if the node is incremental at all.

    Raises:
        CannotRender: the SQL cannot be known here; says why.
    """
    return _rendered(code, node, context, incremental=incremental).text


class _Text(NamedTuple):
    text: str
    asked: bool = False
    guessed: tuple[str, ...] = ()


def variants(code: NodeCode, node: Node, context: Context) -> tuple[str, ...]:
    """The SQL of a node: of a first or full run and, where it differs, of an incremental one, in this order.

    Raises:
        CannotRender: one of them cannot be known here: what the other reads would be only part of the truth.
    """
    return tuple(found.text for found in _variants(code, node, context, guessing=False))


def guesses(code: NodeCode, node: Node, context: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """As :func:`variants`, with every setting that is not known taken as not set; and what those settings are, such as ``var 'start'``.

    Raises:
        CannotRender: something else than a setting is not known.
    """
    found = _variants(code, node, context, guessing=True)
    return tuple(each.text for each in found), tuple(dict.fromkeys(what for each in found for what in each.guessed))


def _variants(code: NodeCode, node: Node, context: Context, *, guessing: bool) -> tuple[_Text, ...]:
    first = _rendered(code, node, context, incremental=False, guessing=guessing)
    if not first.asked or node.materialized != "incremental":
        return (first,)
    second = _rendered(code, node, context, incremental=True, guessing=guessing)
    return (first,) if second.text == first.text else (first, second)


def _rendered(code: NodeCode, node: Node, context: Context, *, incremental: bool, guessing: bool = False) -> _Text:
    """The SQL, and whether it could depend on ``is_incremental()``."""
    if code.language != "sql":
        raise CannotRender(f"it is written in {code.language}")
    if not code.raw:
        raise CannotRender("the manifest has no code for it")
    if "{" not in code.raw:
        return _Text(code.raw)
    from jinja2 import TemplateError, TemplateSyntaxError

    from aftershock.jinja.functions import Return
    from aftershock.jinja.session import Session
    from aftershock.jinja.unresolved import settled

    session = Session(context, node, code, incremental=incremental, guessing=guessing)
    try:
        return _Text(settled(session.render(code.raw)), session.asked, tuple(session.guessed))
    except CannotRender:
        raise
    except Return:
        raise CannotRender("it returns a value instead of text") from None
    except TemplateSyntaxError as error:
        raise CannotRender(f"a template has an error in its syntax: {error.message}") from None
    except (RecursionError, MemoryError):
        raise CannotRender("it nests too deeply or needs too much memory") from None
    except TemplateError as error:
        raise CannotRender(error.message or type(error).__name__) from None
    except Exception as error:  # noqa: BLE001  # any Python error can come from an expression of the template
        raise CannotRender(f"an expression fails: {type(error).__name__}: {error}") from None
