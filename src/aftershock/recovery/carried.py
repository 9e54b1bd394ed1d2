"""What a dbt command must carry over from the run that failed, so that it repairs the same warehouse."""

from __future__ import annotations

import json
import shlex
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aftershock.model import Run


class Carried(msgspec.Struct, frozen=True):
    """What every command carries.

    Attributes:
        words: at the end of every command.
        test_words: that only ``dbt test`` takes.
        notes: what a person has to add, each a full sentence.
        asks_target: whether nobody knows which target failed.
    """

    words: tuple[str, ...] = ()
    test_words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    asks_target: bool = False

    def beside(self, flags: tuple[str, ...]) -> tuple[str, ...]:
        """The words without ``--vars`` where these flags have one of their own, which holds the run's too: dbt takes only the last."""
        if "--vars" not in flags or "--vars" not in self.words:
            return self.words
        place = self.words.index("--vars")
        return self.words[:place] + self.words[place + 2 :]


NO_TARGET = "The artifacts do not say which target was run: add --target to every command, or it repairs your profile's default one."
DEFERRED = "The run deferred to other artifacts (--defer): add its --defer and --state to every command."


OTHER_TARGET = "The run that failed was of the target {}, and these commands are for another: they repair another warehouse."


def carried(run: Run | None, target: str = "") -> Carried:
    """``--target``, ``--profile``, ``--vars``, ``--profiles-dir`` and ``--project-dir`` as far as the run was given them.

    dbt fills in both folders by itself too; they are carried where somebody typed them, or where they are relative and so no machine's own.

    Args:
        run: the run that failed.
        target: the target that a person names, instead of the run's.
    """
    args = run.args if run is not None else {}
    typed = _words(args.get("invocation_command"))
    words: list[str] = []
    notes: list[str] = []
    words += _option("--target", target or args.get("target"))
    asks = not words
    if asks:
        notes.append(NO_TARGET)
    elif isinstance(known := args.get("target"), str) and known and known != words[1]:
        notes.append(OTHER_TARGET.format(known))
    words += _option("--profile", args.get("profile"))
    words += _option("--vars", vars_text(args.get("vars")))
    for flag, key in (("--profiles-dir", "profiles_dir"), ("--project-dir", "project_dir")):
        value = args.get(key)
        if _is_typed(flag, typed) or (not typed and _is_relative(value)):
            words += _option(flag, value)
        elif not typed and value:
            notes.append(f"The run's {flag} was {value}: add it where that is not what dbt finds by itself.")
    if args.get("defer") is True:
        notes.append(DEFERRED)
    eager = args.get("indirect_selection") in {None, "eager"}
    return Carried(tuple(words), () if eager else ("--indirect-selection", "eager"), tuple(notes), asks)


def _option(flag: str, value: object) -> Iterator[str]:
    """The flag and its value; nothing where there is none, or dbt would take it for another flag."""
    if isinstance(value, str) and value and not value.startswith("-"):
        yield flag
        yield value


def vars_text(value: object) -> str:
    """A run's variables as a value of ``--vars``, empty where it had none; old versions keep the text as it was typed."""
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, ensure_ascii=False) if value else ""
    return value if isinstance(value, str) and value.strip() not in {"", "{}"} else ""


def _words(command: object) -> list[str]:
    try:
        return shlex.split(command) if isinstance(command, str) else []
    except ValueError:  # an open quote: the command was joined without any
        return str(command).split()


def _is_typed(flag: str, words: list[str]) -> bool:
    return any(word == flag or word.startswith(f"{flag}=") for word in words)


def _is_relative(value: object) -> bool:
    text = value if isinstance(value, str) else ""
    return bool(text) and text != "." and not PurePosixPath(text).is_absolute() and not PureWindowsPath(text).drive and not text.startswith("~")
