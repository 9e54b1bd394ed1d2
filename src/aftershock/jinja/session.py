"""One rendering of one node: the names that its templates can say, and what they lead to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aftershock.jinja.exposed import Exposed, Shelf, Unknown
from aftershock.jinja.functions import FUNCTIONS, Return
from aftershock.jinja.graph import Graph, NodeView
from aftershock.jinja.macros import Macros
from aftershock.jinja.modules import modules, moment
from aftershock.jinja.names import Adapter, Config, EnvVar, TargetView, Var
from aftershock.jinja.refusal import CannotRender, warehouse
from aftershock.jinja.relation import EPHEMERAL_PREFIX, PARTS, ColumnMaker, Relation, RelationMaker, Style, named
from aftershock.jinja.sandbox import compiled, sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aftershock.jinja.context import Context, Target
    from aftershock.jinja.values import Value
    from aftershock.model import Node
    from aftershock.model.code import NodeCode

_EXPRESSION = re.compile(r"\s*\{\{((?:(?!\{\{).)*)\}\}\s*\Z", re.DOTALL)
_CALL = re.compile(r"\s*((?:env_var|ref|var|source|doc)\s*\(.+\))\s*\Z")
"""dbt reads an argument of a test that looks like this as an expression, without braces."""
_WAREHOUSE = frozenset({"load_result", "store_result", "store_raw_result", "statement", "run_query", "load_agate_table", "submit_python_job"})
_UNKNOWN = frozenset(
    {
        "metric", "doc", "sql", "compiled_code", "pre_hooks", "post_hooks", "selected_resources", "invocation_args_dict",
        "dbt_metadata_envs", "thread_id", "write", "render", "validation", "results", "defer_relation", "adapter_macro", "sql_now",
        "env", "context_macro_stack", "schemas", "database_schemas",
    }
)  # fmt: skip


class Session:
    """Everything that one rendering holds; ``asked`` is whether anything depended on ``is_incremental()``.

    With ``guessing`` a setting that is not known is taken as not set, and noted in ``guessed``, instead of refused.
    """

    def __init__(self, context: Context, node: Node, code: NodeCode, *, incremental: bool, guessing: bool = False) -> None:
        self.guessed: dict[str, None] = {}
        self._guessing = guessing
        self.context = context
        self.node = node
        self.code = code
        self.asked = False
        self._incremental = incremental and node.materialized == "incremental"
        self.names = Names(self._find)
        self.macros = Macros(context, node.package, self.names)
        self.names["is_incremental"] = self.is_incremental

    def render(self, source: str) -> str:
        """A template as text.

        Raises:
            CannotRender: it, or what it calls, cannot be rendered. Other errors of the template are raised as they come.
        """
        template = compiled(source)
        environment = sandbox()
        scope = environment.context_class(environment, self.names, None, template.blocks)
        return environment.concat(template.root_render_func(scope))

    def guess(self, what: str, value: Value, why: str) -> Value:
        """A value for a setting that is not known: ``value`` where guessing is wanted.

        Raises:
            CannotRender: it is not.
        """
        if not self._guessing:
            raise CannotRender(f"{what} {why}")
        self.guessed.setdefault(what)
        return value

    def is_incremental(self) -> bool:
        """``is_incremental()``: as the caller of the rendering supposes."""
        self.asked = True
        return self._incremental

    def ref(self, *args: str, **kwargs: Value) -> Relation:
        """``ref``: the node's own package first, then the project, then any.

        Raises:
            CannotRender: there is no such node.
        """
        if not 1 <= len(args) <= 2:  # noqa: PLR2004  # name, or package and name
            raise CannotRender("it calls ref() without a name")
        *package, name = args
        version = kwargs.get("version") or kwargs.get("v") or ""
        found = self._refer(self.context.referable.get(name, ()), [*package] or self._packages(), str(version))
        if found is None:
            raise CannotRender(f"ref '{'.'.join(map(str, args))}'{f' version {version}' if version else ''} is not in the manifest")
        return self._relation(found)

    def source(self, *args: str) -> Relation:
        """``source``.

        Raises:
            CannotRender: there is no such source.
        """
        found = self._refer(self.context.sources.get(".".join(map(str, args)), ()), self._packages(), "")
        if found is None:
            raise CannotRender(f"source {'.'.join(map(str, args))} is not in the manifest")
        return self._relation(found)

    def function(self, *args: str) -> Relation:
        """``function``: a function of the project, by its name in the warehouse.

        Raises:
            CannotRender: there is no such function.
        """
        *package, name = args
        found = self._refer(self.context.functions.get(name, ()), [*package] or self._packages(), "")
        if found is None:
            raise CannotRender(f"function '{'.'.join(map(str, args))}' is not in the manifest")
        return self._relation(found)

    def get_relation(self, database: object = None, schema: object = None, identifier: object = None) -> Relation | None:
        """``adapter.get_relation``: of an incremental model's own table it is supposed with ``is_incremental()`` whether it is there.

        Raises:
            CannotRender: it is another table's, which may be there or not.
        """
        this = self._this()
        asked = tuple(str(part).lower() for part in (database, schema, identifier))
        if self.node.materialized != "incremental" or asked != tuple(str(this[part]).lower() for part in PARTS):
            raise warehouse("adapter.get_relation")
        return this.incorporate(type="table") if self.is_incremental() else None

    def _packages(self) -> list[str | None]:
        return [self.node.package, self.context.project, None]

    def _refer(self, targets: Iterable[Target], packages: Iterable[str | None], version: str) -> Target | None:
        for package in packages:
            for target in targets:
                if package in {None, target.package} and (target.version == version or (not version and target.is_latest)):
                    return target
        return None

    def _relation(self, target: Target) -> Relation:
        path = (target.database, target.schema, target.identifier)
        if target.ephemeral:
            style = Style((False, False, False), (True, True, True))
            return Relation(("", "", EPHEMERAL_PREFIX + target.identifier), style, type="cte", unique_id=target.unique_id)
        return self._named(path, target.relation_name, target.unique_id)

    def _this(self) -> Relation:
        node = self.node
        return self._named((node.database, node.schema, node.identifier or node.name), node.relation_name, node.unique_id)

    def _named(self, path: tuple[str, str, str], relation_name: str, unique_id: str) -> Relation:
        return named(path, relation_name, adapter=self.context.adapter, sample=self.context.sample, unique_id=unique_id)

    def _arguments(self) -> dict[str, Any]:
        """The arguments of a generic test: expressions become their values, as in dbt."""
        return {key: self._value(value) if key != "column_name" else value for key, value in self.code.arguments.items()}

    def _value(self, value: Value) -> Value:
        if isinstance(value, dict):
            return {key: self._value(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item) for item in value]
        if not isinstance(value, str):
            return value
        called = _CALL.match(value) or _EXPRESSION.match(value)
        if called is not None:
            try:
                self.render(f"{{{{ return({called[1]}) }}}}")
            except Return as found:
                return found.value
        return self.render(value) if "{" in value else value

    def _find(self, name: str) -> Value:
        """What a name means: macros come before dbt's own functions, which a project may so replace."""
        found = self.macros.bare(name)
        if found is not None:
            return found
        return self._builtin(name)

    def _builtin(self, name: str) -> Value:
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        if name in _MAKERS:
            return _MAKERS[name](self)
        if name in _WAREHOUSE:
            return Unknown(f"it needs the warehouse: {name}")
        return Unknown(f"it needs '{name}', which is not known here") if name in _UNKNOWN else _NOTHING


