"""The functions of dbt's context that need nothing but their arguments."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NoReturn

from aftershock.jinja.exposed import Exposed
from aftershock.jinja.limits import MAX_TEXT, bounded, measured, too_large
from aftershock.jinja.refusal import CannotRender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aftershock.jinja.values import Value


class Return(Exception):  # noqa: N818  # not an error
    """``return(value)``: leaves the macro at once."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


def _return(data: Value = None) -> NoReturn:
    raise Return(data)


def _nothing(*_args: object, **_kwargs: object) -> str:
    return ""


def _from_json(string: str, default: Value = None) -> Value:
    try:
        return json.loads(string)
    except ValueError:
        return default


def _to_json(value: Value, default: Value = None, sort_keys: bool = False) -> Value:  # noqa: FBT001, FBT002  # dbt's signature
    try:
        return json.dumps(measured(value), sort_keys=sort_keys)
    except ValueError:
        return default


def _from_yaml(value: str, default: Value = None) -> Value:
    import yaml

    if len(value) > MAX_TEXT:
        raise too_large("a text")
    try:
        return measured(yaml.safe_load(value))
    except (yaml.YAMLError, AttributeError, TypeError, ValueError):
        return default


def _to_yaml(value: Value, default: str | None = None, sort_keys: bool = False) -> str | None:  # noqa: FBT001, FBT002  # dbt's signature
    import yaml

    try:
        return str(yaml.safe_dump(measured(value), sort_keys=sort_keys))
    except (ValueError, yaml.YAMLError):
        return default


def _set(value: Iterable[Any], default: Value = None) -> Value:
    try:
        return set(bounded(value))
    except TypeError:
        return default


def _set_strict(value: Iterable[Any]) -> set[Any]:
    return set(bounded(value))


def _zip(*args: Iterable[Any], default: Value = None) -> Value:
    try:
        return zip(*args, strict=False)
    except TypeError:
        return default


def _diff_of_two_dicts(dict_a: Mapping[str, list[str]], dict_b: Mapping[str, list[str]]) -> dict[str, list[str]]:
    lowered = {key.casefold(): {item.casefold() for item in items} for key, items in dict_b.items()}
    found = {key: [item for item in items if item.casefold() not in lowered.get(key.casefold(), ())] for key, items in dict_a.items()}
    return {key: items for key, items in found.items() if items or key.casefold() not in lowered}


def _local_md5(value: str) -> str:
    return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()


def _try(_message: str, call: Callable[..., Any], *args: Value, **kwargs: Value) -> Value:
    return call(*args, **kwargs)


class Exceptions(Exposed):
    """``exceptions``: what a template raises about itself is why it cannot be rendered."""

    def absent(self, name: str) -> Value:
        """A function that raises, or for a warning one that does nothing."""
        if name.startswith("_"):
            return super().absent(name)
        return _nothing if name in {"warn", "warn_snapshot_timestamp_data_types"} else self.refuse

    @staticmethod
    def refuse(message: object = "", *_args: object, **_kwargs: object) -> NoReturn:
        """Give the template's own message.

        Raises:
            CannotRender: always.
        """
        raise CannotRender(f"it raises an error itself: {message}")


FUNCTIONS: dict[str, Any] = {
    "return": _return,
    "log": _nothing,
    "print": _nothing,
    "debug": _nothing,
    "fromjson": _from_json,
    "tojson": _to_json,
    "fromyaml": _from_yaml,
    "toyaml": _to_yaml,
    "set": _set,
    "set_strict": _set_strict,
    "zip": _zip,
    "zip_strict": _zip,
    "diff_of_two_dicts": _diff_of_two_dicts,
    "local_md5": _local_md5,
    "try_or_compiler_error": _try,
    "exceptions": Exceptions(),
    "execute": True,
}
"""By name; the values that no template can change."""
