"""Values as JSON text: indented, safe to look at, whatever names hold."""

from __future__ import annotations

from typing import Any

import msgspec

from aftershock.render.escape import json_text, without_surrogates


def encoded(document: object) -> str:
    """A struct or a mapping as one JSON object, indented by two, with a line end; its keys in their order."""
    try:
        raw = msgspec.json.encode(document)
    except UnicodeEncodeError:
        raw = msgspec.json.encode(_encodable(msgspec.to_builtins(document)))
    return json_text(msgspec.json.format(raw, indent=2).decode()) + "\n"


def _encodable(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Texts without lone surrogates, everywhere in a JSON value."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {without_surrogates(key): _encodable(inner) for key, inner in value.items()}
    return [_encodable(inner) for inner in value] if isinstance(value, (list, tuple)) else value
