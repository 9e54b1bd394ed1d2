"""The data tests that an edited YAML entry declares, against those that the manifest has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from aftershock.artifacts.editing.parts import Reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.artifacts.editing.parts import Json, Resources

_CONFIG = frozenset(
    {
        "severity", "where", "warn_if", "error_if", "fail_calc", "limit", "enabled", "store_failures", "store_failures_as", "tags", "meta", "database", "schema",
        "alias", "group", "materialized",
    }
)  # fmt: skip
_DEFAULTS = {"severity": "ERROR", "warn_if": "!= 0", "error_if": "!= 0", "fail_calc": "count(*)"}
_TOLD = frozenset({"description", "name", "config", "arguments", "test_name", "docs"})


class Declared(NamedTuple):
    """One test of a YAML entry: its generic test, the column that it is on, its arguments and settings."""

    name: str
    namespace: str
    column: str
    arguments: Json
    config: Json

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is, whatever its arguments are."""
        return self.name, self.namespace, self.column

    @property
    def whole(self) -> tuple[str, str, str, bytes]:
        """What it is, arguments included."""
        return (*self.key, _canonical(self.arguments))


def declared(entry: Json) -> list[Declared]:
    """Every test that an entry declares, of the whole node and of its columns."""
    found = [_declared(item, "") for item in _tests(entry)]
    for column in entry.get("columns") or []:
        if isinstance(column, dict) and column.get("name") is not None:
            found += [_declared(item, str(column["name"])) for item in _tests(column)]
    return [item for item in found if item is not None]


def _tests(entry: Json) -> Iterator[object]:
    for key in ("data_tests", "tests"):
        listed = entry.get(key)
        yield from listed if isinstance(listed, list) else ()


def _declared(item: object, column: str) -> Declared | None:
    if isinstance(item, str):
        return Declared(*_split(item), column, {}, {})
    if not isinstance(item, dict) or not item:
        return None
    if "test_name" in item:
        called, given = str(item["test_name"]), item
    else:
        called = str(next(iter(item)))
        given = {**{key: value for key, value in item.items() if key != called}, **(item[called] if isinstance(item[called], dict) else {})}
    told = {**given, **(given["arguments"] if isinstance(given.get("arguments"), dict) else {})}
    config = {key: told[key] for key in told if key in _CONFIG} | (given["config"] if isinstance(given.get("config"), dict) else {})
    arguments = {key: value for key, value in told.items() if key not in _CONFIG and key not in _TOLD}
    return Declared(*_split(called), column or str(arguments.pop("column_name", "")), arguments, config)


def _split(called: str) -> tuple[str, str]:
    namespace, _, name = called.rpartition(".")
    return name, namespace


def edit_tests(resources: Resources, unique_id: str, path: str, told: tuple[Json | None, Json]) -> None:
    """Make a node's tests those that its entry declares.

    Args:
        resources: the project.
        unique_id: the node.
        path: the YAML file; tests that another file declares stay.
        told: the entry before, None where that is not known, and after.
    """
    old, new = told
    before, wanted = (None if old is None else declared(old)), declared(new)
    if before is not None and [(*item.whole, _canonical(item.config)) for item in before] == [(*item.whole, _canonical(item.config)) for item in wanted]:
        return
    known = {test: _known(resources.get(test)) for test in _generic_tests(resources, unique_id, path)}
    left = list(wanted)
    for exact in (True, False):
        for test, its in list(known.items()):
            match = next((item for item in left if (item.whole == its.whole if exact else item.key == its.key)), None)
            if match is not None:
                left.remove(match)
                known.pop(test)
                _retold(resources, test, path, (its, match), before)
    for test in known:
        resources.remove(test)
    for number, item in enumerate(left):
        _add(resources, unique_id, path, item, number)


def _generic_tests(resources: Resources, unique_id: str, path: str) -> list[str]:
    found = [node for node in resources.project.nodes.values() if node.test is not None and node.test.attached_node == unique_id and node.path == path]
    return [node.unique_id for node in found if node.test is not None and node.test.name and node.unique_id not in resources.removed]


