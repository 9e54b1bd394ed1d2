"""Assessment -> RecoveryPlan: steps as data, with the dbt commands that they stand for. Nothing here runs anything."""

from aftershock.recovery.planner import plan
from aftershock.recovery.treatment import Evidence

__all__ = ["Evidence", "plan"]
