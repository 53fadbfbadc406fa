"""What is stored of synapses: a partition's table, the bundles of projections in it, and weights that were set later."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Table:
    """The synapses that end in one partition. groups: layout.GROUP; classes: layout.CLASS, one a bundle.

    The headers of source s begin at first_group[s]: those of projections with one delay, then, from first_late[s] on, the
    others by delay.
    """

    first_group: np.ndarray
    first_late: np.ndarray
    groups: np.ndarray
    targets: np.ndarray
    weights32: np.ndarray
    weights64: np.ndarray
    classes: np.ndarray

    @property
    def nbytes(self) -> int:
        arrays = self.first_group, self.first_late, self.groups, self.targets, self.weights32, self.weights64
        return sum(a.nbytes for a in arrays)


@dataclass
class Bundle:
    """Wires, by number, whose synapses stand together: those of a source are sorted by delay, whatever the projection.

    They have the same sources, and no target in common, so that a target tells the projection. kind, scale, exponent: how
    their weights are stored; value: the one that all have, in fixed point, where they are constant; steps: their shortest and
    longest delay.
    """

    members: list[int]
    kind: int
    scale: int
    exponent: int
    value: int
    steps: tuple[int, int]

    @property
    def form(self) -> tuple[int, int, int, int]:
        """How weights are stored."""
        return self.kind, self.scale, self.exponent, self.value

    @property
    def late(self) -> bool:
        """Whether delays differ, so that a spike's synapses are reached one delay after another."""
        return self.steps[0] != self.steps[1]


@dataclass(frozen=True)
class Patch:
    """What set() made of a projection's weights in the tables: the one that all have (None: they differ), and the largest."""

    weight: float | None
    bound: float