def _known(resource: Json) -> Declared:
    metadata = resource.get("test_metadata") or {}
    kwargs = metadata.get("kwargs") or {}
    arguments = {key: value for key, value in kwargs.items() if key not in {"model", "column_name"}}
    column = resource.get("column_name") or kwargs.get("column_name") or ""
    return Declared(str(metadata.get("name") or ""), str(metadata.get("namespace") or ""), str(column), arguments, resource.get("config") or {})


def _retold(resources: Resources, unique_id: str, path: str, told: tuple[Declared, Declared], before: list[Declared] | None) -> None:
    """Give a test the arguments and settings that are declared now; it is left alone where it has them."""
    known, wanted = told
    old = next((item for item in before or [] if item.whole == known.whole), None)
    gone = [key for key in (old.config if old is not None else {}) if key not in wanted.config]
    changed = {key: value for key, value in wanted.config.items() if _plain(known.config.get(key)) != _plain(value)}
    if known.whole == wanted.whole and not changed and not gone:
        resources.touched.pop(unique_id, None)
        return
    resource = resources.get(unique_id)
    resource["config"] = {**{key: value for key, value in known.config.items() if key not in gone}, **changed}
    if known.whole != wanted.whole or "where" in changed or "where" in gone:
        metadata = resource["test_metadata"]
        kept = {key: value for key, value in (metadata.get("kwargs") or {}).items() if key in {"model", "column_name"}}
        resource["test_metadata"] = {**metadata, "kwargs": {**kept, **wanted.arguments}}
        resources.recode(unique_id)
    if known.arguments != wanted.arguments:
        like = tuple((resource.get("depends_on") or {}).get("nodes") or ())
        resources.reads[unique_id] = Reads(
            path, _text(wanted.arguments), tuple(item for item in like if item == resource.get("attached_node")), like, _text(known.arguments)
        )


def _add(resources: Resources, unique_id: str, path: str, item: Declared, number: int) -> None:
    node = resources.project.nodes.get(unique_id)
    name = node.name if node is not None else unique_id.rpartition(".")[2]
    package = unique_id.split(".")[1]
    called = f"{item.namespace}.test_{item.name}" if item.namespace else f"test_{item.name}"
    test = "_".join(part for part in (item.namespace, item.name, name, item.column) if part)
    reference = f"source('{unique_id.split('.')[2]}', '{name}')" if unique_id.startswith("source.") else f"ref('{name}')"
    kwargs = {**({"column_name": item.column} if item.column else {}), "model": f"{{{{ get_where_subquery({reference}) }}}}", **item.arguments}
    resources.add(
        {
            "unique_id": f"test.{package}.{test}.{number}",
            "resource_type": "test",
            "name": test,
            "package_name": package,
            "original_file_path": path,
            "path": f"{test}.sql",
            "fqn": [package, test],
            "raw_code": f"{{{{ {called}(**_dbt_generic_test_kwargs) }}}}",
            "language": "sql",
            "config": {**_DEFAULTS, **item.config},
            "depends_on": {"nodes": [unique_id], "macros": []},
            "column_name": item.column or None,
            "attached_node": unique_id,
            "test_metadata": {"name": item.name, "namespace": item.namespace or None, "kwargs": kwargs},
        }
    )
    resources.recoded.add(f"test.{package}.{test}.{number}")
    resources.reads[f"test.{package}.{test}.{number}"] = Reads(path, _text(item.arguments), (unique_id,))
    if resources.definitions.paths and not resources.has_macro(item.namespace, f"test_{item.name}"):
        resources.doubt(path, f"it declares the test {item.name} of {name}, which no macro defines", (f"test.{package}.{test}.{number}",))


def _canonical(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted", enc_hook=str)


def _text(value: object) -> str:
    """The texts in a value, each on a line of its own."""
    if isinstance(value, dict):
        value = list(value.values())
    return "\n".join(map(_text, value)) if isinstance(value, list) else str(value)


def _plain(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Severities are compared without regard to case."""
    return value.upper() if isinstance(value, str) else value
