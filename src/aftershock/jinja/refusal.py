"""The one way in which a template is not rendered: with a reason, never with text that only looks right."""

from __future__ import annotations

_MAX_REASON = 240


class CannotRender(Exception):  # noqa: N818  # reads as what happened
    """A template's text cannot be known here.

    Args:
        reason: why, as a short clause without a full stop (``it needs the warehouse: adapter.get_relation``). It may quote
            what a template says, so it is as untrusted as the template; it is kept to one line of bounded length.
    """

    def __init__(self, reason: str) -> None:
        line = " ".join(reason[: 4 * _MAX_REASON].split())
        self.reason = line if len(line) <= _MAX_REASON else f"{line[: _MAX_REASON - 1]}…"
        super().__init__(self.reason)


def warehouse(what: str) -> CannotRender:
    """The refusal of something that only a connection to the warehouse can answer."""
    return CannotRender(f"it needs the warehouse: {what}")
