"""Assessment -> RecoveryPlan: steps as data, with the dbt commands that they stand for. Nothing here runs anything."""

from aftershock.recovery.planner import plan

__all__ = ["plan"]
