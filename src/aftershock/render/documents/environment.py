"""The sandbox in which templates of documents are rendered: jinja2's immutable one, with allowlists and counted work.

Every value that a template prints is made inert in the document's form. What a template writes itself (its own text, and what macros, blocks and
``{% set %}…{% endset %}`` print) is markup and stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import BuiltinMethodType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, ClassVar, cast

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace, missing
from markupsafe import Markup

from aftershock.jinja import limits
from aftershock.jinja.methods import BoundedFormatter, guarded, readable
from aftershock.jinja.refusal import CannotRender
from aftershock.render.documents.bounds import MAX_OUTPUT, MAX_SOURCE, MAX_WORK, Meter
from aftershock.render.documents.filters import filters, tests
from aftershock.render.documents.view import Field, Said, Shown, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2 import BaseLoader, Template
    from jinja2.runtime import Context

    from aftershock.render.documents.inert import Form

VARIABLES = (*(name for name in View.__struct_fields__ if name != "heading"), "field", "section", "now", "zone")
"""The names that every template has."""

COUNTED = "counted turns"
"""The filter around what a loop goes over; no template can write this name."""

_CALLABLE = (Macro, BlockReference, FunctionType, MethodType, BuiltinMethodType, LoopContext, Joiner, partial)
_CLASSES = (Namespace, Cycler, Joiner)


class Absent(StrictUndefined):
    """A name that is not there; what is raised says which there are."""

    @property
    def _undefined_message(self) -> str:
        owner, asked = self._undefined_obj, self._undefined_name
        if self._undefined_hint:
            return self._undefined_hint
        if owner is missing and asked in VARIABLES:
            return f"an imported template has no {asked}: import it with context, or hand it over"
        if owner is missing:
            return f"there is no {asked}; there are: {', '.join(VARIABLES)}"
        known = names_of(owner)
        return f"{kind_of(owner)} has no {asked}" + (f"; it has: {', '.join(known)}" if known else "")


KINDS: dict[str, str] = {
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "a truth value",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
    "NoneType": "nothing",
    "Said": "a line",
    "Identity": "the incident",
    "TemplateReference": "self",
}
"""What a template's author would call a value, by its type; a type that is not here has its own name."""


def kind_of(value: object) -> str:
    """What a template's author would call a value."""
    kind = type(value).__name__
    return KINDS.get(kind) or f"a {kind.lower()}"


def names_of(value: object) -> list[str]:
    """What a template may read of a value by name."""
    if isinstance(value, Shown):
        return list(value.__struct_fields__)
    return [str(key) for key in value][:60] if isinstance(value, Mapping) else []


