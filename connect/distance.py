"""distance and displacement: how far the target of a synapse is from its source."""
from __future__ import annotations

from .trees import Distance


class Ways:
    """Something with one value for each axis."""

    @property
    def x(self) -> Distance:
        """Along the first axis."""
        return Distance(0, isinstance(self, Displacement))

    @property
    def y(self) -> Distance:
        """Along the second axis."""
        return Distance(1, isinstance(self, Displacement))

    @property
    def z(self) -> Distance:
        """Along the third axis."""
        return Distance(2, isinstance(self, Displacement))


class WholeDistance(Distance, Ways):
    """The distance from source to target of a synapse, the shortest way where the layer wraps; .x, .y, .z: its size along one
    axis, without sign (NEST's nest.spatial.distance). All nodes must have positions."""


class Displacement(Ways):
    """The way from source to target of a synapse along an axis: displacement.x, .y, .z, with its sign."""

    def __repr__(self) -> str:
        return "displacement"


distance = WholeDistance()
displacement = Displacement()
