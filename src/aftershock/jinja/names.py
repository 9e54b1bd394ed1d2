"""The objects of dbt's context that know the node: config, var, target, model, adapter, flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from aftershock.jinja.adapters import quote
from aftershock.jinja.exposed import Exposed
from aftershock.jinja.refusal import CannotRender, warehouse
from aftershock.jinja.relation import Column, Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aftershock.jinja.context import Context
    from aftershock.jinja.values import Value

    Guess = Callable[[str, Value, str], Value]

_UNSET: Any = object()


def fresh(value: Value) -> Value:
    """A value that a template may change without changing ours."""
    if isinstance(value, dict):
        return {key: fresh(item) for key, item in value.items()}
    return [fresh(item) for item in value] if isinstance(value, (list, tuple)) else value


class Config(Exposed):
    """``config``: the node's, as the manifest has it."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"get", "require", "set", "meta_get", "meta_require", "persist_relation_docs", "persist_column_docs"})

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def __call__(self, *_args: object, **_kwargs: object) -> str:
        """Nothing: the manifest holds what the call would set."""
        return ""

    def get(self, name: str, default: Value = None, validator: object = None) -> Value:  # noqa: ARG002  # dbt's signature
        """A value, or the default where the config has no such key."""
        return self._of(self._config, name, default)

    def require(self, name: str, validator: object = None) -> Value:  # noqa: ARG002  # dbt's signature
        """A value that must be there.

        Raises:
            CannotRender: it is not.
        """
        return self._required(self._config, name)

    def meta_get(self, name: str, default: Value = None, validator: object = None) -> Value:  # noqa: ARG002  # dbt's signature
        """As ``get``, of ``meta``."""
        return self._of(self._meta(), name, default)

    def meta_require(self, name: str, validator: object = None) -> Value:  # noqa: ARG002  # dbt's signature
        """As ``require``, of ``meta``.

        Raises:
            CannotRender: it is not there.
        """
        return self._required(self._meta(), name)

    def set(self, _name: str, _value: object) -> str:
        """Nothing, as in dbt once a node is built."""
        return ""

    def persist_relation_docs(self) -> bool:
        """Whether descriptions go to the warehouse."""
        return False

    persist_column_docs = persist_relation_docs

    def _meta(self) -> Mapping[str, Any]:
        meta = self._config.get("meta")
        return meta if isinstance(meta, dict) else {}

    def _required(self, values: Mapping[str, Any], name: str) -> Value:
        if (found := self._of(values, name, _UNSET)) is _UNSET:
            raise CannotRender(f"its config has no '{name}'")
        return found

    @staticmethod
    def _of(values: Mapping[str, Any], name: str, default: Value) -> Value:
        spelled = name.replace("_", "-") if name in {"pre_hook", "post_hook"} else name
        return fresh(values.get(spelled, default))


class Var(Exposed):
    """``var``: what the project sets for the node's package, then for all, then what the package sets itself."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"has_var"})

    def __init__(self, context: Context, package: str, render: Callable[[str], str], guess: Guess) -> None:
        own = context.vars.get(package)
        self._guess = guess
        self._places = (own if isinstance(own, dict) else {}, context.vars, context.package_vars.get(package, {}))
        self._render = render

    def __call__(self, name: str, default: Value = _UNSET) -> Value:
        """A variable, or the default.

        Raises:
            CannotRender: it is not known, and there is no default.
        """
        found = next((place[name] for place in self._places if name in place), _UNSET)
        if found is _UNSET:
            found = default
        elif isinstance(found, str) and "{" in found:
            return self._render(found)
        if found is _UNSET:
            return self._guess(f"var '{name}'", None, "is not known here and has no default")
        return fresh(found)

    def has_var(self, name: str) -> bool:
        """Whether it is set."""
        return any(name in place for place in self._places)


class TargetView(Exposed):
    """``target``: the profile's fields that are known. Another is not absent, but unknown."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"get"})

    def __init__(self, fields: Mapping[str, Any], guess: Guess) -> None:
        self._fields = fields
        self._guess = guess

    def get(self, name: str, default: object = None) -> Value:  # noqa: ARG002  # dbt's signature
        """A field."""
        return self.absent(name)

    def absent(self, name: str) -> Value:
        """A field.

        Raises:
            CannotRender: it is not known.
        """
        if name in self._fields:
            return fresh(self._fields[name])
        return self._guess(f"target.{name}", f"unknown_target_{name}", "is not known here")

    def __getitem__(self, name: str) -> Value:
        return self.absent(name)


class EnvVar(Exposed):
    """``env_var``: values that were given, else the call's default; never the process's environment."""

    def __init__(self, values: Mapping[str, str], guess: Guess) -> None:
        self._values = values
        self._guess = guess

    def __call__(self, name: str, default: Value = _UNSET) -> Value:
        """A value, or the default.

        Raises:
            CannotRender: it is not given, and there is no default.
        """
        found = self._values.get(name, default)
        return self._guess(f"env_var '{name}'", f"unknown_{name}", "has no default") if found is _UNSET else found


class Adapter(Exposed):
    """``adapter``: what it is and how it quotes; all else is in the warehouse."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"dispatch", "type", "quote", "get_columns_in_relation", "get_relation"})

    def __init__(self, context: Context, dispatch: Callable[..., Any], get_relation: Callable[..., Relation | None]) -> None:
        self._context = context
        self.dispatch = dispatch
        self.get_relation = get_relation

    def type(self) -> str:
        """Its name."""
        return self._context.adapter

    def quote(self, identifier: object) -> str:
        """An identifier, quoted."""
        return quote(self._context.adapter, str(identifier))

    def get_columns_in_relation(self, relation: object) -> list[Column]:
        """The columns of a relation that is completely known.

        Raises:
            CannotRender: it is not.
        """
        names = self._context.columns.get(relation.unique_id) if isinstance(relation, Relation) else None
        if names is None:
            raise warehouse(f"the columns of {relation if isinstance(relation, Relation) else 'a relation'}")
        return [Column(name, self._context.adapter) for name in names]

    def absent(self, name: str) -> Value:
        """Refuse what only the warehouse can answer."""
        raise warehouse(f"adapter.{name}")
