"""The sandbox: jinja2 as dbt sets it up, in which a template reaches only what is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import BuiltinMethodType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, cast

from jinja2 import Template, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace, missing

from aftershock.jinja import limits
from aftershock.jinja.exposed import Exposed
from aftershock.jinja.filters import filters
from aftershock.jinja.methods import BoundedFormatter, datetime_class, guarded, readable
from aftershock.jinja.modules import DATETIME_NAMES
from aftershock.jinja.refusal import CannotRender
from aftershock.jinja.unresolved import deciding, shown

if TYPE_CHECKING:
    from aftershock.jinja.values import Value

MACRO_PREFIX = "dbt_macro__"
"""dbt renames each macro where it is defined, so that a macro that calls itself, or another of its file, is looked up like any other."""
_CALLABLE = (Exposed, Macro, FunctionType, MethodType, BuiltinMethodType, partial, LoopContext, Joiner)
_CLASSES = (dict, Namespace, Cycler, Joiner)


class Missing(Undefined):
    """A name that nothing defines: as in dbt it is false and empty.

    But a name that neither the template nor the manifest knows is not printed as nothing: more likely it is something that is not known here.
    """

    def __str__(self) -> str:
        if self._undefined_hint is not None or self._undefined_obj is not missing:  # an argument that was left out, or a key of the template's own mapping
            return ""
        raise CannotRender(self._undefined_message)

    def __call__(self, *_args: object, **_kwargs: object) -> Value:
        """Refuse: what is called is mostly a macro, and of a package that the manifest does not hold."""
        raise CannotRender(f"{self._undefined_name}() is not in the manifest")


class Sandbox(SandboxedEnvironment):
    """Allowlists in place of jinja2's denylists: of attributes by type, and of what can be called."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    binops: Mapping[str, Callable[[Any, Any], Any]] = {"+": limits.add, "*": limits.multiply, "**": limits.power, "%": limits.modulo}
    concat = staticmethod(limits.bounded_join)

    def __init__(self) -> None:
        extensions = ["jinja2.ext.do", "jinja2.ext.loopcontrols", MaterializationBlock, TestBlock]
        super().__init__(undefined=Missing, optimized=False, finalize=shown, extensions=extensions, cache_size=0)
        self.code_generator_class = Generator
        self.filters = filters()
        tests = cast("dict[str, Callable[..., Value]]", self.tests)
        self.tests = {name: test if name in {"defined", "undefined"} else deciding(test) for name, test in tests.items()}
        self.globals = {"range": limits.bounded_range, "dict": dict, "namespace": Namespace, "cycler": Cycler, "joiner": Joiner}
        self._formatter = BoundedFormatter(self.getattr, self.getitem)

    def getattr(self, obj: Value, attribute: str) -> Value:
        """``obj.attribute`` as far as the type's list goes, then ``obj['attribute']`` of a mapping.

        Raises:
            CannotRender: it has such an attribute, but it is not for templates.
        """
        if attribute in readable(type(obj)):
            return guarded(obj, attribute, self._formatter)
        if isinstance(obj, Exposed):
            return obj.absent(attribute)
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self._absent(obj, attribute)
        if isinstance(obj, Namespace) and not attribute.startswith("_"):
            return getattr(obj, attribute, self.undefined(obj=obj, name=attribute))
        if datetime_class(obj) and attribute in DATETIME_NAMES:
            return getattr(obj, attribute)
        return self._absent(obj, attribute)

    def getitem(self, obj: Value, argument: Value) -> Value:
        """``obj[argument]`` of a container, else the attribute of that name."""
        if not isinstance(obj, (type, Undefined)):
            try:
                return obj[argument]
            except (TypeError, LookupError):
                pass
        return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=argument)

    def _absent(self, obj: Value, attribute: str) -> Undefined:
        if isinstance(obj, Undefined):
            raise CannotRender(obj._undefined_message)  # noqa: SLF001  # jinja2's own text for it
        if attribute.startswith("_") or callable(obj) or hasattr(obj, attribute):
            raise CannotRender(f"it reaches for '{attribute}' of a {type(obj).__name__}, which templates may not")
        return self.undefined(obj=obj, name=attribute)

    def is_safe_callable(self, obj: Value) -> bool:
        """Whether a template may call this: what was handed to it, or a value's own method."""
        return isinstance(obj, _CALLABLE) or obj in _CLASSES or datetime_class(obj)

    def call(__self, __context: Context, __obj: Value, *args: Value, **kwargs: Value) -> Value:  # noqa: N805, PYI063  # as jinja2 has it: a keyword may have any name
        """Call what a template may call.

        Raises:
            CannotRender: it may not.
        """
        if isinstance(__obj, Undefined):
            return __obj()
        if not isinstance(__obj, _CALLABLE) and not __self.is_safe_callable(__obj):
            raise CannotRender(f"it calls a {type(__obj).__name__}, which templates may not")
        return __context.call(__obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Value, right: Value) -> Value:  # noqa: ARG002  # jinja2's signature
        """Operators that can build something huge, within their bounds."""
        return self.binops[operator](left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return MacroParser(self, source, name, filename).parse()


class Generator(CodeGenerator):
    """``~`` is bounded, and ``config(…)`` is not evaluated: the manifest holds its outcome, and its arguments are often unknown here."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> str:
        """Only a template's own text: what is evaluated while it is compiled would pass by the sandbox."""
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802  # jinja2's name
        """Join through the bounded join."""
        self.write("environment.concat((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: FBT001, FBT002, N802  # jinja2's name and signature
        """A call, or nothing for the model's config."""
        if isinstance(node.node, nodes.Name) and node.node.name == "config" and not forward_caller and _is_global(frame, "config"):
            self.write("''")
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)


def _is_global(frame: Frame, name: str) -> bool:
    reference = frame.symbols.find_ref(name)
    load = frame.symbols.find_load(reference) if reference is not None else None
    return load is not None and load[0] == VAR_LOAD_RESOLVE


class MacroParser(Parser):
    """jinja2's parser with dbt's prefix of macros' names, and its types of their arguments, which mean nothing to a renderer."""

    def parse_macro(self) -> nodes.Macro:
        """``{% macro name(…) %}``."""
        node = nodes.Macro(lineno=next(self.stream).lineno)
        node.name = MACRO_PREFIX + self.parse_assign_target(name_only=True).name
        self.parse_signature(node)
        node.body = self.parse_statements(("name:endmacro",), drop_needle=True)
        return node

    def parse_signature(self, node: nodes.Macro | nodes.CallBlock) -> None:
        """The arguments, each perhaps with a type and a default."""
        args: list[nodes.Name] = []
        defaults: list[nodes.Expr] = []
        node.args, node.defaults = args, defaults
        self.stream.expect("lparen")
        while self.stream.current.type != "rparen":
            if args:
                self.stream.expect("comma")
            argument = self.parse_assign_target(name_only=True)
            argument.set_ctx("param")
            if self.stream.skip_if("colon"):
                self._skip_type()
            if self.stream.skip_if("assign"):
                defaults.append(self.parse_expression())
            elif defaults:
                self.fail("non-default argument follows default argument")
            args.append(argument)
        self.stream.expect("rparen")

    def _skip_type(self) -> None:
        self.stream.expect("name")
        if self.stream.skip_if("lbracket"):
            self._skip_type()
            while self.stream.skip_if("comma"):
                self._skip_type()
            self.stream.expect("rbracket")


class MaterializationBlock(Extension):
    """``{% materialization … %}``: it is parsed, since a manifest counts it as a macro, and never run."""

    tags = {"materialization"}

    def parse(self, parser: Parser) -> nodes.Node:
        """A macro without arguments, of a name that nothing calls."""
        node = nodes.Macro(lineno=next(parser.stream).lineno)
        node.name, node.args, node.defaults = f"{MACRO_PREFIX}materialization", [], []
        while parser.stream.current.type != "block_end":
            next(parser.stream)
        node.body = parser.parse_statements(("name:endmaterialization",), drop_needle=True)
        return node


class TestBlock(Extension):
    """``{% test name(…) %}``: the macro ``test_name``."""

    tags = {"test"}

    def parse(self, parser: Parser) -> nodes.Node:
        """A macro with the prefix that dbt gives tests."""
        node = nodes.Macro(lineno=next(parser.stream).lineno)
        node.name = f"{MACRO_PREFIX}test_{parser.parse_assign_target(name_only=True).name}"
        parser.parse_signature(node)
        node.body = parser.parse_statements(("name:endtest",), drop_needle=True)
        return node


@lru_cache(maxsize=1)
def sandbox() -> Sandbox:
    """The one environment of this process."""
    return Sandbox()


@lru_cache(maxsize=8192)
def compiled(source: str) -> Template:
    """A template, compiled once in this process.

    Raises:
        CannotRender: it is too large.
    """
    if len(source) > limits.MAX_SOURCE:
        raise limits.too_large("a template")
    return sandbox().from_string(source)
