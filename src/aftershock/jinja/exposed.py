"""What our own objects show to a template: only what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from aftershock.jinja.refusal import CannotRender

if TYPE_CHECKING:
    from aftershock.jinja.values import Value


class Exposed:
    """An object that a template may hold. It may read the attributes in ``NAMES`` and nothing else."""

    NAMES: ClassVar[frozenset[str]] = frozenset()

    def absent(self, name: str) -> Value:
        """What a template gets for a name that is not in ``NAMES``: a value, or a refusal that says why.

        Raises:
            CannotRender: there is no such value here, whatever dbt would have.
        """
        raise CannotRender(f"it reads '{name}' of {self.label()}, which is not known here")

    def label(self) -> str:
        """What a reason calls this object."""
        return type(self).__name__.lower()

    def __str__(self) -> str:
        raise CannotRender(f"it writes the {self.label()} itself instead of a value")

    def __repr__(self) -> str:
        return f"<{self.label()}>"


class Unknown(Exposed):
    """A name that dbt knows and this renderer does not: any use of its value is refused."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def absent(self, name: str) -> Value:
        """Refuse, naming what was read."""
        raise CannotRender(f"{self._reason}.{name}")

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise CannotRender(self._reason)

    __call__ = __str__ = __repr__ = __iter__ = __len__ = __bool__ = __contains__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __getitem__ = _refuse
    __int__ = __float__ = __index__ = _refuse


class Shelf(Exposed):
    """A fixed set of values by name, read as attributes or as items (``api.Relation``, ``modules['re']``)."""

    def __init__(self, label: str, values: dict[str, Any]) -> None:
        self._label = label
        self._values = values

    def label(self) -> str:
        """Its name in a template."""
        return self._label

    def absent(self, name: str) -> Value:
        """The value of this name.

        Raises:
            CannotRender: there is none.
        """
        if name == "get":
            return self.get
        if name in self._values:
            return self._values[name]
        raise CannotRender(f"it needs {self._label}.{name}, which is not known here")

    def get(self, name: str, default: Value = None) -> Value:
        """A value; a name that is not there is refused as elsewhere, since dbt may well have it."""
        found = self.absent(name)
        return default if found is None else found

    def __getitem__(self, name: str) -> Value:
        return self.absent(name)

    def __contains__(self, name: object) -> bool:
        return name in self._values
