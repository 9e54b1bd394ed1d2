"""aftershock.yml → Policy: found by walking up from a folder, read strictly, explained line by line."""

from aftershock.config.reading import InForce, explain, find_config, load_policy
from aftershock.config.settings import schema
from aftershock.config.starting import starter

__all__ = ["InForce", "explain", "find_config", "load_policy", "schema", "starter"]
