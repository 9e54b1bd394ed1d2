"""What is said about a failure, without a credential in it; and silence from the libraries that would log one."""

from __future__ import annotations

import base64
import contextlib
import contextvars
import html
import json
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from aftershock.model.credentials import HIDDEN, redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST = 300
"""Characters of a sentence about a failure."""


def forms(secret: str) -> set[str]:
    """Every way in which a value may stand in an answer or an error: as it is, percent-encoded, escaped, and inside Base64."""
    encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1], html.escape(secret)}
    encoded |= {secret.lower()} if len(secret) > 7 else set()  # noqa: PLR2004  # a server's name is told in lower case; short words are in any text
    encoded |= {form.lower() for form in encoded if "%" in form}
    for raw in {secret.encode(), secret.encode("latin-1", "replace")}:
        encoded |= _inside_base64(raw)
    return {secret, *encoded} - {""}


def _inside_base64(raw: bytes) -> set[str]:
    """What Base64 makes of a value within a longer text: three bytes are four characters, so that what stands before shifts it in one of three ways."""
    found = set()
    for skipped in range(3):
        whole = base64.b64encode(b"\0" * skipped + raw).decode()
        inner = whole[-(-skipped * 4 // 3) : len(whole) - (4 if (skipped + len(raw)) % 3 else 0)]
        found |= {inner, inner.replace("+", "-").replace("/", "_")} if len(inner) > 3 else set()  # noqa: PLR2004  # shorter ones are in any text
    return found


class Cleaner:
    """Takes credentials out of texts: those that are known, and whatever looks like one.

    Args:
        secrets: values that must not be seen.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = sorted({form for secret in secrets for form in forms(secret)}, key=len, reverse=True)

    def __repr__(self) -> str:
        """Nothing of what it hides."""
        return "Cleaner()"

    def text(self, text: str) -> str:
        """``text`` without credentials."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return redacted(text)

    def sentence(self, text: str) -> str:
        """``text`` without credentials, on one line of printable characters, not long, without a full stop."""
        cleaned = " ".join("".join(char if char.isprintable() else " " for char in self.text(text)).split())
        return (cleaned if len(cleaned) <= LONGEST else cleaned[: LONGEST - 1] + "…").rstrip(". ")


_heard: contextvars.ContextVar[list[logging.LogRecord] | None] = contextvars.ContextVar("aftershock_heard", default=None)


class _Ear(logging.Filter):
    """Keeps what is logged while something is sent, and from everybody else."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard = _heard.get()
        if heard is None:
            return True
        heard.append(record)
        return False


_EAR = _Ear()


@contextlib.contextmanager
def silence(loud: str = "") -> Iterator[list[logging.LogRecord]]:
    """What this context logs, to whatever logger, goes into the list that is handed out, and nowhere else.

    The filters stay: a thread that is left to itself may still log, and they let everybody else's records pass.

    Args:
        loud: the logger that tells everything meanwhile, down to DEBUG.
    """
    loggers = [logging.getLogger(), *(known for known in logging.Logger.manager.loggerDict.values() if isinstance(known, logging.Logger))]
    told: list[logging.LogRecord] = []
    token = _heard.set(told)
    talker = logging.getLogger(loud) if loud else None
    level = talker.level if talker else 0
    for logger in loggers:
        logger.addFilter(_EAR)
    if talker:
        talker.addFilter(_EAR)
        talker.setLevel(logging.DEBUG)
    try:
        yield told
    finally:
        _heard.reset(token)
        if talker:
            talker.setLevel(level)
