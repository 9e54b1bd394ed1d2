"""Whether a recovery is over: one question, from what a person typed to a judgement on every node."""

from aftershock.verifying.files import read_plan, read_recorded
from aftershock.verifying.question import verify

__all__ = ["read_plan", "read_recorded", "verify"]
