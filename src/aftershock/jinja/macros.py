"""Macros by name: which one dbt would call, and the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2.runtime import Macro

from aftershock.jinja.adapters import family, internal_packages
from aftershock.jinja.exposed import Exposed
from aftershock.jinja.functions import Return
from aftershock.jinja.refusal import CannotRender
from aftershock.jinja.sandbox import MACRO_PREFIX, compiled, sandbox
from aftershock.jinja.unresolved import RUN_QUERY, Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aftershock.jinja.context import Context
    from aftershock.jinja.values import Value

DBT = "dbt"


class Macros:
    """The macros that one node's templates can call.

    As in dbt a bare name is looked up from where the node is, not from where the macro is that says it.
    """

    def __init__(self, context: Context, package: str, names: Mapping[str, Any]) -> None:
        self._context = context
        self._package = package
        self._names = names
        self._functions: dict[tuple[str, str], Macro] = {}
        self._internal = internal_packages(context.adapter)

    def bare(self, name: str) -> MacroCall | Package | Unresolved | None:
        """What a bare name means: a macro of the node's package, of the project, a package, or a macro that comes with dbt."""
        for package in (self._package, self._context.project):
            if package not in self._internal and name in self._context.macros.get(package, ()):
                return MacroCall(self, package, name)
        if name == DBT or name in self._context.macros:
            return Package(self, name)
        return self.within(DBT, name)

    def within(self, package: str, name: str) -> MacroCall | Unresolved | None:
        """A macro of a package; ``dbt`` is also the adapter's own packages, nearest first."""
        if package == DBT and name == "run_query":
            return Unresolved(RUN_QUERY)
        for place in self._internal if package == DBT else (package,):
            if name in self._context.macros.get(place, ()):
                return MacroCall(self, place, name)
        return None

    def dispatch(self, macro_name: str, macro_namespace: str | None = None, packages: Sequence[str] | None = None) -> MacroCall:
        """``adapter.dispatch``: the most special implementation, of the project before the namespace's.

        Raises:
            CannotRender: none is in the manifest.
        """
        prefixes = (*family(self._context.adapter), "default")
        for package in self._places(macro_namespace, packages):
            for prefix in prefixes:
                name = f"{prefix}__{macro_name}"
                found = self.bare(name) if package is None else self.within(package, name)
                if isinstance(found, MacroCall):
                    return found
        raise CannotRender(f"no implementation of macro {macro_namespace + '.' if macro_namespace else ''}{macro_name} is in the manifest")

    def _places(self, namespace: str | None, packages: Sequence[str] | None) -> Sequence[str | None]:
        if packages is not None:  # before 0.20
            return [*packages, None]
        if namespace is None:
            return [None]
        return self._context.dispatch.get(namespace) or (self._context.project, namespace)

    def call(self, package: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
        """Call a macro of a package.

        Raises:
            CannotRender: it cannot be rendered.
        """
        function = self._functions.get((package, name)) or self._define(package, name)
        try:
            return function(*args, **kwargs)
        except Return as found:
            return found.value

    def _define(self, package: str, name: str) -> Macro:
        template = compiled(self._context.macros[package][name])
        environment = sandbox()
        scope = environment.context_class(environment, self._names, None, template.blocks)  # type: ignore[arg-type]  # a mapping, of which jinja2 only looks names up
        for _ in template.root_render_func(scope):
            pass
        function = scope.vars.get(MACRO_PREFIX + name)
        if not isinstance(function, Macro):
            raise CannotRender(f"macro {package}.{name} is not what its name says")
        self._functions[package, name] = function
        return function


class MacroCall(Exposed):
    """One macro, ready to be called."""

    def __init__(self, macros: Macros, package: str, name: str) -> None:
        self._macros = macros
        self._package = package
        self._name = name

    def label(self) -> str:
        """Its full name."""
        return f"macro {self._package}.{self._name}"

    def __call__(self, *args: Value, **kwargs: Value) -> Value:
        """Its text, or what it returns."""
        return self._macros.call(self._package, self._name, args, kwargs)


class Package(Exposed):
    """A package's macros: ``dbt_utils.star``."""

    def __init__(self, macros: Macros, name: str) -> None:
        self._macros = macros
        self._name = name

    def label(self) -> str:
        """Its name."""
        return f"package {self._name}"

    def absent(self, name: str) -> Value:
        """The macro of this name; undefined where there is none, as in dbt."""
        if name == "get":
            return self.get
        return self.get(name, sandbox().undefined(name=f"{self._name}.{name}"))

    def get(self, name: str, default: Value = None) -> Value:
        """As of a mapping."""
        found = self._macros.within(self._name, name)
        return default if found is None else found

    def __getitem__(self, name: str) -> Value:
        return self.absent(name)
