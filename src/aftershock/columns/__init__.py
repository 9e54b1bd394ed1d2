"""Compiled SQL -> column edges."""
