"""Every error that a user can meet, drawn as a tree.

    AftershockError          could not run, or could not judge: exit code 2
    ├── ArtifactError        a file of dbt's is missing, unreadable or not what it should be
    ├── SelectionError       what was typed names nothing
    │   ├── UnknownName      … and here is what is near
    │   ├── AmbiguousName    … names several things, listed so that one can be pasted back
    │   └── NothingListed    a list that a program wrote holds no node at all; on the command line an answer, not an error
    ├── ConfigError          aftershock.yml says something that cannot be followed
    ├── UsageError           options that do not go together
    └── OutputError          the answer could not be written

Each message reads "place: problem. remedy."; the three parts stay separate so that `--format json` can print them apart.
"""

from __future__ import annotations


class AftershockError(Exception):
    """The user cannot go on.

    Args:
        place: where it is wrong: a file, an option, a key.
        problem: what is wrong there, without a full stop.
        remedy: what to do about it, without a full stop; may be empty.
    """

    def __init__(self, place: str, problem: str, remedy: str = "") -> None:
        self.place = place
        self.problem = problem
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line: place, problem and remedy."""
        line = f"{self.place}: {self.problem}."
        return f"{line} {self.remedy}{'' if self.remedy.endswith('?') else '.'}" if self.remedy else line


class ArtifactError(AftershockError):
    """A dbt artifact is missing, unreadable, or not what its name says."""


class SelectionError(AftershockError):
    """What was typed does not select a node."""


class UnknownName(SelectionError):  # noqa: N818  # reads as what happened, like LookupError's children in the models
    """Nothing has this name.

    Args:
        text: what was typed.
        problem: what is wrong with it.
        nearest: names that exist and are close, best first.
        otherwise: what to do where none is close.
    """

    def __init__(self, text: str, problem: str, nearest: tuple[str, ...] = (), otherwise: str = "") -> None:
        self.nearest = nearest
        super().__init__(text, problem, f"Did you mean {', '.join(nearest)}?" if nearest else otherwise)


class AmbiguousName(SelectionError):  # noqa: N818  # as above
    """Several nodes have this name.

    Args:
        text: what was typed.
        candidates: one spelling for each node, each of them unambiguous.
    """

    def __init__(self, text: str, candidates: tuple[str, ...]) -> None:
        self.candidates = candidates
        super().__init__(text, f"names {len(candidates)} nodes", f"Use one of: {', '.join(candidates)}")


class NothingListed(SelectionError):  # noqa: N818  # as above
    """Nothing in a list that a program wrote is a node.

    Args:
        reasons: what was listed, each with why it is no node.
    """

    def __init__(self, reasons: tuple[tuple[str, str], ...]) -> None:
        self.reasons = reasons
        super().__init__("nodes", "nothing in the list is a node of this project", "Name a node, a relation or a model's file")


class ConfigError(AftershockError):
    """aftershock.yml cannot be read, or says something unknown."""


class UsageError(AftershockError):
    """Options that contradict each other or cannot be understood."""


class OutputError(AftershockError):
    """The answer could not be written where it was asked for."""


class StoreError(AftershockError):
    """Incidents cannot be read or recorded: the file or database, or what is in it, does not allow it."""


class NothingThere(StoreError):  # noqa: N818  # as above
    """There is no store, and none was to be made."""


class Conflict(StoreError):  # noqa: N818  # as above
    """Somebody else changed the incident since it was read."""
