"""Relations and columns as templates see them: they write themselves as dbt would, and know nothing that only the warehouse knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from aftershock.jinja.adapters import UNQUOTED, quote, quote_character, translate_type
from aftershock.jinja.exposed import Exposed
from aftershock.jinja.refusal import CannotRender, warehouse

if TYPE_CHECKING:
    from aftershock.jinja.values import Value

PARTS = ("database", "schema", "identifier")
EPHEMERAL_PREFIX = "__dbt__cte__"
_PART = re.compile(r'"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[^."`\[\]]+')
_QUOTES = {'"': '"', "`": "`", "[": "]"}
_TEXT_SIZE = 256


class Style(msgspec.Struct, frozen=True):
    """How a relation is written: which parts are quoted and which are there at all, and the character that opens a quoted part."""

    quoted: tuple[bool, bool, bool]
    included: tuple[bool, bool, bool]
    character: str = '"'

    @classmethod
    def of(cls, relation_name: str, adapter: str, path: tuple[str, ...] = ()) -> Style:
        """The style of a relation's name, e.g. of ``"prod".sales.orders``; the adapter's own for an empty name.

        Where its ``path`` is known, a part is quoted only if the name adds quotes to it: an identifier can hold its own.
        """
        parts = _PART.findall(relation_name)
        if not 1 <= len(parts) <= len(PARTS):
            plain = adapter in UNQUOTED
            return cls((not plain,) * 3, (True, True, True), quote_character(adapter))
        missing = len(PARTS) - len(parts)
        quoted = [part[0] in _QUOTES and part not in path for part in parts]
        character = next((part[0] for part, is_quoted in zip(parts, quoted, strict=True) if is_quoted), quote_character(adapter))
        filled = (*(quoted[:1] * missing), *quoted)
        return cls((filled[0], filled[1], filled[2]), (missing < 1, missing < 2, True), character)  # noqa: PLR2004  # database, then schema


class Relation(Exposed, Mapping[str, Any]):
    """A table, view or CTE that a template names. It is also a mapping, by which dbt_utils tells relations from other values.

    ``shown`` is its name where that is not made of its parts (``read_csv('orders.csv')``).
    """

    NAMES: ClassVar[frozenset[str]] = frozenset(
        {
            *PARTS, "name", "table", "project", "dataset", "type", "is_table", "is_view", "is_cte", "is_materialized_view", "is_dynamic_table",
            "render", "include", "quote", "quoted", "incorporate", "replace_path", "without_identifier", "matches", "get",
        }
    )  # fmt: skip

    def __init__(
        self,
        path: tuple[str, str, str],
        style: Style,
        *,
        type: str | None = None,  # noqa: A002  # dbt's word
        unique_id: str = "",
        shown: str = "",
    ) -> None:
        self._path = path
        self._style = style
        self._shown = shown
        self.type = type
        self.unique_id = unique_id
        self.database, self.schema, self.identifier = (part or None for part in path)

    @property
    def name(self) -> str | None:
        """The identifier, under its other names as well."""
        return self.identifier

    table = name

    @property
    def project(self) -> str | None:
        """BigQuery's word for the database."""
        return self.database

    @property
    def dataset(self) -> str | None:
        """BigQuery's word for the schema."""
        return self.schema

    def __getattr__(self, name: str) -> bool:
        if name.startswith("is_") and name in self.NAMES:
            return self.type == {"is_dynamic_table": "dynamic_table", "is_materialized_view": "materialized_view"}.get(name, name[3:])
        raise AttributeError(name)

    def render(self) -> str:
        """The name as it stands in SQL."""
        if self._shown:
            return self._shown
        close = _QUOTES.get(self._style.character, self._style.character)
        shown = zip(self._path, self._style.quoted, self._style.included, strict=True)
        return ".".join(f"{self._style.character}{part}{close}" if quoted else part for part, quoted, included in shown if included and part)

    def include(self, database: bool | None = None, schema: bool | None = None, identifier: bool | None = None) -> Relation:  # noqa: FBT001  # dbt's signature
        """The relation with parts left out or put in."""
        return self._styled(included=_merged(self._style.included, (database, schema, identifier)))

    def quote(self, database: bool | None = None, schema: bool | None = None, identifier: bool | None = None) -> Relation:  # noqa: FBT001  # dbt's signature
        """The relation with parts quoted or not."""
        return self._styled(quoted=_merged(self._style.quoted, (database, schema, identifier)))

    def quoted(self, identifier: object) -> str:
        """Any identifier as this relation quotes its own."""
        close = _QUOTES.get(self._style.character, self._style.character)
        return f"{self._style.character}{identifier}{close}"

    def replace_path(self, **parts: str | None) -> Relation:
        """Another relation, with these parts instead."""
        return self.incorporate(path=parts)

    def incorporate(self, path: Mapping[str, str | None] | None = None, type: str | None = None, **others: object) -> Relation:  # noqa: A002  # dbt's word
        """Another relation, with these parts or this type instead.

        Raises:
            CannotRender: something else is to be changed.
        """
        if others:
            raise CannotRender(f"it changes '{min(others)}' of a relation, which is not known here")
        self._understood()
        parts = {**dict(zip(PARTS, self._path, strict=True)), **(path or {})}
        return Relation(tuple(parts[part] or "" for part in PARTS), self._style, type=type or self.type)  # type: ignore[arg-type]  # three parts

    def without_identifier(self) -> Relation:
        """Its schema."""
        return self.include(identifier=False).replace_path(identifier=None)

    def matches(self, database: str | None = None, schema: str | None = None, identifier: str | None = None) -> bool:
        """Whether the given parts are these, in any case."""
        given = zip(self._path, (database, schema, identifier), strict=True)
        return all(wanted is None or part.lower() == wanted.lower() for part, wanted in given)

    def get(self, key: str, default: Value = None) -> Value:
        """As of a mapping; ``metadata`` is what dbt_utils asks for."""
        return {"type": "BaseRelation"} if key == "metadata" else dict(self).get(key, default)

    def absent(self, name: str) -> Value:
        """Refuse what only the warehouse or the adapter knows."""
        raise warehouse(f"'{name}' of the relation {self}")

    def _understood(self) -> None:
        if self._shown:
            raise CannotRender(f"it changes the name {self._shown}, which is not made of the relation's parts")

    def _styled(self, **changes: tuple[bool, bool, bool]) -> Relation:
        self._understood()
        return Relation(self._path, msgspec.structs.replace(self._style, **changes), type=self.type, unique_id=self.unique_id)

    def __getitem__(self, key: str) -> Value:
        if key in PARTS or key == "type":
            return getattr(self, key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter((*PARTS, "type"))

    def __len__(self) -> int:
        return len(PARTS) + 1

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"<Relation {self.render()}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Relation) and (self._path, self._style, self.type) == (other._path, other._style, other.type)

    def __hash__(self) -> int:
        return hash(self.render())


def named(path: tuple[str, str, str], relation_name: str, *, adapter: str, sample: str, unique_id: str) -> Relation:
    """The relation of a node: written as the manifest writes it, else as it writes ``sample``."""
    style = Style.of(relation_name or sample, adapter, path if relation_name else ())
    relation = Relation(path, style, unique_id=unique_id)
    if not relation_name or relation.render() == relation_name:
        return relation
    return Relation(path, style, unique_id=unique_id, shown=relation_name)


def _merged(old: tuple[bool, bool, bool], new: tuple[bool | None, bool | None, bool | None]) -> tuple[bool, bool, bool]:
    first, second, third = (bool(before if after is None else after) for before, after in zip(old, new, strict=True))
    return first, second, third


class RelationMaker(Exposed):
    """``api.Relation``."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"create", "View", "Table", "CTE", "External", "MaterializedView"})
    View, Table, CTE, External, MaterializedView = "view", "table", "cte", "external", "materialized_view"

    def __init__(self, adapter: str, sample: str) -> None:
        own, project = Style.of("", adapter), Style.of(sample, adapter)
        self._style = Style(own.quoted, project.included, project.character)

    def create(
        self,
        database: object = None,
        schema: object = None,
        identifier: object = None,
        type: object = None,  # noqa: A002  # dbt's word
        quote_policy: Mapping[str, bool] | None = None,
        **others: object,
    ) -> Relation:
        """A relation by its parts, which need not exist.

        Raises:
            CannotRender: more is said of it than its parts, its type and its quotes.
        """
        if others:
            raise CannotRender(f"it makes a relation with '{min(others)}', which is not known here")
        path = tuple("" if part is None else str(part) for part in (database, schema, identifier))
        relation = Relation(path, self._style, type=None if type is None else str(type))  # type: ignore[arg-type]  # three parts
        return relation.quote(**{part: quote_policy.get(part) for part in PARTS}) if quote_policy else relation


class Column(Exposed):
    """A column of a relation: its name, and its type where the template itself gave it."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"name", "column", "quoted"})

    def __init__(self, name: str, adapter: str, dtype: str = "") -> None:
        self.name = self.column = name
        self.quoted = quote(adapter, name)
        self._dtype = dtype

    def absent(self, name: str) -> Value:
        """Its type where that was given; refuse all else."""
        if name in {"dtype", "data_type"} and self._dtype:
            return self._dtype
        raise warehouse(f"'{name}' of the column {self.name}")

    def __str__(self) -> str:
        raise warehouse(f"the type of the column {self.name}")


class ColumnMaker(Exposed):
    """``api.Column``."""

    NAMES: ClassVar[frozenset[str]] = frozenset({"create", "translate_type", "string_type", "numeric_type"})

    def __init__(self, adapter: str) -> None:
        self._adapter = adapter

    def __call__(self, column: object, dtype: object = "", **_sizes: object) -> Column:
        """A column."""
        return Column(str(column), self._adapter, str(dtype))

    def create(self, name: object, label_or_dtype: object) -> Column:
        """A column of a named type."""
        return Column(str(name), self._adapter, self.translate_type(str(label_or_dtype)))

    def translate_type(self, dtype: str) -> str:
        """The adapter's word for a type."""
        return translate_type(self._adapter, dtype)

    def string_type(self, size: int = _TEXT_SIZE) -> str:
        """A text type of a size."""
        return "STRING" if self._adapter == "bigquery" else f"character varying({size})"

    def numeric_type(self, dtype: str, precision: object, scale: object) -> str:
        """A number's type with its precision and scale, where it has both."""
        return str(dtype) if precision is None or scale is None or self._adapter == "bigquery" else f"{dtype}({precision},{scale})"
