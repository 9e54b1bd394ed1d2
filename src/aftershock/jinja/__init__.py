"""Untrusted templates: dbt models' raw code, rendered offline in a sandbox."""

from aftershock.jinja.context import Context
from aftershock.jinja.refusal import CannotRender
from aftershock.jinja.rendering import guesses, render, variants

__all__ = ["CannotRender", "Context", "guesses", "render", "variants"]
