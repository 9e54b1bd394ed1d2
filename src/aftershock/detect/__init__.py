"""What the artifacts of a failed run show: results into incidents, each with its evidence, its alternatives and its doubts."""

from aftershock.detect.question import detect

__all__ = ["detect"]
