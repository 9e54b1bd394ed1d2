"""Events as JSON text, as they are kept and exported."""

from __future__ import annotations

from typing import Any

import msgspec

from aftershock.errors import StoreError, UsageError
from aftershock.model.record import Event

LARGEST = 64 * 1024 * 1024
"""Bytes that one event may have."""

_DECODER = msgspec.json.Decoder(Event)
_ENCODER = msgspec.json.Encoder()
_UNKNOWN = "$.change.kind"


def encode(event: Event, place: str) -> str:
    """An event as JSON, in one line. What no encoding can carry (lone surrogates, of a file's name) is spelled out.

    Args:
        event: the event.
        place: named in errors.

    Raises:
        UsageError: it is larger than an event may be.
    """
    try:
        data = _ENCODER.encode(event)
    except UnicodeEncodeError:
        data = _ENCODER.encode(_spelled(msgspec.to_builtins(event)))
    if len(data) > LARGEST:
        raise UsageError(place, f"what is to be recorded has {len(data):,} bytes", f"At most {LARGEST:,} can be recorded at once")
    return data.decode()


def decode(text: str | bytes, place: str, incident: str, number: int) -> Event:
    """An event from its JSON.

    Args:
        text: the JSON.
        place: the store, for errors.
        incident: whose event it is.
        number: which one it must be.

    Raises:
        StoreError: it is damaged, or of a kind that this aftershock does not know.
    """
    try:
        event = _DECODER.decode(text)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise refused(error, place, incident, number) from None
    if event.number != number:
        raise StoreError(place, f"{incident} is damaged: event {event.number} is where event {number} should be", "Put back a copy from a backup")
    return event


def refused(error: Exception, place: str, incident: str, number: int) -> StoreError:
    """The error for an event that cannot be read: of a later aftershock, or damaged."""
    from aftershock._version import __version__

    if isinstance(error, msgspec.ValidationError):
        what = f"event {number} of {incident} is of a kind that aftershock {__version__} does not know"
        if _UNKNOWN not in str(error):
            what = f"event {number} of {incident} does not read as aftershock {__version__} expects ({error})"
        return StoreError(place, what, "Upgrade aftershock")
    return StoreError(place, f"event {number} of {incident} is damaged", "Put back a copy from a backup")


def _spelled(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    if isinstance(value, dict):
        return {_spelled(key): _spelled(item) for key, item in value.items()}
    return value
