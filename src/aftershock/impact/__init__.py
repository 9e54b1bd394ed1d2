"""The graph and failing nodes into what is affected, who must know and how bad it is."""

from aftershock.impact.assess import assess
from aftershock.impact.checklist import checklist
from aftershock.impact.declared import with_declared
from aftershock.impact.radius import blast_radius
from aftershock.impact.severity import judge

__all__ = ["assess", "blast_radius", "checklist", "judge", "with_declared"]
