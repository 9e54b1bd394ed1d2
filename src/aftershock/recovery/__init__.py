"""Assessment -> RecoveryPlan: steps as data, and the commands that they stand for. Nothing here runs anything."""

from aftershock.recovery.commands import command
from aftershock.recovery.planner import plan
from aftershock.recovery.rules import ACTIONS, RULES
from aftershock.recovery.selectors import Selectors, exact_selector

__all__ = ["ACTIONS", "RULES", "Selectors", "command", "exact_selector", "plan"]
