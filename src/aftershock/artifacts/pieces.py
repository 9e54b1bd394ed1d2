"""A manifest cut into its resources, each decoded when somebody asks for it: a comparison of two projects looks at few of their thousands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from aftershock.artifacts.files import decode
from aftershock.errors import ArtifactError

T = TypeVar("T")
NOTHING = msgspec.Raw(b"null")


class Pieces(msgspec.Struct, gc=False):
    """A manifest's sections, of which nothing is decoded but where each resource begins and ends."""

    metadata: msgspec.Raw = NOTHING
    nodes: dict[str, msgspec.Raw] | None = None
    sources: dict[str, msgspec.Raw] | None = None
    exposures: dict[str, msgspec.Raw] | None = None
    metrics: dict[str, msgspec.Raw] | None = None
    semantic_models: dict[str, msgspec.Raw] | None = None
    saved_queries: dict[str, msgspec.Raw] | None = None
    unit_tests: dict[str, msgspec.Raw] | None = None
    functions: dict[str, msgspec.Raw] | None = None
    macros: dict[str, msgspec.Raw] | None = None
    disabled: msgspec.Raw = NOTHING

    def resources(self) -> dict[str, msgspec.Raw]:
        """Every resource but macros and disabled ones, by unique_id."""
        sections = (
            self.nodes,
            self.sources,
            self.exposures,
            self.metrics,
            self.semantic_models,
            self.saved_queries,
            self.unit_tests,
            self.functions,
        )
        return {unique_id: raw for section in sections if section for unique_id, raw in section.items()}


def cut(data: bytes, place: str) -> Pieces:
    """A manifest's bytes in pieces; ``place`` names it in errors.

    Raises:
        ArtifactError: it is not a manifest.
    """
    return decode(data, Pieces, place)


class Decoded(Mapping[str, T]):
    """What is said of each resource, decoded when it is first asked for.

    Args:
        raws: what the manifest has of each, by unique_id.
        type_: the struct that a resource is decoded into.
        made: makes a value of that; None where the resource has none, and is left out.
        place: names the manifest in errors, which are raised where a resource is asked for.
    """

    def __init__(self, raws: Mapping[str, msgspec.Raw], type_: type[Any], made: Callable[[str, Any], T | None], place: str) -> None:
        self._raws = raws
        self._decoder = msgspec.json.Decoder(type_)
        self._made = made
        self._place = place
        self._found: dict[str, T | None] = {}

    def raw(self, unique_id: str) -> msgspec.Raw | None:
        """What the manifest has of a resource, undecoded; None where it does not have it."""
        return self._raws.get(unique_id)

    def __getitem__(self, unique_id: str) -> T:
        found = self._value(unique_id)
        if found is None:
            raise KeyError(unique_id)
        return found

    def __iter__(self) -> Iterator[str]:
        return (unique_id for unique_id in self._raws if self._value(unique_id) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Whether there is any; the others are not decoded for that."""
        return next(iter(self), None) is not None

    def _value(self, unique_id: str) -> T | None:
        if unique_id in self._found:
            return self._found[unique_id]
        raw = self._raws.get(unique_id)
        if raw is None:
            return None
        try:
            found = self._made(unique_id, self._decoder.decode(raw))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ArtifactError(self._place, f"{unique_id} is not what dbt writes: {error}", "Write the manifest again with dbt") from None
        self._found[unique_id] = found
        return found


class Overlaid(Mapping[str, T]):
    """What is said of each resource, with other values of some and without others; what lies below is decoded when it is asked for.

    Args:
        under: the values by unique_id.
        over: those that take their place, or are new.
        removed: those that are no more.
    """

    def __init__(self, under: Mapping[str, T], over: Mapping[str, T], removed: Collection[str] = ()) -> None:
        self._under = under
        self._over = {unique_id: value for unique_id, value in over.items() if unique_id not in removed}
        self._removed = frozenset(removed)

    def raw(self, unique_id: str) -> msgspec.Raw | None:
        """What the manifest has of a resource, undecoded; None where it has something else in its place, or nothing."""
        return None if unique_id in self._over or unique_id in self._removed else raw_of(self._under, unique_id)

    def __getitem__(self, unique_id: str) -> T:
        if unique_id in self._over:
            return self._over[unique_id]
        if unique_id in self._removed:
            raise KeyError(unique_id)
        return self._under[unique_id]

    def __iter__(self) -> Iterator[str]:
        yield from (unique_id for unique_id in self._under if unique_id not in self._over and unique_id not in self._removed)
        yield from self._over

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return next(iter(self), None) is not None


def raw_of(values: Mapping[str, Any], unique_id: str) -> msgspec.Raw | None:
    """What a manifest has of a resource, undecoded; None where the values are not, or no longer, a manifest's own."""
    return values.raw(unique_id) if isinstance(values, (Decoded, Overlaid)) else None
