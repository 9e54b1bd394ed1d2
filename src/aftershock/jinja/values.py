"""The type of what a template holds."""

from __future__ import annotations

from typing import Any, TypeAlias

Value: TypeAlias = Any
"""A value of a template: untrusted and of any type, so each operation on it checks what it needs."""