_NOTHING: Any = object()


class Names(dict[str, Any]):
    """The names of a session, each looked up when it is first said."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        super().__init__(sandbox().globals)
        self._find = find

    def __missing__(self, name: str) -> Value:
        found = self._find(name)
        self[name] = found
        return found

    def __getitem__(self, name: str) -> Value:
        found = super().__getitem__(name)
        if found is _NOTHING:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__getitem__(name) is not _NOTHING


class Builtins(Exposed):
    """``builtins``: dbt's own functions, also where a macro has replaced them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def absent(self, name: str) -> Value:
        """The function of this name.

        Raises:
            CannotRender: there is none.
        """
        found = self._session._builtin(name)  # noqa: SLF001  # of this module
        if found is _NOTHING:
            raise CannotRender(f"it needs builtins.{name}, which is not known here")
        return found

    def __getitem__(self, name: str) -> Value:
        return self.absent(name)


class ContextView(Exposed):
    """``context``: all names by name."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def absent(self, name: str) -> Value:
        """As in dbt a mapping: ``context['name']``, ``context.get('name')``."""
        if name == "get":
            return self.get
        return self.get(name, sandbox().undefined(name=name))

    def get(self, name: str, default: Value = None) -> Value:
        """A name's value."""
        return self._names[name] if name in self._names else default  # noqa: SIM401  # get() of a dict makes nothing

    def __getitem__(self, name: str) -> Value:
        return self.absent(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names


_MAKERS: dict[str, Callable[[Session], Any]] = {
    "ref": lambda session: session.ref,
    "source": lambda session: session.source,
    "function": lambda session: session.function,
    "config": lambda session: Config(session.code.config),
    "var": lambda session: Var(session.context, session.node.package, session.render, session.guess),
    "env_var": lambda session: EnvVar(session.context.env, session.guess),
    "target": lambda session: TargetView(session.context.target, session.guess),
    "this": lambda session: session._this(),  # noqa: SLF001  # of this module
    "model": lambda session: NodeView(session.node, session.code),
    "graph": lambda session: Graph(session.context.graph) if session.context.graph else Unknown("it needs graph"),
    "adapter": lambda session: Adapter(session.context, session.macros.dispatch, session.get_relation),
    "api": lambda session: Shelf(
        "api", {"Relation": RelationMaker(session.context.adapter, session.context.sample), "Column": ColumnMaker(session.context.adapter)}
    ),
    "column": lambda session: ColumnMaker(session.context.adapter),
    "flags": lambda _session: Shelf("flags", {"FULL_REFRESH": False, "STORE_FAILURES": False, "WHICH": "build", "EMPTY": False}),
    "modules": lambda session: modules(session.context.started_at),
    "run_started_at": lambda session: moment(session.context.started_at),
    "invocation_id": lambda session: session.context.invocation_id,
    "dbt_version": lambda session: session.context.dbt_version,
    "project_name": lambda session: session.context.project,
    "database": lambda session: session.node.database,
    "schema": lambda session: session.node.schema,
    "builtins": Builtins,
    "context": lambda session: ContextView(session.names),
    "_dbt_generic_test_kwargs": lambda session: session._arguments(),  # noqa: SLF001  # of this module
}