class DocumentEnvironment(ImmutableSandboxedEnvironment):
    """The environment of one rendering.

    Args:
        form: how values are made inert.
        loader: where templates are.
    """

    intercepted_binops = frozenset({"+", "*", "**", "%", "//", "/", "-"})
    concat = staticmethod(limits.bounded_join)
    operators: ClassVar[Mapping[str, Callable[[Any, Any], Any]]] = {
        "*": limits.multiply,
        "**": limits.power,
        "%": limits.modulo,
        "//": lambda left, right: left // right,
        "/": lambda left, right: left / right,
        "-": lambda left, right: left - right,
    }

    def __init__(self, form: Form, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=Absent,
            autoescape=True,
            optimized=False,
            finalize=self.inert,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=50,
        )
        self.form = form
        self.meter = Meter()
        self.code_generator_class = Generator
        self.filters = cast("dict[str, Any]", {**filters(self), COUNTED: self.turns})
        self.tests = cast("dict[str, Any]", tests())
        self.globals = {"range": self.range, "namespace": Namespace, "cycler": Cycler, "joiner": Joiner}
        self._formatter = BoundedFormatter(self.getattr, self.getitem)

    def inert(self, value: object) -> Markup:
        """What is printed for a value: markup as it is, anything else inert.

        Raises:
            CannotRender: it is nothing that people read.
        """
        self.meter.spend()
        if isinstance(value, Markup):
            return value
        if isinstance(value, Absent):
            str(value)  # raises
        said = value.value if isinstance(value, Field) else value
        if isinstance(said, (list, tuple, Mapping)) or (isinstance(said, Shown) and not isinstance(said, Said)):
            raise CannotRender(f"it writes {kind_of(said)} as a whole: write its parts, or go over them")
        shown = self.form.value(said) if isinstance(said, Said) else self.form.text(limits.as_text(said))
        self.meter.made(shown)
        return Markup(shown)  # noqa: S704  # made inert just now

    def joined(self, parts: Iterable[object]) -> str:
        """``a ~ b``: text of texts, or markup where one of them is."""
        kept = list(parts)
        if any(isinstance(part, Markup) for part in kept):
            return Markup(limits.bounded_join([str(self.inert(part)) for part in kept]))  # noqa: S704  # each part is
        made = limits.bounded_join([str(part) if isinstance(part, Shown) else limits.as_text(part) for part in kept])
        self.meter.made(made)
        return made

    def turns(self, items: Iterable[Any]) -> list[Any]:
        """What a loop goes over, counted before it begins."""
        if isinstance(items, Absent):
            iter(items)  # raises
        if isinstance(items, Shown):
            raise CannotRender(f"it goes over {kind_of(items)}, which is no list")
        found = list(limits.bounded(items))
        self.meter.spend(len(found))
        return found

    def range(self, *args: int) -> range:
        """``range`` of bounded length, counted."""
        found = limits.bounded_range(*args)
        self.meter.spend(len(found))
        return found

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401  # jinja2's signature
        """``obj.attribute``, of what templates may read.

        Raises:
            CannotRender: it is not for templates.
        """
        obj = _plain(obj)
        if isinstance(obj, Absent):
            str(obj)  # raises
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if attribute in readable(type(obj)) and self.is_safe_attribute(obj, attribute, None):
            return guarded(obj, attribute, self._formatter)
        return self.undefined(obj=obj, name=attribute) if (found := _own(obj, attribute)) is missing else found

    def getitem(self, obj: Any, argument: Any) -> Any:  # noqa: ANN401  # jinja2's signature
        """``obj[argument]`` of a list or a mapping, else the attribute of that name."""
        obj = _plain(obj)
        if isinstance(obj, (str, list, tuple, range, Mapping)):
            try:
                return obj[argument]
            except (TypeError, LookupError, ValueError):
                pass
        return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=argument)

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ANN401  # jinja2's signature
        """Whether a template may call this: what was handed to it, or a value's own method."""
        return isinstance(obj, _CALLABLE) or obj in _CLASSES

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, N805, PYI063  # as jinja2 has it: a keyword may have any name
        """Call what a template may call, counted.

        Raises:
            CannotRender: it may not.
        """
        __self.meter.spend()
        if isinstance(__obj, Absent):
            str(__obj)  # raises
        if not __self.is_safe_callable(__obj):
            raise CannotRender(f"it calls {kind_of(__obj)}, which templates may not")
        made = __context.call(__obj, *args, **kwargs)
        __self.meter.made(made)
        return made

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401, ARG002  # jinja2's signature
        """Operators that can build something huge, within their bounds."""
        if operator == "+" and (isinstance(left, (str, Shown)) or isinstance(right, (str, Shown))):
            return self.joined((left, right))
        made = limits.add(left, right) if operator == "+" else self.operators[operator](_plain(left), _plain(right))
        self.meter.made(made)
        return made

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > MAX_SOURCE:
            raise CannotRender(f"it has more than {MAX_SOURCE:,} characters")
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, COUNTED, [], [], None, None, lineno=loop.lineno)
        return tree

    def _load_template(self, name: str, globals: Any) -> Template:  # noqa: A002, ANN401  # jinja2's signature
        self.meter.spend(20)
        return super()._load_template(name, globals)

    def rendered(self, name: str, values: Mapping[str, object]) -> str:
        """A template's whole output.

        Raises:
            CannotRender: it is too long, or reaches for what templates may not.
        """
        self.meter.left = MAX_WORK
        made = self.get_template(name).render(values)
        if len(made) > MAX_OUTPUT:
            raise CannotRender(f"it makes more than {MAX_OUTPUT:,} characters")
        return made


class Generator(CodeGenerator):
    """``~`` goes through the environment, and nothing is evaluated while a template is compiled: it would pass by the sandbox."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802  # jinja2's name
        """Join through the environment."""
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


def _own(obj: object, name: str) -> Any:  # noqa: ANN401  # any value of a template
    """What one of our values, a ``namespace``, ``self`` or an imported template has under a name; ``missing`` where it has nothing."""
    if isinstance(obj, Shown):
        return getattr(obj, name) if name in obj.__struct_fields__ else missing
    if isinstance(obj, TemplateReference):
        try:
            return obj[name]
        except KeyError:
            return missing
    return getattr(obj, name, missing) if isinstance(obj, (Namespace, TemplateModule)) and not name.startswith("_") else missing


def _plain(value: Any) -> Any:  # noqa: ANN401  # any value of a template
    """Markup as a text: what is done to it may break what made it inert, so that it is made inert anew."""
    return str.__str__(value) if isinstance(value, Markup) else value
