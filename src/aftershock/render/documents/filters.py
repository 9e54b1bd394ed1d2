"""What templates may do to values: a short list of filters and tests, each within its bounds, none of which lets raw text through."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from jinja2.filters import FILTERS
from jinja2.tests import TESTS
from markupsafe import Markup

from aftershock.jinja import limits
from aftershock.render.documents.view import Piece, Said, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aftershock.render.documents.environment import DocumentEnvironment

    Filter = Callable[..., Any]

WORDS = ("capitalize", "lower", "title", "trim", "truncate", "upper", "wordcount")
"""jinja2's filters for texts; a line of a document is a text to them."""

LISTS = (
    "abs", "batch", "count", "d", "default", "first", "float", "groupby", "int", "items", "last", "length", "list", "map", "max", "min", "reject",
    "rejectattr", "reverse", "round", "select", "selectattr", "slice", "sort", "sum", "unique",
)  # fmt: skip
"""jinja2's filters for lists and numbers."""

FILTER_NAMES = tuple(sorted({*WORDS, *LISTS, "code", "e", "escape", "indent", "join", "link", "replace", "strong"}))
"""All that a template may use."""

KEPT_TESTS = frozenset(TESTS) - {"filter", "test", "callable", "escaped"}


def filters(environment: DocumentEnvironment) -> dict[str, Filter]:
    """All filters by name.

    Args:
        environment: whose form and meter count.
    """
    theirs = cast("dict[str, Filter]", FILTERS)
    found: dict[str, Filter] = {name: _of_words(environment, theirs[name]) for name in WORDS}
    found |= {name: _of_lists(environment, theirs[name], sized=name in {"batch", "slice"}) for name in LISTS}

    def join(items: Iterable[Any], separator: object = "", attribute: str | None = None) -> Markup:
        """The items, each inert, with the separator between them."""
        kept = environment.turns(items)
        if attribute is not None:
            kept = [environment.getattr(item, attribute) for item in kept]
        between = environment.form.text(str(separator)) if str(separator).strip() else str(separator)
        between = _spaced(str(separator), between)
        return Markup(limits.bounded_join([part for item in kept for part in (between, str(environment.inert(item)))][1:]))  # noqa: S704  # each part is inert

    def replace(text: object, old: object, new: object, count: int = -1) -> str:
        """The words with some of them replaced; made inert anew when they are printed."""
        made = limits.replace(_words(text), _words(old), _words(new), count)
        environment.meter.made(made)
        return made

    def indent(text: object, by: int = 4, first: bool = False) -> Markup:  # noqa: FBT001, FBT002  # jinja2's signature
        """Every line further to the right."""
        limits.width(by)
        lines = str(environment.inert(text)).split("\n")
        return Markup("\n".join(" " * by + line if line and (at or first) else line for at, line in enumerate(lines)))  # noqa: S704  # as it was

    def code(text: object) -> Markup:
        """A name that a program knows, as the form writes it."""
        return environment.inert(Said((Piece(_words(text), "name"),)))

    def strong(text: object) -> Markup:
        """Words that matter, as the form writes them."""
        return environment.inert(Said((Piece(_words(text), "strong"),)))

    def link(text: object, url: object) -> Markup:
        """A link, where the address is one of the web."""
        return environment.inert(Said((Piece(_words(text), "link", _words(url)),)))

    own: dict[str, Filter] = {
        "join": join,
        "replace": replace,
        "indent": indent,
        "e": environment.inert,
        "escape": environment.inert,
        "code": code,
        "strong": strong,
        "link": link,
    }
    return {**found, **own}


def tests() -> dict[str, Filter]:
    """All tests by name."""
    theirs = cast("dict[str, Filter]", TESTS)
    return {name: theirs[name] for name in KEPT_TESTS}


def _spaced(given: str, shown: str) -> str:
    before = " " if given[:1] == " " and not shown.startswith(" ") else ""
    after = " " if given[-1:] == " " and not shown.endswith(" ") else ""
    return f"{before}{shown}{after}"


def _words(value: object) -> str:
    """A value's words, no longer markup."""
    if isinstance(value, Markup):
        return str.__str__(value)
    return str(value) if isinstance(value, (str, Shown)) else limits.as_text(value)


def _of_words(environment: DocumentEnvironment, found: Filter) -> Filter:
    """A filter on the words of a value; what it makes is made inert when it is printed."""

    @wraps(found)  # keeps jinja2's mark of filters whose first argument is its own
    def wrapped(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # jinja2's own signatures
        made = found(*(_words(arg) if isinstance(arg, (Shown, str)) else arg for arg in args), **kwargs)
        environment.meter.made(made)
        return made

    return wrapped


def _of_lists(environment: DocumentEnvironment, found: Filter, *, sized: bool) -> Filter:
    """A filter whose work is counted by what it goes over; with ``sized``, its numbers are sizes."""

    @wraps(found)  # as above
    def wrapped(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        for arg in (*args, *kwargs.values()):
            environment.meter.made(arg)
            if sized:
                limits.width(arg)
        return found(*args, **kwargs)

    return wrapped
