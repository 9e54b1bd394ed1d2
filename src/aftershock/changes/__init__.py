"""What a pull request changes, and what that does: two projects compared."""

from aftershock.changes.checking import check

__all__ = ["check"]
